#include "attest/answers.h"

#include "tests/unit/suite.h"

static enum answer_means
means(int16_t error, int64_t base_offset, bool idempotent)
{
	struct answer a = {error, base_offset, -1};

	return answers_mean(&a, idempotent);
}

START_TEST(stored)
{
	for (int idempotent = 0; idempotent < 2; idempotent++) {
		ck_assert_int_eq(means(0, 0, idempotent), ANSWER_STORED);
		ck_assert_int_eq(means(0, INT64_MAX, idempotent), ANSWER_STORED);
		/* No error, and nowhere: a duplicate that the broker doesn't remember the place of. */
		ck_assert_int_eq(means(0, -1, idempotent), ANSWER_OPEN);
	}
}
END_TEST

/* No error is proof of "stored", and one that came with an offset none of "not stored". */
START_TEST(every_code)
{
	for (int code = INT16_MIN; code <= INT16_MAX; code++) {
		if (code == 0)
			continue;
		for (int idempotent = 0; idempotent < 2; idempotent++) {
			ck_assert_int_eq(means((int16_t)code, 7, idempotent), ANSWER_OPEN);
			ck_assert_int_ne(means((int16_t)code, -1, idempotent), ANSWER_STORED);
		}
		/* What a batch that can be told again leaves open is the most careful of the two. */
		if (means((int16_t)code, -1, true) == ANSWER_REFUSED)
			ck_assert_int_eq(means((int16_t)code, -1, false), ANSWER_REFUSED);
	}
}
END_TEST

/* Errors that brokers give before they append (ReplicaManager.appendRecords, ProducerAppendInfo, AddPartitionsToTxn). */
START_TEST(surely_refused)
{
	static const int16_t codes[] = {2, 10, 17, 18, 19, 21, 29, 31, 32, 44, 45, 47, 48, 53, 59, 74, 75, 76, 87, 90, 100, 120};

	for (size_t i = 0; i < ARRAY_LEN(codes); i++) {
		ck_assert_int_eq(means(codes[i], -1, true), ANSWER_REFUSED);
		ck_assert_int_eq(means(codes[i], -1, false), ANSWER_REFUSED);
	}
}
END_TEST

/* Errors that come behind an append as well, and those that nobody knows. */
START_TEST(in_doubt)
{
	static const int16_t both[] = {-1, 7, 13, 20, 46, 77, 12345, INT16_MIN, INT16_MAX}, idempotent[] = {3, 5, 6, 9, 56};

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		ck_assert_int_eq(means(both[i], -1, true), ANSWER_OPEN);
		ck_assert_int_eq(means(both[i], -1, false), ANSWER_OPEN);
	}
	for (size_t i = 0; i < ARRAY_LEN(idempotent); i++)
		ck_assert_int_eq(means(idempotent[i], -1, true), ANSWER_OPEN);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("answers");
	TCase *t = tcase_create("answers");

	tcase_add_test(t, stored);
	tcase_add_test(t, every_code);
	tcase_add_test(t, surely_refused);
	tcase_add_test(t, in_doubt);
	suite_add_tcase(s, t);
	return suite_run(s);
}
