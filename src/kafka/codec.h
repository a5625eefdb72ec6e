/*
 * codec: what a batch's records are compressed with (attribute bits 0-2).
 *
 * A struct codecs holds the contexts and belongs to one thread.  The same input at
 * the same level always gives the same bytes, which retries rely on.
 */
#ifndef KAFKA_CODEC_H
#define KAFKA_CODEC_H

#include "base/slice.h"
#include "base/wr.h"

enum codec { CODEC_NONE, CODEC_GZIP, CODEC_SNAPPY, CODEC_LZ4, CODEC_ZSTD, CODEC_COUNT };

/* 0: the default of each, see codec.c. */
struct codec_levels {
	int gzip, lz4, zstd;
};

struct codecs; /* opaque */

struct codecs *codecs_new(const struct codec_levels *levels) MUSTCHECK; /* NULL: no memory */
void codecs_free(struct codecs *c);                                     /* NULL is fine */

const char *codec_name(enum codec codec);

/* Snappy comes raw (librdkafka, Go) or in xerial's framing (Java, Python). */
bool codec_is_xerial(struct slice in);

/*
 * Appends the decompressed input to `out`, at most `max_out` bytes of it.
 * ERR_LIMIT: it would be more; ERR_MALFORMED; ERR_SHORT; ERR_UNSUPPORTED; ERR_NOMEM.
 * What was appended before a failure is the caller's to forget.
 */
int codec_decompress(struct codecs *c, enum codec codec, struct slice in, size_t max_out, struct wr *out) MUSTCHECK;

/*
 * Appends the compressed input.  `xerial` matters for snappy alone.  ERR_LIMIT: `out` hasn't
 * the room that the codec needs at worst, which is a little more than the input; ERR_NOMEM;
 * ERR_UNSUPPORTED.
 */
int codec_compress(struct codecs *c, enum codec codec, bool xerial, struct slice in, struct wr *out) MUSTCHECK;

#endif
