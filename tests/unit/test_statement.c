/* Statements, envelopes and their signatures against vectors made by another implementation. */
#include "makoto/statement.h"

#include "keys/public_key.h"
#include "makoto/envelope.h"
#include "makoto/tree.h"
#include "tests/unit/vectors.h"

static json_t *all;

/* Offsets of the records as maximal runs. */
static struct runs
runs_of(const int64_t *offsets, size_t n)
{
	struct runs r = {calloc(n + 1, sizeof(struct run)), 0};

	for (size_t i = 0; i < n; i++) {
		struct run *last = r.count > 0 ? &r.list[r.count - 1] : NULL;

		if (last != NULL && last->first + last->count == offsets[i])
			last->count++;
		else
			r.list[r.count++] = (struct run){offsets[i], 1};
	}
	return r;
}

static struct runs
runs_in(json_t *inputs, const char *name)
{
	json_t *v = json_object_get(inputs, name);
	size_t n = json_array_size(v);
	int64_t *offsets = calloc(n + 1, sizeof(*offsets));
	struct runs r;

	for (size_t i = 0; i < n; i++)
		offsets[i] = json_integer_value(json_array_get(v, i));
	r = runs_of(offsets, n);
	free(offsets);
	return r;
}

struct built {
	struct statement s;
	struct wr manifest;
	struct wr bytes;
};

static void
leaf_of_input(json_t *rec, bool log_append, uint8_t leaf[LEAF_LEN], struct leaf_input *in)
{
	json_t *headers = json_object_get(rec, "covered_headers");

	memset(in, 0, sizeof(*in));
	leaf_set_record(in, vectors_hex(rec, "key_hex"), vectors_hex(rec, "value_hex"), !log_append,
			vectors_int(rec, "timestamp"));
	if (json_array_size(headers) > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)json_array_size(headers));
		for (size_t i = 0; i < json_array_size(headers); i++) {
			json_t *pair = json_array_get(headers, i);

			leaf_headers_add(&h, vectors_hex_of(json_array_get(pair, 0)),
					 vectors_hex_of(json_array_get(pair, 1)));
		}
		leaf_headers_end(&h, in->headers_hash);
	}
	leaf_of(in, leaf);
}

static void
fill_records(struct built *b, json_t *records)
{
	size_t n = json_array_size(records);
	int64_t *offsets = calloc(n, sizeof(*offsets));
	struct statement *s = &b->s;
	struct tree t;

	tree_init(&t);
	b->manifest = wr_new(SIZE_MAX);
	s->min_timestamp = INT64_MAX;
	s->max_timestamp = INT64_MIN;
	for (size_t i = 0; i < n; i++) {
		json_t *rec = json_array_get(records, i);
		int64_t ts = vectors_int(rec, "timestamp");
		uint8_t leaf[LEAF_LEN];
		struct leaf_input in;

		leaf_of_input(rec, s->log_append, leaf, &in);
		tree_add(&t, leaf);
		wr_bytes(&b->manifest, leaf, LEAF_LEN);
		if (s->manifest == MANIFEST_LEAF_KEY) {
			wr_u8(&b->manifest, in.flags);
			wr_bytes(&b->manifest, in.key_hash, MANIFEST_KEY_PREFIX);
		}
		if (i == 0)
			memcpy(s->first_leaf, leaf, LEAF_LEN);
		memcpy(s->last_leaf, leaf, LEAF_LEN);
		offsets[i] = vectors_int(rec, "offset");
		s->value_bytes += vectors_hex(rec, "value_hex").n;
		s->min_timestamp = ts < s->min_timestamp ? ts : s->min_timestamp;
		s->max_timestamp = ts > s->max_timestamp ? ts : s->max_timestamp;
	}
	tree_root(&t, s->root);
	sha256_of(wr_slice(&b->manifest), s->manifest_sha256);
	s->leaf_count = n;
	s->ranges = runs_of(offsets, n);
	s->first_offset = offsets[0];
	s->last_offset = offsets[n - 1];
	free(offsets);
}

static void
fill_lists(struct statement *s, json_t *in)
{
	json_t *v = json_object_get(in, "producers"), *value;
	const char *name;

	s->producers = calloc(json_array_size(v), sizeof(*s->producers));
	for (; s->producer_count < json_array_size(v); s->producer_count++) {
		json_t *p = json_array_get(v, s->producer_count);

		s->producers[s->producer_count] = (struct statement_producer){
			vectors_text(p, "clientId"), vectors_text(p, "softwareName"), vectors_text(p, "softwareVersion"),
			vectors_text(p, "principal"), (uint64_t)vectors_int(p, "records")};
	}
	v = json_object_get(in, "claims");
	s->claims = calloc(json_object_size(v) + 1, sizeof(*s->claims));
	json_object_foreach (v, name, value)
		s->claims[s->claim_count++] = (struct statement_claim){slice_str(name), slice_str(json_string_value(value))};
	v = json_object_get(in, "level_gaps");
	s->level_gaps = calloc(json_array_size(v) + 1, sizeof(*s->level_gaps));
	for (; s->level_gap_count < json_array_size(v); s->level_gap_count++)
		s->level_gaps[s->level_gap_count] = slice_str(json_string_value(json_array_get(v, s->level_gap_count)));
	v = json_object_get(in, "resolved_offsets");
	s->resolved = calloc(json_array_size(v) + 1, sizeof(*s->resolved));
	for (size_t i = 0; i < json_array_size(v); i++) {
		int64_t o = json_integer_value(json_array_get(json_array_get(v, i), 0));
		bool c = strcmp(json_string_value(json_array_get(json_array_get(v, i), 1)), "committed") == 0;
		struct resolved_run *last = s->resolved_count > 0 ? &s->resolved[s->resolved_count - 1] : NULL;

		if (last != NULL && last->committed == c && last->run.first + last->run.count == o)
			last->run.count++;
		else
			s->resolved[s->resolved_count++] = (struct resolved_run){{o, 1}, c};
	}
	s->aborted = runs_in(in, "aborted_offsets");
	s->open = runs_in(in, "open_offsets");
}

static void
fill_chain(struct statement *s, json_t *in)
{
	json_t *p = json_object_get(in, "previous"), *f = json_object_get(in, "previous_chain");

	s->chain_length = 1;
	s->genesis_window = s->window_id;
	s->empty_before = s->window_id - 1;
	if (json_is_object(p)) {
		struct slice genesis = vectors_text(p, "genesis");
		const char *id = strrchr((const char *)genesis.p, '_') + 1;

		s->previous_window = (uint64_t)vectors_int(p, "window_id");
		s->empty_before = s->window_id - s->previous_window - 1;
		memcpy(s->previous_root, vectors_hex(p, "merkle_root").p, SHA256_LEN);
		memcpy(s->previous_statement, vectors_hex(p, "statement_sha256").p, SHA256_LEN);
		s->chain_length = (uint64_t)vectors_int(p, "chain_length") + 1;
		s->genesis_window = (uint64_t)atoi(id);
	}
	if (json_is_object(f)) {
		s->follows = true;
		memcpy(s->follows_chain.b, vectors_hex(f, "chainId").p, CHAIN_ID_LEN);
		s->follows_window = (uint64_t)vectors_int(f, "windowId");
		memcpy(s->follows_statement, vectors_hex(f, "statement").p, SHA256_LEN);
	}
}

static void
build(json_t *vector, struct built *b)
{
	json_t *in = json_object_get(vector, "inputs");
	struct statement *s = &b->s;
	struct slice manifest = vectors_text(in, "manifest"), key = vectors_text(vector, "key");

	memset(b, 0, sizeof(*b));
	s->collector_id = vectors_text(in, "collector_id");
	s->collector_version = vectors_text(in, "collector_version");
	s->location = vectors_text(in, "location");
	s->level = (int)vectors_int(in, "level");
	s->cluster_id = vectors_text(in, "cluster_id");
	s->topic = vectors_text(in, "topic");
	s->topic_id = vectors_text(in, "topic_id");
	s->source = vectors_text(in, "bootstrap");
	s->partition = (int32_t)vectors_int(in, "partition");
	memcpy(s->instance, vectors_hex(in, "instance").p, INSTANCE_LEN);
	ck_assert_int_eq(chain_id_make(s->collector_id, s->instance, s->cluster_id, s->topic, s->topic_id, s->partition,
				       &s->chain),
			 0);
	s->window_id = (uint64_t)vectors_int(in, "window_id");
	for (int r = 0; r < CLOSE_REASONS; r++)
		if (slice_eq(vectors_text(in, "close_reason"), slice_str(close_reason_name((enum close_reason)r))))
			s->reason = (enum close_reason)r;
	s->max_age_ms = vectors_int(in, "max_age_ms");
	s->opened_ms = vectors_int(in, "opened_ms");
	s->closed_ms = vectors_int(in, "closed_ms");
	s->settled_ms = vectors_int(in, "settled_ms");
	s->manifest = slice_eq(manifest, slice_str("leaf+key")) ? MANIFEST_LEAF_KEY
		      : slice_eq(manifest, slice_str("none"))   ? MANIFEST_NONE
								: MANIFEST_LEAF;
	s->log_append = slice_eq(vectors_text(in, "timestamp_type"), slice_str("LogAppendTime"));
	s->recovered = json_is_true(json_object_get(in, "recovered"));
	s->unresolved = (uint64_t)vectors_int(in, "unresolved");
	s->signing_key_uri = vectors_text(in, "signing_key_uri");
	if (key.p != NULL)
		s->signing_key_id = vectors_text(
			json_object_get(json_object_get(all, "keys"), (const char *)key.p), "keyid");
	fill_lists(s, in);
	fill_chain(s, in);
	fill_records(b, json_object_get(in, "records"));
	b->bytes = wr_new(SIZE_MAX);
	ck_assert_int_eq(statement_write(s, &b->bytes), 0);
}

static void
built_free(struct built *b)
{
	struct statement *s = &b->s;

	free(s->producers);
	free(s->claims);
	free(s->level_gaps);
	free(s->resolved);
	free(s->aborted.list);
	free(s->open.list);
	free(s->ranges.list);
	wr_free(&b->manifest);
	wr_free(&b->bytes);
}

START_TEST(test_writes_the_very_bytes)
{
	json_t *v = json_array_get(json_object_get(all, "statements"), (size_t)_i);
	struct slice expect = vectors_text(v, "statement_utf8"), leaves = vectors_hex(v, "makoto_leaves_hex");
	struct built b;
	char key[CHAIN_KEY_MAX + 1];

	build(v, &b);
	ck_assert_int_eq((int)b.bytes.len, (int)expect.n);
	ck_assert_mem_eq(b.bytes.buf, expect.p, expect.n);
	(void)chain_key(&b.s.chain, b.s.window_id, key);
	ck_assert(slice_eq(vectors_text(v, "record_key"), slice_str(key)));
	if (leaves.p != NULL)
		ck_assert(slice_eq(leaves, wr_slice(&b.manifest)));
	built_free(&b);
}
END_TEST

START_TEST(test_reads_what_was_written)
{
	json_t *v = json_array_get(json_object_get(all, "statements"), (size_t)_i);
	struct slice bytes = vectors_text(v, "statement_utf8");
	struct wr again = wr_new(SIZE_MAX);
	struct statement *s;

	ck_assert_int_eq(statement_read(bytes, &s), 0);
	ck_assert_int_eq(statement_write(s, &again), 0);
	ck_assert(slice_eq(wr_slice(&again), bytes));
	wr_free(&again);
	statement_free(s);
}
END_TEST

/* Whatever is read of a damaged statement agrees with itself; nothing crashes, nothing leaks. */
START_TEST(test_damaged)
{
	json_t *v = json_array_get(json_object_get(all, "statements"), (size_t)_i);
	struct slice bytes = vectors_text(v, "statement_utf8");
	uint8_t *copy = malloc(bytes.n);
	struct statement *s;

	for (size_t n = 0; n < bytes.n; n++)
		ck_assert_int_ne(statement_read(slice_of(bytes.p, n), &s), 0);
	for (size_t n = 0; n < bytes.n; n++) {
		memcpy(copy, bytes.p, bytes.n);
		copy[n] ^= (uint8_t)(1 + n % 7);
		if (statement_read(slice_of(copy, bytes.n), &s) == 0)
			statement_free(s);
	}
	free(copy);
}
END_TEST

static int
read_text(const char *text)
{
	struct statement *s;
	int err = statement_read(slice_str(text), &s);

	if (err == 0)
		statement_free(s);
	return err;
}

START_TEST(test_hostile_json)
{
	struct wr deep = wr_new(SIZE_MAX);

	for (int i = 0; i < 100000; i++)
		wr_u8(&deep, '[');
	wr_u8(&deep, '\0');
	ck_assert_int_ne(read_text((char *)deep.buf), 0);
	wr_free(&deep);
	ck_assert_int_ne(read_text("{\"a\":1,\"a\":1}"), 0);
	ck_assert_int_ne(read_text("{\"predicate\":1e999}"), 0);
	ck_assert_int_ne(read_text("[]"), 0);
	ck_assert_int_ne(read_text("{}"), 0);
	ck_assert_int_ne(read_text(""), 0);
}
END_TEST

/* A topic's id is shown to people: it is 22 characters of base64url or it isn't there. */
START_TEST(test_topic_id)
{
	static const char *const bad[] = {
		"",
		"AAECAwQFBgcICQoLDA0OD",
		"AAECAwQFBgcICQoLDA0ODwA",
		"AAECAwQFBgcICQoLDA0OD=",
		"AAECAwQFBgcICQoLDA0OD+",
		"AAECAwQFBgcICQoLDA0OD/",
		"AAECAwQFBgcICQoLDA0OD ",
		"AAECAwQFBgcICQoLDA0O\xc2\x9b",
		"AAECAwQFBgcICQoLDA0OD\\n",
		"AAECAwQFBgcICQoLDA0OD\\u0000",
	};
	static const char member[] = "\"topicId\":\"AAECAwQFBgcICQoLDA0ODw\"";
	json_t *v = NULL;
	const char *text = NULL, *at = NULL;
	char *changed;

	for (size_t i = 0; at == NULL && i < json_array_size(json_object_get(all, "statements")); i++) {
		v = json_array_get(json_object_get(all, "statements"), i);
		text = json_string_value(json_object_get(v, "statement_utf8"));
		at = strstr(text, member);
	}
	ck_assert_ptr_nonnull(at);
	ck_assert_int_eq(read_text(text), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		ck_assert_int_gt(asprintf(&changed, "%.*s\"topicId\":\"%s\"%s", (int)(at - text), text, bad[i],
					  at + strlen(member)), 0);
		ck_assert_msg(read_text(changed) == ERR_MALFORMED, "%s", bad[i]);
		free(changed);
	}
	/* Every character of the alphabet. */
	for (const char *c = "-_09AZaz"; *c != '\0'; c++) {
		json_t *in = json_object_get(v, "inputs");
		struct chain_id chain;
		char hex[2 * CHAIN_ID_LEN + 1], *id;

		ck_assert_int_gt(asprintf(&changed, "%s", text), 0);
		id = changed + (at - text) + strlen("\"topicId\":\"");
		*id = *c;
		ck_assert_int_eq(chain_id_make(vectors_text(in, "collector_id"), vectors_hex(in, "instance").p,
					       vectors_text(in, "cluster_id"), vectors_text(in, "topic"), slice_of(id, 22),
					       (int32_t)vectors_int(in, "partition"), &chain), 0);
		id = strstr(changed, "\"chainId\":\"");
		ck_assert_ptr_nonnull(id);
		memcpy(id + strlen("\"chainId\":\""), text_hex(chain.b, CHAIN_ID_LEN, hex), 2 * CHAIN_ID_LEN);
		ck_assert_int_eq(read_text(changed), 0);
		free(changed);
	}
}
END_TEST

static struct public_key *
key_of(const char *name)
{
	struct public_key *k;

	ck_assert_int_eq(
		public_key_parse(vectors_text(json_object_get(json_object_get(all, "keys"), name), "pem"), &k), 0);
	return k;
}

START_TEST(test_envelopes_verify)
{
	json_t *v = json_array_get(json_object_get(all, "statements"), (size_t)_i);
	struct slice name = vectors_text(v, "key"), bytes = vectors_text(v, "statement_utf8");
	struct wr pae = wr_new(SIZE_MAX), again = wr_new(SIZE_MAX);
	struct public_key *k;
	struct envelope e;
	char *text;

	if (name.p == NULL)
		return; /* level 1 has no envelope */
	k = key_of((const char *)name.p);
	text = json_dumps(json_object_get(v, "envelope"), JSON_COMPACT);
	ck_assert_int_eq(envelope_read(slice_str(text), &e), 0);
	ck_assert(slice_eq(wr_slice(&e.payload), bytes));
	ck_assert(slice_eq(wr_slice(&e.keyid), slice_str(public_key_id(k))));
	envelope_pae(wr_slice(&e.type), wr_slice(&e.payload), &pae);
	ck_assert_int_eq(public_key_verify(k, wr_slice(&pae), wr_slice(&e.sig)), 0);
	/* One bit of the message, of the signature, or another key: no. */
	pae.buf[40] ^= 1;
	ck_assert_int_eq(public_key_verify(k, wr_slice(&pae), wr_slice(&e.sig)), ERR_SIGNATURE);
	pae.buf[40] ^= 1;
	e.sig.buf[e.sig.len / 2] ^= 1;
	ck_assert_int_eq(public_key_verify(k, wr_slice(&pae), wr_slice(&e.sig)), ERR_SIGNATURE);
	e.sig.buf[e.sig.len / 2] ^= 1;
	ck_assert_int_eq(envelope_write(wr_slice(&e.type), wr_slice(&e.payload), public_key_id(k), wr_slice(&e.sig), &again),
			 0);
	ck_assert(slice_eq(wr_slice(&again), slice_str(text)) || json_object_size(json_object_get(v, "envelope")) == 3);
	envelope_clear(&e);
	public_key_free(k);
	wr_free(&pae);
	wr_free(&again);
	free(text);
}
END_TEST

START_TEST(test_pae)
{
	json_t *v = json_array_get(json_object_get(all, "pae"), (size_t)_i);
	struct slice expect = vectors_hex(v, "pae_hex"), body = vectors_hex(v, "body_hex");
	struct wr w = wr_new(SIZE_MAX);

	envelope_pae(vectors_text(v, "type"), body, &w);
	ck_assert(slice_eq(wr_slice(&w), expect));
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("statement");
	TCase *t = tcase_create("vectors");
	SRunner *r;
	int failed, statements, paes;

	all = vectors_load();
	statements = (int)json_array_size(json_object_get(all, "statements"));
	paes = (int)json_array_size(json_object_get(all, "pae"));
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, test_writes_the_very_bytes, 0, statements);
	tcase_add_loop_test(t, test_reads_what_was_written, 0, statements);
	tcase_add_loop_test(t, test_damaged, 0, statements);
	tcase_add_test(t, test_hostile_json);
	tcase_add_test(t, test_topic_id);
	tcase_add_loop_test(t, test_envelopes_verify, 0, statements);
	tcase_add_loop_test(t, test_pae, 0, paes);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	json_decref(all);
	return failed != 0;
}
