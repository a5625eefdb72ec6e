/*
 * Defaults.  gzip 4: within a few percent of the size of zlib's 6, which Java uses, at
 * half its time.  lz4: the fast compressor, as every client.  zstd 3: the clients' default.
 */
#include "kafka/codec.h"

#include <libdeflate.h>
#include <lz4frame.h>
#include <snappy-c.h>
#include <zstd.h>
#include <zstd_errors.h>

enum { GZIP_LEVEL = 4, LZ4_LEVEL = 0, ZSTD_LEVEL = 3 };
enum { ZSTD_WINDOW_LOG = 23 }; /* 8 MiB: what every client's decoder takes by default */
enum { XERIAL_BLOCK = 32 * 1024 };

/* The most that one byte of input can become: a claim of more isn't believed, nor is room made for it. */
enum {
	GZIP_RATIO = 1032,          /* a match of 258 bytes in two bits */
	SNAPPY_RATIO = 22,          /* a copy of 64 bytes in three */
	ZSTD_RATIO = 128 * 1024 / 4 /* a block of one repeated byte */
};

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

/*
 * Decompressors that take whole inputs (libdeflate, zstd's one-shot) need the output's
 * size beforehand.  What a peer claims is used when it is possible; else the room that
 * earlier batches left is tried, and four times more until it fits or is too much.
 */
struct guess {
	size_t now;
	size_t most;
};

static struct guess
guess_first(const struct wr *out, size_t in_n, size_t claim, size_t max_out)
{
	struct guess g = {out->cap - out->len, out->max - out->len};

	if (g.most > max_out)
		g.most = max_out;
	if (claim > 0)
		g.now = claim;
	else if (g.now / 4 < in_n)
		g.now = in_n > g.most / 4 ? g.most : in_n * 4;
	if (g.now > g.most)
		g.now = g.most;
	return g;
}

/* false: it was the last. */
static bool
guess_next(struct guess *g)
{
	if (g->now == g->most)
		return false;
	g->now = g->now > g->most / 4 ? g->most : g->now * 4 + 64;
	if (g->now > g->most)
		g->now = g->most;
	return true;
}

/* --- gzip ---------------------------------------------------------------------- */

/* RFC 1952, section 2.3.1: the last four bytes are the size of the (last) member, modulo 2^32. */
static size_t
gzip_claim(struct slice in)
{
	uint32_t n;

	if (in.n < 18)
		return 0;
	memcpy(&n, in.p + in.n - 4, 4);
	return n / GZIP_RATIO <= in.n ? n : 0; /* x86 and arm64 are little-endian, as gzip is */
}

static int
gunzip_member(struct codecs *c, struct slice *in, size_t max_out, struct wr *out)
{
	struct guess g = guess_first(out, in->n, gzip_claim(*in), max_out);

	do {
		uint8_t *to = wr_room(out, g.now > 0 ? g.now : 1);
		size_t used, made;

		if (to == NULL)
			return wr_err(out);
		switch (libdeflate_gzip_decompress_ex(c->inflate, in->p, in->n, to, g.now, &used, &made)) {
		case LIBDEFLATE_SUCCESS:
			wr_commit(out, made);
			*in = slice_of(in->p + used, in->n - used);
			return 0;
		case LIBDEFLATE_INSUFFICIENT_SPACE: break;
		case LIBDEFLATE_BAD_DATA:
		case LIBDEFLATE_SHORT_OUTPUT:
		default: return ERR_MALFORMED;
		}
	} while (guess_next(&g));
	return ERR_LIMIT;
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
	if (n / SNAPPY_RATIO > in.n)
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
	/* What Java's reader takes: independent blocks of 64 KiB, no checksums, no content size. */
	LZ4F_preferences_t pref = {
		.frameInfo = {.blockSizeID = LZ4F_max64KB, .blockMode = LZ4F_blockIndependent},
		.compressionLevel = c->levels.lz4,
		.autoFlush = 1, /* all of it comes at once: nothing is kept back, nor copied */
	};
	size_t bound = LZ4F_compressFrameBound(in.n, &pref), made, n;
	uint8_t *to;

	if (c->lz4 == NULL && LZ4F_isError(LZ4F_createCompressionContext(&c->lz4, LZ4F_VERSION)))
		return ERR_NOMEM;
	if ((to = wr_room(out, bound)) == NULL)
		return wr_err(out);
	n = LZ4F_compressBegin(c->lz4, to, bound, &pref);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	made = n;
	n = LZ4F_compressUpdate(c->lz4, to + made, bound - made, in.p, in.n, NULL);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	made += n;
	n = LZ4F_compressEnd(c->lz4, to + made, bound - made, NULL);
	if (LZ4F_isError(n))
		return ERR_LIMIT;
	wr_commit(out, made + n);
	return 0;
}

/* --- zstd ---------------------------------------------------------------------- */

/* One-shot: the window is the output itself, so a frame's claim of a large one costs nothing. */
static int
unzstd(struct codecs *c, struct slice in, size_t max_out, struct wr *out)
{
	unsigned long long claim = ZSTD_getFrameContentSize(in.p, in.n);
	struct guess g;

	if (claim == ZSTD_CONTENTSIZE_ERROR)
		return ERR_MALFORMED;
	if (claim == ZSTD_CONTENTSIZE_UNKNOWN)
		claim = 0;
	if (claim / ZSTD_RATIO > in.n)
		return ERR_MALFORMED;
	if (c->unzstd == NULL && (c->unzstd = ZSTD_createDCtx()) == NULL)
		return ERR_NOMEM;
	g = guess_first(out, in.n, claim, max_out);
	do {
		uint8_t *to = wr_room(out, g.now > 0 ? g.now : 1);
		size_t n;

		if (to == NULL)
			return wr_err(out);
		n = ZSTD_decompressDCtx(c->unzstd, to, g.now, in.p, in.n);
		if (!ZSTD_isError(n)) {
			wr_commit(out, n);
			return 0;
		}
		if (ZSTD_getErrorCode(n) != ZSTD_error_dstSize_tooSmall)
			return ERR_MALFORMED;
	} while (guess_next(&g));
	return ERR_LIMIT;
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
