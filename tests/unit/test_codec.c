#include "kafka/codec.h"

#include "base/text.h"
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

/* RFC 1952, section 2.2: members may follow each other. */
START_TEST(test_gzip_members)
{
	struct wr z = wr_new(SIZE_MAX), out = wr_new(SIZE_MAX);

	ck_assert_int_eq(codec_compress(codecs, CODEC_GZIP, false, slice_str("one "), &z), 0);
	ck_assert_int_eq(codec_compress(codecs, CODEC_GZIP, false, slice_str("two"), &z), 0);
	ck_assert_int_eq(codec_decompress(codecs, CODEC_GZIP, wr_slice(&z), 7, &out), 0);
	ck_assert(slice_eq(wr_slice(&out), slice_str("one two")));
	wr_free(&z), wr_free(&out);
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
	tcase_add_test(t, test_gzip_members);
	tcase_add_test(t, test_unknown);
	suite_add_tcase(s, t);
	return suite_run(s);
}
