/* Offsets that are spoken for: against a plain array of them, at its bounds, and as bytes. */
#include "attest/covered.h"

#include "tests/unit/failing.h"
#include "tests/unit/suite.h"

static struct covered c;

static void
setup(void)
{
	c = (struct covered){0};
}

static void
teardown(void)
{
	covered_clear(&c);
}

/* It is whole, and says this. */
static void
ck_runs(int64_t floor, const char *want)
{
	char got[256] = "";

	for (size_t i = 0; i < c.count; i++) {
		ck_assert_int_lt(c.run[i].first, c.run[i].end);
		ck_assert(i == 0 || c.run[i - 1].end < c.run[i].first);
		ck_assert_int_ge(c.run[i].first, c.floor);
		snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%lld-%lld", i == 0 ? "" : " ", (long long)c.run[i].first,
			 (long long)c.run[i].end);
	}
	ck_assert_int_eq(c.floor, floor);
	ck_assert_str_eq(got, want);
}

START_TEST(runs_grow_together)
{
	ck_assert_int_eq(covered_is(&c, 0, INT64_MAX), COVERED_NOT);
	covered_add(&c, 10, 5);
	covered_add(&c, 15, 5); /* behind it */
	ck_runs(0, "10-20");
	covered_add(&c, 30, 5);
	covered_add(&c, 25, 5); /* in front of it */
	ck_runs(0, "10-20 25-35");
	covered_add(&c, 0, 2);
	covered_add(&c, 12, 3); /* known */
	ck_runs(0, "0-2 10-20 25-35");
	covered_add(&c, 18, 4); /* over an end */
	ck_runs(0, "0-2 10-22 25-35");
	covered_add(&c, 22, 3); /* the gap */
	ck_runs(0, "0-2 10-35");
	covered_add(&c, 50, 1);
	covered_add(&c, 40, 1);
	ck_runs(0, "0-2 10-35 40-41 50-51");
	covered_add(&c, 5, 100);
	ck_runs(0, "0-2 5-105");
}
END_TEST

START_TEST(asked)
{
	covered_add(&c, 10, 5);
	covered_add(&c, 20, 5);
	ck_assert_int_eq(covered_is(&c, 0, 10), COVERED_NOT);
	ck_assert_int_eq(covered_is(&c, 15, 5), COVERED_NOT);
	ck_assert_int_eq(covered_is(&c, 25, 1), COVERED_NOT);
	ck_assert_int_eq(covered_is(&c, 9, 2), COVERED_SURELY);
	ck_assert_int_eq(covered_is(&c, 14, 1), COVERED_SURELY);
	ck_assert_int_eq(covered_is(&c, 14, 7), COVERED_SURELY);
	ck_assert_int_eq(covered_is(&c, 0, 100), COVERED_SURELY);
	ck_assert_int_eq(covered_until(&c, 0, 10), 0);
	ck_assert_int_eq(covered_until(&c, 15, 5), 0);
	ck_assert_int_eq(covered_until(&c, 25, INT64_MAX - 25), 0);
	ck_assert_int_eq(covered_until(&c, 9, 2), 15);
	ck_assert_int_eq(covered_until(&c, 14, 7), 15);
	ck_assert_int_eq(covered_until(&c, 15, 6), 25);
	ck_assert_int_eq(covered_until(&c, 0, INT64_MAX), 15);
	ck_assert_int_eq(covered_count(&c, 0, 10), 0);
	ck_assert_int_eq(covered_count(&c, 0, 11), 1);
	ck_assert_int_eq(covered_count(&c, 10, 5), 5);
	ck_assert_int_eq(covered_count(&c, 15, 5), 0);
	ck_assert_int_eq(covered_count(&c, 14, 7), 2);
	ck_assert_int_eq(covered_count(&c, 21, 2), 2);
	ck_assert_int_eq(covered_count(&c, 24, 100), 1);
	ck_assert_int_eq(covered_count(&c, 0, INT64_MAX), 10);
}
END_TEST

START_TEST(the_highest_offsets)
{
	covered_add(&c, INT64_MAX - 1, INT32_MAX);
	ck_assert_int_eq(covered_is(&c, INT64_MAX - 3, 2), COVERED_NOT);
	ck_assert_int_eq(covered_is(&c, INT64_MAX - 3, 3), COVERED_SURELY);
	ck_assert_int_eq(covered_is(&c, INT64_MAX - 1, INT64_MAX), COVERED_SURELY);
	covered_add(&c, INT64_MAX, 1); /* that record could not be named anyway */
	ck_assert_uint_eq(c.count, 1);
}
END_TEST

/* Too many: of the older half only the end is known, and that errs to one side. */
START_TEST(the_floor_rises)
{
	for (int64_t i = 0; i < COVERED_MAX; i++)
		covered_add(&c, 10 * i, 2);
	ck_assert_uint_eq(c.count, COVERED_MAX);
	ck_assert_int_eq(c.floor, 0);
	ck_assert_int_eq(covered_is(&c, 2, 8), COVERED_NOT);
	covered_add(&c, 10 * COVERED_MAX, 2);
	ck_assert_uint_eq(c.count, COVERED_MAX / 2 + 1);
	ck_assert_int_eq(c.floor, 10 * (COVERED_MAX / 2 - 1) + 2);
	ck_assert_int_eq(covered_is(&c, 2, 8), COVERED_PERHAPS);
	ck_assert_int_eq(covered_count(&c, 2, 8), 8);
	ck_assert_int_eq(covered_count(&c, c.floor - 3, 12), 3 + 1);
	ck_assert_int_eq(covered_is(&c, c.floor - 1, 1), COVERED_PERHAPS);
	ck_assert_int_eq(covered_is(&c, c.floor, 8), COVERED_NOT);
	ck_assert_int_eq(covered_is(&c, c.floor - 1, 10), COVERED_SURELY); /* the run behind it is known */
	/* What comes below it changes nothing; over it, what is above. */
	covered_add(&c, 5, 1);
	covered_add(&c, c.floor - 2, 4);
	ck_assert_int_eq(covered_is(&c, c.floor, 2), COVERED_SURELY);
	ck_assert_int_eq(covered_is(&c, c.floor + 2, 6), COVERED_NOT);
	for (int64_t i = 0; i < 5 * COVERED_MAX; i++)
		covered_add(&c, 100000 + 3 * i, 2);
	ck_assert_uint_le(c.count, COVERED_MAX);
	ck_assert_uint_le(c.cap, COVERED_MAX);
}
END_TEST

/* Each in the middle of them. */
START_TEST(the_floor_rises_over_what_is_added)
{
	for (int64_t i = 0; i < COVERED_MAX; i++)
		covered_add(&c, 10 * i, 2);
	covered_add(&c, 15, 1);
	ck_assert_uint_eq(c.count, COVERED_MAX / 2);
	ck_assert_int_eq(covered_is(&c, 15, 1), COVERED_PERHAPS);
}
END_TEST

START_TEST(no_memory)
{
	covered_add(&c, 10, 2);
	covered_add(&c, 20, 2);
	for (int64_t i = 0; c.count < c.cap; i++)
		covered_add(&c, 30 + 10 * i, 2);
	failing_begin(1, true);
	failing.armed = true;
	covered_add(&c, 1000, 3);
	failing.armed = false;
	ck_assert_int_eq(covered_is(&c, 1000, 3), COVERED_PERHAPS);
	ck_assert_int_eq(covered_is(&c, 15, 1), COVERED_PERHAPS);
	ck_assert_int_eq(covered_is(&c, 1003, 1), COVERED_NOT);
	covered_add(&c, 1003, 1);
	ck_runs(1003, "1003-1004");
}
END_TEST

/* Where the first that has one of them ends. */
static int64_t
plain_until(const bool *plain, int64_t first, int64_t count)
{
	int64_t i = first;

	if (first < c.floor)
		return c.floor;
	while (i < first + count && !plain[i])
		i++;
	if (i == first + count)
		return 0;
	while (plain[i])
		i++;
	return i;
}

/* Random ones, against an array that says it of each offset. */
START_TEST(against_a_plain_array)
{
	enum { OFFSETS = 20000 };
	static bool plain[OFFSETS + 40];
	unsigned seed = (unsigned)_i * 7919 + 17;

	memset(plain, 0, sizeof(plain));
	for (int step = 0; step < 8000; step++) {
		int64_t first, count;
		bool some = false;

		seed = seed * 1103515245 + 12345;
		first = (seed >> 8) % OFFSETS;
		seed = seed * 1103515245 + 12345;
		count = 1 + (seed >> 16) % 12;
		for (int64_t i = first; i < first + count; i++)
			some |= plain[i];
		if (step % 3 == 0) {
			if (first >= c.floor)
				ck_assert_int_eq(covered_is(&c, first, count), some ? COVERED_SURELY : COVERED_NOT);
			else
				ck_assert_int_ne(covered_is(&c, first, count), COVERED_NOT);
			ck_assert_int_eq(covered_until(&c, first, count), plain_until(plain, first, count));
			continue;
		}
		if (step % 7 != 0 && _i % 2 == 0)
			count = 1; /* many runs */
		covered_add(&c, first, count);
		memset(plain + first, true, (size_t)count);
	}
}
END_TEST

START_TEST(what_is_behind)
{
	struct covered v;

	covered_add(&c, 10, 5);
	covered_add(&c, 20, 5);
	v = covered_behind(&c, -1);
	ck_assert_uint_eq(v.count, 2);
	v = covered_behind(&c, 13); /* some of it */
	ck_assert_uint_eq(v.count, 2);
	v = covered_behind(&c, 14);
	ck_assert_uint_eq(v.count, 1);
	ck_assert_int_eq(v.run[0].first, 20);
	v = covered_behind(&c, 24);
	ck_assert_uint_eq(v.count, 0);
	c.floor = 8;
	v = covered_behind(&c, 6);
	ck_assert_int_eq(v.floor, 8);
	v = covered_behind(&c, 7);
	ck_assert_int_eq(v.floor, 0);
}
END_TEST

/* --- as bytes --------------------------------------------------------------------------- */

static int
read_back(struct slice bytes, struct covered *ret)
{
	struct rd r = rd_of(bytes);

	*ret = (struct covered){0};
	covered_read(&r, ret);
	ck_assert(rd_err(&r) != 0 || rd_left(&r) == 0);
	return rd_err(&r);
}

static struct wr
bytes_of(const struct covered *from)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	covered_write(from, &w);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

START_TEST(written_and_read)
{
	struct covered back;
	struct wr w = bytes_of(&c), again;

	ck_assert_uint_eq(w.len, 0);
	ck_assert_int_eq(read_back(wr_slice(&w), &back), 0);
	ck_assert(back.count == 0 && back.floor == 0);
	covered_add(&c, 10, 5);
	covered_add(&c, 20, 5);
	c.floor = 3;
	w = bytes_of(&c);
	ck_assert_uint_eq(w.len, 8 + 2 * 16);
	ck_assert_int_eq(read_back(wr_slice(&w), &back), 0);
	again = bytes_of(&back);
	ck_assert(slice_eq(wr_slice(&w), wr_slice(&again)));
	covered_add(&back, 12, 20); /* it goes on */
	ck_assert_uint_eq(back.count, 1);
	for (size_t n = 1; n < w.len; n++) {
		struct covered cut;
		bool whole = n == 8 || n == 24;

		ck_assert_int_eq(read_back(slice_of(w.buf, n), &cut), whole ? 0 : ERR_MALFORMED);
		covered_clear(&cut);
	}
	wr_free(&w);
	wr_free(&again);
	covered_clear(&back);
}
END_TEST

static int
read_numbers(const int64_t *n, size_t count)
{
	struct wr w = wr_new(SIZE_MAX / 2);
	struct covered back;
	int err;

	for (size_t i = 0; i < count; i++)
		wr_i64(&w, n[i]);
	err = read_back(wr_slice(&w), &back);
	wr_free(&w);
	covered_clear(&back);
	return err;
}

#define ck_refused(...) ck_assert_int_eq(read_numbers((const int64_t[]){__VA_ARGS__}, ARRAY_LEN(((const int64_t[]){__VA_ARGS__}))), ERR_MALFORMED)

START_TEST(nobody_wrote_that)
{
	static int64_t many[1 + 2 * (COVERED_MAX + 1)];

	ck_refused(0); /* empty is nothing */
	ck_refused(-1);
	ck_refused(5, 4, 6); /* below the floor */
	ck_refused(0, -1, 6);
	ck_refused(0, 6, 6);
	ck_refused(0, 6, 5);
	ck_refused(0, 1, 5, 5, 6); /* that is one */
	ck_refused(0, 7, 8, 1, 2);
	for (int64_t i = 0; i <= COVERED_MAX; i++) {
		many[1 + 2 * i] = 10 * i;
		many[2 + 2 * i] = 10 * i + 1;
	}
	ck_assert_int_eq(read_numbers(many, 1 + 2 * COVERED_MAX), 0);
	ck_assert_int_eq(read_numbers(many, ARRAY_LEN(many)), ERR_MALFORMED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("covered");
	TCase *t = tcase_create("covered");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, runs_grow_together);
	tcase_add_test(t, asked);
	tcase_add_test(t, the_highest_offsets);
	tcase_add_test(t, the_floor_rises);
	tcase_add_test(t, the_floor_rises_over_what_is_added);
	tcase_add_test(t, no_memory);
	tcase_add_loop_test(t, against_a_plain_array, 0, 20);
	tcase_add_test(t, what_is_behind);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, nobody_wrote_that);
	suite_add_tcase(s, t);
	return suite_run(s);
}
