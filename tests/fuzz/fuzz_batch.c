/*
 * A record batch from a client: read, decompressed, rewritten, read again.
 *
 * The first byte picks the header mode (modulo 3) and, with its bit 6, whether the records
 * are as they go over the wire or still plain and are compressed here: otherwise the fuzzer
 * would hardly get behind a codec.  The CRC is made right.  What must hold: what is taken
 * comes out with the same records and three headers more, which name the window; leaves are
 * those that a reader computes; a second time gives the same bytes.
 */
#include "attest/rewrite.h"
#include "kafka/record.h"
#include "makoto/triple.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_RECORDS = 4096, MAX_BYTES = 1 << 20, MAX_HEADERS = 256, PLAIN = 0x40 };

static struct rewriter *rewriter;
static struct codecs *codecs;
static const struct chain_id chain = {{1, 2, 3}};

static void
same(struct slice a, struct slice b)
{
	INVARIANT((a.p == NULL) == (b.p == NULL) && slice_eq(a, b));
}

static void
check_record(const struct record *a, const struct record *b, enum header_mode mode, uint64_t window,
	     const struct member *m)
{
	struct header headers[MAX_HEADERS];
	struct rd r = rd_of(b->headers);
	struct leaf_input leaf = {0};
	struct leaf_headers h;
	size_t n = (size_t)a->header_count;
	uint8_t sum[LEAF_LEN];
	struct triple t;

	same(a->before_headers, b->before_headers);
	INVARIANT(b->header_count == a->header_count + 3 && b->headers.n > a->headers.n);
	INVARIANT(slice_eq(a->headers, slice_of(b->headers.p, a->headers.n)));
	if (n + 3 > MAX_HEADERS)
		return;
	for (size_t i = 0; i < n + 3; i++)
		INVARIANT(record_header_next(&r, &headers[i].name, &headers[i].value) == 0);
	INVARIANT(rd_left(&r) == 0);
	leaf_set_record(&leaf, b->key, b->value, true, b->timestamp);
	INVARIANT(triple_last(headers, n + 3, b->value.p == NULL ? NULL : leaf.value_hash, &t));
	INVARIANT(t.well_formed && t.at == n && t.window_id == window && chain_id_eq(&t.chain, &chain));
	INVARIANT(t.compact == (mode == HEADERS_COMPACT));
	if (n > 0) {
		leaf_headers_begin(&h, (uint32_t)n);
		for (size_t i = 0; i < n; i++)
			leaf_headers_add(&h, headers[i].name, headers[i].value);
		leaf_headers_end(&h, leaf.headers_hash);
	}
	leaf_of(&leaf, sum);
	INVARIANT(memcmp(sum, m->leaf, LEAF_LEN) == 0);
	leaf.flags &= (uint8_t)~LEAF_TIME_BOUND;
	leaf_of(&leaf, sum);
	INVARIANT(memcmp(sum, m->unbound, LEAF_LEN) == 0);
}

static void
check(const struct batch *in, const struct batch *out, const struct rewrite_order *o, const struct member *members)
{
	struct wr x = wr_new(SIZE_MAX / 2), y = wr_new(SIZE_MAX / 2);
	struct rd before, behind;

	INVARIANT(batch_crc_matches(out) && out->count == in->count && out->attributes == in->attributes);
	INVARIANT(codec_decompress(codecs, batch_codec(in), in->records, MAX_BYTES, &x) == 0);
	INVARIANT(codec_decompress(codecs, batch_codec(out), out->records, SIZE_MAX / 4, &y) == 0);
	before = rd_of(wr_slice(&x));
	behind = rd_of(wr_slice(&y));
	for (int32_t i = 0; i < in->count; i++) {
		struct record a, b;

		INVARIANT(record_next(&before, in->base_timestamp, &a) == 0);
		INVARIANT(record_next(&behind, out->base_timestamp, &b) == 0);
		check_record(&a, &b, o->mode, (uint32_t)i < o->spans[0].count ? 1 : 2, &members[i]);
	}
	INVARIANT(rd_left(&before) == 0 && rd_left(&behind) == 0);
	wr_free(&x);
	wr_free(&y);
}

/* The batch at s with its records compressed, when it says so, and a right CRC; in memory of its own. */
static bool
prepare(struct slice s, bool plain, struct wr *ret)
{
	struct batch b;
	size_t at;

	if (batch_read(s, &b) != 0 || b.count < 1 || b.count > MAX_RECORDS)
		return false;
	at = batch_begin(&b, ret);
	if (!plain)
		wr_slice_put(ret, b.records);
	else if (codec_compress(codecs, batch_codec(&b), (b.leader_epoch & 1) != 0, b.records, ret) != 0)
		return false;
	return batch_end(ret, at) == 0;
}

static void
rewrite(const struct batch *in, enum header_mode mode)
{
	static struct member members[MAX_RECORDS];
	uint32_t half = (uint32_t)in->count / 2;
	struct rewrite_span spans[2] = {{1, half}, {2, (uint32_t)in->count - half}};
	struct rewrite_order o = {.mode = mode, .dbom_topic = slice_str("makoto.dbom"), .chain = &chain, .spans = spans,
				  .span_count = 2, .bind_timestamp = true, .both = true, .max_bytes = MAX_BYTES};
	struct wr out = wr_new(SIZE_MAX / 2), twice = wr_new(SIZE_MAX / 2);
	struct batch made;
	int err = rewrite_open(rewriter, in, MAX_BYTES, NULL);

	if (err != 0)
		return;
	err = rewrite_batch(rewriter, &o, &out, members, NULL);
	/* What was found good fails for want of room alone. */
	INVARIANT(err == 0 || err == ERR_LIMIT);
	INVARIANT(rewrite_batch(rewriter, &o, &twice, members, NULL) == err);
	rewrite_close(rewriter);
	INVARIANT(slice_eq(wr_slice(&out), wr_slice(&twice)));
	if (err != 0 || mode == HEADERS_NONE) {
		INVARIANT(out.len == 0);
	} else {
		INVARIANT(batch_read(wr_slice(&out), &made) == 0 && made.whole.n == out.len);
		check(in, &made, &o, members);
	}
	wr_free(&out);
	wr_free(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wr bytes = wr_new(SIZE_MAX / 2);
	struct batch in;

	if (rewriter == NULL) {
		rewriter = rewriter_new(NULL);
		codecs = codecs_new(NULL);
	}
	if (size > 1 && prepare(slice_of(data + 1, size - 1), (data[0] & PLAIN) != 0, &bytes)) {
		INVARIANT(batch_read(wr_slice(&bytes), &in) == 0 && batch_crc_matches(&in));
		rewrite(&in, (enum header_mode)((data[0] & ~PLAIN) % 3));
	}
	wr_free(&bytes);
	return 0;
}
