/*
 * What attesting a batch costs beside its floor, in one process and one run.
 *
 *   floor  what no implementation of the format can leave out: the codec both ways, straight
 *          from its library into buffers of the right size; the hashes of value, key, headers
 *          and leaf; one copy of the new records; the old and the new CRC.  Nothing of Kafka in it.
 *   path   as a reactor does it: batch_read(), batch_crc_matches(), rewrite_open(), rewrite_batch(), full headers
 *
 * Both in turn, ROUNDS times; printed are the medians per record, and their ratio.
 */
#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <stdlib.h>
#include <zstd.h>

#include "attest/rewrite.h"
#include "base/clock.h"
#include "digest/crc32c.h"
#include "tests/unit/batches.h"

enum { RECORDS = 500, ROUNDS = 41, COVERED_MAX = 256 };

struct load {
	enum codec codec;
	size_t value_len;
	struct made_record records[RECORDS];
	char keys[RECORDS][16];
	char traces[RECORDS][40]; /* the value of a header */
	struct wr bytes;          /* the batch */
	struct wr fresh;          /* the new records, before compression */
	size_t plain_len;         /* of the old ones */
	struct wr out;
	struct member members[RECORDS];
	uint8_t covered[COVERED_MAX]; /* what a headers-hash is of */
	size_t covered_len;           /* 0: no headers */
};

/* Contexts of the floor; the path has its own. */
static struct {
	struct codecs *codecs;
	struct rewriter *rewriter;
	struct libdeflate_compressor *deflate;
	struct libdeflate_decompressor *inflate;
	LZ4F_cctx *lz4;
	LZ4F_dctx *unlz4;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *unzstd;
	uint8_t *scratch;
	size_t scratch_len;
} tools;

static void
need(bool ok, const char *what)
{
	if (!ok) {
		fprintf(stderr, "attest_path: %s\n", what);
		exit(1);
	}
}

static void
tools_make(void)
{
	tools.codecs = codecs_new(NULL);
	tools.rewriter = rewriter_new(NULL);
	tools.deflate = libdeflate_alloc_compressor(4); /* the levels that codec.c takes */
	tools.inflate = libdeflate_alloc_decompressor();
	tools.zstd = ZSTD_createCCtx();
	tools.unzstd = ZSTD_createDCtx();
	tools.scratch_len = 4 * 1024 * 1024;
	tools.scratch = malloc(tools.scratch_len);
	need(tools.codecs != NULL && tools.rewriter != NULL && tools.deflate != NULL && tools.inflate != NULL &&
		     tools.zstd != NULL && tools.unzstd != NULL && tools.scratch != NULL &&
		     !LZ4F_isError(LZ4F_createCompressionContext(&tools.lz4, LZ4F_VERSION)) &&
		     !LZ4F_isError(LZ4F_createDecompressionContext(&tools.unlz4, LZ4F_VERSION)),
	     "no memory");
}

/* --- the load ------------------------------------------------------------------ */

/* Telemetry as JSON, cut to a length: it compresses to a fifth or so, as such data does. */
static char *
value_make(size_t len, uint32_t *x)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	while (w.len < len) {
		*x = *x * 1664525 + 1013904223;
		wr_printf(&w, "{\"sensor\":\"press-%u\",\"seq\":%u,\"celsius\":%u.%02u,\"status\":\"%s\"}", *x >> 28,
			  *x >> 12, *x >> 8 & 127, *x % 100, *x >> 30 ? "ok" : "degraded");
	}
	wr_u8(&w, 0);
	w.buf[len] = '\0';
	return (char *)w.buf;
}

/* The format's bytes for a record's headers: u32 count, then each with u32 lengths. */
static void
covered_make(struct load *l, const struct made_record *r)
{
	struct wr w = {l->covered, 0, sizeof(l->covered), sizeof(l->covered), 0};

	wr_u32(&w, (uint32_t)r->header_count);
	for (int i = 0; i < r->header_count; i++) {
		wr_u32(&w, (uint32_t)strlen(r->headers[i].name));
		wr_text(&w, r->headers[i].name);
		wr_u32(&w, (uint32_t)strlen(r->headers[i].value));
		wr_text(&w, r->headers[i].value);
	}
	need(wr_err(&w) == 0, "headers are too long");
	l->covered_len = r->header_count > 0 ? w.len : 0;
}

static struct rewrite_order
order_of(const struct rewrite_span *span, const struct chain_id *chain)
{
	return (struct rewrite_order){.mode = HEADERS_FULL, .dbom_topic = slice_str("makoto.dbom"), .chain = chain,
				      .spans = span, .span_count = 1, .bind_timestamp = true,
				      .max_bytes = SIZE_MAX / 4};
}

static bool
rewrite(const struct batch *b, const struct rewrite_order *o, struct load *l)
{
	bool done = rewrite_open(tools.rewriter, b, o->max_bytes, NULL) == 0 &&
		    rewrite_batch(tools.rewriter, o, &l->out, l->members, NULL) == 0;

	rewrite_close(tools.rewriter);
	return done;
}

static void
load_make(struct load *l, enum codec codec, size_t value_len, int headers)
{
	static const struct rewrite_span span = {1, RECORDS};
	static const struct chain_id chain = {{1}};
	struct rewrite_order o = order_of(&span, &chain);
	struct wr plain = wr_new(SIZE_MAX / 2);
	struct batch b;
	uint32_t x = 7;

	memset(l, 0, sizeof(*l));
	l->codec = codec;
	l->value_len = value_len;
	l->fresh = l->out = wr_new(SIZE_MAX / 2);
	for (int i = 0; i < RECORDS; i++) {
		struct made_record *r = &l->records[i];

		(void)snprintf(l->keys[i], sizeof(l->keys[i]), "key-%d", i);
		(void)snprintf(l->traces[i], sizeof(l->traces[i]), "00-%032x-01", (unsigned)i * 2654435761u);
		*r = (struct made_record){l->keys[i], value_make(value_len, &x), i,
					  {{"traceparent", l->traces[i]}, {"content-type", "application/json"}, {"v", "1"}},
					  headers};
	}
	covered_make(l, &l->records[0]);
	l->bytes = made_batch(tools.codecs, codec, true, l->records, RECORDS, 1700000000000);
	made_records(&plain, l->records, RECORDS);
	l->plain_len = plain.len;
	wr_free(&plain);
	need(batch_read(wr_slice(&l->bytes), &b) == 0 &&
		     rewrite(&b, &o, l) &&
		     batch_read(wr_slice(&l->out), &b) == 0 &&
		     codec_decompress(tools.codecs, codec, b.records, SIZE_MAX / 4, &l->fresh) == 0,
	     "the batch can't be made");
	need(2 * l->fresh.len < tools.scratch_len, "the scratch is too small");
}

static void
load_free(struct load *l)
{
	for (int i = 0; i < RECORDS; i++)
		free((void *)(uintptr_t)l->records[i].value);
	wr_free(&l->bytes);
	wr_free(&l->fresh);
	wr_free(&l->out);
}

/* --- the path ------------------------------------------------------------------ */

static void
path(struct load *l)
{
	static const struct rewrite_span span = {1, RECORDS};
	static const struct chain_id chain = {{1}};
	struct rewrite_order o = order_of(&span, &chain);
	struct batch b;

	wr_reset(&l->out);
	need(batch_read(wr_slice(&l->bytes), &b) == 0 && batch_crc_matches(&b) &&
		     rewrite(&b, &o, l),
	     "rewriting failed");
}

/* --- the floor ----------------------------------------------------------------- */

static bool
plain_floor(enum codec codec, struct slice in, uint8_t *to, size_t n)
{
	size_t made = n, used = in.n;

	switch (codec) {
	case CODEC_GZIP: return libdeflate_gzip_decompress(tools.inflate, in.p, in.n, to, n, NULL) == 0;
	case CODEC_LZ4: return LZ4F_decompress(tools.unlz4, to, &made, in.p, &used, NULL) == 0;
	case CODEC_ZSTD: return ZSTD_decompressDCtx(tools.unzstd, to, n, in.p, in.n) == n;
	case CODEC_SNAPPY:
		for (size_t at = 16, done = 0; at < in.n; at += 4 + used, done += made) {
			struct slice len = slice_of(in.p + at, 4);

			used = (size_t)len.p[0] << 24 | (size_t)len.p[1] << 16 | (size_t)len.p[2] << 8 | len.p[3];
			made = n - done;
			if (snappy_uncompress((const char *)in.p + at + 4, used, (char *)to + done, &made) != SNAPPY_OK)
				return false;
		}
		return true;
	case CODEC_NONE:
	case CODEC_COUNT: return true;
	}
	return false;
}

/* The compressed size; 0: it failed. */
static size_t
packed_floor(enum codec codec, struct slice in, uint8_t *to, size_t room)
{
	LZ4F_preferences_t pref = {.frameInfo = {.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent},
				   .autoFlush = 1};
	size_t head, body, end, done = 16;

	switch (codec) {
	case CODEC_GZIP: return libdeflate_gzip_compress(tools.deflate, in.p, in.n, to, room);
	case CODEC_ZSTD: return ZSTD_compressCCtx(tools.zstd, to, room, in.p, in.n, 3);
	case CODEC_LZ4:
		head = LZ4F_compressBegin(tools.lz4, to, room, &pref);
		body = LZ4F_compressUpdate(tools.lz4, to + head, room - head, in.p, in.n, NULL);
		end = LZ4F_isError(body) ? body : LZ4F_compressEnd(tools.lz4, to + head + body, room - head - body, NULL);
		return LZ4F_isError(end) ? 0 : head + body + end;
	case CODEC_SNAPPY:
		for (size_t at = 0, n = 0; at < in.n; at += n) {
			size_t made = room - done;

			n = in.n - at < 32768 ? in.n - at : 32768;
			if (snappy_compress((const char *)in.p + at, n, (char *)to + done + 4, &made) != SNAPPY_OK)
				return 0;
			done += 4 + made;
		}
		return done;
	case CODEC_NONE:
	case CODEC_COUNT: break;
	}
	memcpy(to, in.p, in.n);
	return in.n;
}

static void
floor_of(struct load *l)
{
	uint8_t leaf[LEAF_INPUT] = {0, 1, LEAF_TIME_BOUND};
	struct slice in = slice_of(l->bytes.buf + BATCH_HEAD, l->bytes.len - BATCH_HEAD);
	uint32_t crc = crc32c(0, wr_slice(&l->bytes));
	size_t n;

	need(plain_floor(l->codec, in, tools.scratch, l->plain_len), "the floor's decompression failed");
	for (int i = 0; i < RECORDS; i++) {
		/* Where the format puts them: a leaf can't be hashed before its parts are. */
		sha256_of(slice_str(l->keys[i]), leaf + 11);
		sha256_of(slice_of(l->records[i].value, l->value_len), leaf + 43);
		if (l->covered_len > 0)
			sha256_of(slice_of(l->covered, l->covered_len), leaf + 75);
		sha256_of(slice_of(leaf, sizeof(leaf)), l->members[i].leaf);
	}
	if (l->codec != CODEC_NONE) /* else the copy is packed_floor()'s */
		memcpy(tools.scratch + tools.scratch_len / 2, l->fresh.buf, l->fresh.len);
	n = packed_floor(l->codec, wr_slice(&l->fresh), tools.scratch, tools.scratch_len / 2);
	need(n > 0, "the floor's compression failed");
	crc ^= crc32c(0, slice_of(tools.scratch, n));
	l->members[0].value_bytes = crc; /* so that nothing above can be left out */
}

/* ------------------------------------------------------------------------------- */

static int64_t
timed(void (*what)(struct load *), struct load *l)
{
	struct monotime t = clock_now();

	what(l);
	return monotime_since_ns(clock_now(), t);
}

static int
by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void
row(enum codec codec, size_t value_len, int headers)
{
	static struct load l;
	int64_t floors[ROUNDS], paths[ROUNDS];

	load_make(&l, codec, value_len, headers);
	for (int i = 0; i < ROUNDS; i++) {
		floors[i] = timed(floor_of, &l);
		paths[i] = timed(path, &l);
	}
	qsort(floors, ROUNDS, sizeof(int64_t), by_value);
	qsort(paths, ROUNDS, sizeof(int64_t), by_value);
	printf("%-7s %6zu %8d %10.2f %13lld %12lld %7.2f %10.0f\n", codec_name(codec), value_len, headers,
	       (double)l.plain_len / (double)(l.bytes.len - BATCH_HEAD), (long long)floors[ROUNDS / 2] / RECORDS,
	       (long long)paths[ROUNDS / 2] / RECORDS, (double)paths[ROUNDS / 2] / (double)floors[ROUNDS / 2],
	       (double)value_len * RECORDS * 1000 / (double)paths[ROUNDS / 2]);
	load_free(&l);
}

int
main(void)
{
	static const size_t lens[] = {100, 1024};

	tools_make();
	printf("%-7s %6s %8s %10s %13s %12s %7s %10s\n", "codec", "bytes", "headers", "compressed", "floor ns/rec",
	       "path ns/rec", "ratio", "path MB/s");
	for (size_t k = 0; k < ARRAY_LEN(lens); k++)
		for (int c = CODEC_NONE; c < CODEC_COUNT; c++)
			row((enum codec)c, lens[k], 0);
	for (size_t k = 0; k < ARRAY_LEN(lens); k++)
		row(CODEC_NONE, lens[k], 3);
	return 0;
}
