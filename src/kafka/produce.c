#include "kafka/produce.h"

#include "kafka/api.h"
#include "kafka/schema.h"

/* SCHEMA_FROM: Kafka 4's definitions, and so the walker's table, start there (KIP-896). */
enum { VERSION_MAX = 13, SCHEMA_FROM = 3, FLEXIBLE = 9, BY_ID = 13 };

/* Growing array of parts or results, at most PRODUCE_PARTS_MAX. */
struct grow {
	void *items;
	size_t count, cap;
};

static int
grow_add(struct grow *g, const void *item, size_t size)
{
	if (g->count == PRODUCE_PARTS_MAX)
		return ERR_LIMIT;
	if (g->count == g->cap) {
		size_t cap = g->cap == 0 ? 8 : g->cap * 2;
		void *items = realloc(g->items, cap * size);

		if (items == NULL)
			return ERR_NOMEM;
		g->items = items;
		g->cap = cap;
	}
	memcpy((uint8_t *)g->items + g->count++ * size, item, size);
	return 0;
}

static void
skip_tags(struct rd *r, int16_t version)
{
	uint32_t count;
	int64_t last = -1;

	if (version < FLEXIBLE)
		return;
	count = rd_uvarint(r);
	if (count > rd_left(r) / 2)
		rd_fail(r, ERR_SHORT);
	while (count-- > 0 && r->err == 0) {
		uint32_t tag = rd_uvarint(r);

		if ((int64_t)tag <= last)
			rd_fail(r, ERR_MALFORMED);
		last = tag;
		rd_skip(r, rd_uvarint(r));
	}
}

/* An array's count; each element has at least `least` bytes. */
static uint32_t
read_count(struct rd *r, int16_t version, size_t least)
{
	int64_t n = version >= FLEXIBLE ? (int64_t)rd_uvarint(r) - 1 : rd_i32(r);

	if (n < 0) {
		rd_fail(r, ERR_MALFORMED);
		return 0;
	}
	if ((uint64_t)n > rd_left(r) / least) {
		rd_fail(r, ERR_SHORT);
		return 0;
	}
	return r->err != 0 ? 0 : (uint32_t)n;
}

static struct slice
read_topic(struct rd *r, int16_t version, uint8_t id[16])
{
	struct slice s;

	if (version < BY_ID)
		return version >= FLEXIBLE ? rd_compact(r) : rd_string(r);
	s = rd_bytes(r, 16);
	if (s.p != NULL)
		memcpy(id, s.p, 16);
	return (struct slice){NULL, 0};
}

int
produce_request_read(int16_t version, struct slice body, struct produce_request *ret)
{
	struct rd r = rd_of(body);
	struct produce_request q = {0};
	struct grow parts = {0};
	uint32_t topics;

	if (version < 0 || version > VERSION_MAX)
		return ERR_UNSUPPORTED;
	if (version >= 3)
		q.transactional_id = version >= FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_string(&r);
	q.acks_at = rd_pos(&r);
	q.acks = rd_i16(&r);
	q.timeout_ms = rd_i32(&r);
	topics = read_count(&r, version, 3);
	while (topics-- > 0 && r.err == 0) {
		uint8_t id[16] = {0};
		struct slice topic = read_topic(&r, version, id);
		uint32_t n = read_count(&r, version, 5);

		while (n-- > 0 && r.err == 0) {
			struct produce_part p = {.topic = topic, .by_id = version >= BY_ID};
			int err;

			memcpy(p.topic_id, id, 16);
			p.partition = rd_i32(&r);
			p.field_at = rd_pos(&r);
			p.records = version >= FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_bytes(&r);
			p.field_len = rd_pos(&r) - p.field_at;
			skip_tags(&r, version);
			if (r.err != 0)
				break;
			if ((err = grow_add(&parts, &p, sizeof(p))) != 0)
				rd_fail(&r, err);
		}
		skip_tags(&r, version);
	}
	skip_tags(&r, version);
	if (r.err == 0 && rd_left(&r) > 0)
		rd_fail(&r, ERR_MALFORMED);
	if (rd_err(&r) != 0) {
		free(parts.items);
		return rd_err(&r);
	}
	q.parts = parts.items;
	q.count = parts.count;
	*ret = q;
	return 0;
}

void
produce_request_free(struct produce_request *r)
{
	free(r->parts);
	*r = (struct produce_request){0};
}

size_t
produce_records_prefix(int16_t version, size_t records_len, uint8_t out[5])
{
	size_t n = 0;
	uint32_t v = (uint32_t)records_len;

	INVARIANT(records_len < INT32_MAX);
	if (version < FLEXIBLE) {
		v = __builtin_bswap32(v);
		memcpy(out, &v, 4);
		return 4;
	}
	for (v++; v >= 0x80; v >>= 7)
		out[n++] = (uint8_t)(v | 0x80);
	out[n++] = (uint8_t)v;
	return n;
}

static void
skip_record_errors(struct rd *r, int16_t version)
{
	uint32_t n = read_count(r, version, 5);

	while (n-- > 0 && r->err == 0) {
		(void)rd_i32(r);
		(void)(version >= FLEXIBLE ? rd_nullable_compact(r) : rd_nullable_string(r));
		skip_tags(r, version);
	}
	(void)(version >= FLEXIBLE ? rd_nullable_compact(r) : rd_nullable_string(r));
}

int
produce_response_read(int16_t version, struct slice body, struct produce_result **ret, size_t *ret_count)
{
	struct rd r = rd_of(body);
	struct grow results = {0};
	uint32_t topics;
	int bad;

	if (version < 0 || version > VERSION_MAX)
		return ERR_UNSUPPORTED;
	/* What we skip here (new leaders, endpoints) the walker checks. */
	if (version >= SCHEMA_FROM && (bad = schema_walk(API_PRODUCE, true, version, body, NULL, NULL, NULL)) != 0)
		return bad;
	topics = read_count(&r, version, 3);
	while (topics-- > 0 && r.err == 0) {
		uint8_t id[16] = {0};
		struct slice topic = read_topic(&r, version, id);
		uint32_t n = read_count(&r, version, 14);

		while (n-- > 0 && r.err == 0) {
			struct produce_result p = {.topic = topic, .by_id = version >= BY_ID, .log_append_ms = -1};
			int err;

			memcpy(p.topic_id, id, 16);
			p.partition = rd_i32(&r);
			p.error_at = rd_pos(&r);
			p.error = rd_i16(&r);
			p.base_offset = rd_i64(&r);
			if (version >= 2)
				p.log_append_ms = rd_i64(&r);
			if (version >= 5)
				(void)rd_i64(&r);
			if (version >= 8)
				skip_record_errors(&r, version);
			skip_tags(&r, version);
			if (r.err != 0)
				break;
			if ((err = grow_add(&results, &p, sizeof(p))) != 0)
				rd_fail(&r, err);
		}
		skip_tags(&r, version);
	}
	if (version >= 1)
		(void)rd_i32(&r);
	skip_tags(&r, version);
	if (r.err == 0 && rd_left(&r) > 0)
		rd_fail(&r, ERR_MALFORMED);
	if (rd_err(&r) != 0) {
		free(results.items);
		return rd_err(&r);
	}
	*ret = results.items;
	*ret_count = results.count;
	return 0;
}

static void
write_count(struct wr *w, int16_t version, uint32_t n)
{
	if (version >= FLEXIBLE)
		wr_uvarint(w, n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static void
write_tags(struct wr *w, int16_t version)
{
	if (version >= FLEXIBLE)
		wr_u8(w, 0);
}

static bool
same_topic(const struct produce_part *a, const struct produce_part *b)
{
	return a->by_id ? memcmp(a->topic_id, b->topic_id, 16) == 0 : slice_eq(a->topic, b->topic);
}

/* How many parts from `i` on are of one topic, as a request groups them; clients may take a topic's last entry for all. */
static size_t
group(const struct produce_request *req, size_t i)
{
	size_t n = 1;

	while (i + n < req->count && same_topic(&req->parts[i], &req->parts[i + n]))
		n++;
	return n;
}

static void
write_refused(struct wr *out, int16_t version, int32_t partition, int16_t error)
{
	wr_i32(out, partition);
	wr_i16(out, error);
	wr_i64(out, -1); /* base offset */
	if (version >= 2)
		wr_i64(out, -1); /* log append time */
	if (version >= 5)
		wr_i64(out, -1); /* log start offset */
	if (version >= 8) {
		write_count(out, version, 0); /* record errors */
		if (version >= FLEXIBLE)
			wr_uvarint(out, 0); /* no message */
		else
			wr_i16(out, -1);
	}
	write_tags(out, version);
}

int
produce_response_error(int16_t version, const struct produce_request *req, int16_t error, struct wr *out)
{
	uint32_t topics = 0;

	if (version < 0 || version > VERSION_MAX)
		return ERR_UNSUPPORTED;
	for (size_t i = 0; i < req->count; i += group(req, i))
		topics++;
	write_count(out, version, topics);
	for (size_t i = 0, n; i < req->count; i += n) {
		const struct produce_part *p = &req->parts[i];

		n = group(req, i);
		if (version >= BY_ID)
			wr_bytes(out, p->topic_id, 16);
		else if (version >= FLEXIBLE)
			wr_compact(out, p->topic);
		else
			wr_string(out, p->topic);
		write_count(out, version, (uint32_t)n);
		for (size_t k = 0; k < n; k++)
			write_refused(out, version, p[k].partition, error);
		write_tags(out, version);
	}
	if (version >= 1)
		wr_i32(out, 0); /* throttle time */
	write_tags(out, version);
	return wr_err(out);
}
