#include "kafka/produce_by_id.h"

#include "kafka/api.h"
#include "kafka/schema.h"

enum { FROM = 7, FLEXIBLE = 9, LEADERS = 10, ADDS_PARTITIONS = 12 };
enum { UNKNOWN_TOPIC = 3, UNKNOWN_TOPIC_ID = 100, INCONSISTENT_TOPIC_ID = 103 };

bool
produce_by_id_may(int16_t version, const struct produce_request *q)
{
	return version >= FROM && version < PRODUCE_BY_ID && q->acks != 0 &&
	       (q->transactional_id.p == NULL || version >= ADDS_PARTITIONS);
}

/* --- the request ------------------------------------------------------------------------- */

static bool
begins_topic(const struct produce_request *q, size_t i)
{
	return i == 0 || !slice_eq(q->parts[i - 1].topic, q->parts[i].topic);
}

static uint32_t
topics_of(const struct produce_request *q)
{
	uint32_t n = 0;

	for (size_t i = 0; i < q->count; i++)
		n += begins_topic(q, i);
	return n;
}

static uint32_t
parts_of_topic(const struct produce_request *q, size_t i)
{
	size_t end = i + 1;

	while (end < q->count && !begins_topic(q, end))
		end++;
	return (uint32_t)(end - i);
}

static void
no_tags(struct wr *w)
{
	wr_u8(w, 0);
}

void
produce_by_id_before(const struct produce_request *q, const uint8_t (*ids)[16], size_t i, int64_t len, struct wr *w)
{
	if (i > 0) {
		no_tags(w);
	} else {
		wr_compact(w, q->transactional_id);
		wr_i16(w, q->acks);
		wr_i32(w, q->timeout_ms);
		wr_uvarint(w, topics_of(q) + 1);
	}
	if (begins_topic(q, i)) {
		if (i > 0)
			no_tags(w);
		wr_bytes(w, ids[i], 16);
		wr_uvarint(w, parts_of_topic(q, i) + 1);
	}
	wr_i32(w, q->parts[i].partition);
	wr_uvarint(w, (uint32_t)(len + 1));
}

void
produce_by_id_end(struct wr *w)
{
	no_tags(w); /* the part's, the topic's, the request's */
	no_tags(w);
	no_tags(w);
}

/* --- the answer -------------------------------------------------------------------------- */

static int
by_id(const void *a, const void *b)
{
	const struct produce_topic *x = a, *y = b;

	return memcmp(x->id, y->id, sizeof(x->id));
}

void
produce_by_id_order(struct produce_topic *topics, size_t count)
{
	if (count > 1)
		qsort(topics, count, sizeof(*topics), by_id);
}

const struct produce_topic *
produce_by_id_find(const struct produce_topic *topics, size_t count, const uint8_t id[16])
{
	struct produce_topic key = {.name = {NULL, 0}};

	memcpy(key.id, id, sizeof(key.id));
	return count == 0 ? NULL : bsearch(&key, topics, count, sizeof(*topics), by_id);
}

static void
put_count(struct wr *w, int16_t version, uint32_t n)
{
	if (version >= FLEXIBLE)
		wr_uvarint(w, n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static void
put_text(struct wr *w, int16_t version, struct slice s)
{
	if (version >= FLEXIBLE) {
		wr_compact(w, s);
	} else {
		s.n = s.n < INT16_MAX ? s.n : INT16_MAX;
		wr_string(w, s);
	}
}

static void
copy(struct rd *r, size_t n, struct wr *w)
{
	wr_slice_put(w, rd_bytes(r, n));
}

/* Leaders and endpoints (KIP-951) come with version 10; what isn't known yet is a broker's to send and anybody's to skip. */
static void
copy_tags(struct rd *r, int16_t version, struct wr *w)
{
	const uint8_t *from = r->p;

	for (uint32_t n = rd_uvarint(r); n > 0 && rd_err(r) == 0; n--) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
	if (rd_err(r) != 0 || version < FLEXIBLE)
		return;
	if (version >= LEADERS)
		wr_bytes(w, from, (size_t)(r->p - from));
	else
		no_tags(w);
}

static void
copy_record_errors(struct rd *r, int16_t version, struct wr *out)
{
	struct wr none = wr_new(0);
	struct wr *w = version >= 8 ? out : &none;
	uint32_t n = rd_uvarint(r) - 1;
	struct slice text;

	put_count(w, version, n);
	while (n-- > 0 && rd_err(r) == 0) {
		copy(r, 4, w); /* the record's index in the batch */
		text = rd_nullable_compact(r);
		put_text(w, version, text);
		copy_tags(r, version, w);
	}
	text = rd_nullable_compact(r);
	put_text(w, version, text);
	wr_free(&none);
}

static int16_t
said_by_name(int16_t error)
{
	return error == UNKNOWN_TOPIC_ID || error == INCONSISTENT_TOPIC_ID ? UNKNOWN_TOPIC : error;
}

static void
answer_part(struct rd *r, int16_t version, struct wr *w)
{
	copy(r, 4, w); /* partition */
	wr_i16(w, said_by_name(rd_i16(r)));
	copy(r, 8 + 8 + 8, w); /* base offset, time of the append, start of the log */
	copy_record_errors(r, version, w);
	copy_tags(r, version, w);
}

int
produce_by_id_answer(int16_t version, struct slice body, const struct produce_topic *topics, size_t count,
		     struct wr *out)
{
	int err = schema_walk(API_PRODUCE, true, PRODUCE_BY_ID, body, NULL, NULL, NULL);
	struct rd r = rd_of(body);
	uint32_t n;

	INVARIANT(version >= FROM && version < PRODUCE_BY_ID);
	if (err != 0)
		return err;
	/* From here on every byte is what version 13 says. */
	n = rd_uvarint(&r) - 1;
	put_count(out, version, n);
	while (n-- > 0 && rd_err(&r) == 0 && wr_err(out) == 0) {
		struct slice id = rd_bytes(&r, 16);
		const struct produce_topic *t = id.p != NULL ? produce_by_id_find(topics, count, id.p) : NULL;
		uint32_t parts = rd_uvarint(&r) - 1;

		if (t == NULL)
			return ERR_MALFORMED;
		put_text(out, version, t->name);
		put_count(out, version, parts);
		while (parts-- > 0 && rd_err(&r) == 0 && wr_err(out) == 0)
			answer_part(&r, version, out);
		copy_tags(&r, version, out);
	}
	copy(&r, 4, out); /* throttle time */
	copy_tags(&r, version, out);
	/* Where there was no room the rest wasn't read. */
	return wr_err(out) != 0 ? wr_err(out) : rd_err(&r);
}
