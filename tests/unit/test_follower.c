/* Many partitions at once, out of librdkafka's mock cluster. */
#include <pthread.h>

#include "base/clock.h"
#include "mocked.h"
#include "rdkafka/follower.h"
#include "suite.h"

enum { RECORDS = 300, PARTITIONS = 3 };

static struct follower *f;
static char last[2048] = "last"; /* the header's value */

struct seen {
	int64_t next[2][PARTITIONS]; /* the offset that must come; -1: nothing may */
	int records, ends, gone;
	int stop_at; /* records: then partition 0 is read from 5 on */
};

static void
fill(const char *topic, int32_t partition, int from, int to)
{
	struct publisher *p = mocked_publisher(topic);

	for (int i = from; i < to; i++) {
		struct publisher_header hs[] = {{slice_str("h"), slice_str("first")}, {slice_str("other"), slice_str("x")},
						{slice_str("h"), slice_str(last)}};
		char text[16];

		(void)snprintf(text, sizeof(text), "v%d", i);
		mocked_send(p, partition, i % 2 == 0 ? slice_str(text) : (struct slice){NULL, 0},
			    i % 3 == 0 ? (struct slice){NULL, 0} : slice_str(text), hs, i % 5 == 0 ? 0 : 3);
	}
	mocked_finish(p);
}

static void
open_with(size_t queue_bytes)
{
	static const char *const topics[] = {"t", "u", NULL};
	struct follower_conf conf = {.bootstrap = mock_bootstrap(mock),
				     .topics = topics,
				     .header = "h",
				     .queue_bytes = queue_bytes,
				     .wait_ms = 10,
				     .timeout_ms = 10000};
	char why[256];

	ck_assert_msg(follower_open(&conf, &f, why, sizeof(why)) == 0, "%s", why);
}

static void
setup(void)
{
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", PARTITIONS), 0);
	ck_assert_int_eq(mock_topic(mock, "u", 1), 0);
	fill("t", 0, 0, RECORDS);
	fill("t", 2, 0, 10);
	fill("u", 0, 0, 20);
	open_with(1 << 20);
}

static void
teardown(void)
{
	follower_close(f);
	follower_close(NULL);
	mock_stop(mock);
}

static void
on_event(void *arg, const struct follower_event *e)
{
	struct seen *s = arg;
	char text[16];

	ck_assert_uint_lt(e->topic, 2);
	if (e->kind == FOLLOWER_END) {
		ck_assert_int_eq(e->offset, s->next[e->topic][e->partition]);
		s->ends++;
		return;
	}
	if (e->kind == FOLLOWER_GONE) {
		s->gone++;
		return;
	}
	ck_assert_int_eq(e->offset, s->next[e->topic][e->partition]);
	s->next[e->topic][e->partition]++;
	s->records++;
	(void)snprintf(text, sizeof(text), "v%d", (int)e->offset);
	ck_assert_int_eq(e->key.p == NULL, e->offset % 2 != 0);
	ck_assert_int_eq(e->value.p == NULL, e->offset % 3 == 0);
	ck_assert(e->key.p == NULL || slice_eq(e->key, slice_str(text)));
	ck_assert(e->value.p == NULL || slice_eq(e->value, slice_str(text)));
	ck_assert(e->offset % 5 == 0 ? e->header.p == NULL : slice_eq(e->header, slice_str(last)));
	ck_assert_int_gt(e->timestamp, 0);
	if (s->records == s->stop_at) {
		ck_assert_int_eq(follower_read(f, 0, 0, 5), 0);
		s->next[0][0] = 5;
	}
}

static void
take_until(struct seen *s, int records, int ends)
{
	while (s->records < records || s->ends < ends) {
		follower_wait(f, 1000);
		(void)follower_take(f, 7, on_event, s);
	}
}

START_TEST(questions)
{
	int64_t low[PARTITIONS], high[PARTITIONS];
	int32_t n;

	ck_assert_int_eq(follower_partitions(f, 0, &n), 0);
	ck_assert_int_eq(n, PARTITIONS);
	ck_assert_int_eq(follower_partitions(f, 1, &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(follower_ends(f, 0, PARTITIONS, low, high), 0);
	for (int p = 0; p < PARTITIONS; p++)
		ck_assert_int_eq(low[p], 0);
	ck_assert_int_eq(high[0], RECORDS);
	ck_assert_int_eq(high[1], 0);
	ck_assert_int_eq(high[2], 10);
}
END_TEST

START_TEST(all_at_once)
{
	struct seen s = {.records = 0};

	for (int p = 0; p < PARTITIONS; p++)
		ck_assert_int_eq(follower_read(f, 0, p, 0), 0);
	ck_assert_int_eq(follower_read(f, 1, 0, 15), 0);
	s.next[1][0] = 15;
	take_until(&s, RECORDS + 10 + 5, 4);
	ck_assert_int_eq(s.records, RECORDS + 15);
	ck_assert_int_eq(s.ends, 4);
	/* What comes then. */
	fill("u", 0, 20, 22);
	take_until(&s, RECORDS + 17, 5);
	ck_assert_int_eq(s.next[1][0], 22);
}
END_TEST

/* Told to go elsewhere in between: what was taken out before isn't given any more. */
START_TEST(elsewhere)
{
	struct seen s = {.stop_at = 3};

	ck_assert_int_eq(follower_read(f, 0, 0, 0), 0);
	take_until(&s, 3 + RECORDS - 5, 1);
	ck_assert_int_eq(s.next[0][0], RECORDS);
}
END_TEST

START_TEST(stopped)
{
	struct seen s = {.next = {{-1, -1, 0}, {-1}}};

	ck_assert_int_eq(follower_read(f, 0, 0, 0), 0);
	follower_wait(f, 1000);
	follower_stop(f, 0, 0);
	follower_stop(f, 0, 0);
	follower_stop(f, 1, 5);
	ck_assert_int_eq(follower_read(f, 0, 2, 0), 0);
	take_until(&s, 10, 1);
	ck_assert_int_eq(s.records, 10);
}
END_TEST

START_TEST(gone)
{
	struct seen s = {.next = {{RECORDS + 7}}};

	ck_assert_int_eq(follower_read(f, 0, 0, RECORDS + 7), 0);
	while (s.gone == 0) {
		follower_wait(f, 1000);
		(void)follower_take(f, 7, on_event, &s);
	}
	ck_assert_int_eq(s.records, 0);
}
END_TEST

/* A queue with room for a hundredth of it, which is mostly headers. */
START_TEST(little_room)
{
	enum { COUNT = 1600 };
	struct seen s = {.records = 0};

	memset(last, 'x', sizeof(last) - 1);
	follower_close(f);
	open_with(16384);
	fill("t", 1, 0, COUNT);
	ck_assert_int_eq(follower_read(f, 0, 1, 0), 0);
	take_until(&s, COUNT, 1);
	ck_assert_int_eq(s.next[0][1], COUNT);
}
END_TEST

static int
by_number(const void *a, const void *b)
{
	const int64_t *x = a, *y = b;

	return *x < *y ? -1 : *x > *y;
}

/* More at once than the queue is to have, again and again: what comes behind it isn't a second late. */
START_TEST(bursts)
{
	enum { ROUNDS = 12, BURST = 400 };
	struct seen s = {.records = 0};
	int64_t ms[ROUNDS];

	ck_assert_int_eq(follower_read(f, 0, 1, 0), 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct monotime since;

		fill("t", 1, i * BURST, (i + 1) * BURST);
		since = clock_now();
		take_until(&s, (i + 1) * BURST, 0);
		ms[i] = monotime_since_ms(clock_now(), since);
	}
	qsort(ms, ROUNDS, sizeof(ms[0]), by_number);
	ck_assert_int_lt(ms[ROUNDS / 2], 500);
}
END_TEST

static void *
wakes(void *arg)
{
	follower_wake(arg);
	return NULL;
}

START_TEST(woken)
{
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, wakes, f), 0);
	follower_wait(f, 50000); /* the test's time would be over */
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(not_there)
{
	static const char *const none[] = {"none", NULL};
	static const char *const props[] = {"no.such.property", "1", NULL};
	struct follower_conf conf = {.bootstrap = mock_bootstrap(mock), .topics = none, .header = "h", .queue_bytes = 1 << 20,
				     .wait_ms = 10, .timeout_ms = 1000};
	struct follower *g;
	int64_t low, high;
	char why[256];
	int32_t n;

	conf.bootstrap = "127.0.0.1:1"; /* no one may listen there but root */
	conf.timeout_ms = 1;
	ck_assert_int_eq(follower_open(&conf, &g, why, sizeof(why)), 0);
	ck_assert_int_eq(follower_partitions(g, 0, &n), ERR_TIMEOUT);
	ck_assert_str_ne(follower_why(g), "");
	ck_assert_int_ne(follower_ends(g, 0, 1, &low, &high), 0);
	follower_close(g);
	conf.props = props;
	ck_assert_int_eq(follower_open(&conf, &g, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("follower");
	TCase *t = tcase_create("follower");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, questions);
	tcase_add_test(t, all_at_once);
	tcase_add_test(t, elsewhere);
	tcase_add_test(t, stopped);
	tcase_add_test(t, gone);
	tcase_add_test(t, little_room);
	tcase_add_test(t, bursts);
	tcase_add_test(t, woken);
	tcase_add_test(t, not_there);
	suite_add_tcase(s, t);
	return suite_run(s);
}
