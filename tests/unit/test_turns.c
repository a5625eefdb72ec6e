#include "attest/turns.h"

#include <poll.h>
#include <pthread.h>

#include "tests/unit/suite.h"

#define MS INT64_C(1000000)

static struct turns *t;
static int wait_ms;

static void
setup(void)
{
	t = turns_new();
	ck_assert_ptr_nonnull(t);
}

static void
teardown(void)
{
	turns_free(t);
}

static struct turn *
next(int64_t ns)
{
	return turns_next(t, (struct monotime){ns}, &wait_ms);
}

static bool
readable(void)
{
	struct pollfd p = {turns_fd(t), POLLIN, 0};

	return poll(&p, 1, 0) == 1;
}

START_TEST(nothing_to_do)
{
	ck_assert_ptr_null(next(0));
	ck_assert_int_eq(wait_ms, -1);
	ck_assert(!readable());
	turns_free(NULL);
}
END_TEST

START_TEST(now_is_in_order_and_once)
{
	struct turn a = {0}, b = {0};

	turns_now(t, &a);
	turns_now(t, &b);
	turns_now(t, &a);
	ck_assert(readable());
	turns_woken(t);
	ck_assert(!readable());
	ck_assert_ptr_eq(next(0), &a);
	/* One that was taken can come again. */
	turns_now(t, &a);
	ck_assert(readable());
	ck_assert_ptr_eq(next(0), &b);
	ck_assert_ptr_eq(next(0), &a);
	ck_assert_ptr_null(next(0));
}
END_TEST

START_TEST(at_a_time)
{
	struct turn a = {0}, b = {0};

	turns_at(t, &a, (struct monotime){10 * MS});
	ck_assert(readable());
	turns_woken(t);
	/* Later than what it waits for already: nobody need wake up. */
	turns_at(t, &b, (struct monotime){20 * MS});
	turns_at(t, &a, (struct monotime){30 * MS});
	ck_assert(!readable());
	ck_assert_ptr_null(next(0));
	ck_assert_int_eq(wait_ms, 10);
	/* A wait is rounded up, so that who wakes up behind it finds something. */
	ck_assert_ptr_null(next(10 * MS - 1));
	ck_assert_int_eq(wait_ms, 1);
	ck_assert_ptr_eq(next(10 * MS), &a);
	ck_assert_ptr_null(next(10 * MS));
	ck_assert_int_eq(wait_ms, 10);
	/* Earlier than it was. */
	turns_at(t, &b, (struct monotime){12 * MS});
	ck_assert(readable());
	ck_assert_ptr_null(next(10 * MS));
	ck_assert_int_eq(wait_ms, 2);
	ck_assert_ptr_eq(next(99 * MS), &b);
	ck_assert_ptr_null(next(99 * MS));
	ck_assert_int_eq(wait_ms, -1);
}
END_TEST

/* Now beats a time, in both orders. */
START_TEST(now_instead_of_later)
{
	struct turn a = {0};

	turns_at(t, &a, (struct monotime){10 * MS});
	turns_now(t, &a);
	turns_at(t, &a, (struct monotime){5 * MS});
	ck_assert_ptr_eq(next(0), &a);
	ck_assert_ptr_null(next(99 * MS));
	ck_assert_int_eq(wait_ms, -1);
}
END_TEST

START_TEST(far_away)
{
	struct turn a = {0};

	turns_at(t, &a, (struct monotime){INT64_MAX / 2});
	ck_assert_ptr_null(next(0));
	ck_assert_int_gt(wait_ms, 0);
	ck_assert_ptr_eq(next(INT64_MAX / 2), &a);
}
END_TEST

START_TEST(all_of_them)
{
	struct turn a[3] = {{.due_ns = 0}};

	for (int i = 0; i < 3; i++)
		turns_at(t, &a[i], (struct monotime){(100 - i) * MS});
	turns_woken(t);
	turns_all_now(t);
	ck_assert(readable());
	for (int i = 0; i < 3; i++)
		ck_assert_ptr_eq(next(0), &a[i]);
	ck_assert_ptr_null(next(0));
	ck_assert_int_eq(wait_ms, -1);
}
END_TEST

START_TEST(woken_without_a_turn)
{
	turns_wake(t);
	turns_wake(t);
	ck_assert(readable());
	turns_woken(t);
	ck_assert(!readable());
	turns_woken(t);
	turns_wake(t);
	ck_assert(readable());
}
END_TEST

/* --- threads -------------------------------------------------------------------------- */

enum { THREADS = 3, TURNS = 8, ROUNDS = 2000 };

static struct turn shared[TURNS];
static _Atomic int asked[TURNS];
static _Atomic int running;

static void *
ask(void *arg)
{
	uintptr_t me = (uintptr_t)arg;

	for (int i = 0; i < ROUNDS; i++) {
		int k = (int)((me + (unsigned)i * 5) % TURNS);

		asked[k]++;
		if (i % 2 == 0)
			turns_now(t, &shared[k]);
		else
			turns_at(t, &shared[k], (struct monotime){i});
	}
	running--;
	turns_wake(t);
	return NULL;
}

/* No wish is lost: each is followed by a turn, and the descriptor wakes whoever sleeps. */
START_TEST(many_threads)
{
	pthread_t th[THREADS];
	struct turn *turn;

	running = THREADS;
	for (uintptr_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&th[i], NULL, ask, (void *)i), 0);
	while (running > 0) {
		struct pollfd p = {turns_fd(t), POLLIN, 0};

		ck_assert_int_eq(poll(&p, 1, 60000), 1);
		turns_woken(t);
		while ((turn = next(ROUNDS)) != NULL)
			asked[turn - shared] = 0;
		ck_assert_int_eq(wait_ms, -1);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(th[i], NULL);
	while ((turn = next(ROUNDS)) != NULL)
		asked[turn - shared] = 0;
	for (int k = 0; k < TURNS; k++)
		ck_assert_int_eq(asked[k], 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("turns");
	TCase *c = tcase_create("turns");

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, nothing_to_do);
	tcase_add_test(c, now_is_in_order_and_once);
	tcase_add_test(c, at_a_time);
	tcase_add_test(c, now_instead_of_later);
	tcase_add_test(c, far_away);
	tcase_add_test(c, all_of_them);
	tcase_add_test(c, woken_without_a_turn);
	tcase_add_test(c, many_threads);
	suite_add_tcase(s, c);
	return suite_run(s);
}
