#include "kafka/codec.h"

#include <lz4frame.h>
#include <zlib.h>
#include <zstd.h>

#include "base/text.h"
#include "tests/unit/hex.h"
#include "tests/unit/suite.h"

static struct codecs *codecs;

static void
setup(void)
{
	codecs = codecs_new(NULL);
	ck_assert_ptr_nonnull(codecs);
}

static void
teardown(void)
{
	codecs_free(codecs);
}

/* Text that compresses, of any size, always the same. */
static struct wr
sample(size_t n)
{
	struct wr w = wr_new(SIZE_MAX);
	uint32_t x = 1;

	while (w.len < n) {
		x = x * 1664525 + 1013904223;
		wr_printf(&w, "{\"tick\":%u,\"price\":%u.%02u}", x >> 24, x >> 8 & 0xffff, x % 100);
	}
	w.len = n;
	return w;
}

static const size_t sizes[] = {0, 1, 7, 100, 4096, 32768, 32769, 65536, 300000, 3000000};

START_TEST(test_round_trip)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int xerial = 0; xerial < 2; xerial++) {
			struct wr in = sample(sizes[i]), z = wr_new(SIZE_MAX), again = wr_new(SIZE_MAX), out = wr_new(SIZE_MAX);
			enum codec codec = (enum codec)_i;

			ck_assert_int_eq(codec_compress(codecs, codec, xerial, wr_slice(&in), &z), 0);
			ck_assert_int_eq(codec_compress(codecs, codec, xerial, wr_slice(&in), &again), 0);
			ck_assert(slice_eq(wr_slice(&z), wr_slice(&again))); /* deterministic */
			ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), in.len, &out), 0);
			ck_assert(slice_eq(wr_slice(&in), wr_slice(&out)));
			if (codec == CODEC_SNAPPY && in.len > 0)
				ck_assert_int_eq(codec_is_xerial(wr_slice(&z)), xerial);
			wr_free(&in), wr_free(&z), wr_free(&again), wr_free(&out);
		}
	}
}
END_TEST

START_TEST(test_limit)
{
	struct wr in = sample(300000), z = wr_new(SIZE_MAX), out = wr_new(SIZE_MAX);
	enum codec codec = (enum codec)_i;

	ck_assert_int_eq(codec_compress(codecs, codec, true, wr_slice(&in), &z), 0);
	for (size_t less = 1; less < 300000; less = less * 3 + 1) {
		wr_reset(&out);
		ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), in.len - less, &out), ERR_LIMIT);
	}
	/* And the contexts are as good as new afterwards. */
	wr_reset(&out);
	ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), in.len, &out), 0);
	ck_assert(slice_eq(wr_slice(&in), wr_slice(&out)));
	wr_free(&in), wr_free(&z), wr_free(&out);
}
END_TEST

/* Every prefix, and every one-byte change: an error or some bytes, never a crash, never more than the limit. */
START_TEST(test_damaged)
{
	struct wr in = sample(2000), z = wr_new(SIZE_MAX), out = wr_new(SIZE_MAX);
	enum codec codec = (enum codec)_i;

	ck_assert_int_eq(codec_compress(codecs, codec, false, wr_slice(&in), &z), 0);
	for (size_t n = 0; n < z.len; n++) {
		uint8_t *cut = malloc(n + 1); /* so that a read behind its end is seen */

		memcpy(cut, z.buf, n);
		wr_reset(&out);
		if (codec_decompress(codecs, codec, slice_of(cut, n), 4000, &out) == 0)
			ck_assert_uint_le(out.len, 4000);
		free(cut);
	}
	for (size_t n = 0; n < z.len; n++) {
		z.buf[n] ^= (uint8_t)(1 << n % 8);
		wr_reset(&out);
		if (codec_decompress(codecs, codec, wr_slice(&z), 4000, &out) == 0)
			ck_assert_uint_le(out.len, 4000);
		z.buf[n] ^= (uint8_t)(1 << n % 8);
	}
	wr_free(&in), wr_free(&z), wr_free(&out);
}
END_TEST

/* What was done before leaves no trace in the bytes: a retry must give what the first try gave. */
START_TEST(test_history)
{
	static const struct codec_levels levels[] = {{0}, {.gzip = 1, .lz4 = 1, .zstd = 1}, {.gzip = 9, .lz4 = 9, .zstd = 9}};
	enum codec codec = (enum codec)_i;

	for (size_t k = 0; k < ARRAY_LEN(levels); k++) {
		struct codecs *old = codecs_new(&levels[k]);

		for (size_t i = 0; i < 60; i++) {
			struct codecs *fresh = codecs_new(&levels[k]);
			struct wr in = sample(i * i * 37 % 90000), a = wr_new(SIZE_MAX), b = wr_new(SIZE_MAX);

			for (size_t n = 0; n < in.len; n += 1 + i % 7 * 100)
				in.buf[n] = (uint8_t)(n * i); /* each differs */
			ck_assert_int_eq(codec_compress(old, codec, true, wr_slice(&in), &a), 0);
			ck_assert_int_eq(codec_compress(fresh, codec, true, wr_slice(&in), &b), 0);
			ck_assert(slice_eq(wr_slice(&a), wr_slice(&b)));
			wr_free(&in), wr_free(&a), wr_free(&b);
			codecs_free(fresh);
		}
		codecs_free(old);
	}
}
END_TEST

static void
check_plain(enum codec codec, struct slice z, struct slice expect)
{
	struct wr out = wr_new(SIZE_MAX / 2);

	wr_text(&out, "before");
	ck_assert_int_eq(codec_decompress(codecs, codec, z, expect.n, &out), 0);
	ck_assert(slice_eq(slice_of(out.buf + 6, out.len - 6), expect));
	wr_free(&out);
}

static void
check_error(enum codec codec, struct slice z, size_t max_out, int expect)
{
	struct wr out = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(codec_decompress(codecs, codec, z, max_out, &out), expect);
	ck_assert_uint_le(out.len, max_out);
	/* Room is made for what is possible, not for what is claimed. */
	ck_assert_uint_le(out.cap, 64 * 1024 * 1024);
	wr_free(&out);
}

/* --- what other encoders make --------------------------------------------------- */

/* RFC 1952, section 2.2: members may follow each other. */
START_TEST(test_gzip_members)
{
	struct wr z = wr_new(SIZE_MAX);

	ck_assert_int_eq(codec_compress(codecs, CODEC_GZIP, false, slice_str("one "), &z), 0);
	ck_assert_int_eq(codec_compress(codecs, CODEC_GZIP, false, slice_str(""), &z), 0);
	ck_assert_int_eq(codec_compress(codecs, CODEC_GZIP, false, slice_str("two"), &z), 0);
	check_plain(CODEC_GZIP, wr_slice(&z), slice_str("one two"));
	check_error(CODEC_GZIP, wr_slice(&z), 6, ERR_LIMIT);
	wr_text(&z, "x");
	check_error(CODEC_GZIP, wr_slice(&z), 100, ERR_MALFORMED);
	wr_free(&z);
}
END_TEST

static struct wr
gzip_by_zlib(struct slice in, int level, bool with_name)
{
	struct wr z = wr_new(SIZE_MAX / 2);
	z_stream s = {0};
	gz_header h = {.name = (Bytef *)(uintptr_t)"name", .comment = (Bytef *)(uintptr_t)"comment", .hcrc = 1};
	size_t room;

	ck_assert_int_eq(deflateInit2(&s, level, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
	if (with_name)
		ck_assert_int_eq(deflateSetHeader(&s, &h), Z_OK);
	room = deflateBound(&s, in.n) + 100;
	s.next_in = (Bytef *)(uintptr_t)in.p;
	s.avail_in = (uInt)in.n;
	s.next_out = wr_room(&z, room);
	s.avail_out = (uInt)room;
	ck_assert_int_eq(deflate(&s, Z_FINISH), Z_STREAM_END);
	wr_commit(&z, s.total_out);
	deflateEnd(&s);
	return z;
}

START_TEST(test_gzip_zlib)
{
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		for (int level = 0; level < 10; level += 3) {
			struct wr in = sample(sizes[i]), z = gzip_by_zlib(wr_slice(&in), level, level == 6);

			check_plain(CODEC_GZIP, wr_slice(&z), wr_slice(&in));
			wr_free(&in), wr_free(&z);
		}
	}
}
END_TEST

/* The size in the trailer is a claim: when it is wrong the member is, and nothing else happens. */
START_TEST(test_gzip_claim)
{
	static const uint32_t claims[] = {0, 1, 299999, 300001, 100000000, UINT32_MAX};
	struct wr in = sample(300000), z = gzip_by_zlib(wr_slice(&in), 6, false);

	for (size_t i = 0; i < ARRAY_LEN(claims); i++) {
		memcpy(z.buf + z.len - 4, &claims[i], 4);
		check_error(CODEC_GZIP, wr_slice(&z), 1 << 20, ERR_MALFORMED);
	}
	wr_free(&in), wr_free(&z);
}
END_TEST

/* Every way in which LZ4's frame may be made, whatever we make ourselves. */
START_TEST(test_lz4_frames)
{
	for (unsigned way = 0; way < 32; way++) {
		struct wr in = sample(way % 3 == 0 ? 300000 : 1000), z = wr_new(SIZE_MAX / 2);
		LZ4F_preferences_t p = {
			.frameInfo = {.blockSizeID = way & 1 ? LZ4F_max4MB : LZ4F_max64KB,
				      .blockMode = way & 2 ? LZ4F_blockLinked : LZ4F_blockIndependent,
				      .contentChecksumFlag = way & 4 ? LZ4F_contentChecksumEnabled : LZ4F_noContentChecksum,
				      .contentSize = way & 8 ? in.len : 0,
				      .blockChecksumFlag = way & 16 ? LZ4F_blockChecksumEnabled : LZ4F_noBlockChecksum},
		};
		size_t bound = LZ4F_compressFrameBound(in.len, &p), n;

		n = LZ4F_compressFrame(wr_room(&z, bound), bound, in.buf, in.len, &p);
		ck_assert(!LZ4F_isError(n));
		wr_commit(&z, n);
		check_plain(CODEC_LZ4, wr_slice(&z), wr_slice(&in));
		/* One frame, nothing behind it. */
		wr_u8(&z, 0);
		check_error(CODEC_LZ4, wr_slice(&z), in.len, ERR_MALFORMED);
		wr_free(&in), wr_free(&z);
	}
}
END_TEST

/* What goes out: Java reads independent blocks of 64 KiB only, and neither size nor checksums are there. */
START_TEST(test_lz4_header)
{
	struct wr z = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(codec_compress(codecs, CODEC_LZ4, false, slice_str("abc"), &z), 0);
	ck_hex(slice_of(z.buf, 7), "04224d18 60 40 82");
	ck_hex(slice_of(z.buf + 7, z.len - 7), "03000080 'abc' 00000000");
	wr_free(&z);
}
END_TEST

/* A stream of unknown length, in pieces, as Java's writer makes it. */
static struct wr
zstd_stream(struct slice in, int level, int window_log, size_t piece)
{
	struct wr z = wr_new(SIZE_MAX / 2);
	ZSTD_CCtx *c = ZSTD_createCCtx();
	size_t more = 1;

	(void)ZSTD_CCtx_setParameter(c, ZSTD_c_compressionLevel, level);
	(void)ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
	if (window_log > 0)
		ck_assert(!ZSTD_isError(ZSTD_CCtx_setParameter(c, ZSTD_c_windowLog, window_log)));
	for (size_t at = 0; at < in.n || more != 0;) {
		size_t n = in.n - at < piece ? in.n - at : piece;
		ZSTD_inBuffer src = {in.p + at, n, 0};
		ZSTD_outBuffer dst = {wr_room(&z, 1 << 18), 1 << 18, 0};

		more = ZSTD_compressStream2(c, &dst, &src, at + n == in.n ? ZSTD_e_end : ZSTD_e_flush);
		ck_assert(!ZSTD_isError(more));
		wr_commit(&z, dst.pos);
		at += src.pos;
	}
	ZSTD_freeCCtx(c);
	return z;
}

START_TEST(test_zstd_frames)
{
	static const int windows[] = {0, 10, 23, 27};

	for (size_t i = 1; i < ARRAY_LEN(sizes); i++) {
		struct wr in = sample(sizes[i]);

		for (size_t k = 0; k < ARRAY_LEN(windows); k++) {
			struct wr z = zstd_stream(wr_slice(&in), 1, windows[k], 100000);

			ck_assert(ZSTD_getFrameContentSize(z.buf, z.len) == ZSTD_CONTENTSIZE_UNKNOWN);
			check_plain(CODEC_ZSTD, wr_slice(&z), wr_slice(&in));
			check_error(CODEC_ZSTD, wr_slice(&z), in.len - 1, ERR_LIMIT);
			wr_free(&z);
		}
		wr_free(&in);
	}
}
END_TEST

/* Frames may follow each other, and an empty one may be among them. */
START_TEST(test_zstd_several)
{
	struct wr z = wr_new(SIZE_MAX / 2);

	ck_assert_int_eq(codec_compress(codecs, CODEC_ZSTD, false, slice_str("one "), &z), 0);
	ck_assert_int_eq(codec_compress(codecs, CODEC_ZSTD, false, slice_str(""), &z), 0);
	ck_assert_int_eq(codec_compress(codecs, CODEC_ZSTD, false, slice_str("two"), &z), 0);
	check_plain(CODEC_ZSTD, wr_slice(&z), slice_str("one two"));
	wr_free(&z);
}
END_TEST

/* Readers have to hold a window: what goes out needs 8 MiB of it at most, at every level that can be set. */
START_TEST(test_zstd_window)
{
	struct codecs *high = codecs_new(&(struct codec_levels){.zstd = 19});
	struct wr in = sample(3000000), z = wr_new(SIZE_MAX / 2), out = wr_new(SIZE_MAX / 2);
	ZSTD_DCtx *d = ZSTD_createDCtx();
	ZSTD_inBuffer src;
	size_t more;

	ck_assert_int_eq(codec_compress(high, CODEC_ZSTD, false, wr_slice(&in), &z), 0);
	ck_assert(!ZSTD_isError(ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, 23)));
	src = (ZSTD_inBuffer){z.buf, z.len, 0};
	do {
		ZSTD_outBuffer dst = {wr_room(&out, 1 << 18), 1 << 18, 0};

		more = ZSTD_decompressStream(d, &dst, &src);
		ck_assert(!ZSTD_isError(more));
		wr_commit(&out, dst.pos);
	} while (more != 0);
	ck_assert(slice_eq(wr_slice(&in), wr_slice(&out)));
	ZSTD_freeDCtx(d);
	codecs_free(high);
	wr_free(&in), wr_free(&z), wr_free(&out);
}
END_TEST

/* A frame header that promises what its bytes can't hold. */
START_TEST(test_zstd_claim)
{
	struct wr z = hex_of("28b52ffd e0 0000000001000000 010000"); /* 4 GiB, in one empty block */
	struct wr no = hex_of("28b52ffd");

	check_error(CODEC_ZSTD, wr_slice(&z), SIZE_MAX / 4, ERR_MALFORMED);
	check_error(CODEC_ZSTD, wr_slice(&no), 100, ERR_MALFORMED);
	check_error(CODEC_ZSTD, slice_str(""), 100, ERR_MALFORMED);
	check_error(CODEC_ZSTD, slice_str("not zstd at all"), 100, ERR_MALFORMED);
	wr_free(&z), wr_free(&no);
}
END_TEST

/* Xerial's framing: blocks of any size; a length that isn't there is refused. */
START_TEST(test_xerial)
{
	static const char head[] = "82 'SNAPPY' 00 00000001 00000001";
	static const struct {
		const char *hex;
		int err;
	} cases[] = {
		{"000000", ERR_SHORT},
		{"00000001", ERR_SHORT},
		{"ffffffff 00", ERR_SHORT},
		{"00000000", ERR_MALFORMED},                  /* a block has a length at least */
		{"00000006 ffffffff0f 00", ERR_LIMIT},        /* 4 GiB, and more than may be */
		{"00000003 ff7f 00", ERR_MALFORMED},          /* 16 KiB in one byte */
		{"00000003 0200 ff", ERR_MALFORMED},           /* two bytes told, one there */
	};
	struct wr two = hex_of("82 'SNAPPY' 00 00000001 00000001 | 00000005 0308 'abc' | 00000003 0100 'd'");
	struct wr none = hex_of(head);

	ck_assert(codec_is_xerial(wr_slice(&two)));
	ck_assert(!codec_is_xerial(slice_of(two.buf, 15)));
	check_plain(CODEC_SNAPPY, wr_slice(&two), slice_str("abcd"));
	check_error(CODEC_SNAPPY, wr_slice(&two), 3, ERR_LIMIT);
	check_plain(CODEC_SNAPPY, wr_slice(&none), slice_str(""));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wr z = hex_of(head), more = hex_of(cases[i].hex);

		wr_slice_put(&z, wr_slice(&more));
		check_error(CODEC_SNAPPY, wr_slice(&z), 1 << 20, cases[i].err);
		wr_free(&z), wr_free(&more);
	}
	wr_free(&two), wr_free(&none);
}
END_TEST

/* --- bombs ----------------------------------------------------------------------- */

/* A few kilobytes that would become many megabytes stop at the limit, with room for no more than that. */
START_TEST(test_bombs)
{
	enum codec codec = (enum codec)_i;
	size_t size = 40 * 1024 * 1024, limit = 1024 * 1024;
	struct wr z = wr_new(SIZE_MAX / 2), out = wr_new(SIZE_MAX / 2);
	uint8_t *zeros = calloc(1, size);

	ck_assert_ptr_nonnull(zeros);
	ck_assert_int_eq(codec_compress(codecs, codec, false, slice_of(zeros, size), &z), 0);
	ck_assert_uint_lt(z.len, size / 10);
	ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), limit, &out), ERR_LIMIT);
	ck_assert_uint_le(out.cap, 4 * limit);
	wr_reset(&out);
	ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), size, &out), 0);
	ck_assert_uint_eq(out.len, size);
	free(zeros);
	wr_free(&z), wr_free(&out);
}
END_TEST

/* The writer's own end counts as well. */
START_TEST(test_writer_full)
{
	enum codec codec = (enum codec)_i;
	struct wr in = sample(5000), z = wr_new(SIZE_MAX), out = wr_new(4999), tight = wr_new(20);

	ck_assert_int_eq(codec_compress(codecs, codec, true, wr_slice(&in), &z), 0);
	ck_assert_int_eq(codec_decompress(codecs, codec, wr_slice(&z), 1 << 20, &out), ERR_LIMIT);
	ck_assert_int_eq(codec_compress(codecs, codec, true, wr_slice(&in), &tight), ERR_LIMIT);
	wr_free(&in), wr_free(&z), wr_free(&out), wr_free(&tight);
}
END_TEST

START_TEST(test_unknown)
{
	struct wr out = wr_new(100);

	ck_assert_int_eq(codec_decompress(codecs, CODEC_COUNT, slice_str("x"), 100, &out), ERR_UNSUPPORTED);
	ck_assert_int_eq(codec_compress(codecs, CODEC_COUNT, false, slice_str("x"), &out), ERR_UNSUPPORTED);
	ck_assert_str_eq(codec_name(CODEC_ZSTD), "zstd");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("codec");
	TCase *t = tcase_create("codec");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_loop_test(t, test_round_trip, CODEC_NONE, CODEC_COUNT);
	tcase_add_loop_test(t, test_limit, CODEC_NONE, CODEC_COUNT);
	tcase_add_loop_test(t, test_damaged, CODEC_GZIP, CODEC_COUNT);
	tcase_add_loop_test(t, test_history, CODEC_NONE, CODEC_COUNT);
	tcase_add_test(t, test_gzip_members);
	tcase_add_test(t, test_gzip_zlib);
	tcase_add_test(t, test_gzip_claim);
	tcase_add_test(t, test_lz4_frames);
	tcase_add_test(t, test_lz4_header);
	tcase_add_test(t, test_zstd_frames);
	tcase_add_test(t, test_zstd_several);
	tcase_add_test(t, test_zstd_window);
	tcase_add_test(t, test_zstd_claim);
	tcase_add_test(t, test_xerial);
	tcase_add_loop_test(t, test_bombs, CODEC_GZIP, CODEC_COUNT);
	tcase_add_loop_test(t, test_writer_full, CODEC_NONE, CODEC_COUNT);
	tcase_add_test(t, test_unknown);
	suite_add_tcase(s, t);
	return suite_run(s);
}
