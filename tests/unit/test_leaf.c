#include "makoto/leaf.h"

#include "tests/unit/hex.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static const struct slice null = {NULL, 0};

/* The input of the hash, byte by byte as the format's page has it. */
START_TEST(input)
{
	struct leaf_input in = {.flags = LEAF_KEY_NULL | LEAF_TIME_BOUND, .timestamp = -2};
	uint8_t got[LEAF_LEN], want[LEAF_LEN];
	struct wr b = hex_of("00 01 05 fffffffffffffffe");

	memset(in.key_hash, 0xaa, SHA256_LEN);
	memset(in.value_hash, 0xbb, SHA256_LEN);
	memset(in.headers_hash, 0xcc, SHA256_LEN);
	wr_bytes(&b, in.key_hash, SHA256_LEN);
	wr_bytes(&b, in.value_hash, SHA256_LEN);
	wr_bytes(&b, in.headers_hash, SHA256_LEN);
	ck_assert_uint_eq(b.len, LEAF_INPUT);
	sha256_of(wr_slice(&b), want);
	leaf_of(&in, got);
	ck_assert_mem_eq(got, want, LEAF_LEN);
	in.flags = LEAF_KEY_NULL; /* a timestamp that isn't bound is none, whatever stands there */
	b.buf[2] = LEAF_KEY_NULL;
	memset(b.buf + 3, 0, 8);
	sha256_of(wr_slice(&b), want);
	leaf_of(&in, got);
	ck_assert_mem_eq(got, want, LEAF_LEN);
	wr_free(&b);
}
END_TEST

/* Each vector's input is what the other implementation hashed. */
START_TEST(inputs_of_the_vectors)
{
	json_t *all = vectors_load(), *v;
	size_t i;

	json_array_foreach (json_object_get(all, "leaves"), i, v) {
		struct slice want = vectors_hex(v, "preimage_hex");
		uint8_t sum[SHA256_LEN], got[LEAF_LEN];
		struct leaf_input in;

		memset(&in, 0x5a, sizeof(in)); /* everything but the headers' hash is set */
		memcpy(in.headers_hash, vectors_hex(v, "headers_hash").p, SHA256_LEN);
		leaf_set_record(&in, vectors_hex(v, "key_hex"), vectors_hex(v, "value_hex"),
				json_is_true(json_object_get(v, "timestamp_bound")), vectors_int(v, "timestamp"));
		ck_assert_uint_eq(want.n, LEAF_INPUT);
		ck_assert_uint_eq(in.flags, want.p[2]);
		ck_assert_mem_eq(in.key_hash, want.p + 11, SHA256_LEN);
		ck_assert_mem_eq(in.value_hash, want.p + 43, SHA256_LEN);
		leaf_of(&in, got);
		sha256_of(want, sum);
		ck_assert_mem_eq(got, sum, LEAF_LEN);
	}
	json_decref(all);
}
END_TEST

START_TEST(null_is_not_empty)
{
	uint8_t seen[8][LEAF_LEN];
	struct leaf_input in = {0};

	for (unsigned i = 0; i < 8; i++) {
		leaf_set_record(&in, i & 1 ? null : slice_str(""), i & 2 ? null : slice_str(""), i & 4, 0);
		ck_assert_uint_eq(in.flags, (i & 1 ? LEAF_KEY_NULL : 0) | (i & 2 ? LEAF_VALUE_NULL : 0) |
						    (i & 4 ? LEAF_TIME_BOUND : 0));
		leaf_of(&in, seen[i]);
		for (unsigned j = 0; j < i; j++)
			ck_assert_mem_ne(seen[i], seen[j], LEAF_LEN);
	}
}
END_TEST

static void
headers_hash(const struct slice pairs[][2], uint32_t count, uint8_t out[SHA256_LEN])
{
	struct leaf_headers h;

	leaf_headers_begin(&h, count);
	for (uint32_t i = 0; i < count; i++)
		leaf_headers_add(&h, pairs[i][0], pairs[i][1]);
	leaf_headers_end(&h, out);
}

START_TEST(headers)
{
	const struct slice pairs[][2] = {{slice_str("a"), slice_str("bc")}, {slice_str(""), null}, {slice_str("d"), slice_str("")}};
	struct wr b = hex_of("00000003 | 00000001 'a' 00000002 'bc' | 00000000 ffffffff | 00000001 'd' 00000000");
	uint8_t got[SHA256_LEN], want[SHA256_LEN];

	headers_hash(pairs, 3, got);
	sha256_of(wr_slice(&b), want);
	ck_assert_mem_eq(got, want, SHA256_LEN);
	wr_free(&b);
}
END_TEST

/* Lists that a careless concatenation would take for one another. */
START_TEST(headers_are_told_apart)
{
	const struct slice lists[][2][2] = {
		{{slice_str("a"), slice_str("b")}, {slice_str("c"), slice_str("d")}},
		{{slice_str("c"), slice_str("d")}, {slice_str("a"), slice_str("b")}},
		{{slice_str("ab"), slice_str("")}, {slice_str("c"), slice_str("d")}},
		{{slice_str(""), slice_str("ab")}, {slice_str("c"), slice_str("d")}},
		{{slice_str("ab"), null}, {slice_str("c"), slice_str("d")}},
		{{slice_str("a"), slice_str("bc")}, {slice_str(""), slice_str("d")}},
		{{slice_str("A"), slice_str("b")}, {slice_str("c"), slice_str("d")}},
	};
	uint8_t seen[2 * ARRAY_LEN(lists)][SHA256_LEN];

	for (size_t i = 0; i < ARRAY_LEN(seen); i++) {
		headers_hash(lists[i / 2], 1 + i % 2, seen[i]);
		for (size_t j = 0; j < i; j++)
			ck_assert_mem_ne(seen[i], seen[j], SHA256_LEN);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("leaf");
	TCase *t = tcase_create("leaf");

	tcase_add_test(t, input);
	tcase_add_test(t, inputs_of_the_vectors);
	tcase_add_test(t, null_is_not_empty);
	tcase_add_test(t, headers);
	tcase_add_test(t, headers_are_told_apart);
	suite_add_tcase(s, t);
	return suite_run(s);
}
