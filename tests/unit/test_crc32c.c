#include <check.h>

#include "digest/crc32c.h"

enum { LONG = 3 * 1024 * 3 + 77 }; /* several rounds of three lanes, and a rest */

static uint8_t noise[LONG];

static void
fill(void)
{
	uint32_t rnd = 12345;

	for (size_t i = 0; i < LONG; i++) {
		rnd = rnd * 1664525 + 1013904223;
		noise[i] = (uint8_t)(rnd >> 24);
	}
}

#define ck_crc(s, want)                                                                                                 \
	do {                                                                                                            \
		ck_assert_uint_eq(crc32c(0, s), want);                                                                  \
		ck_assert_uint_eq(crc32c_portable(0, s), want);                                                         \
	} while (0)

/* RFC 3720, appendix B.4 (its bytes are the sum in little-endian order). */
START_TEST(vectors_of_the_rfc)
{
	static const uint8_t read_pdu[48] = {0x01, 0xc0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x14, 0, 0, 0,
					     0,    0,    4, 0, 0, 0, 0, 0x14, 0, 0, 0, 0x18, 0x28, 0, 0, 0, 0, 0, 0, 0,
					     0x02, 0,    0, 0, 0, 0, 0, 0};
	uint8_t b[32];

	memset(b, 0, sizeof(b));
	ck_crc(slice_of(b, 32), 0x8a9136aau);
	memset(b, 0xff, sizeof(b));
	ck_crc(slice_of(b, 32), 0x62a8ab43u);
	for (uint8_t i = 0; i < 32; i++)
		b[i] = i;
	ck_crc(slice_of(b, 32), 0x46dd794eu);
	for (uint8_t i = 0; i < 32; i++)
		b[i] = 31 - i;
	ck_crc(slice_of(b, 32), 0x113fdb5cu);
	ck_crc(slice_of(read_pdu, 48), 0xd9963a56u);
	ck_crc(slice_str("123456789"), 0xe3069283u);
	ck_crc(slice_of(NULL, 0), 0u);
}
END_TEST

/* Both ways agree at every length around the ends of words and lanes, and wherever the bytes begin. */
START_TEST(both_ways_agree)
{
	fill();
	for (size_t n = 0; n <= 200; n++)
		for (size_t at = 0; at < 9; at++)
			ck_assert_uint_eq(crc32c(0, slice_of(noise + at, n)), crc32c_portable(0, slice_of(noise + at, n)));
	for (size_t rounds = 1; rounds <= 3; rounds++)
		for (size_t n = 3072 * rounds - 17; n <= 3072 * rounds + 17; n++)
			ck_assert_uint_eq(crc32c(7, slice_of(noise + 1, n)), crc32c_portable(7, slice_of(noise + 1, n)));
	ck_assert_uint_eq(crc32c(0, slice_of(noise, LONG)), crc32c_portable(0, slice_of(noise, LONG)));
}
END_TEST

START_TEST(pieces_are_the_whole)
{
	uint32_t whole;

	fill();
	whole = crc32c(0, slice_of(noise, LONG));
	for (size_t cut = 0; cut <= LONG; cut += 61)
		ck_assert_uint_eq(crc32c(crc32c(0, slice_of(noise, cut)), slice_of(noise + cut, LONG - cut)), whole);
}
END_TEST

START_TEST(every_bit_counts)
{
	uint32_t good;

	fill();
	good = crc32c(0, slice_of(noise, 100));
	for (size_t bit = 0; bit < 800; bit++) {
		noise[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_uint_ne(crc32c(0, slice_of(noise, 100)), good);
		noise[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("crc32c");
	TCase *t = tcase_create("crc32c");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, vectors_of_the_rfc);
	tcase_add_test(t, both_ways_agree);
	tcase_add_test(t, pieces_are_the_whole);
	tcase_add_test(t, every_bit_counts);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
