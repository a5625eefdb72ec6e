#include "base/rate.h"

#include "suite.h"

static struct monotime
at(int64_t ms)
{
	return (struct monotime){ms * 1000000};
}

START_TEST(nothing)
{
	struct rate r = {0};

	ck_assert_int_eq(rate_milli(&r, at(0)), 0);
	ck_assert_int_eq(rate_milli(&r, at(1000000)), 0);
}
END_TEST

/* What comes evenly is told as it comes, wherever the half minutes begin. */
START_TEST(even)
{
	struct rate r = {0};

	for (int64_t ms = 7000; ms < 200000; ms += 100) {
		rate_add(&r, at(ms), 5);
		if (ms > 70000) {
			ck_assert_int_ge(rate_milli(&r, at(ms)), 49500);
			ck_assert_int_le(rate_milli(&r, at(ms)), 50500);
		}
	}
}
END_TEST

/* What came at once is over within a minute. */
START_TEST(passes)
{
	struct rate r = {0};
	int64_t last;

	rate_add(&r, at(1000), 300);
	last = rate_milli(&r, at(1000));
	ck_assert_int_eq(last, 10000);
	for (int64_t ms = 1000; ms < 61000; ms += 250) {
		ck_assert_int_le(rate_milli(&r, at(ms)), last);
		last = rate_milli(&r, at(ms));
	}
	ck_assert_int_eq(rate_milli(&r, at(29999)), 10000);
	ck_assert_int_eq(rate_milli(&r, at(45000)), 5000);
	ck_assert_int_eq(last, 0);
	rate_add(&r, at(90000), 30);
	ck_assert_int_eq(rate_milli(&r, at(90000)), 1000);
}
END_TEST

/* One record a minute is not none. */
START_TEST(few)
{
	struct rate r = {0};

	rate_add(&r, at(10000), 1);
	ck_assert_int_eq(rate_milli(&r, at(10000)), 33);
	ck_assert_int_eq(rate_milli(&r, at(40000)), 22);
}
END_TEST

/* Two threads may take the time in one order and add in the other. */
START_TEST(out_of_order)
{
	struct rate r = {0};

	rate_add(&r, at(30001), 30);
	rate_add(&r, at(29999), 30);
	ck_assert_int_eq(rate_milli(&r, at(30001)), 2000);
}
END_TEST

/* More than there can be stays a large number. */
START_TEST(large)
{
	struct rate r = {0};
	int64_t most;

	rate_add(&r, at(0), INT64_MAX);
	rate_add(&r, at(0), INT64_MAX);
	most = rate_milli(&r, at(0));
	ck_assert_int_gt(most, INT64_C(1000000000) * 1000);
	ck_assert_int_eq(rate_milli(&r, at(45000)), most / 2);
	rate_add(&r, at(30000), INT64_MAX);
	ck_assert_int_gt(rate_milli(&r, at(30001)), most);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rate");
	TCase *t = tcase_create("rate");

	tcase_add_test(t, nothing);
	tcase_add_test(t, even);
	tcase_add_test(t, passes);
	tcase_add_test(t, few);
	tcase_add_test(t, out_of_order);
	tcase_add_test(t, large);
	suite_add_tcase(s, t);
	return suite_run(s);
}
