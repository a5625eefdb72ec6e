#include "kafka/produce.h"

enum { VERSION_MAX = 13, FLEXIBLE = 9, BY_ID = 13 };

/* Growing array of parts or results; elements are bounded by the bytes that are left. */
struct grow {
	void *items;
	size_t count, cap;
};

static void *
grow_add(struct grow *g, size_t size)
{
	if (g->count == g->cap) {
		size_t cap = g->cap == 0 ? 8 : g->cap * 2;
		void *items = realloc(g->items, cap * size);

		if (items == NULL)
			return NULL;
		g->items = items;
		g->cap = cap;
	}
	return memset((uint8_t *)g->items + g->count++ * size, 0, size);
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
	(void)rd_i32(&r);
	topics = read_count(&r, version, 3);
	while (topics-- > 0 && r.err == 0) {
		uint8_t id[16] = {0};
		struct slice topic = read_topic(&r, version, id);
		uint32_t n = read_count(&r, version, 5);

		while (n-- > 0 && r.err == 0) {
			struct produce_part p = {.topic = topic, .by_id = version >= BY_ID};
			struct produce_part *place;

			memcpy(p.topic_id, id, 16);
			p.partition = rd_i32(&r);
			p.field_at = rd_pos(&r);
			p.records = version >= FLEXIBLE ? rd_nullable_compact(&r) : rd_nullable_bytes(&r);
			p.field_len = rd_pos(&r) - p.field_at;
			skip_tags(&r, version);
			if (r.err != 0)
				break;
			if ((place = grow_add(&parts, sizeof(*place))) == NULL)
				rd_fail(&r, ERR_NOMEM);
			else
				*place = p;
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

	if (version < 0 || version > VERSION_MAX)
		return ERR_UNSUPPORTED;
	topics = read_count(&r, version, 3);
	while (topics-- > 0 && r.err == 0) {
		uint8_t id[16] = {0};
		struct slice topic = read_topic(&r, version, id);
		uint32_t n = read_count(&r, version, 14);

		while (n-- > 0 && r.err == 0) {
			struct produce_result p = {.topic = topic, .by_id = version >= BY_ID, .log_append_ms = -1};
			struct produce_result *place;

			memcpy(p.topic_id, id, 16);
			p.partition = rd_i32(&r);
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
			if ((place = grow_add(&results, sizeof(*place))) == NULL)
				rd_fail(&r, ERR_NOMEM);
			else
				*place = p;
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

int
produce_response_error(int16_t version, const struct produce_request *req, int16_t error, struct wr *out)
{
	if (version < 0 || version > VERSION_MAX)
		return ERR_UNSUPPORTED;
	write_count(out, version, (uint32_t)req->count); /* a topic may stand there more than once */
	for (size_t i = 0; i < req->count; i++) {
		const struct produce_part *p = &req->parts[i];

		if (version >= BY_ID)
			wr_bytes(out, p->topic_id, 16);
		else if (version >= FLEXIBLE)
			wr_compact(out, p->topic);
		else
			wr_string(out, p->topic);
		write_count(out, version, 1);
		wr_i32(out, p->partition);
		wr_i16(out, error);
		wr_i64(out, -1);
		if (version >= 2)
			wr_i64(out, -1);
		if (version >= 5)
			wr_i64(out, -1);
		if (version >= 8) {
			write_count(out, version, 0);
			if (version >= FLEXIBLE)
				wr_uvarint(out, 0);
			else
				wr_i16(out, -1);
		}
		write_tags(out, version);
		write_tags(out, version);
	}
	if (version >= 1)
		wr_i32(out, 0);
	write_tags(out, version);
	return wr_err(out);
}
