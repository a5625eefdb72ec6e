/* Batches looked for in a log: what is taken for one, and what only looks like it. */
#include "attest/found.h"

#include "makoto/reading.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/marked.h"
#include "tests/unit/suite.h"

enum { COUNT = 3 };

static struct rig *r;
static struct attempt a;
static struct doubt d;
static uint64_t windows[COUNT];
static struct found *f;
static int64_t taken; /* the place that begins there; -1: none */

static int64_t
is_taken(void *arg, const struct doubt *doubt, int64_t base_offset)
{
	ck_assert_ptr_eq(doubt, &d);
	return base_offset == *(int64_t *)arg ? base_offset + COUNT : 0;
}

static struct found_record
record(int64_t offset)
{
	static const char *const values[COUNT] = {"one", "two", "three"};

	return (struct found_record){.offset = offset, .timestamp = RIG_WALL, .key = slice_str("k"), .value = slice_str(values[offset % COUNT])};
}

/* A batch of three records whose leaves are those of what record() gives for offsets that are multiples of three. */
static void
begin(enum header_mode mode, int64_t from)
{
	r = rig_start();
	a = rig_place(r, rig_batch(COUNT), 1);
	for (int i = 0; i < COUNT; i++) {
		struct found_record x = record(i);
		struct leaf_input in = {.flags = 0};

		leaf_set_record(&in, x.key, x.value, true, x.timestamp);
		leaf_of(&in, a.members[i].leaf);
		windows[i] = 1;
	}
	a.placement->mode = mode;
	taken = -1;
	d = (struct doubt){.placement = a.placement, .members = a.members, .windows = windows, .from = from};
	f = found_new(&r->c->id, &d, 1, is_taken, &taken);
	ck_assert_ptr_nonnull(f);
}

static void
read_log(int64_t from, int64_t to)
{
	for (int64_t o = from; o < to; o++) {
		struct found_record x = record(o);

		ck_assert_int_eq(found_record(f, &x), 0);
	}
}

static void
end(void)
{
	found_free(f);
	chain_withdraw(r->c, &a);
	rig_stop(r);
}

START_TEST(without_headers)
{
	begin(HEADERS_NONE, 0);
	read_log(1, 3); /* its end alone */
	ck_assert(!d.found);
	read_log(3, 6);
	ck_assert(d.found);
	ck_assert_int_eq(d.base_offset, 3);
	ck_assert_int_eq(d.append_ms, -1);
	end();
}
END_TEST

/* The same records were sent before: they stand where ours can't. */
START_TEST(sent_before)
{
	begin(HEADERS_NONE, 4);
	read_log(0, 6);
	ck_assert(!d.found);
	read_log(6, 9);
	ck_assert(d.found);
	ck_assert_int_eq(d.base_offset, 6);
	end();
}
END_TEST

/* The first place is another copy's, the next one may be ours. */
START_TEST(a_place_that_is_taken)
{
	begin(HEADERS_NONE, 0);
	taken = 3;
	read_log(3, 6);
	ck_assert(!d.found);
	read_log(6, 9);
	ck_assert(d.found);
	ck_assert_int_eq(d.base_offset, 6);
	end();
}
END_TEST

/* Two look the same, and the log has one copy so far: it is the elder's, which is stored first if both are. */
START_TEST(two_that_look_the_same)
{
	struct doubt two[2];

	begin(HEADERS_NONE, 0);
	two[0] = two[1] = d;
	found_free(f);
	f = found_new(&r->c->id, two, 2, NULL, NULL);
	ck_assert_ptr_nonnull(f);
	read_log(0, 3);
	ck_assert(two[0].found && !two[1].found);
	read_log(3, 6);
	ck_assert(two[0].found && two[1].found);
	ck_assert_int_eq(two[0].base_offset, 0);
	ck_assert_int_eq(two[1].base_offset, 3);
	end();
}
END_TEST

/* It went out with headers: a copy without them went another way. */
START_TEST(a_bare_copy)
{
	begin(HEADERS_FULL, 0);
	read_log(0, 9);
	ck_assert(!d.found);
	end();
	begin(HEADERS_COMPACT, 0);
	read_log(0, 9);
	ck_assert(!d.found);
	end();
}
END_TEST

/* --- records that name windows ----------------------------------------------------- */

enum { OLD_WINDOW = 3, WINDOW = 7 };

static const struct chain_id other = {{2}};

/* One record of key "k" and value "v" that is looked for in the log. */
static void
seek_one(enum header_mode mode, const struct marked *m, size_t covered)
{
	r = rig_start();
	a = rig_place(r, rig_batch(1), 1);
	marked_leaf(m, covered, slice_str("k"), slice_str("v"), true, RIG_WALL, a.members[0].leaf);
	a.placement->mode = mode;
	windows[0] = WINDOW;
	d = (struct doubt){.placement = a.placement, .members = a.members, .windows = windows};
	f = found_new(&r->c->id, &d, 1, NULL, NULL);
	ck_assert_ptr_nonnull(f);
}

static void
read_one(int64_t offset, const struct marked *m)
{
	struct found_record x = {.offset = offset, .timestamp = RIG_WALL, .key = slice_str("k"), .value = slice_str("v")};

	x.headers = m->list;
	x.header_count = m->count;
	ck_assert_int_eq(found_record(f, &x), 0);
}

/* Some came back with the headers that an earlier window gave them, and got none of their own. */
START_TEST(copied_from_the_partition)
{
	struct marked m = {.count = 0};
	struct rig *x = rig_start();

	marked_plain(&m, "x");
	marked_triple(&m, &x->c->id, OLD_WINDOW, slice_str("v"));
	rig_stop(x);
	seek_one(HEADERS_NONE, &m, m.count);
	read_one(5, &m);
	ck_assert(d.found && d.named);
	ck_assert_int_eq(d.base_offset, 5);
	end();
	seek_one(HEADERS_FULL, &m, 1); /* with headers of its own it names its own window */
	read_one(5, &m);
	ck_assert(!d.found);
	end();
}
END_TEST

/* Proxies behind this one put their headers behind records without ours. */
START_TEST(behind_later_hops)
{
	struct marked m = {.count = 0};

	marked_plain(&m, "x");
	for (int i = 0; i < _i; i++)
		marked_triple(&m, &other, 1 + (uint64_t)i, slice_str("v"));
	seek_one(HEADERS_NONE, &m, 1);
	read_one(5, &m);
	ck_assert(d.found && !d.named);
	end();
}
END_TEST

/* Headers of every kind in every order: one without ours is found where a reader of its statement takes it for the member. */
static void
put_kinds(struct marked *m, int kinds)
{
	for (m->count = 0; kinds > 0; kinds /= 5) {
		if (kinds % 5 == 1)
			marked_plain(m, "x");
		else if (kinds % 5 == 2)
			marked_triple(m, &other, 1, slice_str("v"));
		else if (kinds % 5 > 2)
			marked_triple(m, &r->c->id, kinds % 5 == 3 ? OLD_WINDOW : WINDOW, slice_str("v"));
	}
}

START_TEST(as_readers_take_it)
{
	struct statement s = {.window_id = WINDOW};
	struct verdict_record x = {.offset = 5, .timestamp = RIG_WALL, .key = slice_str("k"), .value = slice_str("v")};
	size_t founds = 0;

	for (int kinds = 0; kinds < 5 * 5 * 5 * 5; kinds++) {
		struct marked m;
		size_t covered = 0;

		do {
			struct leaf_input in;
			bool is_there;

			r = rig_start();
			put_kinds(&m, kinds);
			s.chain = r->c->id;
			rig_stop(r);
			seek_one(HEADERS_NONE, &m, covered);
			read_one(5, &m);
			x.headers = m.list;
			x.header_count = m.count;
			/* A triple of the window itself is its own, which a member without headers hasn't. */
			is_there = reading_find(&x, &s, slice_str("makoto.dbom"), a.members[0].leaf, &in);
			for (int k = kinds; k > 0; k /= 5)
				is_there &= k % 5 != 4;
			ck_assert_msg(d.found == is_there, "headers %d, %zu covered", kinds, covered);
			founds += d.found;
			end();
		} while (covered++ < m.count);
	}
	ck_assert_uint_gt(founds, 300);
}
END_TEST

/* A copy without headers is there before what it was copied from is there to the end: that one names the place as its own. */
START_TEST(not_its_copy)
{
	struct marked m = {.count = 0};
	struct attempt b;
	struct doubt two[2];
	uint64_t later = WINDOW;

	r = rig_start();
	a = rig_place(r, rig_batch(2), 1);
	b = rig_place(r, rig_batch(1), 1);
	for (int i = 0; i < 2; i++) {
		marked_leaf(&m, 0, slice_str("k"), slice_str("v"), true, RIG_WALL, a.members[i].leaf);
		windows[i] = OLD_WINDOW;
	}
	marked_triple(&m, &r->c->id, OLD_WINDOW, slice_str("v"));
	marked_leaf(&m, m.count, slice_str("k"), slice_str("v"), true, RIG_WALL, b.members[0].leaf);
	a.placement->mode = HEADERS_FULL;
	b.placement->mode = HEADERS_NONE;
	two[0] = (struct doubt){.placement = a.placement, .members = a.members, .windows = windows};
	two[1] = (struct doubt){.placement = b.placement, .members = b.members, .windows = &later};
	f = found_new(&r->c->id, two, 2, NULL, NULL);
	ck_assert_ptr_nonnull(f);
	read_one(5, &m);
	ck_assert(!two[0].found && two[1].found);
	read_one(6, &m);
	ck_assert(two[0].found && !two[1].found);
	ck_assert_int_eq(two[0].base_offset, 5);
	read_one(7, &m);
	ck_assert(two[1].found);
	ck_assert_int_eq(two[1].base_offset, 7);
	chain_withdraw(r->c, &b);
	end();
}
END_TEST

/* An answer told the place of one that may be in another topic: who is just alike, and came first, leaves it. */
START_TEST(one_that_may_be_elsewhere)
{
	struct doubt two[2];

	begin(HEADERS_NONE, 0);
	two[0] = two[1] = d;
	two[1].elsewhere = true;
	two[1].from = 3;
	found_free(f);
	f = found_new(&r->c->id, two, 2, NULL, NULL);
	ck_assert_ptr_nonnull(f);
	read_log(3, 6);
	ck_assert(!two[0].found && two[1].found);
	read_log(6, 9);
	ck_assert(two[0].found && two[1].found);
	ck_assert_int_eq(two[0].base_offset, 6);
	ck_assert_int_eq(two[1].base_offset, 3);
	end();
}
END_TEST

/* The batch may be in another topic, and was told that it is at 3. */
static void
begin_elsewhere(enum header_mode mode)
{
	begin(mode, 3);
	found_free(f);
	d.elsewhere = true;
	f = found_new(&r->c->id, &d, 1, NULL, NULL);
	ck_assert_ptr_nonnull(f);
}

/* Another copy of what went out without headers shows nothing of it. */
START_TEST(a_copy_behind_the_place_that_was_told)
{
	begin_elsewhere(HEADERS_NONE);
	read_log(0, 3);
	read_log(6, 12);
	ck_assert(!d.found);
	end();
	begin_elsewhere(HEADERS_NONE);
	read_log(0, 12);
	ck_assert(d.found && doubt_is_there(&d));
	end();
}
END_TEST

static void
read_named(int64_t from, int64_t to)
{
	for (int64_t o = from; o < to; o++) {
		struct found_record x = record(o);
		struct marked m = {.count = 0};

		marked_triple(&m, &r->c->id, 1, x.value);
		x.headers = m.list;
		x.header_count = m.count;
		ck_assert_int_eq(found_record(f, &x), 0);
	}
}

/* Of what names its windows it is told that it is somewhere, and the place that was told is looked at all the same. */
START_TEST(in_two_places)
{
	begin_elsewhere(HEADERS_FULL);
	read_named(0, 3);
	ck_assert(d.found && !doubt_is_there(&d));
	ck_assert_int_eq(d.base_offset, 0);
	read_named(3, 6);
	ck_assert(doubt_is_there(&d));
	read_named(6, 9);
	ck_assert(doubt_is_there(&d));
	end();
	begin_elsewhere(HEADERS_FULL);
	read_named(6, 9);
	ck_assert(d.found && !doubt_is_there(&d));
	end();
}
END_TEST

/* All of its records are alike, as is the one before its place. */
START_TEST(alike_before_its_place)
{
	begin_elsewhere(HEADERS_FULL);
	memcpy(a.members[1].leaf, a.members[0].leaf, LEAF_LEN);
	memcpy(a.members[2].leaf, a.members[0].leaf, LEAF_LEN);
	found_free(f);
	f = found_new(&r->c->id, &d, 1, NULL, NULL);
	ck_assert_ptr_nonnull(f);
	for (int64_t o = 2; o < 6; o++) {
		struct found_record x = record(0);
		struct marked m = {.count = 0};

		marked_triple(&m, &r->c->id, 1, x.value);
		x.offset = o;
		x.headers = m.list;
		x.header_count = m.count;
		ck_assert_int_eq(found_record(f, &x), 0);
	}
	ck_assert(doubt_is_there(&d));
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("found");
	TCase *t = tcase_create("found");

	tcase_add_test(t, without_headers);
	tcase_add_test(t, sent_before);
	tcase_add_test(t, a_place_that_is_taken);
	tcase_add_test(t, two_that_look_the_same);
	tcase_add_test(t, a_bare_copy);
	tcase_add_test(t, copied_from_the_partition);
	tcase_add_loop_test(t, behind_later_hops, 0, FOUND_HOPS_MAX + 1);
	tcase_add_test(t, as_readers_take_it);
	tcase_add_test(t, not_its_copy);
	tcase_add_test(t, one_that_may_be_elsewhere);
	tcase_add_test(t, a_copy_behind_the_place_that_was_told);
	tcase_add_test(t, in_two_places);
	tcase_add_test(t, alike_before_its_place);
	suite_add_tcase(s, t);
	return suite_run(s);
}
