#include "kafka/batch.h"

#include "base/rd.h"
#include "digest/crc32c.h"

int
batch_read(struct slice s, struct batch *ret)
{
	struct rd r = rd_of(s);
	struct batch b = {0};
	int32_t length;
	uint8_t magic;

	b.base_offset = rd_i64(&r);
	length = rd_i32(&r);
	b.leader_epoch = rd_i32(&r);
	magic = rd_u8(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	if (magic != 2)
		return magic < 2 ? ERR_UNSUPPORTED : ERR_MALFORMED;
	b.crc = rd_u32(&r);
	b.attributes = rd_i16(&r);
	b.last_offset_delta = rd_i32(&r);
	b.base_timestamp = rd_i64(&r);
	b.max_timestamp = rd_i64(&r);
	b.producer_id = rd_i64(&r);
	b.producer_epoch = rd_i16(&r);
	b.base_sequence = rd_i32(&r);
	b.count = rd_i32(&r);
	if (rd_err(&r) != 0)
		return rd_err(&r);
	if (length < BATCH_HEAD - 12 || b.count < 0)
		return ERR_MALFORMED;
	if ((size_t)length - (BATCH_HEAD - 12) > rd_left(&r))
		return ERR_SHORT;
	b.whole = slice_of(s.p, (size_t)length + 12);
	b.records = slice_of(s.p + BATCH_HEAD, (size_t)length - (BATCH_HEAD - 12));
	*ret = b;
	return 0;
}

bool
batch_crc_matches(const struct batch *b)
{
	return crc32c(0, slice_of(b->whole.p + BATCH_CRC_FROM, b->whole.n - BATCH_CRC_FROM)) == b->crc;
}

size_t
batch_begin(const struct batch *b, struct wr *w)
{
	size_t at = w->len;

	wr_i64(w, b->base_offset);
	wr_i32(w, 0);
	wr_i32(w, b->leader_epoch);
	wr_u8(w, 2);
	wr_u32(w, 0);
	wr_i16(w, b->attributes);
	wr_i32(w, b->last_offset_delta);
	wr_i64(w, b->base_timestamp);
	wr_i64(w, b->max_timestamp);
	wr_i64(w, b->producer_id);
	wr_i16(w, b->producer_epoch);
	wr_i32(w, b->base_sequence);
	wr_i32(w, b->count);
	return at;
}

int
batch_end(struct wr *w, size_t at)
{
	size_t n;

	if (wr_err(w) != 0)
		return wr_err(w);
	INVARIANT(w->len >= at && w->len - at >= BATCH_HEAD);
	n = w->len - at;
	if (n > INT32_MAX)
		return ERR_LIMIT;
	wr_patch_u32(w, at + 8, (uint32_t)(n - 12));
	wr_patch_u32(w, at + BATCH_CRC_AT,
		     crc32c(0, slice_of(w->buf + at + BATCH_CRC_FROM, n - BATCH_CRC_FROM)));
	return 0;
}
