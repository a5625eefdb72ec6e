#include "attest/retries.h"

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

/* A placement that only `retries` holds, settled or still on its way. */
static struct placement *
added(int64_t producer_id, int32_t sequence, bool settled)
{
	struct chains_batch b = rig_idempotent(producer_id, sequence, 5);
	struct placement *p = placement_new(r->c, &b, 0);

	(void)member_step(&p->life, MEMBER_FORWARD);
	if (settled)
		(void)member_step(&p->life, MEMBER_ACKNOWLEDGE);
	ck_assert_int_eq(retries_add(&r->c->retries, p), 0);
	ck_assert_uint_eq(p->refs, 2);
	placement_unref(p);
	return p;
}

/* The last few are kept, whichever of them an entry of the journal told of last. */
START_TEST(told_in_another_order)
{
	struct chains_batch b = rig_idempotent(7, 0, 5);
	struct placement *p[20];

	for (int i = 0; i < 20; i++) {
		int at = (i + 10) % 20; /* the older half was written anew behind the younger one */

		b.base_sequence = at * 5;
		p[at] = placement_new(r->c, &b, 0);
		p[at]->number = (uint64_t)at + 1;
		(void)member_step(&p[at]->life, MEMBER_FORWARD);
		(void)member_step(&p[at]->life, MEMBER_ACKNOWLEDGE);
		ck_assert_int_eq(retries_add(&r->c->retries, p[at]), 0);
	}
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(p[i]->producer != NULL, i >= 12);
	b.base_sequence = 100; /* placed now: it has no number yet */
	ck_assert_int_eq(retries_add(&r->c->retries, p[0]), 0);
	ck_assert_ptr_null(p[0]->producer);
	p[1]->number = 0;
	ck_assert_int_eq(retries_add(&r->c->retries, p[1]), 0);
	ck_assert_ptr_nonnull(p[1]->producer);
	ck_assert_ptr_null(p[12]->producer);
	for (int i = 0; i < 20; i++)
		placement_unref(p[i]);
}
END_TEST

static struct placement *
find(int64_t producer_id, int32_t sequence)
{
	return retries_find(&r->c->retries, producer_id, 0, sequence, 5);
}

START_TEST(proven_behind_what_is_stored)
{
	struct placement *before = added(7, INT32_MAX - 9, true), *first = added(7, INT32_MAX - 4, true),
			 *wrapped = added(7, 0, true), *other = added(8, 0, true);

	ck_assert(!retries_is_proven(wrapped));
	retries_prove(wrapped);
	ck_assert(!retries_is_proven(wrapped));
	retries_prove(first); /* the log told of the earlier one later */
	ck_assert(retries_is_proven(wrapped));
	retries_prove(wrapped);
	ck_assert(retries_is_proven(wrapped));
	ck_assert(!retries_is_proven(first));
	ck_assert(!retries_is_proven(before));
	ck_assert(!retries_is_proven(other));
	wrapped->producer_epoch = 1;
	ck_assert(!retries_is_proven(wrapped));
	wrapped->producer_epoch = 0;
}
END_TEST

START_TEST(lost_behind_what_is_stored)
{
	struct placement *first = added(7, INT32_MAX - 9, true), *one = added(7, INT32_MAX - 4, true), *two = added(7, 0, true);

	retries_prove(first);
	retries_lose(two);
	retries_lose(one); /* in whichever order */
	ck_assert_ptr_null(find(7, INT32_MAX - 4));
	ck_assert_ptr_null(find(7, 0));
	one = added(7, INT32_MAX - 4, false);
	two = added(7, 0, false);
	ck_assert(retries_is_lost(one));
	ck_assert(retries_is_lost(two));
	retries_prove(one);
	ck_assert(retries_is_lost(two));
	ck_assert(!retries_is_lost(added(7, 5, false)));
}
END_TEST

/* Clients raise the epoch and begin anew: what was lost in the epoch before says nothing of this one, whenever it is forgotten. */
START_TEST(lost_in_two_epochs)
{
	struct placement *old = added(7, 50, true), *lost = added(7, 5, true), *first = added(7, 0, true);

	first->producer_epoch = lost->producer_epoch = 1;
	retries_prove(first);
	retries_lose(lost);
	retries_lose(old);
	lost = added(7, 5, true);
	lost->producer_epoch = 1;
	ck_assert(retries_is_lost(lost));
}
END_TEST

/* A producer goes on for more than half of all sequences. */
START_TEST(lost_long_ago)
{
	enum { QUARTER = 1 << 29 };

	retries_prove(added(7, 0, true));
	retries_lose(added(7, 5, true));
	retries_prove(added(7, QUARTER + 100, true));
	retries_prove(added(7, 2 * QUARTER + 100, true));
	ck_assert(!retries_is_lost(added(7, 2 * QUARTER + 200, true)));
}
END_TEST

/* One that was given up is lost with its place among the last few. */
START_TEST(lost_behind_others)
{
	struct placement *lost, *last = NULL;

	retries_prove(added(7, 0, true));
	lost = added(7, 5, false);
	(void)member_step(&lost->life, MEMBER_LOSE);
	(void)member_step(&lost->life, MEMBER_GIVE_UP);
	for (int i = 2; find(7, 5) != NULL; i++)
		last = added(7, 5 * i, true);
	ck_assert(!retries_is_lost(last));
	ck_assert(retries_is_lost(added(7, 5, false)));
}
END_TEST

START_TEST(found_by_all_four)
{
	struct placement *p = added(7, 100, true), *q = added(7, 105, true), *o = added(8, 100, true);

	ck_assert_ptr_eq(find(7, 100), p);
	ck_assert_ptr_eq(find(7, 105), q);
	ck_assert_ptr_eq(find(8, 100), o);
	ck_assert_ptr_null(find(9, 100));
	ck_assert_ptr_null(find(7, 110));
	ck_assert_ptr_null(retries_find(&r->c->retries, 7, 1, 100, 5));
	ck_assert_ptr_null(retries_find(&r->c->retries, 7, 0, 100, 4));
	ck_assert_ptr_null(retries_find(&r->c->retries, -1, -1, -1, 5));
	retries_forget(p);
	ck_assert_ptr_null(find(7, 100));
	ck_assert_ptr_eq(find(7, 105), q);
}
END_TEST

START_TEST(nothing_is_there)
{
	struct chains_batch b = rig_idempotent(7, 0, 5);
	struct placement *p = placement_new(r->c, &b, 0);

	ck_assert_ptr_null(find(7, 0));
	retries_forget(p); /* it was never added */
	placement_unref(p);
	retries_clear(&r->c->retries);
}
END_TEST

/* The five that a broker remembers are always known, and all whose outcome is open. */
START_TEST(the_last_batches)
{
	enum { N = 100 };
	struct placement *open = added(7, 0, false);

	for (int32_t i = 1; i < N; i++)
		(void)added(7, i * 5, true);
	for (int32_t i = N - 5; i < N; i++)
		ck_assert_ptr_nonnull(find(7, i * 5));
	ck_assert_ptr_null(find(7, 5));
	ck_assert_ptr_eq(find(7, 0), open);
	/* Once it is known, it may go like the others. */
	(void)member_step(&open->life, MEMBER_ACKNOWLEDGE);
	(void)added(7, N * 5, true);
	ck_assert_ptr_null(find(7, 0));

	for (int32_t i = 0; i < N; i++)
		(void)added(9, i * 5, false);
	for (int32_t i = 0; i < N; i++)
		ck_assert_ptr_nonnull(find(9, i * 5));
}
END_TEST

/* Whoever was quiet for longest is forgotten, unless something of it is open. */
START_TEST(the_last_producers)
{
	enum { N = 600 };

	(void)added(0, 0, false);
	(void)added(1, 0, true);
	for (int64_t id = 2; id < N; id++) {
		(void)added(id, 0, true);
		(void)added(1, (int32_t)id * 5, true); /* this one is never quiet */
	}
	ck_assert_ptr_nonnull(find(0, 0));
	ck_assert_ptr_nonnull(find(1, (N - 1) * 5));
	ck_assert_ptr_null(find(2, 0));
	ck_assert_ptr_nonnull(find(N - 1, 0));
	ck_assert_ptr_nonnull(find(N - 200, 0));
	ck_assert_uint_lt(r->c->retries.by_use.count, N / 2);
	ck_assert_uint_eq(map_count(r->c->retries.producers), r->c->retries.by_use.count);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("retries");
	TCase *t = tcase_create("retries");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, told_in_another_order);
	tcase_add_test(t, proven_behind_what_is_stored);
	tcase_add_test(t, lost_behind_what_is_stored);
	tcase_add_test(t, lost_in_two_epochs);
	tcase_add_test(t, lost_long_ago);
	tcase_add_test(t, lost_behind_others);
	tcase_add_test(t, found_by_all_four);
	tcase_add_test(t, nothing_is_there);
	tcase_add_test(t, the_last_batches);
	tcase_add_test(t, the_last_producers);
	suite_add_tcase(s, t);
	return suite_run(s);
}
