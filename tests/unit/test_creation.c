#include "kafka/creation.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"
#include "suite.h"

/* It asks about one topic: an answer about none, or several, is none. */
static bool
taken(int16_t version, struct slice body)
{
	struct slice text;
	int16_t error;
	int err = creation_read(version, body, &error, &text);

	return err == 0 || (err == ERR_MALFORMED && schema_walk(API_CREATE_TOPICS, true, version, body, NULL, NULL, NULL) == 0);
}

static bool
older(int16_t version, struct slice body UNUSED)
{
	return version < CREATION_MIN;
}

START_TEST(as_the_walker)
{
	message_same(&(struct message_same){API_CREATE_TOPICS, true, taken, older});
}
END_TEST

static void
ck_answer(int16_t version, const char *hex, int want, int16_t error, const char *text)
{
	struct wr w = hex_of(hex);
	struct slice s = {NULL, 0};
	int16_t e = 0;

	ck_assert_int_eq(creation_read(version, wr_slice(&w), &e, &s), want);
	ck_assert_int_eq(e, error);
	ck_assert(slice_eq(s, text == NULL ? (struct slice){NULL, 0} : slice_str(text)));
	wr_free(&w);
}

START_TEST(answers)
{
	ck_answer(4, "00000000 00000001 0001 't' 0000 ffff", 0, 0, NULL);
	ck_answer(4, "00000000 00000001 0001 't' 001d 0002 'no'", 0, 29, "no");
	ck_answer(5, "00000000 02 02 't' 0026 03 'no' ffffffff ffff 01 00 | 00", 0, 38, "no");
	ck_answer(7, "00000000 02 02 't' 00000000000000000000000000000000 0000 00 00000002 0003 00 01 00 02 001d | 00", 0, 0, NULL);
	ck_answer(7, "00000000 01 00", ERR_MALFORMED, 0, NULL);
	ck_answer(7, "00000000 00 00", ERR_MALFORMED, 0, NULL);
	ck_answer(4, "00000000 00000001 0001 't' 0000 ff", ERR_SHORT, 0, NULL);
	ck_answer(3, "00000000 00000001 0001 't' 0000 ffff", ERR_UNSUPPORTED, 0, NULL);
	ck_answer(8, "00000000 01 00", ERR_UNSUPPORTED, 0, NULL);
}
END_TEST

START_TEST(requests)
{
	static const char *const settings[] = {"a", "b", NULL};
	struct creation c = {slice_str("t"), -1, 3, settings, 1000};
	struct wr w = wr_new(1000);

	for (int16_t v = CREATION_MIN; v <= CREATION_MAX; v++) {
		wr_reset(&w);
		creation_request_write(v, &c, &w);
		ck_assert_int_eq(schema_walk(API_CREATE_TOPICS, false, v, wr_slice(&w), NULL, NULL, NULL), 0);
		if (v < 5)
			ck_hex(wr_slice(&w), "00000001 0001 't' ffffffff 0003 00000000 00000001 0001 'a' 0001 'b' | 000003e8 01");
		else
			ck_hex(wr_slice(&w), "02 02 't' ffffffff 0003 01 02 02 'a' 02 'b' 00 00 | 000003e8 01 00");
	}
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("creation");
	TCase *c = tcase_create("creation");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, as_the_walker);
	tcase_add_test(c, answers);
	tcase_add_test(c, requests);
	suite_add_tcase(s, c);
	return suite_run(s);
}
