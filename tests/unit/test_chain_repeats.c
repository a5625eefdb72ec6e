/* One batch, or one sequence, that comes again and again: it holds nothing for longer, and takes no more room, than once. */
#include "attest/chain.h"
#include "base/log.h"
#include "base/metrics.h"
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

static int64_t
unresolved(void)
{
	return metric_read(METRIC_RECORDS_UNRESOLVED);
}

/* The log is read, if it is time to, and the batch isn't there. */
static void
look_if_due(void)
{
	struct doubt d;
	int64_t from;

	if (r->shared.looks != NULL && chain_doubts(r->c, r->set, r->now, &d, 1, &from) == 1)
		chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
}

/* Its answer is lost each time, sooner than a lost one is waited for: what it holds back counts from the first. */
START_TEST(lost_again_and_again)
{
	int64_t before = unresolved(), waited = 0;
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 1), b = rig_send(r, rig_batch(6), 2);

	if (_i == 1)
		rig_reads_back(r);
	rig_stored(r, &b, 4);
	chain_lost(r->c, r->set, &a, r->now);
	while (rig_seal(r) == 0) {
		rig_pass(r, 500);
		waited += 500;
		ck_assert_int_le(waited, 2 * r->set->outcome_wait_ms);
		look_if_due();
		a = rig_send(r, rig_idempotent(7, 0, 4), 1);
		ck_assert(a.retry);
		ck_assert_int_eq(rig_answer(r, &a, 7, -1, -1), CHAINS_OPEN);
	}
	ck_assert_int_eq(waited, 2 * r->set->outcome_wait_ms);
	ck_runs(&rig_last(r)->ranges, {4, 6});
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	/* One that comes later still, and is stored, names that window, is in none, and was counted. */
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_KNOWN);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_int_eq(unresolved() - before, 4);
	ck_assert_int_eq(r->shared.backlog, 0);
}
END_TEST

/* A turn that is booked is due by then. */
static bool
has_turn(struct turns *t, int64_t in_ms)
{
	int wait_ms;

	return turns_next(t, (struct monotime){r->now.mono.ns + in_ms * 1000000}, &wait_ms) != NULL;
}

/* Some attempt is always on its way, so that its outcome is never just open. */
START_TEST(one_is_always_on_its_way)
{
	struct attempt a, b;
	int64_t before = unresolved();

	a = rig_send(r, rig_batch(6), 2);
	rig_stored(r, &a, 4);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	rig_pass(r, 1000);
	ck_assert(has_turn(r->shared.turns, 0)); /* the window's age */
	ck_assert_uint_eq(rig_seal(r), 0);
	for (int i = 0; i < 5; i++) {
		b = rig_send(r, rig_idempotent(7, 0, 4), 1);
		chain_lost(r->c, r->set, &a, r->now);
		a = b;
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 1000);
	}
	/* Nothing else will happen: the sealer has to come by itself. */
	ck_assert(has_turn(r->shared.turns, 1000));
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, -1), CHAINS_KNOWN);
	ck_assert_int_eq(unresolved() - before, 4);
}
END_TEST

/* … and the log is read for it all the same, before it is given up: what is found there is a member. */
START_TEST(found_while_it_is_on_its_way)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 10), 1), b = rig_send(r, rig_idempotent(7, 0, 10), 1);

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	ck_assert(!has_turn(r->shared.looks, 999));
	rig_pass(r, 2999);
	look_if_due();
	ck_assert(has_turn(r->shared.looks, 1));
	rig_pass(r, 1);
	rig_look(r, 0, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_assert_int_eq(rig_answer(r, &b, 0, 0, -1), CHAINS_KNOWN);
}
END_TEST

/* What isn't there is given up then, and not for longer because nothing was read: it was. */
START_TEST(not_found_while_it_is_on_its_way)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 1), b = rig_send(r, rig_idempotent(7, 0, 4), 1), c;

	c = rig_send(r, rig_batch(6), 2);
	rig_stored(r, &c, 0);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 3000);
	rig_look(r, -1, -1);
	rig_pass(r, 2000);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 999);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
}
END_TEST

/* Lost once more while the log was read for the last time: its bytes may have come behind that. */
START_TEST(lost_amid_the_last_look)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 10), 1);
	struct doubt d;
	int64_t from;

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 3000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert(d.last);
	rig_pass(r, 10);
	a = rig_send(r, rig_idempotent(7, 0, 10), 1);
	chain_lost(r->c, r->set, &a, r->now);
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 1);
	/* A retry is told where it is. */
	a = rig_send(r, rig_idempotent(7, 0, 10), 1);
	ck_assert(a.retry);
	rig_stored(r, &a, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
}
END_TEST

/* It wasn't there, and then a broker says that it is: the log is read at once, while there is time. */
START_TEST(told_behind_a_look)
{
	struct attempt a;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_idempotent(7, 40, 10), 1);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 2000);
	a = rig_send(r, rig_idempotent(7, 40, 10), 1);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, -1, -1);
	rig_pass(r, 1000);
	a = rig_send(r, rig_idempotent(7, 40, 10), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 20, RIG_WALL), CHAINS_OPEN);
	rig_look(r, 20, RIG_WALL);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {20, 10});
}
END_TEST

/* Settled, and another topic may have its name: an attempt that is lost then keeps nobody waiting for longer. */
START_TEST(lost_when_it_is_settled)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 10), 1), b = rig_send(r, rig_idempotent(7, 0, 10), 1);
	struct placement *p = a.placement;

	p->lost_at = r->now.mono; /* since then the log of the name is read (attest/chain_sure.h) */
	rig_stored(r, &a, 0);
	rig_pass(r, 2000);
	chain_lost(r->c, r->set, &b, r->now);
	ck_assert_int_eq(monotime_since_ms(r->now.mono, p->lost_at), 2000);
	ck_assert_uint_eq(rig_seal(r), 1);
}
END_TEST

/* Windows wait until it is asked whose the topic's name is: so long what was found may yet be another copy's. */
static void
unsure(void)
{
	rig_reads_back(r);
	r->shared.sures = turns_new();
	ck_assert_ptr_nonnull(r->shared.sures);
	r->c->has_topic_id = true;
	r->set->window_records = 3;
}

/* A copy of it each second, and its place is found for the one that was lost, until its answer comes. */
START_TEST(taken_back_again_and_again)
{
	int64_t before = unresolved(), waited = 0;
	struct attempt p, q;

	unsure();
	p = rig_send_bare(r, rig_batch(3), 1);
	chain_lost(r->c, r->set, &p, r->now);
	for (int i = 0; unresolved() == before; i++) {
		q = rig_send_bare(r, rig_batch(3), 1);
		rig_pass(r, 1000);
		rig_look(r, 10 * i, -1);
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 100);
		ck_assert_int_eq(rig_answer(r, &q, 0, 10 * i, -1), CHAINS_STORED);
		ck_assert(has_turn(r->shared.turns, 0));
		(void)rig_seal(r);
		waited += 1100;
		ck_assert_int_le(waited, 2 * r->set->outcome_wait_ms + 1100);
	}
	ck_assert_int_gt(waited, 2 * r->set->outcome_wait_ms);
	ck_assert_int_eq(unresolved() - before, 3);
	turns_free(r->shared.sures);
}
END_TEST

/* Its time is over when it is taken back, perhaps with an attempt on its way: it is looked for before it is given up. */
START_TEST(taken_back_late)
{
	bool on_its_way = (_i & 1) != 0, there = (_i & 2) != 0;
	int64_t before = unresolved();
	struct attempt p, q, again;

	unsure();
	p = rig_send_bare(r, rig_idempotent(7, 0, 3), 1);
	chain_lost(r->c, r->set, &p, r->now);
	q = rig_send_bare(r, rig_batch(3), 1);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	if (on_its_way)
		again = rig_send_bare(r, rig_idempotent(7, 0, 3), 1);
	rig_pass(r, 2 * r->set->outcome_wait_ms);
	ck_assert_int_eq(rig_answer(r, &q, 0, 10, -1), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_int_eq(unresolved(), before);
	rig_look(r, there ? 20 : -1, -1);
	ck_assert(has_turn(r->shared.turns, 0));
	(void)rig_seal(r);
	ck_assert_int_eq(unresolved() - before, there ? 0 : 3);
	if (on_its_way)
		ck_assert_int_eq(rig_answer(r, &again, 0, 20, -1), CHAINS_KNOWN);
	turns_free(r->shared.sures);
}
END_TEST

static size_t
kept(const struct placement *p)
{
	size_t n = 0;

	for (; p != NULL; p = p->rival)
		n++;
	return n;
}

/* The batch with ever other content; what the broker has is the first. */
START_TEST(one_sequence_many_contents)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a = rig_send(r, b, 1);
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);

	rig_stored(r, &a, 30);
	b.fresh = true;
	for (int i = 0; i < 1000; i++) {
		a = rig_send(r, b, 2 + i);
		ck_assert_uint_le(kept(a.placement), 3);
		ck_assert_int_eq(rig_answer(r, &a, 0, 30, RIG_WALL), CHAINS_DUPLICATE);
		rig_pass(r, 10);
		(void)rig_seal(r);
	}
	rig_pass(r, 1000);
	(void)rig_seal(r);
	ck_assert_uint_eq(r->count, 1);
	ck_runs(&rig_last(r)->ranges, {30, 4});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, 4000);
	ck_assert_int_eq(r->shared.backlog, 0);
}
END_TEST

/* Their outcomes are open: an answer may be about any of them, so none is forgotten, and there aren't too many. */
START_TEST(one_sequence_many_in_doubt)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a, last;
	int n = 0;

	b.fresh = true;
	for (;; n++) {
		int err = chain_place(r->c, r->set, &b, r->now, &a);

		if (err == ERR_EXISTS)
			break;
		ck_assert_int_eq(err, 0);
		ck_assert_int_lt(n, 100);
		rig_fill(a.members, b.count, n);
		ck_assert_int_eq(rig_forward(r, &a), 0);
		chain_lost(r->c, r->set, &a, r->now);
	}
	ck_assert_int_eq(n, PLACEMENT_RIVALS_MAX + 1);
	/* A retry of the last one is no other content. */
	last = rig_send(r, rig_idempotent(7, 0, 4), n - 1);
	ck_assert(last.retry);
	rig_stored(r, &last, 0);
	/* When they are given up there is room. */
	rig_pass(r, 2 * r->set->outcome_wait_ms);
	while (r->c->windows.count > 0)
		ck_assert_uint_eq(rig_seal(r), 1);
	a = rig_send(r, b, 100);
	ck_assert_uint_eq(kept(a.placement), 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_DUPLICATE);
}
END_TEST

/* One content behind another is stored, as a broker takes them that forgot the producer; then it says that it has the first. */
START_TEST(one_sequence_many_stored)
{
	enum { MANY = 50 };
	struct chains_batch b = rig_idempotent(7, 4, 4);
	int64_t append_ms = _i == 0 ? -1 : RIG_WALL, before = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 99);

	rig_reads_back(r);
	rig_stored(r, &a, 0);
	if (_i > 0)
		r->c->time = CHAINS_TIME_APPEND;
	b.fresh = true;
	for (int i = 0; i < MANY; i++) {
		a = rig_send(r, b, i);
		ck_assert_uint_le(kept(a.placement), PLACEMENT_RIVALS_MAX + 2);
		if (rig_answer(r, &a, 0, 100 + 10 * i, append_ms) == CHAINS_OPEN)
			rig_look(r, 100 + 10 * i, append_ms);
		rig_pass(r, 1000);
		ck_assert_uint_ge(rig_seal(r), 1);
		ck_assert_int_eq(rig_last(r)->ranges.list[0].first, i == 0 ? 0 : 100 + 10 * i);
	}
	for (int told = 0; told < MANY; told += MANY - 1) {
		a = rig_send(r, b, MANY);
		if (rig_answer(r, &a, 0, 100 + 10 * told, append_ms) == CHAINS_OPEN) {
			rig_pass(r, r->set->outcome_wait_ms);
			rig_look(r, -1, -1);
		}
		rig_pass(r, 1000);
		ck_assert_uint_eq(rig_seal(r), 0);
	}
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, 8);
}
END_TEST

/* As long as no statement is final that has one of them, which of them an answer is about is to be known. */
START_TEST(one_sequence_many_unpublished)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a;

	b.fresh = true;
	for (int i = 0; i <= PLACEMENT_RIVALS_MAX; i++) {
		a = rig_send(r, b, i);
		rig_stored(r, &a, 10 * i);
	}
	ck_assert_int_eq(chain_place(r->c, r->set, &b, r->now, &a), ERR_EXISTS);
	rig_pass(r, 1000);
	ck_assert_uint_ge(rig_seal(r), 1);
	a = rig_send(r, b, 100);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_DUPLICATE);
}
END_TEST

/*
 * What the broker has is a batch whose records are older than any broker, and whose outcome was given up, or is open still,
 * with another one behind it: its answer is about that one.
 */
START_TEST(an_answer_about_an_old_one)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt first, a = rig_send(r, rig_batch(4), 9);

	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_STORED);
	b.fresh = true;
	first = rig_place(r, b, 1);
	for (int i = 0; i < b.count; i++)
		first.members[i].timestamp = 1 + i;
	ck_assert_int_eq(rig_forward(r, &first), 0);
	chain_lost(r->c, r->set, &first, r->now);
	if (_i == 0) {
		rig_pass(r, r->set->outcome_wait_ms);
		ck_assert_uint_eq(rig_seal(r), 1);
	} else {
		a = rig_send(r, b, 2);
		chain_lost(r->c, r->set, &a, r->now);
	}
	a = rig_send(r, b, 3);
	ck_assert_int_ne(rig_answer(r, &a, 0, 20, 4), CHAINS_STORED);
}
END_TEST

/* An answer that tells no time may be about what has none, and is about nothing else but a new batch where all have one. */
START_TEST(an_answer_about_one_without_a_time)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt first, a = rig_send(r, rig_batch(4), 9);
	bool is_untimed = _i < 2;

	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_STORED);
	b.fresh = true;
	first = rig_place(r, b, 1);
	for (int i = 0; is_untimed && i < b.count; i++)
		first.members[i].timestamp = -1 - i;
	ck_assert_int_eq(rig_forward(r, &first), 0);
	chain_lost(r->c, r->set, &first, r->now);
	if (_i % 2 == 0) {
		rig_pass(r, r->set->outcome_wait_ms);
		ck_assert_uint_eq(rig_seal(r), 1);
	} else {
		a = rig_send(r, b, 2);
		chain_lost(r->c, r->set, &a, r->now);
	}
	a = rig_send(r, b, 3);
	ck_assert_int_eq(rig_answer(r, &a, 0, 20, -1), is_untimed ? CHAINS_OPEN : CHAINS_STORED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_repeats");
	TCase *t = tcase_create("chain_repeats");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, lost_again_and_again, 0, 2);
	tcase_add_test(t, one_is_always_on_its_way);
	tcase_add_test(t, found_while_it_is_on_its_way);
	tcase_add_test(t, not_found_while_it_is_on_its_way);
	tcase_add_test(t, lost_amid_the_last_look);
	tcase_add_test(t, told_behind_a_look);
	tcase_add_test(t, lost_when_it_is_settled);
	tcase_add_test(t, taken_back_again_and_again);
	tcase_add_loop_test(t, taken_back_late, 0, 4);
	tcase_add_test(t, one_sequence_many_contents);
	tcase_add_test(t, one_sequence_many_in_doubt);
	tcase_add_loop_test(t, one_sequence_many_stored, 0, 2);
	tcase_add_test(t, one_sequence_many_unpublished);
	tcase_add_loop_test(t, an_answer_about_an_old_one, 0, 2);
	tcase_add_loop_test(t, an_answer_about_one_without_a_time, 0, 4);
	suite_add_tcase(s, t);
	return suite_run(s);
}
