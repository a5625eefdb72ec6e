/* Publisher and consumer together over librdkafka's mock cluster. */
#include <arpa/inet.h>
#include <check.h>
#include <poll.h>
#include <stdatomic.h>
#include <unistd.h>

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

#include "base/clock.h"
#include "base/log.h"
#include "rdkafka/consumer.h"
#include "rdkafka/handle_internal.h"
#include "rdkafka/mock.h"

static int handles; /* that were made */

static int
counted_new(rd_kafka_type_t type, rd_kafka_conf_t *conf, rd_kafka_t **ret, char *why, size_t why_len)
{
	handles++;
	return handle_new(type, conf, ret, why, why_len);
}

#define handle_new counted_new
#include "rdkafka/publisher.c" /* for what it waits for without a word */

struct heard {
	int32_t partitions;
	int ready;
	int reports;
	int errors;
	int limits; /* ERR_LIMIT among them */
	int last_err;
	int problems;
	char problem[512];
	uintptr_t next; /* the opaque that is expected */
	bool ordered;
};

static _Atomic int asked;
static _Atomic int told; /* the topic's max.message.bytes; 0: it may not be asked for */

int __wrap_handle_topic_config(rd_kafka_t *rk, const char *topic, const char *name, int timeout_ms, char *ret, size_t ret_len);

int
__wrap_handle_topic_config(rd_kafka_t *rk UNUSED, const char *topic, const char *name, int timeout_ms UNUSED, char *ret, size_t ret_len)
{
	ck_assert_str_eq(topic, "t");
	ck_assert_str_eq(name, "max.message.bytes");
	atomic_fetch_add(&asked, 1);
	if (told == 0)
		return ERR_NOTFOUND;
	snprintf(ret, ret_len, "%d", told);
	return 0;
}

static void
on_ready(void *arg, int32_t partitions)
{
	struct heard *h = arg;

	h->partitions = partitions;
	h->ready++;
}

static void
on_report(void *arg, void *opaque, int err, const char *why)
{
	struct heard *h = arg;

	ck_assert_ptr_nonnull(why);
	h->reports++;
	h->ordered = h->ordered && (uintptr_t)opaque == h->next++;
	h->last_err = err;
	if (err != 0)
		h->errors++;
	if (err == ERR_LIMIT)
		h->limits++;
}

static void
on_problem(void *arg, const char *why)
{
	struct heard *h = arg;

	h->problems++;
	snprintf(h->problem, sizeof(h->problem), "%s", why);
}

static struct publisher *
open_publisher(const char *bootstrap, const char *topic, const char *const *props, struct heard *h)
{
	struct publisher_conf conf = {.bootstrap = bootstrap,
				      .topic = topic,
				      .create_partitions = -1,
				      .create_replication = -1,
				      .props = props,
				      .on_ready = on_ready,
				      .on_report = on_report,
				      .on_problem = on_problem,
				      .arg = h};
	struct publisher *p;
	char why[512];

	*h = (struct heard){.ordered = true};
	ck_assert_msg(publisher_open(&conf, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

/* Serves until the counter has reached `want`. */
static void
serve_until(struct publisher *p, const int *counter, int want)
{
	while (*counter < want) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
}

static struct consumer *
open_consumer(const char *bootstrap, int timeout_ms)
{
	struct consumer_conf conf = {.bootstrap = bootstrap, .timeout_ms = timeout_ms};
	struct consumer *c;
	char why[512];

	ck_assert_msg(consumer_open(&conf, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

struct seen {
	int count;
	int64_t next;
	int stop_at;
	struct publisher_header *want;
};

static bool
same(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

static int
count_records(void *arg, const struct consumer_record *r)
{
	struct seen *s = arg;
	char want[32];

	ck_assert_int_eq(r->offset, s->next++);
	snprintf(want, sizeof(want), "value %lld", (long long)r->offset);
	ck_assert(slice_eq(r->value, slice_str(want)));
	s->count++;
	return s->stop_at > 0 && s->count == s->stop_at ? ERR_LIMIT : 0;
}

static void
send_many(struct publisher *p, int n)
{
	for (int i = 0; i < n; i++) {
		char value[32];

		snprintf(value, sizeof(value), "value %d", i);
		ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_str(value), NULL, 0,
						(void *)(uintptr_t)i), 0);
	}
}

START_TEST(sent_and_read)
{
	struct mock *m = mock_start(2);
	struct seen seen = {0};
	struct publisher *p;
	struct consumer *c;
	struct heard h;
	struct slice id;
	int64_t low, high;
	int32_t n;

	ck_assert_ptr_nonnull(m);
	ck_assert_int_eq(mock_topic(m, "t", 3), 0);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	ck_assert_int_eq(h.partitions, 3);
	ck_assert_uint_eq(publisher_limit(p), 1048588);
	send_many(p, 1000);
	ck_assert_uint_eq(publisher_pending(p), 1000);
	serve_until(p, &h.reports, 1000);
	ck_assert_int_eq(h.errors, 0);
	ck_assert(h.ordered);
	ck_assert_uint_eq(publisher_pending(p), 0);

	c = open_consumer(mock_bootstrap(m), 10000);
	ck_assert_int_eq(consumer_cluster_id(c, &id), 0);
	ck_assert_uint_gt(id.n, 0);
	ck_assert_int_eq(consumer_partitions(c, "t", &n), 0);
	ck_assert_int_eq(n, 3);
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), 0);
	ck_assert_int_eq(low, 0);
	ck_assert_int_eq(high, 1000);
	ck_assert_int_eq(consumer_read(c, "t", 0, low, high, count_records, &seen), 0);
	ck_assert_int_eq(seen.count, 1000);

	/* A part; nothing; the callback's error. */
	seen = (struct seen){.next = 400};
	ck_assert_int_eq(consumer_read(c, "t", 0, 400, 500, count_records, &seen), 0);
	ck_assert_int_eq(seen.count, 100);
	seen = (struct seen){.next = 500};
	ck_assert_int_eq(consumer_read(c, "t", 0, 500, 500, count_records, &seen), 0);
	ck_assert_int_eq(seen.count, 0);
	seen = (struct seen){.stop_at = 7};
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, 1000, count_records, &seen), ERR_LIMIT);
	ck_assert_int_eq(seen.count, 7);
	/* It can be used again at once. */
	seen = (struct seen){.next = 990};
	ck_assert_int_eq(consumer_read(c, "t", 0, 990, 1000, count_records, &seen), 0);
	ck_assert_int_eq(seen.count, 10);
	/* An empty partition. */
	ck_assert_int_eq(consumer_watermarks(c, "t", 2, &low, &high), 0);
	ck_assert_int_eq(high, 0);
	consumer_close(c);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

static int
read_forms(void *arg, const struct consumer_record *r)
{
	struct seen *s = arg;
	static const char nul_name[] = "a\0b";

	switch (s->count++) {
	case 0:
		ck_assert(same(r->key, (struct slice){NULL, 0}));
		ck_assert(same(r->value, (struct slice){NULL, 0}));
		ck_assert_uint_eq(r->header_count, 0);
		break;
	case 1:
		ck_assert(same(r->key, slice_str("")));
		ck_assert(same(r->value, slice_str("")));
		ck_assert_uint_eq(r->header_count, 4);
		for (size_t i = 0; i < 4; i++) {
			ck_assert(same(r->headers[i].name, s->want[i].name));
			ck_assert(same(r->headers[i].value, s->want[i].value));
		}
		break;
	case 2:
		ck_assert_uint_eq(r->header_count, 3);
		/* Whose name is longer than it looks ends in NUL; the others are themselves. */
		ck_assert(same(r->headers[0].name, slice_of(nul_name, 2)));
		ck_assert(same(r->headers[1].name, slice_of("a", 2)) || same(r->headers[1].name, slice_of("a", 1)));
		ck_assert(same(r->headers[2].name, slice_str("b")));
		break;
	default:
		ck_abort();
	}
	return 0;
}

/* What nobody takes doesn't pile up: each partition has its part of the room, whatever the others' messages wait for. */
START_TEST(room)
{
	enum { BYTES = 100 * 1000, PARTITIONS = 16, MANY = 1000 };
	struct mock *m = mock_start(1);
	char *bytes = calloc(1, BYTES);
	struct publisher_header manifest = {slice_str("makoto.leaves"), slice_of(bytes, BYTES / 2)};
	struct publisher *p;
	struct heard h;
	int sent[PARTITIONS] = {0}, all = 0;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(mock_topic(m, "t", PARTITIONS), 0);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	for (int round = 0; round < 2; round++) {
		for (int32_t to = 0; to < PARTITIONS; to++) {
			sent[to] = 0;
			while (sent[to] < MANY && publisher_has_room(p, to, BYTES)) {
				ck_assert_int_eq(publisher_send(p, to, slice_str("k"), slice_of(bytes, BYTES / 2), &manifest, 1, NULL), 0);
				sent[to]++;
			}
			ck_assert_int_ge(sent[to], (8 << 20) / PARTITIONS / BYTES);
			ck_assert_int_le(sent[to], (8 << 20) / PARTITIONS / BYTES + 1);
			ck_assert_int_eq(publisher_send(p, to, slice_str("k"), slice_str("v"), NULL, 0, NULL), ERR_NOT_NOW);
			all += sent[to];
		}
		serve_until(p, &h.reports, all);
		ck_assert_uint_eq(publisher_pending(p), 0);
	}
	ck_assert_int_eq(h.errors, 0);
	publisher_close(p, 1000);
	mock_stop(m);
	free(bytes);
}
END_TEST

/* Of messages that are under way any may share a batch, which is to be one that the topic takes. */
START_TEST(room_in_a_batch)
{
	enum { BYTES = 300 * 1000 };
	struct mock *m = mock_start(1);
	char *bytes = calloc(4, BYTES);
	struct publisher *p;
	struct heard h;

	ck_assert_ptr_nonnull(bytes);
	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	told = 1000000;
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	ck_assert_uint_eq(publisher_limit(p), 1000000);
	for (int i = 0; i < 3; i++) {
		ck_assert(publisher_has_room(p, 0, BYTES));
		ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), 0);
	}
	ck_assert(publisher_has_room(p, 0, 90000));
	/* Who has none isn't overtaken for ever by those that are smaller. */
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), ERR_NOT_NOW);
	ck_assert(!publisher_has_room(p, 0, 0));
	serve_until(p, &h.reports, 3);
	/* By itself it is let through, whatever its size: the topic says what becomes of it. */
	ck_assert(publisher_has_room(p, 0, (size_t)4 * BYTES));
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, (size_t)4 * BYTES), NULL, 0, NULL), 0);
	ck_assert(!publisher_has_room(p, 0, 0));
	serve_until(p, &h.reports, 4);
	ck_assert_int_eq(h.errors, 0);
	publisher_close(p, 1000);
	mock_stop(m);
	free(bytes);
}
END_TEST

/* A batch that was too large says of none of its messages that it is. */
START_TEST(refused_together)
{
	enum { BYTES = 1000 };
	struct mock *m = mock_start(1);
	static const char bytes[BYTES];
	struct publisher *p;
	struct heard h;

	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), 0);
	serve_until(p, &h.reports, 4);
	ck_assert_int_ge(h.errors, 1);
	ck_assert_int_eq(h.limits, 0);
	ck_assert_uint_eq(publisher_limit(p), 1048588);
	/* The next have less company, … */
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, 1);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES / 2), NULL, 0, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), ERR_NOT_NOW);
	serve_until(p, &h.reports, 6);
	ck_assert_int_eq(h.limits, 0);
	/* … and none at last: then it is that one. */
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, BYTES), NULL, 0, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, 1), NULL, 0, NULL), ERR_NOT_NOW);
	serve_until(p, &h.reports, 7);
	ck_assert_int_eq(h.limits, 1);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

static void
send_one(struct publisher *p, struct heard *h, const char *bytes, size_t n)
{
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_of(bytes, n), NULL, 0, NULL), 0);
	serve_until(p, &h->reports, h->reports + 1);
}

/* What the topic takes is learned from what it doesn't take, until it says so, or takes more. */
START_TEST(limits)
{
	struct mock *m = mock_start(1);
	static const char bytes[2000];
	struct publisher *p;
	struct heard h;

	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	ck_assert_uint_eq(publisher_limit(p), 1048588);
	for (size_t n = 2000; n >= 1000; n -= 1000) {
		mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
		send_one(p, &h, bytes, n);
		ck_assert_int_eq(h.last_err, ERR_LIMIT);
		ck_assert_uint_ge(publisher_limit(p), n);
		ck_assert_uint_lt(publisher_limit(p), n + 200);
	}
	send_one(p, &h, bytes, 900);
	ck_assert_uint_lt(publisher_limit(p), 1200);
	send_one(p, &h, bytes, 2000);
	ck_assert_int_eq(h.last_err, 0);
	ck_assert_uint_eq(publisher_limit(p), 1048588);
	publisher_close(p, 1000);

	/* It may be asked for, and was changed since. */
	told = 50000;
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	ck_assert_uint_eq(publisher_limit(p), 50000);
	told = 1500;
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
	send_one(p, &h, bytes, 2000);
	while (publisher_limit(p) != 1500) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
	ck_assert_int_eq(h.ready, 1); /* which is no news of the topic */
	publisher_close(p, 1000);

	/* It would take more than is sent. */
	told = 1000000000;
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	ck_assert_uint_eq(publisher_limit(p), 64000000);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

static int64_t now_ms;

static void
set_time(int64_t ms)
{
	static struct monotime at;

	at.ns = (now_ms = ms) * 1000000;
	clock_set_for_tests(&at, NULL);
}

/* A minute passes, and the topic is asked again what it takes. */
static void
pass_a_minute(struct publisher *p, struct heard *h, const char *bytes)
{
	int before = atomic_load(&asked);

	set_time(now_ms + 60000);
	send_one(p, h, bytes, 100);
	while (atomic_load(&asked) == before || p->scout != NULL) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
}

/* One that the topic's own word contradicts isn't believed for ever; and each time twice as long. */
START_TEST(refused_once)
{
	struct mock *m = mock_start(1);
	static const char bytes[50000];
	struct publisher *p;
	struct heard h;

	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	set_time(1000000);
	told = 20000000;
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	for (int minutes = 1; minutes <= 4; minutes *= 2) {
		mock_refuse(m, 0, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE, 1);
		send_one(p, &h, bytes, sizeof(bytes));
		ck_assert_int_eq(h.last_err, ERR_LIMIT);
		for (int i = 1; i <= minutes; i++) {
			ck_assert_uint_lt(publisher_limit(p), sizeof(bytes) + 200);
			pass_a_minute(p, &h, bytes);
		}
		ck_assert_uint_eq(publisher_limit(p), 20000000);
	}
	/* Another word of its counts at once, and the first refusal after it for a minute. */
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
	send_one(p, &h, bytes, sizeof(bytes));
	told = 30000000;
	pass_a_minute(p, &h, bytes);
	ck_assert_uint_eq(publisher_limit(p), 30000000);
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, 1);
	send_one(p, &h, bytes, sizeof(bytes));
	ck_assert_uint_lt(publisher_limit(p), sizeof(bytes) + 200);
	pass_a_minute(p, &h, bytes);
	ck_assert_uint_eq(publisher_limit(p), 30000000);
	clock_set_for_tests(NULL, NULL);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

static rd_kafka_t *
host_of_mock(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	(void)rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
	return rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
}

/* What takes longer than a request has time for has more, or it would begin anew for ever. */
START_TEST(a_large_one)
{
	enum { BYTES = 8 * 1000 * 1000, HELD_MS = 3000 /* librdkafka looks for what is late each second */ };
	static const char *const quick[] = {"socket.timeout.ms", "200", "retry.backoff.ms", "10", "reconnect.backoff.ms", "10", NULL};
	rd_kafka_t *rk = host_of_mock();
	rd_kafka_mock_cluster_t *m = rd_kafka_mock_cluster_new(rk, 1);
	char *bytes = calloc(1, BYTES);
	struct publisher *p;
	struct heard h;
	int err;

	ck_assert_ptr_nonnull(bytes);
	rd_kafka_mock_topic_create(m, "t", 1, 1);
	p = open_publisher(rd_kafka_mock_cluster_bootstraps(m), "t", quick, &h);
	serve_until(p, &h.ready, 1);
	send_many(p, 1);
	serve_until(p, &h.reports, 1);
	while ((err = publisher_send(p, 0, slice_str("k"), slice_of(bytes, BYTES), NULL, 0, (void *)1)) == ERR_NOT_NOW)
		publisher_serve(p);
	ck_assert_int_eq(err, 0);
	serve_until(p, &h.reports, 2);
	/* Each answer comes later than a small one's time is over. */
	rd_kafka_mock_broker_set_rtt(m, 1, HELD_MS);
	ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_of(bytes, BYTES), NULL, 0, (void *)2), 0);
	serve_until(p, &h.reports, 3);
	ck_assert_int_eq(h.errors, 0);
	ck_assert(h.ordered);
	publisher_close(p, 1000);
	rd_kafka_mock_cluster_destroy(m);
	rd_kafka_destroy(rk);
	free(bytes);
}
END_TEST

START_TEST(null_and_empty)
{
	static const char nul_name[] = "a\0b";
	struct mock *m = mock_start(1);
	struct publisher_header hs[4] = {
		{slice_str("h"), slice_str("v")},
		{slice_str("h"), {NULL, 0}},
		{slice_str(""), slice_str("")},
		{slice_str("makoto.leaves"), slice_of("\0\1\2", 3)},
	};
	struct publisher_header odd[3] = {
		{slice_of(nul_name, 3), {NULL, 0}}, {slice_str("a"), {NULL, 0}}, {slice_str("b"), {NULL, 0}}};
	struct seen seen = {.want = hs};
	struct publisher *p;
	struct consumer *c;
	struct heard h;

	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	ck_assert_int_eq(publisher_send(p, 0, (struct slice){NULL, 0}, (struct slice){NULL, 0}, NULL, 0, NULL), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str(""), slice_str(""), hs, 4, (void *)1), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_str("v"), odd, 3, (void *)2), 0);
	serve_until(p, &h.reports, 3);
	ck_assert_int_eq(h.errors, 0);
	ck_assert(h.ordered);
	c = open_consumer(mock_bootstrap(m), 10000);
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, 3, read_forms, &seen), 0);
	ck_assert_int_eq(seen.count, 3);
	consumer_close(c);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

/* What was sent before the cluster is there waits for it; closing reports what could not go. */
START_TEST(nobody_there)
{
	static const char *const quick[] = {"socket.timeout.ms", "1000", "reconnect.backoff.ms", "10", NULL};
	struct publisher *p;
	struct consumer *c;
	struct heard h;
	struct slice id;
	int32_t n;

	p = open_publisher("127.0.0.1:1", "t", quick, &h);
	send_many(p, 3);
	serve_until(p, &h.problems, 1);
	ck_assert_str_ne(h.problem, "");
	ck_assert_int_eq(h.ready, 0);
	ck_assert_int_eq(h.reports, 0);
	publisher_recall(p, 3600000); /* there is no answer to be waited for */
	ck_assert_int_eq(h.reports, 3);
	while (publisher_send(p, 0, slice_str("k"), slice_str("v"), NULL, 0, (void *)3) == ERR_NOT_NOW)
		publisher_serve(p);
	publisher_close(p, 50);
	ck_assert_int_eq(h.reports, 4);
	ck_assert_int_eq(h.last_err, ERR_CLOSED);

	c = open_consumer("127.0.0.1:1", 300);
	ck_assert_int_eq(consumer_cluster_id(c, &id), ERR_TIMEOUT);
	ck_assert_str_ne(consumer_why(c), "");
	ck_assert_int_eq(consumer_partitions(c, "t", &n), ERR_TIMEOUT);
	consumer_close(c);
}
END_TEST

/* An outage goes on as it began, with more than one cause by turns: each is told once. */
START_TEST(who_hangs_up)
{
	static const char *const quick[] = {"reconnect.backoff.ms", "1", "reconnect.backoff.max.ms", "1", NULL};
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char bootstrap[32], text[512];
	struct publisher *p;
	struct heard h;

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 10), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	snprintf(bootstrap, sizeof(bootstrap), "127.0.0.1:%d", ntohs(at.sin_port));
	p = open_publisher(bootstrap, "t", quick, &h);
	for (int times = 0; times < 50;) {
		struct pollfd fds[] = {{fd, POLLIN, 0}, {publisher_fd(p), POLLIN, 0}};

		ck_assert_int_gt(poll(fds, 2, 30000), 0);
		publisher_serve(p);
		if (fds[0].revents != 0) {
			int to = accept(fd, NULL, NULL);

			ck_assert_int_eq(shutdown(to, SHUT_WR), 0);
			while (recv(to, text, sizeof(text), 0) > 0)
				;
			ck_assert_int_eq(close(to), 0);
			times++;
		}
	}
	ck_assert_int_ge(h.problems, 1);
	ck_assert_int_le(h.problems, 2);
	publisher_close(p, 0);
	ck_assert_int_eq(close(fd), 0);
}
END_TEST

START_TEST(bad_configuration)
{
	static const char *const unknown[] = {"no.such.property", "1", NULL};
	static const char *const ours[] = {"acks", "0", "enable.idempotence", "false", NULL};
	struct publisher_conf pc = {.bootstrap = "127.0.0.1:1", .topic = "t", .props = unknown};
	struct consumer_conf cc = {.bootstrap = "127.0.0.1:1", .props = unknown, .timeout_ms = 100};
	struct publisher *p = NULL;
	struct consumer *c = NULL;
	struct heard h;
	char why[512] = "";

	ck_assert_int_eq(publisher_open(&pc, &p, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(p);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
	why[0] = '\0';
	ck_assert_int_eq(consumer_open(&cc, &c, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
	/* What our promises hang on can't be turned off. */
	publisher_close(open_publisher("127.0.0.1:1", "t", ours, &h), 0);
	publisher_close(NULL, 0);
	consumer_close(NULL);
}
END_TEST

/* Broker errors on the way are retried until it is stored, and in order. */
START_TEST(errors_are_retried)
{
	static const char *const quick[] = {"retry.backoff.ms", "10", "reconnect.backoff.ms", "10", NULL};
	rd_kafka_t *rk = host_of_mock();
	rd_kafka_mock_cluster_t *m = rd_kafka_mock_cluster_new(rk, 1);
	struct seen seen = {0};
	struct publisher *p;
	struct consumer *c;
	struct heard h;

	rd_kafka_mock_topic_create(m, "t", 1, 1);
	p = open_publisher(rd_kafka_mock_cluster_bootstraps(m), "t", quick, &h);
	serve_until(p, &h.ready, 1);
	rd_kafka_mock_push_request_errors(m, 0, 4, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
					  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	send_many(p, 10);
	serve_until(p, &h.reports, 10);
	ck_assert_int_eq(h.errors, 0);
	ck_assert(h.ordered);
	c = open_consumer(rd_kafka_mock_cluster_bootstraps(m), 10000);
	ck_assert_int_eq(consumer_read(c, "t", 0, 0, 10, count_records, &seen), 0);
	ck_assert_int_eq(seen.count, 10);
	consumer_close(c);

	/* Too large for the topic is for the caller to solve. */
	rd_kafka_mock_push_request_errors(m, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	send_many(p, 1);
	serve_until(p, &h.reports, 11);
	ck_assert_int_eq(h.last_err, ERR_LIMIT);
	publisher_close(p, 1000);
	rd_kafka_mock_cluster_destroy(m);
	rd_kafka_destroy(rk);
}
END_TEST

/* A fatal error reports everything, and then it works again. */
START_TEST(fatal_error)
{
	static const char *const quick[] = {"retry.backoff.ms", "10", "reconnect.backoff.ms", "10", NULL};
	rd_kafka_t *rk = host_of_mock();
	rd_kafka_mock_cluster_t *m = rd_kafka_mock_cluster_new(rk, 1);
	struct publisher *p;
	struct heard h;

	rd_kafka_mock_topic_create(m, "t", 1, 1);
	p = open_publisher(rd_kafka_mock_cluster_bootstraps(m), "t", quick, &h);
	serve_until(p, &h.ready, 1);
	rd_kafka_mock_push_request_errors(m, 0, 1, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER);
	send_many(p, 5);
	serve_until(p, &h.reports, 5);
	ck_assert_int_eq(h.errors, 5);
	ck_assert_int_gt(h.problems, 0);
	serve_until(p, &h.ready, 2);
	h.errors = 0;
	h.next = 0;
	send_many(p, 5);
	serve_until(p, &h.reports, 10);
	ck_assert_int_eq(h.errors, 0);
	publisher_close(p, 1000);
	rd_kafka_mock_cluster_destroy(m);
	rd_kafka_destroy(rk);
}
END_TEST

/* Until there is nothing to do. */
static void
serve_all(struct publisher *p)
{
	struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

	do
		publisher_serve(p);
	while (poll(&fd, 1, 0) > 0);
}

static void
serve_until_looked(struct publisher *p)
{
	while (p->scout != NULL) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
}

static void
send_nowhere(struct publisher *p)
{
	ck_assert_int_eq(publisher_send(p, 5, slice_str("k"), slice_str("v"), NULL, 0, NULL), ERR_NOTFOUND);
	serve_until_looked(p);
}

/* The topic was made again with fewer partitions: who goes on to send there has it looked for once, and again each minute. */
START_TEST(no_such_partition)
{
	struct mock *m = mock_start(1);
	struct publisher *p;
	struct heard h;
	int before;

	ck_assert_int_eq(mock_topic(m, "t", 3), 0);
	set_time(1000000);
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	serve_until(p, &h.ready, 1);
	before = atomic_load(&asked);
	for (int i = 0; i < 100; i++)
		send_nowhere(p);
	ck_assert_int_eq(h.ready, 1);
	ck_assert_int_eq(atomic_load(&asked), before);
	for (int minute = 1; minute <= 3; minute++) {
		set_time(now_ms + 60000);
		send_nowhere(p);
		send_nowhere(p);
		ck_assert_int_eq(atomic_load(&asked), before + minute);
		ck_assert_int_eq(h.ready, 1); /* which is no news */
	}
	/* It was there when it was looked for. */
	p->partitions = 8;
	send_nowhere(p);
	send_nowhere(p);
	ck_assert_int_eq(atomic_load(&asked), before + 4);
	ck_assert_int_eq(h.ready, 2);
	ck_assert_int_eq(h.partitions, 3);
	/* Others get on. */
	send_one(p, &h, "v", 1);
	ck_assert_int_eq(h.last_err, 0);
	clock_set_for_tests(NULL, NULL);
	publisher_close(p, 1000);
	mock_stop(m);
}
END_TEST

static void
serve_until_broken(struct publisher *p)
{
	while (!p->broken) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
}

/*
 * Who may have no producer id meets that with each handle anew: the next comes later and later, until something is stored.
 * Nobody is kept waiting for it.
 */
START_TEST(refused_for_good)
{
	enum { INIT_PRODUCER_ID = 22, TIMES = 8 };
	static const int pauses[TIMES] = {0, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct mock *m = mock_start(1);
	struct publisher *p;
	struct heard h;

	ck_assert_int_eq(mock_topic(m, "t", 1), 0);
	set_time(1000000);
	mock_refuse(m, INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, TIMES);
	handles = 0;
	p = open_publisher(mock_bootstrap(m), "t", NULL, &h);
	for (int i = 0; i < TIMES; i++) {
		serve_until_broken(p);
		ck_assert_int_eq(handles, i + 1);
		ck_assert_int_eq(publisher_wait(p), pauses[i]);
		if (pauses[i] > 0) {
			set_time(now_ms + pauses[i] - 1);
			serve_all(p);
			ck_assert_int_eq(publisher_wait(p), 1);
			ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_str("v"), NULL, 0, NULL), ERR_NOT_NOW);
			ck_assert_int_eq(handles, i + 1);
			set_time(now_ms + 1);
		}
		publisher_serve(p);
		ck_assert_int_eq(handles, i + 2);
	}
	/* It may, and the first fatal error behind that is made good at once. */
	send_one(p, &h, "v", 1);
	ck_assert_int_eq(h.last_err, 0);
	mock_refuse(m, 0, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
	send_one(p, &h, "v", 1);
	ck_assert_int_ne(h.last_err, 0);
	serve_until_broken(p);
	ck_assert_int_eq(publisher_wait(p), 0);
	mock_refuse(m, INIT_PRODUCER_ID, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 1);
	publisher_serve(p);
	serve_until_broken(p);
	ck_assert_int_eq(publisher_wait(p), 1000);
	publisher_close(p, 3600000);
	clock_set_for_tests(NULL, NULL);
	mock_stop(m);
}
END_TEST

/* Every answer that was given is kept; what no broker had yet is taken back, and never stored. */
START_TEST(recalled)
{
	static const char *const quick[] = {"retry.backoff.ms", "10", "reconnect.backoff.ms", "10", "reconnect.backoff.max.ms", "10", NULL};
	rd_kafka_t *rk = host_of_mock();
	rd_kafka_mock_cluster_t *m = rd_kafka_mock_cluster_new(rk, 1);
	struct publisher *p;
	struct consumer *c;
	struct heard h;
	int64_t low, high;

	rd_kafka_mock_topic_create(m, "t", 1, 1);
	p = open_publisher(rd_kafka_mock_cluster_bootstraps(m), "t", quick, &h);
	serve_until(p, &h.ready, 1);
	publisher_recall(p, 0); /* nothing is there */
	rd_kafka_mock_broker_set_down(m, 1);
	send_many(p, 5);
	publisher_recall(p, 0);
	ck_assert_int_eq(h.reports, 5);
	ck_assert_int_eq(h.errors, 5);
	ck_assert_uint_eq(publisher_pending(p), 0);
	ck_assert_int_eq(publisher_send(p, 0, slice_str("k"), slice_str("v"), NULL, 0, NULL), ERR_NOT_NOW);
	rd_kafka_mock_broker_set_up(m, 1);
	serve_until(p, &h.ready, 2);
	h = (struct heard){.ready = 2};
	send_many(p, 3);
	serve_until(p, &h.reports, 3);
	ck_assert_int_eq(h.errors, 0);
	/* Some of it may be on its way. */
	rd_kafka_mock_broker_set_rtt(m, 1, 200);
	send_many(p, 3);
	publisher_serve(p);
	publisher_recall(p, 30000);
	ck_assert_int_eq(h.reports, 6);
	rd_kafka_mock_broker_set_rtt(m, 1, 0);
	c = open_consumer(rd_kafka_mock_cluster_bootstraps(m), 10000);
	ck_assert_int_eq(consumer_watermarks(c, "t", 0, &low, &high), 0);
	ck_assert_int_eq(high, 6 - h.errors);
	consumer_close(c);
	/* It may be closed before it is ready again. */
	publisher_close(p, 1000);
	rd_kafka_mock_cluster_destroy(m);
	rd_kafka_destroy(rk);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("publisher");
	TCase *t = tcase_create("mock");
	SRunner *sr = srunner_create(s);
	int failed;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, sent_and_read);
	tcase_add_test(t, null_and_empty);
	tcase_add_test(t, room);
	tcase_add_test(t, room_in_a_batch);
	tcase_add_test(t, refused_together);
	tcase_add_test(t, limits);
	tcase_add_test(t, refused_once);
	tcase_add_test(t, a_large_one);
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, who_hangs_up);
	tcase_add_test(t, bad_configuration);
	tcase_add_test(t, errors_are_retried);
	tcase_add_test(t, fatal_error);
	tcase_add_test(t, refused_for_good);
	tcase_add_test(t, no_such_partition);
	tcase_add_test(t, recalled);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
