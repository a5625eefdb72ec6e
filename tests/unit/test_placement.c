#include "attest/placement.h"

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

int
main(void)
{
	Suite *s = suite_create("placement");
	TCase *t = tcase_create("placement");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_it_takes_from_the_batch);
	tcase_add_test(t, counted);
	suite_add_tcase(s, t);
	return suite_run(s);
}
