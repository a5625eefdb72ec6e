/* Batches looked for in a log: what is taken for one, and what only looks like it. */
#include "attest/found.h"

#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

enum { COUNT = 3 };

static struct rig *r;
static struct attempt a;
static struct doubt d;
static uint64_t windows[COUNT];
static struct found *f;
static int64_t taken; /* the place that begins there; -1: none */

static bool
is_taken(void *arg, const struct doubt *doubt, int64_t base_offset)
{
	ck_assert_ptr_eq(doubt, &d);
	return base_offset == *(int64_t *)arg;
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
	suite_add_tcase(s, t);
	return suite_run(s);
}
