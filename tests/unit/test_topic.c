/* The same as test_join, but through Kafka: librdkafka's mock cluster. */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "rdkafka/consumer.h"
#include "rdkafka/mock.h"
#include "rdkafka/publisher.h"
#include "verify/topic.h"
#include "world.h"

static struct world w;
static struct mock *mock;
static struct trust *trust;

static void
on_ready(void *arg, int32_t n)
{
	(void)arg;
	(void)n;
}

static void
on_report(void *arg, void *opaque, int err, const char *why)
{
	(void)arg;
	(void)opaque;
	ck_assert_msg(err == 0, "%s", why);
}

static void
on_problem(void *arg, const char *why)
{
	(void)arg;
	ck_abort_msg("%s", why);
}

static struct publisher *
publisher_of(const char *topic)
{
	struct publisher_conf conf = {.bootstrap = mock_bootstrap(mock),
				      .topic = topic,
				      .create_partitions = -1,
				      .create_replication = -1,
				      .on_ready = on_ready,
				      .on_report = on_report,
				      .on_problem = on_problem};
	struct publisher *p;
	char why[256];

	ck_assert_msg(publisher_open(&conf, &p, why, sizeof(why)) == 0, "%s", why);
	return p;
}

static void
finish(struct publisher *p)
{
	while (publisher_pending(p) > 0) {
		struct pollfd fd = {.fd = publisher_fd(p), .events = POLLIN};

		ck_assert_int_eq(poll(&fd, 1, 30000), 1);
		publisher_serve(p);
	}
	publisher_close(p, 0);
}

/* Writes the world's records and statements to the cluster. */
static void
write_world(const char *topic)
{
	struct publisher *data = publisher_of(topic), *dbom = publisher_of(WORLD_DBOM);

	for (size_t i = 0; i < w.count; i++) {
		struct world_record *r = &w.r[i];
		struct publisher_header hs[WORLD_HEADERS];

		for (size_t k = 0; k < r->header_count; k++)
			hs[k] = (struct publisher_header){r->headers[k].name, r->headers[k].value};
		ck_assert_int_eq(publisher_send(data, 0, slice_str(r->key), world_value(r), hs, r->header_count, NULL), 0);
	}
	for (size_t i = 0; i < w.stated; i++) {
		const struct world_statement *s = &w.s[i];
		struct publisher_header h = {slice_str(MANIFEST_HEADER), wr_slice(&s->manifest)};

		if (!s->gone)
			ck_assert_int_eq(publisher_send(dbom, (int32_t)(i % 2), slice_str(s->key), wr_slice(&s->value), &h,
							s->manifest.len > 0, NULL), 0);
	}
	finish(data);
	finish(dbom);
}

static void
setup(void)
{
	memset(&w, 0, sizeof(w));
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	mock = mock_start(1);
	ck_assert_ptr_nonnull(mock);
	ck_assert_int_eq(mock_topic(mock, "t", 1), 0);
	ck_assert_int_eq(mock_topic(mock, "u", 1), 0);
	ck_assert_int_eq(mock_topic(mock, WORLD_DBOM, 2), 0);
	trust = trust_new();
}

static void
teardown(void)
{
	world_free(&w);
	trust_free(trust);
	mock_stop(mock);
}

static void
add_trust(const struct world_proxy *p)
{
	char why[256];

	ck_assert_msg(trust_load(trust, p->public_key, why, sizeof(why)) == 0, "%s", why);
}

static void
learn_cluster(void)
{
	struct consumer_conf conf = {.bootstrap = mock_bootstrap(mock), .timeout_ms = 10000};
	struct consumer *c;
	struct slice id;
	char why[256];

	ck_assert_int_eq(consumer_open(&conf, &c, why, sizeof(why)), 0);
	ck_assert_int_eq(consumer_cluster_id(c, &id), 0);
	snprintf(world_cluster, sizeof(world_cluster), "%.*s", (int)id.n, (const char *)id.p);
	consumer_close(c);
}

static int found;

static void
on_found(void *arg, const struct finding *f)
{
	(void)arg;
	(void)f;
	found++;
}

static int
verify(const char *topic, struct topic_bound from, struct topic_bound to, struct topic_report *ret, char *why)
{
	struct topic_conf conf = {.bootstrap = mock_bootstrap(mock),
				  .timeout_ms = 10000,
				  .topic = topic,
				  .partition = -1,
				  .from = from,
				  .to = to,
				  .dbom_topic = WORLD_DBOM,
				  .trust = trust,
				  .topic_id_known = true,
				  .topic_id = slice_str(""),
				  .now_ms = clock_wall_ms(),
				  .found = on_found};

	found = 0;
	return topic_verify(&conf, ret, why, 600);
}

START_TEST(through_kafka)
{
	const struct topic_bound none = {TOPIC_BOUND_NONE, 0};
	struct world_proxy p, q;
	struct topic_report r;
	char why[600];

	learn_cluster();
	world_log_append = true; /* the publisher gives records the time of now */
	world_proxy_open(&p, "t", "", 0, 1, true);
	world_proxy_open(&q, "u", "", 0, 1, true);
	add_trust(&p);
	add_trust(&q);
	for (int i = 0; i < 4; i++)
		world_window(&w, &p, &(struct world_window){.n = 6});
	/* Statements of one chain in two partitions: their order is that of their ids. */
	snprintf(w.r[9].value, sizeof(w.r[9].value), "forged");
	/* Records of another topic, whose statements are fetched. */
	world_window(&w, &q, &(struct world_window){.n = 4});
	write_world("t");

	ck_assert_msg(verify("t", none, none, &r, why) == 0, "%s", why);
	ck_assert_uint_eq(r.sum.records, 28);
	ck_assert_uint_eq(r.sum.verdicts[VERDICT_VERIFIED], 23);
	ck_assert_uint_eq(r.sum.verdicts[VERDICT_ALTERED], 1);
	ck_assert_uint_eq(r.sum.verdicts[VERDICT_MISPLACED], 4);
	ck_assert_uint_eq(r.sum.windows_with[WINDOW_COMPLETE], 4);
	ck_assert_uint_eq(r.statements.trusted, 4);
	ck_assert_uint_eq(r.statements.other, 1);
	ck_assert_int_eq(tally_outcome(&r.sum), TALLY_VIOLATION);
	ck_assert_int_gt(found, 28);
	topic_report_clear(&r);

	ck_assert_int_eq(verify("t", (struct topic_bound){TOPIC_BOUND_OFFSET, 10},
				(struct topic_bound){TOPIC_BOUND_OFFSET, 20}, &r, why), 0);
	ck_assert_uint_eq(r.sum.records, 10);
	ck_assert_int_eq(tally_outcome(&r.sum), TALLY_OK);
	ck_assert_int_eq(r.partitions[0].from, 10);
	ck_assert_int_eq(r.partitions[0].to, 20);
	topic_report_clear(&r);

	/* Every member is gone, and with them the log's end: the other topic is empty. */
	ck_assert_int_eq(verify("u", none, none, &r, why), 0);
	ck_assert_uint_eq(r.sum.records, 0);
	ck_assert_uint_eq(r.sum.members[WINDOW_MISSING], 4);
	ck_assert_int_eq(tally_outcome(&r.sum), TALLY_VIOLATION);
	topic_report_clear(&r);
	world_proxy_close(&p);
	world_proxy_close(&q);
}
END_TEST

START_TEST(nobody_there)
{
	struct topic_conf conf = {.bootstrap = "127.0.0.1:1",
				  .timeout_ms = 200,
				  .topic = "t",
				  .partition = -1,
				  .dbom_topic = WORLD_DBOM,
				  .trust = trust,
				  .found = on_found};
	struct topic_report r = {.partitions = NULL};
	char why[600];

	ck_assert_int_eq(topic_verify(&conf, &r, why, sizeof(why)), ERR_TIMEOUT);
	ck_assert_str_ne(why, "");
	/* A partition that isn't there. */
	conf.bootstrap = mock_bootstrap(mock);
	conf.timeout_ms = 10000;
	conf.partition = 7;
	ck_assert_int_eq(topic_verify(&conf, &r, why, sizeof(why)), ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(why, "no partition 7"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("topic");
	TCase *t = tcase_create("mock");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, through_kafka);
	tcase_add_test(t, nobody_there);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
