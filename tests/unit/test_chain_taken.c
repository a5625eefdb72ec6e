/* Places in the log that other batches of a chain have, and up to where. */
#include "attest/chain_taken.h"

#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

static struct rig *r;
static struct doubt d;

static void
setup(void)
{
	r = rig_start();
	rig_reads_back(r);
}

static void
teardown(void)
{
	rig_stop(r);
}

/* The log is about to be read for that one. */
static void
lose(struct attempt *a)
{
	int64_t from;

	chain_lost(r->c, r->set, a, r->now);
	rig_pass(r, 3000);
	ck_assert_uint_eq(chain_doubts(r->c, r->set, r->now, &d, 1, &from), 1);
	ck_assert(d.last);
}

static void
end(void)
{
	chain_doubts_end(r->c, r->set, r->now, &d, 1, true);
}

static int64_t
until(int64_t base_offset)
{
	int64_t end = chain_taken_until(r->c, &d, base_offset);

	ck_assert(chain_is_taken(r->c, &d, base_offset) == (end > 0) || d.named);
	return end;
}

/* Batches of one content that are settled, one beside another, and stated. */
START_TEST(up_to_where_they_end)
{
	bool bare = _i == 1;
	struct attempt a[3];

	for (int i = 0; i < 3; i++)
		a[i] = bare ? rig_send_bare(r, rig_batch(2), 1) : rig_send(r, rig_batch(2), 1);
	rig_stored(r, &a[1], 10);
	rig_stored(r, &a[2], 12);
	lose(&a[0]);
	ck_assert_int_eq(until(8), 0);
	ck_assert_int_eq(until(10), 12);
	ck_assert_int_eq(until(12), 14);
	ck_assert_int_eq(until(14), 0);
	end();
}
END_TEST

/* No window has it any more: what was told without headers is remembered. */
START_TEST(up_to_where_stated_ones_end)
{
	struct attempt a = rig_send_bare(r, rig_batch(10), 1), b = rig_send_bare(r, rig_batch(10), 1);

	rig_stored(r, &a, 20);
	ck_assert_uint_eq(rig_seal(r), 1);
	lose(&b);
	ck_assert_int_eq(until(10), 0);
	ck_assert_int_eq(until(11), 30);
	ck_assert_int_eq(until(29), 30);
	ck_assert_int_eq(until(30), 0);
	end();
}
END_TEST

/* Each of many that look the same is asked about, and the time for that grows with their number, and no faster. */
START_TEST(beside_many_that_are_alike)
{
	int n = 1000 << _i;
	struct attempt p = rig_send_bare(r, rig_batch(1), 1), a;
	int64_t at = 0;

	r->set->window_records = n;
	for (int i = 0; i < n; i++) {
		a = rig_send_bare(r, rig_batch(1), 1);
		rig_stored(r, &a, n - 1 - i);
	}
	lose(&p);
	while (at < n) {
		int64_t end = chain_taken_until(r->c, &d, at);

		ck_assert_int_eq(end, at + 1);
		at = end;
	}
	ck_assert_int_eq(chain_taken_until(r->c, &d, n), 0);
	ck_assert_uint_le(r->c->taken->steps, 4 * (uint64_t)n);
	end();
	ck_assert_ptr_null(r->c->taken);
}
END_TEST

static bool
note_first_end(const struct placement *p, void *arg)
{
	int64_t *first = arg, end = p->base_offset + p->count;

	*first = *first == 0 || end < *first ? end : *first;
	return true;
}

/* As it is said of all windows, one by one. */
static int64_t
until_by_windows(int64_t base)
{
	struct taken *t = r->c->taken;
	int64_t first = covered_until(&r->c->covered, base, d.placement->count);
	bool is;

	r->c->taken = NULL;
	is = chain_is_taken(r->c, &d, base);
	chain_taken_each(r->c, d.placement, base, note_first_end, &first);
	r->c->taken = t;
	return !is ? 0 : first > 0 ? first : base + 1; /* by nobody, but below what was acknowledged when it was placed */
}

/* Of one length or another, some lost, some stated since the reading began: the answers are the windows' own. */
START_TEST(as_the_windows_say)
{
	struct attempt p = {0}, a;
	struct turns *looks = r->shared.looks;
	uint64_t seed = (uint64_t)_i + 1;
	int64_t at = 0;

	r->set->window_records = 50;
	r->shared.looks = NULL; /* who was told last is believed */
	for (int i = 0; i < 200; i++) {
		int32_t count;

		if (i == 100)
			p = rig_send_bare(r, rig_batch(4), 1);
		seed = seed * 6364136223846793005u + 1442695040888963407u;
		count = 1 + (int32_t)(seed >> 60);
		a = seed >> 40 & 1 ? rig_send_bare(r, rig_batch(count), 1) : rig_send(r, rig_batch(count), 1);
		at += seed >> 44 & 3;
		rig_stored(r, &a, seed >> 50 & 7 ? at : at > 5 ? at - 5 : 0);
		at += count;
	}
	r->shared.looks = looks;
	lose(&p);
	for (int round = 0; round < 2; round++) {
		for (int64_t base = 0; base < at + 5; base++) {
			int64_t is = chain_taken_until(r->c, &d, base);

			ck_assert_ptr_nonnull(r->c->taken);
			ck_assert_int_eq(is, until_by_windows(base));
		}
		ck_assert(rig_seal(r) > 0 || round > 0); /* what was stated since has left its windows */
	}
	end();
}
END_TEST

/*
 * Stored, told, and read by a client that sends it back with its headers, all while the first answer was on its way.
 * What stands there isn't the copy, though a copy's leaf would be the same.
 */
START_TEST(what_it_was_copied_from)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send_bare(r, rig_batch(2), 2);

	rig_stored(r, &a, 10);
	lose(&b);
	ck_assert_int_eq(until(10), 0); /* records without such headers: the first one is lost, and this is in its place */
	d.named = true;
	ck_assert_int_eq(until(9), 12);
	ck_assert_int_eq(until(11), 12);
	ck_assert_int_eq(until(12), 0);
	d.elsewhere = true;
	ck_assert_int_eq(until(10), 0); /* its own, as an answer told */
	d.elsewhere = false;
	end();
}
END_TEST

/* … and told only when the log had been read. */
START_TEST(told_meanwhile)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send_bare(r, rig_batch(2), 2);

	lose(&b);
	d.named = d.found = true;
	d.base_offset = 10;
	d.append_ms = -1;
	chain_taken_meanwhile(r->c, &d, 1);
	ck_assert(d.found && d.last);
	rig_stored(r, &a, 10);
	chain_taken_meanwhile(r->c, &d, 1);
	ck_assert(!d.found);
	end();
	ck_assert_uint_eq(rig_seal(r), 0); /* it isn't given up yet */
	rig_pass(r, 3000);
	rig_look(r, 12, -1);
	ck_assert_uint_eq(rig_seal(r), 1);
	ck_runs(&rig_last(r)->ranges, {10, 4});
	ck_assert_uint_eq(rig_last(r)->unresolved, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("chain_taken");
	TCase *t = tcase_create("chain_taken");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, up_to_where_they_end, 0, 2);
	tcase_add_test(t, up_to_where_stated_ones_end);
	tcase_add_loop_test(t, beside_many_that_are_alike, 0, 3);
	tcase_add_loop_test(t, as_the_windows_say, 0, 20);
	tcase_add_test(t, what_it_was_copied_from);
	tcase_add_test(t, told_meanwhile);
	suite_add_tcase(s, t);
	return suite_run(s);
}
