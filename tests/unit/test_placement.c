#include "attest/placement.h"

#include <pthread.h>

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

START_TEST(what_it_takes_from_the_batch)
{
	struct chains_batch b = rig_transactional(7, 42, 23);
	struct placement *p;

	b.producer_epoch = 3;
	b.time = CHAINS_TIME_APPEND;
	b.who = who_get(r->shared.who, &(struct who){.client_id = slice_str("c")});
	p = placement_new(r->c, &b, 3);
	ck_assert_ptr_nonnull(p);
	ck_assert_ptr_eq(p->chain, r->c);
	ck_assert_uint_eq(p->refs, 1);
	ck_assert_int_eq(p->life.state, MEMBER_PLACED);
	ck_assert_int_eq(p->producer_id, 7);
	ck_assert_int_eq(p->producer_epoch, 3);
	ck_assert_int_eq(p->base_sequence, 42);
	ck_assert_int_eq(p->count, 23);
	ck_assert_int_eq(p->time, CHAINS_TIME_APPEND);
	ck_assert_int_eq(p->txn, PLACEMENT_TXN_OPEN);
	ck_assert_int_eq(p->base_offset, -1);
	ck_assert_int_eq(p->append_ms, -1);
	ck_assert_ptr_null(p->members);
	ck_assert_uint_eq(p->span_count, 3);
	ck_assert_uint_eq(p->unstated, 3);
	ck_assert_uint_eq(p->unfinished, 3);
	for (size_t i = 0; i < 3; i++) {
		ck_assert_ptr_eq(p->span[i].placement, p);
		ck_assert_ptr_null(p->span[i].window);
		ck_assert_int_eq(p->span[i].count, 0);
		ck_assert_uint_eq(p->windows[i].window_id, 0);
	}
	/* It holds its own reference on the client: the table is empty when both are gone. */
	who_unref(r->shared.who, b.who);
	ck_assert(slice_eq(p->who->client_id, slice_str("c")));
	placement_unref(p);
}
END_TEST

START_TEST(counted)
{
	struct chains_batch b = rig_batch(1);
	struct placement *p = placement_new(r->c, &b, 1), *rival = placement_new(r->c, &b, 1);

	ck_assert_int_eq(p->txn, PLACEMENT_NO_TXN);
	ck_assert_ptr_null(p->who);
	p->members = calloc(1, sizeof(*p->members));
	placement_ref(p);
	placement_unref(p);
	ck_assert_uint_eq(p->refs, 1);
	/* Its rival lives as long as it does. */
	p->rival = rival;
	placement_ref(rival);
	placement_unref(p);
	ck_assert_uint_eq(rival->refs, 1);
	placement_unref(rival);
	placement_unref(NULL);
}
END_TEST

static void *
unref(void *p)
{
	placement_unref(p);
	return NULL;
}

/* However many there are, they are freed on a small stack. */
START_TEST(a_long_line_of_rivals)
{
	enum { MANY = 20000, STACK = 256 * 1024 };
	struct chains_batch b = rig_batch(1);
	struct placement *first = placement_new(r->c, &b, 1), *p = first;
	pthread_attr_t small;
	pthread_t thread;

	placement_ref(first);
	for (int i = 0; i < MANY; i++) {
		struct placement *next = placement_new(r->c, &b, 1);

		ck_assert_ptr_nonnull(next);
		next->rival = p;
		p = next;
	}
	ck_assert_int_eq(pthread_attr_init(&small), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&small, STACK), 0);
	ck_assert_int_eq(pthread_create(&thread, &small, unref, p), 0);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&small);
	ck_assert_uint_eq(first->refs, 1); /* all the others are gone */
	placement_unref(first);
}
END_TEST

/* Of those before it the ones whose outcome is open, or whose place is known, tell something. */
START_TEST(rivals_that_tell_nothing)
{
	struct chains_batch b = rig_batch(1);
	struct placement *p = placement_new(r->c, &b, 1), *last = p, *held = NULL;
	static const enum member_state states[] = {MEMBER_GIVEN_UP, MEMBER_FORWARDED, MEMBER_REFUSED, MEMBER_GIVEN_UP,
						   MEMBER_SETTLED,  MEMBER_UNKNOWN,   MEMBER_GIVEN_UP};

	for (size_t i = 0; i < ARRAY_LEN(states); i++) {
		struct placement *next = placement_new(r->c, &b, 1);

		next->life.state = states[i];
		next->base_offset = states[i] == MEMBER_SETTLED ? 5 : -1;
		if (i == 2)
			placement_ref(held = next);
		last->rival = next;
		last = next;
	}
	ck_assert_uint_eq(placement_forget_rivals(p), 3);
	ck_assert_int_eq(p->rival->life.state, MEMBER_FORWARDED);
	ck_assert_int_eq(p->rival->rival->life.state, MEMBER_SETTLED);
	ck_assert_int_eq(p->rival->rival->rival->life.state, MEMBER_UNKNOWN);
	ck_assert_ptr_null(p->rival->rival->rival->rival);
	ck_assert_uint_eq(placement_forget_rivals(p), 3);
	placement_unref(p);
	ck_assert_uint_eq(held->refs, 1);
	placement_unref(held);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("placement");
	TCase *t = tcase_create("placement");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_it_takes_from_the_batch);
	tcase_add_test(t, counted);
	tcase_add_test(t, a_long_line_of_rivals);
	tcase_add_test(t, rivals_that_tell_nothing);
	suite_add_tcase(s, t);
	return suite_run(s);
}
