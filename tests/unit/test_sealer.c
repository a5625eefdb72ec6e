/* The sealer over librdkafka's mock cluster: what stands in the statement topic in the end. */
#include "attest/sealer.h"

#include <fcntl.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <poll.h>
#include <unistd.h>

#include "attest/heads.h"
#include "attest/journal_space.h"
#include "base/log.h"
#include "base/text.h"
#include "keys/keygen.h"
#include "makoto/envelope.h"
#include "rdkafka/consumer.h"
#include "rdkafka/handle_internal.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

enum { PUBLISHED = 256, PARTITIONS = 5 };

#define DBOM "makoto.dbom"

/* A record of the statement topic. */
struct published {
	int32_t partition;
	char key[CHAIN_KEY_MAX + 1];
	struct wr payload;
	struct wr manifest;
	bool has_manifest;
	struct statement *s;
};

static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *mock;
static struct settings *set;
static struct chains *c;
static struct sealer *sealer;
static struct signer *signer;
static struct trust *trust;
static struct published all[PUBLISHED];
static bool without_manifest; /* some may be, though their statement has one */
static size_t count;
static char why[512];

static const char *told; /* the statement topic's max.message.bytes; NULL: it may not be asked for */

int __wrap_handle_topic_config(rd_kafka_t *rk, const char *topic, const char *name, int timeout_ms, char *ret, size_t ret_len);

int
__wrap_handle_topic_config(rd_kafka_t *rk UNUSED, const char *topic UNUSED, const char *name UNUSED, int timeout_ms UNUSED, char *ret,
			   size_t ret_len)
{
	if (told == NULL)
		return ERR_NOTFOUND;
	snprintf(ret, ret_len, "%s", told);
	return 0;
}

/* --- the cluster, the key, the proxy's part ---------------------------------------------- */

static void
begin_chains(uint8_t instance, struct heads *heads)
{
	set = rig_settings();
	memset(set->instance, instance, sizeof(set->instance));
	set->window_age_ms = 3600000;
	set->outcome_wait_ms = set->transaction_wait_ms = 3600000;
	set->level = signer == NULL ? 1 : 2;
	c = chains_new(set);
	ck_assert_ptr_nonnull(c);
	if (heads != NULL)
		chains_heads_restore(c, heads);
	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
}

static void
end_chains(void)
{
	chains_free(c);
	settings_unref(set);
}

static void
setup(void)
{
	rd_kafka_conf_t *conf = rd_kafka_conf_new();

	(void)rd_kafka_conf_set(conf, "log_level", "2", NULL, 0);
	host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, NULL, 0);
	ck_assert_ptr_nonnull(host);
	mock = rd_kafka_mock_cluster_new(host, 1);
	rd_kafka_mock_topic_create(mock, DBOM, PARTITIONS, 1);
	begin_chains(0x11, NULL);
}

static void
forget_published(void)
{
	for (; count > 0; count--) {
		wr_free(&all[count - 1].payload);
		wr_free(&all[count - 1].manifest);
		statement_free(all[count - 1].s);
	}
}

static void
teardown(void)
{
	forget_published();
	end_chains();
	signer_free(signer);
	trust_free(trust);
	rd_kafka_mock_cluster_destroy(mock);
	rd_kafka_destroy(host);
}

static void
make_key(void)
{
	char dir[] = "/tmp/test_sealer_XXXXXX", priv[64], pub[64], uri[80], id[KEYID_LEN + 1];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(priv, sizeof(priv), "%s/key.pem", dir);
	snprintf(pub, sizeof(pub), "%s/pub.pem", dir);
	snprintf(uri, sizeof(uri), "file:%s", priv);
	ck_assert_int_eq(key_generate("p256", priv, pub, id, why, sizeof(why)), 0);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = uri, .base_dir = "/"}, &signer, why, sizeof(why)), 0);
	trust = trust_new();
	ck_assert_int_eq(trust_load(trust, pub, why, sizeof(why)), 0);
	ck_assert_int_eq(unlink(priv), 0);
	ck_assert_int_eq(unlink(pub), 0);
	ck_assert_int_eq(rmdir(dir), 0);
	set->level = 2;
}

static void
begin_sealer(const char *bootstrap)
{
	struct sealer_conf conf = {.chains = c,
				   .signer = signer,
				   .bootstrap = bootstrap,
				   .topic = DBOM,
				   .create_partitions = -1,
				   .create_replication = -1};

	ck_assert_msg(sealer_start(&conf, &sealer, why, sizeof(why)) == 0, "%s", why);
}

/* The proxy stops: all windows close, and are published. */
static void
stop_clean(void)
{
	chains_stop(c);
	ck_assert_uint_eq(sealer_stop(sealer, 60000), 0);
}

static void
send_stored(int32_t partition, int32_t n, int content, int64_t offset)
{
	struct chains_batch b = rig_batch(n);
	struct attempt a;

	b.partition = partition;
	ck_assert_int_eq(chains_place(c, &b, &a), 0);
	rig_fill(a.members, n, content);
	ck_assert_int_eq(chains_forward(&a, HEADERS_FULL), 0);
	ck_assert_int_eq(chains_settle(&a, &(struct answer){0, offset, -1}), CHAINS_STORED);
}

/* --- what stands in the topic --------------------------------------------------------------- */

static int
take(void *arg, const struct consumer_record *rec)
{
	struct published *p = &all[count++];
	struct slice payload = rec->value;
	struct envelope e = {.sig = {0}};
	struct chain_id chain;
	uint64_t window;

	ck_assert_uint_lt(count, PUBLISHED);
	*p = (struct published){.partition = *(int32_t *)arg, .payload = wr_new(1 << 20), .manifest = wr_new(16 << 20)};
	ck_assert_uint_lt(rec->key.n, sizeof(p->key));
	memcpy(p->key, rec->key.p, rec->key.n);
	if (signer != NULL) {
		struct wr pae = wr_new(1 << 20);
		const struct public_key *k;

		ck_assert_int_eq(envelope_read(rec->value, &e), 0);
		ck_assert(slice_eq(wr_slice(&e.type), slice_str("application/vnd.in-toto+json")));
		ck_assert(slice_eq(wr_slice(&e.keyid), slice_str(signer_keyid(signer))));
		payload = wr_slice(&e.payload);
		envelope_pae(wr_slice(&e.type), payload, &pae);
		ck_assert_int_eq(trust_verify(trust, wr_slice(&pae), wr_slice(&e.sig), wr_slice(&e.keyid), &k), 0);
		wr_free(&pae);
	}
	wr_slice_put(&p->payload, payload);
	envelope_clear(&e);
	for (size_t i = 0; i < rec->header_count; i++) {
		ck_assert(slice_eq(rec->headers[i].name, slice_str("makoto.leaves")));
		wr_slice_put(&p->manifest, rec->headers[i].value);
		p->has_manifest = true;
	}
	ck_assert_uint_le(rec->header_count, 1);
	ck_assert_int_eq(statement_read(wr_slice(&p->payload), &p->s), 0);
	/* Under its own key, in its own partition. */
	ck_assert_int_eq(chain_key_parse(slice_str(p->key), &chain, &window), 0);
	ck_assert(chain_id_eq(&chain, &p->s->chain));
	ck_assert_uint_eq(window, p->s->window_id);
	ck_assert(p->has_manifest ? p->s->manifest != MANIFEST_NONE : p->s->manifest == MANIFEST_NONE || without_manifest);
	if (p->has_manifest)
		ck_assert(manifest_is_right(p->s->manifest, wr_slice(&p->manifest), p->s->leaf_count, p->s->manifest_sha256,
					    p->s->root));
	ck_assert_int_eq(p->partition, (int32_t)(((uint32_t)chain.b[0] << 24 | (uint32_t)chain.b[1] << 16 |
						   (uint32_t)chain.b[2] << 8 | chain.b[3]) % PARTITIONS));
	return 0;
}

static void
read_all(void)
{
	struct consumer_conf conf = {.bootstrap = rd_kafka_mock_cluster_bootstraps(mock), .timeout_ms = 30000};
	struct consumer *k;

	forget_published();
	ck_assert_int_eq(consumer_open(&conf, &k, why, sizeof(why)), 0);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		int64_t low, high;

		ck_assert_int_eq(consumer_watermarks(k, DBOM, p, &low, &high), 0);
		if (high > low)
			ck_assert_int_eq(consumer_read(k, DBOM, p, low, high, take, &p), 0);
	}
	consumer_close(k);
}

static bool
same_payload(const struct published *a, const struct published *b)
{
	return slice_eq(wr_slice(&a->payload), wr_slice(&b->payload));
}

/*
 * The chain of one partition in the order of the topic: `windows` statements, each linked
 * to the one before.  One that stands there twice has the same bytes.
 */
static void
ck_chain(int32_t partition, uint64_t windows)
{
	struct published *before = NULL;
	uint64_t n = 0;
	uint8_t sum[32];

	for (size_t i = 0; i < count; i++) {
		struct published *p = &all[i];

		if (p->s->partition != partition)
			continue;
		if (before != NULL && p->s->window_id <= before->s->window_id) {
			size_t k = 0;

			while (strcmp(all[k].key, p->key) != 0)
				k++;
			ck_assert(same_payload(&all[k], p));
			continue;
		}
		ck_assert_uint_eq(p->s->chain_length, ++n);
		ck_assert_uint_eq(p->s->window_id - p->s->empty_before - 1, before == NULL ? 0 : before->s->window_id);
		ck_assert_uint_eq(p->s->previous_window, before == NULL ? 0 : before->s->window_id);
		if (before != NULL) {
			sha256_of(wr_slice(&before->payload), sum);
			ck_assert_mem_eq(p->s->previous_statement, sum, 32);
			ck_assert_mem_eq(p->s->previous_root, before->s->root, 32);
		}
		before = p;
	}
	ck_assert_uint_eq(n, windows);
}

/* --- the usual -------------------------------------------------------------------------------- */

START_TEST(signed_and_in_order)
{
	make_key();
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	for (int i = 0; i < 6; i++)
		for (int32_t p = 0; p < 4; p++)
			send_stored(p, 10, i, i * 10);
	send_stored(0, 3, 9, 60);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 25);
	ck_chain(0, 7);
	for (int32_t p = 1; p < 4; p++)
		ck_chain(p, 6);
	for (size_t i = 0; i < count; i++) {
		ck_assert_int_eq(all[i].s->level, 2);
		ck_assert(slice_eq(all[i].s->signing_key_id, slice_str(signer_keyid(signer))));
		ck_assert_int_eq(all[i].s->manifest, MANIFEST_LEAF);
	}
}
END_TEST

/* Level 1: the statement itself, which names no key. */
START_TEST(without_a_key)
{
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 25, 1, 0);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 3);
	ck_chain(0, 3);
	ck_assert_int_eq(all[0].s->level, 1);
	ck_assert_ptr_null(all[0].s->signing_key_id.p);
	ck_assert_int_eq(all[2].s->reason, CLOSE_SHUTDOWN);
}
END_TEST

/* Windows that were there before the sealer, and before the topic answered. */
START_TEST(windows_wait_for_the_topic)
{
	send_stored(0, 30, 1, 0);
	send_stored(1, 10, 2, 0);
	rd_kafka_mock_push_request_errors(mock, 3 /* Metadata */, 2, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
					  RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	stop_clean();
	read_all();
	ck_chain(0, 3);
	ck_chain(1, 1);
}
END_TEST

START_TEST(no_manifests)
{
	set->manifest = SETTINGS_MANIFEST_NONE;
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 10, 1, 0);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 1);
	ck_assert(!all[0].has_manifest);
}
END_TEST

/* A manifest that doesn't fit into a record is left out, and said to be. */
START_TEST(a_window_too_large_for_its_manifest)
{
	set->window_records = 40000;
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 40000, 1, 0);
	send_stored(0, 100, 2, 40000);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 2);
	ck_chain(0, 2);
	ck_assert_int_eq(all[0].s->manifest, MANIFEST_NONE);
	ck_assert_uint_eq(all[0].s->leaf_count, 40000);
	ck_assert_int_eq(all[1].s->manifest, MANIFEST_LEAF);
}
END_TEST

/* A topic that takes the manifest gets it, … */
START_TEST(a_manifest_of_ten_megabytes)
{
	told = "40000000";
	set->window_records = 330000;
	set->backlog_records = 10000000;
	send_stored(0, 330000, 1, 0);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(all[0].s->manifest, MANIFEST_LEAF);
	ck_assert_uint_eq(all[0].s->leaf_count, 330000);
	ck_assert(all[0].has_manifest);
}
END_TEST

/* … and of one that takes less it is known before it is signed. */
START_TEST(a_topic_that_takes_little)
{
	told = "20000";
	set->window_records = 1000;
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 1000, 1, 0);
	send_stored(0, 100, 2, 1000);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(all[0].s->manifest, MANIFEST_NONE);
	ck_assert_int_eq(all[1].s->manifest, MANIFEST_LEAF);
}
END_TEST

/* --- when the cluster doesn't take them ------------------------------------------------------- */

/* Whatever is tried again has the same bytes, and the order stays. */
START_TEST(errors_on_the_way)
{
	make_key();
	rd_kafka_mock_push_request_errors(mock, 0 /* Produce */, 5, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
					  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, RD_KAFKA_RESP_ERR__TRANSPORT,
					  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	for (int i = 0; i < 5; i++) {
		send_stored(0, 10, i, i * 10);
		send_stored(1, 10, i, i * 10);
	}
	stop_clean();
	read_all();
	ck_chain(0, 5);
	ck_chain(1, 5);
}
END_TEST

/* It is signed for what the topic took before: it goes without what doesn't fit. */
START_TEST(too_large_for_the_topic)
{
	rd_kafka_mock_push_request_errors(mock, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 10, 1, 0);
	stop_clean();
	without_manifest = true;
	read_all();
	ck_assert_uint_eq(count, 1);
	ck_chain(0, 1);
	ck_assert_int_eq(all[0].s->manifest, MANIFEST_LEAF);
	ck_assert(!all[0].has_manifest);
}
END_TEST

/* A batch of several was too large: that says nothing of any of them, and all go with what they declare. */
START_TEST(too_large_together)
{
	enum { WINDOWS = 20 }; /* all are stated and sent before the sealer hears of any */

	rd_kafka_mock_push_request_errors(mock, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	for (int i = 0; i < WINDOWS; i++)
		send_stored(i, 10, i, 0);
	chains_stop(c);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	ck_assert_uint_eq(sealer_stop(sealer, 60000), 0);
	read_all();
	ck_assert_uint_eq(count, WINDOWS);
	for (size_t i = 0; i < count; i++)
		ck_assert(all[i].has_manifest);
}
END_TEST

/* Where nobody tells what the topic takes, the first that it doesn't take does: the next ones declare what they have. */
START_TEST(too_large_once)
{
	struct chains_numbers n;

	rd_kafka_mock_push_request_errors(mock, 0, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 10, 1, 0);
	do {
		(void)poll(NULL, 0, 1);
		chains_count(c, &n);
	} while (n.windows > 0);
	send_stored(0, 10, 2, 10);
	stop_clean();
	without_manifest = true;
	read_all();
	ck_assert_uint_eq(count, 2);
	ck_chain(0, 2);
	ck_assert_int_eq(all[0].s->manifest, MANIFEST_LEAF);
	ck_assert(!all[0].has_manifest);
	ck_assert_int_eq(all[1].s->manifest, MANIFEST_NONE);
}
END_TEST

/*
 * A first attempt whose outcome nobody knows may be in the topic: whatever is said of a
 * later one, no other statement may stand for that window.
 */
START_TEST(perhaps_published_is_never_changed)
{
	rd_kafka_mock_push_request_errors(mock, 0, 2, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
					  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 10, 1, 0);
	stop_clean();
	without_manifest = true;
	read_all();
	ck_chain(0, 1);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(all[i].s->manifest, MANIFEST_LEAF);
}
END_TEST

/* While the topic takes nothing, windows become statements: their members' memory goes, their order stays. */
START_TEST(an_outage)
{
	enum { WINDOWS = 50 };
	static rd_kafka_resp_err_t errors[1000]; /* more than there are tries */
	struct chains_numbers n;

	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		errors[i] = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
	rd_kafka_mock_push_request_errors_array(mock, 0, ARRAY_LEN(errors), errors);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	for (int i = 0; i < WINDOWS; i++)
		send_stored(0, 10, i, i * 10);
	do {
		(void)poll(NULL, 0, 1);
		chains_count(c, &n);
	} while (n.backlog > 0);
	ck_assert_uint_eq(n.windows, WINDOWS);
	ck_assert_int_ge(n.unpublished, WINDOWS); /* a record each, at least */
	rd_kafka_mock_clear_request_errors(mock, 0);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, WINDOWS);
	ck_chain(0, WINDOWS);
}
END_TEST

static void
begin_journal(char dir[64], struct journal **ret)
{
	struct journal_conf conf = {.max_bytes = 64 << 20, .segment_bytes = 64 << 10};

	snprintf(dir, 64, "/tmp/test_sealer_XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	conf.dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(conf.dir_fd, 0);
	ck_assert_msg(journal_open(&conf, ret, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(chains_journal_begin(c, *ret, NULL), 0);
}

static void
end_journal(const char *dir, struct journal *j)
{
	int dir_fd;

	end_chains();
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_eq(journal_sync(j), 0); /* what its end would write may begin another segment */
	ck_assert_int_eq(journal_remove(dir_fd, journal_last(j)), 0);
	journal_close(j);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
	begin_chains(0x11, NULL);
}

static uint64_t
journal_bytes(struct journal *j)
{
	uint64_t segments, bytes;
	bool failing;

	journal_count(j, &segments, &bytes, &failing);
	return bytes;
}

/*
 * What the journal has of an outage is the statements, not the batches that they are about: these go while
 * nothing is published, as the statements before them are written anew.
 */
START_TEST(a_journal_in_an_outage)
{
	enum { WINDOWS = 60, RECORDS = 1000 };
	static rd_kafka_resp_err_t errors[1000]; /* more than there are tries */
	struct chains_numbers n;
	struct journal *j;
	uint64_t put = 0;
	char dir[64];

	set->window_records = RECORDS;
	set->manifest = SETTINGS_MANIFEST_NONE;
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		errors[i] = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS;
	rd_kafka_mock_push_request_errors_array(mock, 0, ARRAY_LEN(errors), errors);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock)); /* in the order of a start */
	begin_journal(dir, &j);
	for (int i = 0; i < WINDOWS; i++) {
		send_stored(i % 4, RECORDS, i, i / 4 * RECORDS);
		put += RECORDS * LEAF_LEN; /* at least */
	}
	do {
		(void)poll(NULL, 0, 1);
		chains_count(c, &n);
	} while (n.backlog > 0 || journal_bytes(j) > put / 2);
	ck_assert_uint_eq(n.windows, WINDOWS);
	rd_kafka_mock_clear_request_errors(mock, 0);
	stop_clean();
	ck_assert_uint_le(journal_bytes(j), put / 2);
	read_all();
	ck_assert_uint_eq(count, WINDOWS);
	for (int32_t p = 0; p < 4; p++)
		ck_chain(p, WINDOWS / 4);
	end_journal(dir, j);
}
END_TEST

/* More than the publisher has room for at once, and one that the topic doesn't take as it is: all of it comes from the journal. */
START_TEST(more_than_there_is_room_for)
{
	enum { CHAINS = 60, RECORDS = 8000 };
	struct journal *j;
	char dir[64];

	begin_journal(dir, &j);
	set->window_records = RECORDS;
	rd_kafka_mock_push_request_errors(mock, 0 /* Produce */, 1, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
	for (int i = 0; i < CHAINS; i++)
		send_stored(i, RECORDS, i % 100, 0);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	stop_clean();
	without_manifest = true;
	read_all();
	ck_assert_uint_eq(count, CHAINS);
	for (int i = 0; i < CHAINS; i++)
		ck_chain(i, 1);
	end_journal(dir, j);
}
END_TEST

/* --- stopping ------------------------------------------------------------------------------------ */

/* Nobody to publish to: the windows that are left are told, and heads are not saved over them. */
START_TEST(nobody_there)
{
	struct heads h = {.count = 77};

	send_stored(0, 30, 1, 0);
	send_stored(1, 5, 2, 0);
	begin_sealer("127.0.0.1:1");
	chains_stop(c);
	ck_assert_uint_eq(sealer_stop(sealer, 50), 4);
	ck_assert_int_eq(chains_heads_save(c, &h), ERR_NOT_NOW);
	ck_assert_uint_eq(sealer_stop(NULL, 0), 0);
}
END_TEST

/* A second signal: the wait ends, however long it was to be. */
START_TEST(hurried)
{
	send_stored(0, 10, 1, 0);
	begin_sealer("127.0.0.1:1");
	chains_stop(c);
	sealer_hurry(sealer);
	ck_assert_uint_eq(sealer_stop(sealer, 3600000), 1);
}
END_TEST

START_TEST(what_can_not_start)
{
	struct sealer_conf conf = {.chains = c, .bootstrap = "", .topic = DBOM, .create_partitions = -1, .create_replication = -1};
	struct sealer *s = NULL;

	why[0] = '\0';
	if (sealer_start(&conf, &s, why, sizeof(why)) != 0) {
		ck_assert_ptr_null(s);
		ck_assert_str_ne(why, "");
	} else {
		(void)sealer_stop(s, 0);
	}
}
END_TEST

/* A clean stop and another start: the chain goes on in the same partition of the topic. */
START_TEST(over_a_restart)
{
	struct heads h, back;
	struct wr w = wr_new(HEADS_MAX_BYTES);

	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 15, 1, 0);
	stop_clean();
	ck_assert_int_eq(chains_heads_save(c, &h), 0);
	ck_assert_uint_eq(h.count, 1);
	ck_assert_int_ge(h.entry[0].head.dbom_partition, 0);
	heads_write(&h, &w);
	heads_clear(&h);
	ck_assert_int_eq(heads_read(wr_slice(&w), &back), 0);
	wr_free(&w);
	end_chains();
	begin_chains(0x11, &back);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 15, 2, 15);
	stop_clean();
	read_all();
	ck_assert_uint_eq(count, 4);
	ck_chain(0, 4);
}
END_TEST

/* Until a warning has that in it. */
static void
ck_told(FILE *log, const char *text)
{
	char line[1024] = "";

	while (strstr(line, text) == NULL)
		ck_assert_ptr_nonnull(fgets(line, sizeof(line), log));
}

/* The topic was made again with fewer: a chain stays in its partition, waits for it, and that is said; others go on. */
START_TEST(its_partition_is_gone)
{
	int fds[2], saved = dup(STDERR_FILENO);
	struct chains_numbers n;
	struct heads h;
	FILE *log;

	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 15, 1, 0);
	stop_clean();
	ck_assert_int_eq(chains_heads_save(c, &h), 0);
	end_chains();
	h.entry[0].head.dbom_partition = PARTITIONS + 2;
	begin_chains(0x11, &h);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_ge(dup2(fds[1], STDERR_FILENO), 0);
	(void)close(fds[1]);
	log = fdopen(fds[0], "r");
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
	begin_sealer(rd_kafka_mock_cluster_bootstraps(mock));
	send_stored(0, 15, 2, 15);
	send_stored(1, 10, 1, 0);
	chains_stop(c);
	ck_told(log, "the statement topic has no partition 7 any more, only 5 in all");
	do {
		(void)poll(NULL, 0, 1);
		chains_count(c, &n);
	} while (n.windows > 2);
	ck_assert_uint_eq(sealer_stop(sealer, 0), 2);
	(void)dup2(saved, STDERR_FILENO);
	(void)close(saved);
	(void)fclose(log);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sealer");
	TCase *t = tcase_create("mock");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_set_timeout(t, 180);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, signed_and_in_order);
	tcase_add_test(t, without_a_key);
	tcase_add_test(t, windows_wait_for_the_topic);
	tcase_add_test(t, no_manifests);
	tcase_add_test(t, a_window_too_large_for_its_manifest);
	tcase_add_test(t, a_manifest_of_ten_megabytes);
	tcase_add_test(t, a_topic_that_takes_little);
	tcase_add_test(t, errors_on_the_way);
	tcase_add_test(t, too_large_for_the_topic);
	tcase_add_test(t, too_large_together);
	tcase_add_test(t, too_large_once);
	tcase_add_test(t, perhaps_published_is_never_changed);
	tcase_add_test(t, an_outage);
	tcase_add_test(t, a_journal_in_an_outage);
	tcase_add_test(t, more_than_there_is_room_for);
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, hurried);
	tcase_add_test(t, what_can_not_start);
	tcase_add_test(t, over_a_restart);
	tcase_add_test(t, its_partition_is_gone);
	suite_add_tcase(s, t);
	return suite_run(s);
}
