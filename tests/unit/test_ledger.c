/* What the ledger knows, finds and reads, over statement topics in memory. */
#include <sched.h>
#include <stdatomic.h>

#include "ledgers.h"
#include "suite.h"
#include "verify/ledger_internal.h"

static struct ledger *l;
enum { JUDGED_AT_ONCE = 100 }; /* windows that are named */

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

/* As lab_whole(), until there are so many windows. */
static struct ledger_answer
so_many(const struct ledger_want *w, size_t count)
{
	struct ledger_answer a;

	for (;;) {
		int heard;

		heard = lab_heard();
		ck_assert_int_eq(ledger_ask(l, w, lab_ring, NULL, &a), 0);
		if (a.count == count)
			return a;
		ledger_release(l, &a);
		lab_wait(heard + 1);
	}
}

static struct ledger_stats
stats(void)
{
	struct ledger_stats s;

	ledger_stats(l, &s);
	return s;
}

/* The same until so many statements were kept, and read by the tail; all that is asked for may be known before. */
static struct ledger_answer
once_read(const struct ledger_want *w, uint64_t kept, uint64_t followed, bool current)
{
	struct ledger_answer a;

	for (;;) {
		int heard = lab_heard();
		bool all = stats().kept >= kept && stats().followed >= followed;

		ck_assert_int_eq(ledger_ask(l, w, lab_ring, NULL, &a), 0);
		if (all && a.whole && (a.current || !current))
			return a;
		ledger_release(l, &a);
		lab_wait(heard + 1);
	}
}

static struct ledger_answer
once_kept(const struct ledger_want *w, uint64_t kept, bool current)
{
	return once_read(w, kept, 0, current);
}

static const struct statement *
nth(const struct ledger_answer *a, size_t i)
{
	ck_assert_uint_lt(i, a->count);
	return a->windows[i]->w.statement;
}

/* What is stated while somebody waits for it. */
START_TEST(at_the_end)
{
	struct lab_chain c;
	struct ledger_want w = lab_want("t", 3, 0, 10, LAB_TIME);
	struct ledger_answer a;
	int heard;

	lab_open(2);
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ck_assert(a.current);
	ledger_release(l, &a);
	lab_chain_open(&c, "t", 3, 1);
	heard = lab_heard();
	ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
	ledger_release(l, &a);
	lab_state(&c, 10, true);
	lab_wait(heard + 1);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 1);
	ck_assert_uint_eq(nth(&a, 0)->ranges.count, 1);
	ck_assert(slice_eq(nth(&a, 0)->topic, slice_str("t")));
	ck_assert_int_eq(a.windows[0]->w.trust, TRUST_SIGNED);
	ck_assert_uint_eq(a.windows[0]->w.manifest.n, 10 * LEAF_LEN);
	ck_assert(a.windows[0]->w.checked);
	ledger_release(l, &a);
	/* Of offsets that it doesn't list, it is none. */
	w.from = 10;
	w.to = 20;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	end();
}
END_TEST

static struct lab_chain
fill(const char *topic, int32_t partition, uint8_t instance, int windows, int64_t each_ms)
{
	struct lab_chain c;

	lab_chain_open(&c, topic, partition, instance);
	for (int i = 0; i < windows; i++) {
		lab_state(&c, 10, true);
		c.now_ms += each_ms;
	}
	return c;
}

/* A window in the middle of many is found by its time, and few are read. */
START_TEST(by_time)
{
	struct ledger_want w = lab_want("t", 0, 150000, 150020, LAB_TIME + 15000 * 1000);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 20000, 1000);
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 2);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 15001);
	ck_assert_uint_eq(nth(&a, 1)->window_id, 15002);
	ledger_release(l, &a);
	ck_assert_uint_lt(stats().found, 3000); /* with what is read ahead */
	ck_assert_uint_eq(stats().full_reads, 0);
	end();
}
END_TEST

static int64_t
given(int32_t partition, int64_t offset)
{
	int64_t n;

	(void)pthread_mutex_lock(&lab.lock);
	n = lab.log[partition][offset].given;
	(void)pthread_mutex_unlock(&lab.lock);
	return n;
}

/* Fifteen seconds of statements: what is asked for first is found where its time says, not behind all that could be it. */
START_TEST(straight)
{
	enum { STATEMENTS = 3000, EACH_MS = 5, N = 1500, WRONG_MS = 5000 };
	struct lab_chain c;
	struct ledger_want w;
	struct ledger_answer a;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < STATEMENTS; i++, c.now_ms += EACH_MS)
		lab_state(&c, 2, false);
	begin();
	w = lab_want("t", 0, (int64_t)2 * N, (int64_t)2 * N + 2, LAB_TIME + (int64_t)N * EACH_MS + _i * WRONG_MS);
	a = so_many(&w, 1);
	ck_assert_int_eq(nth(&a, 0)->window_id, N + 1);
	ledger_release(l, &a);
	/* Times are looked up by the second.  A clock that is wrong costs what is behind that time, up to the first that proves it. */
	ck_assert_int_le(given(0, N), _i == 0 ? 1000 / EACH_MS + 1 : N + 200);
	/* The next one stands behind it. */
	w = lab_want("t", 0, (int64_t)2 * N + 2, (int64_t)2 * N + 4, LAB_TIME + (int64_t)N * EACH_MS);
	a = so_many(&w, 1);
	ledger_release(l, &a);
	if (_i == 0)
		ck_assert_int_le(given(0, N + 1), 1000 / EACH_MS + 2);
	end();
}
END_TEST

/* From the start somebody reads, and somebody else far behind: what is between isn't read for that. */
START_TEST(two_places)
{
	struct ledger_want w = lab_want("t", 0, 0, 60, LAB_TIME);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 20000, 1000);
	begin();
	for (int i = 0; i < 4; i++) {
		int64_t window = i % 2 == 0 ? i * 3 : 15000 + i * 3;

		w = lab_want("t", 0, window * 10, window * 10 + 60, LAB_TIME + window * 1000);
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 6);
		ck_assert_uint_eq(nth(&a, 0)->window_id, (uint64_t)window + 1);
		ledger_release(l, &a);
	}
	ck_assert_uint_lt(stats().found, 6000);
	ck_assert_uint_eq(stats().full_reads, 0);
	end();
}
END_TEST

/* An offset that no statement lists: what could list it is read, and that is an hour's statements, not all. */
START_TEST(a_gap)
{
	struct ledger_want w = lab_want("t", 0, 59990, 60010, LAB_TIME + 6000 * 10000);
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(1);
	c = fill("t", 0, 1, 6000, 10000);
	c.next_offset += 5; /* 60000 … 60004 */
	for (int i = 0; i < 6000; i++) {
		lab_state(&c, 10, true);
		c.now_ms += 10000;
	}
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 2);
	ck_assert_int_eq(nth(&a, 0)->last_offset, 59999);
	ck_assert_int_eq(nth(&a, 1)->first_offset, 60005);
	ledger_release(l, &a);
	ck_assert_uint_ge(stats().found, 360); /* an hour */
	ck_assert_uint_lt(stats().found, 3000);
	ck_assert_uint_eq(stats().full_reads, 0);
	end();
}
END_TEST

/* Clients' clocks are wrong: it is found all the same, and called whole only then. */
static void
wrong_clock(int64_t ms)
{
	struct ledger_want w = lab_want("t", 0, 15000, 15010, ms);
	struct ledger_answer a;

	lab_open(3);
	(void)fill("t", 0, 1, 3000, 1000);
	(void)fill("u", 0, 2, 3000, 1000);
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 1501);
	ledger_release(l, &a);
	/* Its neighbours are known by now. */
	w.from = 15010;
	w.to = 15020;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	end();
}

START_TEST(clock_ahead)
{
	wrong_clock(LAB_TIME + INT64_C(1000) * 86400000);
	wrong_clock(INT64_MAX);
}
END_TEST

START_TEST(clock_behind)
{
	wrong_clock(0);
	wrong_clock(-1);
	wrong_clock(INT64_MIN);
}
END_TEST

/* Nobody states anything about a partition: all is read once to know that, and not for each such partition. */
START_TEST(never_stated)
{
	struct ledger_answer a;
	uint64_t found;

	lab_open(2);
	(void)fill("t", 0, 1, 2000, 1000);
	(void)fill("t", 1, 2, 2000, 1000);
	begin();
	for (int32_t p = 0; p < 20; p++) {
		struct ledger_want w = lab_want("other", p, 500, 600, LAB_TIME + 1000000);

		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 0);
		ledger_release(l, &a);
		if (p == 0)
			found = stats().found;
	}
	ck_assert_uint_ge(found, 4000);
	ck_assert_uint_le(stats().found, found + 100);
	/* And what is stated is still found. */
	{
		struct ledger_want w = lab_want("t", 1, 500, 600, LAB_TIME + 50000);

		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 10);
		ledger_release(l, &a);
	}
	end();
}
END_TEST

/* A topic is read from its start to its end: few places are sought, and memory stays within its bounds. */
START_TEST(bounded)
{
	enum { WINDOWS = 3000, EACH = 200 };
	size_t memory = LEDGER_MEMORY_MIN, most = 0, seen = 0;
	struct lab_chain c;

	lab_open(2);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, EACH, true);
		c.now_ms += 1000;
	}
	l = lab_begin(lab_trusts, memory);
	for (int i = 0; i < WINDOWS; i += 4) {
		struct ledger_want w = lab_want("t", 0, (int64_t)i * EACH, (int64_t)(i + 4) * EACH, LAB_TIME + i * 1000);
		struct ledger_answer a = lab_whole(l, &w);
		struct ledger_stats s;

		ck_assert_uint_eq(a.count, 4);
		for (size_t n = 0; n < a.count; n++, seen++)
			ck_assert_uint_eq(nth(&a, n)->window_id, seen + 1);
		ledger_release(l, &a);
		s = stats();
		if (s.index_bytes + s.window_bytes > most)
			most = s.index_bytes + s.window_bytes;
	}
	ck_assert_uint_le(most, memory / 4 * 3); /* the rest is for what is read ahead in librdkafka */
	ck_assert_uint_ge(WINDOWS * EACH * LEAF_LEN, 4 * memory);
	ck_assert_uint_lt(stats().seeks, WINDOWS / 10);
	ck_assert_uint_lt(stats().found, 2 * WINDOWS);
	end();
}
END_TEST

/* Four windows are asked for there, until so many more were read behind them, or have no room: that is half of the windows'. */
static void
read_ahead_at(int64_t window, int64_t each, size_t asked_before)
{
	struct ledger_want w = lab_want("t", 0, window * each, (window + 4) * each, LAB_TIME + window * 1000);
	size_t before = stats().windows;

	for (;;) {
		int heard = lab_heard();
		struct ledger_stats s = stats();
		size_t one = s.windows == 0 ? 0 : s.window_bytes / s.windows;
		struct ledger_answer a;

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		ledger_release(l, &a);
		if (s.windows >= before + 40 ||
		    s.window_bytes + one > LEDGER_MEMORY_MIN / 16 * 7 / 2 + (asked_before + 4) * one)
			return;
		lab_wait(heard + 1);
	}
}

/* What was read ahead at places that nobody reads on from doesn't keep out what is next for who reads before them. */
START_TEST(far_and_near)
{
	enum { WINDOWS = 3000, EACH = 200, READ = 400 };
	struct lab_chain c;
	uint64_t seeks;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, EACH, true);
		c.now_ms += 1000;
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int i = 0; i < 4; i++)
		read_ahead_at(1000 + i * 500, EACH, (size_t)i * 4);
	seeks = stats().seeks;
	for (int i = 0; i < READ; i += 4) {
		struct ledger_want w = lab_want("t", 0, (int64_t)i * EACH, (int64_t)(i + 4) * EACH, LAB_TIME + i * 1000);
		struct ledger_answer a = lab_whole(l, &w);

		ck_assert_uint_eq(nth(&a, 3)->window_id, (uint64_t)i + 4);
		ledger_release(l, &a);
	}
	ck_assert_uint_lt(stats().seeks - seeks, READ / 10);
	end();
}
END_TEST

enum { ASKERS = 3, ASKED = 400 };

static void *
asks_all(void *arg)
{
	int32_t partition = (int32_t)(intptr_t)arg;

	for (int i = 0; i < ASKED; i += 5) {
		struct ledger_want w = lab_want("t", partition, i * 50, (i + 5) * 50, LAB_TIME + i * 1000);
		struct ledger_answer a = so_many(&w, 5);

		for (size_t n = 0; n < 5; n++)
			ck_assert_uint_eq(nth(&a, n)->window_id, (uint64_t)i + n + 1);
		ledger_release(l, &a);
	}
	return NULL;
}

/* Several at once, while more is stated, with little memory: each gets what is about its partition. */
START_TEST(many_ask)
{
	struct lab_chain c[ASKERS];
	pthread_t threads[ASKERS];

	lab_open(2);
	for (int p = 0; p < ASKERS; p++)
		lab_chain_open(&c[p], "t", p, (uint8_t)(p + 1));
	for (int i = 0; i < ASKED; i++) {
		if (i == ASKED / 2) {
			l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
			for (int p = 0; p < ASKERS; p++)
				ck_assert_int_eq(pthread_create(&threads[p], NULL, asks_all, (void *)(intptr_t)p), 0);
		}
		for (int p = 0; p < ASKERS; p++) {
			lab_state(&c[p], 50, true);
			c[p].now_ms += 1000;
		}
	}
	for (int p = 0; p < ASKERS; p++)
		ck_assert_int_eq(pthread_join(threads[p], NULL), 0);
	end();
}
END_TEST

/* A copy of a topic, whose records name the windows of the one that they came from, is read from its start to its end. */
START_TEST(mirror)
{
	enum { WINDOWS = 2000, EACH = 200 };
	struct lab_chain c;

	lab_open(2);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, EACH, true);
		c.now_ms += 1000;
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int i = 0; i < WINDOWS; i += 4) {
		struct ledger_want w = lab_want("copy", 0, (int64_t)i * EACH, (int64_t)(i + 4) * EACH, LAB_TIME + i * 1000);
		struct ledger_name names[4];
		struct ledger_answer a;

		for (int n = 0; n < 4; n++)
			names[n] = (struct ledger_name){c.id, (uint64_t)(i + n) + 1};
		w.names = names;
		w.name_count = 4;
		a = so_many(&w, 4);
		ck_assert_uint_eq(nth(&a, 0)->window_id, (uint64_t)i + 1);
		ck_assert_uint_eq(nth(&a, 3)->window_id, (uint64_t)i + 4);
		ledger_release(l, &a);
		ck_assert_uint_le(stats().window_bytes + stats().index_bytes, LEDGER_MEMORY_MIN / 4 * 3);
	}
	ck_assert_uint_lt(stats().seeks, WINDOWS / 10);
	end();
}
END_TEST

/* More statements than the index has room for, at an hour's distance. */
START_TEST(index_overflows)
{
	enum { WINDOWS = 12000 };
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, WINDOWS, 10); /* all within two minutes */
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int i = 0; i < WINDOWS; i += 500) {
		struct ledger_want w = lab_want("t", 0, (int64_t)i * 10, (int64_t)(i + 2) * 10, LAB_TIME + i * 10);

		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 2);
		ck_assert_uint_eq(nth(&a, 0)->window_id, (uint64_t)i + 1);
		ledger_release(l, &a);
		ck_assert_uint_le(stats().index_bytes, LEDGER_MEMORY_MIN / 4);
	}
	end();
}
END_TEST

/* Records name windows of another partition, of another topic, and such as aren't there. */
START_TEST(named)
{
	struct lab_chain c, gone;
	struct ledger_name names[4];
	struct ledger_want w = lab_want("copy", 0, 0, 10, LAB_TIME + 500000);
	struct ledger_answer a;

	lab_open(4);
	c = fill("t", 7, 1, 1000, 1000);
	lab_chain_open(&gone, "t", 8, 2);
	gone.now_ms = LAB_TIME + 1100000;
	gone.window = 4;
	gone.length = 4;
	gone.genesis = 1;
	lab_state(&gone, 10, true); /* the fifth; those before were never stated */
	names[0] = (struct ledger_name){c.id, 501};
	names[1] = (struct ledger_name){c.id, 502};
	names[2] = (struct ledger_name){gone.id, 2};
	memset(&names[3], 7, sizeof(names[3])); /* a chain that isn't there */
	w.names = names;
	w.name_count = 4;
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct statement *s = nth(&a, i);

		if (s->partition == 8)
			ck_assert_uint_eq(s->window_id, 5);
		else
			ck_assert(s->window_id == 501 || s->window_id == 502);
		ck_assert(slice_eq(s->topic, slice_str("t")));
	}
	ledger_release(l, &a);
	end();
}
END_TEST

/* What doesn't verify is given to who names it, and to nobody else. */
START_TEST(untrusted)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct lab_chain c;
	struct ledger_name name;
	struct ledger_answer a;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	c.untrusted = true;
	lab_state(&c, 10, true);
	lab_junk(0, &c.id, 2, LAB_TIME);
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	name = (struct ledger_name){c.id, 1};
	w.names = &name;
	w.name_count = 1;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_int_eq(a.windows[0]->w.trust, TRUST_NONE);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 1);
	ledger_release(l, &a);
	name.window_id = 2;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_int_eq(a.windows[0]->w.trust, TRUST_NONE);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 2);
	ck_assert(chain_id_eq(&nth(&a, 0)->chain, &c.id));
	ledger_release(l, &a);
	end();
}
END_TEST

/* What a key signed that is known and not trusted is told of each window that is named, whatever anybody else writes. */
START_TEST(by_a_known_key)
{
	enum { WINDOWS = 3000, JUNK = 3 * WINDOWS };
	struct ledger_want w = lab_want("t", 0, 0, 10 * WINDOWS, LAB_TIME);
	struct ledger_name names[JUDGED_AT_ONCE];
	struct lab_chain c;
	struct ledger_answer a;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	c.barred = true;
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, 10, true);
		c.now_ms += 1000;
	}
	for (uint64_t i = 0; i < JUNK; i++)
		lab_junk(0, &c.id, i + 1, c.now_ms);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	w.names = names;
	w.name_count = JUDGED_AT_ONCE;
	w.max_ms = c.now_ms;
	for (uint64_t at = 0; at < WINDOWS; at += WINDOWS / 3) {
		for (uint64_t i = 0; i < JUDGED_AT_ONCE; i++)
			names[i] = (struct ledger_name){c.id, at + i + 1};
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, JUDGED_AT_ONCE);
		for (size_t i = 0; i < a.count; i++) {
			ck_assert_int_eq(a.windows[i]->w.trust, TRUST_NONE);
			ck_assert(a.windows[i]->w.by_known_key);
			ck_assert_uint_eq(nth(&a, i)->window_id, at + i + 1);
		}
		ledger_release(l, &a);
	}
	/* Behind them nobody known signed anything. */
	for (uint64_t i = 0; i < JUDGED_AT_ONCE; i++)
		names[i] = (struct ledger_name){c.id, WINDOWS + i + 1};
	a = lab_whole(l, &w);
	for (size_t i = 0; i < a.count; i++)
		ck_assert(!a.windows[i]->w.by_known_key);
	ledger_release(l, &a);
	/* Offsets that such a statement lists are as any other's. */
	w.name_count = 0;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	/* A true one counts. */
	c.barred = false;
	c.window = 1;
	c.next_offset = 10;
	lab_state(&c, 10, true);
	w.name_count = 1;
	names[0] = (struct ledger_name){c.id, 2};
	a = once_kept(&w, 1, false);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_int_eq(a.windows[0]->w.trust, TRUST_SIGNED);
	ledger_release(l, &a);
	end();
}
END_TEST

/* A chain of such a key that was given up for want of room is read anew, wherever its partition is known to already. */
START_TEST(by_a_known_key_and_given_up)
{
	enum { WINDOWS = 3000, JUNK = 1024 };
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME), other = lab_want("copy", 0, 0, 10, LAB_TIME);
	struct ledger_name *junk = calloc(JUNK, sizeof(*junk)), name;
	struct lab_chain c, next;
	struct ledger_answer a;

	ck_assert_ptr_nonnull(junk);
	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	c.barred = true;
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, 10, true);
		c.now_ms += 1000;
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	w.max_ms = other.max_ms = c.now_ms;
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	/* Records name more chains than those that nobody asked for may leave no room to, … */
	for (uint64_t id = 1; id <= JUNK; id++)
		memcpy(junk[id - 1].chain.b, &id, sizeof(id));
	other.names = junk;
	other.name_count = JUNK;
	ck_assert_int_eq(ledger_ask(l, &other, NULL, NULL, &a), 0);
	ledger_release(l, &a);
	/* … and another chain begins. */
	lab_chain_open(&next, "u", 0, 2);
	lab_state(&next, 10, true);
	a = once_read(&w, 0, 1, false);
	ledger_release(l, &a);
	name = (struct ledger_name){c.id, WINDOWS - 1};
	w.names = &name;
	w.name_count = 1;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert(a.windows[0]->w.by_known_key);
	ledger_release(l, &a);
	free(junk);
	end();
}
END_TEST

/*
 * Whoever may write to the statement topic floods it: with junk under the ids of windows to come, and with statements that
 * nobody trusts, about offsets to come.  What is trusted is found as before, and what isn't takes no room.
 */
START_TEST(flooded)
{
	enum { JUNK = 6000 };
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_name names[JUDGED_AT_ONCE];
	struct lab_chain c, forger;
	struct ledger_answer a;
	size_t bytes;

	lab_open(1);
	c = fill("t", 0, 1, 10, 1000);
	forger = c;
	forger.untrusted = true;
	for (int i = 0; i < JUNK; i++)
		lab_state(&forger, 10, false);
	for (uint64_t i = JUNK; i-- > 0;)
		lab_junk(0, &c.id, 11 + i, c.now_ms);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	w.names = names;
	w.name_count = JUDGED_AT_ONCE;
	for (uint64_t i = 0; i < JUDGED_AT_ONCE; i++)
		names[i] = (struct ledger_name){c.id, 5 + i};
	w.to = 40 + 10 * JUDGED_AT_ONCE;
	a = lab_whole(l, &w);
	bytes = stats().index_bytes;
	for (size_t i = 0; i < a.count; i++)
		ck_assert(i < 10 ? a.windows[i]->w.trust == TRUST_SIGNED : a.windows[i]->w.trust == TRUST_NONE);
	ck_assert_uint_gt(a.count, 10);
	ledger_release(l, &a);
	ck_assert_uint_eq(stats().windows, 10);
	/* The true ones come: each is there, and the others are no more. */
	for (int i = 0; i < 500; i++) {
		lab_state(&c, 10, true);
		c.now_ms += 1000;
	}
	a = once_kept(&w, 510, false);
	ck_assert_uint_eq(a.count, 4 + JUDGED_AT_ONCE);
	for (size_t i = 0; i < a.count; i++) {
		ck_assert_int_eq(a.windows[i]->w.trust, TRUST_SIGNED);
		ck_assert_uint_eq(nth(&a, i)->window_id, i + 1);
	}
	ledger_release(l, &a);
	ck_assert_uint_ge(stats().untrusted, JUNK);
	ck_assert_uint_ge(stats().unreadable, JUNK);
	ck_assert_uint_lt(stats().index_bytes, bytes + 500 * 400);
	end();
}
END_TEST

/* Junk, and what nobody trusts, about very many topics takes no room in the directory: who is asked for is found, by name, too. */
START_TEST(a_directory_of_nobody)
{
	struct ledger_want w = lab_want("copy", 0, 0, 10, LAB_TIME);
	struct ledger_name name;
	struct ledger_answer a;
	struct lab_chain c;
	uint64_t found;

	lab_open(1);
	for (uint64_t i = 0; i < 5000; i++) {
		char topic[32];

		(void)snprintf(topic, sizeof(topic), "nobody-%d", (int)i);
		lab_chain_open(&c, topic, 0, 9);
		c.untrusted = true;
		if (_i == 0)
			lab_junk(0, &c.id, 1, LAB_TIME);
		else
			lab_state(&c, 1, false);
	}
	c = fill("t", 0, 1, 10, 1000);
	name = (struct ledger_name){c.id, 3};
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &w); /* all is read, and nobody asked for the chain yet */
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	ck_assert_uint_lt(stats().index_bytes, 8 * 1024);
	w.names = &name;
	w.name_count = 1;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 3);
	ledger_release(l, &a);
	/* Nor is all read again for the next that nothing is stated about. */
	found = stats().found;
	for (int32_t p = 1; p < 5; p++) {
		w = lab_want("other", p, 0, 10, LAB_TIME);
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 0);
		ledger_release(l, &a);
	}
	ck_assert_uint_lt(stats().found, found + 100);
	end();
}
END_TEST

/*
 * Statements are published again, behind all others, by whoever can write there: where copies stand says nothing about
 * when their windows were, and what stands before them is looked for all the same.
 */
START_TEST(late_copies)
{
	struct ledger_want w = lab_want("t", 0, 19990, 20000, LAB_TIME + 1999 * 1000);
	struct ledger_want early = lab_want("t", 0, 40, 50, LAB_TIME + 4 * 1000);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 2000, 1000);
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	ck_assert_uint_lt(stats().found, 1000);
	/* Four of one, or of four. */
	for (int i = 0; i < 4; i++)
		lab_again(0, _i == 0 ? 0 : i, true);
	a = once_read(&w, 0, 4, false);
	ledger_release(l, &a);
	a = lab_whole(l, &early);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 5);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Copies that somebody left the manifest out of, or gave a large one, don't stand in for the one with it. */
START_TEST(copies_without_a_manifest)
{
	struct ledger_want w = lab_want("t", 0, 19990, 20000, LAB_TIME + 1999 * 1000);
	struct ledger_want early = lab_want("t", 0, 40, 50, LAB_TIME + 4 * 1000);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 2000, 1000);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	for (int i = 0; i < 20; i++)
		lab_again_with(0, 4, false, _i == 0 ? 0 : 2 << 20);
	for (int i = 0; i < 20; i++)
		lab_again(0, i, true);
	a = once_read(&w, 0, 40, false);
	ledger_release(l, &a);
	a = lab_whole(l, &early);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(a.windows[0]->w.manifest.n, 10 * LEAF_LEN);
	ledger_release(l, &a);
	end();
}
END_TEST

/*
 * Somebody publishes each statement again into each other partition, before its own, with a wrong manifest or with the
 * right one: they take no places of their own, and each window has its manifest.
 */
START_TEST(copies_everywhere)
{
	enum { PARTITIONS = 4, WINDOWS = 1000, AT_ONCE = 100 };
	struct ledger_want start = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_want other = lab_want("other", 0, 0, 1, LAB_TIME);
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(PARTITIONS);
	c = fill("t", 0, 1, WINDOWS, 1000);
	for (int64_t i = 0; i < WINDOWS; i++)
		for (int32_t p = 0; p < PARTITIONS; p++)
			if (p != c.at)
				lab_copy(c.at, i, p, _i == 1);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &start);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	a = lab_whole(l, &other); /* nothing is about it: all is read */
	ledger_release(l, &a);
	ck_assert_uint_ge(stats().found, PARTITIONS * WINDOWS);
	ck_assert_uint_lt(stats().index_bytes, WINDOWS * 300);
	for (int64_t i = 0; i < WINDOWS; i += AT_ONCE) {
		struct ledger_want w = lab_want("t", 0, i * 10, (i + AT_ONCE) * 10, LAB_TIME + i * 1000);

		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, AT_ONCE);
		for (size_t n = 0; n < AT_ONCE; n++)
			ck_assert_uint_eq(a.windows[n]->w.manifest.n, 10 * LEAF_LEN);
		ledger_release(l, &a);
		ck_assert_uint_lt(stats().index_bytes, WINDOWS * 300);
	}
	end();
}
END_TEST

/* Retention took a statement of which a copy is left. */
START_TEST(a_copy_is_left)
{
	enum { WINDOWS = 200, EACH = 1000 };
	struct ledger_want first = lab_want("t", 0, 0, EACH, LAB_TIME), other = lab_want("other", 0, 0, 1, LAB_TIME);
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(2);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, EACH, true);
		c.now_ms += 1000;
	}
	for (int64_t i = 0; i < WINDOWS; i++)
		lab_copy(c.at, i, 1 - c.at, true);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int i = 0; i < WINDOWS; i += 4) {
		struct ledger_want w = lab_want("t", 0, (int64_t)i * EACH, (int64_t)(i + 4) * EACH, LAB_TIME + i * 1000);

		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 4);
		ledger_release(l, &a);
		if (i == 0) {
			a = lab_whole(l, &other); /* nothing is about it: all is read */
			ledger_release(l, &a);
		}
	}
	(void)pthread_mutex_lock(&lab.lock);
	lab.low[c.at] = WINDOWS;
	(void)pthread_mutex_unlock(&lab.lock);
	a = so_many(&first, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 1);
	ledger_release(l, &a);
	end();
}
END_TEST

/* One partition has more statements ahead of who reads it than the index has room for: others have their share of it. */
START_TEST(fair_shares)
{
	enum { WINDOWS = 12000, OTHERS = 3, FEW = 400 };
	struct ledger_want w = lab_want("t", 0, 0, 20, LAB_TIME);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, WINDOWS, 10); /* all within two minutes */
	for (int32_t p = 1; p <= OTHERS; p++)
		(void)fill("t", p, (uint8_t)(p + 1), FEW, 10);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 2);
	ledger_release(l, &a);
	for (int i = 0; i < FEW; i += FEW / 4)
		for (int32_t p = 0; p <= OTHERS; p++) {
			w = lab_want("t", p, (int64_t)i * 10, (int64_t)(i + 2) * 10, LAB_TIME + i * 10);
			a = lab_whole(l, &w);
			ck_assert_uint_eq(a.count, 2);
			ck_assert_uint_eq(nth(&a, 0)->window_id, (uint64_t)i + 1);
			ledger_release(l, &a);
			ck_assert_uint_le(stats().index_bytes, LEDGER_MEMORY_MIN / 4);
		}
	/* Nor is all read again for each. */
	ck_assert_uint_lt(stats().found, 4 * WINDOWS);
	end();
}
END_TEST

/* Asks until the search ended: whole, or for want of memory.  What it reads is bounded, or it would be read again and again. */
static struct ledger_answer
ended(const struct ledger_want *w, uint64_t found_max)
{
	struct ledger_answer a;

	for (;;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, w, lab_ring, NULL, &a), 0);
		if (a.whole || a.too_large)
			return a;
		ledger_release(l, &a);
		ck_assert_uint_lt(stats().found, found_max);
		lab_wait(heard + 1);
	}
}

/*
 * Partitions that all lag, and each is asked for more statements than its share of the index: what comes first is given, and who
 * asks for less then, as the vigil does, gets all of it.
 */
START_TEST(more_than_a_share)
{
	enum { PARTS = 3, WINDOWS = 1500, AT_ONCE = 1400, ALL = PARTS * WINDOWS };
	int64_t at[PARTS] = {0};
	struct lab_chain c[PARTS];
	struct ledger_answer a;
	int large = 0;

	lab_open(1);
	for (int p = 0; p < PARTS; p++)
		lab_chain_open(&c[p], "t", p, (uint8_t)(p + 1));
	for (int i = 0; i < WINDOWS; i++)
		for (int p = 0; p < PARTS; p++) {
			lab_state(&c[p], 1, true);
			c[p].now_ms += 10;
		}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int p = 0; p < PARTS; p++) { /* all lag now */
		struct ledger_want w = lab_want("t", p, 0, 1, LAB_TIME);

		a = lab_whole(l, &w);
		ledger_release(l, &a);
	}
	for (int p = 0; at[p] < WINDOWS; p = (p + 1) % PARTS) {
		int64_t to = at[p] + AT_ONCE < WINDOWS ? at[p] + AT_ONCE : WINDOWS;
		uint64_t found_max = stats().found + 4 * ALL;
		bool is_whole = false;

		while (!is_whole) {
			struct ledger_want w = lab_want("t", p, at[p], to, LAB_TIME + at[p] * 10);

			w.max_ms = LAB_TIME + to * 10;
			a = ended(&w, found_max);
			is_whole = a.whole;
			large += a.too_large;
			ck_assert_uint_gt(a.count, 0);
			if (is_whole)
				ck_assert_uint_eq(a.count, (uint64_t)(to - at[p]));
			for (size_t i = 0; is_whole && i < a.count; i++)
				ck_assert_uint_eq(nth(&a, i)->window_id, (uint64_t)at[p] + i + 1);
			ledger_release(l, &a);
			if (is_whole)
				at[p] = to;
			else
				to = at[p] + (to - at[p]) / 2;
			ck_assert_int_gt(to, is_whole ? 0 : at[p]);
		}
	}
	ck_assert_int_gt(large, 0);
	ck_assert_uint_le(stats().index_bytes, LEDGER_MEMORY_MIN / 4);
	end();
}
END_TEST

/* The same where all ask at once, each for less than there is room for, and all together for more. */
START_TEST(all_at_once)
{
	enum { PARTS = 6, WINDOWS = 900, AT_ONCE = 600, ALL = PARTS * WINDOWS };
	int64_t at[PARTS] = {0}, to[PARTS];
	struct lab_chain c[PARTS];
	struct ledger_answer a;
	int left = PARTS;

	lab_open(1);
	for (int p = 0; p < PARTS; p++)
		lab_chain_open(&c[p], "t", p, (uint8_t)(p + 1));
	for (int i = 0; i < WINDOWS; i++)
		for (int p = 0; p < PARTS; p++) {
			lab_state(&c[p], 1, true);
			c[p].now_ms += 10;
		}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int p = 0; p < PARTS; p++)
		to[p] = AT_ONCE;
	for (int p = 0; left > 0; p = (p + 1) % PARTS) {
		struct ledger_want w = lab_want("t", p, at[p], to[p], LAB_TIME + at[p] * 10);

		if (at[p] == WINDOWS)
			continue;
		w.max_ms = LAB_TIME + to[p] * 10;
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		if (a.whole) {
			ck_assert_uint_eq(a.count, (uint64_t)(to[p] - at[p]));
			at[p] = to[p];
			left -= at[p] == WINDOWS;
			to[p] = at[p] + AT_ONCE < WINDOWS ? at[p] + AT_ONCE : WINDOWS;
		} else if (a.too_large) {
			to[p] = at[p] + (to[p] - at[p]) / 2;
			ck_assert_int_gt(to[p], at[p]);
		}
		ledger_release(l, &a);
		ck_assert_uint_lt(stats().found, 40 * ALL);
		sched_yield();
	}
	end();
}
END_TEST

/* What is named is found though the index is full of what is nearer; and where nothing is there that ends, too. */
START_TEST(named_far)
{
	enum { WINDOWS = 8000 };
	struct ledger_want w = lab_want("t", 0, 0, 3, LAB_TIME), copy = lab_want("copy", 0, 0, 1, LAB_TIME + 80000 + 7200000);
	struct ledger_name names[2];
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++, c.now_ms += 10) {
		c.window += i == 6000; /* 6001 is never stated */
		lab_state(&c, 1, true);
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	w.names = copy.names = names;
	names[0] = (struct ledger_name){c.id, 7000};
	names[1] = (struct ledger_name){c.id, 6001};
	w.name_count = copy.name_count = 2;
	for (int i = 0; i < 2; i++) {
		a = ended(i == 0 ? &w : &copy, stats().found + 4 * WINDOWS);
		ck_assert(a.whole);
		ck_assert_uint_eq(a.count, i == 0 ? 5 : 2);
		ck_assert_uint_eq(nth(&a, a.count - 2)->window_id, 6002);
		ck_assert_uint_eq(nth(&a, a.count - 1)->window_id, 7000);
		ledger_release(l, &a);
	}
	/* Nobody knows of one that wasn't stated yet whether it had no room. */
	names[0].window_id = UINT64_C(1) << 60;
	w.name_count = 1;
	for (int i = 0; i < 10; i++) {
		a = ended(&w, stats().found + 4 * WINDOWS);
		ck_assert_uint_eq(a.count, 3);
		ledger_release(l, &a);
	}
	end();
}
END_TEST

/*
 * Headers of a window of hours ago, on a record of now: that a later one is known doesn't say that it was never stated, but when
 * that one passes over it.
 */
START_TEST(named_long_before)
{
	enum { WINDOWS = 3000, APART_MS = 10000, WITHHELD = 601, LAST = WINDOWS + 3, FEW = 500 };
	static const struct {
		uint64_t named, later; /* its id, or that of the first behind it */
		size_t count;
	} table[] = {{1, 1, 2}, {1500, 1500, 2}, {WITHHELD, WITHHELD + 1, 2}, {LAST - 1, LAST, 1}};
	struct ledger_want w = lab_want("t", 0, WINDOWS - 1, WINDOWS + 1, LAB_TIME + (WINDOWS - 1) * APART_MS);
	struct ledger_name names[2];
	struct ledger_answer a;
	struct lab_chain c;

	w.names = names;
	w.name_count = 2;
	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		lab_open(1);
		lab_chain_open(&c, "t", 0, 1);
		for (int k = 0; k < WINDOWS; k++, c.now_ms += APART_MS) {
			c.withheld = k == WITHHELD - 1;
			c.empty_before = k == WINDOWS - 1 ? 3 : 0;
			lab_state(&c, 1, true);
		}
		names[0] = (struct ledger_name){c.id, LAST};
		names[1] = (struct ledger_name){c.id, table[i].named};
		begin();
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, table[i].count);
		ck_assert_uint_eq(nth(&a, 0)->window_id, table[i].later);
		ck_assert_uint_eq(nth(&a, a.count - 1)->window_id, LAST);
		ck_assert(table[i].later != LAST || stats().found + stats().followed < FEW);
		ledger_release(l, &a);
		end();
	}
}
END_TEST

/*
 * One statement was copied to another partition, where it was met first: it hides nothing of its chain.  Nor does the name
 * of a window that is withheld, whose next one stands where the chain's do.
 */
START_TEST(named_before_a_copy)
{
	enum { WINDOWS = 3000, NAMED = 1500, COPIED = 1600, WITHHELD = WINDOWS - 2, APART_MS = 10000 };
	struct ledger_name names[2];
	struct ledger_want w;
	struct ledger_answer a;
	struct lab_chain c;
	uint64_t followed;

	lab_open(2);
	lab_chain_open(&c, "t", 0, 1);
	for (int k = 0; k < WINDOWS; k++, c.now_ms += APART_MS) {
		c.withheld = _i == 1 && k == WITHHELD - 1;
		lab_state(&c, 1, true);
	}
	begin();
	w = lab_want("t", 0, WINDOWS - 5, WINDOWS, LAB_TIME + (int64_t)(WINDOWS - 5) * APART_MS);
	w.max_ms += 5 * APART_MS;
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	followed = stats().followed;
	lab_copy(c.at, COPIED - 1, 1 - c.at, true);
	while (stats().followed == followed)
		(void)sched_yield();
	w = lab_want("t", 0, WINDOWS, WINDOWS + 1, LAB_TIME + (int64_t)(WINDOWS - 1) * APART_MS);
	names[0] = (struct ledger_name){c.id, WITHHELD};
	names[_i] = (struct ledger_name){c.id, NAMED};
	w.names = names;
	w.name_count = 1 + (size_t)_i;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, w.name_count);
	ck_assert_uint_eq(nth(&a, 0)->window_id, NAMED);
	ledger_release(l, &a);
	end();
}
END_TEST

/* As many as a batch may name: each is found. */
START_TEST(many_named)
{
	enum { WINDOWS = 3000, NAMES = 1024, APART_MS = 10000 };
	static struct ledger_name names[NAMES];
	struct ledger_want w;
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int k = 0; k < WINDOWS; k++, c.now_ms += APART_MS)
		lab_state(&c, 1, true);
	begin();
	w = lab_want("t", 0, WINDOWS, WINDOWS + 1, LAB_TIME + (int64_t)(WINDOWS - 1) * APART_MS);
	for (int k = 0; k < NAMES; k++)
		names[k] = (struct ledger_name){c.id, 1 + 2 * (uint64_t)k};
	w.names = names;
	w.name_count = NAMES;
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, NAMES);
	ledger_release(l, &a);
	end();
}
END_TEST

/*
 * The window that a record names was never stated, and the next one, of which it is known where it stands, is about offsets
 * before those that are asked for: it is read once more, and given.
 */
START_TEST(a_gap_before)
{
	enum { WINDOWS = 600, EACH = 200, GAP = 100, AT_ONCE = 20 };
	struct ledger_name name;
	struct ledger_answer a;
	struct ledger_want w;
	struct lab_chain c;
	uint64_t seeks;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++, c.now_ms += 1000) {
		c.window += i == GAP; /* 101 is never stated */
		lab_state(&c, EACH, true);
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int64_t i = 0; i < WINDOWS; i += AT_ONCE) { /* the first bodies have gone by then */
		w = lab_want("t", 0, i * EACH, (i + AT_ONCE) * EACH, LAB_TIME + i * 1000);
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, AT_ONCE);
		ledger_release(l, &a);
	}
	name = (struct ledger_name){c.id, GAP + 1};
	w.names = &name;
	w.name_count = 1;
	seeks = stats().seeks;
	a = ended(&w, stats().found + 2 * WINDOWS);
	ck_assert(a.whole);
	ck_assert_uint_eq(a.count, AT_ONCE + 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, GAP + 2);
	ck_assert_uint_le(stats().seeks - seeks, 2);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Compaction took what was known to stand there, and others ask for new chains all the time: it isn't looked for for ever. */
START_TEST(taken_by_compaction)
{
	enum { WINDOWS = 600, EACH = 200, AT_ONCE = 20, SEEKS_MAX = 100 };
	struct ledger_want w, other = lab_want("copy", 0, 0, 1, LAB_TIME);
	struct ledger_name name = {{{1}}, 1};
	struct ledger_answer a;
	struct lab_chain c;
	uint64_t seeks;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++, c.now_ms += 1000)
		lab_state(&c, EACH, true);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int64_t i = 0; i < WINDOWS; i += AT_ONCE) { /* the first bodies have gone by then */
		w = lab_want("t", 0, i * EACH, (i + AT_ONCE) * EACH, LAB_TIME + i * 1000);
		a = lab_whole(l, &w);
		ledger_release(l, &a);
	}
	(void)pthread_mutex_lock(&lab.lock);
	lab.log[0][100].gone = lab.log[0][101].gone = true;
	(void)pthread_mutex_unlock(&lab.lock);
	w = lab_want("t", 0, 101 * EACH, 103 * EACH, LAB_TIME + 101 * 1000);
	other.names = &name;
	other.name_count = 1;
	seeks = stats().seeks;
	for (uint64_t last = 0, id = 1;;) {
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		if (a.whole)
			break;
		ledger_release(l, &a);
		ck_assert_uint_lt(stats().seeks - seeks, SEEKS_MAX);
		if (stats().seeks != last) {
			memcpy(name.chain.b, &id, sizeof(id));
			id++;
			ck_assert_int_eq(ledger_ask(l, &other, NULL, NULL, &a), 0);
			ledger_release(l, &a);
		}
		last = stats().seeks;
		sched_yield();
	}
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 103);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Records that claim to be of the future, by nobody, or copies of one by somebody whose clock is ahead, end no search. */
START_TEST(dated_ahead)
{
	enum { HOURS = 2 * 3600000 };
	struct ledger_want w = lab_want("t", 0, 100, 110, LAB_TIME + 10 * 1000);
	struct ledger_answer a;
	struct lab_chain c, other;

	lab_open(1);
	c = fill("t", 0, 1, 10, 1000);
	lab_chain_open(&other, "t", 0, 2);
	other.next_offset = 500;
	other.now_ms = c.now_ms + HOURS;
	if (_i == 1)
		lab_state(&other, 10, true);
	for (int i = 0; i < 5000; i++) {
		if (_i == 1)
			lab_again(0, 10, true);
		else
			lab_junk(0, &c.id, 100 + (uint64_t)i, c.now_ms + HOURS);
	}
	lab_state(&c, 10, true);
	for (int i = 0; i < 500; i++) { /* the end is far */
		c.now_ms += 1000;
		lab_state(&c, 1, true);
	}
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(nth(&a, 0)->window_id, 11);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Two statements of one window are evidence, in their order; one statement twice is one, with the manifest that it has. */
START_TEST(forks_and_copies)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct lab_chain c, before;
	struct ledger_answer a;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	before = c;
	lab_state(&c, 10, true);
	before.now_ms += 77;
	lab_state(&before, 10, true);
	lab_again(0, 0, false);
	lab_again(0, 1, true);
	begin();
	a = once_kept(&w, 4, false);
	ck_assert_uint_eq(a.count, 2);
	ck_assert_int_eq(nth(&a, 0)->settled_ms, LAB_TIME);
	ck_assert_int_eq(nth(&a, 1)->settled_ms, LAB_TIME + 77);
	ck_assert_uint_eq(a.windows[0]->w.manifest.n, 10 * LEAF_LEN);
	ledger_release(l, &a);
	end();
}
END_TEST

START_TEST(manifest_comes_later)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct lab_chain c;
	struct ledger_answer a;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	lab_state(&c, 10, true);
	lab_again(0, 0, true);
	lab.log[0][0].manifest.buf[0] ^= 1; /* a wrong one */
	begin();
	a = once_kept(&w, 2, false);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(a.windows[0]->w.manifest.n, 10 * LEAF_LEN);
	ledger_release(l, &a);
	end();
}
END_TEST

static _Atomic bool trusting;

static int
sometimes(void *arg, struct published *p, enum verdict_trust *ret)
{
	(void)arg, (void)p;
	*ret = atomic_load(&trusting) ? TRUST_UNSIGNED : TRUST_NONE;
	return 0;
}

START_TEST(trust_changes)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME), other = lab_want("other", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 10, 1000);
	(void)fill("other", 0, 2, 10, 1000); /* nobody asks for it before it is trusted */
	atomic_store(&trusting, false);
	l = lab_begin(sometimes, 0);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	atomic_store(&trusting, true);
	ledger_trust_changed(l);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_int_eq(a.windows[0]->w.trust, TRUST_UNSIGNED);
	ledger_release(l, &a);
	a = lab_whole(l, &other);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Statements that retention took are not waited for. */
START_TEST(retention)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;

	lab_open(1);
	(void)fill("t", 0, 1, 100, 1000);
	lab.low[0] = 50;
	begin();
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
	w = lab_want("t", 0, 500, 520, LAB_TIME + 50000);
	a = lab_whole(l, &w);
	ck_assert_uint_eq(a.count, 2);
	ledger_release(l, &a);
	end();
}
END_TEST

/* Nobody can say that all was read while the statement topic can't be reached; and the end tells who waits. */
START_TEST(unreachable)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;

	lab_open(1);
	lab.unreachable = true;
	begin();
	ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
	ck_assert(!a.whole);
	ck_assert(!a.current);
	ledger_release(l, &a);
	end();
	ck_assert_int_eq(bell.count, 1);
}
END_TEST

/* A partition's ranges that are asked about in turn: each is searched for, up to a bound; the same or a part of it is searched for once. */
START_TEST(several_ranges_of_one)
{
	static const struct {
		int64_t from, to;
		size_t searches;
	} t[] = {{0, 10, 1}, {10, 20, 2}, {0, 10, 2}, {15, 25, 2}, {5, 22, 1}};
	struct ledger_answer a;

	lab_open(1);
	lab.unreachable = true;
	begin();
	for (size_t i = 0; i < ARRAY_LEN(t) + 40; i++) {
		int64_t behind = 100 + 10 * (int64_t)i;
		struct ledger_want w = i < ARRAY_LEN(t) ? lab_want("t", 0, t[i].from, t[i].to, LAB_TIME) :
							  lab_want("t", 0, behind, behind + 10, LAB_TIME);
		size_t searches;

		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		ck_assert(!a.whole);
		ledger_release(l, &a);
		(void)pthread_mutex_lock(&l->lock);
		searches = l->wants.count;
		(void)pthread_mutex_unlock(&l->lock);
		if (i < ARRAY_LEN(t))
			ck_assert_uint_eq(searches, t[i].searches);
		else
			ck_assert_uint_le(searches, 17);
	}
	end();
}
END_TEST

/* It can be reached again: nothing is wrong any more. */
START_TEST(reachable_again)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;
	int heard;

	lab_open(1);
	(void)pthread_mutex_lock(&lab.lock);
	lab.unreachable = true;
	(void)pthread_mutex_unlock(&lab.lock);
	begin();
	ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
	ck_assert(!a.whole);
	ledger_release(l, &a);
	while (stats().why[0] == '\0')
		sched_yield();
	ck_assert_str_eq(stats().why, "unreachable");
	heard = lab_heard();
	(void)pthread_mutex_lock(&lab.lock);
	lab.unreachable = false;
	(void)pthread_mutex_unlock(&lab.lock);
	lab_wait(heard + 1);
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	while (stats().why[0] != '\0')
		sched_yield();
	end();
}
END_TEST

/* The log is made anew: what it had said before counts no more. */
START_TEST(made_anew)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct ledger_answer a;
	struct lab_record *old;
	struct lab_chain c;
	int64_t old_count;

	lab_open(1);
	(void)fill("t", 0, 1, 100, 1000);
	begin();
	/* All is read, and followed: the tail finds that its place is gone before the ends were asked for twice. */
	a = once_kept(&w, 100, true);
	ck_assert_uint_eq(a.count, 1);
	ledger_release(l, &a);
	(void)pthread_mutex_lock(&lab.lock);
	old = lab.log[0]; /* somebody may be reading in it */
	old_count = lab.count[0];
	lab.log[0] = calloc(LAB_LOG_MAX, sizeof(*old));
	lab.count[0] = 0;
	(void)pthread_cond_broadcast(&lab.news);
	(void)pthread_mutex_unlock(&lab.lock);
	lab_chain_open(&c, "t", 0, 2);
	lab_state(&c, 10, true);
	for (bool only = false; !only;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		only = a.count == 1 && chain_id_eq(&nth(&a, 0)->chain, &c.id);
		ledger_release(l, &a);
		if (!only)
			lab_wait(heard + 1);
	}
	end();
	lab_free(old, old_count);
}
END_TEST

/* What is stated about the records has no room, all together: what comes first is given, and nobody spins. */
START_TEST(larger_than_memory)
{
	enum { WINDOWS = 100, EACH = 1000 };
	struct ledger_want w = lab_want("t", 0, 0, WINDOWS * EACH, LAB_TIME);
	struct lab_chain c;
	struct ledger_answer a;
	uint64_t found;

	lab_open(1);
	lab_chain_open(&c, "t", 0, 1);
	for (int i = 0; i < WINDOWS; i++) {
		lab_state(&c, EACH, true);
		c.now_ms += 1000;
	}
	w.max_ms = c.now_ms;
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (bool told = false; !told;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		ck_assert(!a.whole);
		told = a.too_large;
		if (!told) {
			ledger_release(l, &a);
			lab_wait(heard + 1);
		}
	}
	ck_assert_uint_gt(a.count, 40);
	for (size_t i = 0; i < a.count; i++)
		ck_assert_uint_eq(nth(&a, i)->window_id, i + 1);
	ledger_release(l, &a);
	ck_assert_uint_le(stats().window_bytes, LEDGER_MEMORY_MIN / 16 * 7);
	/* Asked again, nothing is read again. */
	found = stats().found;
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		ck_assert(!a.whole && a.too_large);
		ck_assert_uint_gt(a.count, 40);
		ledger_release(l, &a);
	}
	ck_assert_uint_le(stats().found, found + WINDOWS);
	/* Who reads on is given the rest. */
	for (int64_t i = 0; i < WINDOWS; i += 20) {
		w.from = i * EACH;
		w.to = (i + 20) * EACH;
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 20);
		ledger_release(l, &a);
	}
	end();
}
END_TEST

/* Two windows that begin at one offset have room each, and not together: who asks for it is told, and nothing is read again and again. */
START_TEST(no_room_for_both)
{
	enum { LARGE = 40000 };
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME), copy = lab_want("copy", 0, 0, 10, LAB_TIME);
	struct ledger_name name;
	struct lab_chain c[2];
	struct ledger_answer a;
	uint64_t found;

	lab_open(1);
	for (int i = 0; i < 2; i++) {
		lab_chain_open(&c[i], "t", 0, (uint8_t)(i + 1));
		lab_state(&c[i], LARGE, true);
	}
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (bool told = false; !told;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		ck_assert(!a.whole);
		told = a.too_large;
		ledger_release(l, &a);
		if (!told)
			lab_wait(heard + 1);
	}
	/* The other one's body is there. */
	for (int i = 0; i < 2; i++) {
		name = (struct ledger_name){c[i].id, 1};
		copy.names = &name;
		copy.name_count = 1;
		a = so_many(&copy, 1);
		ledger_release(l, &a);
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		ck_assert(!a.whole && a.too_large);
		ledger_release(l, &a);
	}
	/* Whoever asks is told, and each time. */
	found = stats().found;
	for (int i = 0; i < 100; i++) {
		w.from = i % 2;
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		ck_assert(!a.whole && a.too_large);
		ledger_release(l, &a);
	}
	ck_assert_uint_le(stats().found, found + 2);
	end();
}
END_TEST

/* A hundred consumers look for as many times: each is looked up a few times, not whenever another one's took its place. */
START_TEST(many_times)
{
	enum { WANTS = 100, WINDOWS = 300, EACH_MS = 100000 };
	struct ledger_want w[WANTS];
	struct ledger_answer a;
	int64_t questions;

	lab_open(1);
	for (int32_t p = 0; p < WANTS; p++) {
		struct lab_chain c;

		lab_chain_open(&c, "t", p, (uint8_t)p);
		c.now_ms += (int64_t)p * EACH_MS;
		w[p] = lab_want("t", p, 50, 60, c.now_ms);
		for (int i = 0; i < WINDOWS; i++)
			lab_state(&c, 10, false);
	}
	begin();
	for (int32_t p = 0; p < WANTS; p++) {
		ck_assert_int_eq(ledger_ask(l, &w[p], lab_ring, NULL, &a), 0);
		ledger_release(l, &a);
	}
	for (int32_t p = 0; p < WANTS; p++) {
		a = lab_whole(l, &w[p]);
		ck_assert_uint_eq(a.count, 1);
		ck_assert_uint_eq(nth(&a, 0)->window_id, 6);
		ledger_release(l, &a);
	}
	(void)pthread_mutex_lock(&lab.lock);
	questions = lab.time_questions;
	(void)pthread_mutex_unlock(&lab.lock);
	ck_assert_int_le(questions, 250);
	end();
}
END_TEST

/* The statement topic is created again with fewer partitions: what stood in the others is gone, and nobody waits for it. */
START_TEST(fewer_partitions)
{
	struct ledger_want w = lab_want("t", 0, 0, 10, LAB_TIME);
	struct lab_record *old[LAB_PARTITIONS];
	int64_t old_count[LAB_PARTITIONS];
	struct ledger_answer a;
	struct lab_chain c;

	lab_open(LAB_PARTITIONS);
	for (uint8_t i = 1; i == 1 || c.at < 2; i++)
		lab_chain_open(&c, "t", 0, i);
	for (int i = 0; i < 200; i++, c.now_ms += 1000)
		lab_state(&c, 200, true);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	for (int64_t i = 0; i < 200; i += 20) { /* the first bodies have gone by then */
		w = lab_want("t", 0, i * 200, (i + 20) * 200, LAB_TIME + i * 1000);
		a = lab_whole(l, &w);
		ck_assert_uint_eq(a.count, 20);
		ledger_release(l, &a);
	}
	(void)pthread_mutex_lock(&lab.lock);
	for (int32_t p = 0; p < LAB_PARTITIONS; p++) {
		old[p] = lab.log[p]; /* somebody may be reading in it */
		old_count[p] = lab.count[p];
		lab.log[p] = calloc(LAB_LOG_MAX, sizeof(*old[p]));
		lab.count[p] = 0;
	}
	lab.partitions = 2;
	(void)pthread_cond_broadcast(&lab.news);
	(void)pthread_mutex_unlock(&lab.lock);
	for (uint8_t i = 100; i == 100 || c.at != 0; i++)
		lab_chain_open(&c, "t", 0, i);
	lab_state(&c, 10, true);
	w = lab_want("t", 0, 0, 10, LAB_TIME);
	for (bool only = false; !only;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, &w, lab_ring, NULL, &a), 0);
		only = a.whole && a.current && a.count == 1 && chain_id_eq(&nth(&a, 0)->chain, &c.id);
		ledger_release(l, &a);
		if (!only)
			lab_wait(heard + 1);
	}
	ledger_free(l);
	l = NULL;
	for (int32_t p = 0; p < LAB_PARTITIONS; p++)
		lab_free(old[p], old_count[p]);
	for (int32_t p = 2; p < LAB_PARTITIONS; p++)
		lab_free(lab.log[p], 0);
	lab_close();
}
END_TEST

/* Records name more chains than there is room for: of the next one nobody knows whether it is stated. */
START_TEST(more_names_than_room)
{
	enum { EACH = 1024, ASKS = 8 };
	struct ledger_want w = lab_want("copy", 0, 0, 10, LAB_TIME);
	struct ledger_name *names = calloc(EACH, sizeof(*names));
	struct ledger_answer a;
	struct lab_chain c;

	ck_assert_ptr_nonnull(names);
	lab_open(1);
	c = fill("t", 0, 1, 10, 1000);
	l = lab_begin(lab_trusts, LEDGER_MEMORY_MIN);
	a = lab_whole(l, &w);
	ledger_release(l, &a);
	w.names = names;
	w.name_count = EACH;
	for (uint64_t i = 0; i < ASKS; i++) {
		for (uint64_t k = 0, id; k < EACH; k++) {
			id = 1 + i * EACH + k;
			memcpy(names[k].chain.b, &id, sizeof(id));
		}
		ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
		ledger_release(l, &a);
	}
	names[0] = (struct ledger_name){c.id, 3};
	w.name_count = 1;
	ck_assert_int_eq(ledger_ask(l, &w, NULL, NULL, &a), 0);
	ck_assert(!a.whole);
	ledger_release(l, &a);
	free(names);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger");
	TCase *t = tcase_create("ledger");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, at_the_end);
	tcase_add_test(t, larger_than_memory);
	tcase_add_test(t, no_room_for_both);
	tcase_add_test(t, many_times);
	tcase_add_test(t, fewer_partitions);
	tcase_add_test(t, more_names_than_room);
	tcase_add_test(t, by_time);
	tcase_add_loop_test(t, straight, 0, 2);
	tcase_add_test(t, two_places);
	tcase_add_test(t, a_gap);
	tcase_add_test(t, clock_ahead);
	tcase_add_test(t, clock_behind);
	tcase_add_test(t, never_stated);
	tcase_add_test(t, bounded);
	tcase_add_test(t, far_and_near);
	tcase_add_test(t, many_ask);
	tcase_add_test(t, mirror);
	tcase_add_test(t, index_overflows);
	tcase_add_test(t, named);
	tcase_add_test(t, untrusted);
	tcase_add_test(t, by_a_known_key);
	tcase_add_test(t, by_a_known_key_and_given_up);
	tcase_add_test(t, flooded);
	tcase_add_loop_test(t, a_directory_of_nobody, 0, 2);
	tcase_add_loop_test(t, late_copies, 0, 2);
	tcase_add_loop_test(t, copies_without_a_manifest, 0, 2);
	tcase_add_loop_test(t, copies_everywhere, 0, 2);
	tcase_add_test(t, a_copy_is_left);
	tcase_add_test(t, fair_shares);
	tcase_add_test(t, more_than_a_share);
	tcase_add_test(t, all_at_once);
	tcase_add_test(t, named_far);
	tcase_add_test(t, named_long_before);
	tcase_add_loop_test(t, named_before_a_copy, 0, 2);
	tcase_add_test(t, many_named);
	tcase_add_test(t, a_gap_before);
	tcase_add_test(t, taken_by_compaction);
	tcase_add_loop_test(t, dated_ahead, 0, 2);
	tcase_add_test(t, forks_and_copies);
	tcase_add_test(t, manifest_comes_later);
	tcase_add_test(t, trust_changes);
	tcase_add_test(t, retention);
	tcase_add_test(t, unreachable);
	tcase_add_test(t, several_ranges_of_one);
	tcase_add_test(t, reachable_again);
	tcase_add_test(t, made_anew);
	suite_add_tcase(s, t);
	return suite_run(s);
}
