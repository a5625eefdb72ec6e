#include "attest/head.h"

#include "tests/unit/suite.h"

START_TEST(the_beginning)
{
	struct head h = head_begin();

	ck_assert_uint_eq(h.next_window, 1);
	ck_assert_uint_eq(h.last_window, 0);
	ck_assert_uint_eq(h.length, 0);
	ck_assert_int_eq(h.dbom_partition, -1);
	ck_assert(!h.follows);
	ck_assert_uint_eq(h.ended.count + h.open.count, 0);
	head_clear(&h);
}
END_TEST

START_TEST(runs_grow)
{
	struct head h = head_begin();

	h.next_window = 9;
	for (int64_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(head_runs_add(&h.ended, (struct head_run){.first = i * 2, .count = 1, .committed = i % 2 == 0}), 0);
		ck_assert_int_eq(head_runs_add(&h.open, (struct head_run){.first = i, .count = i + 1, .producer_id = 7}), 0);
	}
	ck_assert_uint_eq(h.ended.count, 1000);
	for (int64_t i = 0; i < 1000; i++) {
		ck_assert_int_eq(h.ended.run[i].first, i * 2);
		ck_assert_int_eq(h.ended.run[i].committed, i % 2 == 0);
		ck_assert_int_eq(h.open.run[i].count, i + 1);
		ck_assert_int_eq(h.open.run[i].producer_id, 7);
	}
	head_clear(&h);
	ck_assert_uint_eq(h.ended.count + h.open.count, 0);
	ck_assert_ptr_null(h.ended.run);
	ck_assert_uint_eq(h.next_window, 1);
	head_clear(&h);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("head");
	TCase *t = tcase_create("head");

	tcase_add_test(t, the_beginning);
	tcase_add_test(t, runs_grow);
	suite_add_tcase(s, t);
	return suite_run(s);
}
