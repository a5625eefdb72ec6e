/* How long a broker that refused the proxy's login is left alone. */
#include "proxy/refusals.h"

#include <check.h>

#include "base/clock.h"
#include "suite.h"

static struct monotime now;
static struct refusals *r;

static void
setup(void)
{
	now.ns = INT64_C(3600000000000);
	clock_set_for_tests(&now, NULL);
	r = refusals_new();
	ck_assert_ptr_nonnull(r);
}

static void
teardown(void)
{
	refusals_free(r);
}

static uint64_t turn; /* of the last wait_ms() */

static int64_t
wait_ms(const char *broker)
{
	return refusals_wait_ms(r, broker, &turn);
}

static void
pass(int64_t ms)
{
	now.ns += ms * 1000000;
}

START_TEST(each_broker_has_its_own)
{
	ck_assert_int_eq(wait_ms("a:1"), 0);
	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 1000);
	ck_assert_int_eq(wait_ms("b:1"), 0);
	pass(999);
	ck_assert_int_eq(wait_ms("a:1"), 1);
	refusals_forget(r, "b:1");
	refusals_forget(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 0);
}
END_TEST

/* After a rest one may try, the others wait for what comes of it. */
START_TEST(one_tries)
{
	refusals_note(r, "a:1");
	pass(1000);
	ck_assert_int_eq(wait_ms("a:1"), 0);
	ck_assert_int_eq(wait_ms("a:1"), 1000);
	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 2000);
	pass(2000);
	/* One that never comes back: the next may, when that rest is over. */
	ck_assert_int_eq(wait_ms("a:1"), 0);
	pass(2000);
	ck_assert_int_eq(wait_ms("a:1"), 0);
	refusals_forget(r, "a:1");
	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 1000);
}
END_TEST

/* Who had the turn and could not ask gives it to the next, and the rest that follows a refusal is no shorter for it. */
START_TEST(given_back)
{
	uint64_t first;

	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 1000);
	ck_assert_uint_eq(turn, 0); /* none to give back */
	refusals_give_back(r, "a:1", turn);
	ck_assert_int_eq(wait_ms("a:1"), 1000);
	pass(1000);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(wait_ms("a:1"), 0);
		first = turn;
		ck_assert_int_eq(wait_ms("a:1"), 1000);
		refusals_give_back(r, "a:1", first);
	}
	ck_assert_int_eq(wait_ms("a:1"), 0);
	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 2000);
}
END_TEST

/* It comes back when another has the turn by now, or what came of it is known. */
START_TEST(given_back_late)
{
	uint64_t first;

	refusals_note(r, "a:1");
	pass(1000);
	ck_assert_int_eq(wait_ms("a:1"), 0);
	first = turn;
	pass(1000);
	ck_assert_int_eq(wait_ms("a:1"), 0);
	refusals_give_back(r, "a:1", first);
	ck_assert_int_eq(wait_ms("a:1"), 1000);
	refusals_note(r, "a:1");
	refusals_give_back(r, "a:1", turn);
	ck_assert_int_eq(wait_ms("a:1"), 2000);
	refusals_forget(r, "a:1");
	refusals_give_back(r, "a:1", first);
	refusals_note(r, "a:1");
	refusals_give_back(r, "a:1", first);
	ck_assert_int_eq(wait_ms("a:1"), 1000);
}
END_TEST

/* Logins that were under way when the first was refused are no more than that one. */
START_TEST(many_at_once)
{
	for (int i = 0; i < 100; i++)
		refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 1000);
}
END_TEST

START_TEST(no_longer_than_a_minute)
{
	for (int i = 0; i < 20; i++) {
		refusals_note(r, "a:1");
		pass(60000);
		ck_assert_int_eq(wait_ms("a:1"), 0);
	}
	refusals_note(r, "a:1");
	ck_assert_int_eq(wait_ms("a:1"), 60000);
}
END_TEST

/* Names of brokers are the cluster's to choose. */
START_TEST(not_without_end)
{
	char name[32];

	for (int i = 0; i < 1001; i++) {
		(void)snprintf(name, sizeof(name), "b-%d:1", i);
		refusals_note(r, name);
		ck_assert_int_eq(wait_ms(name), i < 1000 ? 1000 : 0);
	}
}
END_TEST

START_TEST(none)
{
	refusals_note(NULL, "a:1");
	ck_assert_int_eq(refusals_wait_ms(NULL, "a:1", &turn), 0);
	ck_assert_uint_eq(turn, 0);
	refusals_give_back(NULL, "a:1", 1);
	refusals_forget(NULL, "a:1");
	refusals_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("refusals");
	TCase *t = tcase_create("refusals");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_broker_has_its_own);
	tcase_add_test(t, one_tries);
	tcase_add_test(t, given_back);
	tcase_add_test(t, given_back_late);
	tcase_add_test(t, many_at_once);
	tcase_add_test(t, no_longer_than_a_minute);
	tcase_add_test(t, not_without_end);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return suite_run(s);
}
