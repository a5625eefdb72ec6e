/* Statements against the text of FORMAT.md, field by field, read with another JSON parser than ours. */
#include "attest/statement_of.h"

#include <jansson.h>

#include "base/log.h"
#include "base/text.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

#define KEYID "SHA256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct rig *r;
static struct stated st;
static json_t *doc, *kafka;

static void
setup(void)
{
	r = rig_start();
}

static void
forget(void)
{
	stated_clear(&st);
	json_decref(doc);
	doc = NULL;
}

static void
teardown(void)
{
	forget();
	rig_stop(r);
}

static json_t *
at(const char *path)
{
	json_t *v = doc;
	char copy[128], *save = NULL;

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *p = strtok_r(copy, ".", &save); p != NULL && v != NULL; p = strtok_r(NULL, ".", &save))
		v = p[0] >= '0' && p[0] <= '9' ? json_array_get(v, (size_t)atoi(p)) : json_object_get(v, p);
	return v;
}

static void
ck_text(const char *path, const char *want)
{
	json_t *v = at(path);

	ck_assert_msg(json_is_string(v), "%s", path);
	ck_assert_str_eq(json_string_value(v), want);
}

static void
ck_int(const char *path, int64_t want)
{
	json_t *v = at(path);

	ck_assert_msg(json_is_integer(v), "%s", path);
	ck_assert_int_eq(json_integer_value(v), want);
}

static void
ck_hex(const char *path, const uint8_t *p, size_t n)
{
	char hex[65];

	ck_text(path, text_hex(p, n, hex));
}

static void
ck_absent(const char *path)
{
	ck_assert_msg(at(path) == NULL, "%s", path);
}

/* Any array or object, as compact JSON. */
static void
ck_json(const char *path, const char *want)
{
	char *got = json_dumps(at(path), JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

	ck_assert_msg(got != NULL, "%s", path);
	ck_assert_str_eq(got, want);
	free(got);
}

/* RFC 6962, section 2.1, as it is written: split at the largest power of two below n. */
static void
merkle(const uint8_t *leaves, size_t n, size_t step, uint8_t out[32])
{
	uint8_t node[65] = {0x01};
	size_t k = 1;

	if (n == 1) {
		memcpy(out, leaves, 32);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	merkle(leaves, k, step, node + 1);
	merkle(leaves + k * step, n - k, step, node + 33);
	sha256_of(slice_of(node, 65), out);
}

/* States the oldest window, and checks what is right of every statement. */
static struct window *
state_with(const char *cluster, const char *keyid, size_t max_manifest)
{
	struct window *w = rig_turn(r);
	json_error_t why;
	uint8_t sum[32];
	char *canonical;

	ck_assert_ptr_nonnull(w);
	forget();
	clock_set_for_tests(&r->now.mono, &r->now.wall_ms);
	ck_assert_int_eq(statement_of(r->c, w, r->set, slice_str(cluster), keyid, max_manifest, &st), 0);
	clock_set_for_tests(NULL, NULL);
	doc = json_loadb((const char *)st.bytes.buf, st.bytes.len, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(doc != NULL, "%s", why.text);
	kafka = at("predicate.metadata.kafka");
	ck_assert(json_is_object(kafka));
	/* Sorted keys, no white space, nothing behind it. */
	canonical = json_dumps(doc, JSON_COMPACT | JSON_SORT_KEYS);
	ck_assert_uint_eq(strlen(canonical), st.bytes.len);
	ck_assert_mem_eq(canonical, st.bytes.buf, st.bytes.len);
	free(canonical);
	sha256_of(wr_slice(&st.bytes), sum);
	ck_assert_mem_eq(sum, st.sha256, 32);
	ck_hex("subject.0.digest.merkleRoot", st.root, 32);
	ck_hex("predicate.integrity.merkleTree.root", st.root, 32);
	return w;
}

static struct window *
state(void)
{
	return state_with(RIG_CLUSTER, NULL, SIZE_MAX);
}

static void
published(struct window *w)
{
	chain_stated(r->c, w, st.root, st.sha256, st.ended_told, NULL);
}

/* The manifest as FORMAT.md has it, from content and record of each member in ascending offset. */
static void
ck_manifest(const int (*members)[2], size_t n, bool with_keys)
{
	size_t step = with_keys ? 48 : 32;
	uint8_t sum[32];

	ck_assert_uint_eq(st.manifest.len, n * step);
	for (size_t i = 0; i < n; i++) {
		const uint8_t *e = st.manifest.buf + i * step;
		uint8_t leaf[32], key[15];

		rig_leaf(members[i][0], members[i][1], false, leaf);
		ck_assert_mem_eq(e, leaf, 32);
		if (with_keys) {
			memset(key, members[i][0], sizeof(key));
			ck_assert_int_eq(e[32], 0x04);
			ck_assert_mem_eq(e + 33, key, 15);
		}
	}
	merkle(st.manifest.buf, n, step, sum);
	ck_assert_mem_eq(sum, st.root, 32);
	sha256_of(wr_slice(&st.manifest), sum);
	ck_hex("subject.0.digest.sha256", sum, 32);
}

/* --- every field -------------------------------------------------------------------------- */

START_TEST(the_first_of_a_chain)
{
	struct attempt a = rig_send(r, rig_batch(3), 1), b;
	uint8_t sum[32], leaf[32];

	rig_pass(r, 400);
	b = rig_send(r, rig_batch(2), 2);
	rig_stored(r, &b, 500);
	rig_stored(r, &a, 100);
	rig_pass(r, 600);
	ck_assert_ptr_nonnull(r->c->open);
	chain_close(r->c, CLOSE_AGE, r->now);
	rig_pass(r, 23);
	(void)state();

	ck_assert_uint_eq(json_object_size(doc), 4);
	ck_text("_type", "https://in-toto.io/Statement/v1");
	ck_text("predicateType", "https://makoto.dev/stream-window/v1");
	ck_assert_uint_eq(json_array_size(at("subject")), 1);
	ck_assert_uint_eq(json_object_size(at("subject.0")), 2);
	ck_text("subject.0.name", "stream:orders:3:window_1");
	ck_assert_uint_eq(json_object_size(at("subject.0.digest")), 5);
	ck_text("subject.0.digest.recordCount", "5");
	ck_text("subject.0.digest.windowStart", "2026-01-01T00:00:00.000Z");
	ck_text("subject.0.digest.windowEnd", "2026-01-01T00:00:01.000Z");
	ck_manifest((const int[][2]){{1, 0}, {1, 1}, {1, 2}, {2, 0}, {2, 1}}, 5, false);

	ck_assert_uint_eq(json_object_size(at("predicate")), 7);
	ck_json("predicate.stream", "{\"id\":\"kafka:c1:orders:3\",\"partitions\":[\"3\"],"
				    "\"source\":\"kafka://kafka1:9092\",\"topic\":\"orders\"}");
	ck_json("predicate.window", "{\"alignment\":\"wall-clock\",\"duration\":\"PT1S\",\"type\":\"tumbling\"}");
	ck_assert_uint_eq(json_object_size(at("predicate.integrity")), 2);
	ck_assert_uint_eq(json_object_size(at("predicate.integrity.merkleTree")), 5);
	ck_text("predicate.integrity.merkleTree.algorithm", "sha256");
	ck_text("predicate.integrity.merkleTree.leafHashAlgorithm", "sha256");
	ck_int("predicate.integrity.merkleTree.leafCount", 5);
	ck_int("predicate.integrity.merkleTree.treeHeight", 4);
	ck_json("predicate.integrity.chain", "{\"chainLength\":1,\"genesisWindowId\":\"stream:orders:3:window_1\"}");
	/* Values of 10, 11, 12 and 10, 11 bytes; the rig's producer set these times. */
	ck_json("predicate.aggregates", "{\"statistics\":{\"maxTimestamp\":\"2025-12-31T23:59:55.201Z\","
					"\"minTimestamp\":\"2025-12-31T23:59:55.100Z\",\"valueBytes\":54}}");
	ck_json("predicate.collector", "{\"id\":\"urn:test:proxy\",\"version\":{\"makoto-proxy\":\"1.2.3\"}}");
	ck_json("predicate.verification", "{\"merkleProofAvailable\":true}");
	ck_assert_uint_eq(json_object_size(at("predicate.metadata")), 3);
	ck_text("predicate.metadata.startedOn", "2026-01-01T00:00:00.000Z");
	ck_text("predicate.metadata.finishedOn", "2026-01-01T00:00:01.023Z");

	ck_text("predicate.metadata.kafka.format", "makoto-kafka/1");
	ck_text("predicate.metadata.kafka.makotoLevel", "L1");
	ck_text("predicate.metadata.kafka.clusterId", "c1");
	ck_text("predicate.metadata.kafka.topic", "orders");
	ck_int("predicate.metadata.kafka.partition", 3);
	ck_text("predicate.metadata.kafka.instance", "11111111111111111111111111111111");
	sha256_of(slice_str("makoto-kafka/1\nurn:test:proxy\n11111111111111111111111111111111\nc1\norders\n\n3"), sum);
	ck_hex("predicate.metadata.kafka.chainId", sum, 16);
	ck_int("predicate.metadata.kafka.windowId", 1);
	ck_int("predicate.metadata.kafka.emptyBefore", 0);
	ck_text("predicate.metadata.kafka.closeReason", "age");
	ck_int("predicate.metadata.kafka.boundary.first.offset", 100);
	rig_leaf(1, 0, false, leaf);
	ck_hex("predicate.metadata.kafka.boundary.first.leaf", leaf, 32);
	ck_int("predicate.metadata.kafka.boundary.last.offset", 501);
	rig_leaf(2, 1, false, leaf);
	ck_hex("predicate.metadata.kafka.boundary.last.leaf", leaf, 32);
	ck_json("predicate.metadata.kafka.ranges", "[[100,3],[500,2]]");
	ck_text("predicate.metadata.kafka.manifest", "leaf");
	ck_text("predicate.metadata.kafka.timestampType", "CreateTime");
	ck_json("predicate.metadata.kafka.aborted", "[]");
	ck_json("predicate.metadata.kafka.open", "[]");
	ck_json("predicate.metadata.kafka.resolved", "[]");
	ck_json("predicate.metadata.kafka.recovered", "false");
	ck_int("predicate.metadata.kafka.unresolved", 0);
	ck_json("predicate.metadata.kafka.producers", "[{\"clientId\":\"\",\"records\":5}]");
	/* Exactly those: what is absent is left out. */
	ck_assert_uint_eq(json_object_size(kafka), 20);
}
END_TEST

START_TEST(with_all_that_may_be_there)
{
	static const uint8_t topic_id[16] = {0xff, 0xee, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};
	struct window *w;
	struct attempt a;
	uint8_t before[32], root[32];
	char uuid[23];

	r->c->has_topic_id = true;
	memcpy(r->c->topic_id, topic_id, 16);
	r->c->head.follows = true;
	memset(r->c->head.follows_chain.b, 0xcd, 16);
	r->c->head.follows_window = 77;
	memset(r->c->head.follows_statement, 0xef, 32);
	r->set->level = 2;
	r->set->location = strdup("hall \"3\"");
	r->set->signing_key_uri = strdup("pkcs11:token=x");
	r->set->claims = calloc(3, sizeof(*r->set->claims));
	r->set->claims[0] = (struct settings_claim){strdup("site"), strdup("Z\xc3\xbcrich")};
	r->set->claims[1] = (struct settings_claim){strdup("firmware"), strdup("1.2")};
	r->set->claims[2] = (struct settings_claim){strdup("Firmware"), strdup("")};
	r->set->claim_count = 3;
	a = rig_send(r, rig_batch(10), 1);
	rig_stored(r, &a, 0);
	w = state_with(RIG_CLUSTER, KEYID, SIZE_MAX);
	ck_text("predicate.metadata.kafka.topicId", text_uuid(topic_id, uuid));
	ck_assert_str_eq(uuid, "_-4BAgMEBQYHCAkKCwwNDg");
	ck_text("predicate.metadata.kafka.makotoLevel", "L2");
	ck_assert(json_array_size(at("predicate.metadata.kafka.levelGaps")) > 0);
	ck_text("predicate.metadata.kafka.signingKeyId", KEYID);
	ck_text("predicate.metadata.kafka.signingKeyUri", "pkcs11:token=x");
	ck_text("predicate.collector.location", "hall \"3\"");
	ck_json("predicate.metadata.kafka.claims", "{\"Firmware\":\"\",\"firmware\":\"1.2\",\"site\":\"Z\xc3\xbcrich\"}");
	ck_text("predicate.metadata.kafka.closeReason", "records");
	ck_json("predicate.metadata.kafka.previousChain",
		"{\"chainId\":\"cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd\","
		"\"statement\":\"efefefefefefefefefefefefefefefefefefefefefefefefefefefefefefefef\",\"windowId\":77}");
	ck_absent("predicate.metadata.kafka.previousStatement");
	ck_absent("predicate.integrity.chain.previousWindowId");
	memcpy(before, st.sha256, 32);
	memcpy(root, st.root, 32);
	published(w);

	/* The next one: chained, and no word of the chain before. */
	a = rig_send(r, rig_batch(10), 2);
	ck_assert_int_eq(rig_answer(r, &a, 10, -1, -1), CHAINS_REFUSED);
	a = rig_send(r, rig_batch(10), 3);
	rig_stored(r, &a, 10);
	(void)state_with(RIG_CLUSTER, KEYID, SIZE_MAX);
	ck_absent("predicate.metadata.kafka.previousChain");
	ck_hex("predicate.metadata.kafka.previousStatement", before, 32);
	ck_hex("predicate.integrity.chain.previousMerkleRoot", root, 32);
	ck_text("predicate.integrity.chain.previousWindowId", "stream:orders:3:window_1");
	ck_text("predicate.integrity.chain.genesisWindowId", "stream:orders:3:window_1");
	ck_int("predicate.integrity.chain.chainLength", 2);
	ck_int("predicate.metadata.kafka.windowId", 3);
	ck_int("predicate.metadata.kafka.emptyBefore", 1);
	ck_text("subject.0.name", "stream:orders:3:window_3");
}
END_TEST

/* Control characters as \u00xx in lowercase, the two that need a backslash, all else raw. */
START_TEST(escapes)
{
	struct attempt a;

	r->set->claims = calloc(1, sizeof(*r->set->claims));
	r->set->claims[0] = (struct settings_claim){strdup("a"), strdup("\"\\/\b\n\x1f\x7f<\xe2\x80\xa8")};
	r->set->claim_count = 1;
	a = rig_send(r, rig_batch(10), 1);
	rig_stored(r, &a, 0);
	clock_set_for_tests(&r->now.mono, &r->now.wall_ms);
	ck_assert_int_eq(statement_of(r->c, rig_turn(r), r->set, slice_str(""), NULL, SIZE_MAX, &st), 0);
	clock_set_for_tests(NULL, NULL);
	wr_u8(&st.bytes, 0);
	ck_assert_ptr_nonnull(strstr((const char *)st.bytes.buf,
				     "\"claims\":{\"a\":\"\\\"\\\\/\\u0008\\u000a\\u001f\x7f<\xe2\x80\xa8\"}"));
}
END_TEST

START_TEST(a_cluster_without_an_id)
{
	struct attempt a = rig_send(r, rig_batch(10), 1);

	free(r->set->source);
	r->set->source = strdup("[::1]:9092");
	rig_stored(r, &a, 0);
	(void)state_with("", NULL, SIZE_MAX);
	ck_absent("predicate.metadata.kafka.clusterId");
	ck_text("predicate.stream.id", "kafka::orders:3");
	ck_text("predicate.stream.source", "kafka://[::1]:9092");
}
END_TEST

START_TEST(durations)
{
	static const struct {
		int64_t ms;
		const char *text;
	} d[] = {{1000, "PT1S"}, {1500, "PT1.5S"}, {250, "PT0.25S"}, {1, "PT0.001S"}, {10010, "PT10.01S"}, {3600000, "PT3600S"}};

	for (size_t i = 0; i < ARRAY_LEN(d); i++) {
		struct attempt a = rig_send(r, rig_batch(10), 1);

		rig_stored(r, &a, (int64_t)i * 10);
		r->set->window_age_ms = d[i].ms;
		{
			struct window *w = state();

			ck_text("predicate.window.duration", d[i].text);
			published(w);
		}
	}
}
END_TEST

/* --- trees and manifests -------------------------------------------------------------------- */

/* Every size up to two windows' worth, against the tree as the RFC defines it. */
START_TEST(trees_of_every_size)
{
	int64_t offset = 0;

	r->set->window_records = 100000;
	for (int32_t n = 1; n <= 40; n++) {
		struct attempt a = rig_send(r, rig_batch(n), 1);
		int members[40][2];
		int height = 1;
		struct window *w;

		rig_stored(r, &a, offset);
		chain_close(r->c, CLOSE_SHUTDOWN, r->now);
		w = state();
		for (int32_t i = 0; i < n; i++)
			members[i][0] = 1, members[i][1] = i;
		ck_manifest((const int(*)[2])members, (size_t)n, false);
		while ((1 << (height - 1)) < n)
			height++;
		ck_int("predicate.integrity.merkleTree.treeHeight", height);
		ck_int("predicate.integrity.merkleTree.leafCount", n);
		ck_int("predicate.metadata.kafka.boundary.first.offset", offset);
		ck_int("predicate.metadata.kafka.boundary.last.offset", offset + n - 1);
		if (n == 1)
			ck_assert(json_equal(at("predicate.metadata.kafka.boundary.first"),
					     at("predicate.metadata.kafka.boundary.last")));
		published(w);
		offset += n;
	}
}
END_TEST

/* Ascending offsets and maximal runs, in whatever order batches were placed. */
START_TEST(ordered_by_offset)
{
	struct attempt a = rig_send(r, rig_batch(2), 1), b = rig_send(r, rig_batch(2), 2), c = rig_send(r, rig_batch(2), 3),
		       d = rig_send(r, rig_batch(2), 4), e = rig_send(r, rig_batch(2), 5);

	rig_stored(r, &a, 108);
	rig_stored(r, &b, 100);
	rig_stored(r, &c, 106);
	rig_stored(r, &d, 102);
	rig_stored(r, &e, 0);
	(void)state();
	ck_json("predicate.metadata.kafka.ranges", "[[0,2],[100,4],[106,4]]");
	ck_manifest((const int[][2]){{5, 0}, {5, 1}, {2, 0}, {2, 1}, {4, 0}, {4, 1}, {3, 0}, {3, 1}, {1, 0}, {1, 1}}, 10, false);
}
END_TEST

/* A window has the part of a batch that it took, at the offsets of that part. */
START_TEST(parts_of_a_batch)
{
	struct attempt a = rig_send(r, rig_batch(7), 1), b = rig_send(r, rig_batch(13), 2);
	struct window *w;

	rig_stored(r, &b, 1000);
	rig_stored(r, &a, 1013);
	w = state();
	ck_json("predicate.metadata.kafka.ranges", "[[1000,3],[1013,7]]");
	ck_manifest((const int[][2]){{2, 0}, {2, 1}, {2, 2}, {1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}}, 10, false);
	published(w);
	w = state();
	ck_json("predicate.metadata.kafka.ranges", "[[1003,10]]");
	published(w);
}
END_TEST

START_TEST(leaves_with_keys)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);

	r->set->compacted = calloc(1, sizeof(char *));
	r->set->compacted[r->set->compacted_count++] = strdup("ord*");
	rig_stored(r, &a, 6);
	rig_stored(r, &b, 0);
	(void)state();
	ck_text("predicate.metadata.kafka.manifest", "leaf+key");
	ck_manifest((const int[][2]){{2, 0}, {2, 1}, {2, 2}, {2, 3}, {2, 4}, {2, 5}, {1, 0}, {1, 1}, {1, 2}, {1, 3}}, 10, true);
}
END_TEST

/* Not published: the digest is then that of "leaf", also where keys were wanted. */
START_TEST(no_manifest)
{
	for (int i = 0; i < 5; i++) {
		struct attempt a = rig_send(r, rig_batch(10), 1);
		bool with_keys = i >= 3, none = i != 1 && i != 3;
		size_t entry = with_keys ? 48 : 32;
		uint8_t leaves[320], sum[32];
		struct window *w;

		r->set->manifest = i == 0 ? SETTINGS_MANIFEST_NONE : with_keys ? SETTINGS_MANIFEST_LEAF_KEY : SETTINGS_MANIFEST_LEAF;
		rig_stored(r, &a, i * 10);
		/* Just fits, and doesn't by a byte. */
		w = state_with(RIG_CLUSTER, NULL, i == 0 ? SIZE_MAX : none ? 10 * entry - 1 : 10 * entry);
		ck_text("predicate.metadata.kafka.manifest", none ? "none" : with_keys ? "leaf+key" : "leaf");
		ck_assert_uint_eq(st.manifest.len, none ? 0 : 10 * entry);
		for (int32_t k = 0; k < 10; k++)
			rig_leaf(1, k, false, leaves + 32 * k);
		merkle(leaves, 10, 32, sum);
		ck_assert_mem_eq(st.root, sum, 32);
		sha256_of(slice_of(leaves, sizeof(leaves)), sum);
		if (none)
			ck_hex("subject.0.digest.sha256", sum, 32);
		published(w);
	}
}
END_TEST

/* --- time ------------------------------------------------------------------------------------- */

/* The broker's times, and leaves that bind none. */
START_TEST(log_append_time)
{
	struct attempt a = rig_send(r, rig_batch(4), 1), b = rig_send(r, rig_batch(6), 2);
	uint8_t leaf[32];

	r->set->manifest = SETTINGS_MANIFEST_LEAF_KEY;
	ck_assert_int_eq(rig_answer(r, &a, 0, 0, RIG_WALL + 7), CHAINS_STORED);
	ck_assert_int_eq(rig_answer(r, &b, 0, 4, RIG_WALL + 3), CHAINS_STORED);
	(void)state();
	ck_text("predicate.metadata.kafka.timestampType", "LogAppendTime");
	ck_text("predicate.aggregates.statistics.minTimestamp", "2026-01-01T00:00:00.003Z");
	ck_text("predicate.aggregates.statistics.maxTimestamp", "2026-01-01T00:00:00.007Z");
	for (int32_t i = 0; i < 10; i++) {
		rig_leaf(i < 4 ? 1 : 2, i < 4 ? i : i - 4, true, leaf);
		ck_assert_mem_eq(st.manifest.buf + 48 * i, leaf, 32);
		ck_assert_int_eq(st.manifest.buf[48 * i + 32], 0);
	}
}
END_TEST

/* Both are left out when one is outside the years 1970 to 9999. */
START_TEST(times_that_have_no_text)
{
	static const struct {
		int64_t time;
		const char *min, *max;
	} c[] = {
		{-1, NULL, NULL},
		{0, "1970-01-01T00:00:00.000Z", "2025-12-31T23:59:55.109Z"},
		{INT64_C(253402300799999), "2025-12-31T23:59:55.101Z", "9999-12-31T23:59:59.999Z"},
		{INT64_C(253402300800000), NULL, NULL},
		{INT64_MAX, NULL, NULL},
		{INT64_MIN, NULL, NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct attempt a = rig_place(r, rig_batch(10), 1);
		struct window *w;

		a.members[0].timestamp = c[i].time;
		ck_assert_int_eq(rig_forward(r, &a), 0);
		rig_stored(r, &a, (int64_t)i * 10);
		w = state();
		if (c[i].min == NULL) {
			ck_absent("predicate.aggregates.statistics.minTimestamp");
			ck_absent("predicate.aggregates.statistics.maxTimestamp");
		} else {
			ck_text("predicate.aggregates.statistics.minTimestamp", c[i].min);
			ck_text("predicate.aggregates.statistics.maxTimestamp", c[i].max);
		}
		ck_int("predicate.aggregates.statistics.valueBytes", 145);
		published(w);
	}
}
END_TEST

/* --- transactions and outcomes -------------------------------------------------------------- */

static void
end_txn(int64_t producer_id, bool committed)
{
	struct list ended;
	struct link *e;

	list_init(&ended);
	txns_end(r->shared.txns, producer_id, &(struct txns_end){0, 0, txns_mark(r->shared.txns)}, &ended, &ended);
	while ((e = list_pop(&ended)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		chain_txn_ended(r->c, p, committed);
		placement_unref(p);
	}
}

START_TEST(transactions_in_runs)
{
	struct attempt a[10];
	struct window *w;

	/* Offsets 0 … 9, one batch each; producers 7 aborts, 8 commits, 9 stays open. */
	for (int i = 0; i < 10; i++) {
		static const int64_t ids[10] = {7, 7, 8, 7, 9, 9, 9, -1, 7, 9};

		a[i] = rig_send(r, ids[i] < 0 ? rig_batch(1) : rig_transactional(ids[i], i, 1), i);
	}
	for (int i = 9; i >= 0; i--)
		rig_stored(r, &a[i], i);
	end_txn(7, false);
	end_txn(8, true);
	rig_pass(r, 5000);
	w = state();
	ck_json("predicate.metadata.kafka.ranges", "[[0,10]]"); /* aborted members included */
	ck_json("predicate.metadata.kafka.aborted", "[[0,2],[3,1],[8,1]]");
	ck_json("predicate.metadata.kafka.open", "[[4,3],[9,1]]");
	ck_json("predicate.metadata.kafka.resolved", "[]");
	published(w);
	/* Maximal runs of one outcome, in the next statement. */
	end_txn(9, true);
	a[0] = rig_send(r, rig_batch(10), 1);
	rig_stored(r, &a[0], 12);
	w = state();
	ck_json("predicate.metadata.kafka.resolved", "[[4,3,\"committed\"],[9,1,\"committed\"]]");
	ck_json("predicate.metadata.kafka.open", "[]");
	published(w);
}
END_TEST

START_TEST(runs_of_one_outcome)
{
	struct attempt a[5];
	struct window *w;

	for (int i = 0; i < 5; i++)
		a[i] = rig_send(r, rig_transactional(20 + i, 0, 2), i);
	for (int i = 0; i < 5; i++)
		rig_stored(r, &a[i], i * 2);
	rig_pass(r, 5000);
	w = state();
	ck_json("predicate.metadata.kafka.open", "[[0,10]]");
	published(w);
	end_txn(24, false);
	end_txn(20, true);
	end_txn(22, false);
	end_txn(21, true);
	end_txn(23, false);
	a[0] = rig_send(r, rig_batch(10), 1);
	rig_stored(r, &a[0], 20);
	w = state();
	ck_json("predicate.metadata.kafka.resolved", "[[0,4,\"committed\"],[4,6,\"aborted\"]]");
	published(w);
}
END_TEST

/* What is not known is no member, and counted. */
START_TEST(unresolved)
{
	struct attempt a = rig_send(r, rig_batch(3), 1), b = rig_send(r, rig_batch(4), 2), c = rig_send(r, rig_batch(3), 3);

	ck_assert_int_eq(rig_answer(r, &a, 10, -1, -1), CHAINS_REFUSED);
	chain_lost(r->c, r->set, &b, r->now);
	rig_stored(r, &c, 55);
	rig_pass(r, 3000);
	(void)state();
	ck_int("predicate.metadata.kafka.unresolved", 4);
	ck_json("predicate.metadata.kafka.ranges", "[[55,3]]");
	ck_text("subject.0.digest.recordCount", "3");
	ck_text("subject.0.digest.windowStart", "2026-01-01T00:00:00.000Z"); /* the first record taken */
	ck_text("predicate.metadata.finishedOn", "2026-01-01T00:00:03.000Z");
	ck_json("predicate.metadata.kafka.producers", "[{\"clientId\":\"\",\"records\":3}]");
}
END_TEST

/* A retry that nobody remembered as one, on a topic where answers don't tell: the first copy is the one that is there. */
START_TEST(a_batch_taken_twice)
{
	struct chains_batch b = rig_idempotent(7, 0, 5);
	struct attempt x, y;

	r->c->time = CHAINS_TIME_APPEND;
	issued_note(r->shared.issued, 7, 0);
	x = rig_send(r, b, 1);
	ck_assert_int_eq(rig_answer(r, &x, 0, 20, RIG_WALL), CHAINS_STORED);
	retries_clear(&r->c->retries);
	retries_init(&r->c->retries);
	y = rig_send(r, b, 1);
	ck_assert(!y.retry);
	ck_assert_int_eq(rig_answer(r, &y, 0, 20, RIG_WALL), CHAINS_DUPLICATE);
	ck_assert_ptr_null(r->c->open);
	(void)state();
	ck_json("predicate.metadata.kafka.ranges", "[[20,5]]");
	ck_int("predicate.metadata.kafka.unresolved", 0); /* it is there, once */
}
END_TEST

START_TEST(reasons)
{
	static const char *const names[] = {"records", "age", "shutdown", "rotation", "timestamp-type", "topic-deleted", "recovered"};

	for (int i = 0; i < (int)ARRAY_LEN(names); i++) {
		struct attempt a = rig_send(r, rig_batch(1), 1);
		struct window *w;

		rig_stored(r, &a, i);
		chain_close(r->c, (enum close_reason)i, r->now);
		w = state();
		ck_text("predicate.metadata.kafka.closeReason", names[i]);
		published(w);
	}
}
END_TEST

/* --- producers ---------------------------------------------------------------------------------- */

static void
send_as(const char *id, const char *name, const char *version, int32_t n, int64_t offset)
{
	struct chains_batch b = rig_batch(n);
	struct attempt a;

	b.who = who_get(r->shared.who, &(struct who){slice_str(id), slice_str(name), slice_str(version), slice_str("")});
	ck_assert_ptr_nonnull(b.who);
	a = rig_send(r, b, 1);
	who_unref(r->shared.who, b.who);
	rig_stored(r, &a, offset);
}

START_TEST(one_for_each_combination)
{
	r->set->window_records = 15;
	send_as("b", "java", "4", 1, 0);
	send_as("a", "", "", 2, 1);
	send_as("b", "java", "3", 3, 3);
	send_as("ab", "", "", 1, 6);
	send_as("b", "java", "4", 5, 7);
	send_as("", "go", "", 2, 12);
	send_as("B", "", "", 1, 14);
	(void)state();
	ck_json("predicate.metadata.kafka.producers",
		"[{\"clientId\":\"\",\"records\":2,\"softwareName\":\"go\"},{\"clientId\":\"B\",\"records\":1},"
		"{\"clientId\":\"a\",\"records\":2},{\"clientId\":\"ab\",\"records\":1},"
		"{\"clientId\":\"b\",\"records\":3,\"softwareName\":\"java\",\"softwareVersion\":\"3\"},"
		"{\"clientId\":\"b\",\"records\":6,\"softwareName\":\"java\",\"softwareVersion\":\"4\"}]");
}
END_TEST

/* A client without a name and one that nobody was told of are one. */
START_TEST(nobody)
{
	struct attempt a = rig_send(r, rig_batch(4), 2);

	rig_stored(r, &a, 6);
	send_as("", "", "", 6, 0);
	(void)state();
	ck_json("predicate.metadata.kafka.producers", "[{\"clientId\":\"\",\"records\":10}]");
}
END_TEST

/* At most 64; the rest is one more, last, and all records are there. */
START_TEST(many_producers)
{
	int64_t offset = 0;

	r->set->window_records = 100000;
	for (int n = 63; n <= 200; n = n < 66 ? n + 1 : 200 + (n == 200)) {
		size_t listed, want = n <= 64 ? (size_t)n : 65;
		const char *before = "";
		int64_t sum = 0, from = offset;
		struct window *w;

		for (int i = 0; i < n; i++, offset += 2) {
			char id[16];

			snprintf(id, sizeof(id), "client-%03d", (i * 7) % n);
			send_as(id, "", "", 2, offset);
		}
		chain_close(r->c, CLOSE_AGE, r->now);
		w = state();
		listed = json_array_size(at("predicate.metadata.kafka.producers"));
		/* 7 and n may share a divisor, so that there are fewer clients. */
		ck_assert_uint_le(listed, want);
		for (size_t i = 0; i < listed; i++) {
			json_t *p = json_array_get(at("predicate.metadata.kafka.producers"), i);
			const char *id = json_string_value(json_object_get(p, "clientId"));

			sum += json_integer_value(json_object_get(p, "records"));
			if (n > 66 || n == 65 || n == 66) {
				ck_assert_uint_eq(listed, 65);
				ck_assert_int_eq(strcmp(id, "\xe2\x80\xa6") == 0, i == 64);
			}
			if (i < 64)
				ck_assert_int_lt(strcmp(before, id), 0);
			before = id;
		}
		ck_assert_int_eq(sum, offset - from);
		published(w);
	}
}
END_TEST

/* Every statement can be read back by ours, and says the same. */
START_TEST(read_back)
{
	struct statement *s;
	struct attempt a = rig_send(r, rig_batch(10), 1);

	rig_stored(r, &a, 3);
	(void)state();
	ck_assert_int_eq(statement_read(wr_slice(&st.bytes), &s), 0);
	ck_assert_uint_eq(s->leaf_count, 10);
	ck_assert_mem_eq(s->root, st.root, 32);
	ck_assert_int_eq(s->settled_ms, r->now.wall_ms);
	statement_free(s);
}
END_TEST

/* The same window stated twice is the same bytes, whatever happened in between. */
START_TEST(twice_the_same)
{
	struct attempt a = rig_send(r, rig_transactional(7, 0, 10), 1);
	struct window *w;
	struct stated again;

	rig_stored(r, &a, 0);
	rig_pass(r, 5000);
	w = state();
	end_txn(7, true);
	clock_set_for_tests(&r->now.mono, &r->now.wall_ms);
	ck_assert_int_eq(statement_of(r->c, w, r->set, slice_str(RIG_CLUSTER), NULL, SIZE_MAX, &again), 0);
	clock_set_for_tests(NULL, NULL);
	ck_assert_mem_eq(again.sha256, st.sha256, 32);
	ck_assert_uint_eq(again.ended_told, st.ended_told);
	stated_clear(&again);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("statement_of");
	TCase *t = tcase_create("statement_of");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, the_first_of_a_chain);
	tcase_add_test(t, with_all_that_may_be_there);
	tcase_add_test(t, escapes);
	tcase_add_test(t, a_cluster_without_an_id);
	tcase_add_test(t, durations);
	tcase_add_test(t, trees_of_every_size);
	tcase_add_test(t, ordered_by_offset);
	tcase_add_test(t, parts_of_a_batch);
	tcase_add_test(t, leaves_with_keys);
	tcase_add_test(t, no_manifest);
	tcase_add_test(t, log_append_time);
	tcase_add_test(t, times_that_have_no_text);
	tcase_add_test(t, transactions_in_runs);
	tcase_add_test(t, runs_of_one_outcome);
	tcase_add_test(t, unresolved);
	tcase_add_test(t, a_batch_taken_twice);
	tcase_add_test(t, reasons);
	tcase_add_test(t, one_for_each_combination);
	tcase_add_test(t, nobody);
	tcase_add_test(t, many_producers);
	tcase_add_test(t, read_back);
	tcase_add_test(t, twice_the_same);
	suite_add_tcase(s, t);
	return suite_run(s);
}
