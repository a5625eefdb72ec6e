#include <check.h>
#include <time.h>

#include "base/clock.h"

START_TEST(monotonic_never_goes_back)
{
	struct monotime last = clock_now();

	for (int i = 0; i < 1000; i++) {
		struct monotime now = clock_now();

		ck_assert_int_ge(monotime_since_ns(now, last), 0);
		last = now;
	}
}
END_TEST

START_TEST(wall_is_the_systems)
{
	int64_t before = (int64_t)time(NULL) * 1000, got;

	got = clock_wall_ms();
	/* time() may stand a tick behind clock_gettime(). */
	ck_assert_int_ge(got, before - 1000);
	ck_assert_int_le(got, (int64_t)time(NULL) * 1000 + 2000);
}
END_TEST

START_TEST(differences)
{
	struct monotime a = {5000000}, b = {12999999};

	ck_assert_int_eq(monotime_since_ns(b, a), 7999999);
	ck_assert_int_eq(monotime_since_ms(b, a), 7);
	ck_assert_int_eq(monotime_since_ms(a, b), -7);
}
END_TEST

START_TEST(tests_can_set_it)
{
	struct monotime mono = {42};
	int64_t wall = 1700000000000;

	clock_set_for_tests(&mono, &wall);
	ck_assert_int_eq(clock_now().ns, 42);
	ck_assert_int_eq(clock_wall_ms(), 1700000000000);
	mono.ns = 43;
	wall++;
	ck_assert_int_eq(clock_now().ns, 43);
	ck_assert_int_eq(clock_wall_ms(), 1700000000001);
	clock_set_for_tests(NULL, NULL);
	ck_assert_int_ne(clock_wall_ms(), 1700000000001);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("clock");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, monotonic_never_goes_back);
	tcase_add_test(t, wall_is_the_systems);
	tcase_add_test(t, differences);
	tcase_add_test(t, tests_can_set_it);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
