/* Statements looked for in the statement topic (attest/posted.h), over a log in memory: what is found, and how much is read for it. */
#include "tests/unit/suite.h"
#include "tests/unit/chain_rig.h"

#include "rdkafka/consumer.h"

struct consumer {
	int unused;
};

/* What stands at each offset; a record's time is its offset, in hours. */
struct stands {
	uint32_t chain; /* 0: a key of something else */
	const char *value; /* NULL: a tombstone */
	bool gone; /* no record */
};
enum { LOG = 4000, PARTITION = 5, WINDOW = 7, HOUR_MS = 3600 * 1000 };

static struct stands world[LOG];
static int64_t log_begin, log_end;
static int64_t records; /* that were read */
static int64_t fails_at; /* the next reading that comes there fails; -1: none does */
static int fails_with, asks_fail;
static bool cut, goes, ends_there; /* behind the time's offset it doesn't go on */
static int64_t goes_until; /* so many records; -1: for ever */

static struct chain_id
chain_of(uint32_t n)
{
	struct chain_id id = {{0}};

	memcpy(id.b, &n, sizeof(n));
	return id;
}

static bool
may_go_on(void *arg UNUSED)
{
	return goes && (goes_until < 0 || records <= goes_until);
}

static int
fake_watermarks(struct consumer *c UNUSED, const char *topic, int32_t partition, int64_t *ret_low, int64_t *ret_high)
{
	ck_assert_str_eq(topic, "dbom");
	ck_assert(partition == PARTITION || partition == PARTITION + 1);
	if (asks_fail == 1)
		return ERR_NOTFOUND;
	*ret_low = log_begin;
	*ret_high = log_end;
	return 0;
}

static int
fake_offset_at(struct consumer *c UNUSED, const char *topic UNUSED, int32_t partition UNUSED, int64_t time_ms, int64_t *ret)
{
	if (asks_fail == 2)
		return ERR_NOTFOUND;
	*ret = time_ms < 0 ? 0 : time_ms / HOUR_MS;
	if (*ret >= log_end)
		*ret = INT64_MAX;
	goes = !ends_there;
	return 0;
}

enum { LARGEST = 5000000 };

static size_t large; /* what a reading is told to wait for */
static int asked_largest;

static int
fake_topic_config(struct consumer *c UNUSED, const char *topic, const char *name, char *ret, size_t len)
{
	ck_assert_str_eq(topic, "dbom");
	ck_assert_str_eq(name, "max.message.bytes");
	(void)snprintf(ret, len, "%d", LARGEST);
	asked_largest++;
	return 0;
}

static void
fake_large(struct consumer *c UNUSED, size_t bytes)
{
	large = bytes;
}

static bool
fake_was_cut(const struct consumer *c UNUSED)
{
	bool was = cut;

	cut = false;
	return was;
}

static int
fake_read(struct consumer *c UNUSED, const char *topic UNUSED, int32_t partition UNUSED, int64_t from, int64_t to, consumer_fn *fn, void *arg)
{
	ck_assert_uint_eq(large, LARGEST);
	ck_assert_int_lt(from, to);
	ck_assert_int_ge(from, log_begin);
	ck_assert_int_le(to, log_end);
	for (int64_t at = from; at < to; at++) {
		char key[CHAIN_KEY_MAX + 1] = "something else";
		struct chain_id id = chain_of(world[at].chain);
		struct consumer_record r = {.offset = at};
		int err;

		if (at == fails_at) {
			fails_at = -1;
			return fails_with;
		}
		if (world[at].gone)
			continue;
		r.key = slice_of(key, world[at].chain == 0 ? strlen(key) : chain_key(&id, WINDOW, key));
		r.value = world[at].value == NULL ? slice_of(NULL, 0) : slice_str(world[at].value);
		records++;
		if ((err = fn(arg, &r)) != 0)
			return err;
	}
	return 0;
}

#define consumer_watermarks fake_watermarks
#define consumer_offset_at fake_offset_at
#define consumer_read fake_read
#define consumer_was_cut fake_was_cut
#define consumer_topic_config fake_topic_config
#define consumer_large fake_large
#include "attest/posted.c"

static struct consumer consumer;
static struct posted *posted;
static struct monotime now;

static void
setup(void)
{
	struct posted_conf conf = {.topic = "dbom", .goes_on = may_go_on};

	memset(world, 0, sizeof(world));
	for (int64_t i = 0; i < LOG; i++)
		world[i].value = "x";
	log_begin = records = 0;
	log_end = LOG;
	fails_at = goes_until = -1;
	fails_with = asks_fail = asked_largest = 0;
	cut = ends_there = false;
	goes = true;
	ck_assert_int_eq(posted_new(&conf, &posted), 0);
}

static void
teardown(void)
{
	posted_free(posted);
	posted_free(NULL);
}

/* Is that chain's statement there?  It stands no earlier than at `from`. */
static int
look(uint32_t chain, const char *value, int64_t from, bool *ret_there)
{
	struct chain_id id = chain_of(chain);
	struct look l = {.id = &id, .window = WINDOW, .dbom_partition = PARTITION, .since_ms = (from + 1) * HOUR_MS};
	bool other = true;
	int err;

	sha256_of(slice_str(value), l.value_sha256);
	err = posted_look(posted, &consumer, &l, now, ret_there, &other);
	ck_assert_uint_eq(large, 0); /* other topics are read as ever */
	ck_assert(err != 0 || !other);
	return err;
}

static bool
is_there(uint32_t chain, const char *value, int64_t from)
{
	bool there = false;

	ck_assert_int_eq(look(chain, value, from, &there), 0);
	return there;
}

/* However many chains have a statement to look for: of half of them it is there. */
START_TEST(one_reading_does_for_all)
{
	enum { CHAINS = 1000 };

	for (uint32_t i = 1; i <= CHAINS; i++)
		if (i % 2 == 0)
			world[3 * i] = (struct stands){i, "mine", false};
	for (uint32_t i = 1; i <= CHAINS; i++)
		ck_assert(is_there(i, "mine", i % 2 == 0 ? 100 % i : i) == (i % 2 == 0));
	ck_assert_int_eq(records, LOG + CHAINS / 2);
}
END_TEST

/* What came since is read, and what stands in front of all that was. */
START_TEST(both_ends)
{
	world[10] = world[3990] = (struct stands){1, "mine", false};
	log_end = 3000;
	ck_assert(!is_there(1, "mine", 1000));
	ck_assert_int_eq(records, 2000);
	log_end = 3990;
	ck_assert(!is_there(1, "mine", 1000));
	ck_assert_int_eq(records, 2990);
	log_end = LOG;
	ck_assert(is_there(1, "mine", 2000));
	ck_assert_int_eq(records, 3001);
	ck_assert(is_there(1, "mine", 10));
	ck_assert_int_eq(records, 3001 + 990 + 3981); /* from the first to the last */
	ck_assert(!is_there(2, "mine", 10));
	ck_assert_int_eq(records, 3001 + 990 + 3981);
	ck_assert(!is_there(1, "mine", LOG));
}
END_TEST

/* By its bytes, wherever it stands among what others wrote under its key; a tombstone is none. */
START_TEST(among_junk)
{
	world[20] = (struct stands){1, "x", false};
	world[30] = (struct stands){1, NULL, false};
	ck_assert(!is_there(1, "mine", 0));
	world[40] = (struct stands){1, "mine", false};
	ck_assert(!is_there(1, "mine", 0)); /* it was read before, and nothing is written in front of what is there */
	seen_forget(posted->seen);
	ck_assert(is_there(1, "mine", 0));
	ck_assert(!is_there(1, "another", 0));
}
END_TEST

static void
ck_fails(int want)
{
	bool there = false;

	ck_assert_int_eq(look(1, "mine", 0, &there), want);
	ck_assert(!there);
}

/* What could not be read to its end says nothing, and is read again. */
START_TEST(when_it_can_not_be_read)
{
	world[50] = (struct stands){1, "mine", false};
	asks_fail = 1 + _i % 2;
	ck_fails(ERR_NOTFOUND);
	asks_fail = 0;
	fails_with = ERR_TIMEOUT;
	for (int64_t at = 0; at < 100; at += 10) {
		fails_at = at;
		ck_fails(ERR_TIMEOUT);
	}
	cut = true;
	ck_fails(ERR_AGAIN);
	ck_assert(is_there(1, "mine", 0));
	fails_at = 50; /* it alone */
	ck_fails(ERR_TIMEOUT);
	ck_assert(is_there(1, "mine", 0));
	ck_assert(!is_there(2, "mine", 0));
}
END_TEST

START_TEST(it_does_not_go_on)
{
	goes = false;
	ck_fails(ERR_CLOSED);
	goes = true;
	goes_until = 10;
	ck_fails(ERR_CLOSED);
	ck_assert_int_le(records, 11);
}
END_TEST

/* What the topic takes is asked for by who reads there, once for all, and no more once it doesn't go on. */
START_TEST(asked_for_what_is_read)
{
	for (uint32_t i = 1; i <= 100; i++)
		ck_assert(!is_there(i, "mine", LOG));
	ck_assert_int_eq(asked_largest, 0);
	ends_there = true;
	ck_fails(ERR_CLOSED);
	ck_assert_int_eq(asked_largest, 0);
	ends_there = false;
	goes = true;
	for (uint32_t i = 1; i <= 100; i++)
		ck_assert(!is_there(i, "mine", LOG - i));
	ck_assert_int_eq(asked_largest, 1);
}
END_TEST

/* Offsets that are gone, from the front or behind an election, are asked for no more. */
START_TEST(the_log_changes)
{
	world[2000] = (struct stands){1, "mine", false};
	ck_assert(is_there(1, "mine", 0));
	log_begin = 1500;
	ck_assert(is_there(1, "mine", 0));
	log_begin = 2001;
	ck_assert(!is_there(1, "mine", 0));
	log_end = 2500;
	log_begin = 0;
	world[2400] = (struct stands){3, "mine", false};
	ck_assert(is_there(3, "mine", 0));
	log_begin = 2500;
	ck_assert(!is_there(3, "mine", 0));
	log_end = 2600;
	log_begin = 2550;
	world[2560] = (struct stands){3, "mine", false};
	ck_assert(is_there(3, "mine", 0));
}
END_TEST

/* What was read takes memory for a minute behind the last look. */
START_TEST(forgotten)
{
	int64_t read;

	ck_assert_int_eq(posted_tidy(posted, now), -1);
	world[50] = (struct stands){1, "mine", false};
	ck_assert(is_there(1, "mine", 0));
	read = records;
	now.ns += 59 * INT64_C(1000000000);
	ck_assert_int_eq(posted_tidy(posted, now), 1000);
	ck_assert(is_there(1, "mine", 0));
	ck_assert_int_eq(records, read + 1);
	ck_assert_int_eq(posted_tidy(posted, now), 60000);
	now.ns += 60 * INT64_C(1000000000);
	ck_assert_int_eq(posted_tidy(posted, now), -1);
	ck_assert_int_eq(posted_tidy(posted, now), -1);
	ck_assert(is_there(1, "mine", 0));
	ck_assert_int_eq(records, 2 * read + 1);
}
END_TEST

/* More than there is room for: each look reads all of it, and finds the same. */
START_TEST(no_room)
{
	for (uint32_t i = 1; i <= 100; i++)
		world[i] = (struct stands){i, "mine", false};
	seen_free(posted->seen);
	posted->seen = seen_new(99);
	for (uint32_t i = 1; i <= 50; i++)
		ck_assert(is_there(i, "mine", 0) && !is_there(i, "another", 0));
	ck_assert_int_eq(records, 101 + 100 * LOG);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("posted");
	TCase *t = tcase_create("log");

	tcase_set_timeout(t, 180);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_reading_does_for_all);
	tcase_add_test(t, both_ends);
	tcase_add_test(t, among_junk);
	tcase_add_loop_test(t, when_it_can_not_be_read, 0, 2);
	tcase_add_test(t, it_does_not_go_on);
	tcase_add_test(t, asked_for_what_is_read);
	tcase_add_test(t, the_log_changes);
	tcase_add_test(t, forgotten);
	tcase_add_test(t, no_room);
	suite_add_tcase(s, t);
	return suite_run(s);
}
