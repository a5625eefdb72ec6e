/*
 * A record batch from a client: read, decompressed, rewritten, read again.
 *
 * The first byte picks the header mode; the CRC is made right, so that the fuzzer gets
 * behind it.  What must hold: whatever is taken comes out with the same records, three
 * headers more, and leaves that a reader computes too.
 */
#include "attest/rewrite.h"
#include "digest/crc32c.h"
#include "kafka/record.h"
#include "makoto/triple.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_RECORDS = 4096, MAX_BYTES = 1 << 20 };

static struct rewriter *rewriter;
static struct codecs *codecs;

static void
same(struct slice a, struct slice b)
{
	INVARIANT((a.p == NULL) == (b.p == NULL) && slice_eq(a, b));
}

static void
check(const struct batch *in, const struct batch *out, const struct member *members)
{
	struct wr x = wr_new(MAX_BYTES), y = wr_new(SIZE_MAX / 2);
	struct rd before, behind;

	INVARIANT(batch_crc_matches(out) && out->count == in->count && out->attributes == in->attributes);
	INVARIANT(codec_decompress(codecs, batch_codec(in), in->records, MAX_BYTES, &x) == 0);
	INVARIANT(codec_decompress(codecs, batch_codec(out), out->records, SIZE_MAX / 4, &y) == 0);
	before = rd_of(wr_slice(&x));
	behind = rd_of(wr_slice(&y));
	for (int32_t i = 0; i < in->count; i++) {
		struct record a, b;
		struct leaf_input leaf = {0};
		uint8_t sum[LEAF_LEN];

		INVARIANT(record_next(&before, in->base_timestamp, &a) == 0);
		INVARIANT(record_next(&behind, out->base_timestamp, &b) == 0);
		same(a.key, b.key);
		same(a.value, b.value);
		INVARIANT(a.timestamp == b.timestamp && b.header_count == a.header_count + 3);
		INVARIANT(b.headers.n > a.headers.n);
		same(a.headers, slice_of(a.headers.p == NULL ? NULL : b.headers.p, a.headers.n));
		leaf_set_record(&leaf, b.key, b.value, true, b.timestamp);
		if (a.header_count == 0) {
			leaf_of(&leaf, sum);
			INVARIANT(memcmp(sum, members[i].leaf, LEAF_LEN) == 0);
		}
	}
	INVARIANT(rd_left(&behind) == 0);
	wr_free(&x);
	wr_free(&y);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct member members[MAX_RECORDS];
	struct chain_id chain = {{1, 2, 3}};
	struct rewrite_span spans[2];
	struct rewrite_order o = {.dbom_topic = slice_str("makoto.dbom"), .chain = &chain, .spans = spans,
				  .bind_timestamp = true, .max_bytes = MAX_BYTES};
	struct wr out = wr_new(SIZE_MAX / 2);
	struct batch in, again;
	uint8_t *copy;
	uint32_t crc;

	if (rewriter == NULL) {
		rewriter = rewriter_new(NULL);
		codecs = codecs_new(NULL);
	}
	if (size < 1 + BATCH_HEAD)
		return 0;
	o.mode = (enum header_mode)(data[0] % 3);
	copy = malloc(size - 1);
	memcpy(copy, data + 1, size - 1);
	if (batch_read(slice_of(copy, size - 1), &in) != 0)
		goto end;
	crc = __builtin_bswap32(crc32c(0, slice_of(in.whole.p + BATCH_CRC_FROM, in.whole.n - BATCH_CRC_FROM)));
	memcpy(copy + BATCH_CRC_AT, &crc, 4);
	if (batch_read(slice_of(copy, size - 1), &in) != 0 || !batch_crc_matches(&in) || in.count > MAX_RECORDS ||
	    in.count < 1)
		goto end;
	spans[0] = (struct rewrite_span){1, (uint32_t)in.count / 2};
	spans[1] = (struct rewrite_span){2, (uint32_t)in.count - (uint32_t)in.count / 2};
	o.span_count = 2;
	if (rewrite_batch(rewriter, &in, &o, &out, members, NULL) != 0) {
		INVARIANT(out.len == 0);
		goto end;
	}
	if (o.mode == HEADERS_NONE) {
		INVARIANT(out.len == 0);
	} else {
		INVARIANT(batch_read(wr_slice(&out), &again) == 0);
		check(&in, &again, members);
	}
end:
	free(copy);
	wr_free(&out);
	return 0;
}
