/* Chain ids, leaves, triples, trees and manifests against vectors made by another implementation. */
#include "base/text.h"
#include "makoto/chain.h"
#include "makoto/json_write.h"
#include "makoto/manifest.h"
#include "makoto/tree.h"
#include "makoto/triple.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static json_t *all;

START_TEST(test_chain_ids)
{
	json_t *v = json_array_get(json_object_get(all, "chain_ids"), (size_t)_i);
	struct chain_id id;

	ck_assert_int_eq(chain_id_make(vectors_text(v, "collector_id"), vectors_hex(v, "instance").p,
				       vectors_text(v, "cluster_id"), vectors_text(v, "topic"), vectors_text(v, "topic_id"),
				       (int32_t)vectors_int(v, "partition"), &id),
			 0);
	ck_assert_mem_eq(id.b, vectors_hex(v, "chain_id").p, CHAIN_ID_LEN);
}
END_TEST

START_TEST(test_chain_text_is_unambiguous)
{
	uint8_t instance[INSTANCE_LEN] = {0};
	struct chain_id id;

	ck_assert_int_eq(chain_id_make(slice_str("a\nb"), instance, slice_str("c"), slice_str("t"), slice_str(""), 0, &id),
			 ERR_MALFORMED);
}
END_TEST

START_TEST(test_chain_keys)
{
	static const char *const bad[] = {"",
					  "46d885e1dd8446db7c0070663cd6c795",
					  "46d885e1dd8446db7c0070663cd6c795/",
					  "46d885e1dd8446db7c0070663cd6c795/0",
					  "46d885e1dd8446db7c0070663cd6c795/01",
					  "46d885e1dd8446db7c0070663cd6c795/-1",
					  "46d885e1dd8446db7c0070663cd6c795/1 ",
					  "46D885e1dd8446db7c0070663cd6c795/1",
					  "46d885e1dd8446db7c0070663cd6c79/1"};
	char key[CHAIN_KEY_MAX + 1];
	struct chain_id id;
	uint64_t window;

	ck_assert_int_eq(chain_key_parse(slice_str("46d885e1dd8446db7c0070663cd6c795/18"), &id, &window), 0);
	ck_assert_uint_eq(window, 18);
	ck_assert_uint_eq(chain_key(&id, window, key), strlen(key));
	ck_assert_str_eq(key, "46d885e1dd8446db7c0070663cd6c795/18");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(chain_key_parse(slice_str(bad[i]), &id, &window), ERR_MALFORMED);
}
END_TEST

START_TEST(test_partitions)
{
	json_t *v = json_array_get(json_object_get(all, "partitions"), (size_t)_i);
	struct chain_id id;

	memcpy(id.b, vectors_hex(v, "chain_id").p, CHAIN_ID_LEN);
	ck_assert_int_eq(chain_partition(&id, (int32_t)vectors_int(v, "partitions")), vectors_int(v, "partition"));
}
END_TEST

START_TEST(test_leaves)
{
	json_t *v = json_array_get(json_object_get(all, "leaves"), (size_t)_i);
	json_t *stored = json_object_get(v, "stored_headers"), *by = json_object_get(v, "listed_by");
	struct header headers[16];
	size_t count = json_array_size(stored), covered;
	struct leaf_input in = {0};
	uint8_t leaf[LEAF_LEN];
	struct chain_id chain;
	bool own;

	ck_assert_uint_le(count, ARRAY_LEN(headers));
	for (size_t i = 0; i < count; i++) {
		headers[i].name = vectors_hex_of(json_array_get(json_array_get(stored, i), 0));
		headers[i].value = vectors_hex_of(json_array_get(json_array_get(stored, i), 1));
	}
	leaf_set_record(&in, vectors_hex(v, "key_hex"), vectors_hex(v, "value_hex"),
			json_is_true(json_object_get(v, "timestamp_bound")), vectors_int(v, "timestamp"));
	memcpy(chain.b, vectors_hex(by, "chain_id").p, CHAIN_ID_LEN);
	covered = triple_covered(headers, count, vectors_hex(v, "value_hex").p == NULL ? NULL : in.value_hash,
				 vectors_text(by, "dbom_topic"), &chain, (uint64_t)vectors_int(by, "window_id"), &own);
	ck_assert_int_eq(covered, vectors_int(v, "covered"));
	if (covered > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)covered);
		for (size_t i = 0; i < covered; i++)
			leaf_headers_add(&h, headers[i].name, headers[i].value);
		leaf_headers_end(&h, in.headers_hash);
	}
	ck_assert_mem_eq(in.headers_hash, vectors_hex(v, "headers_hash").p, SHA256_LEN);
	leaf_of(&in, leaf);
	ck_assert_mem_eq(leaf, vectors_hex(v, "leaf").p, LEAF_LEN);
}
END_TEST

START_TEST(test_trees)
{
	json_t *v = json_array_get(json_object_get(all, "trees"), (size_t)_i);
	int64_t n = vectors_int(v, "n");
	struct wr plain = wr_new(SIZE_MAX), keyed = wr_new(SIZE_MAX);
	uint8_t root[SHA256_LEN], sum[SHA256_LEN];
	struct tree t;

	tree_init(&t);
	for (int64_t i = 0; i < n; i++) {
		char key[8], value[24];
		struct leaf_input in = {0};
		uint8_t leaf[LEAF_LEN];

		(void)snprintf(key, sizeof(key), "k%d", (int)(i % 3));
		(void)snprintf(value, sizeof(value), "%lld", (long long)i);
		leaf_set_record(&in, i % 4 == 0 ? (struct slice){NULL, 0} : slice_str(key), slice_str(value), true,
				1700000000000 + i);
		leaf_of(&in, leaf);
		tree_add(&t, leaf);
		wr_bytes(&plain, leaf, LEAF_LEN);
		wr_bytes(&keyed, leaf, LEAF_LEN);
		wr_u8(&keyed, in.flags);
		wr_bytes(&keyed, in.key_hash, MANIFEST_KEY_PREFIX);
	}
	tree_root(&t, root);
	ck_assert_mem_eq(root, vectors_hex(v, "root").p, SHA256_LEN);
	ck_assert_int_eq(tree_height((uint64_t)n), vectors_int(v, "tree_height"));
	sha256_of(wr_slice(&plain), sum);
	ck_assert_mem_eq(sum, vectors_hex(json_object_get(v, "leaf"), "manifest_sha256").p, SHA256_LEN);
	ck_assert(manifest_is_right(MANIFEST_LEAF, wr_slice(&plain), (uint64_t)n, sum, root));
	ck_assert(!manifest_is_right(MANIFEST_LEAF, wr_slice(&plain), (uint64_t)n + 1, sum, root));
	plain.buf[plain.len - 1] ^= 1;
	ck_assert(!manifest_is_right(MANIFEST_LEAF, wr_slice(&plain), (uint64_t)n, sum, root));
	sha256_of(wr_slice(&keyed), sum);
	ck_assert_mem_eq(sum, vectors_hex(json_object_get(v, "leaf+key"), "manifest_sha256").p, SHA256_LEN);
	ck_assert(manifest_is_right(MANIFEST_LEAF_KEY, wr_slice(&keyed), (uint64_t)n, sum, root));
	wr_free(&plain), wr_free(&keyed);
}
END_TEST

/* RFC 6962 roots of the eight inputs that the transparency projects share. */
START_TEST(test_rfc6962)
{
	static const char *const inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
					     "606162636465666768696a6b6c6d6e6f"};
	static const char *const ends[] = {"b855", "a01d", "c125", "6e77", "14b7", "64d4", "87ef", "4c8c", "4328"};
	struct tree t;

	tree_init(&t);
	for (size_t n = 0; n <= 8; n++) {
		uint8_t root[SHA256_LEN], raw[17] = {0}, leaf[SHA256_LEN];
		char hex[2 * SHA256_LEN + 1];

		tree_root(&t, root);
		ck_assert_str_eq(text_hex(root, SHA256_LEN, hex) + 60, ends[n]);
		if (n == 8) {
			ck_assert_str_eq(hex, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
			break;
		}
		ck_assert_int_eq(text_unhex(slice_str(inputs[n]), raw + 1, strlen(inputs[n]) / 2), 0);
		sha256_of(slice_of(raw, 1 + strlen(inputs[n]) / 2), leaf);
		tree_add(&t, leaf);
	}
}
END_TEST

START_TEST(test_json_text)
{
	json_t *v = json_array_get(json_object_get(all, "json"), (size_t)_i);
	struct wr w = wr_new(SIZE_MAX);

	if (json_object_get(v, "text_hex") == NULL)
		return; /* the order of keys: claims in test_statement.c */
	json_write_text(&w, vectors_hex(v, "text_hex"));
	ck_assert(slice_eq(wr_slice(&w), vectors_hex(v, "json_hex")));
	wr_free(&w);
}
END_TEST

/* What is no UTF-8 can't make a statement that is no JSON. */
START_TEST(test_json_text_broken)
{
	static const char *const cases[][2] = {{"a\xff", "\"a\xef\xbf\xbd\""},
					       {"\xc0\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\""},
					       {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
					       {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wr w = wr_new(SIZE_MAX);

		json_write_text(&w, slice_str(cases[i][0]));
		ck_assert(slice_eq(wr_slice(&w), slice_str(cases[i][1])));
		wr_free(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("format");
	TCase *t = tcase_create("vectors");
	int failed;

	all = vectors_load();
#define COUNT(name) (int)json_array_size(json_object_get(all, name))
	tcase_add_loop_test(t, test_chain_ids, 0, COUNT("chain_ids"));
	tcase_add_test(t, test_chain_text_is_unambiguous);
	tcase_add_test(t, test_chain_keys);
	tcase_add_loop_test(t, test_partitions, 0, COUNT("partitions"));
	tcase_add_loop_test(t, test_leaves, 0, COUNT("leaves"));
	tcase_add_loop_test(t, test_trees, 0, COUNT("trees"));
	tcase_add_test(t, test_rfc6962);
	tcase_add_loop_test(t, test_json_text, 0, COUNT("json"));
	tcase_add_test(t, test_json_text_broken);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	json_decref(all);
	return failed;
}
