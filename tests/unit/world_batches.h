/* world_batches: the world's records (tests/unit/world.h) as a log keeps them, and its statements as the ledger gives them. */
#ifndef TESTS_UNIT_WORLD_BATCHES_H
#define TESTS_UNIT_WORLD_BATCHES_H

#include "kafka/batch.h"
#include "verify/ledger.h"
#include "world.h"

enum { KNOWN_MAX = 32, BATCHES_MAX = 1 << 20 };

static struct world w;

/* --- what the ledger knows ------------------------------------------------------------------- */

static struct {
	struct ledger_window windows[KNOWN_MAX];
	struct statement *statements[KNOWN_MAX];
	const struct ledger_window *list[KNOWN_MAX];
	struct ledger_link links[KNOWN_MAX];
	struct ledger_answer a;
} known;

static void
forget(void)
{
	for (size_t i = 0; i < known.a.count; i++)
		statement_free(known.statements[i]);
	known.a.count = 0;
}

/* The ledger knows the statements first … to-1 of the world. */
static void
know(size_t first, size_t to)
{
	forget();
	for (size_t i = first; i < to; i++) {
		size_t n = known.a.count++;

		ck_assert_int_eq(statement_read(wr_slice(&w.s[i].payload), &known.statements[n]), 0);
		known.windows[n].w = (struct verdict_window){
			.statement = known.statements[n],
			.trust = TRUST_SIGNED,
			.manifest = w.s[i].manifest.len > 0 ? wr_slice(&w.s[i].manifest) : (struct slice){NULL, 0}};
		sha256_of(wr_slice(&w.s[i].payload), known.windows[n].w.sha256);
		known.list[n] = &known.windows[n];
	}
	memset(known.links, 0, sizeof(known.links));
	known.a.windows = known.list;
	known.a.links = known.links;
	known.a.whole = known.a.current = true;
}

#define WINDOW(p, ...) world_window(&w, p, &(struct world_window){__VA_ARGS__})

/* --- batches of the world's records ------------------------------------------------------ */

static struct codecs *batch_codecs; /* the test's */

static void
put_text(struct wr *out, struct slice s)
{
	wr_varint(out, s.p == NULL ? -1 : (int32_t)s.n);
	wr_slice_put(out, s);
}

struct made {
	enum codec codec;
	int16_t attributes;
	int32_t more; /* offsets behind the last record */
	bool bad_crc;
};

/* The world's records of offsets from … to-1 that aren't gone, as one batch. */
static UNUSED void
put_batch(struct wr *out, int64_t from, int64_t to, const struct made *how)
{
	struct batch b = {.base_offset = from,
			  .attributes = (int16_t)(how->attributes | (int16_t)how->codec),
			  .last_offset_delta = (int32_t)(to - from - 1) + how->more,
			  .base_timestamp = WORLD_NOW - 3600000 * 2,
			  .max_timestamp = WORLD_NOW,
			  .producer_id = -1,
			  .producer_epoch = -1,
			  .base_sequence = -1};
	struct wr plain = wr_new(BATCHES_MAX);
	size_t at;

	for (size_t i = 0; i < w.count; i++) {
		const struct world_record *r = &w.r[i];
		struct wr one = wr_new(BATCHES_MAX);

		if (r->gone || r->offset < from || r->offset >= to)
			continue;
		b.count++;
		wr_u8(&one, 0);
		wr_varlong(&one, r->timestamp - b.base_timestamp);
		wr_varint(&one, (int32_t)(r->offset - from));
		put_text(&one, slice_str(r->key));
		put_text(&one, world_value(r));
		wr_varint(&one, (int32_t)r->header_count);
		for (size_t h = 0; h < r->header_count; h++) {
			put_text(&one, r->headers[h].name);
			put_text(&one, r->headers[h].value);
		}
		wr_varint(&plain, (int32_t)one.len);
		wr_slice_put(&plain, wr_slice(&one));
		wr_free(&one);
	}
	at = batch_begin(&b, out);
	ck_assert_int_eq(codec_compress(batch_codecs, how->codec, true, wr_slice(&plain), out), 0);
	ck_assert_int_eq(batch_end(out, at), 0);
	if (how->bad_crc)
		out->buf[out->len - 1] ^= 1;
	wr_free(&plain);
}

#define BATCH(out, from, to, ...) put_batch(out, from, to, &(struct made){__VA_ARGS__})

#endif
