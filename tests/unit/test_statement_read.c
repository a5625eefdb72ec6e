/* What the reader refuses: each member in turn, and each way in which a statement can contradict itself. */
#include "base/text.h"
#include "makoto/statement.h"

#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static json_t *all;

#define KAFKA "predicate.metadata.kafka."
#define TREE "predicate.integrity.merkleTree."
#define CHAIN "predicate.integrity.chain."

/* A copy of a vector's statement, by its place in the list. */
static json_t *
statement(size_t i)
{
	json_t *v = json_array_get(json_object_get(all, "statements"), i);
	json_t *s = json_loads((const char *)vectors_text(v, "statement_utf8").p, 0, NULL);

	ck_assert_ptr_nonnull(s);
	return s;
}

static json_t *
child(json_t *v, const char *name)
{
	return json_is_array(v) ? json_array_get(v, (size_t)atoi(name)) : json_object_get(v, name);
}

/* Puts a value (NULL: takes it away) at a path of names and indices, apart by dots. */
static void
put(json_t *root, const char *path, json_t *value)
{
	char copy[256], *save = NULL, *name, *next;
	json_t *v = root;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	name = strtok_r(copy, ".", &save);
	for (; (next = strtok_r(NULL, ".", &save)) != NULL; name = next)
		ck_assert_msg((v = child(v, name)) != NULL, "%s", path);
	if (value == NULL)
		ck_assert_msg(json_object_del(v, name) == 0, "%s", path);
	else if (json_is_array(v))
		ck_assert_int_eq(json_array_set_new(v, (size_t)atoi(name), value), 0);
	else
		ck_assert_int_eq(json_object_set_new(v, name, value), 0);
}

static int
read_json(json_t *s, struct statement **ret)
{
	char *text = json_dumps(s, JSON_COMPACT);
	int err;

	ck_assert_ptr_nonnull(text);
	err = statement_read(slice_str(text), ret);
	free(text);
	return err;
}

/* Reads and forgets; an error leaves the out-parameter alone. */
static int
try(json_t *s)
{
	struct statement *const untouched = (struct statement *)(void *)&all, *got = untouched;
	int err = read_json(s, &got);

	if (err == 0)
		statement_free(got);
	else
		ck_assert_ptr_eq(got, untouched);
	return err;
}

/* --- each member ------------------------------------------------------------------------- */

/*
 * Members whose absence is fine, and those that this reader has no use for: ends of paths.  The cluster's id and the
 * topic's may be absent too, but from another chain.
 */
static const char *const optional[] = {".minTimestamp",  ".location",	   ".claims",
				       ".levelGaps",	 ".previousChain", ".signingKeyId", ".signingKeyUri",
				       ".principal",	 ".softwareName",  ".softwareVersion"};
static const char *const unused[] = {".startedOn",    ".stream.id",		".stream.partitions",
				     ".partitions.0", ".stream.topic",		".predicate.verification",
				     ".alignment",    ".merkleProofAvailable", ".window.type"};

static bool
among(const char *path, const char *const *ends, size_t count)
{
	char whole[260];

	(void)snprintf(whole, sizeof(whole), ".%s", path);
	for (size_t i = 0; i < count; i++)
		if (strlen(whole) >= strlen(ends[i]) && strcmp(whole + strlen(whole) - strlen(ends[i]), ends[i]) == 0)
			return true;
	return false;
}
#define AMONG(path, ends) among((path), (ends), ARRAY_LEN(ends))

static unsigned members;

static void
each(size_t vector, json_t *v, const char *prefix)
{
	static const char *const others[] = {"null", "{}", "[]", "true", "-1", "1.5", "\"?\""};
	size_t n = json_is_object(v) ? json_object_size(v) : json_array_size(v), i = 0;
	void *at = json_is_object(v) ? json_object_iter(v) : NULL;

	for (; i < n; i++) {
		json_t *one = json_is_object(v) ? json_object_iter_value(at) : json_array_get(v, i);
		char path[256];

		if (json_is_object(v)) {
			(void)snprintf(path, sizeof(path), "%s%s", prefix, json_object_iter_key(at));
			at = json_object_iter_next(v, at);
		} else {
			(void)snprintf(path, sizeof(path), "%s%zu", prefix, i);
		}
		members++;
		if (json_is_object(v)) {
			json_t *without = statement(vector);
			/* A claim is a name that a user chose. */
			bool fine = AMONG(path, optional) || AMONG(path, unused) || strstr(path, ".claims.") != NULL;

			put(without, path, NULL);
			ck_assert_msg((try(without) == 0) == fine, "without %s", path);
			json_decref(without);
		}
		for (size_t j = 0; j < ARRAY_LEN(others) && !AMONG(path, unused); j++) {
			json_t *other = json_loads(others[j], JSON_DECODE_ANY, NULL), *with = statement(vector);

			if (json_typeof(other) == json_typeof(one) || (json_is_boolean(other) && json_is_boolean(one))) {
				json_decref(other);
			} else {
				put(with, path, other);
				ck_assert_msg(try(with) != 0, "%s is %s", path, others[j]);
			}
			json_decref(with);
		}
		if (json_is_object(one) || json_is_array(one)) {
			(void)strncat(path, ".", sizeof(path) - strlen(path) - 1);
			each(vector, one, path);
		}
	}
}

START_TEST(each_member)
{
	json_t *s = statement((size_t)_i);

	members = 0;
	ck_assert_int_eq(try(s), 0);
	each((size_t)_i, s, "");
	ck_assert_uint_gt(members, 60);
	json_decref(s);
}
END_TEST

/* What a later version adds is passed over, where the format has room for it. */
START_TEST(additions)
{
	static const char *const paths[] = {"x", "predicate.x", "predicate.metadata.x", KAFKA "x", "predicate.collector.x",
					    KAFKA "boundary.x", "subject.0.x", "subject.0.digest.x", KAFKA "producers.0.x"};

	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		json_t *s = statement(1);

		put(s, paths[i], json_pack("{s:[i,f,n]}", "a", 1, 2.5));
		ck_assert_msg(try(s) == 0, "%s", paths[i]);
		json_decref(s);
	}
}
END_TEST

/* --- contradictions ------------------------------------------------------------------------ */

/*
 * Vector 2 is window 4 of orders:0 with the offsets 110 and 111, the third statement of its chain,
 * behind window 3; vector 0 is the first statement, window 1 with the offset 100.
 */
static const struct {
	size_t vector;
	const char *path, *value;
	int err;
} wrong[] = {
	{2, KAFKA "format", "\"makoto-kafka/2\"", ERR_UNSUPPORTED},
	{2, KAFKA "format", "\"makoto-kafka/1 \"", ERR_UNSUPPORTED},
	{2, "_type", "\"https://in-toto.io/Statement/v0.1\"", ERR_MALFORMED},
	{2, "predicateType", "\"https://makoto.dev/stream-window/v2\"", ERR_MALFORMED},
	/* The window, in all the places that tell which it is. */
	{2, KAFKA "windowId", "5", ERR_MALFORMED},
	{2, KAFKA "windowId", "0", ERR_MALFORMED},
	{2, KAFKA "windowId", "4.0", ERR_MALFORMED},
	{2, KAFKA "windowId", "\"4\"", ERR_MALFORMED},
	{2, KAFKA "windowId", "18446744073709551620", ERR_MALFORMED},
	{2, KAFKA "topic", "\"other\"", ERR_MALFORMED},
	{2, KAFKA "partition", "1", ERR_MALFORMED},
	{2, KAFKA "partition", "-1", ERR_MALFORMED},
	{2, KAFKA "partition", "4294967296", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:orders:0:window_5\"", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:orders:0:window_04\"", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:orders:0:window_4 \"", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:orders:0:window_\"", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:orders:1:window_4\"", ERR_MALFORMED},
	{2, "subject.0.name", "\"stream:order:0:window_4\"", ERR_MALFORMED},
	{2, "subject", "[]", ERR_MALFORMED},
	{2, "subject.1", "\"again\"", ERR_MALFORMED},
	/* Counts and roots. */
	{2, TREE "leafCount", "3", ERR_MALFORMED},
	{2, TREE "leafCount", "0", ERR_MALFORMED},
	{2, TREE "treeHeight", "3", ERR_MALFORMED},
	{2, TREE "algorithm", "\"sha512\"", ERR_MALFORMED},
	{2, TREE "leafHashAlgorithm", "\"sha512\"", ERR_MALFORMED},
	{2, TREE "root", "\"0000000000000000000000000000000000000000000000000000000000000000\"", ERR_MALFORMED},
	{2, TREE "root", "\"1D300B9E435591E29088760BB9C4B77B1D5A3645C12D516342F2BCD69C109344\"", ERR_MALFORMED},
	{2, TREE "root", "\"1d300b9e435591e29088760bb9c4b77b1d5a3645c12d516342f2bcd69c1093\"", ERR_MALFORMED},
	{2, "subject.0.digest.merkleRoot", "\"0000000000000000000000000000000000000000000000000000000000000000\"", ERR_MALFORMED},
	{2, "subject.0.digest.recordCount", "\"3\"", ERR_MALFORMED},
	{2, "subject.0.digest.recordCount", "\"02\"", ERR_MALFORMED},
	{2, "subject.0.digest.recordCount", "2", ERR_MALFORMED},
	{2, KAFKA "producers.0.records", "1", ERR_MALFORMED},
	{2, KAFKA "producers.0.records", "3", ERR_MALFORMED},
	{2, KAFKA "producers", "[]", ERR_MALFORMED},
	{2, KAFKA "producers", "[{\"clientId\":\"a\",\"records\":2},{\"clientId\":\"b\",\"records\":0}]", ERR_MALFORMED},
	{2, KAFKA "producers", "[{\"clientId\":\"a\",\"records\":9223372036854775807},{\"clientId\":\"b\",\"records\":9223372036854775807}]",
	 ERR_MALFORMED},
	/* Ranges ascend, sum to the count, and begin and end where the boundary says. */
	{2, KAFKA "ranges", "[]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,1]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,3]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,0],[110,2]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,-2]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,2,0]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[111,1],[110,1]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,1],[110,1]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[109,2]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,1],[112,1]]", ERR_MALFORMED},
	{2, KAFKA "ranges", "[[110,9223372036854775807]]", ERR_MALFORMED},
	{2, KAFKA "boundary.first.offset", "109", ERR_MALFORMED},
	{2, KAFKA "boundary.last.offset", "112", ERR_MALFORMED},
	{2, KAFKA "boundary.first.leaf", "\"b9bd\"", ERR_MALFORMED},
	{2, KAFKA "aborted", "[[111,1],[110,1]]", ERR_MALFORMED},
	{2, KAFKA "open", "[[-1,1]]", ERR_MALFORMED},
	{2, KAFKA "resolved", "[[106,2,\"open\"]]", ERR_MALFORMED},
	{2, KAFKA "resolved", "[[106,2]]", ERR_MALFORMED},
	{2, KAFKA "resolved", "[[106,0,\"committed\"]]", ERR_MALFORMED},
	{2, KAFKA "unresolved", "-1", ERR_MALFORMED},
	{2, KAFKA "emptyBefore", "-1", ERR_MALFORMED},
	/* What goes before it. */
	{2, CHAIN "chainLength", "0", ERR_MALFORMED},
	{2, CHAIN "chainLength", "1", ERR_MALFORMED},
	{2, CHAIN "previousWindowId", "\"stream:orders:0:window_4\"", ERR_MALFORMED},
	{2, CHAIN "previousWindowId", "\"stream:orders:0:window_5\"", ERR_MALFORMED},
	{2, CHAIN "previousWindowId", "\"stream:other:0:window_3\"", ERR_MALFORMED},
	{2, CHAIN "genesisWindowId", "\"stream:orders:0:window_0\"", ERR_MALFORMED},
	{2, KAFKA "previousStatement", "\"70\"", ERR_MALFORMED},
	{2, KAFKA "previousChain",
	 "{\"chainId\":\"46d885e1dd8446db7c0070663cd6c795\",\"windowId\":1,"
	 "\"statement\":\"701df472690de708c2ee2ef186e5110192bb4e3040052822fa6c8d2736de5cdf\"}",
	 ERR_MALFORMED},
	{0, CHAIN "chainLength", "2", ERR_MALFORMED},
	{0, CHAIN "genesisWindowId", "\"stream:orders:0:window_2\"", ERR_MALFORMED},
	{0, CHAIN "previousWindowId", "\"stream:orders:0:window_1\"", ERR_MALFORMED},
	{0, CHAIN "previousMerkleRoot", "\"701df472690de708c2ee2ef186e5110192bb4e3040052822fa6c8d2736de5cdf\"", ERR_MALFORMED},
	{0, KAFKA "previousStatement", "\"701df472690de708c2ee2ef186e5110192bb4e3040052822fa6c8d2736de5cdf\"", ERR_MALFORMED},
	{4, KAFKA "previousChain.windowId", "0", ERR_MALFORMED},
	/* Words of which there are few. */
	{2, KAFKA "closeReason", "\"count\"", ERR_MALFORMED},
	{2, KAFKA "makotoLevel", "\"L4\"", ERR_MALFORMED},
	{2, KAFKA "manifest", "\"leaves\"", ERR_MALFORMED},
	{2, KAFKA "timestampType", "\"createtime\"", ERR_MALFORMED},
	{2, KAFKA "levelGaps", "[1]", ERR_MALFORMED},
	{2, KAFKA "claims", "{\"a\":1}", ERR_MALFORMED},
	{2, KAFKA "instance", "\"000102030405060708090a0b0c0d0e\"", ERR_MALFORMED},
	{2, KAFKA "chainId", "\"46d885e1dd8446db7c0070663cd6c79\"", ERR_MALFORMED},
	/* The chain's id is made of the rest. */
	{2, KAFKA "chainId", "\"46d885e1dd8446db7c0070663cd6c794\"", ERR_MALFORMED},
	{2, KAFKA "instance", "\"000102030405060708090a0b0c0d0e10\"", ERR_MALFORMED},
	{2, KAFKA "clusterId", "\"anotherAAAAAAAAAAAAAAA\"", ERR_MALFORMED},
	{2, KAFKA "topicId", "\"AAECAwQFBgcICQoLDA0ODx\"", ERR_MALFORMED},
	{2, "predicate.collector.id", "\"https://another.example/proxy\"", ERR_MALFORMED},
	{2, "predicate.stream.source", "\"kafka.example:9092\"", ERR_MALFORMED},
	{2, "predicate.stream.source", "\"kafka://\"", ERR_MALFORMED},
	/* Times in the one form. */
	{2, "predicate.metadata.finishedOn", "\"2023-11-14T22:13:32Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-11-14T22:13:32.0Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-11-14T22:13:32+00:00\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-02-30T22:13:32.000Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-11-14t22:13:32.000Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-11-14 22:13:32.000Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"2023-11-14T22:13:60.000Z\"", ERR_MALFORMED},
	{2, "predicate.metadata.finishedOn", "\"1969-12-31T23:59:59.999Z\"", ERR_MALFORMED},
	{2, "subject.0.digest.windowStart", "\"1700000000000\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"10S\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PT10\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PTS\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PT10M\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PT-1S\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PT1.0001S\"", ERR_MALFORMED},
	{2, "predicate.window.duration", "\"PT99999999999999999999S\"", ERR_MALFORMED},
};

START_TEST(contradictions)
{
	json_t *s = statement(wrong[_i].vector), *value = json_loads(wrong[_i].value, JSON_DECODE_ANY, NULL);
	int err;

	if (value == NULL) { /* a number that JSON's reader has no type for: in the text alone */
		char want[64], *text, *bad, *at;
		struct statement *got;

		put(s, wrong[_i].path, json_integer(987654321));
		text = json_dumps(s, JSON_COMPACT);
		at = strstr(text, "987654321");
		ck_assert_ptr_nonnull(at);
		(void)snprintf(want, sizeof(want), "%s", wrong[_i].value);
		bad = malloc(strlen(text) + sizeof(want));
		(void)sprintf(bad, "%.*s%s%s", (int)(at - text), text, want, at + 9);
		err = statement_read(slice_str(bad), &got);
		free(bad);
		free(text);
	} else {
		if (strcmp(wrong[_i].path, "subject.1") == 0) {
			json_decref(value);
			json_array_append(json_object_get(s, "subject"), json_array_get(json_object_get(s, "subject"), 0));
		} else {
			put(s, wrong[_i].path, value);
		}
		err = try(s);
	}
	ck_assert_msg(err == wrong[_i].err, "%s %s: %d", wrong[_i].path, wrong[_i].value, err);
	json_decref(s);
}
END_TEST

/* --- what is fine ------------------------------------------------------------------------------ */

START_TEST(durations)
{
	static const struct {
		const char *text;
		int64_t ms;
	} cases[] = {{"PT1S", 1000}, {"PT0.001S", 1}, {"PT0.25S", 250}, {"PT3600S", 3600000}, {"PT86400.5S", 86400500}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *s = statement(2);
		struct statement *got;

		put(s, "predicate.window.duration", json_string(cases[i].text));
		ck_assert_int_eq(read_json(s, &got), 0);
		ck_assert_int_eq(got->max_age_ms, cases[i].ms);
		statement_free(got);
		json_decref(s);
	}
}
END_TEST

/* One for each of 64 clients and one for the rest; never more. */
START_TEST(producers)
{
	for (int n = 64; n <= 66; n++) {
		json_t *s = statement(2), *list = json_array();

		for (int i = 0; i < n; i++)
			json_array_append_new(list, json_pack("{s:s,s:i}", "clientId", i == 64 ? "…" : "a", "records", 1));
		put(s, KAFKA "producers", list);
		put(s, TREE "leafCount", json_integer(n));
		put(s, TREE "treeHeight", json_integer(n == 64 ? 7 : 8));
		put(s, "subject.0.digest.recordCount", json_sprintf("%d", n));
		put(s, KAFKA "ranges", json_pack("[[i,i]]", 110, n));
		put(s, KAFKA "boundary.last.offset", json_integer(109 + n));
		ck_assert_int_eq(try(s), n <= 65 ? 0 : ERR_MALFORMED);
		json_decref(s);
	}
}
END_TEST

/* The id as the format has it, of what the statement says now. */
static void
put_chain(json_t *s)
{
	json_t *k = json_object_get(json_object_get(json_object_get(s, "predicate"), "metadata"), "kafka");
	json_t *c = json_object_get(json_object_get(s, "predicate"), "collector");
	struct slice cluster = vectors_text(k, "clusterId"), id = vectors_text(k, "topicId");
	struct chain_id chain;
	char hex[2 * CHAIN_ID_LEN + 1];

	ck_assert_int_eq(chain_id_make(vectors_text(c, "id"), vectors_hex(k, "instance").p, cluster, vectors_text(k, "topic"), id,
				       (int32_t)vectors_int(k, "partition"), &chain), 0);
	put(s, KAFKA "chainId", json_string(text_hex(chain.b, CHAIN_ID_LEN, hex)));
}

/* Of an old cluster, and of one that tells no id. */
START_TEST(without_ids)
{
	static const char *const ids[] = {KAFKA "clusterId", KAFKA "topicId"};
	json_t *s = statement(2);

	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		put(s, ids[i], NULL);
		ck_assert_int_eq(try(s), ERR_MALFORMED);
		put_chain(s);
		ck_assert_int_eq(try(s), 0);
	}
	json_decref(s);
}
END_TEST

/* What the policy's globs see must be what a terminal shows. */
START_TEST(no_nul_in_a_name)
{
	static const struct {
		const char *path, *value;
		size_t n;
		int err;
	} cases[] = {{KAFKA "topic", "orders", 6, 0},
		     {KAFKA "topic", "orders\0-7", 9, ERR_MALFORMED},
		     {KAFKA "topic", "orders\0", 7, ERR_MALFORMED},
		     {KAFKA "clusterId", "c", 1, 0},
		     {KAFKA "clusterId", "c\0d", 3, ERR_MALFORMED}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		json_t *s = statement(2);

		put(s, cases[i].path, json_stringn(cases[i].value, cases[i].n));
		put_chain(s);
		ck_assert_int_eq(try(s), cases[i].err);
		json_decref(s);
	}
}
END_TEST

START_TEST(too_large)
{
	size_t n = 16 * 1024 * 1024 + 1;
	char *text = malloc(n);
	struct statement *s;

	memset(text, ' ', n);
	ck_assert_int_eq(statement_read(slice_of(text, n), &s), ERR_LIMIT);
	ck_assert_int_eq(statement_read(slice_of(text, n - 1), &s), ERR_MALFORMED);
	free(text);
	statement_free(NULL);
}
END_TEST

START_TEST(finds_in_runs)
{
	struct run list[] = {{10, 1}, {20, 3}, {23, 1}, {INT64_MAX - 1, 2}};
	const struct runs r = {list, ARRAY_LEN(list)}, none = {NULL, 0};
	static const struct {
		int64_t offset;
		int index;
	} cases[] = {{9, -1}, {10, 0}, {11, -1}, {19, -1}, {20, 1}, {22, 3}, {23, 4}, {24, -1}, {INT64_MAX - 1, 5},
		     {INT64_MAX, 6}, {0, -1}, {-1, -1}, {INT64_MIN, -1}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		uint64_t index = 77;

		ck_assert_int_eq(runs_find(&r, cases[i].offset, &index), cases[i].index >= 0);
		ck_assert_uint_eq(index, cases[i].index >= 0 ? (uint64_t)cases[i].index : 77);
		ck_assert(!runs_find(&none, cases[i].offset, &index));
	}
}
END_TEST

START_TEST(behind_runs)
{
	struct run list[] = {{10, 1}, {20, 3}, {23, 1}, {INT64_MAX - 1, 2}};
	const struct runs r = {list, ARRAY_LEN(list)}, none = {NULL, 0};
	static const struct {
		int64_t offset, behind;
	} cases[] = {{9, 9}, {10, 11}, {11, 11}, {19, 19}, {20, 23}, {22, 23}, {23, 24}, {24, 24},
		     {INT64_MAX - 1, INT64_MAX}, {INT64_MAX, INT64_MAX}, {0, 0}, {-1, -1}, {INT64_MIN, INT64_MIN}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_int_eq(runs_behind(&r, cases[i].offset), cases[i].behind);
		ck_assert_int_eq(runs_behind(&none, cases[i].offset), cases[i].offset);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("statement_read");
	TCase *t = tcase_create("statement_read");
	int failed;

	all = vectors_load();
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, each_member, 0, (int)json_array_size(json_object_get(all, "statements")));
	tcase_add_test(t, additions);
	tcase_add_loop_test(t, contradictions, 0, (int)ARRAY_LEN(wrong));
	tcase_add_test(t, durations);
	tcase_add_test(t, producers);
	tcase_add_test(t, without_ids);
	tcase_add_test(t, no_nul_in_a_name);
	tcase_add_test(t, too_large);
	tcase_add_test(t, finds_in_runs);
	tcase_add_test(t, behind_runs);
	suite_add_tcase(s, t);
	failed = suite_run(s);
	json_decref(all);
	return failed;
}
