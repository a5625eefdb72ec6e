/* The same as test_join, but through Kafka: librdkafka's mock cluster. */
#include <poll.h>

#include "base/clock.h"
#include "base/log.h"
#include "rdkafka/consumer.h"
#include "rdkafka/mock.h"
#include "rdkafka/publisher.h"
#include "verify/examination.h"
#include "trusting.h"
#include "world.h"

static struct world w;
static struct mock *mock;
static struct policy *policy;

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

static void
send_record(struct publisher *to, int32_t partition, const struct world_record *r)
{
	struct publisher_header hs[WORLD_HEADERS];

	for (size_t k = 0; k < r->header_count; k++)
		hs[k] = (struct publisher_header){r->headers[k].name, r->headers[k].value};
	ck_assert_int_eq(publisher_send(to, partition, slice_str(r->key), world_value(r), hs, r->header_count, NULL), 0);
}

static void
write_statements(void)
{
	struct publisher *dbom = publisher_of(WORLD_DBOM);

	for (size_t i = 0; i < w.stated; i++) {
		const struct world_statement *s = &w.s[i];
		struct publisher_header h = {slice_str(MANIFEST_HEADER), wr_slice(&s->manifest)};

		if (!s->gone)
			ck_assert_int_eq(publisher_send(dbom, (int32_t)(i % 2), slice_str(s->key), wr_slice(&s->value), &h,
							s->manifest.len > 0, NULL), 0);
	}
	finish(dbom);
}

/* Writes the world's records and statements to the cluster. */
static void
write_world(const char *topic)
{
	struct publisher *data = publisher_of(topic);

	for (size_t i = 0; i < w.count; i++)
		send_record(data, 0, &w.r[i]);
	finish(data);
	write_statements();
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
	trust_nobody();
	policy = trust_policy(false);
}

static void
teardown(void)
{
	world_free(&w);
	policy_unref(policy);
	policy = NULL;
	mock_stop(mock);
}

static void
add_trust(const struct world_proxy *p)
{
	trust_also(p->public_key);
	policy_unref(policy);
	policy = trust_policy(false);
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

/* What was told, of all topics. */
static struct told {
	int findings;
	struct tally sum; /* of the topic that was reported last */
	struct statements_count statements;
	struct topic_partition partitions[16];
	size_t partition_count;
	char topics[256]; /* as they were reported */
	int unsettled;
	unsigned jobs;    /* a bit for each that told something */
	const char *known; /* a topic that was judged before */
} told;

/* The cluster has none. */
static void
on_topic_ids(void *arg, const char *const *topics, size_t count, struct examination_id *ret)
{
	(void)arg;
	for (size_t i = 0; i < count; i++)
		ck_assert(topics[i][0] != '\0' && ret[i].text[0] == '\0' && ret[i].unknown == NULL);
}

static void
on_found(void *arg, unsigned job, const struct topic_report *t, const struct finding *f)
{
	(void)arg;
	(void)t;
	(void)f;
	told.findings++;
	told.jobs |= 1U << job;
}

static int
on_settled(void *arg, unsigned job, const struct topic_report *t, const struct topic_partition *p, char *error, size_t len)
{
	(void)job;
	(void)t;
	(void)p;
	if (arg == NULL)
		return 0;
	snprintf(error, len, "enough");
	return ERR_IO;
}

static void
on_unsettled(void *arg, unsigned job, const struct topic_report *t)
{
	(void)arg;
	ck_assert_uint_lt(job, 2);
	ck_assert_uint_eq(strlen(t->topic), 1);
	told.unsettled++;
}

static bool
on_known(void *arg, const struct topic_report *t, int32_t partition, struct topic_partition *ret)
{
	(void)arg;
	if (told.known == NULL || strcmp(t->topic, told.known) != 0)
		return false;
	*ret = (struct topic_partition){.partition = partition, .from = 1, .to = 2, .tally.records = 77};
	return true;
}

static void
on_reported(void *arg, const struct topic_report *t)
{
	size_t n = strlen(told.topics);

	(void)arg;
	told.sum = t->sum;
	told.statements = t->statements;
	told.partition_count = t->partition_count;
	ck_assert_uint_le(t->partition_count, ARRAY_LEN(told.partitions));
	if (t->partition_count > 0)
		memcpy(told.partitions, t->partitions, t->partition_count * sizeof(*t->partitions));
	snprintf(told.topics + n, sizeof(told.topics) - n, "%s%s ", t->topic, t->gone ? "(gone)" : "");
}

static struct examination_conf
conf_of(const char *const *topics, size_t count)
{
	const char *known = told.known;

	told = (struct told){.known = known};
	return (struct examination_conf){.examiner = {.bootstrap = mock_bootstrap(mock),
					     .timeout_ms = 10000,
					     .policy = policy,
					     .now_ms = clock_wall_ms()},
				   .topics = {topics, count, WORLD_DBOM},
				   .partition = -1,
				   .jobs = 1,
				   .spool_dir = "/tmp",
				   .topic_ids = on_topic_ids,
				   .found = on_found,
				   .known = on_known,
				   .settled = on_settled,
				   .reported = on_reported};
}

static char why[600];

static int
verify(const char *topic, struct topic_bound from, struct topic_bound to)
{
	struct examination_conf conf = conf_of(&topic, 1);

	conf.examiner.from = from;
	conf.examiner.to = to;
	return examination_run(&conf, why, sizeof(why));
}

START_TEST(through_kafka)
{
	const struct topic_bound none = {TOPIC_BOUND_NONE, 0};
	struct world_proxy p, q;

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

	ck_assert_msg(verify("t", none, none) == 0, "%s", why);
	ck_assert_uint_eq(told.sum.records, 28);
	ck_assert_uint_eq(told.sum.verdicts[VERDICT_VERIFIED], 23);
	ck_assert_uint_eq(told.sum.verdicts[VERDICT_ALTERED], 1);
	ck_assert_uint_eq(told.sum.verdicts[VERDICT_MISPLACED], 4);
	ck_assert_uint_eq(told.sum.windows_with[WINDOW_COMPLETE], 4);
	ck_assert_uint_eq(told.statements.trusted, 4);
	ck_assert_uint_eq(told.statements.other, 1);
	ck_assert_int_eq(tally_outcome(&told.sum, false), TALLY_VIOLATION);
	ck_assert_int_gt(told.findings, 28);

	ck_assert_int_eq(verify("t", (struct topic_bound){TOPIC_BOUND_OFFSET, 10},
				(struct topic_bound){TOPIC_BOUND_OFFSET, 20}), 0);
	ck_assert_uint_eq(told.sum.records, 10);
	ck_assert_int_eq(tally_outcome(&told.sum, false), TALLY_OK);
	ck_assert_int_eq(told.partitions[0].from, 10);
	ck_assert_int_eq(told.partitions[0].to, 20);

	/* Every member is gone, and with them the log's end: the other topic is empty. */
	ck_assert_int_eq(verify("u", none, none), 0);
	ck_assert_uint_eq(told.sum.records, 0);
	ck_assert_uint_eq(told.sum.members[WINDOW_MISSING], 4);
	ck_assert_int_eq(tally_outcome(&told.sum, false), TALLY_VIOLATION);
	world_proxy_close(&p);
	world_proxy_close(&q);
}
END_TEST

/* Eight partitions and another topic: however many at a time, the same comes of it. */
START_TEST(many_at_a_time)
{
	static const char *const globs[] = {"many", "?"};
	struct world_proxy p[8];

	ck_assert_int_eq(mock_topic(mock, "many", 8), 0);
	learn_cluster();
	world_log_append = true;
	for (int i = 0; i < 8; i++) {
		struct publisher *data = publisher_of("many");
		size_t first = w.count;

		world_proxy_open(&p[i], "many", "", i, (uint8_t)(i + 1), true);
		add_trust(&p[i]);
		w.next_offset = 0;
		world_window(&w, &p[i], &(struct world_window){.n = 5});
		world_window(&w, &p[i], &(struct world_window){.n = (size_t)i + 1});
		for (size_t r = first; r < w.count; r++)
			send_record(data, i, &w.r[r]);
		finish(data);
	}
	snprintf(w.r[0].value, sizeof(w.r[0].value), "never seen"); /* it was written before */
	write_statements();
	for (unsigned jobs = 1; jobs <= 12; jobs += jobs == 1 ? 1 : 5) {
		struct examination_conf conf = conf_of(globs, ARRAY_LEN(globs));

		conf.jobs = jobs;
		ck_assert_msg(examination_run(&conf, why, sizeof(why)) == 0, "%s", why);
		ck_assert_str_eq(told.topics, "many t u ");
		ck_assert_int_eq(told.findings, 8 * 5 + 36 + 16); /* each record, each window */
		ck_assert_uint_lt(told.jobs, 1U << (jobs > 10 ? 10 : jobs));
	}
	/* Without a name: what statements are about. */
	{
		struct examination_conf conf = conf_of(NULL, 0);

		conf.jobs = 3;
		ck_assert_msg(examination_run(&conf, why, sizeof(why)) == 0, "%s", why);
		ck_assert_str_eq(told.topics, "many ");
		ck_assert_uint_eq(told.partition_count, 8);
		for (int i = 0; i < 8; i++) {
			ck_assert_int_eq(told.partitions[i].partition, i);
			ck_assert_uint_eq(told.partitions[i].tally.verdicts[VERDICT_VERIFIED], 6 + (uint64_t)i);
		}
		ck_assert_uint_eq(told.sum.records, 8 * 5 + 36);
		ck_assert_int_eq(tally_outcome(&told.sum, false), TALLY_OK);
		conf = conf_of(NULL, 0);
		conf.partition = 7;
		ck_assert_int_eq(examination_run(&conf, why, sizeof(why)), 0);
		ck_assert_uint_eq(told.partition_count, 1);
		ck_assert_uint_eq(told.sum.records, 13);
	}
	for (int i = 0; i < 8; i++)
		world_proxy_close(&p[i]);
}
END_TEST

/* Statements about a topic that the cluster has no more; and what was judged before is not judged again. */
START_TEST(gone_and_known)
{
	static const char *const glob = "*";
	struct world_proxy p, q;
	struct examination_conf conf;

	learn_cluster();
	world_log_append = true;
	world_proxy_open(&p, "t", "", 0, 1, true);
	world_proxy_open(&q, "deleted", "", 0, 1, true);
	add_trust(&p);
	add_trust(&q);
	world_window(&w, &p, &(struct world_window){.n = 3});
	write_world("t");
	world_window(&w, &q, &(struct world_window){.n = 3});
	w.s[0].gone = true;
	write_statements();

	conf = conf_of(&glob, 1);
	ck_assert_msg(examination_run(&conf, why, sizeof(why)) == 0, "%s", why);
	ck_assert_str_eq(told.topics, "deleted(gone) t u ");
	conf = conf_of(NULL, 0);
	ck_assert_msg(examination_run(&conf, why, sizeof(why)) == 0, "%s", why);
	ck_assert_str_eq(told.topics, "deleted(gone) t ");
	ck_assert_int_eq(told.findings, 4);
	ck_assert_uint_eq(told.sum.records, 3);
	told.known = "t";
	conf = conf_of(NULL, 0);
	ck_assert_msg(examination_run(&conf, why, sizeof(why)) == 0, "%s", why);
	ck_assert_str_eq(told.topics, "deleted(gone) t ");
	ck_assert_int_eq(told.findings, 0);
	ck_assert_uint_eq(told.sum.records, 77);
	told.known = NULL;
	ck_assert_int_eq(verify("like?nothing", (struct topic_bound){0}, (struct topic_bound){0}), ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(why, "no such topic"));
	world_proxy_close(&p);
	world_proxy_close(&q);
}
END_TEST

/* What can't be noted ends it all, whoever else is at work. */
START_TEST(ended)
{
	static const char *const glob = "?";
	struct examination_conf conf = conf_of(&glob, 1);
	int marker;

	conf.jobs = 2;
	conf.arg = &marker;
	conf.unsettled = on_unsettled;
	ck_assert_int_eq(examination_run(&conf, why, sizeof(why)), ERR_IO);
	ck_assert_str_eq(why, "enough");
	ck_assert_int_ge(told.unsettled, 1);
}
END_TEST

START_TEST(nobody_there)
{
	static const char *const t = "t";
	struct examination_conf conf = conf_of(&t, 1);

	conf.examiner.bootstrap = "127.0.0.1:1";
	conf.examiner.timeout_ms = 200;
	ck_assert_int_eq(examination_run(&conf, why, sizeof(why)), ERR_TIMEOUT);
	ck_assert_str_ne(why, "");
	/* A partition that isn't there. */
	conf = conf_of(&t, 1);
	conf.partition = 7;
	ck_assert_int_eq(examination_run(&conf, why, sizeof(why)), ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(why, "no partition 7"));
	/* Nothing is stated, and nothing was named. */
	conf = conf_of(NULL, 0);
	ck_assert_int_eq(examination_run(&conf, why, sizeof(why)), ERR_NOTFOUND);
	ck_assert_ptr_nonnull(strstr(why, WORLD_DBOM));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("examination");
	TCase *t = tcase_create("mock");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, through_kafka);
	tcase_add_test(t, many_at_a_time);
	tcase_add_test(t, gone_and_known);
	tcase_add_test(t, ended);
	tcase_add_test(t, nobody_there);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
