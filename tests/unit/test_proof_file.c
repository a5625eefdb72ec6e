/* The proof file: what is written is read again; what anybody may hand us is refused with a reason. */
#include "makoto/proof_file.h"

#include <jansson.h>

#include "tests/unit/suite.h"

static uint8_t statement[300];
static struct proof_file good;
static struct wr text;

static void
setup(void)
{
	memset(&good, 0, sizeof(good));
	for (size_t i = 0; i < sizeof(statement); i++)
		statement[i] = (uint8_t)(i * 7);
	good.topic = slice_str("orders");
	good.partition = 3;
	good.offset = 9223372036854775807;
	good.leaf.flags = LEAF_TIME_BOUND;
	good.leaf.timestamp = -1;
	memset(good.leaf.key_hash, 1, SHA256_LEN);
	memset(good.leaf.value_hash, 2, SHA256_LEN);
	good.inclusion = (struct proof){.index = 4, .size = 7, .count = 3};
	memset(good.inclusion.path, 3, 3 * SHA256_LEN);
	memset(good.chain.b, 4, CHAIN_ID_LEN);
	good.window_id = 18;
	good.statement = slice_of(statement, sizeof(statement));
	text = wr_new(1 << 20);
	ck_assert_int_eq(proof_file_write(&good, &text), 0);
}

static void
teardown(void)
{
	wr_free(&text);
}

static void
ck_same(const struct proof_file *a, const struct proof_file *b)
{
	ck_assert(slice_eq(a->topic, b->topic));
	ck_assert_int_eq(a->partition, b->partition);
	ck_assert_int_eq(a->offset, b->offset);
	ck_assert_uint_eq(a->leaf.flags, b->leaf.flags);
	ck_assert_int_eq(a->leaf.timestamp, b->leaf.timestamp);
	ck_assert_mem_eq(a->leaf.key_hash, b->leaf.key_hash, SHA256_LEN);
	ck_assert_mem_eq(a->leaf.value_hash, b->leaf.value_hash, SHA256_LEN);
	ck_assert_mem_eq(a->leaf.headers_hash, b->leaf.headers_hash, SHA256_LEN);
	ck_assert_uint_eq(a->inclusion.index, b->inclusion.index);
	ck_assert_uint_eq(a->inclusion.size, b->inclusion.size);
	ck_assert_uint_eq(a->inclusion.count, b->inclusion.count);
	ck_assert(memcmp(a->inclusion.path, b->inclusion.path, a->inclusion.count * SHA256_LEN) == 0);
	ck_assert(chain_id_eq(&a->chain, &b->chain));
	ck_assert_uint_eq(a->window_id, b->window_id);
	ck_assert(slice_eq(a->statement, b->statement));
	ck_assert_int_eq(a->value.p == NULL, b->value.p == NULL);
	ck_assert(slice_eq(a->value, b->value));
}

static void
ck_round(struct proof_file *f)
{
	struct wr w = wr_new(1 << 20);
	struct proof_file again;
	const char *why;

	ck_assert_int_eq(proof_file_write(f, &w), 0);
	ck_assert_int_eq(proof_file_read(wr_slice(&w), &again, &why), 0);
	ck_same(f, &again);
	proof_file_clear(&again);
	wr_free(&w);
}

START_TEST(written_and_read)
{
	ck_round(&good);
	good.value = slice_str("some value");
	ck_round(&good);
	good.value = slice_of("", 0); /* empty is not absent */
	ck_round(&good);
	good.value = (struct slice){NULL, 0};
	good.leaf.flags = LEAF_KEY_NULL | LEAF_VALUE_NULL;
	good.leaf.timestamp = 0;
	memset(good.leaf.key_hash, 0, SHA256_LEN);
	memset(good.leaf.value_hash, 0, SHA256_LEN);
	ck_round(&good);
	good.inclusion = (struct proof){.index = 0, .size = 1, .count = 0};
	ck_round(&good);
	good.inclusion = (struct proof){.index = 0, .size = 1, .count = PROOF_MAX};
	ck_round(&good);
}
END_TEST

/* As docs/FORMAT.md has it, to the byte: what others read has to stay. */
START_TEST(spelled)
{
	good.statement = slice_str("{}");
	good.value = slice_str("v");
	good.inclusion.count = 1;
	wr_reset(&text);
	ck_assert_int_eq(proof_file_write(&good, &text), 0);
	wr_u8(&text, 0);
	ck_assert_str_eq((const char *)text.buf,
			 "{\"format\":\"makoto-kafka-proof/1\",\"topic\":\"orders\",\"partition\":3,\"offset\":9223372036854775807,"
			 "\"leaf\":{\"flags\":4,\"timestamp\":-1,"
			 "\"keyHash\":\"0101010101010101010101010101010101010101010101010101010101010101\","
			 "\"valueHash\":\"0202020202020202020202020202020202020202020202020202020202020202\","
			 "\"headersHash\":\"0000000000000000000000000000000000000000000000000000000000000000\"},"
			 "\"inclusion\":{\"index\":4,\"size\":7,"
			 "\"path\":[\"0303030303030303030303030303030303030303030303030303030303030303\"]},"
			 "\"statement\":{\"key\":\"04040404040404040404040404040404/18\",\"value\":\"e30=\"},\"value\":\"dg==\"}\n");
}
END_TEST

static json_t *
parsed(void)
{
	return json_loadb((const char *)text.buf, text.len, 0, NULL);
}

/* Reads what the JSON says; the reason, or NULL when it is taken. */
static const char *
read_json(json_t *v)
{
	char *s = json_dumps(v, 0);
	struct proof_file f = {.partition = 77};
	const char *why = "untouched";
	int err = proof_file_read(slice_str(s), &f, &why);

	free(s);
	json_decref(v);
	if (err == 0) {
		proof_file_clear(&f);
		return NULL;
	}
	ck_assert_int_eq(f.partition, 77);
	ck_assert_str_ne(why, "untouched");
	ck_assert_str_ne(why, "");
	return why;
}

/* The object that has the member at "a.b", and the member's name. */
static json_t *
parent(json_t *root, const char *path, const char **ret_name)
{
	const char *dot = strchr(path, '.');
	char head[32];

	*ret_name = dot == NULL ? path : dot + 1;
	if (dot == NULL)
		return root;
	(void)snprintf(head, sizeof(head), "%.*s", (int)(dot - path), path);
	return json_object_get(root, head);
}

static const char *const members[] = {"format",		"topic",	  "partition",	     "offset",	       "leaf",
				      "leaf.flags",	"leaf.timestamp", "leaf.keyHash",    "leaf.valueHash", "leaf.headersHash",
				      "inclusion",	"inclusion.index", "inclusion.size", "inclusion.path", "statement",
				      "statement.key", "statement.value"};

START_TEST(each_member)
{
	static const char *const others[] = {"null", "{}", "[]", "true", "-2", "1.5", "\"?\""};

	for (size_t i = 0; i < ARRAY_LEN(members); i++) {
		json_t *v = parsed(), *of;
		const char *name;

		of = parent(v, members[i], &name);
		json_object_del(of, name);
		ck_assert_msg(read_json(v) != NULL, "without %s", members[i]);
		for (size_t j = 0; j < ARRAY_LEN(others); j++) {
			json_t *other = json_loads(others[j], JSON_DECODE_ANY, NULL), *in;
			bool fine = (strcmp(members[i], "topic") == 0 && json_is_string(other)) ||
				    (strcmp(members[i], "leaf.timestamp") == 0 && json_is_integer(other)) ||
				    (strcmp(members[i], "inclusion.path") == 0 && json_is_array(other));

			v = parsed();
			in = parent(v, members[i], &name);
			json_object_set_new(in, name, other);
			ck_assert_msg((read_json(v) == NULL) == fine, "%s is %s", members[i], others[j]);
		}
	}
}
END_TEST

/* Each with what it is set to. */
START_TEST(contradictions)
{
	static const struct {
		const char *member, *json;
	} cases[] = {
		{"format", "\"makoto-kafka-proof/2\""},
		{"partition", "2147483648"},
		{"leaf.flags", "8"},
		{"leaf.flags", "260"},
		{"leaf.flags", "5"}, /* the key is null, and has a hash */
		{"leaf.flags", "6"},
		{"leaf.flags", "0"}, /* no timestamp is bound, and it is not 0 */
		{"leaf.keyHash", "\"01\""},
		{"leaf.keyHash", "\"010101010101010101010101010101010101010101010101010101010101010G\""},
		{"leaf.keyHash", "\"AB01010101010101010101010101010101010101010101010101010101010101\""},
		{"inclusion.index", "9223372036854775807"},
		{"inclusion.size", "0"},
		{"inclusion.path", "[1]"},
		{"inclusion.path", "[\"\"]"},
		{"statement.key", "\"04040404040404040404040404040404\""},
		{"statement.key", "\"04040404040404040404040404040404/0\""},
		{"statement.key", "\"04040404040404040404040404040404/18 \""},
		{"statement.value", "\"!\""},
		{"value", "\"!\""},
		{"value", "null"},
		{"value", "7"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *v = parsed(), *in;
		const char *name;

		in = parent(v, cases[i].member, &name);
		json_object_set_new(in, name, json_loads(cases[i].json, JSON_DECODE_ANY, NULL));
		ck_assert_msg(read_json(v) != NULL, "%s: %s", cases[i].member, cases[i].json);
	}
	{
		json_t *v = parsed(), *leaf = json_object_get(v, "leaf");
		char zero[2 * SHA256_LEN + 1];

		memset(zero, '0', sizeof(zero) - 1);
		zero[sizeof(zero) - 1] = '\0';
		json_object_set_new(leaf, "flags", json_integer(LEAF_VALUE_NULL | LEAF_TIME_BOUND));
		json_object_set_new(leaf, "valueHash", json_string(zero));
		ck_assert_ptr_null(read_json(json_incref(v)));
		json_object_set_new(v, "value", json_string(""));
		ck_assert_ptr_nonnull(read_json(v)); /* a null value is not an empty one */
	}
	{
		json_t *v = parsed();

		json_object_set_new(v, "topic", json_stringn("orders\0-7", 9));
		ck_assert_ptr_nonnull(read_json(v));
	}
	{
		json_t *v = parsed(), *path = json_array();

		for (int i = 0; i <= PROOF_MAX; i++)
			json_array_append_new(path, json_string("0303030303030303030303030303030303030303030303030303030303030303"));
		json_object_set_new(json_object_get(v, "inclusion"), "path", path);
		ck_assert_ptr_nonnull(read_json(v));
	}
}
END_TEST

START_TEST(unknown_members)
{
	json_t *v = parsed();

	json_object_set_new(v, "later", json_object());
	json_object_set_new(json_object_get(v, "leaf"), "later", json_integer(1));
	ck_assert_ptr_null(read_json(v));
}
END_TEST

static int
err_of(struct slice json)
{
	struct proof_file f;
	const char *why = "";
	int err = proof_file_read(json, &f, &why);

	if (err == 0)
		proof_file_clear(&f);
	return err;
}

/* Cut off anywhere, with something behind it, a member twice, arrays in arrays without an end. */
START_TEST(no_json)
{
	struct wr w = wr_new(1 << 20);

	for (size_t n = 0; n < text.len - 2; n++)
		ck_assert_int_ne(err_of(slice_of(text.buf, n)), 0);
	wr_slice_put(&text, slice_str("{}"));
	ck_assert_int_eq(err_of(wr_slice(&text)), ERR_MALFORMED);
	text.len -= 2;
	wr_text(&w, "{\"partition\":3,");
	wr_bytes(&w, text.buf + 1, text.len - 1);
	ck_assert_int_eq(err_of(wr_slice(&w)), ERR_MALFORMED);
	wr_reset(&w);
	for (int i = 0; i < 100000; i++)
		wr_text(&w, "[");
	ck_assert_int_eq(err_of(wr_slice(&w)), ERR_MALFORMED);
	ck_assert_int_eq(err_of(slice_str("[]")), ERR_MALFORMED);
	ck_assert_int_eq(err_of(slice_str("7")), ERR_MALFORMED);
	ck_assert_int_eq(err_of(slice_of(text.buf, (size_t)PROOF_FILE_MAX + 1)), ERR_LIMIT); /* not looked at */
	wr_free(&w);
}
END_TEST

/* A changed byte is refused, or is read as what it now says; never anything worse. */
START_TEST(each_byte)
{
	for (size_t i = 0; i < text.len; i++)
		for (int bit = 0; bit < 8; bit++) {
			text.buf[i] ^= (uint8_t)(1 << bit);
			(void)err_of(wr_slice(&text));
			text.buf[i] ^= (uint8_t)(1 << bit);
		}
	ck_assert_int_eq(err_of(wr_slice(&text)), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proof_file");
	TCase *t = tcase_create("proof_file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, written_and_read);
	tcase_add_test(t, spelled);
	tcase_add_test(t, each_member);
	tcase_add_test(t, contradictions);
	tcase_add_test(t, unknown_members);
	tcase_add_test(t, no_json);
	tcase_add_test(t, each_byte);
	suite_add_tcase(s, t);
	return suite_run(s);
}
