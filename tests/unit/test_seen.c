/* Which keys stand where (attest/seen.h): against a log that is looked through each time. */
#include "attest/seen.h"

#include <stdlib.h>

#include "suite.h"

enum { LOG = 300, PARTITIONS = 3, CHAINS = 6 };

static struct seen *seen;
static unsigned seed;
static uint8_t stands[PARTITIONS][LOG]; /* a chain, or 0: another key, of no statement */
static int64_t read_of[PARTITIONS];

static void
setup(void)
{
	seed = (unsigned)1;
	memset(stands, 0, sizeof(stands));
	memset(read_of, 0, sizeof(read_of));
	seen = seen_new(SIZE_MAX);
	ck_assert_ptr_nonnull(seen);
}

static void
teardown(void)
{
	seen_free(seen);
	seen_free(NULL);
}

static int64_t
pick(int64_t of)
{
	seed = seed * 1103515245 + 12345;
	return (int64_t)(seed >> 8) % of;
}

static struct chain_id
chain_of(uint8_t n)
{
	struct chain_id id;

	memset(id.b, n, sizeof(id.b));
	return id;
}

/* The next part that is missing; it ends in its middle where it fails.  False: none is, or there is no room. */
static bool
read_next(int32_t partition, struct seen_range range, bool fails)
{
	struct seen_range gap;

	if (!seen_missing(seen, partition, range, &gap))
		return false;
	ck_assert_int_lt(gap.from, gap.to);
	ck_assert(gap.from >= range.from && gap.to <= range.to);
	for (int64_t at = gap.from; at < (fails ? (gap.from + gap.to) / 2 : gap.to); at++) {
		char key[CHAIN_KEY_MAX + 1] = "0123/x";
		struct chain_id id = chain_of(stands[partition][at]);
		size_t n = stands[partition][at] == 0 ? strlen(key) : chain_key(&id, 7, key);

		read_of[partition]++;
		if (!seen_add(seen, partition, slice_of(key, n), at)) {
			seen_read(seen, partition, gap, false);
			return false;
		}
	}
	seen_read(seen, partition, gap, !fails);
	return true;
}

/* Where they are, and no more; without room, all of it. */
static void
ck_where(int32_t partition, struct seen_range range, bool room)
{
	for (uint8_t n = 1; n < CHAINS; n++) {
		struct chain_id id = chain_of(n);
		struct seen_range got = seen_where(seen, partition, range, &id, 7);
		int64_t first = INT64_MAX, last = -1;

		for (int64_t at = range.from; at < range.to; at++) {
			if (stands[partition][at] != n)
				continue;
			first = first < at ? first : at;
			last = at;
		}
		if (!room && got.from == range.from && got.to == range.to)
			continue;
		ck_assert_int_eq(got.from < got.to, last >= 0);
		ck_assert(last < 0 || (got.from == first && got.to == last + 1));
		got = seen_where(seen, partition, range, &id, 8); /* another window of it */
		ck_assert_int_ge(got.from, got.to);
	}
}

/* Looks from any offset, at a log that grows, with readings that fail; with room, and without (_i). */
START_TEST(any_looks)
{
	bool room = _i % 2 == 0;

	seed = (unsigned)_i;
	seen_free(seen);
	seen = seen_new(room ? PARTITIONS * LOG : (size_t)pick(LOG));
	ck_assert_ptr_nonnull(seen);
	for (int64_t end = 1; end <= LOG; end++) {
		int32_t partition = (int32_t)pick(PARTITIONS);
		struct seen_range range = {pick(end), end};

		for (int32_t p = 0; p < PARTITIONS; p++)
			stands[p][end - 1] = (uint8_t)pick(CHAINS);
		while (read_next(partition, range, pick(3) == 0))
			;
		ck_where(partition, range, room);
	}
	for (int32_t p = 0; room && p < PARTITIONS; p++) { /* what is left is read once, and then nothing */
		int64_t before = read_of[p];

		while (read_next(p, (struct seen_range){0, LOG}, false))
			;
		ck_assert(!read_next(p, (struct seen_range){pick(LOG), LOG}, false));
		ck_where(p, (struct seen_range){0, LOG}, true);
		ck_assert_int_le(read_of[p] - before, LOG);
	}
}
END_TEST

START_TEST(nothing_is_read_twice)
{
	ck_assert(read_next(0, (struct seen_range){100, 200}, false));
	ck_assert(!read_next(0, (struct seen_range){100, 200}, false));
	ck_assert(!read_next(0, (struct seen_range){150, 200}, false));
	ck_assert_int_eq(read_of[0], 100);
	ck_assert(read_next(0, (struct seen_range){40, 250}, false)); /* in front, and behind */
	ck_assert(read_next(0, (struct seen_range){40, 250}, false));
	ck_assert(!read_next(0, (struct seen_range){40, 250}, false));
	ck_assert_int_eq(read_of[0], 210);
	ck_assert(!read_next(0, (struct seen_range){250, 250}, false));
	ck_assert(!read_next(0, (struct seen_range){INT64_MAX, 250}, false));
}
END_TEST

/* It was read from 100 to 200, and now ends before that, or begins behind it. */
START_TEST(it_begins_anew)
{
	stands[0][120] = 1;
	ck_assert(read_next(0, (struct seen_range){100, 200}, false));
	if (_i == 0) {
		stands[0][120] = 0;
		stands[0][130] = 1;
		ck_assert(read_next(0, (struct seen_range){100, 199}, false));
		ck_where(0, (struct seen_range){100, 199}, true);
		ck_assert_int_eq(read_of[0], 199);
	} else {
		ck_assert(read_next(0, (struct seen_range){220, 250}, false));
		ck_where(0, (struct seen_range){220, 250}, true);
		ck_assert_int_eq(read_of[0], 130);
		ck_assert(read_next(0, (struct seen_range){100, 250}, false));
		ck_where(0, (struct seen_range){100, 250}, true);
	}
}
END_TEST

START_TEST(forgotten)
{
	ck_assert(seen_is_empty(seen));
	ck_assert(read_next(0, (struct seen_range){0, LOG}, false));
	ck_assert(!seen_is_empty(seen));
	seen_forget(seen);
	ck_assert(seen_is_empty(seen));
	ck_assert(read_next(0, (struct seen_range){0, LOG}, false));
	ck_assert_int_eq(read_of[0], 2 * LOG);
}
END_TEST

/* Of what wasn't read to its end anything may be. */
START_TEST(not_known)
{
	struct chain_id id = chain_of(1);
	struct seen_range got;

	for (int i = 0; i < 3; i++) {
		int64_t from = i == 2 ? 99 : 100, to = i == 1 ? 201 : 200;

		got = seen_where(seen, 0, (struct seen_range){from, to}, &id, 7);
		ck_assert(got.from == from && got.to == to);
		ck_assert(i > 0 || read_next(0, (struct seen_range){100, 200}, true));
		got = seen_where(seen, 0, (struct seen_range){from, to}, &id, 7);
		ck_assert(got.from == from && got.to == to);
		ck_assert_int_eq(read_next(0, (struct seen_range){100, 200}, false), i == 0);
	}
}
END_TEST

/* Other keys take no room; a partition that has none left is known again once all is forgotten. */
START_TEST(room)
{
	seen_free(seen);
	seen = seen_new(10);
	for (int64_t at = 0; at < 10; at++)
		stands[0][20 * at] = 1;
	for (int i = 0; i < 5; i++)
		ck_assert(read_next(0, (struct seen_range){0, LOG}, true));
	ck_assert(read_next(0, (struct seen_range){0, LOG}, false));
	ck_where(0, (struct seen_range){0, LOG}, true);
	stands[1][50] = 2;
	ck_assert(!read_next(1, (struct seen_range){0, LOG}, false));
	ck_assert(!read_next(1, (struct seen_range){0, LOG}, false));
	ck_assert_int_eq(read_of[1], 51);
	ck_where(0, (struct seen_range){0, LOG}, true);
	seen_forget(seen);
	ck_assert(read_next(1, (struct seen_range){0, LOG}, false));
	ck_where(1, (struct seen_range){0, LOG}, true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("seen");
	TCase *t = tcase_create("partitions");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, any_looks, 0, 60);
	tcase_add_test(t, nothing_is_read_twice);
	tcase_add_loop_test(t, it_begins_anew, 0, 2);
	tcase_add_test(t, forgotten);
	tcase_add_test(t, not_known);
	tcase_add_test(t, room);
	suite_add_tcase(s, t);
	return suite_run(s);
}
