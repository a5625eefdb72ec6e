/* rewritten: what the attest stage made of a Produce request, against what the client sent. */
#ifndef TESTS_UNIT_REWRITTEN_H
#define TESTS_UNIT_REWRITTEN_H

#include "attesting.h"
#include "kafka/produce.h"
#include "kafka/record.h"
#include "makoto/triple.h"

#define ID_A "qgEAAAAAAAAAAAAAAAAAAA" /* as Kafka's tools print them */
#define ID_B "uwIAAAAAAAAAAAAAAAAAAA"

/* The records of the i-th part of what went out. */
static struct slice
part_of(int16_t version, const struct wr *body, size_t i, struct produce_request *q)
{
	ck_assert_int_eq(produce_request_read(version, wr_slice(body), q), 0);
	ck_assert_uint_lt(i, q->count);
	return q->parts[i].records;
}

/* --- what an attested batch must be ------------------------------------------------------- */

struct expected {
	const char *topic, *topic_id;
	int32_t partition;
	enum header_mode mode;
	uint64_t window;  /* of the first records … */
	int32_t first;    /* … so many; the rest is in the next windows; 0: all */
	int32_t room;     /* of each of the next */
};

static void
ck_header(struct rd *r, const char *name, const void *value, size_t n)
{
	struct slice got_name, got_value;

	ck_assert_int_eq(record_header_next(r, &got_name, &got_value), 0);
	ck_assert(slice_eq(got_name, slice_str(name)));
	ck_assert_ptr_nonnull(got_value.p);
	ck_assert_uint_eq(got_value.n, n);
	ck_assert_int_eq(memcmp(got_value.p, value, n), 0);
}

/* docs/FORMAT.md, "Record headers". */
static void
ck_headers(const struct record *is, const struct record *was, const struct expected *e, uint64_t window)
{
	char hex[2 * SHA256_LEN + 1], id[32], ref[128];
	uint8_t sum[SHA256_LEN], compact[24];
	struct chain_id chain;
	struct rd r;

	ck_assert_int_eq(chain_id_make(slice_str("urn:unit"), attesting_instance, slice_str(CLUSTER_ID),
				       slice_str(e->topic), slice_str(e->topic_id), e->partition, &chain), 0);
	ck_assert_int_eq(is->header_count, was->header_count + 3);
	ck_assert_uint_ge(is->headers.n, was->headers.n);
	ck_assert(slice_eq(slice_of(is->headers.p, was->headers.n), was->headers));
	r = rd_of(slice_of(is->headers.p + was->headers.n, is->headers.n - was->headers.n));
	sha256_of(was->value, sum);
	text_hex(sum, SHA256_LEN, hex);
	(void)snprintf(id, sizeof(id), "%llu", (unsigned long long)window);
	if (e->mode == HEADERS_FULL) {
		char chain_hex[2 * CHAIN_ID_LEN + 1];

		text_hex(chain.b, CHAIN_ID_LEN, chain_hex);
		(void)snprintf(ref, sizeof(ref), "makoto.dbom/%s/%s", chain_hex, id);
		ck_header(&r, "makoto.content_hash", hex, was->value.p == NULL ? 0 : 2 * SHA256_LEN);
		ck_header(&r, "makoto.window_id", id, strlen(id));
		ck_header(&r, "makoto.signature", ref, strlen(ref));
	} else {
		memcpy(compact, chain.b, 16);
		memset(compact + 16, 0, 8);
		compact[23] = (uint8_t)window;
		ck_header(&r, "makoto.content_hash", sum, was->value.p == NULL ? 0 : SHA256_LEN);
		ck_header(&r, "makoto.window_id", id, strlen(id));
		ck_header(&r, "makoto.signature", compact, sizeof(compact));
	}
	ck_assert_uint_eq(rd_left(&r), 0);
}

static struct wr
plain_of(const struct batch *b)
{
	struct codecs *codecs = codecs_new(NULL);
	struct wr w = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(codec_decompress(codecs, batch_codec(b), b->records, 1 << 28, &w), 0);
	codecs_free(codecs);
	return w;
}

static void
ck_attested(struct slice records, const struct wr *original, const struct expected *e)
{
	struct batch is, was;
	struct wr plain_is, plain_was;
	struct rd x, y;

	ck_assert_int_eq(batch_read(wr_slice(original), &was), 0);
	ck_assert_int_eq(batch_read(records, &is), 0);
	ck_assert_uint_eq(is.whole.n, records.n); /* still one batch */
	ck_assert(batch_crc_matches(&is));
	ck_assert_mem_eq(is.whole.p, was.whole.p, 8);
	ck_assert_mem_eq(is.whole.p + 12, was.whole.p + 12, 5);
	ck_assert_mem_eq(is.whole.p + BATCH_CRC_FROM, was.whole.p + BATCH_CRC_FROM, BATCH_HEAD - BATCH_CRC_FROM);
	plain_is = plain_of(&is);
	plain_was = plain_of(&was);
	x = rd_of(wr_slice(&plain_is));
	y = rd_of(wr_slice(&plain_was));
	for (int32_t i = 0; i < was.count; i++) {
		uint64_t window = e->first == 0 || i < e->first ? e->window
								: e->window + 1 + (uint64_t)((i - e->first) / e->room);
		struct record now, then;

		ck_assert_int_eq(record_next(&x, is.base_timestamp, &now), 0);
		ck_assert_int_eq(record_next(&y, was.base_timestamp, &then), 0);
		ck_assert(slice_eq(now.before_headers, then.before_headers));
		ck_headers(&now, &then, e, window);
	}
	ck_assert_uint_eq(rd_left(&x), 0);
	wr_free(&plain_is);
	wr_free(&plain_was);
}

/*
 * The request is made again with the batches that went out: it must be what went out,
 * so nothing but batches and their lengths changed (and acks and version, which are told).
 */
static void
ck_only_batches_of(const char *transactional_id, int16_t version, int16_t acks, const struct wr *body,
		   const struct stages_part *parts, size_t n)
{
	struct stages_part with[16];
	struct produce_request q;
	struct wr again;

	ck_assert_uint_le(n, 16);
	ck_assert_int_eq(produce_request_read(version, wr_slice(body), &q), 0);
	ck_assert_uint_eq(q.count, n);
	for (size_t i = 0; i < n; i++) {
		with[i] = parts[i];
		with[i].records = q.parts[i].records;
	}
	again = stages_produce(version, acks, transactional_id, with, n);
	ck_assert_uint_eq(again.len, body->len);
	ck_assert_mem_eq(again.buf, body->buf, again.len);
	wr_free(&again);
	produce_request_free(&q);
}

static UNUSED void
ck_only_batches(int16_t version, int16_t acks, const struct wr *body, const struct stages_part *parts, size_t n)
{
	ck_only_batches_of(NULL, version, acks, body, parts, n);
}

#endif
