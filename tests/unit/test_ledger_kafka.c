/* The ledger over librdkafka's mock cluster: statements that were there, and such as come; signed ones. */
#include <pthread.h>

#include "mocked.h"
#include "suite.h"
#include "trusting.h"
#include "verify/ledger.h"
#include "world.h"

static struct world w;
static struct world_proxy proxy, stranger;
static struct ledger *l;
static struct policy *policy;

static struct bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	int count;
} bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static void
ring(void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&bell.lock);
	bell.count++;
	(void)pthread_cond_broadcast(&bell.rung);
	(void)pthread_mutex_unlock(&bell.lock);
}

static void
setup(void)
{
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, WORLD_DBOM, 3), 0);
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 2, 1, true);
	world_proxy_open(&stranger, "t", WORLD_TOPIC_ID, 2, 2, true);
	trust_nobody();
	trust_also(proxy.public_key);
	policy = trust_policy(false);
}

static void
teardown(void)
{
	ledger_free(l);
	world_free(&w);
	world_proxy_close(&proxy);
	world_proxy_close(&stranger);
	policy_unref(policy);
	mock_stop(mock);
}

static int
trusts(void *arg UNUSED, struct published *p, enum verdict_trust *ret)
{
	int err = published_check(p, policy);

	*ret = p->trust;
	return err;
}

static void
begin(void)
{
	static const char *const topics[] = {WORLD_DBOM, NULL};
	struct ledger_conf conf = {.bootstrap = mock_bootstrap(mock),
				   .topics = topics,
				   .cluster_id = slice_str(world_cluster),
				   .trusts = trusts};
	char why[256];

	ck_assert_msg(ledger_new(&conf, &l, why, sizeof(why)) == 0, "%s", why);
}

static void
publish(struct publisher *p, const struct world_proxy *by, const struct world_statement *s)
{
	struct publisher_header h = {slice_str(MANIFEST_HEADER), wr_slice(&s->manifest)};

	ck_assert_int_eq(publisher_send(p, chain_partition(&by->chain, 3), slice_str(s->key), wr_slice(&s->value), &h,
					s->manifest.len > 0 ? 1 : 0, NULL), 0);
}

static struct ledger_answer
ask(int64_t from, int64_t to, bool until_whole)
{
	struct ledger_want want = {.topic = slice_str("t"),
				   .topic_id = slice_str(WORLD_TOPIC_ID),
				   .partition = 2,
				   .from = from,
				   .to = to,
				   .min_ms = WORLD_NOW,
				   .max_ms = WORLD_NOW};
	struct ledger_answer a;

	for (;;) {
		int heard;

		(void)pthread_mutex_lock(&bell.lock);
		heard = bell.count;
		(void)pthread_mutex_unlock(&bell.lock);
		ck_assert_int_eq(ledger_ask(l, &want, ring, NULL, &a), 0);
		if (until_whole ? a.whole : a.count > 0)
			return a;
		ledger_release(l, &a);
		(void)pthread_mutex_lock(&bell.lock);
		while (bell.count == heard)
			(void)pthread_cond_wait(&bell.rung, &bell.lock);
		(void)pthread_mutex_unlock(&bell.lock);
	}
}

START_TEST(there_and_coming)
{
	struct publisher *p = mocked_publisher(WORLD_DBOM);
	struct ledger_answer a;

	for (int i = 0; i < 12; i++)
		world_window(&w, &proxy, &(struct world_window){.n = 4, .manifest = MANIFEST_LEAF_KEY});
	for (size_t i = 0; i < 10; i++)
		publish(p, &proxy, &w.s[i]);
	mocked_finish(p);
	begin();
	a = ask(0, 8, true);
	ck_assert_uint_eq(a.count, 2);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(a.windows[i]->w.trust, TRUST_SIGNED);
		ck_assert_uint_eq(a.windows[i]->w.statement->window_id, i + 1);
		ck_assert(slice_eq(a.windows[i]->w.manifest, wr_slice(&w.s[i].manifest)));
	}
	ledger_release(l, &a);
	a = ask(40, 48, true);
	ck_assert_uint_eq(a.count, 0);
	ck_assert(a.current);
	ledger_release(l, &a);
	p = mocked_publisher(WORLD_DBOM);
	publish(p, &proxy, &w.s[10]);
	mocked_finish(p);
	a = ask(40, 48, false);
	ck_assert_uint_eq(a.count, 1);
	ck_assert_uint_eq(a.windows[0]->w.statement->window_id, 11);
	ledger_release(l, &a);
}
END_TEST

START_TEST(by_a_stranger)
{
	struct publisher *p = mocked_publisher(WORLD_DBOM);
	struct ledger_answer a;

	world_window(&w, &stranger, &(struct world_window){.n = 4});
	publish(p, &stranger, &w.s[0]);
	mocked_finish(p);
	begin();
	a = ask(0, 4, true);
	ck_assert_uint_eq(a.count, 0);
	ledger_release(l, &a);
}
END_TEST

/* Refused at once, and ended before anything was heard. */
START_TEST(nobody_there)
{
	static const char *const topics[] = {"later", NULL};
	static const char *const props[] = {"no.such.property", "1", NULL};
	struct ledger_conf conf = {.bootstrap = mock_bootstrap(mock),
				   .topics = topics,
				   .cluster_id = slice_str(world_cluster),
				   .trusts = trusts};
	struct ledger *bad;
	char why[256];

	conf.props = props;
	ck_assert_int_eq(ledger_new(&conf, &bad, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "no.such.property"));
	begin();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ledger_kafka");
	TCase *t = tcase_create("ledger_kafka");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, there_and_coming);
	tcase_add_test(t, by_a_stranger);
	tcase_add_test(t, nobody_there);
	suite_add_tcase(s, t);
	return suite_run(s);
}
