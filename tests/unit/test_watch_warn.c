/* Each thing that goes wrong is said once in a while, whichever others go wrong beside it. */
#include <check.h>

#include "ctl/watch_warn.c"
#include "suite.h"

static struct watch_warn warn;

static void
setup(void)
{
	memset(&warn, 0, sizeof(warn));
}

START_TEST(the_same_thing_not_each_time)
{
	ck_assert(watch_warn_is_due(&warn, "orders: timed out", 5));
	ck_assert(!watch_warn_is_due(&warn, "orders: timed out", 5));
	ck_assert(!watch_warn_is_due(&warn, "orders: timed out", 5 + WATCH_WARN_MS - 1));
	ck_assert(watch_warn_is_due(&warn, "orders: timed out", 5 + WATCH_WARN_MS));
	ck_assert(!watch_warn_is_due(&warn, "orders: timed out", 5 + WATCH_WARN_MS));
}
END_TEST

START_TEST(two_things_in_turn)
{
	for (int64_t now = 0; now < WATCH_WARN_MS; now += 1000) {
		ck_assert_int_eq(watch_warn_is_due(&warn, "orders: timed out", now), now == 0);
		ck_assert_int_eq(watch_warn_is_due(&warn, "payments: timed out", now), now == 0);
	}
}
END_TEST

START_TEST(other_numbers_make_no_other_thing)
{
	ck_assert(watch_warn_is_due(&warn, "10.0.0.1:9092: refused (after 13ms)", 0));
	ck_assert(!watch_warn_is_due(&warn, "10.0.0.1:9092: refused (after 7ms)", 1));
	ck_assert(watch_warn_is_due(&warn, "10.0.0.1:9092: closed (after 7ms)", 1));
}
END_TEST

START_TEST(not_too_many_things)
{
	unsigned said = 0;
	char text[16];

	for (int i = 0; i < 4 * WATCH_WARN_TEXTS; i++) {
		snprintf(text, sizeof(text), "%c%c", 'a' + i % 26, 'a' + i / 26);
		said += watch_warn_is_due(&warn, text, 0);
	}
	ck_assert_uint_eq(said, WATCH_WARN_TEXTS);
	ck_assert(watch_warn_is_due(&warn, "the next", WATCH_WARN_MS));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch_warn");
	TCase *t = tcase_create("watch_warn");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, the_same_thing_not_each_time);
	tcase_add_test(t, two_things_in_turn);
	tcase_add_test(t, other_numbers_make_no_other_thing);
	tcase_add_test(t, not_too_many_things);
	suite_add_tcase(s, t);
	return suite_run(s);
}
