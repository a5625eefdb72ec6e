#include "attest/chain_sure.h"

#include <check.h>

#include "attest/chain_look.h"
#include "base/metrics.h"
#include "base/text.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

/* Deleted and made again: the same name, other ids. */
enum { LAG_MS = 250, LAG_BACK_MS = 2000, DOUBTS = 8 };

static struct rig *r;
static struct doubt doubts[DOUBTS];
static size_t doubt_count;
static int64_t from;

/* A chain's id has its topic's in it. */
static void
name_chain(void)
{
	char uuid[23];

	ck_assert_int_eq(chain_id_make(slice_str(r->set->collector_id), r->set->instance, slice_str(RIG_CLUSTER),
				       slice_str(r->c->topic),
				       slice_str(r->c->has_topic_id ? text_uuid(r->c->topic_id, uuid) : ""),
				       r->c->partition, &r->c->id), 0);
}

static void
setup(void)
{
	r = rig_start();
	rig_reads_back(r);
	r->shared.sures = turns_new();
	ck_assert_ptr_nonnull(r->shared.sures);
	r->c->has_topic_id = true;
	r->c->topic_id[0] = 7;
	name_chain();
	ck_assert_int_eq(metrics_thread_start(), 0);
}

static void
teardown(void)
{
	struct turns *sures = r->shared.sures;

	ck_assert_uint_eq(doubt_count, 0);
	rig_stop(r);
	turns_free(sures);
}

/* A batch that is answered by the topic's name. */
static void
stored(int32_t count, int content, int64_t offset)
{
	struct attempt a = rig_send(r, rig_batch(count), content);

	rig_stored(r, &a, offset);
}

static bool
is_asked(void)
{
	int wait_ms;

	return turns_next(r->shared.sures, r->now.mono, &wait_ms) != NULL;
}

/* An answer that comes at once. */
static void
told(enum chain_sure_seen seen)
{
	chain_sure_told(r->c, r->set, seen, r->now.mono, r->now);
}

static void
begin_look(size_t want)
{
	doubt_count = chain_doubts(r->c, r->set, r->now, doubts, DOUBTS, &from);
	ck_assert_uint_eq(doubt_count, want);
}

/* The log of the topic's name was looked through; these were found there. */
static void
end_look(unsigned found, bool read)
{
	for (size_t i = 0; i < doubt_count; i++) {
		doubts[i].found = (found & 1u << i) != 0;
		doubts[i].base_offset = doubts[i].placement->base_offset < 0 ? doubts[i].placement->told_at
									      : doubts[i].placement->base_offset;
	}
	chain_doubts_end(r->c, r->set, r->now, doubts, doubt_count, read);
	doubt_count = 0;
}

/* The one batch was found there. */
static void
end_look_at(int64_t offset)
{
	ck_assert_uint_eq(doubt_count, 1);
	doubts[0].found = true;
	doubts[0].base_offset = offset;
	chain_doubts_end(r->c, r->set, r->now, doubts, doubt_count, true);
	doubt_count = 0;
}

/* Two below what was acknowledged, or one: the log of that name is read for them, and they are there. */
static void
stored_below(int32_t first, int32_t second)
{
	struct attempt a = rig_send(r, rig_batch(first), 2), b;

	ck_assert_int_eq(rig_answer(r, &a, 0, 0, -1), CHAINS_OPEN);
	if (second > 0) {
		b = rig_send(r, rig_batch(second), 3);
		ck_assert_int_eq(rig_answer(r, &b, 0, first, -1), CHAINS_OPEN);
	}
	rig_pass(r, 1000);
	begin_look(second > 0 ? 2 : 1);
	end_look(3, true);
}

static int64_t
left_out(void)
{
	return metric_read(METRIC_RECORDS_ANOTHER_TOPIC);
}

/* --- it is ours ------------------------------------------------------------------------- */

START_TEST(a_window_waits_until_it_is_sure)
{
	stored(10, 1, 0);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_MS - 1);
	ck_assert(!is_asked());
	told(CHAIN_SEEN_OURS); /* who was asked may have been behind */
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1);
	ck_assert(is_asked());
	told(_i == 0 ? CHAIN_SEEN_OURS : CHAIN_SEEN_NOBODY);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

START_TEST(nothing_to_ask)
{
	struct attempt a = rig_send(r, rig_batch(10), 1);

	if (_i == 0) { /* the answer named the topic by its id */
		a.by_id = true;
	} else { /* the cluster has no ids */
		r->c->has_topic_id = false;
		name_chain();
	}
	rig_stored(r, &a, 0);
	ck_assert_uint_eq(rig_seal(r), 1);
	rig_pass(r, 10000);
	ck_assert(!is_asked());
}
END_TEST

/* What was told before something was settled doesn't tell of it. */
START_TEST(told_too_early)
{
	struct monotime asked;

	stored(5, 1, 0);
	rig_pass(r, LAG_MS);
	asked = r->now.mono;
	stored(5, 2, 5);
	chain_sure_told(r->c, r->set, CHAIN_SEEN_OURS, asked, r->now);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_MS);
	ck_assert(is_asked());
	told(CHAIN_SEEN_OURS);
	chain_sure_told(r->c, r->set, CHAIN_SEEN_OURS, asked, r->now); /* an answer that was overtaken */
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {0, 10});
}
END_TEST

/* --- it is another's ---------------------------------------------------------------------- */

/* What came to stand in the new topic is in no statement about the old one. */
START_TEST(in_the_new_topic)
{
	int64_t before = left_out();

	stored(4, 1, 1000);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	stored_below(3, 3);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_BACK_MS);
	ck_assert(is_asked());
	told(CHAIN_SEEN_ANOTHER);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert(!is_asked());
	begin_look(2);
	ck_assert_int_eq(from, 0);
	end_look(3, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {1000, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 6);
	ck_assert_int_eq(left_out() - before, 6);
	ck_assert_int_eq(atomic_load(&r->shared.backlog), 0);
	ck_assert_int_eq(atomic_load(&r->shared.batches), 0);
}
END_TEST

/* What isn't there was in the old one, before that was deleted. */
START_TEST(in_the_old_topic)
{
	int64_t before = left_out();

	stored(4, 1, 1000);
	stored_below(6, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(2);
	end_look(2, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {1000, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 6);
	ck_assert_int_eq(left_out() - before, 6);
}
END_TEST

/* Nothing of it is left: no statement, and the next one says so. */
START_TEST(all_of_a_window)
{
	stored(10, 1, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	stored(10, 2, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->empty_before, 1);
}
END_TEST

/*
 * The other one has had the name, and lost it: what it was sent by that nobody finds any more, neither where there is no
 * topic nor in a third one.
 */
START_TEST(the_new_topic_is_gone)
{
	enum { NOBODY, THIRD, STOPPING };
	int64_t another = left_out(), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);

	stored(4, 1, 1000);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(0, false); /* of what was sent before it isn't told in time either */
	stored(6, 2, 0);
	rig_pass(r, LAG_BACK_MS);
	told(_i == THIRD ? CHAIN_SEEN_THIRD : CHAIN_SEEN_NOBODY);
	ck_assert_uint_eq(rig_seal(r), 0);
	if (_i == NOBODY)
		rig_pass(r, 2 * r->set->outcome_wait_ms);
	atomic_store(&r->shared.stopping, _i == STOPPING);
	begin_look(2);
	end_look(0, _i == THIRD);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(left_out(), another);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 10);
}
END_TEST

/* Who was asked first was behind the others: the name became ours, and is nobody's now. */
START_TEST(another_before_ours)
{
	stored(4, 1, 1000);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(0, true);
	told(CHAIN_SEEN_OURS);
	stored(6, 2, 1004);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_NOBODY);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {1000, 10});
}
END_TEST

START_TEST(across_windows)
{
	stored(25, 1, 0);
	rig_pass(r, 1000 + LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	ck_assert_uint_eq(rig_seal(r), 0);
	begin_look(1);
	end_look(_i == 0, true);
	ck_assert_uint_eq(rig_seal(r), _i == 0 ? 0 : 3);
	ck_assert_int_eq(atomic_load(&r->shared.backlog), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* A statement lists a part of the batch: what it waited for is told of the rest, too. */
START_TEST(stated_in_part)
{
	stored(15, 1, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	ck_assert_uint_eq(rig_seal(r), 1);
	stored(5, 2, 20);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(1, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 5});
	ck_assert_uint_eq(rig_last(r)->unresolved, 5);
}
END_TEST

/* Where the log was before, a duplicate may stand, or another topic begins: more time to know. */
START_TEST(the_log_goes_back)
{
	stored(5, 1, 100);
	stored_below(5, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_BACK_MS - LAG_MS - 1);
	told(CHAIN_SEEN_OURS);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1);
	ck_assert(is_asked());
	told(CHAIN_SEEN_OURS);
	ck_assert_uint_eq(rig_seal(r), 1);
}
END_TEST

/*
 * Sent right after the name became ours: the log has to show that it is there, not in the topic before.  Who names the id
 * was not misunderstood; but what is a duplicate to its leader may have come by name, and on LogAppendTime nothing tells.
 */
START_TEST(too_young)
{
	enum { BY_NAME, BY_NAME_ANOTHER, BY_ID, BY_ID_IDEMPOTENT, BY_ID_APPEND_TIME };
	struct chains_batch b = rig_batch(5);
	struct attempt a;

	issued_note(r->shared.issued, 9, 0);
	if (_i == BY_ID_APPEND_TIME)
		r->c->time = CHAINS_TIME_APPEND;
	for (int i = 0; i < 2; i++) {
		if (_i >= BY_ID_IDEMPOTENT)
			b = rig_idempotent(9, 5 * i, 5);
		b.young = true;
		if (_i == BY_ID_APPEND_TIME)
			b.time = CHAINS_TIME_APPEND;
		a = rig_send(r, b, i);
		a.by_id = _i >= BY_ID;
		ck_assert_int_eq(rig_answer(r, &a, 0, 5 * i, _i == BY_ID_APPEND_TIME ? 1700000000000 : -1), CHAINS_STORED);
	}
	rig_pass(r, LAG_MS);
	told(_i == BY_NAME_ANOTHER ? CHAIN_SEEN_ANOTHER : CHAIN_SEEN_OURS);
	if (_i == BY_ID || _i == BY_ID_IDEMPOTENT) {
		ck_assert_uint_eq(rig_seal(r), 1);
		return;
	}
	ck_assert_uint_eq(rig_seal(r), 0);
	begin_look(2);
	end_look(0, false);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
	begin_look(2);
	end_look(2, true);
	ck_assert_uint_eq(rig_seal(r), _i == BY_NAME_ANOTHER ? 0 : 1);
	if (_i != BY_NAME_ANOTHER)
		ck_runs(&rig_last(r)->ranges, {5, 5});
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/*
 * The answer to the first attempt was told by a leader that had the old topic still, and didn't get to the client, whose
 * second one is in the new topic.  That the log has it somewhere doesn't show that it is where the first was told to be.
 */
START_TEST(two_attempts_in_two_topics)
{
	enum { IN_PLACE, APART };
	int64_t another = left_out(), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_idempotent(9, 0, 10);
	struct attempt first, again;

	issued_note(r->shared.issued, 9, 0);
	b.young = true;
	first = rig_send(r, b, 1);
	again = rig_send(r, b, 1);
	rig_stored(r, &first, 10);
	chain_lost(r->c, r->set, &again, r->now);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	begin_look(1);
	ck_assert_int_eq(from, 10);
	end_look_at(_i == IN_PLACE ? 10 : 3);
	ck_assert_uint_eq(rig_seal(r), _i == IN_PLACE ? 1 : 0);
	if (_i == IN_PLACE)
		ck_runs(&rig_last(r)->ranges, {10, 10});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(left_out(), another);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, _i == IN_PLACE ? 0 : 10);
}
END_TEST

/* Where the second one is answered, too, it is stated where the log has it, and nowhere before it is sure whose log that is. */
START_TEST(two_answers_from_two_topics)
{
	int64_t place = _i == 0 ? 10 : 3, unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_idempotent(9, 0, 10);
	struct attempt first, again;

	issued_note(r->shared.issued, 9, 0);
	b.young = true;
	first = rig_send(r, b, 1);
	again = rig_send(r, b, 1);
	rig_stored(r, &first, 10);
	ck_assert_int_eq(rig_answer(r, &again, 0, 3, -1), CHAINS_OPEN);
	rig_pass(r, 1000);
	begin_look(1);
	ck_assert_int_le(from, 3);
	end_look_at(place);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_BACK_MS);
	told(CHAIN_SEEN_OURS);
	ck_assert_uint_eq(rig_seal(r), 0);
	begin_look(1);
	end_look_at(place);
	ck_assert_uint_eq(rig_seal(r), 1);
	if (_i == 0)
		ck_runs(&rig_last(r)->ranges, {10, 10});
	else
		ck_runs(&rig_last(r)->ranges, {3, 10});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved);
}
END_TEST

/* … nor where another answer tells another place of it: who reads the log looks where the first one told, and counts it once. */
START_TEST(too_young_and_retold)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_idempotent(9, 0, 10);
	struct attempt a, again;

	issued_note(r->shared.issued, 9, 0);
	b.young = true;
	a = rig_send(r, b, 1);
	again = rig_send(r, b, 1);
	rig_stored(r, &a, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	ck_assert_int_eq(rig_answer(r, &again, 0, 3, -1), CHAINS_KNOWN);
	begin_look(1);
	end_look_at(_i == 0 ? 10 : 3);
	ck_assert_uint_eq(rig_seal(r), _i == 0 ? 1 : 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, _i == 0 ? 0 : 10);
}
END_TEST

/* The name is another's, whose log doesn't have it: it stays where the first answer told, and the second is counted, once. */
START_TEST(retold_while_another_has_the_name)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), another = left_out();
	struct chains_batch b = rig_idempotent(9, 0, 10);
	struct attempt a, again;

	issued_note(r->shared.issued, 9, 0);
	a = rig_send(r, b, 1);
	again = rig_send(r, b, 1);
	rig_stored(r, &a, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	ck_assert_int_eq(rig_answer(r, &again, 0, 3, -1), CHAINS_KNOWN);
	begin_look(1);
	end_look(_i, true);
	ck_assert_uint_eq(rig_seal(r), _i == 0 ? 1 : 0);
	if (_i == 0)
		ck_runs(&rig_last(r)->ranges, {10, 10});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, _i == 0 ? 10 : 0);
	ck_assert_int_eq(left_out() - another, _i == 0 ? 0 : 10);
}
END_TEST

/* Not when the log has decided between the two before: it stands where the log has it. */
START_TEST(retold_before_another_has_the_name)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_idempotent(9, 0, 10);
	struct attempt a, again;

	issued_note(r->shared.issued, 9, 0);
	a = rig_send(r, b, 1);
	again = rig_send(r, b, 1);
	rig_stored(r, &a, 10);
	ck_assert_int_eq(rig_answer(r, &again, 0, 3, -1), CHAINS_OPEN);
	rig_pass(r, 1000);
	begin_look(1);
	end_look_at(3);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {3, 10});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), before);
}
END_TEST

/* As long as that place isn't shown, it may be there as well. */
START_TEST(in_two_places_and_one_not_shown)
{
	struct chains_batch b = rig_batch(5);
	struct attempt a;

	b.young = true;
	a = rig_send(r, b, 1);
	rig_stored(r, &a, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	begin_look(1);
	doubts[0].hidden = true;
	end_look_at(3);
	ck_assert_uint_eq(r->c->windows.count, 1);
	rig_pass(r, 1000);
	begin_look(1);
	end_look_at(10);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 5});
}
END_TEST

/* The same with the names the other way round: the second attempt landed in the other topic, and reads as a copy there. */
START_TEST(elsewhere_in_the_new_topic)
{
	int64_t before = left_out();

	stored(5, 1, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look_at(3);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_int_eq(left_out() - before, 5);
}
END_TEST

/* --- it can't be found out ------------------------------------------------------------------ */

START_TEST(the_log_cannot_be_read)
{
	stored(10, 1, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	end_look(0, false);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2 * r->set->outcome_wait_ms - 1);
	begin_look(1);
	end_look(0, false);
	ck_assert_uint_eq(r->c->windows.count, 1);
	if (_i == 0)
		rig_pass(r, 1);
	else
		atomic_store(&r->shared.stopping, true);
	begin_look(1);
	end_look(0, false);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* What was read ends before their places: their leader may have them. */
static void
end_look_short(void)
{
	for (size_t i = 0; i < doubt_count; i++)
		doubts[i].hidden = true;
	end_look(0, true);
}

/* As long as they aren't shown nothing tells in which of the topics they are. */
START_TEST(in_the_new_topic_and_not_shown)
{
	int64_t before = left_out();

	stored(4, 1, 1000);
	stored_below(6, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(2);
	ck_assert_int_eq(doubts[0].behind, 1004);
	ck_assert_int_eq(doubts[1].behind, 6);
	end_look_short();
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
	begin_look(2);
	end_look(2, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {1000, 4});
	ck_assert_int_eq(left_out() - before, 6);
}
END_TEST

/* The log of that name begins behind its place by now: it never tells, and nobody waits for that. */
START_TEST(in_neither_any_more)
{
	int64_t before = left_out(), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_batch(10);
	struct attempt a;

	b.young = _i == 1;
	a = rig_send(r, b, 1);
	rig_stored(r, &a, 0);
	rig_pass(r, LAG_MS);
	told(b.young ? CHAIN_SEEN_OURS : CHAIN_SEEN_ANOTHER);
	begin_look(1);
	doubts[0].past = true;
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(left_out(), before);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 10);
}
END_TEST

/* The same of what has to be shown to be ours; and for how long it may not be. */
START_TEST(young_and_not_shown)
{
	int64_t before = left_out(), unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch b = rig_batch(10);
	struct attempt a;

	b.young = true;
	a = rig_send(r, b, 1);
	rig_stored(r, &a, 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	begin_look(1);
	end_look_short();
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2 * r->set->outcome_wait_ms);
	begin_look(1);
	if (_i == 0)
		end_look(1, true);
	else
		end_look_short();
	ck_assert_uint_eq(rig_seal(r), _i == 0 ? 1 : 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(left_out(), before);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, _i == 0 ? 0 : 10);
}
END_TEST

/* An answer that doesn't say, for long: then the log decides, and what is found there isn't stated. */
START_TEST(nobody_tells)
{
	stored(10, 1, 0);
	rig_pass(r, LAG_MS);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert(is_asked());
	told(CHAIN_SEEN_UNTOLD);
	ck_assert_uint_eq(rig_seal(r), 0);
	begin_look(0);
	ck_assert(is_asked());
	rig_pass(r, r->set->outcome_wait_ms);
	told(CHAIN_SEEN_UNTOLD);
	begin_look(1);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 1);
}
END_TEST

/* An outcome that the log told, which was asked for by name, too. */
START_TEST(found_in_the_new_topic)
{
	struct attempt a = rig_send(r, rig_batch(10), 1);

	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	begin_look(1);
	doubts[0].found = true;
	doubts[0].base_offset = 3;
	chain_doubts_end(r->c, r->set, r->now, doubts, 1, true);
	doubt_count = 0;
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	ck_assert_int_eq(from, 3);
	end_look(1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* It is settled while the log is read for its outcome; that reading doesn't tell where it stands. */
START_TEST(a_reading_that_began_too_early)
{
	struct chains_batch b = rig_idempotent(5, 0, 10);
	struct attempt a = rig_send(r, b, 1), again;

	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	begin_look(1);
	again = rig_send(r, b, 1);
	rig_stored(r, &again, 0);
	told(CHAIN_SEEN_ANOTHER);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	begin_look(1);
	end_look(1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
}
END_TEST

/* Of the new topic's log all has to be read for what may have landed there. */
START_TEST(its_outcome_is_open)
{
	struct attempt a;

	stored(6, 2, 5000);
	a = rig_send(r, rig_batch(4), 1);
	chain_lost(r->c, r->set, &a, r->now);
	rig_pass(r, 1000);
	begin_look(1);
	ck_assert_int_eq(from, 5006);
	end_look(0, true);
	told(CHAIN_SEEN_NOBODY);
	rig_pass(r, r->set->outcome_wait_ms);
	begin_look(1);
	ck_assert_int_eq(from, 0);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {5000, 6});
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
}
END_TEST

/*
 * A batch that is sure loses its offsets to one that was found there, if that one is in this topic.  Until it is sure of
 * that both windows wait, whatever the answers about the name meanwhile are.
 */
START_TEST(given_again_and_not_sure)
{
	enum { UNTOLD_ONCE, LOOKED_FOR, LOOKED_FOR_AND_ASKED, IN_ANOTHER };
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), another = left_out();
	struct attempt a = rig_send(r, rig_batch(10), 1), b = rig_send(r, rig_batch(10), 2);
	uint8_t leaf[LEAF_LEN];

	a.by_id = true;
	rig_stored(r, &a, 10);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	begin_look(1);
	doubts[0].found = true;
	doubts[0].base_offset = 10;
	chain_doubts_end(r->c, r->set, r->now, doubts, 1, true);
	doubt_count = 0;
	ck_assert_uint_eq(rig_seal(r), 0);
	told(_i == UNTOLD_ONCE ? CHAIN_SEEN_UNTOLD : CHAIN_SEEN_ANOTHER);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, LAG_MS);
	if (_i == UNTOLD_ONCE) {
		ck_assert(is_asked());
		told(CHAIN_SEEN_OURS);
	} else {
		if (_i == LOOKED_FOR_AND_ASKED)
			told(CHAIN_SEEN_OURS);
		ck_assert_uint_eq(rig_seal(r), 0);
		begin_look(1);
		end_look(_i == IN_ANOTHER, true);
	}
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 10});
	rig_leaf(_i == IN_ANOTHER ? 1 : 2, 9, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, _i == IN_ANOTHER ? 0 : 10);
	ck_assert_int_eq(left_out() - another, _i == IN_ANOTHER ? 10 : 0);
}
END_TEST

/* The one whose offsets they were is being looked for in another topic when the window of the other one has its turn. */
START_TEST(given_again_while_it_is_looked_for)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt b = rig_send(r, rig_batch(10), 2), a = rig_send(r, rig_batch(10), 1);
	uint8_t leaf[LEAF_LEN];

	rig_stored(r, &a, 10);
	told(CHAIN_SEEN_ANOTHER);
	begin_look(1);
	b.by_id = true;
	rig_stored(r, &b, 10);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 10});
	rig_leaf(2, 9, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 10);
}
END_TEST

/* Or in this one, as it is young: the log is read for one without headers that is told its place, too. */
START_TEST(told_while_the_young_one_is_looked_for)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch young = rig_batch(10);
	struct attempt a, b;
	uint8_t leaf[LEAF_LEN];

	young.young = true;
	a = rig_send(r, young, 1);
	b = rig_send_bare(r, rig_batch(10), 2);
	b.by_id = true;
	rig_stored(r, &a, 10);
	rig_pass(r, LAG_MS);
	told(CHAIN_SEEN_OURS);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN);
	rig_pass(r, 1000);
	begin_look(2);
	end_look(1, true);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2000);
	begin_look(1);
	end_look(0, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 10});
	rig_leaf(1, 9, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_sure");
	TCase *t = tcase_create("chain_sure");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_window_waits_until_it_is_sure, 0, 2);
	tcase_add_loop_test(t, nothing_to_ask, 0, 2);
	tcase_add_test(t, told_too_early);
	tcase_add_test(t, in_the_new_topic);
	tcase_add_test(t, in_the_old_topic);
	tcase_add_test(t, all_of_a_window);
	tcase_add_loop_test(t, the_new_topic_is_gone, 0, 3);
	tcase_add_test(t, another_before_ours);
	tcase_add_loop_test(t, across_windows, 0, 2);
	tcase_add_test(t, stated_in_part);
	tcase_add_test(t, the_log_goes_back);
	tcase_add_loop_test(t, the_log_cannot_be_read, 0, 2);
	tcase_add_test(t, nobody_tells);
	tcase_add_test(t, in_the_new_topic_and_not_shown);
	tcase_add_loop_test(t, in_neither_any_more, 0, 2);
	tcase_add_loop_test(t, young_and_not_shown, 0, 2);
	tcase_add_loop_test(t, too_young, 0, 5);
	tcase_add_loop_test(t, two_attempts_in_two_topics, 0, 2);
	tcase_add_loop_test(t, two_answers_from_two_topics, 0, 2);
	tcase_add_loop_test(t, too_young_and_retold, 0, 2);
	tcase_add_loop_test(t, retold_while_another_has_the_name, 0, 2);
	tcase_add_test(t, retold_before_another_has_the_name);
	tcase_add_test(t, in_two_places_and_one_not_shown);
	tcase_add_test(t, elsewhere_in_the_new_topic);
	tcase_add_test(t, found_in_the_new_topic);
	tcase_add_test(t, a_reading_that_began_too_early);
	tcase_add_test(t, its_outcome_is_open);
	tcase_add_loop_test(t, given_again_and_not_sure, 0, 4);
	tcase_add_test(t, given_again_while_it_is_looked_for);
	tcase_add_test(t, told_while_the_young_one_is_looked_for);
	suite_add_tcase(s, t);
	return suite_run(s);
}
