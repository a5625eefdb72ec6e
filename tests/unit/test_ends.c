/* How transactions ended, by what two readers of a log get of it (attest/ends.h).  The readers are the tests'. */
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

#include "rdkafka/consumer.h"

struct consumer {
	bool committed;
};

enum { LOG = 12000 };

enum kind { NOTHING, PLAIN, COMMITTED, ABORTED, OPEN, ALIEN };

/* A log: what stands at each offset, how far it is decided (the last stable offset), and how much of that the next leader knows. */
static enum kind world[LOG];
static int64_t low, lso, known;
static int reads, fails_with;
static int64_t fails_at; /* else each reading of what is committed does */
static bool goes, fails_committed;
static int64_t read_records;
static struct chain_id ours, other;

static int
fake_watermarks(struct consumer *c, const char *topic UNUSED, int32_t partition UNUSED, int64_t *ret_low, int64_t *ret_high)
{
	ck_assert(c->committed);
	*ret_low = low;
	*ret_high = lso;
	return 0;
}

static bool
fake_was_cut(const struct consumer *c)
{
	return c->committed && known < lso;
}

static void headers_of(const struct chain_id *id, struct consumer_header ret[3]);

static int
fake_read(struct consumer *c, const char *topic, int32_t partition, int64_t from, int64_t to, consumer_fn *fn, void *arg)
{
	int err = 0;

	ck_assert_str_eq(topic, RIG_TOPIC);
	ck_assert_int_eq(partition, 3);
	ck_assert_int_lt(from, to);
	ck_assert_int_ge(from, low);
	reads++;
	if (c->committed && fails_with != 0 && fails_at < 0)
		return fails_with;
	for (int64_t at = from; err == 0 && at < to && (!c->committed || at < known); at++) {
		struct consumer_header h[3];
		struct consumer_record r = {.offset = at, .headers = h, .header_count = 3};

		if (at == fails_at && c->committed == fails_committed) {
			goes = fails_with != ERR_CLOSED;
			return fails_with;
		}
		if (world[at] == NOTHING || (c->committed && world[at] != COMMITTED && world[at] != PLAIN && world[at] != ALIEN))
			continue;
		headers_of(world[at] == ALIEN ? &other : &ours, h);
		if (world[at] == PLAIN)
			r.header_count = 0;
		read_records++;
		err = fn(arg, &r);
	}
	return err;
}

#define consumer_watermarks fake_watermarks
#define consumer_read fake_read
#define consumer_was_cut fake_was_cut
#include "attest/ends.c"

static bool
goes_on(void *arg UNUSED)
{
	return goes;
}

static struct consumer readers[2] = {{false}, {true}};
static const struct ends_readers both = {&readers[1], &readers[0], goes_on, NULL};
static struct end_asked asked[LOOK_MAX];
static struct look l;

/* Of a record without a value, in the compact form. */
static void
headers_of(const struct chain_id *id, struct consumer_header ret[3])
{
	static uint8_t reference[CHAIN_ID_LEN + 8];

	memcpy(reference, id->b, CHAIN_ID_LEN);
	reference[sizeof(reference) - 1] = 7;
	ret[0] = (struct consumer_header){slice_str(TRIPLE_CONTENT_HASH), slice_str("")};
	ret[1] = (struct consumer_header){slice_str(TRIPLE_WINDOW_ID), slice_str("7")};
	ret[2] = (struct consumer_header){slice_str(TRIPLE_SIGNATURE), slice_of(reference, sizeof(reference))};
}

static void
setup(void)
{
	memset(world, 0, sizeof(world));
	memset(ours.b, 1, sizeof(ours.b));
	memset(other.b, 2, sizeof(other.b));
	lso = known = LOG;
	goes = true;
	reads = fails_with = 0;
	fails_at = -1;
	low = 0;
	read_records = 0;
	l = (struct look){.topic = RIG_TOPIC, .partition = 3, .id = &ours, .ends = asked};
}

static void
stands(int64_t at, int32_t count, enum kind kind)
{
	for (int32_t i = 0; i < count; i++)
		world[at + i] = kind;
}

static void
ask_for(int64_t at, int32_t count)
{
	asked[l.end_count++] = (struct end_asked){.producer_id = 7, .base_offset = at, .count = count};
}

static int
told(int64_t at)
{
	for (size_t i = 0; i < l.end_count; i++)
		if (asked[i].base_offset == at)
			return (int)asked[i].told;
	ck_abort_msg("nobody asked for %lld", (long long)at);
}

START_TEST(by_what_readers_get)
{
	stands(0, 10, COMMITTED);
	stands(11, 5, ABORTED);
	stands(17, 3, PLAIN);
	stands(20, 10, ABORTED);
	stands(30, 4, COMMITTED);
	stands(40, 5, OPEN);
	lso = 40;
	ask_for(40, 5); /* in any order */
	ask_for(20, 10);
	ask_for(0, 10);
	ask_for(11, 5);
	ask_for(30, 4);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_COMMITTED);
	ck_assert_int_eq(told(11), END_ABORTED);
	ck_assert_int_eq(told(20), END_ABORTED);
	ck_assert_int_eq(told(30), END_COMMITTED);
	ck_assert_int_eq(told(40), END_NOT_YET);
	ck_assert_int_eq(reads, 2); /* they stand close together */
}
END_TEST

/* The first record tells of its batch, and what lies between is not read. */
START_TEST(far_apart)
{
	stands(0, LOG - 10, COMMITTED);
	stands(LOG - 10, 10, ABORTED);
	ask_for(0, 100);
	ask_for(LOG - 10, 10);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_COMMITTED);
	ck_assert_int_eq(told(LOG - 10), END_ABORTED);
	ck_assert_int_eq(read_records, 100 + 1);
}
END_TEST

/* The cleaner, or retention, took them; or a record of another chain stands there, or one that is nobody's. */
START_TEST(nobody_can_tell)
{
	static const enum kind kinds[] = {NOTHING, ALIEN, PLAIN};

	stands(0, 4, kinds[_i]);
	stands(4, 4, COMMITTED);
	ask_for(0, 4);
	ask_for(4, 4);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_UNKNOWN);
	ck_assert_int_eq(told(4), END_COMMITTED);
}
END_TEST

/* Of one whose first records are gone the others tell. */
START_TEST(cleaned_in_part)
{
	stands(3, 1, COMMITTED);
	stands(8, 1, ABORTED);
	ask_for(0, 4);
	ask_for(5, 4);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_COMMITTED);
	ck_assert_int_eq(told(5), END_ABORTED);
}
END_TEST

/* A new leader that doesn't know yet how far the log is decided passes over what was committed. */
START_TEST(a_leader_that_knows_less)
{
	stands(0, 8, COMMITTED);
	ask_for(0, 4);
	ask_for(4, 4);
	known = 4;
	ck_assert_int_eq(ends_read(&both, &l), ERR_NOT_NOW);
	ck_assert_int_eq(told(0), END_COMMITTED);
	ck_assert_int_eq(told(4), END_NOT_YET);
	known = LOG;
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(4), END_COMMITTED);
}
END_TEST

/* A batch, and a run of it that an earlier run stated (_i: from which record on): the same records tell of both. */
START_TEST(one_within_another)
{
	for (int kind = COMMITTED; kind <= ABORTED; kind++) {
		setup();
		stands(0, 14, (enum kind)kind);
		stands(20, 4, COMMITTED);
		ask_for(0, 14);
		ask_for(_i, 4);
		ask_for(20, 4);
		ck_assert_int_eq(ends_read(&both, &l), 0);
		ck_assert_int_eq(asked[0].told, kind == COMMITTED ? END_COMMITTED : END_ABORTED);
		ck_assert_int_eq(asked[1].told, asked[0].told);
		ck_assert_int_eq(asked[2].told, END_COMMITTED);
	}
}
END_TEST

/* Two producers' at one place, as an unclean election leaves them: nobody knows whose the record is. */
START_TEST(two_at_one_place)
{
	stands(0, 8, COMMITTED);
	ask_for(0, 4);
	ask_for(2, 2);
	ask_for(4, 4);
	asked[1].producer_epoch = 1;
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_COMMITTED); /* by what is its alone */
	ck_assert_int_eq(told(2), END_UNKNOWN);
	ck_assert_int_eq(told(4), END_COMMITTED);
}
END_TEST

/* Another batch of the chain where one stood, of another window. */
START_TEST(another_window)
{
	for (uint64_t first = 5; first <= 8; first++)
		for (uint64_t last = first; last <= 9; last++) {
			setup();
			stands(0, 4, _i == 0 ? COMMITTED : ABORTED);
			ask_for(0, 4);
			asked[0].first_window = first;
			asked[0].last_window = last;
			ck_assert_int_eq(ends_read(&both, &l), 0);
			ck_assert_int_eq(told(0), first > 7 || last < 7 ? END_UNKNOWN : _i == 0 ? END_COMMITTED : END_ABORTED);
		}
}
END_TEST

/* A broker that has just started knows no such topic: what wasn't read wasn't passed over. */
START_TEST(a_reading_that_fails)
{
	static const int errors[] = {ERR_NOTFOUND, ERR_REMOTE, ERR_TIMEOUT};

	stands(0, 4, COMMITTED);
	ask_for(0, 4);
	fails_with = errors[_i];
	ck_assert_int_eq(ends_read(&both, &l), fails_with);
	ck_assert_int_eq(told(0), END_NOT_YET);
}
END_TEST

static bool
failed(int64_t at)
{
	for (size_t i = 0; i < l.end_count; i++)
		if (asked[i].base_offset == at)
			return asked[i].failed;
	ck_abort_msg("nobody asked for %lld", (long long)at);
}

/* A stretch that can't be read to its end: what was delivered of it counts, and the others are none the worse. */
START_TEST(one_stretch_fails)
{
	static const int errors[] = {ERR_TIMEOUT, ERR_REMOTE, ERR_CLOSED};

	for (size_t i = 0; i < ARRAY_LEN(errors); i++) {
		bool closed = errors[i] == ERR_CLOSED;

		setup();
		stands(0, 4, COMMITTED);
		stands(4, 4, ABORTED);
		stands(8, 4, COMMITTED);
		stands(2000, 4, COMMITTED);
		stands(2004, 4, ABORTED);
		for (int64_t at = 0; at <= 8; at += 4)
			ask_for(at, 4);
		ask_for(2000, 4);
		ask_for(2004, 4);
		fails_with = errors[i];
		fails_at = 6;
		fails_committed = _i == 0;
		ck_assert_int_eq(ends_read(&both, &l), errors[i]);
		ck_assert_int_eq(told(0), END_COMMITTED);
		/* By its first record, if what is committed was read. */
		ck_assert_int_eq(told(4), _i == 0 ? END_NOT_YET : END_ABORTED);
		ck_assert_int_eq(failed(4), _i == 0 && !closed);
		ck_assert_int_eq(told(8), _i == 0 ? END_NOT_YET : END_COMMITTED);
		ck_assert_int_eq(failed(8), _i == 0 && !closed);
		ck_assert_int_eq(told(2000), closed && _i == 0 ? END_NOT_YET : END_COMMITTED);
		ck_assert_int_eq(told(2004), closed ? END_NOT_YET : END_ABORTED);
		ck_assert(!failed(0) && !failed(2000) && !failed(2004));
	}
}
END_TEST

/* Where each fails, a look doesn't last as long as all of them would. */
START_TEST(many_stretches_fail)
{
	enum { MANY = 8 };

	for (int i = 0; i < MANY; i++) {
		stands(i * (LOG / MANY), 4, ABORTED);
		ask_for(i * (LOG / MANY), 4);
	}
	low = 0;
	fails_with = ERR_TIMEOUT;
	ck_assert_int_eq(ends_read(&both, &l), ERR_TIMEOUT);
	ck_assert_int_le(reads, 4);
	for (int i = 0; i < MANY; i++)
		ck_assert_int_eq(asked[i].told, END_NOT_YET);
}
END_TEST

/* Retention took the first, and a part of the next. */
START_TEST(behind_the_logs_begin)
{
	low = 6;
	stands(6, 2, ABORTED);
	stands(8, 4, COMMITTED);
	ask_for(0, 4);
	ask_for(4, 4);
	ask_for(8, 4);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_UNKNOWN);
	ck_assert_int_eq(told(4), END_ABORTED);
	ck_assert_int_eq(told(8), END_COMMITTED);
}
END_TEST

/* A run within a batch of which the log's begin has the end alone. */
START_TEST(behind_a_run_within)
{
	low = 50;
	stands(50, 50, COMMITTED);
	ask_for(0, 100);
	ask_for(10, 20);
	ck_assert_int_eq(ends_read(&both, &l), 0);
	ck_assert_int_eq(told(0), END_COMMITTED);
	ck_assert_int_eq(told(10), END_UNKNOWN);
}
END_TEST

START_TEST(stopping)
{
	stands(0, 4, ABORTED);
	ask_for(0, 4);
	goes = false;
	ck_assert_int_eq(ends_read(&both, &l), ERR_CLOSED);
	ck_assert_int_eq(told(0), END_NOT_YET);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ends");
	TCase *c = tcase_create("ends");

	tcase_add_checked_fixture(c, setup, NULL);
	tcase_add_test(c, by_what_readers_get);
	tcase_add_test(c, far_apart);
	tcase_add_loop_test(c, nobody_can_tell, 0, 3);
	tcase_add_test(c, cleaned_in_part);
	tcase_add_test(c, a_leader_that_knows_less);
	tcase_add_loop_test(c, one_within_another, 0, 11);
	tcase_add_test(c, two_at_one_place);
	tcase_add_loop_test(c, another_window, 0, 2);
	tcase_add_loop_test(c, a_reading_that_fails, 0, 3);
	tcase_add_loop_test(c, one_stretch_fails, 0, 2);
	tcase_add_test(c, many_stretches_fail);
	tcase_add_test(c, behind_the_logs_begin);
	tcase_add_test(c, behind_a_run_within);
	tcase_add_test(c, stopping);
	suite_add_tcase(s, c);
	return suite_run(s);
}
