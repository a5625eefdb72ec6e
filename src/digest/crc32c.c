/*
 * Two ways to one sum: the SSE 4.2 instruction over three interleaved lanes, whose
 * latency of three cycles one lane would wait for, and tables elsewhere.
 */
#include "digest/crc32c.h"

#include <pthread.h>

#define POLY 0x82f63b78u /* reflected */

static uint32_t table[8][256];
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void
table_make(void)
{
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t c = i;

		for (int bit = 0; bit < 8; bit++)
			c = c >> 1 ^ (c & 1 ? POLY : 0);
		table[0][i] = c;
	}
	for (uint32_t i = 0; i < 256; i++)
		for (int k = 1; k < 8; k++)
			table[k][i] = table[k - 1][i] >> 8 ^ table[0][table[k - 1][i] & 255];
}

static uint32_t
crc_table(uint32_t crc, const uint8_t *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		uint32_t lo = crc ^ ((uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24);

		crc = table[7][lo & 255] ^ table[6][lo >> 8 & 255] ^ table[5][lo >> 16 & 255] ^ table[4][lo >> 24] ^
		      table[3][p[4]] ^ table[2][p[5]] ^ table[1][p[6]] ^ table[0][p[7]];
	}
	for (; n > 0; p++, n--)
		crc = crc >> 8 ^ table[0][(crc ^ *p) & 255];
	return crc;
}

#if defined(__x86_64__)
#include <immintrin.h>

enum { LANE = 1024 }; /* bytes; three lanes at a time */

/* crc followed by LANE (twice LANE) zero bytes, as tables over its four bytes. */
static uint32_t shift1[4][256], shift2[4][256];
static pthread_once_t shift_once = PTHREAD_ONCE_INIT;

static void
shift_make(void)
{
	static const uint8_t zeros[2 * LANE];

	(void)pthread_once(&table_once, table_make);
	/* The sum of two is both sums' (xor): only single bits are shifted through all the zeros. */
	for (unsigned k = 0; k < 4; k++) {
		for (uint32_t i = 1; i < 256; i++) {
			uint32_t low = i & -i;

			if (i == low) {
				shift1[k][i] = crc_table(i << (8 * k), zeros, LANE);
				shift2[k][i] = crc_table(i << (8 * k), zeros, (size_t)2 * LANE);
			} else {
				shift1[k][i] = shift1[k][low] ^ shift1[k][i ^ low];
				shift2[k][i] = shift2[k][low] ^ shift2[k][i ^ low];
			}
		}
	}
}

static inline uint32_t
shift(const uint32_t t[4][256], uint32_t c)
{
	return t[0][c & 255] ^ t[1][c >> 8 & 255] ^ t[2][c >> 16 & 255] ^ t[3][c >> 24];
}

__attribute__((target("sse4.2"))) static uint32_t
crc_sse42(uint32_t crc, const uint8_t *p, size_t n)
{
	uint64_t c = crc, v;

	while (n >= (size_t)3 * LANE) {
		uint64_t c1 = 0, c2 = 0, v1, v2;

		for (size_t i = 0; i < LANE; i += 8) {
			memcpy(&v, p + i, 8);
			memcpy(&v1, p + LANE + i, 8);
			memcpy(&v2, p + 2 * LANE + i, 8);
			c = _mm_crc32_u64(c, v);
			c1 = _mm_crc32_u64(c1, v1);
			c2 = _mm_crc32_u64(c2, v2);
		}
		c = shift(shift2, (uint32_t)c) ^ shift(shift1, (uint32_t)c1) ^ (uint32_t)c2;
		p += (size_t)3 * LANE;
		n -= (size_t)3 * LANE;
	}
	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&v, p, 8);
		c = _mm_crc32_u64(c, v);
	}
	for (; n > 0; p++, n--)
		c = _mm_crc32_u8((uint32_t)c, *p);
	return (uint32_t)c;
}
#endif

uint32_t
crc32c_portable(uint32_t before, struct slice s)
{
	(void)pthread_once(&table_once, table_make);
	return ~crc_table(~before, s.p, s.n);
}

uint32_t
crc32c(uint32_t before, struct slice s)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2")) {
		(void)pthread_once(&shift_once, shift_make);
		return ~crc_sse42(~before, s.p, s.n);
	}
#endif
	return crc32c_portable(before, s);
}
