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

static void
ck_windows(const struct attempt *a, size_t n, const uint64_t *ids, const uint32_t *counts)
{
	size_t got;
	const struct rewrite_span *w = chains_windows_of(a, &got);

	ck_assert_uint_eq(got, n);
	for (size_t i = 0; i < n; i++) {
		ck_assert_uint_eq(w[i].window_id, ids[i]);
		ck_assert_uint_eq(w[i].count, counts[i]);
	}
}

/* --- placing ---------------------------------------------------------------------- */

/* A window takes so many records and no more; ids count from 1. */
START_TEST(a_batch_crosses_windows)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(23), 2), c = rig_send(r, rig_batch(3), 3);

	ck_windows(&a, 1, (uint64_t[]){1}, (uint32_t[]){4});
	ck_windows(&b, 3, (uint64_t[]){1, 2, 3}, (uint32_t[]){6, 10, 7});
	ck_windows(&c, 1, (uint64_t[]){3}, (uint32_t[]){3});
	ck_assert_ptr_null(r->c->open);
	ck_assert_int_eq(r->shared.backlog, 30);
	/* Another partition's leader, another connection: answers come in any order. */
	rig_stored(r, &c, 127);
	rig_stored(r, &a, 100);
	ck_assert_ptr_null(rig_turn(r));
	rig_stored(r, &b, 104);
	ck_assert_uint_eq(rig_seal(r), 3);
	ck_runs(&r->stated[0].s->ranges, {100, 10});
	ck_runs(&r->stated[1].s->ranges, {110, 10});
	ck_runs(&r->stated[2].s->ranges, {120, 10});
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(r->stated[i].s->reason, CLOSE_RECORDS);
	ck_assert_int_eq(r->shared.backlog, 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

START_TEST(a_window_is_filled_to_the_last_record)
{
	struct attempt a = rig_send(r, rig_batch(10), 1), b = rig_send(r, rig_batch(10), 2);

	ck_windows(&a, 1, (uint64_t[]){1}, (uint32_t[]){10});
	ck_windows(&b, 1, (uint64_t[]){2}, (uint32_t[]){10});
	rig_stored(r, &b, 10);
	rig_stored(r, &a, 0);
	ck_assert_uint_eq(rig_seal(r), 2);
}
END_TEST

/* Smaller windows after a reload: what is open and too full already closes. */
START_TEST(windows_made_smaller)
{
	struct attempt a = rig_send(r, rig_batch(8), 1), b;

	r->set->window_records = 5;
	b = rig_send(r, rig_batch(6), 2);
	ck_windows(&b, 2, (uint64_t[]){2, 3}, (uint32_t[]){5, 1});
	rig_stored(r, &a, 0);
	rig_stored(r, &b, 8);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_assert_int_eq(r->stated[0].s->leaf_count, 8);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
}
END_TEST

/* --- what closes a window ----------------------------------------------------------- */

START_TEST(closed_by_age)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b;
	int wait_ms;

	rig_stored(r, &a, 0);
	rig_pass(r, 999);
	ck_assert_ptr_null(rig_turn(r));
	ck_assert_ptr_nonnull(r->c->open);
	rig_pass(r, 1);
	ck_assert_ptr_eq(turns_next(r->shared.turns, r->now.mono, &wait_ms), &r->c->turn);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_AGE);
	ck_assert_int_eq(rig_last(r)->opened_ms, RIG_WALL);
	ck_assert_int_eq(rig_last(r)->closed_ms, RIG_WALL + 1000);

	/* A batch that comes before the sealer looks doesn't get into the old window either. */
	a = rig_send(r, rig_batch(1), 2);
	rig_pass(r, 1000);
	b = rig_send(r, rig_batch(1), 3);
	ck_windows(&a, 1, (uint64_t[]){2}, (uint32_t[]){1});
	ck_windows(&b, 1, (uint64_t[]){3}, (uint32_t[]){1});
	rig_stored(r, &a, 2);
	rig_stored(r, &b, 3);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_AGE);
}
END_TEST

START_TEST(closed_by_stopping)
{
	struct chains_batch late = rig_batch(1);
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send(r, rig_transactional(7, 0, 1), 2),
		       c = rig_send(r, rig_idempotent(8, 0, 1), 3), refused;

	rig_stored(r, &a, 0);
	rig_stored(r, &b, 2);
	r->shared.stopping = true;
	/* An answer may still come; a transaction and a lost outcome are not waited for. */
	ck_assert_ptr_null(rig_turn(r));
	ck_assert_ptr_null(r->c->open);
	chain_lost(r->c, r->set, &c, r->now);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_SHUTDOWN);
	ck_assert_uint_eq(rig_last(r)->leaf_count, 3);
	ck_assert_uint_eq(rig_last(r)->unresolved, 1);
	ck_runs(&rig_last(r)->open, {2, 1});
	/* A thread that saw the proxy run a moment ago places nothing behind the last window. */
	ck_assert_int_eq(chain_place(r->c, r->set, &late, r->now, &refused), ERR_NOT_NOW);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

START_TEST(closed_by_the_caller)
{
	struct attempt a = rig_send(r, rig_batch(2), 1);

	chain_close(r->c, CLOSE_TOPIC_DELETED, r->now);
	chain_close(r->c, CLOSE_TOPIC_DELETED, r->now); /* nothing is open */
	rig_stored(r, &a, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_TOPIC_DELETED);
}
END_TEST

/* A clock that is set back doesn't make a window end before it starts. */
START_TEST(the_clock_is_set_back)
{
	struct attempt a = rig_send(r, rig_batch(2), 1);

	rig_stored(r, &a, 0);
	r->now.mono.ns += INT64_C(1000000000);
	r->now.wall_ms -= 3600000;
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_last(r)->opened_ms, RIG_WALL);
	ck_assert_int_eq(rig_last(r)->closed_ms, RIG_WALL);
	ck_assert_int_eq(rig_last(r)->settled_ms, RIG_WALL);
}
END_TEST

/* --- outcomes ------------------------------------------------------------------------ */

/* What a broker refused is no member; a window of nothing is counted by the next. */
START_TEST(refused_and_withdrawn)
{
	int64_t before = metric_read(METRIC_WINDOWS_EMPTY);
	struct attempt a = rig_send(r, rig_batch(10), 1), b = rig_place(r, rig_batch(10), 2), c = rig_send(r, rig_batch(4), 3),
		       d = rig_send(r, rig_batch(6), 4);

	ck_assert_int_eq(rig_answer(r, &a, 10, -1, -1), CHAINS_REFUSED);
	chain_withdraw(r->c, &b);
	ck_assert_int_eq(rig_answer(r, &c, 19, -1, -1), CHAINS_REFUSED);
	rig_stored(r, &d, 50);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->window_id, 3);
	ck_assert_uint_eq(rig_last(r)->empty_before, 2);
	ck_assert_int_eq(metric_read(METRIC_WINDOWS_EMPTY) - before, 2);
	ck_assert_uint_eq(rig_last(r)->genesis_window, 3);
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
	ck_runs(&rig_last(r)->ranges, {50, 6});
	ck_assert_int_eq(r->shared.backlog, 0);
}
END_TEST

/* An outcome that is lost is waited for, and then its records are counted as unresolved. */
START_TEST(unknown_is_waited_for_and_given_up)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);

	rig_stored(r, &b, 4);
	ck_assert_int_eq(rig_answer(r, &a, 7, -1, -1), CHAINS_OPEN);
	rig_pass(r, 2999);
	ck_assert_ptr_null(rig_turn(r));
	rig_pass(r, 1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_runs(&rig_last(r)->ranges, {4, 6});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(r->shared.backlog, 0);
}
END_TEST

/* The log can't be read for the one batch that is in doubt. */
static void
look_in_vain(struct rig *x)
{
	struct doubt d;
	int64_t from;

	ck_assert_uint_eq(chain_doubts(x->c, x->set, x->now, &d, 1, &from), 1);
	chain_doubts_end(x->c, x->set, x->now, &d, 1, false);
}

/* The one batch that is in doubt; and what was read ends before its place, if it is `hidden`. */
static struct doubt looked_for;

static void
begin_look(struct rig *x)
{
	int64_t from;

	ck_assert_uint_eq(chain_doubts(x->c, x->set, x->now, &looked_for, 1, &from), 1);
	ck_assert_int_eq(from, looked_for.from);
}

static void
end_look(struct rig *x, bool hidden)
{
	looked_for.hidden = hidden;
	chain_doubts_end(x->c, x->set, x->now, &looked_for, 1, true);
}

/* It stands there. */
static void
show(struct rig *x, int64_t base_offset, int64_t append_ms)
{
	looked_for.found = true;
	looked_for.log_append = append_ms >= 0;
	looked_for.base_offset = base_offset;
	looked_for.append_ms = append_ms;
	end_look(x, false);
}

/* Who reads logs back has many to read: as long as this one's turn doesn't come, nobody knows whether it can be read. */
START_TEST(not_read_yet_is_not_given_up)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_stored(r, &b, 4);
	rig_pass(r, 1000);
	look_in_vain(r); /* too early to count */
	rig_pass(r, 6000);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_look(r, 0, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before);
}
END_TEST

START_TEST(what_can_not_be_read_is_given_up)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);
	struct window *w;
	int wait;

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_stored(r, &b, 4);
	rig_pass(r, 3000);
	look_in_vain(r);
	rig_pass(r, 2999);
	ck_assert_ptr_null(rig_turn(r));
	rig_pass(r, 1);
	if (_i == 1) { /* the last failure is what wakes the sealer, too */
		(void)turns_next(r->shared.turns, r->now.mono, &wait);
		look_in_vain(r);
		ck_assert_ptr_eq(turns_next(r->shared.turns, r->now.mono, &wait), &r->c->turn);
	}
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	(void)rig_state(r, w);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
}
END_TEST

/* Whatever the reader does, a window isn't held for ever. */
START_TEST(a_turn_that_never_comes)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_stored(r, &b, 4);
	rig_pass(r, 6000 + 10 * 60 * 1000 - 1);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
}
END_TEST

/* A batch whose outcome is given up stands in none of the windows that it crossed. */
START_TEST(given_up_across_windows)
{
	struct attempt a = rig_send(r, rig_batch(5), 1), b = rig_send(r, rig_batch(10), 2), c = rig_send(r, rig_batch(5), 3);

	rig_stored(r, &c, 15);
	rig_stored(r, &a, 0);
	chain_lost(r->c, r->set, &b, r->now);
	ck_assert_ptr_null(rig_turn(r));
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_assert_uint_eq(r->stated[0].s->unresolved, 5);
	ck_assert_uint_eq(r->stated[1].s->unresolved, 5);
	ck_runs(&r->stated[0].s->ranges, {0, 5});
	ck_runs(&r->stated[1].s->ranges, {15, 5});
}
END_TEST

/* A window waits for the one before it, however complete it is. */
START_TEST(statements_in_strict_order)
{
	struct attempt a = rig_send(r, rig_batch(10), 1), b = rig_send(r, rig_batch(10), 2);
	struct window *w;

	rig_stored(r, &b, 10);
	ck_assert_ptr_null(rig_turn(r));
	rig_stored(r, &a, 0);
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->id, 1);
	/* One at a time: the next needs the hash of this one. */
	ck_assert_ptr_null(rig_turn(r));
	(void)rig_state(r, w);
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	ck_assert_uint_eq(w->id, 2);
	(void)rig_state(r, w);
}
END_TEST

/* --- retries --------------------------------------------------------------------------- */

/* The first answer is lost, the retry's tells: the same windows, the same bytes, counted once. */
START_TEST(a_retry_counts_once)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 1), b, c;

	chain_lost(r->c, r->set, &a, r->now);
	b = rig_place(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(b.retry);
	ck_windows(&b, 1, (uint64_t[]){1}, (uint32_t[]){4});
	ck_assert_int_eq(chains_mode_of(&b), HEADERS_FULL);
	ck_assert_int_eq(rig_forward(r, &b), 0);
	ck_assert_int_eq(r->c->open->taken, 4);
	rig_stored(r, &b, 20);
	/* Once more, after it is settled. */
	c = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(c.retry);
	ck_assert_int_eq(rig_answer(r, &c, 0, 20, RIG_WALL), CHAINS_KNOWN);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {20, 4});
	/* And when it is long published. */
	c = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(c.retry);
	ck_windows(&c, 1, (uint64_t[]){1}, (uint32_t[]){4});
	ck_assert_int_eq(rig_answer(r, &c, 0, 20, RIG_WALL), CHAINS_KNOWN);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_int_eq(r->shared.backlog, 0);
}
END_TEST

/* Two attempts at once: the refusal of one says nothing of the other. */
START_TEST(two_attempts_in_flight)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 1), b = rig_send(r, rig_idempotent(7, 0, 4), 1);

	ck_assert_int_eq(rig_answer(r, &b, 45, -1, -1), CHAINS_REFUSED);
	rig_pass(r, 1000);
	ck_assert_ptr_null(rig_turn(r));
	rig_stored(r, &a, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 4});

	/* One is lost, the other refused: it may be there. */
	a = rig_send(r, rig_idempotent(7, 4, 4), 2);
	b = rig_send(r, rig_idempotent(7, 4, 4), 2);
	chain_lost(r->c, r->set, &a, r->now);
	ck_assert_int_eq(rig_answer(r, &b, 45, -1, -1), CHAINS_REFUSED);
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* A retry that is on its way when time is up holds nothing; its "stored" comes too late for the window. */
START_TEST(a_retry_after_giving_up)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 4), 1), b = rig_send(r, rig_batch(1), 2), c;

	rig_stored(r, &b, 9);
	chain_lost(r->c, r->set, &a, r->now);
	c = rig_send(r, rig_idempotent(7, 0, 4), 1);
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(rig_answer(r, &c, 0, 10, -1), CHAINS_KNOWN);
	/* The stored copy names that window, so that the next retry must be the same bytes. */
	c = rig_place(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(c.retry);
	ck_windows(&c, 1, (uint64_t[]){1}, (uint32_t[]){4});
	chain_withdraw(r->c, &c);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
}
END_TEST

/* What was refused is new when it comes again. */
START_TEST(again_after_a_refusal)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 10), 1), b;

	ck_assert_int_eq(rig_answer(r, &a, 19, -1, -1), CHAINS_REFUSED);
	b = rig_send(r, rig_idempotent(7, 0, 10), 1);
	ck_assert(!b.retry);
	ck_windows(&b, 1, (uint64_t[]){2}, (uint32_t[]){10});
	rig_stored(r, &b, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->empty_before, 1);
}
END_TEST

/* The same sequence with other content is a batch of its own; a broker that kept the first says so. */
START_TEST(same_sequence_other_content)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a = rig_send(r, b, 1), other, fresh;

	rig_stored(r, &a, 30);
	other = rig_place(r, b, 2);
	ck_assert(other.retry);
	ck_assert_int_eq(rig_forward(r, &other), ERR_NOT_NOW);
	b.fresh = true;
	fresh = rig_send(r, b, 2);
	ck_assert(!fresh.retry);
	ck_assert_int_eq(rig_answer(r, &fresh, 0, 30, RIG_WALL), CHAINS_DUPLICATE);
	/* Its client didn't hear that, and sends it once more; then what it sent first. */
	fresh = rig_send(r, rig_idempotent(7, 0, 4), 2);
	ck_assert(fresh.retry);
	ck_assert_int_eq(rig_answer(r, &fresh, 0, 30, RIG_WALL), CHAINS_KNOWN);
	fresh = rig_send(r, b, 1);
	ck_assert_int_eq(rig_answer(r, &fresh, 0, 30, RIG_WALL), CHAINS_DUPLICATE);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {30, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

/* What came between never went out: the first is known as before. */
START_TEST(a_rival_that_is_withdrawn)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a = rig_send(r, b, 1), fresh;

	b.fresh = true;
	fresh = rig_place(r, b, 2);
	chain_withdraw(r->c, &fresh);
	rig_stored(r, &a, 30);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 30, -1), CHAINS_KNOWN);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {30, 4});
}
END_TEST

/* Its first attempt is being rewritten by another thread at this moment. */
START_TEST(a_retry_overtakes)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a = rig_place(r, b, 1), again;

	ck_assert_int_eq(chain_place(r->c, r->set, &b, r->now, &again), ERR_EXISTS);
	/* A next epoch, a next sequence and another count are other batches. */
	b.producer_epoch = 1;
	again = rig_place(r, b, 2);
	ck_assert(!again.retry);
	chain_withdraw(r->c, &again);
	chain_withdraw(r->c, &a);
	again = rig_place(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(!again.retry);
	chain_withdraw(r->c, &again);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
}
END_TEST

/* A sequence that the broker had, from a batch that went past us: it is not in our window. */
START_TEST(a_duplicate_that_is_not_ours)
{
	struct attempt a = rig_send(r, rig_batch(1), 1), b;
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);

	rig_stored(r, &a, 100);
	b = rig_send(r, rig_idempotent(7, 0, 4), 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 40, RIG_WALL - 60000), CHAINS_DUPLICATE);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {100, 1});
	/* The client was told that they are stored: they are counted, here and there. */
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, 4);
}
END_TEST

enum { CREATE_TIME, CREATE_TIME_UNTOLD, APPEND_TIME, CASES };

/*
 * What an earlier run of the chain had acknowledged comes again: of any timestamp type, it is no new member.  Brokers
 * other than Kafka's may tell no time of it.
 */
START_TEST(a_duplicate_of_an_earlier_run)
{
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt a, b;

	rig_reads_back(r);
	r->c->head.high_offset = 99;
	r->c->time = _i == APPEND_TIME ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, _i == CREATE_TIME_UNTOLD ? -1 : RIG_WALL - 60000),
			 _i == CREATE_TIME ? CHAINS_DUPLICATE : CHAINS_OPEN);
	issued_note(r->shared.issued, 8, 0);
	b = rig_send(r, rig_idempotent(8, 4, 4), 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 100, _i == APPEND_TIME ? RIG_WALL : -1), CHAINS_STORED);
	rig_pass(r, 3000);
	if (_i != CREATE_TIME)
		rig_look(r, -1, -1); /* the records that are there name another window */
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {100, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, 4);
}
END_TEST

/*
 * The log lost its end since, or the topic was made again and topics have no ids: what comes now is new, at offsets that
 * an earlier run had.  The log tells.
 */
START_TEST(offsets_of_an_earlier_run_given_again)
{
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);
	int64_t append_ms = _i == APPEND_TIME ? RIG_WALL : -1;
	struct attempt a, b, d;

	rig_reads_back(r);
	r->set->window_age_ms = 60000;
	r->c->head.high_offset = 999;
	r->c->time = _i == APPEND_TIME ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	issued_note(r->shared.issued, 7, 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	b = rig_send(r, rig_idempotent(8, 40, 3), 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 900, append_ms), CHAINS_OPEN);
	rig_pass(r, 1000);
	rig_look(r, 900, append_ms);
	ck_assert_int_eq(rig_answer(r, &b, 0, 904, append_ms), CHAINS_OPEN);
	begin_look(r);
	ck_assert_int_eq(looked_for.behind, 907);
	show(r, 904, append_ms);
	d = rig_send(r, rig_idempotent(8, 43, 3), 3);
	ck_assert_int_eq(rig_answer(r, &d, 0, 907, append_ms), CHAINS_OPEN);
	rig_pass(r, 1000);
	rig_look(r, 907, append_ms);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {900, 10});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), before);
}
END_TEST

/* The same where nothing in the log would tell it from what stood there before. */
START_TEST(offsets_of_an_earlier_run_without_headers)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);
	struct chains_batch b = rig_idempotent(7, 40, 4);
	struct attempt a;
	uint8_t digest[32];

	rig_reads_back(r);
	r->c->head.high_offset = 999;
	r->c->time = CHAINS_TIME_CREATE;
	a = rig_place(r, b, 1);
	rig_digest(a.members, b.count, digest);
	ck_assert_int_eq(chain_forward(r->c, &a, HEADERS_NONE, digest), 0);
	ck_assert_int_eq(rig_answer(r, &a, 0, 900, -1), CHAINS_OPEN);
	rig_pass(r, 3000);
	begin_look(r);
	ck_assert_int_eq(looked_for.from, 1000);
	end_look(r, false);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

/* An unclean election took more than is read back otherwise: the answer says where to look. */
START_TEST(told_below_what_was_acknowledged)
{
	struct attempt a;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	r->c->high_offset = 1000000;
	a = rig_send(r, rig_idempotent(7, 40, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 900000, RIG_WALL), CHAINS_OPEN);
	begin_look(r);
	ck_assert_int_eq(looked_for.from, 1000001); /* and not what is between */
	ck_assert_int_eq(looked_for.behind, 900004);
	show(r, 900000, RIG_WALL);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {900000, 4});
}
END_TEST

/* Its leader has it and doesn't show it, as a replica is missing: that it isn't found makes it nobody's duplicate. */
START_TEST(told_and_not_shown)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt a;
	int64_t waited = 0;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_idempotent(7, 40, 10), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	for (; waited < 2 * r->set->outcome_wait_ms; waited += 1000) {
		begin_look(r);
		end_look(r, true);
		rig_pass(r, 1000);
		ck_assert_uint_eq(r->c->windows.count, 1);
		if (waited < 2 * r->set->outcome_wait_ms - 1000)
			ck_assert_uint_eq(rig_seal(r), 0);
	}
	if (_i == 0) { /* at the last moment */
		rig_look(r, 96, RIG_WALL);
		ck_assert_uint_eq(rig_seal(r), 1);
		ck_runs(&rig_last(r)->ranges, {96, 10});
	} else {
		ck_assert_uint_eq(rig_seal(r), 0);
		ck_assert_uint_eq(r->c->windows.count, 0);
		ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 10);
	}
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

/* The log has let go of that place: what stood there is no duplicate of anything that anybody knows. */
START_TEST(told_and_let_go)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt a;
	struct doubt d;
	int64_t from;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_idempotent(7, 40, 10), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	d.past = true;
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 10);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

enum { BEHIND_HIDDEN = 4 };

/* One reading, of so long: what its leader doesn't show, and one that is there.  Was that one read for? */
static bool
look_behind_hidden_ones(const struct placement *p, int64_t ms)
{
	struct doubt d[8];
	int64_t from;
	size_t n = chain_doubts(r->c, r->set, r->now, d, ARRAY_LEN(d), &from);
	bool is_read = false;

	ck_assert_uint_gt(n, 0);
	for (size_t i = 0; i < n; i++) {
		bool it = d[i].placement == p;

		is_read |= d[i].found = d[i].log_append = it;
		d[i].hidden = !it;
		d[i].base_offset = 10;
		d[i].append_ms = RIG_WALL;
	}
	rig_pass(r, ms);
	chain_doubts_end(r->c, r->set, r->now, d, n, true);
	return is_read;
}

/* … and of such there are more than one reading is for, which may be slow: another one's turn comes all the same. */
START_TEST(behind_many_that_are_not_shown)
{
	static const struct {
		int hidden;
		int64_t ms;
		int looks;
	} cases[BEHIND_HIDDEN] = {{7, 10, 1}, {8, 10, 2}, {8, 1500, 2}, {20, 1500, 3}};
	struct attempt a;
	struct placement *p;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	r->set->window_records = 1000;
	for (int i = 0; i < cases[_i].hidden; i++) {
		a = rig_send(r, rig_idempotent(100 + i, 5, 1), i);
		ck_assert_int_eq(rig_answer(r, &a, 0, 1000 + i, RIG_WALL), CHAINS_OPEN);
	}
	a = rig_send(r, rig_batch(1), 200);
	p = a.placement;
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	for (int i = 1; i < cases[_i].looks; i++) {
		ck_assert(!look_behind_hidden_ones(p, cases[_i].ms));
		(void)rig_seal(r);
	}
	ck_assert(look_behind_hidden_ones(p, cases[_i].ms));
	ck_assert_int_eq(p->life.state, MEMBER_SETTLED);
	/* What is hidden isn't read for without a pause: once at most, of those that are due again by now. */
	for (int i = 0;; i++) {
		struct doubt d;
		int64_t from;

		if (chain_doubts(r->c, r->set, r->now, &d, 1, &from) == 0)
			break;
		ck_assert_int_lt(i, cases[_i].hidden);
		d.hidden = true;
		chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
	}
}
END_TEST

/* They were hidden all along; this one was in no reading, and isn't given up for that. */
START_TEST(not_read_for_beside_one_that_is_not_shown)
{
	struct attempt a;
	struct placement *hidden, *p;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_idempotent(7, 5, 1), 1);
	hidden = a.placement;
	placement_ref(hidden);
	ck_assert_int_eq(rig_answer(r, &a, 0, 1000, RIG_WALL), CHAINS_OPEN);
	a = rig_send(r, rig_batch(1), 2);
	p = a.placement;
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 2 * r->set->outcome_wait_ms - 1);
	begin_look(r);
	ck_assert_ptr_eq(looked_for.placement, hidden);
	end_look(r, true);
	rig_pass(r, 1);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_int_eq(hidden->life.state, MEMBER_GIVEN_UP);
	ck_assert_int_eq(p->life.state, MEMBER_UNKNOWN);
	rig_look(r, 10, RIG_WALL);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 1});
	placement_unref(hidden);
}
END_TEST

/*
 * An earlier run's answer was lost and never looked for, so that nobody knows of that
 * offset; on LogAppendTime an answer doesn't tell which batch it means.
 */
START_TEST(a_duplicate_that_only_the_log_tells)
{
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt a, b, c;

	rig_reads_back(r);
	r->c->head.high_offset = 95;
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_idempotent(7, 40, 4), 1);
	b = rig_send(r, rig_idempotent(7, 44, 2), 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	/* Asked again, the broker says the same again. */
	a = rig_send(r, rig_idempotent(7, 40, 4), 1);
	ck_assert(a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	rig_look(r, -1, -1);
	ck_assert_int_eq(rig_answer(r, &b, 0, 100, RIG_WALL), CHAINS_OPEN);
	rig_look(r, 100, RIG_WALL);
	/* A stored batch proves those behind it, and not the one before. */
	c = rig_send(r, rig_idempotent(7, 46, 3), 3);
	ck_assert_int_eq(rig_answer(r, &c, 0, 102, RIG_WALL), CHAINS_STORED);
	a = rig_send(r, rig_idempotent(7, 40, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_look(r, -1, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {100, 5});
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE) - before, 4);
}
END_TEST

/* Who got its id a moment ago sent nothing to an earlier run. */
START_TEST(a_producer_that_is_new)
{
	struct attempt a;

	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 3);
	a = rig_send(r, rig_idempotent(7, 0, 1), 1); /* before that epoch */
	ck_assert_int_eq(rig_answer(r, &a, 0, 96, RIG_WALL), CHAINS_OPEN);
	issued_note(r->shared.issued, 8, 0);
	a = rig_send(r, rig_idempotent(8, 0, 1), 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 97, RIG_WALL), CHAINS_STORED);
	ck_assert(issued_has(r->shared.issued, 8, 0));
	ck_assert(issued_has(r->shared.issued, 8, 1));
	ck_assert(!issued_has(r->shared.issued, 9, 0));
	ck_assert(!issued_has(r->shared.issued, -1, -1));
	issued_note(r->shared.issued, 8 + 4096, 0); /* it takes that place */
	ck_assert(!issued_has(r->shared.issued, 8, 0));
}
END_TEST

/*
 * It is, and its batch is stored, but it was forgotten by the time its retry comes: the answer to that is about
 * offsets that are stated.
 */
START_TEST(a_retry_that_was_forgotten)
{
	enum { MANY = 260 }; /* more producers than a chain remembers */
	struct attempt a;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_STORED);
	for (int i = 0; i < MANY; i++) {
		struct attempt b;

		issued_note(r->shared.issued, 1000 + i, 0);
		b = rig_send(r, rig_idempotent(1000 + i, 0, 1), 100 + i);
		ck_assert_int_eq(rig_answer(r, &b, 0, 4 + i, RIG_WALL), CHAINS_STORED);
	}
	rig_pass(r, 1000);
	ck_assert_uint_gt(rig_seal(r), 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(!a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_OPEN);
	rig_pass(r, 3000);
	rig_look(r, -1, -1); /* the records that are there name another window */
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* Nobody could tell what became of it, and then who sent it was forgotten: it may be in the log as that first attempt. */
START_TEST(a_retry_of_what_was_given_up)
{
	enum { MANY = 260 }; /* more producers than a chain remembers */
	struct attempt a;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	a = rig_send(r, rig_batch(1), 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_STORED);
	issued_note(r->shared.issued, 7, 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	if (_i == 0) {
		rig_pass(r, 2 * r->set->outcome_wait_ms);
		look_in_vain(r);
		ck_assert_uint_gt(rig_seal(r), 0);
		ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	} else { /* its bytes arrive behind the last look */
		rig_pass(r, r->set->outcome_wait_ms);
		rig_look(r, -1, -1);
		ck_assert_uint_gt(rig_seal(r), 0);
	}
	for (int i = 0; i < MANY; i++) {
		struct attempt b;

		issued_note(r->shared.issued, 1000 + i, 0);
		b = rig_send(r, rig_idempotent(1000 + i, 0, 1), 100 + i);
		ck_assert_int_eq(rig_answer(r, &b, 0, 5 + i, RIG_WALL), CHAINS_STORED);
	}
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert(!a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 1, RIG_WALL), CHAINS_OPEN);
}
END_TEST

/*
 * The same of a producer whose earlier batch is stored: what it sends behind that it never sent before, but for what was
 * sent, and not found before the log's high watermark was behind it.
 */
START_TEST(a_retry_of_what_was_not_found)
{
	struct attempt a, b;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_STORED);
	a = rig_send(r, rig_idempotent(7, 4, 3), 2);
	b = rig_send(r, rig_idempotent(7, 7, 2), 3);
	chain_lost(r->c, r->set, &a, r->now);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	rig_pass(r, r->set->outcome_wait_ms);
	rig_look(r, -1, -1);
	rig_look(r, -1, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 4});

	a = rig_send(r, rig_idempotent(7, 4, 3), 2);
	b = rig_send(r, rig_idempotent(7, 7, 2), 3);
	ck_assert(!a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 4, RIG_WALL), CHAINS_OPEN);
	ck_assert_int_eq(rig_answer(r, &b, 0, 7, RIG_WALL), CHAINS_OPEN);
	/* That isn't for ever. */
	a = rig_send(r, rig_idempotent(7, 9, 1), 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, 9, RIG_WALL), CHAINS_STORED);
}
END_TEST

/* The same where another content of that sequence was sent before, and nobody knows what became of it. */
START_TEST(behind_a_rival_in_doubt)
{
	struct chains_batch other = rig_idempotent(7, 4, 3);
	struct attempt a, b;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 0);
	a = rig_send(r, rig_idempotent(7, 0, 4), 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_STORED);
	a = rig_send(r, rig_idempotent(7, 4, 3), 2);
	chain_lost(r->c, r->set, &a, r->now);
	other.fresh = true;
	b = rig_send(r, other, 3);
	ck_assert_int_eq(rig_answer(r, &b, 0, 4, RIG_WALL), CHAINS_OPEN);
}
END_TEST

/* The first copy's answer was lost, and the log has one copy: it is listed once, for the one that was told so. */
START_TEST(the_same_again_without_headers)
{
	struct attempt a = rig_send_bare(r, rig_batch(3), 1), b = rig_send_bare(r, rig_batch(3), 1);
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), absent = metric_read(METRIC_READBACK_ABSENT);

	r->set->window_age_ms = 20000;
	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_stored(r, &b, 10);
	rig_pass(r, 1000);
	rig_look(r, -1, -1); /* of the other there is none */
	rig_pass(r, 3000);
	rig_look(r, -1, -1);
	b = rig_send_bare(r, rig_batch(3), 1);
	rig_stored(r, &b, 13);
	rig_pass(r, 20000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 6});
	ck_assert_uint_eq(rig_last(r)->unresolved, 3);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before);
	ck_assert_int_eq(metric_read(METRIC_READBACK_ABSENT), absent + 3);
}
END_TEST

/* Both are in the log, and the one whose answer was lost was found where the other stands: it is looked for again. */
START_TEST(both_copies_are_listed)
{
	struct attempt a = rig_send_bare(r, rig_batch(3), 1), b = rig_send_bare(r, rig_batch(3), 1);
	int64_t before = metric_read(METRIC_RECORDS_ATTESTED);

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	rig_stored(r, &b, 10);
	rig_pass(r, 1000);
	rig_look(r, 13, -1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ATTESTED), before + 6);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 6});
}
END_TEST

/* The guess is stated; the one that stands there leaves for it.  With an id its sequence stays known. */
START_TEST(a_copy_comes_once_more)
{
	struct attempt a, b;

	r->set->window_records = 3;
	a = rig_send_bare(r, rig_batch(3), 1);
	b = rig_send_bare(r, rig_idempotent(7, 0, 3), 1);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN);
	rig_look(r, -1, -1);
	b = rig_send_bare(r, rig_idempotent(7, 0, 3), 1);
	ck_assert(b.retry);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_KNOWN);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_runs(&rig_last(r)->ranges, {10, 3});
}
END_TEST

/* What was found there is lost with its leader, and the offset given again: to one that was sent behind that. */
START_TEST(what_was_found_is_overwritten)
{
	struct attempt a = rig_send_bare(r, rig_batch(3), 1), b;

	rig_reads_back(r);
	r->set->window_age_ms = 2000;
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	b = rig_send_bare(r, rig_batch(3), 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN); /* others: the log tells */
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_look(r, 10, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 3});
	ck_assert_uint_eq(rig_last(r)->unresolved, 3);
}
END_TEST

/* Two sequences of one producer with the same record: the one that the log has, and the other one that was found there. */
static void
guess_for_the_other(struct chains_batch (*of)(int64_t, int32_t, int32_t), struct attempt *a, struct attempt *b)
{
	struct doubt d[2];
	int64_t from;

	*a = rig_send_bare(r, of(7, 0, 1), 1);
	*b = rig_send_bare(r, of(7, 1, 1), 1);
	rig_reads_back(r);
	chain_lost(r->c, r->set, a, r->now);
	chain_lost(r->c, r->set, b, r->now);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 2, &from), 2);
	d[1].found = true;
	d[1].base_offset = 10;
	d[1].append_ms = -1;
	chain_doubts_end(r->c, r->set, r->now, d, 2, true);
	*a = rig_send_bare(r, of(7, 0, 1), 1);
	*b = rig_send_bare(r, of(7, 1, 1), 1);
	ck_assert(a->retry && b->retry);
}

/* The client sends both again, and is told of both where they are. */
START_TEST(an_answer_beats_a_guess)
{
	struct attempt a, b;

	guess_for_the_other(rig_idempotent, &a, &b);
	rig_stored(r, &a, 10);
	rig_stored(r, &b, 11);
	rig_pass(r, 5000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 2});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

/* The place was not its own: an end that passes before its own is known doesn't tell of it, where transactions share an epoch. */
START_TEST(a_place_taken_back_before_an_end)
{
	struct attempt a, b;
	struct placement *of_a;
	struct list ended, left;

	guess_for_the_other(rig_transactional, &a, &b);
	of_a = a.placement;
	rig_stored(r, &a, 10);
	list_init(&ended);
	list_init(&left);
	txns_end(r->shared.txns, 7, &(struct txns_end){0, 1, txns_mark(r->shared.txns)}, &ended, &left);
	ck_assert_uint_eq(ended.count, 1);
	ck_assert_ptr_eq(list_pop(&ended), &of_a->in_txn);
	placement_unref(of_a);
	ck_assert_uint_eq(left.count, 1);
	ck_assert_ptr_eq(list_pop(&left), &b.placement->in_txn);
	placement_unref(b.placement);
	rig_stored(r, &b, 12);
}
END_TEST

/* The same of a producer whose first batch this is, where the topic keeps the broker's time: the guess isn't what makes it a repetition. */
START_TEST(an_answer_beats_a_guess_of_append_time)
{
	struct attempt p, q;

	rig_reads_back(r);
	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 0);
	p = rig_send_bare(r, rig_batch(3), 1);
	q = rig_send_bare(r, rig_idempotent(7, 0, 3), 1);
	chain_lost(r->c, r->set, &p, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, RIG_WALL); /* which is the other's */
	ck_assert_int_eq(rig_answer(r, &q, 0, 10, RIG_WALL), CHAINS_STORED);
	rig_pass(r, 1000);
	rig_look(r, 13, RIG_WALL);
	rig_pass(r, 5000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 6});
}
END_TEST

/* The same, in the other order. */
START_TEST(told_elsewhere_than_guessed)
{
	struct attempt a, b;

	guess_for_the_other(rig_idempotent, &a, &b);
	rig_stored(r, &b, 11);
	rig_stored(r, &a, 10);
	rig_pass(r, 5000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 2});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

/* A statement says the guess already: the one is listed there, and where the other is told to be nothing is.  It counts, once. */
START_TEST(told_elsewhere_than_stated)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b, again;

	r->set->window_records = 1;
	guess_for_the_other(rig_idempotent, &a, &b);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 3000);
	rig_look(r, 5, -1);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_runs(&rig_last(r)->ranges, {10, 1});
	again = rig_send_bare(r, rig_idempotent(7, 1, 1), 1);
	ck_assert_int_eq(rig_answer(r, &b, 0, 11, -1), CHAINS_KNOWN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
	ck_assert_int_eq(rig_answer(r, &again, 0, 11, -1), CHAINS_KNOWN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
}
END_TEST

/* A copy left as the other is listed in its place; then that other one is told that it is somewhere else. */
START_TEST(told_elsewhere_than_stated_for_a_copy)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;

	r->set->window_records = 1;
	a = rig_send_bare(r, rig_idempotent(7, 0, 1), 1);
	b = rig_send_bare(r, rig_idempotent(7, 1, 1), 1);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	a = rig_send_bare(r, rig_idempotent(7, 0, 1), 1);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN);
	rig_look(r, -1, -1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before);
	ck_assert_int_eq(rig_answer(r, &a, 0, 11, -1), CHAINS_KNOWN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
	ck_assert_uint_eq(rig_seal(r), 0);
}
END_TEST

/* A larger batch is told to be where the end of it was found for another: that one gives way. */
START_TEST(a_guess_in_a_larger_batch)
{
	struct attempt b = rig_send_bare(r, rig_batch(1), 1), a;

	rig_leaf(2, 1, false, b.members[0].leaf);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &b, r->now);
	a = rig_send_bare(r, rig_batch(2), 2);
	rig_pass(r, 1000);
	rig_look(r, 11, -1);
	rig_stored(r, &a, 10);
	rig_pass(r, 1000);
	rig_look(r, -1, -1);
	rig_pass(r, 3000);
	rig_look(r, -1, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 2});
	ck_assert_uint_eq(rig_last(r)->unresolved, 1); /* of which nobody knows */
}
END_TEST

/* … unless a statement says it already: then the rest of the larger one is in no window, and counted. */
START_TEST(a_stated_guess_in_a_larger_batch)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt b, a;

	r->set->window_records = 2;
	b = rig_send_bare(r, rig_batch(1), 1);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &b, r->now);
	b = rig_send_bare(r, rig_batch(1), 3);
	rig_stored(r, &b, 5);
	a = rig_send_bare(r, rig_batch(2), 2);
	rig_pass(r, 1000);
	rig_look(r, 11, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {5, 1}, {11, 1});
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_OPEN);
	rig_pass(r, 4000);
	rig_look(r, -1, -1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 2);
}
END_TEST

/* A plain copy was found where one of a transaction stands, which is aborted: the statement says so of that one. */
START_TEST(a_guess_in_a_transaction)
{
	struct attempt a = rig_send_bare(r, rig_batch(1), 1), b = rig_send_bare(r, rig_transactional(7, 0, 1), 1);
	struct list ended;
	struct link *e;

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	rig_stored(r, &b, 10);
	list_init(&ended);
	txns_end(r->shared.txns, 7, &(struct txns_end){0, 0, txns_mark(r->shared.txns)}, &ended, &ended);
	ck_assert_uint_eq(ended.count, 1);
	while ((e = list_pop(&ended)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		chain_txn_ended(r->c, p, false);
		placement_unref(p);
	}
	rig_pass(r, 9000);
	look_in_vain(r);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 1});
	ck_runs(&rig_last(r)->aborted, {10, 1});
	ck_assert_uint_eq(rig_last(r)->unresolved, 1);
}
END_TEST

/* A plain one is stated there already: of the one in the transaction nothing is listed, and it counts. */
START_TEST(a_stated_guess_and_a_transaction)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;

	r->set->window_records = 1;
	a = rig_send_bare(r, rig_batch(1), 1);
	b = rig_send_bare(r, rig_transactional(7, 0, 1), 1);
	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN);
	rig_pass(r, 4000);
	rig_look(r, -1, -1);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
}
END_TEST

/* However much was found, and stated, since: none is forgotten, and what is not known any more is not listed. */
START_TEST(many_were_found)
{
	enum { MANY = 2 * COVERED_MAX };
	uint64_t unresolved = 0;
	struct attempt first, a;

	r->set->window_records = 1;
	first = rig_send_bare(r, rig_batch(1), 1);
	a = rig_send_bare(r, rig_batch(1), 1);
	rig_reads_back(r);
	r->set->window_records = 2;
	r->set->outcome_wait_ms = 1000000000;
	chain_lost(r->c, r->set, &first, r->now);
	rig_pass(r, 1000);
	rig_look(r, 0, -1);
	for (int i = 1; i < MANY; i++) {
		struct attempt b = rig_send_bare(r, rig_batch(1), 2);

		chain_lost(r->c, r->set, &b, r->now);
		rig_pass(r, 1000);
		rig_look(r, 2 * i, -1);
		if (i == 100) { /* its place is that of the first, which is no doubt, and stated */
			ck_assert_uint_eq(rig_seal(r), 1);
			ck_assert_int_eq(rig_answer(r, &a, 0, 0, -1), CHAINS_OPEN);
			rig_look(r, -1, -1);
			a = rig_send_bare(r, rig_batch(1), 3);
			a.placement->reach = -1; /* it was on its way since then */
		}
	}
	ck_assert_int_gt(r->c->guessed.floor, 100);
	ck_assert_int_eq(rig_answer(r, &a, 0, 3, -1), CHAINS_OPEN);
	rig_pass(r, 1000);
	rig_look(r, -1, -1);
	rig_pass(r, r->set->outcome_wait_ms);
	rig_look(r, -1, -1);
	ck_assert_uint_gt(rig_seal(r), 0);
	for (size_t i = 0; i < r->count; i++)
		unresolved += r->stated[i].s->unresolved;
	ck_assert_uint_eq(unresolved, 1);
	ck_assert_uint_le(r->c->covered.count, COVERED_MAX);
}
END_TEST

/* Two copies in doubt, and the log was read for both when one place was still free. */
START_TEST(one_place_for_two)
{
	struct attempt a = rig_send_bare(r, rig_batch(3), 1), b = rig_send_bare(r, rig_batch(3), 1);
	struct doubt d[2];
	int64_t from;

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 3000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 2, &from), 2);
	for (int i = 0; i < 2; i++) {
		ck_assert(d[i].last && !chain_is_taken(r->c, &d[i], 10));
		d[i].found = true;
		d[i].base_offset = 10;
		d[i].append_ms = -1;
	}
	chain_doubts_end(r->c, r->set, r->now, d, 2, true);
	ck_assert_uint_eq(rig_seal(r), 0); /* what it knows is old: it may stand behind that one */
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 2, &from), 1);
	ck_assert(chain_is_taken(r->c, &d[0], 10));
	ck_assert(!chain_is_taken(r->c, &d[0], 13) && !chain_is_taken(r->c, &d[0], 7));
	chain_doubts_end(r->c, r->set, r->now, d, 1, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 3});
	ck_assert_uint_eq(rig_last(r)->unresolved, 3);
}
END_TEST

/* What an answer told, and is stated, isn't found for another copy. */
START_TEST(a_stated_place)
{
	struct attempt a = rig_send_bare(r, rig_batch(10), 1), b = rig_send_bare(r, rig_batch(10), 1);
	struct doubt d;
	int64_t from;

	rig_reads_back(r);
	rig_stored(r, &a, 20);
	ck_assert_uint_eq(rig_seal(r), 1);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert_int_eq(from, 0);
	ck_assert(chain_is_taken(r->c, &d, 20));
	ck_assert(!chain_is_taken(r->c, &d, 30));
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
}
END_TEST

/* A producer without an id sends its records again, in a larger batch; then the log has both copies. */
START_TEST(a_copy_behind_one_that_is_settled)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send(r, rig_batch(5), 1);
	struct doubt d;
	int64_t from;

	rig_reads_back(r);
	chain_lost(r->c, r->set, &a, r->now);
	rig_stored(r, &b, 256);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert(!chain_is_taken(r->c, &d, 254));
	ck_assert(chain_is_taken(r->c, &d, 256));
	ck_assert(!chain_is_taken(r->c, &d, 261));
	d.found = true;
	d.base_offset = 523;
	d.append_ms = -1;
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {256, 5}, {523, 2});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

/* Its first attempt was stored, as the answer to the second told; the first answer then tells nothing new. */
START_TEST(a_late_answer_is_no_duplicate)
{
	struct attempt first = rig_send(r, rig_batch(1), 1), a, b;
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);

	issued_note(r->shared.issued, 7, 0);
	rig_stored(r, &first, 100);
	a = rig_send(r, rig_idempotent(7, 0, 2), 2);
	b = rig_send(r, rig_idempotent(7, 0, 2), 2);
	/* As a duplicate they tell the greatest timestamp of theirs. */
	ck_assert_int_eq(rig_answer(r, &b, 0, 101, RIG_WALL - 5000 + 201), CHAINS_STORED);
	ck_assert_int_eq(rig_answer(r, &a, 0, 101, RIG_WALL - 5000 + 201), CHAINS_KNOWN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), before);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {100, 3});
}
END_TEST

/* An answer with a time, of a type that nobody told: LogAppendTime, or a batch that the broker had.  No guess. */
START_TEST(a_type_that_is_not_known)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 2), 1), b;
	int64_t before = metric_read(METRIC_RECORDS_TIMESTAMP_TYPE);

	issued_note(r->shared.issued, 7, 0);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_UNFIT);
	b = rig_send(r, rig_idempotent(7, 2, 2), 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 2, RIG_WALL), CHAINS_STORED);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_TIMESTAMP_TYPE) - before, 2);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert(rig_last(r)->log_append);
	ck_runs(&rig_last(r)->ranges, {2, 2});
	ck_assert_uint_eq(rig_last(r)->unresolved, 2);
}
END_TEST

/* A time before there was Kafka is none: librdkafka's mock cluster says 1000. */
START_TEST(a_time_of_no_broker)
{
	struct attempt a = rig_send(r, rig_idempotent(7, 0, 2), 1);

	ck_assert_int_eq(rig_answer(r, &a, 0, 0, 1000), CHAINS_STORED);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert(!rig_last(r)->log_append);
}
END_TEST

/* A leader that acknowledged alone was lost, and the next gave its offsets again: the log holds the later batches. */
START_TEST(offsets_given_again)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send(r, rig_batch(3), 2), c = rig_send(r, rig_batch(1), 3),
		       d = rig_send(r, rig_batch(3), 4);
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	uint8_t leaf[LEAF_LEN];

	rig_stored(r, &a, 98);
	rig_stored(r, &b, 100);
	rig_stored(r, &c, 103);
	rig_stored(r, &d, 102); /* over the end of b, and over c */
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {98, 2}, {102, 3});
	ck_assert_uint_eq(rig_last(r)->leaf_count, 5);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	rig_leaf(4, 2, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 4);
}
END_TEST

/* The same across windows: the earlier one isn't stated yet. */
START_TEST(offsets_of_another_window_given_again)
{
	struct attempt a, x, b;
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);

	r->set->window_records = 2;
	a = rig_send(r, rig_batch(1), 1);
	x = rig_send(r, rig_batch(1), 2);
	b = rig_send(r, rig_batch(2), 3);
	rig_stored(r, &a, 10);
	rig_stored(r, &b, 10);
	rig_stored(r, &x, 12);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_runs(&r->stated[0].s->ranges, {12, 1});
	ck_assert_uint_eq(r->stated[0].s->unresolved, 1);
	ck_runs(&r->stated[1].s->ranges, {10, 2});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
}
END_TEST

/* Nobody told that they are given again: the answer to the later batch is lost, and the log has it there. */
START_TEST(an_offset_found_given_again)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;
	uint8_t leaf[LEAF_LEN];

	rig_reads_back(r);
	r->set->window_age_ms = 4000;
	a = _i == 0 ? rig_send(r, rig_batch(1), 1) : rig_send_bare(r, rig_batch(1), 1);
	b = _i == 0 ? rig_send(r, rig_batch(1), 2) : rig_send_bare(r, rig_batch(1), 2);
	rig_stored(r, &a, 10);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	rig_look(r, 10, -1);
	rig_pass(r, 4000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 1});
	ck_assert_uint_eq(rig_last(r)->unresolved, 1);
	rig_leaf(2, 0, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before + 1);
}
END_TEST

/*
 * The topic's type changed, and the batch that was sent before is stored by its retry: whose time that is can't be
 * told from the answer.  Bound to its own time it isn't in such a log.
 */
START_TEST(a_retry_behind_a_change_of_type)
{
	struct chains_batch batch = rig_idempotent(7, 1, 1);
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);
	struct attempt z = rig_send(r, rig_idempotent(7, 0, 1), 3), a;

	rig_reads_back(r);
	issued_note(r->shared.issued, 7, 0);
	rig_stored(r, &z, 9);
	batch.time = CHAINS_TIME_CREATE;
	a = rig_send(r, batch, 1);
	ck_assert_int_eq(a.time, CHAINS_TIME_CREATE);
	chain_lost(r->c, r->set, &a, r->now);
	a = rig_send(r, batch, 1);
	ck_assert(a.retry);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, r->now.wall_ms), CHAINS_OPEN);
	rig_pass(r, 5000);
	rig_look(r, -1, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {9, 1});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), before + 1);
}
END_TEST

/* A statement names each run of offsets and must fit into a record: batches count, not only records. */
START_TEST(many_small_batches)
{
	r->set->window_records = 1000000;
	for (int i = 0; i < CHAIN_RUNS_MAX + 1; i++) {
		struct attempt a = rig_send(r, rig_transactional(7, i, 1), i);

		rig_stored(r, &a, INT64_MAX / 2 + 2 * i);
	}
	rig_pass(r, 5000);
	ck_assert_uint_eq(rig_seal(r), 1);
	rig_pass(r, 5000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_int_eq(r->stated[0].s->reason, CLOSE_RECORDS);
	ck_assert_uint_eq(r->stated[0].s->ranges.count, CHAIN_RUNS_MAX);
	ck_assert_uint_eq(r->stated[0].s->open.count, CHAIN_RUNS_MAX);
	ck_assert_uint_eq(r->stated[1].s->leaf_count, 1);
	/* Base64 and the other fields included, it is less than a topic takes by default. */
	ck_assert_uint_lt(r->stated[0].bytes.len / 3 * 4 + 64 * 1024, 1048588 / 2);
}
END_TEST

/* Ends are told in portions, for the same reason; none is forgotten. */
START_TEST(resolved_in_portions)
{
	size_t told = 0, windows;

	for (int i = 0; i < CHAIN_RUNS_MAX + 10; i++)
		ck_assert_int_eq(head_runs_add(&r->c->head.ended, (struct head_run){2 * i, 1, 7, 0, i % 2 == 0}), 0);
	for (windows = 0; windows < 2; windows++) {
		struct attempt a = rig_send(r, rig_batch(10), (int)windows);

		rig_stored(r, &a, 100000 + 10 * (int)windows);
		ck_assert_uint_eq(rig_seal(r), 1);
		told += rig_last(r)->resolved_count;
		ck_assert_uint_le(rig_last(r)->resolved_count, CHAIN_RUNS_MAX);
	}
	ck_assert_uint_eq(told, CHAIN_RUNS_MAX + 10);
	ck_assert_uint_eq(r->c->head.ended.count, 0);
}
END_TEST

/*
 * The same from a batch that stands behind all that we know: on CreateTime a broker tells
 * the greatest timestamp of the batch that it had, which doesn't make the topic another.
 */
START_TEST(a_duplicate_ahead_of_us)
{
	struct attempt a = rig_send(r, rig_batch(1), 1), b, c;

	rig_stored(r, &a, 100);
	b = rig_send(r, rig_idempotent(7, 0, 4), 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 140, RIG_WALL - 5000 + 203), CHAINS_OPEN);
	ck_assert_int_eq(r->c->time, CHAINS_TIME_CREATE);
	c = rig_send(r, rig_batch(1), 3);
	ck_windows(&c, 1, (uint64_t[]){1}, (uint32_t[]){1});
	rig_stored(r, &c, 144);
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_AGE);
	ck_assert(!rig_last(r)->log_append);
	ck_runs(&rig_last(r)->ranges, {100, 1}, {144, 1});
}
END_TEST

/* A retry overtakes its first attempt at the broker, which then answers the first one as a duplicate: in both orders. */
START_TEST(the_retry_was_first)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), first, retry;

	rig_stored(r, &a, 0);
	first = rig_send(r, rig_idempotent(7, 0, 4), 2);
	retry = rig_send(r, rig_idempotent(7, 0, 4), 2);
	rig_stored(r, &retry, 2);
	ck_assert_int_eq(rig_answer(r, &first, 0, 2, RIG_WALL - 5000 + 203), CHAINS_KNOWN);

	first = rig_send(r, rig_idempotent(7, 4, 4), 3);
	retry = rig_send(r, rig_idempotent(7, 4, 4), 3);
	ck_assert_int_eq(rig_answer(r, &first, 0, 6, RIG_WALL - 5000 + 303), CHAINS_OPEN);
	rig_stored(r, &retry, 6);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
	ck_assert_int_eq(rig_last(r)->reason, CLOSE_RECORDS);
}
END_TEST

/* The same where what came behind it was answered before: our own retry stored it, nobody else. */
START_TEST(the_retry_was_first_behind_others)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), first, retry, other;
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);

	rig_stored(r, &a, 0);
	first = rig_send(r, rig_idempotent(7, 0, 4), 2);
	retry = rig_send(r, rig_idempotent(7, 0, 4), 2);
	ck_assert(retry.retry);
	other = rig_send(r, rig_batch(4), 3);
	rig_stored(r, &other, 6);
	ck_assert_int_eq(rig_answer(r, &first, 0, 2, RIG_WALL - 5000 + 203), CHAINS_OPEN);
	rig_stored(r, &retry, 2);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), before);
}
END_TEST

/* Another attempt is on its way, and still the broker's batch is another one's: its greatest timestamp isn't ours. */
START_TEST(a_duplicate_of_others_beside_a_retry)
{
	struct attempt a = rig_send(r, rig_batch(6), 1), first, retry;
	int64_t before = metric_read(METRIC_RECORDS_DUPLICATE);

	rig_stored(r, &a, 10);
	first = rig_send(r, rig_idempotent(7, 0, 4), 2);
	retry = rig_send(r, rig_idempotent(7, 0, 4), 2);
	/* Times that producers made up are as small as they like. */
	ck_assert_int_eq(rig_answer(r, &first, 0, 4, 5000), CHAINS_DUPLICATE);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), before + 4);
	(void)rig_answer(r, &retry, 0, 4, 5000);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 6});
}
END_TEST

/* A sequence used twice, whose first batch was stored without our knowing: the second is not there. */
START_TEST(a_rival_whose_place_is_not_known)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a = rig_send(r, rig_batch(1), 1), first = rig_send(r, b, 2), second;

	rig_stored(r, &a, 100);
	chain_lost(r->c, r->set, &first, r->now);
	b.fresh = true;
	second = rig_send(r, b, 3);
	/* The first one's greatest timestamp. */
	ck_assert_int_eq(rig_answer(r, &second, 0, 101, RIG_WALL - 5000 + 203), CHAINS_OPEN);
	ck_assert_int_eq(r->c->time, CHAINS_TIME_CREATE);
	rig_pass(r, 3000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {100, 1});
}
END_TEST

/* --- timestamp types --------------------------------------------------------------------- */

START_TEST(log_append_time)
{
	struct attempt a = rig_send(r, rig_batch(10), 1);
	uint8_t leaf[LEAF_LEN];

	ck_assert_int_eq(a.time, CHAINS_TIME_UNKNOWN);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL - 3), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert(rig_last(r)->log_append);
	ck_assert_int_eq(rig_last(r)->min_timestamp, RIG_WALL - 3);
	ck_assert_int_eq(rig_last(r)->max_timestamp, RIG_WALL - 3);
	rig_leaf(1, 0, true, leaf);
	ck_assert_mem_eq(rig_last(r)->first_leaf, leaf, LEAF_LEN);
	/* From now on it is known. */
	a = rig_send(r, rig_batch(1), 2);
	ck_assert_int_eq(r->c->time, CHAINS_TIME_APPEND);
	chain_lost(r->c, r->set, &a, r->now);
}
END_TEST

/* All members of a window have one type: when it changes, the window closes. */
START_TEST(the_type_changes)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send(r, rig_batch(2), 2), c;
	int64_t before = metric_read(METRIC_RECORDS_TIMESTAMP_TYPE);

	rig_stored(r, &a, 0);
	/* It was placed beside records of the other type: it can't be a member. */
	ck_assert_int_eq(rig_answer(r, &b, 0, 2, RIG_WALL), CHAINS_UNFIT);
	ck_assert_ptr_null(r->c->open);
	c = rig_send(r, rig_batch(2), 3);
	ck_windows(&c, 1, (uint64_t[]){2}, (uint32_t[]){2});
	ck_assert_int_eq(rig_answer(r, &c, 0, 4, RIG_WALL), CHAINS_STORED);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_assert_int_eq(r->stated[0].s->reason, CLOSE_TIMESTAMP_TYPE);
	ck_assert(!r->stated[0].s->log_append);
	ck_runs(&r->stated[0].s->ranges, {0, 2});
	ck_assert_uint_eq(r->stated[0].s->unresolved, 2);
	ck_assert(r->stated[1].s->log_append);
	ck_runs(&r->stated[1].s->ranges, {4, 2});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_TIMESTAMP_TYPE) - before, 2);
}
END_TEST

/* A type that changes before anything of the window is settled loses no record. */
START_TEST(the_type_changes_in_time)
{
	struct attempt a = rig_send(r, rig_batch(10), 1), b = rig_send(r, rig_batch(2), 2);

	rig_stored(r, &a, 0);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, RIG_WALL), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_assert_int_eq(r->stated[1].s->reason, CLOSE_TIMESTAMP_TYPE);
	ck_assert(r->stated[1].s->log_append);
	ck_runs(&r->stated[1].s->ranges, {10, 2});
}
END_TEST

/* What was known of the topic is old: a leaf was made for the other type alone.  The next batch has both. */
START_TEST(the_known_type_changes)
{
	struct chains_batch known = rig_batch(2);
	int64_t before = metric_read(METRIC_RECORDS_TIMESTAMP_TYPE);
	struct attempt a, b;

	known.time = CHAINS_TIME_CREATE;
	a = rig_send(r, known, 1);
	ck_assert_int_eq(a.time, CHAINS_TIME_CREATE);
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL), CHAINS_UNFIT);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_TIMESTAMP_TYPE) - before, 2);
	b = rig_send(r, known, 2);
	ck_assert_int_eq(b.time, CHAINS_TIME_UNKNOWN);
	ck_assert_int_eq(rig_answer(r, &b, 0, 2, RIG_WALL), CHAINS_STORED);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert(rig_last(r)->log_append);
	ck_runs(&rig_last(r)->ranges, {2, 2});
}
END_TEST

/* --- transactions ------------------------------------------------------------------------ */

static void
end_txn(int64_t producer_id, bool committed)
{
	struct list ended;
	struct link *e;

	list_init(&ended);
	txns_end(r->shared.txns, producer_id, &(struct txns_end){0, 0, txns_mark(r->shared.txns)}, &ended, &ended);
	while ((e = list_pop(&ended)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		chain_txn_ended(r->c, p, committed);
		placement_unref(p);
	}
}

START_TEST(transactions_are_waited_for)
{
	struct attempt a = rig_send(r, rig_transactional(7, 0, 3), 1), b = rig_send(r, rig_transactional(8, 0, 3), 2),
		       c = rig_send(r, rig_batch(4), 3);

	rig_stored(r, &a, 0);
	rig_stored(r, &b, 3);
	rig_stored(r, &c, 6);
	ck_assert_ptr_null(rig_turn(r));
	end_txn(7, true);
	ck_assert_ptr_null(rig_turn(r));
	end_txn(8, false);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_runs(&rig_last(r)->aborted, {3, 3});
	ck_assert_uint_eq(rig_last(r)->open.count, 0);
	ck_assert_uint_eq(rig_last(r)->resolved_count, 0);
	end_txn(7, false); /* there is none any more */
}
END_TEST

/* Not longer than transaction.wait; how it ends is told by the next statement. */
START_TEST(open_and_resolved_later)
{
	struct attempt a = rig_send(r, rig_transactional(7, 0, 3), 1), b = rig_send(r, rig_transactional(8, 0, 7), 2), c;

	rig_stored(r, &a, 0);
	rig_stored(r, &b, 3);
	rig_pass(r, 4999);
	ck_assert_ptr_null(rig_turn(r));
	rig_pass(r, 1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->open, {0, 10});
	end_txn(8, false);
	end_txn(7, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	c = rig_send(r, rig_batch(10), 3);
	rig_stored(r, &c, 12);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->resolved_count, 2);
	ck_assert_int_eq(rig_last(r)->resolved[0].run.first, 0);
	ck_assert_int_eq(rig_last(r)->resolved[0].run.count, 3);
	ck_assert(rig_last(r)->resolved[0].committed);
	ck_assert_int_eq(rig_last(r)->resolved[1].run.first, 3);
	ck_assert_int_eq(rig_last(r)->resolved[1].run.count, 7);
	ck_assert(!rig_last(r)->resolved[1].committed);
	ck_assert_uint_eq(rig_last(r)->aborted.count, 0);
	/* Told once. */
	c = rig_send(r, rig_batch(10), 4);
	rig_stored(r, &c, 22);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->resolved_count, 0);
}
END_TEST

/* It ends while the statement that calls it open is being made: that one says open, the next resolves it. */
START_TEST(ends_in_the_sealers_hands)
{
	struct attempt a = rig_send(r, rig_transactional(7, 0, 10), 1);
	struct window *w;

	rig_stored(r, &a, 0);
	rig_pass(r, 5000);
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	end_txn(7, true);
	(void)rig_state(r, w);
	ck_runs(&rig_last(r)->open, {0, 10});
	ck_assert_uint_eq(rig_last(r)->resolved_count, 0);
	a = rig_send(r, rig_batch(10), 2);
	rig_stored(r, &a, 11);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->resolved_count, 1);
	ck_assert_int_eq(rig_last(r)->resolved[0].run.first, 0);
	ck_assert_int_eq(rig_last(r)->resolved[0].run.count, 10);
}
END_TEST

/* One batch over two windows: the first is stated as open, the second in time. */
START_TEST(a_transaction_across_windows)
{
	struct attempt a = rig_send(r, rig_transactional(7, 0, 12), 1);

	rig_stored(r, &a, 0);
	rig_pass(r, 1000);
	ck_assert_ptr_null(rig_turn(r)); /* the second closes for age here */
	rig_pass(r, 4000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->open, {0, 10});
	end_txn(7, false);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->aborted, {10, 2});
	ck_assert_uint_eq(rig_last(r)->open.count, 0);
	ck_assert_uint_eq(rig_last(r)->resolved_count, 1);
	ck_assert_int_eq(rig_last(r)->resolved[0].run.count, 10);
	ck_assert(!rig_last(r)->resolved[0].committed);
}
END_TEST

static void
count_one(void *arg, struct placement *p UNUSED)
{
	++*(int *)arg;
}

/* A batch that was refused takes no part in how its transaction ends. */
START_TEST(refused_in_a_transaction)
{
	int held = 0;
	struct attempt a = rig_send(r, rig_transactional(7, 0, 4), 1), b = rig_send(r, rig_batch(6), 2);

	ck_assert_int_eq(rig_answer(r, &a, 10, -1, -1), CHAINS_REFUSED);
	txns_each(r->shared.txns, count_one, &held);
	ck_assert_int_eq(held, 0);
	rig_stored(r, &b, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	end_txn(7, false);
	ck_runs(&rig_last(r)->ranges, {0, 6});
	ck_assert_uint_eq(r->c->head.ended.count, 0);
}
END_TEST

/* --- everything at once -------------------------------------------------------------------- */

enum { BATCHES = 600, FLIGHTS = 12, LOG = 40000 };

struct model_batch {
	int32_t count;
	int64_t producer_id; /* -1: none, and no retry is known as one */
	int64_t stored_at;   /* -1: not in the log */
	bool told;           /* the client knows that it is stored */
	bool transactional;
};

struct flight {
	struct attempt a;
	int batch;
	uint64_t window[40]; /* that each record's header names */
};

static struct model_batch batches[BATCHES];
static struct flight flights[FLIGHTS];
static struct {
	int batch;
	int32_t record;
	uint64_t window;
	int listed;
} model_log[LOG];
static int batch_count, flight_count;
static int64_t log_end, seed;

static int
draw(int below)
{
	seed = (seed * INT64_C(1103515245) + 12345) & 0x7fffffff;
	return (int)(seed >> 8) % below;
}

static struct chains_batch
model_wire(int i)
{
	const struct model_batch *m = &batches[i];
	struct chains_batch b = rig_batch(m->count);

	if (m->producer_id >= 0) {
		b = m->transactional ? rig_transactional(m->producer_id, i * 100, m->count)
				     : rig_idempotent(m->producer_id, i * 100, m->count);
	}
	return b;
}

static void
model_send(int i)
{
	struct flight *f = &flights[flight_count++];
	const struct rewrite_span *w;
	size_t n, at = 0;

	f->batch = i;
	f->a = rig_send(r, model_wire(i), i);
	w = chains_windows_of(&f->a, &n);
	for (size_t s = 0; s < n; s++)
		for (uint32_t k = 0; k < w[s].count; k++)
			f->window[at++] = w[s].window_id;
	ck_assert_int_eq((int64_t)at, batches[i].count);
}

static void
model_new(void)
{
	struct model_batch *m = &batches[batch_count];

	*m = (struct model_batch){.count = 1 + draw(25), .producer_id = draw(4) - 1, .stored_at = -1};
	m->transactional = m->producer_id == 2;
	model_send(batch_count++);
}

/* The broker stores it, unless it knows the sequence. */
static void
model_append(const struct flight *f)
{
	struct model_batch *m = &batches[f->batch];

	if (m->stored_at >= 0)
		return;
	log_end += draw(3) == 0; /* a marker, or somebody else's record */
	m->stored_at = log_end;
	for (int32_t i = 0; i < m->count; i++, log_end++) {
		ck_assert_int_lt(log_end, LOG);
		model_log[log_end].batch = f->batch;
		model_log[log_end].record = i;
		model_log[log_end].window = f->window[i];
	}
}

static void
model_land(void)
{
	int i = draw(flight_count), fate = draw(10);
	struct flight f = flights[i];
	struct model_batch *m = &batches[f.batch];

	flights[i] = flights[--flight_count];
	if (fate < 6) {
		enum chains_outcome o;

		model_append(&f);
		o = rig_answer(r, &f.a, 0, m->stored_at, -1);
		ck_assert(o == CHAINS_STORED || o == CHAINS_KNOWN);
		m->told = true;
	} else if (fate < 8) {
		if (draw(2) == 0)
			model_append(&f);
		chain_lost(r->c, r->set, &f.a, r->now);
	} else if (m->stored_at < 0) {
		ck_assert_int_eq(rig_answer(r, &f.a, 19, -1, -1), CHAINS_REFUSED);
	} else {
		ck_assert_int_eq(rig_answer(r, &f.a, 45, -1, -1), CHAINS_REFUSED);
	}
}

static void
model_step(void)
{
	switch (draw(9)) {
	case 0: case 1: case 2:
		if (flight_count < FLIGHTS && batch_count < BATCHES)
			model_new();
		break;
	case 3: case 4: case 5:
		if (flight_count > 0)
			model_land();
		break;
	case 6: {
		int i = batch_count > 6 ? batch_count - 1 - draw(6) : -1;

		if (i >= 0 && flight_count < FLIGHTS && batches[i].producer_id >= 0 && !batches[i].told)
			model_send(i);
		break;
	}
	case 7:
		rig_pass(r, draw(900));
		(void)rig_seal(r);
		break;
	default:
		if (draw(4) == 0)
			end_txn(2, draw(2) == 0);
	}
}

/* Every record of a statement stands in the log, there, and names that window. */
static void
model_list(const struct rig_stated *x)
{
	uint64_t at = 0;

	for (size_t i = 0; i < x->s->ranges.count; i++) {
		for (int64_t o = x->s->ranges.list[i].first; o < x->s->ranges.list[i].first + x->s->ranges.list[i].count; o++) {
			uint8_t leaf[LEAF_LEN];

			ck_assert_int_lt(o, log_end);
			rig_leaf(model_log[o].batch, model_log[o].record, false, leaf);
			ck_assert_mem_eq(manifest_leaf(MANIFEST_LEAF, wr_slice(&x->manifest), at++), leaf, LEAF_LEN);
			ck_assert_uint_eq(model_log[o].window, x->s->window_id);
			ck_assert_int_eq(model_log[o].listed++, 0);
		}
	}
	ck_assert_uint_eq(at, x->s->leaf_count);
}

START_TEST(every_record_in_one_window)
{
	int64_t given_up = metric_read(METRIC_RECORDS_UNRESOLVED), listed = 0, lost = 0;

	seed = 1000 + _i;
	while (batch_count < BATCHES)
		model_step();
	while (flight_count > 0)
		model_land();
	r->shared.stopping = true;
	(void)rig_seal(r);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(r->shared.backlog, 0);
	for (size_t i = 0; i < r->count; i++)
		model_list(&r->stated[i]);
	given_up = metric_read(METRIC_RECORDS_UNRESOLVED) - given_up;
	for (int i = 0; i < batch_count; i++) {
		int n = 0;

		for (int32_t k = 0; batches[i].stored_at >= 0 && k < batches[i].count; k++)
			n += model_log[batches[i].stored_at + k].listed;
		listed += n;
		/* A batch is listed whole or not at all, also over windows. */
		ck_assert(n == 0 || n == batches[i].count);
		if (batches[i].told && n == 0)
			lost += batches[i].count;
	}
	ck_assert_int_gt(listed, 0);
	ck_assert_int_le(lost, given_up);
	if (given_up == 0)
		ck_assert_int_eq(lost, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain");
	TCase *t = tcase_create("chain");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_batch_crosses_windows);
	tcase_add_test(t, a_window_is_filled_to_the_last_record);
	tcase_add_test(t, windows_made_smaller);
	tcase_add_test(t, closed_by_age);
	tcase_add_test(t, closed_by_stopping);
	tcase_add_test(t, closed_by_the_caller);
	tcase_add_test(t, the_clock_is_set_back);
	tcase_add_test(t, refused_and_withdrawn);
	tcase_add_test(t, unknown_is_waited_for_and_given_up);
	tcase_add_test(t, not_read_yet_is_not_given_up);
	tcase_add_loop_test(t, what_can_not_be_read_is_given_up, 0, 2);
	tcase_add_test(t, a_turn_that_never_comes);
	tcase_add_test(t, given_up_across_windows);
	tcase_add_test(t, statements_in_strict_order);
	tcase_add_test(t, a_retry_counts_once);
	tcase_add_test(t, two_attempts_in_flight);
	tcase_add_test(t, a_retry_after_giving_up);
	tcase_add_test(t, again_after_a_refusal);
	tcase_add_test(t, same_sequence_other_content);
	tcase_add_test(t, a_rival_that_is_withdrawn);
	tcase_add_test(t, a_retry_overtakes);
	tcase_add_test(t, a_duplicate_that_is_not_ours);
	tcase_add_loop_test(t, a_duplicate_of_an_earlier_run, 0, CASES);
	tcase_add_loop_test(t, offsets_of_an_earlier_run_given_again, 0, CASES);
	tcase_add_test(t, offsets_of_an_earlier_run_without_headers);
	tcase_add_test(t, told_below_what_was_acknowledged);
	tcase_add_loop_test(t, told_and_not_shown, 0, 2);
	tcase_add_test(t, told_and_let_go);
	tcase_add_loop_test(t, behind_many_that_are_not_shown, 0, BEHIND_HIDDEN);
	tcase_add_test(t, not_read_for_beside_one_that_is_not_shown);
	tcase_add_test(t, a_duplicate_that_only_the_log_tells);
	tcase_add_test(t, a_producer_that_is_new);
	tcase_add_test(t, a_retry_that_was_forgotten);
	tcase_add_loop_test(t, a_retry_of_what_was_given_up, 0, 2);
	tcase_add_test(t, a_retry_of_what_was_not_found);
	tcase_add_test(t, behind_a_rival_in_doubt);
	tcase_add_test(t, the_same_again_without_headers);
	tcase_add_test(t, both_copies_are_listed);
	tcase_add_test(t, an_answer_beats_a_guess);
	tcase_add_test(t, a_place_taken_back_before_an_end);
	tcase_add_test(t, an_answer_beats_a_guess_of_append_time);
	tcase_add_test(t, told_elsewhere_than_guessed);
	tcase_add_test(t, told_elsewhere_than_stated);
	tcase_add_test(t, told_elsewhere_than_stated_for_a_copy);
	tcase_add_test(t, a_guess_in_a_larger_batch);
	tcase_add_test(t, a_stated_guess_in_a_larger_batch);
	tcase_add_test(t, a_guess_in_a_transaction);
	tcase_add_test(t, a_stated_guess_and_a_transaction);
	tcase_add_test(t, a_copy_comes_once_more);
	tcase_add_test(t, what_was_found_is_overwritten);
	tcase_add_test(t, many_were_found);
	tcase_add_test(t, one_place_for_two);
	tcase_add_test(t, a_stated_place);
	tcase_add_test(t, a_copy_behind_one_that_is_settled);
	tcase_add_test(t, a_late_answer_is_no_duplicate);
	tcase_add_test(t, a_type_that_is_not_known);
	tcase_add_test(t, a_time_of_no_broker);
	tcase_add_test(t, offsets_given_again);
	tcase_add_test(t, offsets_of_another_window_given_again);
	tcase_add_loop_test(t, an_offset_found_given_again, 0, 2);
	tcase_add_test(t, a_retry_behind_a_change_of_type);
	tcase_add_test(t, many_small_batches);
	tcase_add_test(t, resolved_in_portions);
	tcase_add_test(t, a_duplicate_ahead_of_us);
	tcase_add_test(t, the_retry_was_first);
	tcase_add_test(t, the_retry_was_first_behind_others);
	tcase_add_test(t, a_duplicate_of_others_beside_a_retry);
	tcase_add_test(t, a_rival_whose_place_is_not_known);
	tcase_add_test(t, log_append_time);
	tcase_add_test(t, the_type_changes);
	tcase_add_test(t, the_type_changes_in_time);
	tcase_add_test(t, the_known_type_changes);
	tcase_add_test(t, transactions_are_waited_for);
	tcase_add_test(t, open_and_resolved_later);
	tcase_add_test(t, ends_in_the_sealers_hands);
	tcase_add_test(t, a_transaction_across_windows);
	tcase_add_test(t, refused_in_a_transaction);
	tcase_add_loop_test(t, every_record_in_one_window, 0, 10);
	suite_add_tcase(s, t);
	return suite_run(s);
}
