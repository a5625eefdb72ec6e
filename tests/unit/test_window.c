#include "attest/window.h"

#include <signal.h>

#include "attest/chain.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static struct rig *r;

static void
setup(void)
{
	r = rig_start();
}

static void
teardown(void)
{
	rig_stop(r);
}

static struct placement *
placed(int32_t count, bool transactional)
{
	struct chains_batch b = transactional ? rig_transactional(7, 0, count) : rig_batch(count);
	struct placement *p = placement_new(r->c, &b, 1);

	ck_assert_ptr_nonnull(p);
	p->span[0].count = count;
	return p;
}

START_TEST(a_window_counts)
{
	struct window *w = window_new((struct monotime){5}, 1000);
	struct placement *p = placed(3, false), *q = placed(4, true);

	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(w->opened_at.ns, 5);
	ck_assert_int_eq(w->start_ms, 1000);
	ck_assert(!w->closed);
	window_add(w, &p->span[0]);
	window_add(w, &q->span[0]);
	ck_assert_int_eq(w->taken, 7);
	ck_assert_uint_eq(w->awaiting, 2);
	ck_assert_uint_eq(w->open_txns, 1);
	ck_assert_uint_eq(p->refs, 2);
	ck_assert_ptr_eq(p->span[0].window, w);

	/* What leaves takes its place with it: `taken` only grows. */
	window_drop(w, &q->span[0]);
	ck_assert_int_eq(w->taken, 7);
	ck_assert_uint_eq(w->open_txns, 0);
	ck_assert_uint_eq(w->spans.count, 1);
	ck_assert_ptr_null(q->span[0].window);
	ck_assert_uint_eq(q->refs, 1);

	window_free(w);
	ck_assert_ptr_null(p->span[0].window);
	ck_assert_uint_eq(p->refs, 1);
	placement_unref(p);
	placement_unref(q);
	window_free(NULL);
}
END_TEST

START_TEST(it_closes_once)
{
	struct window *w = window_new((struct monotime){5}, 1000);

	window_close(w, CLOSE_AGE, (struct monotime){9}, 2000);
	ck_assert(w->closed);
	ck_assert_int_eq(w->reason, CLOSE_AGE);
	ck_assert_int_eq(w->closed_at.ns, 9);
	ck_assert_int_eq(w->end_ms, 2000);
	window_free(w);
	/* It never ends before it starts, whatever the clock says. */
	w = window_new((struct monotime){5}, 1000);
	window_close(w, CLOSE_AGE, (struct monotime){9}, 999);
	ck_assert_int_eq(w->end_ms, 1000);
	window_free(w);
}
END_TEST

START_TEST(closed_takes_nothing)
{
	struct window *w = window_new((struct monotime){5}, 1000);
	struct placement *p = placed(1, false);

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	window_close(w, CLOSE_AGE, (struct monotime){9}, 2000);
	window_add(w, &p->span[0]);
}
END_TEST

START_TEST(closed_twice)
{
	struct window *w = window_new((struct monotime){5}, 1000);

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	window_close(w, CLOSE_AGE, (struct monotime){9}, 2000);
	window_close(w, CLOSE_RECORDS, (struct monotime){9}, 2000);
}
END_TEST

START_TEST(one_window_at_a_time)
{
	struct window *w = window_new((struct monotime){5}, 1000);
	struct placement *p = placed(1, false);

	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
	window_add(w, &p->span[0]);
	window_add(w, &p->span[0]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("window");
	TCase *t = tcase_create("window");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_window_counts);
	tcase_add_test(t, it_closes_once);
	tcase_add_test_raise_signal(t, closed_takes_nothing, SIGABRT);
	tcase_add_test_raise_signal(t, closed_twice, SIGABRT);
	tcase_add_test_raise_signal(t, one_window_at_a_time, SIGABRT);
	suite_add_tcase(s, t);
	return suite_run(s);
}
