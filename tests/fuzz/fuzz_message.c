/*
 * Any bytes as a message: key (2 bytes), version (1), direction (1), body.
 *
 * The walker ends; what it takes, it copies to something that it takes and copies to
 * itself.  The walker for pieces says the same of them.  Readers written by hand take
 * exactly what the walker takes.  What we would hand to a client (narrowed, readdressed,
 * readdressed at its length) is well formed and tells no foreign host.  A Produce request
 * says the same by id, and its answer by name.
 * The whole input is tried as a frame as well, for the headers.
 */
#include "base/base.h"
#include "kafka/addresses.h"
#include "kafka/api.h"
#include "kafka/apiversions.h"
#include "kafka/auth.h"
#include "kafka/configs.h"
#include "kafka/fetch.h"
#include "kafka/header.h"
#include "kafka/metadata.h"
#include "kafka/node_endpoints.h"
#include "kafka/produce_by_id.h"
#include "kafka/schema.h"
#include "kafka/share_renew.h"
#include "kafka/topics.h"
#include "kafka/txn.h"
#include "kafka/walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LIMIT = 1 << 22 };

#define IMPLIES(a, b) INVARIANT(!(a) || (b))

static int
map(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	(void)arg;
	INVARIANT(node_id >= 0 && host.n > 0 && port > 0);
	*ret_host = slice_str("ours");
	*ret_port = 1;
	return 0;
}

static int
see_ours(void *arg, struct schema_value *v)
{
	(void)arg;
	if (v->mark == SCHEMA_HOST)
		INVARIANT(v->bytes.n == 0 || slice_eq(v->bytes, slice_str("ours")));
	return 0;
}

static int
learn(void *arg, struct slice name, const uint8_t id[16])
{
	(void)arg;
	INVARIANT(name.n > 0 && id != NULL);
	return 0;
}

static bool
walks(int16_t key, bool response, int16_t version, struct slice body)
{
	return schema_walk(key, response, version, body, NULL, NULL, NULL) == 0;
}

static void
try_copy(int16_t key, bool response, int16_t version, struct slice body)
{
	struct wr once = wr_new(LIMIT), twice = wr_new(LIMIT);

	if (schema_walk(key, response, version, body, NULL, NULL, &once) == 0) {
		INVARIANT(schema_walk(key, response, version, wr_slice(&once), NULL, NULL, &twice) == 0);
		INVARIANT(slice_eq(wr_slice(&once), wr_slice(&twice)));
	}
	wr_free(&once);
	wr_free(&twice);
}

/* The end of an answer that passes while it comes, rewritten at its length. */
static void
try_end(int16_t key, int16_t version, struct slice body, size_t end_at)
{
	struct wr whole = wr_new(LIMIT);
	bool changed = false;
	int err;

	wr_bytes(&whole, body.p, end_at);
	err = node_endpoints_rewrite(key, slice_of(body.p + end_at, body.n - end_at), map, NULL, &whole, &changed);
	INVARIANT(err == 0 || err == ERR_LIMIT);
	if (err == 0 && changed) {
		INVARIANT(whole.len == body.n);
		INVARIANT(schema_walk(key, true, version, wr_slice(&whole), see_ours, NULL, NULL) == 0);
	}
	wr_free(&whole);
}

static void
try_pieces(int16_t key, bool response, int16_t version, struct slice body)
{
	int want = schema_walk(key, response, version, body, NULL, NULL, NULL);
	uint32_t dice = body.n > 0 ? (uint32_t)body.n * 2654435761u ^ body.p[body.n / 2] : 0;
	struct walk w;
	int err = walk_begin(&w, key, response, version, body.n);

	for (size_t at = 0, n; err == 0 && at < body.n; at += n) {
		dice = dice * 1664525 + 1013904223;
		n = 1 + (dice >> 24) % 9;
		n = n < body.n - at ? n : body.n - at;
		err = walk_feed(&w, slice_of(body.p + at, n));
	}
	INVARIANT(err == want && walk_done(&w) == (err == 0));
	if (err == 0 && response && addresses_at_end(key, version))
		try_end(key, version, body, (size_t)w.end_at);
}

static bool
same(struct slice a, struct slice b)
{
	return (a.p == NULL) == (b.p == NULL) && slice_eq(a, b);
}

/* An id for each name, its neighbours' too: the parts are what they were, in their order. */
static void
try_request_by_id(const struct produce_request *q)
{
	uint8_t(*ids)[16] = calloc(q->count, sizeof(*ids));
	struct produce_request again;
	struct wr out = wr_new(LIMIT);

	INVARIANT(ids != NULL);
	for (size_t i = 0; i < q->count; i++) {
		const struct produce_part *p = &q->parts[i];

		if (i > 0 && slice_eq(p->topic, p[-1].topic))
			memcpy(ids[i], ids[i - 1], sizeof(ids[i]));
		else
			memcpy(ids[i], &i, sizeof(i));
	}
	for (size_t i = 0; i < q->count; i++) {
		produce_by_id_before(q, (const uint8_t(*)[16])ids, i,
				     q->parts[i].records.p != NULL ? (int64_t)q->parts[i].records.n : -1, &out);
		wr_slice_put(&out, q->parts[i].records);
	}
	produce_by_id_end(&out);
	if (wr_err(&out) == 0) {
		INVARIANT(walks(API_PRODUCE, false, PRODUCE_BY_ID, wr_slice(&out)));
		INVARIANT(produce_request_read(PRODUCE_BY_ID, wr_slice(&out), &again) == 0);
		INVARIANT(again.count == q->count && again.acks == q->acks && again.timeout_ms == q->timeout_ms);
		INVARIANT(same(again.transactional_id, q->transactional_id));
		for (size_t i = 0; i < q->count; i++)
			INVARIANT(memcmp(again.parts[i].topic_id, ids[i], sizeof(ids[i])) == 0 &&
				  again.parts[i].partition == q->parts[i].partition &&
				  same(again.parts[i].records, q->parts[i].records));
		produce_request_free(&again);
	}
	wr_free(&out);
	free(ids);
}

static void
try_produce_request(int16_t version, struct slice body)
{
	struct produce_request q = {0};
	struct wr out = wr_new(LIMIT);
	int err = produce_request_read(version, body, &q);
	bool walked = walks(API_PRODUCE, false, version, body);

	IMPLIES(version >= 3 && err != ERR_LIMIT, (err == 0) == walked);
	if (err == 0) {
		struct produce_result *r = NULL;
		size_t n = 0;

		IMPLIES(q.acks == 0, !request_wants_answer(API_PRODUCE, version, body));
		for (size_t i = 0; i < q.count; i++)
			INVARIANT(q.parts[i].field_at <= body.n && q.parts[i].field_len <= body.n - q.parts[i].field_at);
		if (produce_response_error(version, &q, 87, &out) == 0) {
			INVARIANT(produce_response_read(version, wr_slice(&out), &r, &n) == 0);
			INVARIANT(n == q.count);
			free(r);
		}
		if (version < PRODUCE_BY_ID && q.count > 0 && body.n < LIMIT / 32)
			try_request_by_id(&q);
	}
	produce_request_free(&q);
	wr_free(&out);
}

/* By name, at each version: the results are what they were, with errors that it has. */
static void
try_answer_by_name(struct slice body, const struct produce_result *was, size_t count)
{
	struct produce_topic *topics = calloc(count + 1, sizeof(*topics));
	struct produce_result *is;
	struct wr out = wr_new(LIMIT);
	size_t n;

	INVARIANT(topics != NULL);
	for (size_t i = 0; i < count; i++) {
		memcpy(topics[i].id, was[i].topic_id, sizeof(topics[i].id));
		topics[i].name = slice_of(was[i].topic_id, sizeof(was[i].topic_id));
	}
	produce_by_id_order(topics, count);
	for (int16_t v = 7; v < PRODUCE_BY_ID; v++) {
		int err;

		wr_reset(&out);
		err = produce_by_id_answer(v, body, topics, count, &out);
		INVARIANT(err == 0 || err == ERR_LIMIT || err == ERR_MALFORMED);
		if (err != 0) /* too long, or a topic that has no parts: its id isn't among these */
			continue;
		INVARIANT(walks(API_PRODUCE, true, v, wr_slice(&out)));
		INVARIANT(produce_response_read(v, wr_slice(&out), &is, &n) == 0 && n == count);
		for (size_t i = 0; i < n; i++)
			INVARIANT(slice_eq(is[i].topic, slice_of(was[i].topic_id, sizeof(was[i].topic_id))) &&
				  is[i].partition == was[i].partition && is[i].base_offset == was[i].base_offset &&
				  is[i].log_append_ms == was[i].log_append_ms &&
				  is[i].error == (was[i].error == 100 || was[i].error == 103 ? 3 : was[i].error));
		free(is);
	}
	wr_free(&out);
	free(topics);
}

static void
try_produce_response(int16_t version, struct slice body)
{
	struct produce_result *r = NULL;
	size_t n = 0;
	int err = produce_response_read(version, body, &r, &n);

	IMPLIES(version >= 3 && err != ERR_LIMIT, (err == 0) == walks(API_PRODUCE, true, version, body));
	if (err == 0 && version == PRODUCE_BY_ID)
		try_answer_by_name(body, r, n);
	if (err == 0)
		free(r);
}

static void
try_fetch_request(int16_t version, struct slice body)
{
	struct fetch_request q = {0};
	int err = fetch_request_read(version, body, &q);

	IMPLIES(err != ERR_LIMIT && version >= FETCH_MIN && version <= FETCH_MAX, (err == 0) == walks(API_FETCH, false, version, body));
	IMPLIES(err == 0, q.max_bytes_at >= 4 && q.max_bytes_at <= body.n - 4);
	fetch_request_free(&q);
}

/* Every part cut to half with an error: it is read, and all else is what it was. */
static void
try_fetch_edit(int16_t version, struct slice body, const struct fetch_response *r)
{
	struct fetch_edit *edits = calloc(r->count + 1, sizeof(*edits));
	struct slice *pieces = calloc(r->count + 1, sizeof(*pieces));
	struct blob *b = blob_new(body.n);
	struct fetch_response again = {0};
	struct wr flat = wr_new(LIMIT);
	struct rope rope = {0};

	INVARIANT(edits != NULL && pieces != NULL && b != NULL);
	memcpy(b->data, body.p, body.n);
	b->len = body.n;
	for (size_t i = 0; i < r->count; i++) {
		pieces[i] = slice_of(r->parts[i].records.p == NULL ? NULL : b->data + (r->parts[i].records.p - body.p),
				     r->parts[i].records.n / 2);
		edits[i] = (struct fetch_edit){true, 87, &pieces[i], 1};
	}
	INVARIANT(fetch_response_edit(version, b, 0, r, edits, &rope) == 0);
	for (size_t i = 0; i < rope.count; i++)
		wr_bytes(&flat, rope.pieces[i].blob->data + rope.pieces[i].off, rope.pieces[i].len);
	INVARIANT(fetch_response_read(version, wr_slice(&flat), &again) == 0 && again.count == r->count);
	for (size_t i = 0; i < r->count; i++)
		INVARIANT(again.parts[i].error == 87 && slice_eq(again.parts[i].records, pieces[i]) &&
			  again.parts[i].high_watermark == r->parts[i].high_watermark);
	rope_clear(&rope);
	wr_free(&flat);
	fetch_response_free(&again);
	blob_unref(b);
	free(pieces);
	free(edits);
}

static void
try_fetch_response(int16_t version, struct slice body)
{
	struct fetch_response r = {0};
	int err = fetch_response_read(version, body, &r);

	IMPLIES(err != ERR_LIMIT && version >= FETCH_MIN && version <= FETCH_MAX, (err == 0) == walks(API_FETCH, true, version, body));
	if (err == 0 && body.n < LIMIT / 2)
		try_fetch_edit(version, body, &r);
	fetch_response_free(&r);
}

/* As one that renews locks, of partitions that it names and of one that it doesn't: every byte is what version 2 says. */
static void
try_share_request(int16_t version, struct slice body)
{
	struct share_renewal list[] = {{{1}, 7, 3, 4, false, false}, {{0}, 1, 9, 9, false, false}, {{0}, 0, 5, 6, false, false}, {{0}, 0, 1, 1, false, false}};
	struct share_request q;
	struct wr out = wr_new(LIMIT);
	int err = share_fetch_request_read(version, body, &q);

	IMPLIES(err != ERR_UNSUPPORTED && err != ERR_LIMIT, (err == 0) == walks(API_SHARE_FETCH, false, version, body));
	if (err != 0)
		return;
	for (size_t i = 1; i < 4 && q.rest_at - q.topics_at > 17; i++)
		memcpy(list[i].topic_id, body.p + q.topics_at + 1, sizeof(list[i].topic_id));
	if (share_renew(version, body, &q, list, 4, &out) == 0)
		INVARIANT(share_fetch_request_read(SHARE_WITH_RENEWAL, wr_slice(&out), &q) == 0 && q.max_bytes == 0);
	wr_free(&out);
}

/* Every part without records, and of what is acquired a stretch. */
static void
try_share_response(int16_t version, struct slice body)
{
	static const struct share_span span = {2, 1000};
	struct share_response r = {0}, again = {0};
	int err = share_fetch_response_read(version, body, &r);
	struct share_edit *edits = calloc(r.count + 1, sizeof(*edits));
	struct blob *b = blob_new(body.n);
	struct wr flat = wr_new(LIMIT);
	struct rope rope = {0};

	IMPLIES(err == 0, walks(API_SHARE_FETCH, true, version, body));
	/* Beyond that a partition that is told twice is malformed. */
	IMPLIES(err != 0 && err != ERR_UNSUPPORTED && err != ERR_LIMIT && err != ERR_MALFORMED, !walks(API_SHARE_FETCH, true, version, body));
	INVARIANT(edits != NULL && b != NULL);
	if (err == 0 && body.n < LIMIT / 4) {
		memcpy(b->data, body.p, body.n);
		b->len = body.n;
		for (size_t i = 0; i < r.count; i++)
			edits[i] = (struct share_edit){{true, 87, NULL, 0}, {NULL, 0}, &span, 1};
		INVARIANT(share_fetch_edit(b, 0, &r, edits, &rope) == 0);
		for (size_t i = 0; i < rope.count; i++)
			wr_bytes(&flat, rope.pieces[i].blob->data + rope.pieces[i].off, rope.pieces[i].len);
		INVARIANT(share_fetch_response_read(version, wr_slice(&flat), &again) == 0 && again.count == r.count);
		for (size_t i = 0; i < r.count; i++)
			INVARIANT(again.parts[i].fetch.error == 87 && again.parts[i].fetch.records.n == 0 &&
				  share_fetch_count(slice_of(flat.buf + again.parts[i].acquired_at, again.parts[i].acquired_len)) <= 999);
	}
	rope_clear(&rope);
	wr_free(&flat);
	share_fetch_response_free(&again);
	share_fetch_response_free(&r);
	blob_unref(b);
	free(edits);
}

/* What a login is carried in, from either side; what is read is written and read to the same. */
static void
try_login_request(int16_t key, int16_t version, struct slice body, bool walked)
{
	struct slice got = {NULL, 0}, again = {NULL, 0};
	struct wr w = wr_new(LIMIT);

	if (key == API_SASL_HANDSHAKE) {
		INVARIANT((auth_handshake_request_read(version, body, &got) == 0) == walked);
		auth_handshake_request_write(got, &w);
		IMPLIES(walked, auth_handshake_request_read(version, wr_slice(&w), &again) == 0 && slice_eq(got, again));
	} else if (key == API_SASL_AUTHENTICATE) {
		INVARIANT((auth_request_read(version, body, &got) == 0) == walked);
		if (walked) {
			auth_request_write(version, got, &w);
			INVARIANT(auth_request_read(version, wr_slice(&w), &again) == 0 && slice_eq(got, again));
		}
	}
	wr_free(&w);
}

static void
try_login_response(int16_t key, int16_t version, struct slice body, bool walked)
{
	char list[40] = "";
	struct auth_answer got = {0}, again = {0};
	struct wr w = wr_new(LIMIT);
	int16_t error;

	if (key == API_SASL_HANDSHAKE) {
		INVARIANT((auth_handshake_response_read(version, body, &error, list, sizeof(list)) == 0) == walked);
		INVARIANT(strnlen(list, sizeof(list)) < sizeof(list));
	} else if (key == API_SASL_AUTHENTICATE) {
		INVARIANT((auth_response_read(version, body, &got) == 0) == walked);
		if (walked) {
			auth_response_write(version, &got, &w);
			INVARIANT(auth_response_read(version, wr_slice(&w), &again) == 0);
			INVARIANT(got.error == again.error && got.lifetime_ms == again.lifetime_ms);
			INVARIANT(slice_eq(got.bytes, again.bytes) && slice_eq(got.message, again.message));
		}
	}
	wr_free(&w);
}

static void
try_request(int16_t key, int16_t version, struct slice body)
{
	bool walked = walks(key, false, version, body);
	struct slice name, soft;
	struct end_txn end;
	struct init_producer_id init;

	(void)request_wants_answer(key, version, body);
	try_login_request(key, version, body, walked);
	if (key == API_PRODUCE)
		try_produce_request(version, body);
	if (key == API_FETCH)
		try_fetch_request(version, body);
	if (key == API_SHARE_FETCH)
		try_share_request(version, body);
	if (key == API_VERSIONS)
		INVARIANT((apiversions_request_read(version, body, &name, &soft) == 0) == walked);
	if (key == API_END_TXN)
		INVARIANT((end_txn_request_read(version, body, &end) == 0) == walked);
	if (key == API_INIT_PRODUCER_ID)
		INVARIANT((init_producer_id_request_read(version, body, &init) == 0) == walked);
}

static void
try_addresses(int16_t key, int16_t version, struct slice body)
{
	struct wr out = wr_new(LIMIT);
	bool changed = false;
	int err = addresses_rewrite(key, version, body, map, NULL, &out, &changed);

	INVARIANT(err == ERR_LIMIT || (err == 0) == walks(key, true, version, body));
	IMPLIES(changed, addresses_in(key, version));
	if (err == 0)
		INVARIANT(schema_walk(key, true, version, changed ? wr_slice(&out) : body, see_ours, NULL, NULL) == 0);
	wr_free(&out);
}

static void
try_apiversions(int16_t version, struct slice body)
{
	struct wr out = wr_new(LIMIT);
	bool told_35 = body.n >= 2 && body.p[0] == 0 && body.p[1] == 35;
	int16_t min, max;
	int err = apiversions_find(version, body, API_METADATA, &min, &max);

	IMPLIES(err == ERR_REMOTE, body.p[0] != 0 || body.p[1] != 0);
	if (apiversions_narrow(version, body, &out) == 0 && !told_35)
		INVARIANT(walks(API_VERSIONS, true, version, wr_slice(&out)));
	wr_reset(&out);
	if (apiversions_without(version, body, API_SHARE_FETCH, &out) == 0 && !told_35) {
		INVARIANT(walks(API_VERSIONS, true, version, wr_slice(&out)));
		INVARIANT(apiversions_find(version, wr_slice(&out), API_SHARE_FETCH, &min, &max) != 0);
	}
	wr_free(&out);
}

static void
try_response(int16_t key, int16_t version, struct slice body)
{
	bool walked = walks(key, true, version, body);
	struct metadata m;
	int16_t error, epoch;
	int64_t id;

	try_addresses(key, version, body);
	try_login_response(key, version, body, walked);
	if (topics_in(key, version))
		INVARIANT((topics_learn(key, version, body, learn, NULL) == 0) == walked);
	if (key == API_PRODUCE)
		try_produce_response(version, body);
	if (key == API_FETCH)
		try_fetch_response(version, body);
	if (key == API_SHARE_FETCH)
		try_share_response(version, body);
	if (key == API_VERSIONS)
		try_apiversions(version, body);
	if (key == API_METADATA && version >= METADATA_MIN) {
		int err = metadata_read(version, body, &m);

		INVARIANT((err == 0) == walked);
		if (err == 0)
			metadata_free(&m);
	}
	if (key == API_DESCRIBE_CONFIGS)
		INVARIANT((configs_read(version, body, NULL, NULL) == 0) == (walked && version >= CONFIGS_MIN));
	if (key == API_END_TXN)
		INVARIANT((end_txn_response_read(version, body, &error) == 0) == walked);
	if ((key == API_ADD_PARTITIONS_TO_TXN && version <= 3) || key == API_ADD_OFFSETS_TO_TXN)
		INVARIANT((txn_add_response_read(key, version, body, &error) == 0) == walked);
	if (key == API_INIT_PRODUCER_ID)
		INVARIANT((init_producer_id_response_read(version, body, &error, &id, &epoch) == 0) == walked);
}

static void
try_headers(int16_t key, int16_t version, struct slice frame)
{
	struct request_header h;
	size_t at;

	if (request_header_read(frame, &h) == 0)
		INVARIANT(h.body_at <= frame.n && h.key >= 0 && h.version >= 0);
	if (response_body_at(key, version, frame, &at) == 0)
		INVARIANT(at <= frame.n);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd r = rd_of(slice_of(data, size));
	int16_t key = rd_i16(&r);
	int16_t version = rd_i8(&r);
	bool response = (rd_u8(&r) & 1) != 0;
	struct slice body;

	if (rd_err(&r) != 0)
		return 0;
	body = slice_of(r.p, rd_left(&r));
	try_headers(key, version, slice_of(data, size));
	try_copy(key, response, version, body);
	try_pieces(key, response, version, body);
	if (response)
		try_response(key, version, body);
	else
		try_request(key, version, body);
	return 0;
}
