/* Which offsets of a partition of the statement topics are known to have been read, for whom. */
#include <check.h>

#include "verify/ledger_internal.h"
#include "suite.h"

static struct spart sp;
static struct ledger l;

static void
setup(void)
{
	memset(&sp, 0, sizeof(sp));
	memset(&l, 0, sizeof(l));
}

static int64_t
walk(int64_t x, uint64_t gen)
{
	bool done;
	int64_t to = ledger_spans_walk(&l, &sp, x, gen, INT64_MAX, &done);

	ck_assert(!done);
	return to;
}

static bool
is_done(int64_t x, uint64_t gen, int64_t limit_ms)
{
	bool done;

	(void)ledger_spans_walk(&l, &sp, x, gen, limit_ms, &done);
	return done;
}

static void
read_on(int64_t from, int64_t to, uint64_t gen)
{
	for (int64_t i = from; i < to; i++)
		ledger_spans_read(&sp, i, i + 1, gen, INT64_MIN);
}

/* What is being read is not given up, wherever it is, in place of what others read. */
START_TEST(what_is_read_stays)
{
	for (int64_t i = 1; i <= 4 * SPANS_MAX; i++) {
		read_on(i * 100, i * 100 + 10, (uint64_t)(_i == 0 ? 1 : i));
		ck_assert_int_eq(walk(i * 100, 1), i * 100 + 10);
	}
	read_on(0, 50, 1 + 4 * SPANS_MAX);
	ck_assert_int_eq(walk(0, 1 + 4 * SPANS_MAX), 50);
	/* Nor when each of them begins anew. */
	read_on(250, 290, 2 + 4 * SPANS_MAX);
	read_on(50, 60, 1 + 4 * SPANS_MAX);
	ck_assert_int_eq(walk(0, 1), 60);
	ck_assert_uint_le(sp.span_count, SPANS_MAX);
}
END_TEST

/* The same place is read for one generation after the other: what was read before takes no room beside it. */
START_TEST(read_again)
{
	for (uint64_t gen = 1; gen < 10 * SPANS_MAX; gen++) {
		read_on(0, 40, gen);
		ck_assert_int_eq(walk(0, gen), 40);
		ck_assert_int_eq(walk(0, gen + 1), 0);
		ck_assert_uint_eq(sp.span_count, 1);
	}
	/* Of one that was read farther the rest stays. */
	read_on(40, 100, 10 * SPANS_MAX);
	read_on(0, 60, 11 * SPANS_MAX);
	ck_assert_int_eq(walk(0, 11 * SPANS_MAX), 60);
	ck_assert_int_eq(walk(0, 10 * SPANS_MAX), 100);
	/* And of one that begins before. */
	read_on(90, 120, 12 * SPANS_MAX);
	ck_assert_int_eq(walk(0, 11 * SPANS_MAX), 60);
	ck_assert_int_eq(walk(0, 10 * SPANS_MAX), 120);
	ck_assert_int_eq(walk(90, 12 * SPANS_MAX), 120);
	ck_assert_int_eq(walk(89, 12 * SPANS_MAX), 89);
	/* In the middle of an older one: both its ends stay. */
	read_on(130, 160, 1);
	read_on(140, 150, 2);
	ck_assert_int_eq(walk(130, 1), 160);
	ck_assert_int_eq(walk(140, 2), 150);
}
END_TEST

/* Where younger statements begin is known on of what was read before. */
START_TEST(where_it_ends)
{
	ledger_spans_read(&sp, 0, 10, 1, 500);
	ck_assert(is_done(0, 1, 499) && !is_done(0, 1, 500) && !is_done(0, 2, 0));
	read_on(0, 5, 2);
	ck_assert(is_done(0, 1, 499) && !is_done(0, 2, 0));
	read_on(5, 20, 2);
	ck_assert(is_done(0, 1, 499) && !is_done(0, 1, 500) && is_done(0, 2, 499));
}
END_TEST

/* Nothing is said to have been read that wasn't, in whatever order; and what was read last is known. */
START_TEST(only_what_was_read)
{
	enum { OFFSETS = 400, STEPS = 500 };
	static uint64_t gens[OFFSETS]; /* the last generation that each was read in */
	uint64_t x = (uint64_t)_i + 1;
	int wrong = 0;

	memset(gens, 0, sizeof(gens));
	for (uint64_t step = 1; step <= STEPS; step++) {
		int64_t from, n;

		x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		from = (int64_t)((x >> 33) % (OFFSETS - 20));
		n = (int64_t)((x >> 20) % 20) + 1;
		read_on(from, from + n, step / 4 + 1);
		for (int64_t i = from; i < from + n; i++)
			gens[i] = step / 4 + 1;
		ck_assert_int_ge(walk(from, step / 4 + 1), from + n);
		for (int64_t i = 0; i < OFFSETS; i += 7)
			for (uint64_t gen = 1; gen <= step / 4 + 1; gen += 1 + step / 8)
				for (int64_t k = i, to = walk(i, gen); k < to; k++)
					wrong += gens[k] < gen;
		ck_assert_int_eq(wrong, 0);
		ck_assert_uint_le(sp.span_count, SPANS_MAX);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger_spans");
	TCase *t = tcase_create("ledger_spans");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_loop_test(t, what_is_read_stays, 0, 2);
	tcase_add_test(t, read_again);
	tcase_add_test(t, where_it_ends);
	tcase_add_loop_test(t, only_what_was_read, 0, 10);
	suite_add_tcase(s, t);
	return suite_run(s);
}
