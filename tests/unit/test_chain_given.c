/* Two answers that contradict each other: the log decides. */
#include "attest/chain_given.h"

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

/* Producers with an id and without, headers or none, either type. */
enum { TOLD_IDEMPOTENT = 1, TOLD_BARE = 2, TOLD_APPEND = 4, TOLD_CASES = 8 };

static int told_as;

static int64_t
told_time(void)
{
	return told_as & TOLD_APPEND ? RIG_WALL : -1;
}

static struct attempt
send_told(int64_t producer_id, int32_t count, int content)
{
	struct chains_batch b = told_as & TOLD_IDEMPOTENT ? rig_idempotent(producer_id, 0, count) : rig_batch(count);
	struct attempt a;
	uint8_t digest[32];

	b.time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	if (told_as & TOLD_IDEMPOTENT)
		issued_note(r->shared.issued, producer_id, 0);
	a = rig_place(r, b, content);
	rig_digest(a.members, count, digest);
	ck_assert_int_eq(chain_forward(r->c, &a, told_as & TOLD_BARE ? HEADERS_NONE : HEADERS_FULL, digest), 0);
	return a;
}

/*
 * Windows of four.  The first batches go to a leader that is frozen, and the same records come once more, as other
 * batches, for the next leader, which has them from 80 on.  The frozen one had four more before them.
 */
static struct attempt first[2], again[2];

static void
begin_dispute(int i, bool deposed_is_last)
{
	told_as = i;
	rig_reads_back(r);
	r->set->window_records = 4;
	r->c->time = i & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	first[0] = send_told(7, 4, 1);
	first[1] = send_told(8, 4, 2);
	again[0] = send_told(9, 4, 1);
	again[1] = send_told(10, 4, 2);
	for (int k = 0; k < 2; k++)
		ck_assert_int_eq(rig_answer(r, deposed_is_last ? &again[k] : &first[k], 0, (deposed_is_last ? 80 : 84) + 4 * k, told_time()),
				 CHAINS_STORED);
}

/* The log is read for all that is in doubt: what is at `at` is there. */
static void
look_for(size_t n, const int64_t *at)
{
	struct doubt d[4];
	int64_t from;

	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 4, &from), n);
	for (size_t i = 0; i < n; i++) {
		d[i].base_offset = at[i];
		d[i].found = at[i] >= 0 && at[i] >= d[i].from && !chain_is_taken(r->c, &d[i], at[i]);
		d[i].log_append = told_time() >= 0;
		d[i].append_ms = told_time();
	}
	chain_doubts_end(r->c, r->set, r->now, d, n, true);
}

/* The leader that was frozen answers behind the next one, and the log has what that one said. */
START_TEST(a_deposed_leader_answers_last)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);

	begin_dispute(_i, true);
	ck_assert_int_eq(rig_answer(r, &first[0], 0, 84, told_time()), CHAINS_OPEN);
	ck_assert_int_eq(rig_answer(r, &first[1], 0, 88, told_time()), CHAINS_STORED); /* nobody was told that place: it waits for the others */
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
	look_for(1, (int64_t[]){_i & TOLD_BARE ? 80 : -1}); /* the same records, without headers */
	rig_pass(r, 2000);
	ck_assert_uint_eq(rig_seal(r), 0);
	look_for(1, (int64_t[]){_i & TOLD_BARE ? 80 : -1});
	ck_assert_uint_eq(rig_seal(r), 3);
	ck_runs(&r->stated[0].s->ranges, {88, 4});
	ck_runs(&r->stated[1].s->ranges, {80, 4});
	ck_runs(&r->stated[2].s->ranges, {84, 4});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

/* It answers before the next one, which the log is with. */
START_TEST(a_deposed_leader_answers_first)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);

	begin_dispute(_i, false);
	ck_assert_int_eq(rig_answer(r, &again[0], 0, 80, told_time()), CHAINS_STORED);
	ck_assert_int_eq(rig_answer(r, &again[1], 0, 84, told_time()), CHAINS_OPEN);
	ck_assert_ptr_null(rig_turn(r));
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){84});
	ck_assert_uint_eq(rig_seal(r), 3);
	ck_runs(&r->stated[0].s->ranges, {88, 4});
	ck_runs(&r->stated[1].s->ranges, {80, 4});
	ck_runs(&r->stated[2].s->ranges, {84, 4});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

/* A lost batch was acknowledged before the one that has its place was placed: that place is read, and no other below. */
START_TEST(in_dispute_below_what_was_acknowledged)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;

	told_as = _i;
	rig_reads_back(r);
	r->c->time = _i & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	r->set->window_records = 4;
	a = send_told(7, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 84, told_time()), CHAINS_STORED);
	r->c->sealing = true; /* nothing of it is stated yet */
	b = send_told(8, 4, 2);
	ck_assert_int_eq(rig_answer(r, &b, 0, 82, told_time()), CHAINS_OPEN);
	r->c->sealing = false;
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
	if (_i & TOLD_BARE)
		look_for(1, (int64_t[]){83}); /* the same records, of before */
	else
		look_for(1, (int64_t[]){-1});
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2000);
	look_for(1, (int64_t[]){82});
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&r->stated[0].s->ranges, {82, 4});
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/* The log can't be read, or doesn't show that place, for as long as is waited: which of them is there nobody knows. */
START_TEST(in_dispute_and_not_read)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	int64_t waited = 0;

	begin_dispute(_i & 7, _i < TOLD_CASES);
	if (_i < TOLD_CASES) {
		ck_assert_int_eq(rig_answer(r, &first[0], 0, 82, told_time()), CHAINS_OPEN); /* over the ends of both */
		chain_lost(r->c, r->set, &first[1], r->now);
	} else {
		ck_assert_int_eq(rig_answer(r, &again[0], 0, 86, told_time()), CHAINS_OPEN);
		chain_lost(r->c, r->set, &again[1], r->now);
	}
	for (; waited < 2 * r->set->outcome_wait_ms; waited += 1000) {
		struct doubt d[4];
		int64_t from;
		size_t n = chain_doubts(r->c, r->set, r->now, d, 4, &from);

		for (size_t i = 0; i < n; i++)
			d[i].hidden = true;
		chain_doubts_end(r->c, r->set, r->now, d, n, waited % 2000 == 0);
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 1000);
	}
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 16);
}
END_TEST

/* The log has let go of that place: neither of the two is any better than the other. */
START_TEST(in_dispute_and_let_go)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct doubt d[4];
	int64_t from;
	size_t n;

	begin_dispute(_i, true);
	ck_assert_int_eq(rig_answer(r, &first[0], 0, 84, told_time()), CHAINS_OPEN);
	ck_assert_int_eq(rig_answer(r, &first[1], 0, 88, told_time()), CHAINS_STORED);
	rig_pass(r, 1000);
	n = chain_doubts(r->c, r->set, r->now, d, 4, &from);
	ck_assert_uint_eq(n, 1);
	d[0].past = true;
	chain_doubts_end(r->c, r->set, r->now, d, n, true);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_runs(&r->stated[0].s->ranges, {88, 4});
	ck_runs(&r->stated[1].s->ranges, {80, 4});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 8);
}
END_TEST

/* What is stated before the second answer comes stays so, and without headers that one is believed. */
START_TEST(stated_before_it_is_disputed)
{
	/* Of a producer with an id, on LogAppendTime, the log is asked anyway. */
	static const int cases[] = {TOLD_BARE, TOLD_IDEMPOTENT | TOLD_BARE, TOLD_BARE | TOLD_APPEND};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		begin_dispute(cases[i], false);
		ck_assert_uint_eq(rig_seal(r), 2);
		ck_assert_int_eq(rig_answer(r, &again[0], 0, 80, told_time()), CHAINS_STORED);
		ck_assert_int_eq(rig_answer(r, &again[1], 0, 84, told_time()), CHAINS_STORED);
		ck_assert_uint_eq(rig_seal(r), 2);
		ck_runs(&rig_last(r)->ranges, {84, 4});
		teardown();
		setup();
	}
}
END_TEST

/* With headers the log tells, when others are stated there already: of a leader that is lost, or of the one that leads. */
static const int with_headers[] = {0, TOLD_IDEMPOTENT, TOLD_APPEND};

static void
begin_behind_stated(int i)
{
	struct attempt a;

	told_as = with_headers[i];
	rig_reads_back(r);
	r->set->window_records = 4;
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	for (int k = 0; k < 2; k++) {
		a = send_told(9 + k, 4, 1 + k);
		ck_assert_int_eq(rig_answer(r, &a, 0, 84 + 4 * k, told_time()), CHAINS_STORED);
	}
	ck_assert_uint_eq(rig_seal(r), 2);
	a = send_told(7, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 84, told_time()), CHAINS_OPEN);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
}

/* It isn't stated where another is. */
START_TEST(told_where_others_are_stated)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);

	begin_behind_stated(_i);
	look_for(1, (int64_t[]){-1});
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2000);
	look_for(1, (int64_t[]){-1});
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/* Those that are stated are lost: the log is read for each that has a place of theirs. */
START_TEST(stated_and_lost)
{
	struct attempt a;

	begin_behind_stated(_i);
	look_for(1, (int64_t[]){84});
	a = send_told(8, 4, 3);
	ck_assert_int_eq(rig_answer(r, &a, 0, 88, told_time()), CHAINS_OPEN);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){88});
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_runs(&r->stated[2].s->ranges, {84, 4});
	ck_runs(&r->stated[3].s->ranges, {88, 4});
	a = send_told(11, 4, 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, 92, told_time()), CHAINS_STORED);
}
END_TEST

/* The one that leads told of others behind the disputed one, and they are stated: the one that wakes up isn't believed there. */
START_TEST(stated_behind_what_is_lost)
{
	struct attempt a, b, e;

	told_as = with_headers[_i];
	rig_reads_back(r);
	r->set->window_records = 4;
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = send_told(9, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 84, told_time()), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 1);
	a = send_told(7, 4, 2);
	b = send_told(8, 4, 3);
	e = send_told(11, 4, 4);
	ck_assert_int_eq(rig_answer(r, &b, 0, 84, told_time()), CHAINS_OPEN);
	ck_assert_int_eq(rig_answer(r, &a, 0, 88, told_time()), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 1);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){84});
	ck_assert_int_eq(rig_answer(r, &e, 0, 88, told_time()), CHAINS_OPEN);
}
END_TEST

/* Below that nobody knows any more which places were given, as they were too many: the log does. */
START_TEST(told_where_others_were_stated_long_ago)
{
	struct attempt a;

	told_as = with_headers[_i];
	rig_reads_back(r);
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = send_told(7, 4, 1);
	r->c->given.floor = 1000;
	ck_assert_int_eq(rig_answer(r, &a, 0, 50, told_time()), CHAINS_OPEN);
}
END_TEST

/* What another run stored isn't known one by one: but that it is there is. */
START_TEST(told_below_what_was_acknowledged_before)
{
	struct attempt a;

	told_as = with_headers[_i];
	rig_reads_back(r);
	r->c->head.high_offset = 15;
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = send_told(7, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, told_time()), CHAINS_OPEN);
	a = send_told(8, 4, 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 16, told_time()), CHAINS_STORED);
}
END_TEST

/* The log lets go of that place while the sealer has a part of the one that was told it first: it isn't dropped from there. */
START_TEST(let_go_while_it_is_stated)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), from;
	struct attempt a, b;
	struct window *w;
	struct doubt d;

	told_as = with_headers[_i];
	rig_reads_back(r);
	r->set->window_records = 2;
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = send_told(7, 4, 1);
	b = send_told(8, 4, 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, told_time()), CHAINS_STORED);
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, told_time()), CHAINS_OPEN);
	for (int i = 0; i < 2; i++) {
		rig_pass(r, 1000);
		ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
		d.past = true;
		chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
		if (i == 0)
			rig_state(r, w);
	}
	ck_runs(&rig_last(r)->ranges, {10, 2});
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 6);
}
END_TEST

START_TEST(told_where_others_are_stated_and_not_read)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), waited = 1000;

	begin_behind_stated(_i);
	for (; waited < 2 * r->set->outcome_wait_ms; waited += 1000) {
		struct doubt d;
		int64_t from;

		chain_doubts_end(r->c, r->set, r->now, &d, chain_doubts(r->c, r->set, r->now, &d, 1, &from), false);
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 1000);
	}
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/* It was sent when the other one was acknowledged, its answer is lost, and the log has it at that one's place. */
START_TEST(unanswered_where_another_was_acknowledged)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), from;
	struct attempt a, b;
	struct doubt d;

	told_as = _i == 0 ? 0 : TOLD_IDEMPOTENT;
	rig_reads_back(r);
	r->set->window_records = 8;
	a = send_told(7, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, told_time()), CHAINS_STORED);
	b = send_told(8, 4, 2);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert(!chain_is_taken(r->c, &d, 10));
	d.found = true;
	d.base_offset = 10;
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/*
 * Its client sent the first four once before, without an answer, and with what came since once more.  That was told a place
 * which a leader that is lost had told of others: the log has them once, and they are the second one's.
 */
START_TEST(sent_again_with_more_and_disputed)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), from;
	struct attempt once, other, more;
	struct doubt d[3];

	told_as = _i & 1 ? TOLD_BARE | TOLD_IDEMPOTENT : TOLD_BARE;
	rig_reads_back(r);
	r->set->window_records = _i & 2 ? 100 : 4;
	r->c->time = CHAINS_TIME_CREATE;
	once = send_told(7, 4, 1);
	other = send_told(8, 4, 2);
	more = send_told(_i & 1 ? 7 : 9, 6, 1);
	ck_assert_int_eq(rig_answer(r, &other, 0, 10, -1), CHAINS_STORED);
	ck_assert_int_eq(rig_answer(r, &more, 0, 10, -1), CHAINS_OPEN);
	chain_lost(r->c, r->set, &once, r->now);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 3, &from), 2);
	for (int i = 0; i < 2; i++) {
		ck_assert(!chain_is_taken(r->c, &d[i], 10));
		d[i].found = true;
		d[i].base_offset = 10;
	}
	chain_doubts_end(r->c, r->set, r->now, d, 2, true);
	rig_pass(r, r->set->window_age_ms);
	ck_assert_uint_eq(rig_seal(r), _i & 2 ? 1 : 2);
	if (_i & 2) {
		ck_runs(&rig_last(r)->ranges, {10, 6});
	} else {
		ck_runs(&r->stated[0].s->ranges, {10, 4});
		ck_runs(&r->stated[1].s->ranges, {14, 2});
	}
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 8);
}
END_TEST

/*
 * A batch of six, of which four are stated, and one that was told to have the places of the others: what isn't stated can
 * be lost yet.
 */
START_TEST(stated_in_part_when_it_is_disputed)
{
	enum { FOUND, ABSENT, NOT_READ, NOBODY_READS, CASES };
	int as = _i / TOLD_CASES;
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;

	told_as = _i % TOLD_CASES;
	if (as != NOBODY_READS)
		rig_reads_back(r);
	else if (told_as & TOLD_APPEND)
		told_as &= ~TOLD_IDEMPOTENT; /* its answer would be left to the log */
	r->c->time = told_as & TOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	r->set->window_records = 4;
	a = send_told(7, 6, 1);
	b = send_told(8, 6, 2);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, told_time()), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&r->stated[0].s->ranges, {10, 4});
	ck_assert_int_eq(rig_answer(r, &b, 0, 14, told_time()), as == NOBODY_READS ? CHAINS_STORED : CHAINS_OPEN);
	rig_pass(r, 1000);
	if (as != NOBODY_READS) {
		ck_assert_uint_eq(rig_seal(r), 0);
		look_for(1, (int64_t[]){as == FOUND ? 14 : -1});
	}
	if (as == ABSENT) {
		rig_pass(r, 2000);
		look_for(1, (int64_t[]){-1});
	}
	if (as == NOT_READ) {
		rig_pass(r, 2 * r->set->outcome_wait_ms);
		chain_doubts_end(r->c, r->set, r->now, NULL, 0, false);
		rig_pass(r, 10 * 60 * 1000);
	}
	ck_assert_uint_eq(rig_seal(r), as == NOT_READ ? 0 : as == ABSENT ? 1 : 2);
	if (as == ABSENT) {
		ck_runs(&r->stated[1].s->ranges, {14, 2});
		ck_assert_uint_eq(r->stated[1].s->unresolved, 2);
	} else if (as != NOT_READ) {
		ck_runs(&r->stated[1].s->ranges, {14, 2});
		ck_assert_uint_eq(r->stated[1].s->unresolved, 2);
		ck_runs(&r->stated[2].s->ranges, {16, 4});
	}
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, as == NOT_READ ? 8 : as == ABSENT ? 6 : 2);
	ck_assert_int_eq(atomic_load(&r->shared.backlog), 0);
	ck_assert_int_eq(atomic_load(&r->shared.batches), 0);
}
END_TEST

/*
 * The first was placed when nobody knew the topic's type, and the second knew it.  What stands there is the second's all
 * the same, by the windows that are named, or by the leaves.
 */
START_TEST(found_where_the_type_was_not_known)
{
	enum { TOLD = 1, ONE_WINDOW = 2, BARE = 4, APPEND = 8 };
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct chains_batch bound = rig_batch(4);
	uint8_t leaf[LEAF_LEN];
	struct attempt a, b;

	told_as = _i & APPEND ? TOLD_APPEND : 0;
	rig_reads_back(r);
	r->set->window_records = _i & ONE_WINDOW ? 8 : 4;
	bound.time = _i & APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = _i & BARE ? rig_send_bare(r, rig_batch(4), 1) : rig_send(r, rig_batch(4), 1);
	b = _i & BARE ? rig_send_bare(r, bound, 2) : rig_send(r, bound, 2);
	ck_assert_int_ne(a.placement->time, b.placement->time);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, told_time()), CHAINS_STORED);
	if (_i & TOLD)
		ck_assert_int_eq(rig_answer(r, &b, 0, 10, told_time()), CHAINS_OPEN);
	else
		chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){10});
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 4});
	rig_leaf(2, 3, false, leaf);
	ck_assert_mem_eq(rig_last(r)->last_leaf, leaf, LEAF_LEN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/* The same records, once without a known type: without headers nobody tells them apart. */
START_TEST(the_same_where_the_type_was_not_known)
{
	struct chains_batch bound = rig_batch(4);
	const struct placement *settled;
	struct attempt a, b;
	struct member m[4];

	r->set->window_records = 4;
	bound.time = _i == 0 ? CHAINS_TIME_CREATE : CHAINS_TIME_APPEND;
	a = rig_send_bare(r, rig_batch(4), 1);
	b = rig_send_bare(r, bound, 1);
	settled = a.placement;
	for (int i = 0; _i == 1 && i < 4; i++)
		rig_leaf(1, i, true, b.placement->members[i].leaf);
	memcpy(m, b.placement->members, sizeof(m));
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, _i == 0 ? -1 : RIG_WALL), CHAINS_STORED);
	ck_assert(chain_given_is_alike(b.placement, m, 10, settled));
	ck_assert(!chain_given_is_alike(b.placement, m, 11, settled)); /* one further on others stand */
	chain_lost(r->c, r->set, &b, r->now);
}
END_TEST

/* A batch without headers was found, and a leader that woke up says of others that they are there: that is no guess about copies. */
START_TEST(found_and_told_of_others)
{
	struct attempt a, b;

	told_as = TOLD_BARE;
	rig_reads_back(r);
	r->c->time = CHAINS_TIME_CREATE;
	r->set->window_records = 4;
	a = send_told(7, 4, 1);
	b = send_told(8, 4, 2);
	chain_lost(r->c, r->set, &a, r->now);
	r->c->sealing = true;
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){10});
	ck_assert_int_eq(rig_answer(r, &b, 0, 12, -1), CHAINS_OPEN);
	r->c->sealing = false;
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 3000);
	look_for(1, (int64_t[]){-1});
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 4});
}
END_TEST

/*
 * Three that are alike, without headers: the deposed leader tells the second of the first one's place, the log shows it
 * behind that, the first is published, and the third is told that place.  So the second is open again, and has neither.
 */
START_TEST(in_dispute_and_taken_back)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED), duplicates = metric_read(METRIC_RECORDS_DUPLICATE);
	bool is_read = _i == 0;
	struct attempt a[3];
	int64_t from;

	told_as = TOLD_BARE;
	rig_reads_back(r);
	r->c->time = CHAINS_TIME_CREATE;
	r->set->window_records = 4;
	for (int k = 0; k < 3; k++)
		a[k] = send_told(-1, 4, 1);
	ck_assert_int_eq(rig_answer(r, &a[0], 0, 10, -1), CHAINS_STORED);
	ck_assert_int_eq(rig_answer(r, &a[1], 0, 10, -1), CHAINS_OPEN);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){14});
	rig_state(r, rig_turn(r));
	ck_runs(&rig_last(r)->ranges, {10, 4});
	ck_assert_int_eq(rig_answer(r, &a[2], 0, 14, -1), CHAINS_STORED);
	ck_assert_uint_eq(rig_seal(r), 0);
	for (int64_t waited = 0; waited <= 2 * r->set->outcome_wait_ms + 1000; waited += 1000) {
		struct doubt d;

		rig_pass(r, 1000);
		if (chain_doubts(r->c, r->set, r->now, &d, 1, &from) == 0)
			continue;
		ck_assert(chain_is_taken(r->c, &d, 10));
		chain_doubts_end(r->c, r->set, r->now, &d, 1, is_read);
	}
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {14, 4});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_DUPLICATE), duplicates);
}
END_TEST

/* One was found without headers, and is told the place that another was told: the guess goes, and the log is read. */
START_TEST(found_and_told_of_anothers_place)
{
	int64_t before = metric_read(METRIC_RECORDS_UNRESOLVED);
	struct attempt a, b;

	told_as = TOLD_BARE | TOLD_IDEMPOTENT;
	rig_reads_back(r);
	r->c->time = CHAINS_TIME_CREATE;
	r->set->window_records = 4;
	a = send_told(7, 4, 1);
	b = send_told(8, 4, _i == 0 ? 1 : 2);
	chain_lost(r->c, r->set, &b, r->now);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){14});
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, -1), CHAINS_STORED);
	b = send_told(8, 4, _i == 0 ? 1 : 2);
	ck_assert(b.retry);
	ck_assert_int_eq(rig_answer(r, &b, 0, 10, -1), CHAINS_OPEN);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
	look_for(1, (int64_t[]){_i == 0 ? 10 : -1}); /* the same records, without headers: whose they are nobody tells */
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2000);
	look_for(1, (int64_t[]){_i == 0 ? 10 : -1});
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 4});
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - before, 4);
}
END_TEST

/* Nobody reads: the later answer is believed. */
START_TEST(nobody_reads_what_is_disputed)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(4), 2);

	rig_stored(r, &a, 10);
	rig_stored(r, &b, 12);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {12, 4});
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_given");
	TCase *t = tcase_create("chain_given");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, a_deposed_leader_answers_last, 0, TOLD_CASES);
	tcase_add_loop_test(t, a_deposed_leader_answers_first, 0, TOLD_CASES);
	tcase_add_loop_test(t, in_dispute_below_what_was_acknowledged, 0, TOLD_CASES);
	tcase_add_loop_test(t, in_dispute_and_not_read, 0, 2 * TOLD_CASES);
	tcase_add_loop_test(t, in_dispute_and_let_go, 0, TOLD_CASES);
	tcase_add_test(t, stated_before_it_is_disputed);
	tcase_add_loop_test(t, unanswered_where_another_was_acknowledged, 0, 2);
	tcase_add_loop_test(t, sent_again_with_more_and_disputed, 0, 4);
	tcase_add_loop_test(t, told_where_others_are_stated, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, stated_and_lost, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, stated_behind_what_is_lost, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, told_where_others_were_stated_long_ago, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, told_below_what_was_acknowledged_before, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, let_go_while_it_is_stated, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, told_where_others_are_stated_and_not_read, 0, ARRAY_LEN(with_headers));
	tcase_add_loop_test(t, stated_in_part_when_it_is_disputed, 0, 4 * TOLD_CASES);
	tcase_add_loop_test(t, found_where_the_type_was_not_known, 0, 16);
	tcase_add_loop_test(t, the_same_where_the_type_was_not_known, 0, 2);
	tcase_add_test(t, found_and_told_of_others);
	tcase_add_loop_test(t, in_dispute_and_taken_back, 0, 2);
	tcase_add_loop_test(t, found_and_told_of_anothers_place, 0, 2);
	tcase_add_test(t, nobody_reads_what_is_disputed);
	suite_add_tcase(s, t);
	return suite_run(s);
}
