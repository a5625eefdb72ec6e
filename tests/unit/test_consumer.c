/* Reading from here to there, out of librdkafka's mock cluster. */
#include "mocked.h"
#include "rdkafka/consumer.c" /* for what its handles are made with */
#include "suite.h"

enum { RECORDS = 20 };

static struct consumer *c;

static const struct slice null = {NULL, 0};

static void
setup(void)
{
	struct publisher *p;

	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", 2), 0);
	ck_assert_int_eq(mock_topic(mock, "empty", 1), 0);
	p = mocked_publisher("t");
	for (int i = 0; i < RECORDS; i++) {
		char key[16], value[16];

		(void)snprintf(key, sizeof(key), "k%d", i);
		(void)snprintf(value, sizeof(value), "v%d", i);
		ck_assert_int_eq(publisher_send(p, 0, slice_str(key), slice_str(value), NULL, 0, NULL), 0);
	}
	mocked_finish(p);
	c = mocked_consumer(30000);
}

static void
teardown(void)
{
	consumer_close(c);
	consumer_close(NULL);
	mock_stop(mock);
}

struct seen {
	int count;
	int64_t next; /* offset that must come */
	int64_t stop_at;
};

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct seen *s = arg;
	char key[16], value[16];

	ck_assert_int_eq(r->offset, s->next);
	(void)snprintf(key, sizeof(key), "k%d", (int)r->offset);
	(void)snprintf(value, sizeof(value), "v%d", (int)r->offset);
	ck_assert(slice_eq(r->key, slice_str(key)));
	ck_assert(slice_eq(r->value, slice_str(value)));
	ck_assert_uint_eq(r->header_count, 0);
	s->next++;
	s->count++;
	return r->offset == s->stop_at ? ERR_MALFORMED : 0;
}

static int
read_some(int64_t from, int64_t to, struct seen *s)
{
	return consumer_read(c, "t", 0, from, to, on_record, s);
}

/* Brokers take a moment to agree on a partition's leader: whoever is asked may say several times that it is another. */
START_TEST(the_leader_moves)
{
	enum { LIST_OFFSETS = 2, NOT_LEADER_OR_FOLLOWER = 6, TIMES = 4 };
	int64_t low, high, at;

	mock_refuse(mock, LIST_OFFSETS, NOT_LEADER_OR_FOLLOWER, TIMES);
	ck_assert_msg(consumer_watermarks(c, "t", 0, &low, &high) == 0, "%s", consumer_why(c));
	ck_assert_int_eq(high, RECORDS);
	mock_refuse(mock, LIST_OFFSETS, NOT_LEADER_OR_FOLLOWER, TIMES);
	ck_assert_msg(consumer_offset_at(c, "t", 0, 0, &at) != ERR_REMOTE, "%s", consumer_why(c));
}
END_TEST

/* That the topic isn't known, as by a broker that has just come up, says nothing of what stands in it. */
START_TEST(not_known_or_not_that_young)
{
	enum { LIST_OFFSETS = 2, UNKNOWN_TOPIC_OR_PARTITION = 3 };
	int64_t low = -7, high = -7, at = -7;

	mock_refuse(mock, LIST_OFFSETS, UNKNOWN_TOPIC_OR_PARTITION, 1);
	ck_assert_int_eq(consumer_offset_at(c, "t", 0, 0, &at), ERR_NOTFOUND);
	ck_assert_int_eq(at, -7);
	mock_refuse(mock, LIST_OFFSETS, UNKNOWN_TOPIC_OR_PARTITION, 1);
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), ERR_NOTFOUND);
	ck_assert(low == -7 && high == -7);
	ck_assert_int_eq(consumer_offset_at(c, "t", 0, INT64_MAX / 2, &at), 0);
	ck_assert_int_eq(at, INT64_MAX);
}
END_TEST

/* A broker that is there and silent: nobody waits for longer than he said. */
START_TEST(a_silent_broker)
{
	int64_t low, high, at;

	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), 0);
	mock_slow(mock, 3600 * 1000);
	consumer_wait(c, 100);
	low = high = -7;
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), ERR_TIMEOUT);
	ck_assert(low == -7 && high == -7);
	ck_assert_int_eq(consumer_offset_at(c, "t", 0, 0, &at), ERR_TIMEOUT);
}
END_TEST

static int
any_record(void *arg UNUSED, const struct consumer_record *r UNUSED)
{
	return 0;
}

/* One that is large is waited for, as long as it takes to arrive on a slow link. */
START_TEST(a_large_record)
{
	int64_t low, high;

	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), 0);
	mock_slow(mock, 1000);
	consumer_wait(c, 100);
	ck_assert_int_eq(consumer_read(c, "t", 0, low, high, any_record, NULL), ERR_TIMEOUT);
	consumer_large(c, 60 * 1000 * 1000);
	ck_assert_int_eq(consumer_read(c, "t", 0, low, high, any_record, NULL), 0);
	consumer_large(c, 0);
	ck_assert_int_eq(consumer_read(c, "t", 0, low, high, any_record, NULL), ERR_TIMEOUT);
}
END_TEST

static int
socket_timeout_ms(const char *const *props)
{
	struct consumer_conf conf = {.bootstrap = mock_bootstrap(mock), .props = props, .timeout_ms = 1000};
	struct consumer *it;
	char text[32];
	size_t n = sizeof(text);

	ck_assert_int_eq(consumer_open(&conf, &it, text, sizeof(text)), 0);
	ck_assert_int_eq(rd_kafka_conf_get(rd_kafka_conf(it->rk), "socket.timeout.ms", text, &n), RD_KAFKA_CONF_OK);
	consumer_close(it);
	return atoi(text);
}

/* librdkafka doesn't take its fetch back while it is waited for; but who sets another time has that. */
START_TEST(a_fetch_has_time)
{
	static const char *const ours[] = {"socket.timeout.ms", "1234", NULL};
	enum { ANSWER_MS = 5000 };

	consumer_large(c, 64 * 1000 * 1000);
	ck_assert_int_eq(c->large_ms, 64000);
	ck_assert_int_gt(socket_timeout_ms(NULL), ANSWER_MS + c->large_ms);
	ck_assert_int_eq(socket_timeout_ms(ours), 1234);
}
END_TEST

START_TEST(asks)
{
	struct slice id, again;
	int64_t low, high;
	int32_t n;

	ck_assert_int_eq(consumer_cluster_id(c, &id), 0);
	ck_assert_uint_gt(id.n, 0);
	ck_assert_int_eq(consumer_cluster_id(c, &again), 0);
	ck_assert_ptr_eq(id.p, again.p);
	ck_assert_int_eq(consumer_partitions(c, "t", &n), 0);
	ck_assert_int_eq(n, 2);
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), 0);
	ck_assert_int_eq(low, 0);
	ck_assert_int_eq(high, RECORDS);
	ck_assert_int_eq(consumer_watermarks(c, "empty", 0, &low, &high), 0);
	ck_assert_int_eq(low, 0);
	ck_assert_int_eq(high, 0);
}
END_TEST

START_TEST(from_here_to_there)
{
	static const struct {
		int64_t from, to;
	} t[] = {{0, RECORDS}, {0, 1}, {RECORDS - 1, RECORDS}, {3, 11}, {5, 5}, {7, 3}, {RECORDS, RECORDS}, {0, RECORDS}};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct seen s = {.next = t[i].from, .stop_at = -1};

		ck_assert_int_eq(read_some(t[i].from, t[i].to, &s), 0);
		ck_assert_int_eq(s.count, t[i].to > t[i].from ? t[i].to - t[i].from : 0);
	}
}
END_TEST

/* The reader's own error ends it, at once, and the next reading is a new one. */
START_TEST(ended_by_its_reader)
{
	struct seen s = {.next = 2, .stop_at = 4}, all = {.next = 0, .stop_at = -1};

	ck_assert_int_eq(read_some(2, RECORDS, &s), ERR_MALFORMED);
	ck_assert_int_eq(s.count, 3);
	ck_assert_int_eq(read_some(0, RECORDS, &all), 0);
	ck_assert_int_eq(all.count, RECORDS);
}
END_TEST

/* The log ends before what was asked for: what is there is given, and that is all. */
START_TEST(shorter_than_thought)
{
	struct seen s = {.next = 15, .stop_at = -1};

	ck_assert_int_eq(read_some(15, RECORDS + 5, &s), 0);
	ck_assert_int_eq(s.count, RECORDS - 15);
}
END_TEST

/* Where there is nothing behind an offset, nor before it. */
START_TEST(ends_before)
{
	bool ends = true;

	ck_assert_int_eq(consumer_ends_before(c, "t", 0, RECORDS, &ends), 0);
	ck_assert(!ends);
	ck_assert_int_eq(consumer_ends_before(c, "t", 0, RECORDS - 1, &ends), 0);
	ck_assert(!ends);
	for (int i = 0; !ends; i++) { /* an answer that is slow tells nothing */
		ck_assert_int_lt(i, 60);
		ck_assert_int_eq(consumer_ends_before(c, "t", 0, RECORDS + 1, &ends), 0);
	}
	ck_assert_int_eq(consumer_ends_before(c, "empty", 0, 1000000, &ends), 0);
	mock_slow(mock, 3600 * 1000);
	ck_assert_int_eq(consumer_ends_before(c, "t", 0, RECORDS + 1, &ends), 0);
	ck_assert(!ends);
}
END_TEST

/* One topic after another, with one consumer. */
static int
on_none(void *arg, const struct consumer_record *r)
{
	(void)arg;
	(void)r;
	return 0;
}

START_TEST(several_topics)
{
	struct seen s = {.next = 0, .stop_at = -1};
	int32_t n;

	ck_assert_int_eq(consumer_partitions(c, "empty", &n), 0);
	ck_assert_int_eq(n, 1);
	ck_assert_int_eq(consumer_read(c, "empty", 0, 0, 0, on_none, NULL), 0);
	ck_assert_int_eq(read_some(0, RECORDS, &s), 0);
	ck_assert_int_eq(s.count, RECORDS);
}
END_TEST

/* Null is not empty, for keys, values and headers; headers of one name stay in order. */
static const struct {
	const char *name, *value; /* NULL: null */
} headers[] = {{"a", "1"}, {"a", NULL}, {"", ""}, {"b", ""}, {"a", "3"}};

static int
on_odd(void *arg, const struct consumer_record *r)
{
	int *count = arg;

	ck_assert_int_eq(r->key.p == NULL, r->offset == 0);
	ck_assert_int_eq(r->value.p == NULL, r->offset == 1);
	ck_assert_uint_eq(r->key.n + r->value.n, 0);
	ck_assert_uint_eq(r->header_count, r->offset == 0 ? ARRAY_LEN(headers) : 0);
	for (size_t i = 0; i < r->header_count; i++) {
		ck_assert(slice_eq(r->headers[i].name, slice_str(headers[i].name)));
		ck_assert_int_eq(r->headers[i].value.p == NULL, headers[i].value == NULL);
		if (headers[i].value != NULL)
			ck_assert(slice_eq(r->headers[i].value, slice_str(headers[i].value)));
	}
	ck_assert_int_gt(r->timestamp, 0);
	ck_assert(!r->log_append);
	(*count)++;
	return 0;
}

START_TEST(null_and_empty)
{
	struct publisher *p = mocked_publisher("t");
	struct publisher_header hs[ARRAY_LEN(headers)];
	int count = 0;

	for (size_t i = 0; i < ARRAY_LEN(headers); i++)
		hs[i] = (struct publisher_header){slice_str(headers[i].name),
						  headers[i].value != NULL ? slice_str(headers[i].value) : null};
	ck_assert_int_eq(publisher_send(p, 1, null, slice_str(""), hs, ARRAY_LEN(hs), NULL), 0);
	ck_assert_int_eq(publisher_send(p, 1, slice_str(""), null, NULL, 0, NULL), 0);
	mocked_finish(p);
	ck_assert_int_eq(consumer_read(c, "t", 1, 0, 2, on_odd, &count), 0);
	ck_assert_int_eq(count, 2);
}
END_TEST

START_TEST(not_there)
{
	struct consumer_conf conf = {.timeout_ms = 1};
	int64_t low, high;
	char why[256];
	int32_t n;

	consumer_close(c);
	conf.bootstrap = "127.0.0.1:1"; /* no one may listen there but root */
	ck_assert_int_eq(consumer_open(&conf, &c, why, sizeof(why)), 0);
	ck_assert_int_eq(consumer_partitions(c, "t", &n), ERR_TIMEOUT);
	ck_assert_uint_gt(strlen(consumer_why(c)), 0);
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), ERR_TIMEOUT);
}
END_TEST

START_TEST(bad_properties)
{
	static const char *const props[] = {"no.such.property", "1", NULL};
	struct consumer_conf conf = {.bootstrap = "127.0.0.1:1", .props = props, .timeout_ms = 1};
	struct consumer *bad;
	char why[256];

	ck_assert_int_eq(consumer_open(&conf, &bad, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("consumer");
	TCase *t = tcase_create("consumer");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_leader_moves);
	tcase_add_test(t, not_known_or_not_that_young);
	tcase_add_test(t, a_silent_broker);
	tcase_add_test(t, a_large_record);
	tcase_add_test(t, a_fetch_has_time);
	tcase_add_test(t, asks);
	tcase_add_test(t, from_here_to_there);
	tcase_add_test(t, ended_by_its_reader);
	tcase_add_test(t, shorter_than_thought);
	tcase_add_test(t, ends_before);
	tcase_add_test(t, several_topics);
	tcase_add_test(t, null_and_empty);
	tcase_add_test(t, not_there);
	tcase_add_test(t, bad_properties);
	suite_add_tcase(s, t);
	return suite_run(s);
}
