/* What the ledger says of how windows hang on their chains: what is forked, broken and missing, and where that can't be known. */
#include "ledgers.h"
#include "suite.h"
#include "verify/ledger_internal.h"

enum { EACH = 10 };

static struct ledger *l;
static struct lab_chain c;

static void
begin(void)
{
	l = lab_begin(lab_trusts, 0);
}

static void
end(void)
{
	lab_end(l);
	l = NULL;
}

/* Of offsets from … to-1 of t, of which some have no record. */
static struct ledger_answer
whole(int64_t from, int64_t to, int64_t ms, bool holes)
{
	struct ledger_want w = lab_want("t", 0, from, to, ms);

	w.holes = holes;
	return lab_whole(l, &w);
}

static size_t
index_bytes(void)
{
	struct ledger_stats s;

	ledger_stats(l, &s);
	return s.index_bytes;
}

static uint64_t
followed(void)
{
	struct ledger_stats s;

	ledger_stats(l, &s);
	return s.followed;
}

static void
state(int n)
{
	for (int i = 0; i < n; i++, c.now_ms += 1000)
		lab_state(&c, EACH, true);
}

/* A window that is made, of records that are not there, and whose statement isn't. */
static void
withhold(void)
{
	c.withheld = true;
	state(1);
	c.withheld = false;
}

static struct ledger_link
link_of(const struct ledger_answer *a, const struct lab_chain *of, uint64_t window_id)
{
	for (size_t i = 0; i < a->count; i++)
		if (a->windows[i]->w.statement->window_id == window_id &&
		    chain_id_eq(&a->windows[i]->w.statement->chain, &of->id))
			return a->links[i];
	ck_abort_msg("window %u isn't there", (unsigned)window_id);
}

/* What is said of that window of c, asked for all offsets from `from` on. */
static struct ledger_link
asked(int64_t from, uint64_t window_id, bool holes)
{
	struct ledger_answer a = whole(from, c.next_offset, LAB_TIME, holes);
	struct ledger_link k = link_of(&a, &c, window_id);

	ledger_release(l, &a);
	return k;
}

static void
open_chain(void)
{
	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
}

START_TEST(nothing_is_missing)
{
	struct ledger_answer a;

	open_chain();
	state(2);
	c.empty_before = 3; /* windows without an acknowledged member are stated by the next */
	state(2);
	begin();
	a = whole(0, c.next_offset + EACH, LAB_TIME, true);
	ck_assert_uint_eq(a.count, 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert(!a.links[i].has_gap && !a.links[i].is_broken && !a.links[i].is_fork);
	ledger_release(l, &a);
	end();
}
END_TEST

START_TEST(a_statement_is_missing)
{
	struct ledger_link k;

	open_chain();
	state(3);
	withhold();
	state(3);
	begin();
	k = asked(0, 5, true);
	ck_assert(k.has_gap);
	ck_assert_int_eq(k.gap_from, 2 * EACH);
	ck_assert(!k.is_broken && !k.is_fork);
	/* Who reads on behind the last one that is there. */
	ck_assert(asked(3 * EACH, 5, true).has_gap);
	ck_assert(asked(4 * EACH + 3, 5, true).has_gap);
	/* The next one hangs on that. */
	ck_assert(!asked(0, 6, true).has_gap);
	/* It isn't looked for where every offset has a record. */
	ck_assert(!asked(0, 5, false).has_gap);
	end();
}
END_TEST

/* It is only late: whoever asks again is told so. */
START_TEST(late)
{
	struct ledger_answer a;

	open_chain();
	state(3);
	withhold();
	state(3);
	lab_chain_open(&c, "t", 0, 1);
	begin();
	a = whole(0, 7 * EACH, LAB_TIME, true);
	ck_assert(link_of(&a, &c, 5).has_gap);
	ledger_release(l, &a);
	/* Made as it was. */
	c.withheld = true;
	state(3);
	c.withheld = false;
	state(1);
	c.withheld = true;
	state(3);
	for (bool there = false; !there;) {
		int heard = lab_heard();
		struct ledger_want w = {.topic = slice_str("t"), .topic_id = slice_str(LAB_TOPIC_ID), .to = c.next_offset,
					.min_ms = LAB_TIME, .max_ms = LAB_TIME, .holes = true};

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		there = a.count == 7 && a.whole;
		if (there)
			ck_assert(!link_of(&a, &c, 5).has_gap);
		ledger_release(l, &a);
		if (!there)
			lab_wait(heard + 1);
	}
	end();
}
END_TEST

/* What retention took of the statement topic: all that is older than what is before the missing one, that too, the next one too, … */
START_TEST(retention)
{
	open_chain();
	state(3);
	withhold();
	state(3);
	lab.low[0] = _i + 2; /* window 3 is at 2, 5 at 3 */
	begin();
	ck_assert(!asked(5 * EACH, 6, true).has_gap);
	if (_i < 2)
		ck_assert(!asked(0, 5, true).has_gap);
	end();
}
END_TEST

static int64_t
low_heard(void)
{
	int64_t low;

	(void)pthread_mutex_lock(&l->lock);
	low = l->stopics[0].list[0]->low;
	(void)pthread_mutex_unlock(&l->lock);
	return low;
}

/* … and while somebody reads it. */
START_TEST(retention_meanwhile)
{
	struct ledger_answer a;

	open_chain();
	state(3);
	withhold();
	state(3);
	begin();
	a = whole(0, 3 * EACH, LAB_TIME, false);
	ledger_release(l, &a);
	(void)pthread_mutex_lock(&lab.lock);
	lab.low[0] = 3;
	(void)pthread_mutex_unlock(&lab.lock);
	while (low_heard() < 3)
		follower_wake(l->finder);
	ck_assert(!asked(0, 5, true).has_gap);
	end();
}
END_TEST

/* The chain's first statements are not there: that can be retention of what it was mirrored from, too. */
START_TEST(the_start_is_missing)
{
	open_chain();
	withhold();
	state(3);
	begin();
	ck_assert(!asked(0, 2, true).has_gap);
	end();
}
END_TEST

/*
 * c's first window, many of another chain, its second (or that before those), many again, and its third behind offsets without
 * a record.  There are more between than are read ahead of who asks.
 */
enum { BETWEEN = 1500, BETWEEN_MS = 60000, ROOM = 8 << 20 };

static struct lab_chain
far_apart_chains(bool withheld, bool both_first)
{
	struct lab_chain other;

	open_chain();
	lab_chain_open(&other, "t", 0, 2);
	state(both_first ? 2 : 1);
	for (int half = 0; half < 2; half++) {
		other.next_offset = c.next_offset;
		other.now_ms = c.now_ms;
		for (int i = 0; i < BETWEEN; i++, other.now_ms += BETWEEN_MS)
			lab_state(&other, EACH, true);
		c.next_offset = other.next_offset + (half == 1 ? EACH : 0);
		c.now_ms = other.now_ms;
		c.withheld = withheld && half == 0;
		if (!both_first || half == 1)
			state(1);
	}
	return other;
}

/* The one before is known, what it takes to know that nothing stands between isn't: that is read first. */
START_TEST(far_apart)
{
	struct lab_chain other = far_apart_chains(_i == 1, false);
	struct ledger_answer a;

	l = lab_begin(lab_trusts, ROOM);
	a = whole(0, EACH, LAB_TIME, false);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	a = whole(c.next_offset - 5 * EACH, c.next_offset - 4 * EACH, c.now_ms - 3 * BETWEEN_MS, false);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	a = whole(c.next_offset - 3 * EACH, c.next_offset, c.now_ms, true);
	ck_assert(link_of(&a, &c, 3).has_gap == (_i == 1));
	ck_assert_int_eq(link_of(&a, &c, 3).gap_from, 0);
	ck_assert(!link_of(&a, &other, (uint64_t)2 * BETWEEN).has_gap);
	ledger_release(l, &a);
	end();
}
END_TEST

/*
 * What was published again stands elsewhere than it did, and anybody may do that: the tail meets the copies first, of the window
 * before and the one behind, and the one between stands where it always did.
 */
START_TEST(published_again)
{
	struct lab_chain other = far_apart_chains(false, true);
	int64_t third = lab.count[0] - 1;
	struct ledger_answer a;

	l = lab_begin(lab_trusts, ROOM);
	a = whole((int64_t)(BETWEEN + 2) * EACH, (int64_t)(BETWEEN + 3) * EACH, LAB_TIME + 2000 + (int64_t)BETWEEN * BETWEEN_MS, false);
	ck_assert_uint_eq(a.count, 1);
	ck_assert(chain_id_eq(&a.windows[0]->w.statement->chain, &other.id));
	ledger_release(l, &a);
	lab_again(0, 0, true);
	lab_again(0, third, true);
	while (followed() < 2)
		follower_wake(l->tail);
	a = whole(c.next_offset - 3 * EACH, c.next_offset, c.now_ms, true);
	ck_assert(!link_of(&a, &c, 3).has_gap);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Of the one before alone, which has its manifest nowhere, and the one between isn't there: a copy that is met first doesn't hide that. */
START_TEST(published_again_behind_a_gap)
{
	struct ledger_answer a;

	(void)far_apart_chains(true, false);
	wr_free(&lab.log[0][0].manifest);
	l = lab_begin(lab_trusts, ROOM);
	a = whole((int64_t)(BETWEEN + 2) * EACH, (int64_t)(BETWEEN + 3) * EACH, LAB_TIME + 2000 + (int64_t)BETWEEN * BETWEEN_MS, false);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	lab_again(0, 0, false);
	while (followed() < 1)
		follower_wake(l->tail);
	(void)pthread_mutex_lock(&lab.lock);
	lab.log[0][0].gone = _i == 1; /* where it stood nobody knows then */
	(void)pthread_mutex_unlock(&lab.lock);
	a = whole(c.next_offset - 3 * EACH, c.next_offset, c.now_ms, true);
	ck_assert(link_of(&a, &c, 3).has_gap == (_i == 0));
	ledger_release(l, &a);
	end();
}
END_TEST

/*
 * Every second one of a slow topic, more of them than times are remembered: what was read tells what is missing, whenever it was
 * opened.  Where the statement topic begins later, by then, too: first with what is old, then with what is all published late.
 */
enum { SECONDS = TIMES_MAX + 6, APART_MS = 20000 };

static void
state_every_second(int64_t published_ms)
{
	open_chain();
	for (int i = 0; i < SECONDS; i++) {
		state(1);
		if (published_ms != 0)
			lab.log[0][lab.count[0] - 1].timestamp = published_ms;
		c.now_ms += APART_MS;
		withhold();
		c.now_ms += APART_MS;
	}
	state(1);
}

START_TEST(many_are_missing)
{
	int64_t from = _i == 0 ? 0 : 2 * 4 * EACH;
	struct ledger_answer a;

	state_every_second(_i == 2 ? LAB_TIME + (int64_t)SECONDS * 3 * APART_MS : 0);
	lab.low[0] = _i == 0 ? 0 : 3;
	begin();
	a = whole(from, c.next_offset, LAB_TIME + (_i == 0 ? 0 : 4 * 2 * APART_MS), true);
	for (uint64_t id = (uint64_t)from / EACH + 3; id <= 2 * SECONDS + 1; id += 2)
		ck_assert(link_of(&a, &c, id).has_gap == (_i < 2));
	ledger_release(l, &a);
	(void)pthread_mutex_lock(&lab.lock);
	ck_assert_int_lt(lab.time_questions, _i < 2 ? 8 : 2 * SECONDS);
	(void)pthread_mutex_unlock(&lab.lock);
	end();
}
END_TEST

/* In the first of a new instance nothing is followed that this chain has. */
START_TEST(another_instance)
{
	struct lab_chain next;
	struct ledger_answer a;

	open_chain();
	state(2);
	withhold();
	lab_chain_open(&next, "t", 0, 2);
	next.next_offset = c.next_offset;
	next.now_ms = c.now_ms;
	lab_state(&next, EACH, true);
	begin();
	a = whole(0, next.next_offset, LAB_TIME, true);
	ck_assert(!link_of(&a, &next, 1).has_gap && !link_of(&a, &next, 1).is_broken);
	ledger_release(l, &a);
	end();
}
END_TEST

/* The later part of a chain stands in another partition: between the two nothing has to be. */
START_TEST(moved)
{
	lab_open(2);
	lab_chain_open(&c, "t", 0, 1);
	state(2);
	withhold();
	c.at = 1 - c.at;
	state(2);
	begin();
	ck_assert(!asked(0, 4, true).has_gap);
	ck_assert(!asked(0, 4, true).is_broken);
	end();
}
END_TEST

/* It is there, by a key that is known and doesn't count: it wasn't taken away.  What anybody can write changes nothing. */
START_TEST(by_others)
{
	open_chain();
	state(2);
	c.barred = _i == 0;
	c.untrusted = _i == 1;
	state(1);
	c.barred = c.untrusted = false;
	state(2);
	begin();
	ck_assert(asked(0, 4, true).has_gap == (_i == 1));
	end();
}
END_TEST

START_TEST(taken_by_compaction)
{
	open_chain();
	state(4);
	lab.log[0][2].gone = true;
	begin();
	ck_assert(asked(0, 4, true).has_gap);
	end();
}
END_TEST

/* A copy of the statements, the one before once more behind what follows it. */
START_TEST(copies)
{
	open_chain();
	state(4);
	for (int64_t i = 0; i < 4; i++)
		lab_again(0, i, true);
	lab.log[0][_i].gone = true; /* its copy is there */
	begin();
	for (uint64_t id = 1; id <= 4; id++) {
		struct ledger_link k = asked(0, id, true);

		ck_assert(!k.has_gap && !k.is_broken && !k.is_fork);
	}
	end();
}
END_TEST

/* More than there is room for: what was given up isn't missing. */
START_TEST(no_room)
{
	enum { WINDOWS = 6000, MISSING = 4500, AT_ONCE = 20 };
	bool told = false;

	open_chain();
	for (int i = 0; i < WINDOWS; i++, c.now_ms += 10) {
		c.withheld = i + 1 == MISSING;
		lab_state(&c, EACH, false);
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int64_t i = 0; i + AT_ONCE <= WINDOWS; i += 500) {
		struct ledger_answer a = whole(i * EACH, (i + AT_ONCE) * EACH, LAB_TIME + i * 10, true);

		for (size_t k = 0; k < a.count; k++) {
			bool behind = a.windows[k]->w.statement->window_id == MISSING + 1;

			ck_assert(!a.links[k].is_fork && !a.links[k].is_broken);
			ck_assert(!a.links[k].has_gap || behind);
			told = told || a.links[k].has_gap;
		}
		ledger_release(l, &a);
		ck_assert_uint_le(index_bytes(), LEDGER_MEMORY_MIN / 4);
	}
	ck_assert(told);
	end();
}
END_TEST

START_TEST(forks)
{
	struct lab_chain before;
	struct ledger_answer a;

	open_chain();
	state(1);
	before = c;
	state(2);
	if (_i == 0)
		lab_again(0, 1, false); /* the same bytes */
	before.now_ms += 77;
	before.untrusted = _i == 2;
	if (_i > 0)
		lab_state(&before, EACH, true);
	begin();
	/* Those that list nothing of what is asked for tell it, too. */
	a = whole(0, 3 * EACH + 1, c.now_ms, true);
	for (size_t i = 0; i < a.count; i++)
		ck_assert(a.links[i].is_fork == (_i == 1 && a.windows[i]->w.statement->window_id == 2));
	ck_assert_uint_eq(a.count, _i == 1 ? 4 : 3);
	ledger_release(l, &a);
	end();
}
END_TEST

/* What follows one of two goes with that one. */
START_TEST(broken)
{
	struct lab_chain before;

	open_chain();
	state(1);
	before = c;
	if (_i == 0)
		c.withheld = true;
	state(1);
	c.withheld = false;
	before.now_ms += 77;
	lab_state(&before, EACH, true);
	state(2);
	begin();
	ck_assert(asked(0, 3, true).is_broken == (_i == 0));
	ck_assert(!asked(0, 4, true).is_broken);
	ck_assert(!asked(0, 3, true).has_gap);
	end();
}
END_TEST

static int
unsigned_ones(void *arg, struct published *p, enum verdict_trust *ret)
{
	(void)arg, (void)p;
	*ret = TRUST_UNSIGNED;
	return 0;
}

/* Anybody can write those. */
START_TEST(without_signatures)
{
	struct lab_chain before;

	open_chain();
	state(1);
	before = c;
	state(1);
	before.now_ms += 77;
	lab_state(&before, EACH, true);
	withhold();
	state(1);
	l = lab_begin(unsigned_ones, 0);
	ck_assert(!asked(0, 2, true).is_fork);
	ck_assert(!asked(0, 4, true).has_gap);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger_links");
	TCase *t = tcase_create("ledger_links");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, nothing_is_missing);
	tcase_add_test(t, a_statement_is_missing);
	tcase_add_test(t, late);
	tcase_add_loop_test(t, retention, 0, 3);
	tcase_add_test(t, retention_meanwhile);
	tcase_add_test(t, the_start_is_missing);
	tcase_add_loop_test(t, far_apart, 0, 2);
	tcase_add_test(t, published_again);
	tcase_add_loop_test(t, published_again_behind_a_gap, 0, 2);
	tcase_add_loop_test(t, many_are_missing, 0, 3);
	tcase_add_test(t, another_instance);
	tcase_add_test(t, moved);
	tcase_add_loop_test(t, by_others, 0, 2);
	tcase_add_test(t, taken_by_compaction);
	tcase_add_loop_test(t, copies, 0, 4);
	tcase_add_test(t, no_room);
	tcase_add_loop_test(t, forks, 0, 3);
	tcase_add_loop_test(t, broken, 0, 2);
	tcase_add_test(t, without_signatures);
	suite_add_tcase(s, t);
	return suite_run(s);
}
