/*
 * Memory runs out at the n-th call of the sealer, for n = 1, 2, 3 … until all goes well
 * without: from a closed window to its statement in the topic of librdkafka's mock cluster.
 *
 * Whatever happens: each window is published, under one payload, its statement linked to the
 * one before; nothing leaks.  librdkafka's and libcrypto's own calls don't fail.
 */
#include "failing.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <unistd.h>

#include "attest/sealer.h"
#include "base/log.h"
#include "base/metrics.h"
#include "keys/keygen.h"
#include "makoto/envelope.h"
#include "rdkafka/consumer.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

#define DBOM "makoto.dbom"

enum { WINDOWS = 4, EACH = 10, WAIT_MS = 60000 };

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *mock;
static struct signer *signer;
static struct trust *trust;
static struct settings *set;
static struct chains *chains;
static char why[512];

/* What stands in the topic of this life's chain, and where the next life's begins. */
static struct {
	int64_t from;
	uint64_t windows;
	uint8_t sha256[SHA256_LEN];
} seen;

static void
setup(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	char dir[] = "/tmp/test_memory_sealer_XXXXXX", priv[64], pub[64], uri[80], id[KEYID_LEN + 1];

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	(void)rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
	host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	ck_assert_ptr_nonnull(host);
	mock = rd_kafka_mock_cluster_new(host, 1);
	rd_kafka_mock_topic_create(mock, DBOM, 1, 1);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(priv, sizeof(priv), "%s/key.pem", dir);
	snprintf(pub, sizeof(pub), "%s/pub.pem", dir);
	snprintf(uri, sizeof(uri), "file:%s", priv);
	ck_assert_int_eq(key_generate("p256", priv, pub, id, why, sizeof(why)), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &signer, why, sizeof(why)), 0);
	trust = trust_new();
	ck_assert_int_eq(trust_load(trust, pub, why, sizeof(why)), 0);
	(void)unlink(priv);
	(void)unlink(pub);
	(void)rmdir(dir);
}

static void
teardown(void)
{
	signer_free(signer);
	trust_free(trust);
	rd_kafka_mock_cluster_destroy(mock);
	rd_kafka_destroy(host);
}

/* Another instance each time, so that chains are told apart. */
static void
begin_chains(uint64_t life)
{
	set = rig_settings();
	memcpy(set->instance, &life, sizeof(life));
	set->level = 2;
	set->window_age_ms = set->outcome_wait_ms = set->transaction_wait_ms = 3600000;
	chains = chains_new(set);
	ck_assert_ptr_nonnull(chains);
	ck_assert_int_eq(chains_set_cluster(chains, slice_str(RIG_CLUSTER)), 0);
	for (int i = 0; i < WINDOWS; i++) {
		struct chains_batch b = rig_batch(EACH);
		struct attempt a;

		ck_assert_int_eq(chains_place(chains, &b, &a), 0);
		rig_fill(a.members, EACH, i);
		ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
		ck_assert_int_eq(chains_settle(&a, &(struct answer){0, i * EACH, -1}), CHAINS_STORED);
	}
}

static int
take(void *arg, const struct consumer_record *r)
{
	struct wr pae = wr_new(1 << 20);
	const struct public_key *k;
	struct statement *s;
	struct envelope e;
	uint8_t sum[SHA256_LEN];

	(void)arg;
	ck_assert_int_eq(envelope_read(r->value, &e), 0);
	envelope_pae(wr_slice(&e.type), wr_slice(&e.payload), &pae);
	ck_assert_int_eq(trust_verify(trust, wr_slice(&pae), wr_slice(&e.sig), wr_slice(&e.keyid), &k), 0);
	ck_assert_int_eq(statement_read(wr_slice(&e.payload), &s), 0);
	sha256_of(wr_slice(&e.payload), sum);
	if (s->window_id == seen.windows) { /* sent again: the same payload */
		ck_assert_mem_eq(sum, seen.sha256, SHA256_LEN);
	} else {
		ck_assert_uint_eq(s->window_id, seen.windows + 1);
		ck_assert_uint_eq(s->leaf_count, EACH);
		ck_assert_uint_eq(s->previous_window, seen.windows);
		if (seen.windows > 0)
			ck_assert_mem_eq(s->previous_statement, seen.sha256, SHA256_LEN);
		ck_assert_uint_eq(r->header_count, 1);
		ck_assert(manifest_is_right(s->manifest, r->headers[0].value, s->leaf_count, s->manifest_sha256, s->root));
		memcpy(seen.sha256, sum, SHA256_LEN);
		seen.windows = s->window_id;
	}
	statement_free(s);
	wr_free(&pae);
	envelope_clear(&e);
	return 0;
}

static void
read_life(void)
{
	struct consumer_conf conf = {.bootstrap = rd_kafka_mock_cluster_bootstraps(mock), .timeout_ms = WAIT_MS};
	struct consumer *k;
	int64_t low, high;

	seen.windows = 0;
	ck_assert_int_eq(consumer_open(&conf, &k, why, sizeof(why)), 0);
	ck_assert_int_eq(consumer_watermarks(k, DBOM, 0, &low, &high), 0);
	ck_assert_int_eq(consumer_read(k, DBOM, 0, seen.from, high, take, NULL), 0);
	consumer_close(k);
	seen.from = high;
	ck_assert_uint_eq(seen.windows, WINDOWS);
}

START_TEST(one_call)
{
	uint64_t n = 0;

	do {
		struct sealer_conf conf = {.signer = signer,
					   .bootstrap = rd_kafka_mock_cluster_bootstraps(mock),
					   .topic = DBOM,
					   .create_partitions = -1,
					   .create_replication = -1};
		int64_t alive = failing.live;
		struct sealer *sealer;
		size_t left;

		begin_chains(++n);
		conf.chains = chains;
		failing_begin(n, false);
		failing.armed = true;
		if (sealer_start(&conf, &sealer, why, sizeof(why)) != 0) {
			failing.armed = false;
			ck_assert_uint_gt(failing.failed, 0);
			ck_assert_int_eq(sealer_start(&conf, &sealer, why, sizeof(why)), 0); /* the proxy starts again */
		}
		chains_stop(chains);
		left = sealer_stop(sealer, WAIT_MS);
		failing.armed = false;
		ck_assert_uint_eq(left, 0);
		read_life();
		chains_free(chains);
		settings_unref(set);
		/* The counters of a thread that ended stay. */
		ck_assert_msg(failing.live - alive <= 1, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 30);
	ck_assert_int_eq(metric_read(METRIC_SIGN_FAILURES), 0); /* it isn't the key's */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_sealer");
	TCase *t = tcase_create("memory_sealer");

	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	suite_add_tcase(s, t);
	return suite_run(s);
}
