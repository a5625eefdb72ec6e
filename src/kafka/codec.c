/*
 * Defaults.  gzip 4: within a few percent of the size of zlib's 6, which Java uses, at
 * half its time.  lz4: the fast compressor, as every client.  zstd 3: the clients' default.
 */
#include "kafka/codec.h"

#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zstd.h>

enum { GZIP_LEVEL = 4, LZ4_LEVEL = 0, ZSTD_LEVEL = 3 };
enum { ZSTD_WINDOW_LOG = 23 }; /* 8 MiB: what every client's decoder takes by default */
enum { XERIAL_BLOCK = 32 * 1024 };

struct codecs {
	struct codec_levels levels;
	struct libdeflate_compressor *deflate;
	struct libdeflate_decompressor *inflate;
	LZ4F_cctx *lz4;
	LZ4F_dctx *unlz4;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *unzstd;
};

/* magic, version 1, compatible with 1 */
static const uint8_t xerial_head[16] = {0x82, 'S', 'N', 'A', 'P', 'P', 'Y', 0, 0, 0, 0, 1, 0, 0, 0, 1};

struct codecs *
codecs_new(const struct codec_levels *levels)
{
	struct codecs *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->levels = levels != NULL ? *levels : (struct codec_levels){0};
	if (c->levels.gzip == 0)
		c->levels.gzip = GZIP_LEVEL;
	if (c->levels.lz4 == 0)
		c->levels.lz4 = LZ4_LEVEL;
	if (c->levels.zstd == 0)
		c->levels.zstd = ZSTD_LEVEL;
	return c;
}

void
codecs_free(struct codecs *c)
{
	if (c == NULL)
		return;
	libdeflate_free_compressor(c->deflate);
	libdeflate_free_decompressor(c->inflate);
	(void)LZ4F_freeCompressionContext(c->lz4);
	(void)LZ4F_freeDecompressionContext(c->unlz4);
	(void)ZSTD_freeCCtx(c->zstd);
	(void)ZSTD_freeDCtx(c->unzstd);
	free(c);
}

const char *
codec_name(enum codec codec)
{
	static const char *const names[CODEC_COUNT] = {"none", "gzip", "snappy", "lz4", "zstd"};

	return codec < CODEC_COUNT ? names[codec] : "unknown";
}

/* --- gzip ---------------------------------------------------------------------- */

static int
gunzip_member(struct codecs *c, struct slice *in, size_t max_out, struct wr *out)
{
	/* The trailer's size is a hint that a peer wrote; without one, records shrink to a quarter or so. */
	size_t guess = in->n > max_out / 4 ? max_out : in->n * 4 + 64;

	for (;;) {
		size_t used, made;
		uint8_t *to;

		if (guess > max_out)
			guess = max_out;
		to = wr_room(out, guess > 0 ? guess : 1);
		if (to == NULL)
			return wr_err(out);
		switch (libdeflate_gzip_decompress_ex(c->inflate, in->p, in->n, to, guess, &used, &made)) {
		case LIBDEFLATE_SUCCESS:
			wr_commit(out, made);
			*in = slice_of(in->p + used, in->n - used);
			return 0;
		case LIBDEFLATE_INSUFFICIENT_SPACE:
			if (guess == max_out)
				return ERR_LIMIT;
			guess = guess > max_out / 4 ? max_out : guess * 4;
			break;
		case LIBDEFLATE_BAD_DATA:
		case LIBDEFLATE_SHORT_OUTPUT:
		default: return ERR_MALFORMED;
		}
	}
}

static int
gunzip(struct codecs *c, struct slice in, size_t max_out, struct wr *out)
{
	size_t from = out->len;
	int err;

	if (c->inflate == NULL && (c->inflate = libdeflate_alloc_decompressor()) == NULL)
		return ERR_NOMEM;
	/* RFC 1952: members may follow each other. */
	do {
		err = gunzip_member(c, &in, max_out - (out->len - from), out);
	} while (err == 0 && in.n > 0);
	return err;
}

static int
gzip(struct codecs *c, struct slice in, struct wr *out)
{
	size_t bound, n;
	uint8_t *to;

	if (c->deflate == NULL && (c->deflate = libdeflate_alloc_compressor(c->levels.gzip)) == NULL)
		return ERR_NOMEM;
	bound = libdeflate_gzip_compress_bound(c->deflate, in.n);
	if ((to = wr_room(out, bound)) == NULL)
		return wr_err(out);
	n = libdeflate_gzip_compress(c->deflate, in.p, in.n, to, bound);
	if (n == 0)
		return ERR_LIMIT;
	wr_commit(out, n);
	return 0;
}

/* --- snappy -------------------------------------------------------------------- */

bool
codec_is_xerial(struct slice in)
{
	return in.n >= sizeof(xerial_head) && memcmp(in.p, xerial_head, 8) == 0;
}

static int
unsnappy_block(struct slice in, size_t max_out, struct wr *out)
{
	size_t n;
	uint8_t *to;

	if (snappy_uncompressed_length((const char *)in.p, in.n, &n) != SNAPPY_OK)
		return ERR_MALFORMED;
	if (n > max_out)
		return ERR_LIMIT;
	/* A block can't be more than about 64 times its size: a length that no bytes could back is refused before room is made. */
	if (n / 256 > in.n)
		return ERR_MALFORMED;
	if ((to = wr_room(out, n > 0 ? n : 1)) == NULL)
		return wr_err(out);
	if (snappy_uncompress((const char *)in.p, in.n, (char *)to, &n) != SNAPPY_OK)
		return ERR_MALFORMED;
	wr_commit(out, n);
	return 0;
}

static int
unsnappy(struct slice in, size_t max_out, struct wr *out)
{
	size_t from = out->len, at = sizeof(xerial_head);

	if (!codec_is_xerial(in))
		return unsnappy_block(in, max_out, out);
	while (at < in.n) {
		uint32_t n;
		int err;

		if (in.n - at < 4)
			return ERR_SHORT;
		memcpy(&n, in.p + at, 4);
		n = __builtin_bswap32(n);
		at += 4;
		if (n > in.n - at)
			return ERR_SHORT;
		err = unsnappy_block(slice_of(in.p + at, n), max_out - (out->len - from), out);
		if (err != 0)
			return err;
		at += n;
	}
	return 0;
}

static int
snappy_block(struct slice in, struct wr *out)
{
	size_t n = snappy_max_compressed_length(in.n);
	uint8_t *to = wr_room(out, n);

	if (to == NULL)
		return wr_err(out);
	if (snappy_compress((const char *)in.p, in.n, (char *)to, &n) != SNAPPY_OK)
		return ERR_LIMIT;
	wr_commit(out, n);
	return 0;
}

static int
snappy(bool xerial, struct slice in, struct wr *out)
{
	if (!xerial)
		return snappy_block(in, out);
	wr_bytes(out, xerial_head, sizeof(xerial_head));
	while (in.n > 0) {
		struct slice block = slice_of(in.p, in.n < XERIAL_BLOCK ? in.n : XERIAL_BLOCK);
		size_t at = out->len;
		int err;

		wr_u32(out, 0);
		if ((err = snappy_block(block, out)) != 0)
			return err;
		wr_patch_u32(out, at, (uint32_t)(out->len - at - 4));
		in = slice_of(in.p + block.n, in.n - block.n);
	}
	return wr_err(out);
}

/* --- lz4 ----------------------------------------------------------------------- */

/* What Java's reader takes: independent blocks of 64 KiB, no checksums, no content size. */
static LZ4F_preferences_t
lz4_preferences(int level)
{
	return (LZ4F_preferences_t){
		.frameInfo = {.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent},
		.compressionLevel = level,
	};
}

static int
unlz4(struct codecs *c, struct slice in, size_t max_out, struct wr *out)
{
	size_t from = out->len;
	int err = 0;

	if (c->unlz4 == NULL && LZ4F_isError(LZ4F_createDecompressionContext(&c->unlz4, LZ4F_VERSION)))
		return ERR_NOMEM;
	for (;;) {
		size_t left = max_out - (out->len - from);
		size_t room = left < 256 * 1024 ? left : 256 * 1024, used = in.n, hint;
		uint8_t *to = wr_room(out, room > 0 ? room : 1);

		if (to == NULL) {
			err = wr_err(out);
			break;
		}
		hint = LZ4F_decompress(c->unlz4, to, &room, in.p, &used, NULL);
		if (LZ4F_isError(hint)) {
			err = ERR_MALFORMED;
			break;
		}
		wr_commit(out, room);
		in = slice_of(in.p + used, in.n - used);
		if (hint == 0) {
			if (in.n > 0)
				err = ERR_MALFORMED; /* one frame, nothing behind it */
			break;
		}
		if (room == 0 && used == 0) {
			err = in.n == 0 ? ERR_SHORT : ERR_LIMIT;
			break;
		}
		if (in.n == 0 && room == 0) {
			err = ERR_SHORT;
			break;
		}
	}
	/* An unfinished frame must not be continued by the next batch. */
	LZ4F_resetDecompressionContext(c->unlz4);
	return err;
}

static int
lz4(struct codecs *c, struct slice in, struct wr *out)
{
	LZ4F_preferences_t pref = lz4_preferences(c->levels.lz4);
	size_t bound, n;
	uint8_t *to;

	if (c->lz4 == NULL && LZ4F_isError(LZ4F_createCompressionContext(&c->lz4, LZ4F_VERSION)))
		return ERR_NOMEM;
	bound = LZ4F_HEADER_SIZE_MAX + LZ4F_compressBound(in.n, &pref);
	if ((to = wr_room(out, bound)) == NULL)
		return wr_err(out);
	n = LZ4F_compressBegin(c->lz4, to, bound, &pref);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	wr_commit(out, n);
	n = LZ4F_compressUpdate(c->lz4, out->buf + out->len, bound - n, in.p, in.n, NULL);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	wr_commit(out, n);
	if ((to = wr_room(out, LZ4F_compressBound(0, &pref))) == NULL)
		return wr_err(out);
	n = LZ4F_compressEnd(c->lz4, to, LZ4F_compressBound(0, &pref), NULL);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	wr_commit(out, n);
	return 0;
}

/* --- zstd ---------------------------------------------------------------------- */

static int
unzstd(struct codecs *c, struct slice in, size_t max_out, struct wr *out)
{
	ZSTD_inBuffer src = {in.p, in.n, 0};
	size_t from = out->len;
	size_t more;

	if (c->unzstd == NULL) {
		if ((c->unzstd = ZSTD_createDCtx()) == NULL)
			return ERR_NOMEM;
		/* A frame that claims a larger window would make us hold it. */
		(void)ZSTD_DCtx_setParameter(c->unzstd, ZSTD_d_windowLogMax, 27);
	}
	(void)ZSTD_DCtx_reset(c->unzstd, ZSTD_reset_session_only);
	do {
		size_t left = max_out - (out->len - from);
		ZSTD_outBuffer dst = {NULL, left < 256 * 1024 ? left : 256 * 1024, 0};
		size_t before = src.pos;

		if ((dst.dst = wr_room(out, dst.size > 0 ? dst.size : 1)) == NULL)
			return wr_err(out);
		more = ZSTD_decompressStream(c->unzstd, &dst, &src);
		if (ZSTD_isError(more))
			return ERR_MALFORMED;
		wr_commit(out, dst.pos);
		if (more != 0 && dst.pos == 0 && src.pos == before)
			return src.pos == src.size ? ERR_SHORT : ERR_LIMIT;
	} while (more != 0 || src.pos < src.size);
	return 0;
}

static int
zstd(struct codecs *c, struct slice in, struct wr *out)
{
	size_t bound = ZSTD_compressBound(in.n), n;
	uint8_t *to;

	if (c->zstd == NULL) {
		if ((c->zstd = ZSTD_createCCtx()) == NULL)
			return ERR_NOMEM;
		(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_compressionLevel, c->levels.zstd);
		if (c->levels.zstd > 15) /* high levels would take larger windows than readers like */
			(void)ZSTD_CCtx_setParameter(c->zstd, ZSTD_c_windowLog, ZSTD_WINDOW_LOG);
	}
	if ((to = wr_room(out, bound)) == NULL)
		return wr_err(out);
	n = ZSTD_compress2(c->zstd, to, bound, in.p, in.n);
	if (ZSTD_isError(n))
		return ERR_LIMIT;
	wr_commit(out, n);
	return 0;
}

/* ------------------------------------------------------------------------------- */

int
codec_decompress(struct codecs *c, enum codec codec, struct slice in, size_t max_out, struct wr *out)
{
	switch (codec) {
	case CODEC_NONE:
		if (in.n > max_out)
			return ERR_LIMIT;
		wr_slice_put(out, in);
		return wr_err(out);
	case CODEC_GZIP: return gunzip(c, in, max_out, out);
	case CODEC_SNAPPY: return unsnappy(in, max_out, out);
	case CODEC_LZ4: return unlz4(c, in, max_out, out);
	case CODEC_ZSTD: return unzstd(c, in, max_out, out);
	case CODEC_COUNT: break;
	}
	return ERR_UNSUPPORTED;
}

int
codec_compress(struct codecs *c, enum codec codec, bool xerial, struct slice in, struct wr *out)
{
	switch (codec) {
	case CODEC_NONE: wr_slice_put(out, in); return wr_err(out);
	case CODEC_GZIP: return gzip(c, in, out);
	case CODEC_SNAPPY: return snappy(xerial, in, out);
	case CODEC_LZ4: return lz4(c, in, out);
	case CODEC_ZSTD: return zstd(c, in, out);
	case CODEC_COUNT: break;
	}
	return ERR_UNSUPPORTED;
}
