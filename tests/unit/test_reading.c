/* Which headers a window's leaf covers: the vectors, which another implementation made. */
#include "makoto/reading.h"

#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static json_t *all;

struct one {
	struct header headers[16];
	struct verdict_record r;
	struct statement s;
	struct slice dbom_topic;
};

static void
load(json_t *v, struct one *ret)
{
	json_t *stored = json_object_get(v, "stored_headers"), *by = json_object_get(v, "listed_by");

	memset(ret, 0, sizeof(*ret));
	ck_assert_uint_le(json_array_size(stored), ARRAY_LEN(ret->headers));
	for (size_t i = 0; i < json_array_size(stored); i++)
		ret->headers[i] = (struct header){vectors_hex_of(json_array_get(json_array_get(stored, i), 0)),
						  vectors_hex_of(json_array_get(json_array_get(stored, i), 1))};
	ret->r = (struct verdict_record){.timestamp = vectors_int(v, "timestamp"),
					 .key = vectors_hex(v, "key_hex"),
					 .value = vectors_hex(v, "value_hex"),
					 .headers = ret->headers,
					 .header_count = json_array_size(stored)};
	memcpy(ret->s.chain.b, vectors_hex(by, "chain_id").p, CHAIN_ID_LEN);
	ret->s.window_id = (uint64_t)vectors_int(by, "window_id");
	ret->s.log_append = !json_is_true(json_object_get(v, "timestamp_bound"));
	ret->dbom_topic = vectors_text(by, "dbom_topic");
}

/* Each leaf that the record may have had is found, with an input that makes it; no other is. */
START_TEST(found)
{
	json_t *v = json_array_get(json_object_get(all, "leaves"), (size_t)_i), *other;
	struct slice leaf = vectors_hex(v, "leaf");
	struct leaf_input in, both[READINGS];
	uint8_t sum[LEAF_LEN];
	struct one x;
	size_t i;

	load(v, &x);
	ck_assert(reading_find(&x.r, &x.s, x.dbom_topic, leaf.p, &in));
	ck_assert_mem_eq(in.headers_hash, vectors_hex(v, "headers_hash").p, SHA256_LEN);
	leaf_of(&in, sum);
	ck_assert_mem_eq(sum, leaf.p, LEAF_LEN);
	reading_both(&x.r, &x.s, x.dbom_topic, both);
	ck_assert_mem_eq(&both[READING_ALL], &in, sizeof(in));
	if (json_object_get(v, "or") == NULL) {
		ck_assert_mem_eq(&both[READING_HOP], &in, sizeof(in));
	} else { /* the last of them: the most headers */
		leaf_of(&both[READING_HOP], sum);
		ck_assert_mem_eq(sum, vectors_hex(json_array_get(json_object_get(v, "or"), 0), "leaf").p, LEAF_LEN);
	}
	json_array_foreach (json_object_get(v, "or"), i, other) {
		leaf = vectors_hex(other, "leaf");
		ck_assert(reading_find(&x.r, &x.s, x.dbom_topic, leaf.p, &in));
		leaf_of(&in, sum);
		ck_assert_mem_eq(sum, leaf.p, LEAF_LEN);
	}
	sum[7] ^= 1;
	memset(&in, 0x5a, sizeof(in));
	ck_assert(!reading_find(&x.r, &x.s, x.dbom_topic, sum, &in));
	ck_assert_uint_eq(in.flags, 0x5a); /* untouched */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("reading");
	TCase *t = tcase_create("reading");
	int code;

	all = vectors_load();
	tcase_add_loop_test(t, found, 0, (int)json_array_size(json_object_get(all, "leaves")));
	suite_add_tcase(s, t);
	code = suite_run(s);
	json_decref(all);
	return code;
}
