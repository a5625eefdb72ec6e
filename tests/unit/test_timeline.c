/* ctl/ is no part of the archive that tests are linked with: the Makefile adds its objects to those of the page. */
#include "ctl/timeline.h"

#include "suite.h"

static struct timeline t;
static struct statement statements[2000];
static struct verdict_window windows[2000];

/* Windows of ten records each, one after the other. */
static void
setup(void)
{
	t = (struct timeline){.max = 8};
	for (size_t i = 0; i < ARRAY_LEN(windows); i++) {
		statements[i] = (struct statement){.window_id = i + 1,
						   .first_offset = (int64_t)i * 10,
						   .last_offset = (int64_t)i * 10 + 9,
						   .leaf_count = 10,
						   .opened_ms = (int64_t)i * 1000,
						   .closed_ms = (int64_t)i * 1000 + 900};
		windows[i] = (struct verdict_window){.statement = &statements[i], .trust = TRUST_SIGNED};
	}
}

static void
teardown(void)
{
	timeline_clear(&t);
}

static void
record(int64_t offset, enum verdict v, const struct verdict_window *w)
{
	const struct finding f = {.about_record = true, .verdict = v, .offset = offset, .why = "", .stated = w};

	ck_assert_int_eq(timeline_add(&t, &f), 0);
}

static void
told(const struct verdict_window *w, enum window_finding what, int64_t offset)
{
	const struct finding f = {.window = what, .offset = offset, .why = "", .stated = w};

	ck_assert_int_eq(timeline_add(&t, &f), 0);
}

static void
whole(size_t i)
{
	for (int64_t k = 0; k < 10; k++)
		record(statements[i].first_offset + k, VERDICT_VERIFIED, &windows[i]);
}

/* Who copies a record elsewhere makes its window no worse. */
START_TEST(a_copy_is_where_it_stands)
{
	whole(0);
	told(&windows[0], WINDOW_COMPLETE, -1);
	record(5000, VERDICT_MISPLACED, &windows[0]);
	ck_assert_uint_eq(t.count, 2);
	ck_assert_uint_eq(t.list[0].verdicts[VERDICT_VERIFIED], 10);
	ck_assert_uint_eq(t.list[0].verdicts[VERDICT_MISPLACED], 0);
	ck_assert_uint_eq(t.list[1].verdicts[VERDICT_MISPLACED], 1);
}
END_TEST

START_TEST(a_piece_for_each)
{
	for (size_t i = 0; i < 4; i++)
		whole(i);
	for (size_t i = 0; i < 4; i++)
		told(&windows[i], WINDOW_COMPLETE, -1);
	ck_assert_uint_eq(t.count, 4);
	for (size_t i = 0; i < 4; i++) {
		const struct piece *p = &t.list[i];

		ck_assert(p->stated);
		ck_assert_uint_eq(p->windows, 1);
		ck_assert_uint_eq(p->window_id, i + 1);
		ck_assert_int_eq(p->first, (int64_t)i * 10);
		ck_assert_int_eq(p->last, (int64_t)i * 10 + 9);
		ck_assert_uint_eq(p->verdicts[VERDICT_VERIFIED], 10);
		ck_assert_int_eq(timeline_mark(p), MARK_VERIFIED);
	}
}
END_TEST

/* However many there are, all of them are counted, and in their order. */
START_TEST(bounded)
{
	uint64_t records = 0, counted = 0;

	for (size_t i = 0; i < ARRAY_LEN(windows); i++)
		whole(i);
	record(7, VERDICT_ALTERED, &windows[0]);
	for (size_t i = 0; i < ARRAY_LEN(windows); i++)
		told(&windows[i], WINDOW_COMPLETE, -1);
	ck_assert_uint_le(t.count, 8);
	ck_assert_uint_ge(t.count, 4);
	for (size_t i = 0; i < t.count; i++) {
		records += t.list[i].verdicts[VERDICT_VERIFIED];
		counted += t.list[i].windows;
		ck_assert(i == 0 || t.list[i - 1].last < t.list[i].first);
	}
	ck_assert_uint_eq(records, 20000);
	ck_assert_uint_eq(counted, 2000);
	ck_assert_int_eq(timeline_mark(&t.list[0]), MARK_VIOLATION);
	ck_assert_int_eq(timeline_mark(&t.list[1]), MARK_VERIFIED);
	ck_assert_int_eq(t.list[t.count - 1].last, 19999);
	ck_assert_int_eq(t.list[t.count - 1].until_ms, 1999900);
	timeline_fit(&t, 1);
	ck_assert_uint_eq(t.count, 1);
	ck_assert_uint_eq(t.list[0].verdicts[VERDICT_VERIFIED], 20000);
}
END_TEST

/* Members of a window come in a row; a window is counted once, however many are gone. */
START_TEST(counted_once)
{
	whole(0);
	told(&windows[0], WINDOW_BREAK, -1);
	told(&windows[1], WINDOW_GAP, -1);
	told(&windows[0], WINDOW_RETENTION, 1);
	told(&windows[0], WINDOW_RETENTION, 2);
	told(&windows[0], WINDOW_COMPLETE, -1);
	told(&windows[1], WINDOW_MISSING, 11);
	ck_assert_uint_eq(t.count, 2);
	ck_assert_uint_eq(t.list[0].windows, 1);
	ck_assert_uint_eq(t.list[0].findings[WINDOW_RETENTION], 2);
	ck_assert_uint_eq(t.list[1].windows, 1);
	ck_assert_int_eq(timeline_mark(&t.list[0]), MARK_VIOLATION);
}
END_TEST

/* Two chains whose windows interleave; records that nobody states between. */
START_TEST(interleaved)
{
	statements[1].first_offset = 1;
	for (int i = 0; i < 5; i++) {
		record(i * 2, VERDICT_VERIFIED, &windows[0]);
		record(i * 2 + 1, VERDICT_VERIFIED, &windows[1]);
	}
	record(20, VERDICT_UNATTESTED, NULL);
	record(21, VERDICT_UNATTESTED, NULL);
	record(22, VERDICT_PENDING, NULL);
	record(30, VERDICT_UNATTESTED, NULL);
	ck_assert_uint_eq(t.count, 4);
	ck_assert_uint_eq(t.list[0].verdicts[VERDICT_VERIFIED], 5);
	ck_assert_uint_eq(t.list[1].verdicts[VERDICT_VERIFIED], 5);
	ck_assert(!t.list[2].stated);
	ck_assert_int_eq(t.list[2].first, 20);
	ck_assert_int_eq(t.list[2].last, 22);
	ck_assert_int_eq(timeline_mark(&t.list[2]), MARK_OPEN);
	ck_assert_int_eq(t.list[3].first, 30);
	/* A window that begins where a run of others does has its own piece. */
	record(20, VERDICT_VERIFIED, &windows[2]);
	ck_assert_uint_eq(t.count, 5);
	ck_assert(t.list[2].stated && !t.list[3].stated);
}
END_TEST

START_TEST(marks)
{
	struct piece p = {0};

	ck_assert_int_eq(timeline_mark(&p), MARK_NOTHING);
	p.verdicts[VERDICT_VERIFIED_CONTENT] = 1;
	ck_assert_int_eq(timeline_mark(&p), MARK_VERIFIED);
	p.verdicts[VERDICT_UNSIGNED] = 1;
	ck_assert_int_eq(timeline_mark(&p), MARK_UNSIGNED);
	p.findings[WINDOW_COMPACTED] = 1;
	ck_assert_int_eq(timeline_mark(&p), MARK_GONE);
	p.verdicts[VERDICT_PENDING] = 1;
	ck_assert_int_eq(timeline_mark(&p), MARK_OPEN);
	p.findings[WINDOW_GAP] = 1;
	ck_assert_int_eq(timeline_mark(&p), MARK_VIOLATION);
}
END_TEST

/* Findings that have no place; offsets at the end of the range. */
START_TEST(edges)
{
	told(NULL, WINDOW_TRUNCATED, -1);
	ck_assert_uint_eq(t.count, 0);
	for (int i = 0; i < 9; i++)
		record(INT64_MAX - 18 + i * 2, VERDICT_UNATTESTED, NULL);
	record(0, VERDICT_UNATTESTED, NULL);
	ck_assert_uint_le(t.count, 8);
	ck_assert_int_eq(t.list[0].first, 0);
	ck_assert_int_eq(t.list[t.count - 1].last, INT64_MAX - 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("timeline");
	TCase *c = tcase_create("timeline");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, a_piece_for_each);
	tcase_add_test(c, a_copy_is_where_it_stands);
	tcase_add_test(c, bounded);
	tcase_add_test(c, counted_once);
	tcase_add_test(c, interleaved);
	tcase_add_test(c, marks);
	tcase_add_test(c, edges);
	suite_add_tcase(s, c);
	return suite_run(s);
}
