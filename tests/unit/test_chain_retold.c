/* Two answers that tell two places of one batch: the log decides. */
#include "attest/chain_retold.h"

#include "base/metrics.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static struct rig *r;
static int64_t unresolved, attested;

static void
setup(void)
{
	r = rig_start();
	r->set->window_records = 4;
	unresolved = metric_read(METRIC_RECORDS_UNRESOLVED);
	attested = metric_read(METRIC_RECORDS_ATTESTED);
}

static void
teardown(void)
{
	rig_stop(r);
}

/* Either type; and the one that is told last is the lower place, or the higher one. */
enum { RETOLD_APPEND = 1, RETOLD_HIGHER = 2, RETOLD_CASES = 4 };

static int64_t
time_of(int i)
{
	return i & RETOLD_APPEND ? RIG_WALL : -1;
}

static int64_t
last_place(int i)
{
	return i & RETOLD_HIGHER ? 12 : 8;
}

static struct attempt
send_as(int i, enum header_mode mode)
{
	struct chains_batch b = rig_idempotent(7, 0, 4);
	struct attempt a;
	uint8_t digest[32];

	b.time = i & RETOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	a = rig_place(r, b, 1);
	rig_digest(a.members, 4, digest);
	ck_assert_int_eq(chain_forward(r->c, &a, mode, digest), 0);
	return a;
}

/* Stored at 10, which its client doesn't hear; it is sent again, and so much else was acknowledged before. */
static struct attempt
begin(int i, enum header_mode mode, int64_t before)
{
	struct attempt a;

	r->c->time = i & RETOLD_APPEND ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	issued_note(r->shared.issued, 7, 0);
	if (before >= 0) {
		a = rig_send(r, rig_batch(4), 2);
		ck_assert_int_eq(rig_answer(r, &a, 0, before, time_of(i)), CHAINS_STORED);
		ck_assert_uint_eq(rig_seal(r), 1);
	}
	a = send_as(i, mode);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, time_of(i)), CHAINS_STORED);
	a = send_as(i, mode);
	ck_assert(a.retry);
	return a;
}

/* The log is read for the one that is in doubt, at both places. */
static void
look_for(int i, int64_t at)
{
	struct doubt d;
	int64_t from;

	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert_int_le(from, last_place(i) < 10 ? last_place(i) : 10);
	ck_assert_int_eq(d.behind, (last_place(i) < 10 ? 10 : last_place(i)) + 4);
	ck_assert(!chain_is_taken(r->c, &d, 10) && !chain_is_taken(r->c, &d, last_place(i)));
	d.found = at >= 0;
	d.base_offset = at;
	d.log_append = time_of(i) >= 0;
	d.append_ms = time_of(i);
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
}

/* Told of another place: the window waits for the log. */
static void
begin_retold(int i)
{
	struct attempt a;

	rig_reads_back(r);
	a = begin(i, HEADERS_FULL, i & RETOLD_HIGHER ? 5 : 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(i), time_of(i)), CHAINS_OPEN);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 1000);
	ck_assert_uint_eq(rig_seal(r), 0);
}

static void
ck_is_stated_at(int64_t base)
{
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_assert_uint_eq(rig_last(r)->ranges.count, 1);
	ck_assert_int_eq(rig_last(r)->ranges.list[0].first, base);
	ck_assert_int_eq(rig_last(r)->ranges.list[0].count, 4);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved);
}

static void
ck_is_left_out(void)
{
	ck_assert_uint_eq(rig_seal(r), 0);
	ck_assert_uint_eq(r->c->windows.count, 0);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 4);
}

START_TEST(the_log_has_the_last)
{
	begin_retold(_i);
	look_for(_i, last_place(_i));
	ck_is_stated_at(last_place(_i));
	ck_assert_int_eq(metric_read(METRIC_RECORDS_ATTESTED) - attested, 8);
}
END_TEST

START_TEST(the_log_has_the_first)
{
	struct attempt a;

	begin_retold(_i);
	look_for(_i, 10);
	a = send_as(_i, HEADERS_FULL);
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_KNOWN); /* that was decided */
	ck_is_stated_at(10);
}
END_TEST

START_TEST(the_log_has_it_nowhere)
{
	begin_retold(_i);
	look_for(_i, -1);
	ck_assert_uint_eq(rig_seal(r), 0);
	rig_pass(r, 2000);
	look_for(_i, -1);
	ck_is_left_out();
}
END_TEST

/* A third answer, whichever it confirms, doesn't decide either. */
START_TEST(told_once_more)
{
	struct attempt a;

	begin_retold(_i);
	a = send_as(_i, HEADERS_FULL);
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_OPEN);
	look_for(_i, 10);
	ck_is_stated_at(10);
}
END_TEST

/* The log isn't read, or doesn't show as much, for as long as is waited. */
START_TEST(the_log_is_not_read)
{
	begin_retold(_i);
	for (int64_t waited = 1000; waited < 2 * r->set->outcome_wait_ms; waited += 1000) {
		struct doubt d;
		int64_t from;
		size_t n = chain_doubts(r->c, r->set, r->now, &d, 1, &from);

		d.hidden = true;
		chain_doubts_end(r->c, r->set, r->now, &d, n, waited % 2000 == 0);
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 1000);
	}
	ck_is_left_out();
}
END_TEST

/* The place that was told first is told of another meanwhile, perhaps by the leader that is none any more: it is looked for, too. */
START_TEST(its_place_is_given_meanwhile)
{
	int64_t other = last_place(_i) == 8 ? 12 : 8;
	struct doubt d[2];
	struct attempt b;
	int64_t from;

	begin_retold(_i);
	b = rig_send(r, rig_batch(4), 3);
	ck_assert_int_eq(rig_answer(r, &b, 0, other, time_of(_i)), CHAINS_OPEN);
	rig_pass(r, 1000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, d, 2, &from), 2);
	for (int k = 0; k < 2; k++) {
		d[k].found = true;
		d[k].base_offset = k == 0 ? last_place(_i) : other;
		d[k].log_append = time_of(_i) >= 0;
		d[k].append_ms = time_of(_i);
	}
	chain_doubts_end(r->c, r->set, r->now, d, 2, true);
	ck_assert_uint_eq(rig_seal(r), 2);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED), unresolved);
}
END_TEST

/* A broker that has it tells the same place, however often. */
START_TEST(told_the_same)
{
	struct attempt a;

	rig_reads_back(r);
	a = begin(_i, HEADERS_FULL, 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, 10, time_of(_i)), CHAINS_KNOWN);
	ck_is_stated_at(10);
}
END_TEST

/* Nobody reads: the later answer is believed, where that may not be about a batch of another run. */
START_TEST(nobody_reads)
{
	struct attempt a = begin(_i, _i & RETOLD_CASES ? HEADERS_NONE : HEADERS_FULL, -1);

	if (_i & RETOLD_APPEND) {
		ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_OPEN);
		ck_assert_uint_eq(rig_seal(r), 0);
		rig_pass(r, 3000);
		ck_is_left_out();
		return;
	}
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_STORED);
	ck_is_stated_at(last_place(_i));
}
END_TEST

/* Stated before the second answer comes: it stays so, and is counted, once. */
START_TEST(stated_before)
{
	for (int again = 0; again < 2; again++) {
		struct attempt a = again == 0 ? begin(_i, HEADERS_FULL, -1) : send_as(_i, HEADERS_FULL);

		if (again == 0)
			ck_is_stated_at(10);
		ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i) - again, time_of(_i)), CHAINS_KNOWN);
		ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 4);
	}
}
END_TEST

/* Nothing in the log tells it from a copy: it is counted as such, and nothing is stated that may be false. */
START_TEST(without_headers)
{
	struct attempt a;

	rig_reads_back(r);
	a = begin(_i, HEADERS_NONE, 4);
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_KNOWN);
	ck_is_left_out();
}
END_TEST

/* Half of it is stated, or is being: what isn't leaves, unless the sealer has the rest. */
START_TEST(stated_in_part)
{
	struct attempt a;
	struct window *w;

	rig_reads_back(r);
	r->set->window_records = 2;
	a = begin(_i, HEADERS_FULL, -1);
	w = rig_turn(r);
	ck_assert_ptr_nonnull(w);
	if (_i & RETOLD_CASES)
		rig_state(r, w);
	ck_assert_int_eq(rig_answer(r, &a, 0, last_place(_i), time_of(_i)), CHAINS_KNOWN);
	ck_assert_int_eq(metric_read(METRIC_RECORDS_UNRESOLVED) - unresolved, 4);
	if (!(_i & RETOLD_CASES))
		rig_state(r, w);
	ck_runs(&rig_last(r)->ranges, {10, 2});
	ck_assert_uint_eq(rig_seal(r), _i & RETOLD_CASES ? 0 : 1);
	ck_assert_int_eq(r->shared.backlog, 0);
	ck_assert_int_eq(r->shared.batches, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_retold");
	TCase *t = tcase_create("chain_retold");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_log_has_the_last, 0, RETOLD_CASES);
	tcase_add_loop_test(t, the_log_has_the_first, 0, RETOLD_CASES);
	tcase_add_loop_test(t, the_log_has_it_nowhere, 0, RETOLD_CASES);
	tcase_add_loop_test(t, told_once_more, 0, RETOLD_CASES);
	tcase_add_loop_test(t, the_log_is_not_read, 0, RETOLD_CASES);
	tcase_add_loop_test(t, its_place_is_given_meanwhile, 0, RETOLD_CASES);
	tcase_add_loop_test(t, told_the_same, 0, RETOLD_CASES);
	tcase_add_loop_test(t, nobody_reads, 0, 2 * RETOLD_CASES);
	tcase_add_loop_test(t, stated_before, 0, RETOLD_CASES);
	tcase_add_loop_test(t, without_headers, 0, RETOLD_CASES);
	tcase_add_loop_test(t, stated_in_part, 0, 2 * RETOLD_CASES);
	suite_add_tcase(s, t);
	return suite_run(s);
}
