/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without, over a whole run of several topics against
 * librdkafka's mock cluster: it ends with an error, or with what it says with enough memory, and nothing is left allocated.
 */
#include "failing.h"

#include "base/clock.h"
#include "mocked.h"
#include "suite.h"
#include "verify/examination.h"
#include "trusting.h"
#include "world.h"

static struct world w;
static struct world_proxy proxy, other;
static struct policy *policy;
static char why[700];

static struct told {
	uint64_t findings, topics, records, gone, violations;
} told;

static void
on_topic_ids(void *arg UNUSED, const char *const *topics UNUSED, size_t count UNUSED, struct examination_id *ret UNUSED)
{
	/* The cluster has none. */
}

static void
on_found(void *arg UNUSED, unsigned job UNUSED, const struct topic_report *t UNUSED, const struct finding *f UNUSED)
{
	told.findings++;
}

static int
on_settled(void *arg UNUSED, unsigned job UNUSED, const struct topic_report *t UNUSED, const struct topic_partition *p UNUSED,
	   char *error UNUSED, size_t len UNUSED)
{
	return 0;
}

static void
on_reported(void *arg UNUSED, const struct topic_report *t)
{
	told.topics++;
	told.records += t->sum.records;
	told.gone += t->gone;
	told.violations += tally_outcome(&t->sum, false) == TALLY_VIOLATION;
}

static int
run(void)
{
	static const char *const glob = "*";
	const struct remembered seen = {.chain = {{1}}, .window_id = 1, .topic = "was here"};
	struct examination_conf conf = {.examiner = {.bootstrap = mock_bootstrap(mock), .timeout_ms = 10000, .policy = policy, .now_ms = 1},
				  .topics = {&glob, 1, WORLD_DBOM},
				  .partition = -1,
				  .spool_dir = "/tmp",
				  .topic_ids = on_topic_ids,
				  .found = on_found,
				  .settled = on_settled,
				  .reported = on_reported};
	struct recall m = {.list = NULL};
	int err;

	snprintf(m.cluster_id, sizeof(m.cluster_id), "%s", world_cluster);
	told = (struct told){0};
	snprintf(why, sizeof(why), "nothing was run");
	conf.memory = &m;
	if ((err = recall_put(&m, &seen)) == 0)
		err = examination_run(&conf, why, sizeof(why));
	recall_clear(&m);
	return err;
}

static void
learn_cluster(void)
{
	struct consumer *c = mocked_consumer(30000);
	struct slice id;

	ck_assert_int_eq(consumer_cluster_id(c, &id), 0);
	snprintf(world_cluster, sizeof(world_cluster), "%.*s", (int)id.n, (const char *)id.p);
	consumer_close(c);
}

static void
send(struct publisher *data, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++) {
		const struct world_record *r = &w.r[i];
		struct publisher_header hs[WORLD_HEADERS];

		for (size_t k = 0; k < r->header_count; k++)
			hs[k] = (struct publisher_header){r->headers[k].name, r->headers[k].value};
		ck_assert_int_eq(publisher_send(data, 0, slice_str(r->key), world_value(r), hs, r->header_count, NULL), 0);
	}
	mocked_finish(data);
}

/* Two topics, and statements about a third that is gone. */
static void
setup(void)
{
	struct world_proxy gone;
	struct publisher *dbom;

	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", 2), 0);
	ck_assert_int_eq(mock_topic(mock, "u", 1), 0);
	ck_assert_int_eq(mock_topic(mock, WORLD_DBOM, 1), 0);
	learn_cluster();
	world_log_append = true;
	world_proxy_open(&proxy, "t", "", 0, 1, true);
	world_proxy_open(&other, "u", "", 0, 1, true);
	world_proxy_open(&gone, "gone", "", 0, 1, true);
	trust_also(proxy.public_key);
	trust_also(other.public_key);
	trust_also(gone.public_key);
	policy = trust_policy(false);
	world_window(&w, &proxy, &(struct world_window){.n = 3});
	world_window(&w, &proxy, &(struct world_window){.n = 3});
	send(mocked_publisher("t"), 0, 6);
	w.next_offset = 0;
	world_window(&w, &other, &(struct world_window){.n = 2});
	send(mocked_publisher("u"), 6, 8);
	world_window(&w, &gone, &(struct world_window){.n = 2});
	dbom = mocked_publisher(WORLD_DBOM);
	for (size_t i = 0; i < w.stated; i++) {
		struct publisher_header h = {slice_str(MANIFEST_HEADER), wr_slice(&w.s[i].manifest)};

		ck_assert_int_eq(publisher_send(dbom, 0, slice_str(w.s[i].key), wr_slice(&w.s[i].value), &h, 1, NULL), 0);
	}
	mocked_finish(dbom);
	world_proxy_close(&gone);
}

static void
teardown(void)
{
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&other);
	policy_unref(policy);
	mock_stop(mock);
}

START_TEST(one_call)
{
	struct told want;
	uint64_t n = 0;

	ck_assert_msg(run() == 0, "%s", why);
	want = told;
	ck_assert_uint_eq(want.topics, 4);
	ck_assert_uint_eq(want.gone, 2);
	ck_assert_uint_eq(want.records, 8);
	ck_assert_uint_eq(want.violations, 1);
	do {
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, false);
		failing.armed = true;
		err = run();
		failing.armed = false;
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n, (long long)(failing.live - alive));
		if (err == 0)
			ck_assert_msg(memcmp(&told, &want, sizeof(want)) == 0, "call %llu: another outcome", (unsigned long long)n);
		else
			ck_assert_msg(failing.failed > 0 && err == ERR_NOMEM && strcmp(why, "") != 0, "call %llu: %s, %s",
				      (unsigned long long)n, err_text(err), why);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_examination");
	TCase *t = tcase_create("memory_examination");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	suite_add_tcase(s, t);
	return suite_run(s);
}
