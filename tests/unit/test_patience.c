/* How long is waited for statements, by when the log's end was seen. */
#include "verify/patience.h"

#include "suite.h"

START_TEST(waits_for_what_was_seen)
{
	struct patience p;

	patience_begin(&p, 1000);
	ck_assert_int_eq(patience_due(&p, 0), 0);
	patience_saw(&p, 10, 100);
	patience_saw(&p, 20, 500);
	ck_assert_int_eq(patience_due(&p, 1099), 0);
	ck_assert_int_eq(patience_due(&p, 1100), 10);
	ck_assert_int_eq(patience_due(&p, 1499), 10);
	ck_assert_int_eq(patience_due(&p, 1500), 20);
	/* Nothing came, and nothing is waited for. */
	patience_saw(&p, 20, 5000);
	ck_assert_int_eq(patience_due(&p, 9000), 20);
}
END_TEST

/* However often it is looked at, each offset is waited for at least so long, and at most a little longer. */
START_TEST(many_looks_are_few_marks)
{
	enum { WAIT = 3200, LOOKS = 20000 };
	struct patience p;

	patience_begin(&p, WAIT);
	for (int64_t t = 0; t < LOOKS; t++) {
		patience_saw(&p, t, t);
		ck_assert_uint_le(p.count, PATIENCE_MARKS);
		ck_assert_int_le(patience_due(&p, t), t < WAIT ? 0 : t - WAIT);
		if (t > 2 * WAIT)
			ck_assert_int_ge(patience_due(&p, t), t - WAIT - WAIT / PATIENCE_STEPS - 1);
	}
}
END_TEST

START_TEST(what_was_cut_off_is_waited_for_anew)
{
	struct patience p;

	patience_begin(&p, 1000);
	patience_saw(&p, 10, 0);
	patience_saw(&p, 20, 500);
	patience_saw(&p, 15, 900);
	ck_assert_int_eq(patience_due(&p, 1000), 10);
	ck_assert_int_eq(patience_due(&p, 1600), 10);
	ck_assert_int_eq(patience_due(&p, 1900), 15);
	patience_saw(&p, 5, 2000);
	ck_assert_int_eq(patience_due(&p, 2000), 5);
	patience_saw(&p, 15, 2100);
	ck_assert_int_eq(patience_due(&p, 3050), 5);
	ck_assert_int_eq(patience_due(&p, 3100), 15);
}
END_TEST

START_TEST(nothing_is_waited_for_when_nothing_is_to_be)
{
	struct patience p;

	patience_begin(&p, 0);
	patience_saw(&p, 7, 1);
	ck_assert_int_eq(patience_due(&p, 1), 7);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("patience");
	TCase *t = tcase_create("patience");

	tcase_add_test(t, waits_for_what_was_seen);
	tcase_add_test(t, many_looks_are_few_marks);
	tcase_add_test(t, what_was_cut_off_is_waited_for_anew);
	tcase_add_test(t, nothing_is_waited_for_when_nothing_is_to_be);
	suite_add_tcase(s, t);
	return suite_run(s);
}
