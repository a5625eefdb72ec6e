/*
 * batch: a record batch, version 2 (magic 2).
 *
 *    0 base offset │ 8 length │12 leader epoch │16 magic │17 CRC │21 attributes │23 last offset delta │27 base timestamp
 *   35 max timestamp │43 producer id │51 epoch │53 base sequence │57 count │61 records, compressed as one
 *
 * The CRC (CRC-32C) covers 21 to the end.  In every format the magic stands at 16.
 */
#ifndef KAFKA_BATCH_H
#define KAFKA_BATCH_H

#include "base/wr.h"
#include "kafka/codec.h"

enum { BATCH_HEAD = 61, BATCH_MAGIC_AT = 16, BATCH_CRC_AT = 17, BATCH_CRC_FROM = 21 };

enum {
	BATCH_CODEC_MASK = 0x07,
	BATCH_LOG_APPEND = 0x08, /* timestamps are the broker's */
	BATCH_TRANSACTIONAL = 0x10,
	BATCH_CONTROL = 0x20,
};

struct batch {
	int64_t base_offset;
	int32_t leader_epoch;
	uint32_t crc;
	int16_t attributes;
	int32_t last_offset_delta;
	int64_t base_timestamp;
	int64_t max_timestamp;
	int64_t producer_id; /* -1: none */
	int16_t producer_epoch;
	int32_t base_sequence;
	int32_t count;
	struct slice whole;   /* all of it */
	struct slice records; /* as they stand there: compressed or not */
};

/*
 * The first batch in s, which may hold more behind it.  0; ERR_UNSUPPORTED: magic 0 or 1
 * (message sets); ERR_SHORT: cut off; ERR_MALFORMED.
 */
int batch_read(struct slice s, struct batch *ret) MUSTCHECK;

bool batch_crc_matches(const struct batch *b);

static inline bool
batch_is(const struct batch *b, int flag)
{
	return (b->attributes & flag) != 0;
}

/* CODEC_COUNT when the bits name none that is known. */
static inline enum codec
batch_codec(const struct batch *b)
{
	int c = b->attributes & BATCH_CODEC_MASK;

	return c < CODEC_COUNT ? (enum codec)c : CODEC_COUNT;
}

/* Writes b's header with length and CRC still open; returns where it begins.  The records follow, then batch_end(). */
size_t batch_begin(const struct batch *b, struct wr *w);

/* Fills in length and CRC of the batch that begins at `at` and ends at the writer's end. */
int batch_end(struct wr *w, size_t at) MUSTCHECK;

#endif
