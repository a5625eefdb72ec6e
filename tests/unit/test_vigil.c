/* One partition, judged as records and statements come: what is told, when, and that nothing is passed over. */
#include "suite.h"
#include "vigils.h"

static void
ck_range(int64_t now, int64_t from, int64_t to)
{
	ck_assert_int_eq(step(now), 0);
	ck_assert_int_eq(got->from, from);
	ck_assert_int_eq(got->to, to);
}

static void
ck_run(size_t i, int64_t from, int64_t to, const char *name)
{
	const struct vigil_run *r;

	ck_assert_uint_lt(i, got->run_count);
	r = &got->runs[i];
	ck_assert_int_eq(r->f.offset, from);
	ck_assert_int_eq(r->last_offset, to);
	ck_assert_str_eq(r->f.about_record ? verdict_name(r->f.verdict) : window_finding_name(r->f.window), name);
}

static const struct vigil_window *
window(uint64_t id)
{
	for (size_t i = 0; i < got->window_count; i++)
		if (got->windows[i].statement->window_id == id)
			return &got->windows[i];
	ck_abort_msg("window %llu isn't told", (unsigned long long)id);
	return NULL;
}

/* --- what is told ------------------------------------------------------------------------------ */

START_TEST(what_is_stated_is_told_once)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5, .headers_none = true);
	know(0, 2);
	begin(-1);
	ck_assert_int_eq(vigil_lag(vigil), -1);
	ck_assert_int_eq(vigil_at(vigil), -1);
	ck_range(0, 0, 10);
	ck_assert_uint_eq(got->run_count, 0);
	ck_assert_uint_eq(got->window_count, 2);
	ck_assert_uint_eq(got->tally.records, 10);
	ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 10);
	ck_assert_uint_eq(window(1)->verdicts[VERDICT_VERIFIED], 5);
	ck_assert(window(2)->with[WINDOW_COMPLETE] && !window(2)->part);
	ck_assert_int_eq(got->newest_ms, w.r[9].timestamp);
	/* Until it is done it may be judged again, to the same end; and nothing of it need be kept till then. */
	ck_assert_uint_eq(lab.answers, 1);
	vigil_forget(vigil);
	ck_assert_uint_eq(lab.answers, 0);
	ck_range(1, 0, 10);
	ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 10);
	ck_assert_int_eq(vigil_at(vigil), 0);
	vigil_done(vigil);
	ck_assert_int_eq(vigil_at(vigil), 10);
	ck_assert_int_eq(step(2), ERR_NOT_NOW);
	ck_assert_int_eq(vigil_lag(vigil), 0);
	WINDOW(&proxy, .n = 3);
	know(0, 3);
	ck_range(3, 10, 13);
	ck_assert_uint_eq(got->window_count, 1);
	ck_assert(window(3)->with[WINDOW_COMPLETE]);
}
END_TEST

static int
by_place(const void *a, const void *b)
{
	uintptr_t x = (uintptr_t)*(struct statement *const *)a, y = (uintptr_t)*(struct statement *const *)b;

	return (x > y) - (x < y);
}

/* Whoever reads what is told finds the windows as they lie in the log. */
START_TEST(windows_are_told_in_their_order)
{
	enum { MANY = 8 };

	for (int i = 0; i < MANY; i++)
		WINDOW(&proxy, .n = 3);
	know(0, MANY);
	/* The last one lies first in memory, or would by chance. */
	qsort(known.statements, MANY, sizeof(known.statements[0]), by_place);
	for (size_t i = 0; i < MANY; i++) {
		struct statement copy = *known.statements[i], *last = known.statements[MANY - 1 - i];

		if (i < MANY / 2 && copy.window_id < last->window_id) {
			*known.statements[i] = *last;
			*last = copy;
		}
		known.windows[i].w.statement = known.statements[i];
		known.windows[i].w.manifest = wr_slice(&w.s[known.statements[i]->window_id - 1].manifest);
		sha256_of(wr_slice(&w.s[known.statements[i]->window_id - 1].payload), known.windows[i].w.sha256);
	}
	begin(-1);
	ck_range(0, 0, 3 * MANY);
	ck_assert_uint_eq(got->window_count, MANY);
	for (size_t i = 0; i < MANY; i++)
		ck_assert_uint_eq(got->windows[i].statement->window_id, i + 1);
	vigil_done(vigil);
}
END_TEST

START_TEST(a_statement_may_come_late)
{
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	begin(-1);
	for (int64_t now = 0; now < WAIT_MS; now += 100) {
		ck_assert_int_eq(step(now), ERR_NOT_NOW);
		ck_assert_int_eq(vigil_lag(vigil), 5);
	}
	know(0, 1);
	lab.not_whole = true;
	ck_assert_int_eq(step(WAIT_MS * 2), ERR_NOT_NOW);
	lab.not_whole = false;
	ck_range(WAIT_MS * 2, 0, 5);
	ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 5);
}
END_TEST

START_TEST(what_is_never_stated_is_told_and_gone_by)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 4, .headers_none = true);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	begin(-1);
	ck_range(0, 0, 5);
	vigil_done(vigil);
	ck_assert_int_eq(step(WAIT_MS - 1), ERR_NOT_NOW);
	ck_range(WAIT_MS, 5, 14);
	ck_assert_uint_eq(got->run_count, 2);
	ck_run(0, 5, 8, "unattested");
	ck_run(1, 9, 13, "unattested"); /* two hours old: its window was never stated */
	vigil_done(vigil);
	ck_assert_int_eq(step(WAIT_MS), ERR_NOT_NOW);
	ck_assert_int_eq(vigil_lag(vigil), 0);
}
END_TEST

START_TEST(violations_are_told_with_their_window)
{
	WINDOW(&proxy, .n = 10);
	world_forge(&w.r[3], "forged");
	snprintf(w.r[4].value, sizeof(w.r[4].value), "changed");
	w.r[7].gone = w.r[8].gone = true;
	know(0, 1);
	begin(-1);
	ck_range(0, 0, 10);
	ck_assert_uint_eq(got->run_count, 3);
	ck_run(0, 3, 3, "altered");
	ck_run(1, 4, 4, "altered");
	ck_run(2, 7, 8, "missing");
	ck_assert_uint_eq(window(1)->verdicts[VERDICT_ALTERED], 2);
	ck_assert_uint_eq(window(1)->members[WINDOW_MISSING], 2);
	ck_assert(!window(1)->with[WINDOW_COMPLETE]);
	ck_assert_uint_eq(got->tally.windows_with[WINDOW_MISSING], 1);
}
END_TEST

START_TEST(a_statement_before_that_is_not_found_is_no_gap)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 2);
	begin(5);
	ck_range(0, 5, 10);
	ck_assert_uint_eq(got->run_count, 0);
	ck_assert_uint_eq(got->window_count, 1);
	/* That the one before isn't found says nothing while nothing before it is. */
	vigil_done(vigil);
	know(2, 3);
	ck_range(0, 10, 15);
	ck_assert_uint_eq(got->run_count, 0);
}
END_TEST

START_TEST(a_gap_behind_one_that_is_known)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 3);
	statement_free(known.statements[1]);
	known.statements[1] = known.statements[2];
	known.windows[1] = known.windows[2];
	known.a.count = 2;
	begin(10);
	ck_range(0, 10, 15);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, -1, -1, "gap");
	ck_assert(window(3)->with[WINDOW_GAP]);
}
END_TEST

START_TEST(a_window_without_manifest_is_read_as_a_whole)
{
	WINDOW(&proxy, .n = 10, .no_manifest_header = true, .manifest = MANIFEST_NONE);
	know(0, 1);
	begin(4);
	ck_range(0, 4, 10);
	ck_assert_uint_eq(got->tally.records, 6);
	ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 6);
	ck_assert(window(1)->part);
}
END_TEST

/* Two proxies whose windows overlap without end, and the log is read to the middle of one. */
START_TEST(a_window_in_parts)
{
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	begin(-1);
	lab.high = 6;
	w.next_offset = 6;
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	ck_range(WAIT_MS, 0, 6);
	ck_assert(window(1)->part);
	ck_assert_uint_eq(window(1)->verdicts[VERDICT_VERIFIED], 6);
	vigil_done(vigil);
	w.next_offset = 10;
	ck_range(WAIT_MS, 6, 10);
	ck_assert(window(1)->part);
	ck_assert_uint_eq(window(1)->verdicts[VERDICT_VERIFIED], 4);
	ck_assert_uint_eq(got->run_count, 0);
}
END_TEST

START_TEST(records_of_other_partitions)
{
	WINDOW(&elsewhere, .n = 3);
	(void)world_copy(&w, 1);
	w.r[0].gone = w.r[1].gone = w.r[2].gone = true;
	know(0, 1);
	lab.low = 3;
	begin(-1);
	ck_range(0, 3, 4);
	ck_assert_uint_eq(got->window_count, 0);
	ck_run(0, 3, 3, "misplaced");
}
END_TEST

/* --- a window's own findings, at the borders of ranges ---------------------------------------------- */

/* Three windows, and the middle one was never stated: the third has a gap in front of it, and is known if `with`. */
static void
a_gap(bool with)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5, .headers_none = true);
	know(0, 3);
	statement_free(known.statements[1]);
	known.statements[1] = known.statements[2];
	known.windows[1] = known.windows[2];
	known.a.count = with ? 2 : 1;
}

START_TEST(a_gap_of_a_window_that_was_cut_before_its_statement_came)
{
	a_gap(false);
	begin(10);
	w.next_offset = 12;
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	ck_range(WAIT_MS, 10, 12);
	ck_assert_uint_eq(got->window_count, 0);
	vigil_done(vigil);
	known.a.count = 2;
	w.next_offset = 15;
	ck_range(WAIT_MS, 12, 15);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, -1, -1, "gap");
	ck_assert(window(3)->part && window(3)->with[WINDOW_GAP]);
	ck_assert_uint_eq(got->tally.windows_with[WINDOW_GAP], 1);
}
END_TEST

START_TEST(a_gap_of_a_window_in_which_it_begins)
{
	a_gap(true);
	begin(_i == 0 ? 12 : -1);
	lab.low = _i == 0 ? 0 : 12; /* --from, or the log's start */
	ck_range(0, 12, 15);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, -1, -1, "gap");
}
END_TEST

/* A range that ends inside of it, though its statement is there: something between its members isn't stated. */
START_TEST(a_gap_of_a_window_in_parts)
{
	struct runs *r;

	a_gap(true);
	r = &known.statements[1]->ranges;
	ck_assert_ptr_nonnull(r->list = reallocarray(r->list, 2, sizeof(*r->list)));
	r->list[0] = (struct run){10, 2};
	r->list[1] = (struct run){13, 2};
	r->count = 2;
	begin(10);
	w.next_offset = 12;
	known.a.count = 1;
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	known.a.count = 2;
	w.next_offset = 15;
	ck_assert_int_eq(step(WAIT_MS / 2), ERR_NOT_NOW);
	ck_range(WAIT_MS, 10, 12);
	ck_assert(window(3)->part && !window(3)->with[WINDOW_GAP]);
	vigil_done(vigil);
	ck_assert_int_eq(step(WAIT_MS), ERR_NOT_NOW);
	ck_range(WAIT_MS * 2, 12, 15);
	ck_assert(window(3)->part && window(3)->with[WINDOW_GAP]);
	ck_assert_uint_eq(got->tally.windows_with[WINDOW_GAP], 1);
}
END_TEST

/* A statement that claims what the log may never have doesn't hide what is wrong with it. */
START_TEST(a_gap_of_a_window_that_ends_behind_the_log)
{
	a_gap(true);
	begin(10);
	w.next_offset = 12;
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	ck_range(WAIT_MS, 10, 12);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, -1, -1, "gap");
	ck_range(WAIT_MS, 10, 12); /* until it is done */
	ck_assert_uint_eq(got->run_count, 1);
	vigil_done(vigil);
	w.next_offset = 15;
	ck_range(WAIT_MS, 12, 15);
	ck_assert_uint_eq(got->run_count, 0);
	ck_assert(window(3)->part);
}
END_TEST

/* --- the log's ends -------------------------------------------------------------------------------- */

START_TEST(retention_is_no_violation)
{
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	begin(2);
	lab.low = 6;
	ck_range(0, 2, 10);
	ck_assert_int_eq(got->log_start, 6);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, 2, 5, "retention"); /* nobody judged them */
	ck_assert_uint_eq(got->unjudged, 4);
	ck_assert_uint_eq(window(1)->members[WINDOW_RETENTION], 4);
	ck_assert_uint_eq(got->tally.records, 4);
	/* Where nothing was judged before it begins with what is there. */
	begin(-1);
	ck_range(0, 6, 10);
	ck_assert_uint_eq(got->run_count, 0);
	ck_assert_uint_eq(got->unjudged, 0);
	begin_at((struct vigil_begin){{TOPIC_BOUND_OFFSET, 3}, false}, false);
	ck_range(0, 6, 10);
}
END_TEST

START_TEST(retention_takes_all)
{
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	begin(2);
	lab.low = 10;
	ck_range(0, 2, 10);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, 2, 9, "retention");
	ck_assert_uint_eq(got->unjudged, 8);
	vigil_done(vigil);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
}
END_TEST

START_TEST(compacted_topics_miss_nothing)
{
	WINDOW(&proxy, .n = 10, .manifest = MANIFEST_LEAF_KEY);
	w.r[2].gone = true;
	know(0, 1);
	begin_at((struct vigil_begin){.judged = false}, true);
	ck_range(0, 0, 10);
	ck_assert_uint_eq(got->run_count, 0);
	ck_assert_uint_eq(window(1)->members[WINDOW_COMPACTED], 1);
	vigil_done(vigil);
	/* But who attested it as if it weren't compacted said that nothing goes from there. */
	WINDOW(&proxy, .n = 10);
	w.r[12].gone = true;
	know(0, 2);
	ck_range(0, 10, 20);
	ck_run(0, 12, 12, "missing");
}
END_TEST

START_TEST(a_log_that_ends_before_what_was_judged)
{
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	begin(15);
	ck_assert_int_eq(step(0), 0);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, 10, 14, "records-gone");
	ck_assert_int_eq(got->from, got->to);
	vigil_done(vigil);
	ck_assert_int_eq(vigil_at(vigil), 10);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	/* Who only asked for what comes later waits. */
	begin_at((struct vigil_begin){{TOPIC_BOUND_OFFSET, 12}, false}, false);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	WINDOW(&proxy, .n = 5);
	know(0, 2);
	ck_assert_int_eq(step(WAIT_MS), 0);
	ck_assert_int_eq(got->from, 12);
	ck_assert_int_eq(got->to, 15);
}
END_TEST

START_TEST(it_begins_at_a_time)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 2);
	begin_at((struct vigil_begin){{TOPIC_BOUND_TIME, 5}, false}, false);
	lab.unknown = true;
	ck_assert_int_eq(step(0), ERR_NOTFOUND);
	lab.unknown = false;
	ck_range(0, 5, 10);
	begin_at((struct vigil_begin){{TOPIC_BOUND_TIME, 1000}, false}, false);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	ck_assert_int_eq(vigil_at(vigil), 10);
}
END_TEST

/* --- when it can't be read ---------------------------------------------------------------------------- */

START_TEST(what_fails_is_judged_the_next_time)
{
	WINDOW(&proxy, .n = 10);
	snprintf(w.r[4].value, sizeof(w.r[4].value), "changed");
	know(0, 1);
	begin(-1);
	lab.fail = ERR_TIMEOUT; /* looking */
	ck_assert_int_eq(step(0), ERR_TIMEOUT);
	ck_range(0, 0, 10);
	lab.fail = ERR_TIMEOUT; /* judging: everything was looked at */
	ck_assert_int_eq(step(0), ERR_TIMEOUT);
	ck_range(0, 0, 10);
	ck_assert_uint_eq(got->run_count, 1);
	ck_run(0, 4, 4, "altered");
	ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 9);
}
END_TEST

START_TEST(what_is_read_may_be_enough_for_now)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 2);
	begin(-1);
	lab.ticks[6] = ERR_LIMIT; /* of the seventh record */
	lab.ticks[9] = ERR_LIMIT; /* which says nothing of what was read before, and is read to be judged */
	ck_range(0, 0, 5);
	ck_assert_int_eq(lab.tick, 7 + 5);
	ck_assert(window(1)->with[WINDOW_COMPLETE]);
	ck_assert_int_eq(vigil_lag(vigil), 10);
	vigil_done(vigil);
	ck_range(0, 5, 10);
	ck_assert_int_eq(lab.tick, 7 + 5 + 3 + 5);
	/* Whoever has it no more ends it, wherever that is. */
	for (int at = 0; at < 20; at++) {
		begin(-1);
		memset(lab.ticks, 0, sizeof(lab.ticks));
		lab.tick = 0;
		lab.ticks[at] = ERR_CLOSED;
		ck_assert_int_eq(step(0), ERR_CLOSED);
		ck_range(0, 0, 10);
		ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 10);
	}
}
END_TEST

/* --- when it doesn't fit into memory ------------------------------------------------------------------- */

START_TEST(what_has_no_room_at_once_is_judged_in_halves)
{
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 3);
	begin(-1);
	lab.room = 2;
	ck_range(0, 0, 5);
	ck_assert(window(1)->with[WINDOW_COMPLETE] && !window(1)->part);
	ck_assert_int_eq(vigil_lag(vigil), 15);
	vigil_done(vigil);
	ck_range(0, 5, 15); /* and as much as before, when there is room for it */
	ck_assert_uint_eq(got->window_count, 2);
	ck_assert_uint_eq(got->run_count, 0);
	vigil_done(vigil);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
}
END_TEST

START_TEST(one_offset_that_has_no_room_is_said_once)
{
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	begin(-1);
	lab.room = -1;
	ck_assert_int_eq(step(0), ERR_LIMIT);
	ck_assert_int_eq(step(0), ERR_NOT_NOW);
	ck_assert_int_eq(step(WAIT_MS), ERR_NOT_NOW);
	ck_assert_int_eq(vigil_lag(vigil), 5);
	lab.room = 0;
	for (int64_t from = 0, to; from < 5; from = to) {
		ck_assert_int_eq(step(WAIT_MS), 0);
		ck_assert_int_eq(got->from, from);
		ck_assert_uint_eq(got->run_count, 0);
		to = got->to;
		vigil_done(vigil);
	}
}
END_TEST

START_TEST(more_to_tell_than_has_room_is_told_in_halves)
{
	size_t told = 0;

	WINDOW(&proxy, .n = 12);
	for (size_t i = 0; i < 12; i += 2)
		snprintf(w.r[i].value, sizeof(w.r[i].value), "changed");
	know(0, 1);
	lab.runs_max = 2;
	begin(-1);
	while (step(0) == 0) {
		ck_assert_uint_le(got->run_count, 2);
		for (size_t i = 0; i < got->run_count; i++, told++)
			ck_run(i, 2 * (int64_t)told, 2 * (int64_t)told, "altered");
		vigil_done(vigil);
	}
	ck_assert_uint_eq(told, 6);
	ck_assert_int_eq(vigil_at(vigil), 12);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("vigil");
	TCase *t = tcase_create("vigil");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_stated_is_told_once);
	tcase_add_test(t, windows_are_told_in_their_order);
	tcase_add_test(t, a_statement_may_come_late);
	tcase_add_test(t, what_is_never_stated_is_told_and_gone_by);
	tcase_add_test(t, violations_are_told_with_their_window);
	tcase_add_test(t, a_statement_before_that_is_not_found_is_no_gap);
	tcase_add_test(t, a_gap_behind_one_that_is_known);
	tcase_add_test(t, a_gap_of_a_window_that_was_cut_before_its_statement_came);
	tcase_add_loop_test(t, a_gap_of_a_window_in_which_it_begins, 0, 2);
	tcase_add_test(t, a_gap_of_a_window_in_parts);
	tcase_add_test(t, a_gap_of_a_window_that_ends_behind_the_log);
	tcase_add_test(t, a_window_without_manifest_is_read_as_a_whole);
	tcase_add_test(t, a_window_in_parts);
	tcase_add_test(t, records_of_other_partitions);
	tcase_add_test(t, retention_is_no_violation);
	tcase_add_test(t, retention_takes_all);
	tcase_add_test(t, compacted_topics_miss_nothing);
	tcase_add_test(t, a_log_that_ends_before_what_was_judged);
	tcase_add_test(t, it_begins_at_a_time);
	tcase_add_test(t, what_fails_is_judged_the_next_time);
	tcase_add_test(t, what_is_read_may_be_enough_for_now);
	tcase_add_test(t, what_has_no_room_at_once_is_judged_in_halves);
	tcase_add_test(t, one_offset_that_has_no_room_is_said_once);
	tcase_add_test(t, more_to_tell_than_has_room_is_told_in_halves);
	suite_add_tcase(s, t);
	return suite_run(s);
}
