/*
 * rd: a reader over borrowed bytes with a sticky error.
 *
 *      start          p                    end
 *        | consumed   | left               |
 *
 * After the first fault every read gives zero and consumes nothing, so a parser
 * reads straight through and asks rd_err() once.  A length is compared with what
 * is left, never a sum with the end.  Integers are big-endian, as Kafka's are.
 */
#ifndef BASE_RD_H
#define BASE_RD_H

#include "base/err.h"
#include "base/slice.h"

struct rd {
	const uint8_t *start;
	const uint8_t *p;
	const uint8_t *end;
	int err;
};

static inline struct rd
rd_of(struct slice s)
{
	return (struct rd){s.p, s.p, s.p == NULL ? NULL : s.p + s.n, 0};
}

static inline size_t
rd_left(const struct rd *r)
{
	return (size_t)(r->end - r->p);
}

static inline size_t
rd_pos(const struct rd *r)
{
	return (size_t)(r->p - r->start);
}

static inline void
rd_fail(struct rd *r, int err)
{
	if (r->err == 0)
		r->err = err;
	r->p = r->end; /* nothing is left, so every later read faults too */
}

static inline int
rd_err(const struct rd *r)
{
	return r->err;
}

/* The next n bytes, consumed; NULL on a fault. */
static inline const uint8_t *
rd_need(struct rd *r, size_t n)
{
	const uint8_t *p = r->p;

	if (__builtin_expect(n > rd_left(r), 0)) {
		rd_fail(r, ERR_SHORT);
		return NULL;
	}
	r->p += n;
	return p;
}

static inline struct slice
rd_bytes(struct rd *r, size_t n)
{
	const uint8_t *p = rd_need(r, n);

	return p == NULL ? (struct slice){NULL, 0} : (struct slice){p, n};
}

static inline void
rd_skip(struct rd *r, size_t n)
{
	(void)rd_need(r, n);
}

static inline uint8_t
rd_u8(struct rd *r)
{
	const uint8_t *p = rd_need(r, 1);

	return p == NULL ? 0 : p[0];
}

static inline uint16_t
rd_u16(struct rd *r)
{
	const uint8_t *p = rd_need(r, 2);
	uint16_t v;

	if (p == NULL)
		return 0;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t
rd_u32(struct rd *r)
{
	const uint8_t *p = rd_need(r, 4);
	uint32_t v;

	if (p == NULL)
		return 0;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

static inline uint64_t
rd_u64(struct rd *r)
{
	const uint8_t *p = rd_need(r, 8);
	uint64_t v;

	if (p == NULL)
		return 0;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

static inline int8_t rd_i8(struct rd *r) { return (int8_t)rd_u8(r); }
static inline int16_t rd_i16(struct rd *r) { return (int16_t)rd_u16(r); }
static inline int32_t rd_i32(struct rd *r) { return (int32_t)rd_u32(r); }
static inline int64_t rd_i64(struct rd *r) { return (int64_t)rd_u64(r); }

/* Unsigned LEB128 of at most 10 bytes; rd_uvarint: of at most 5, 32 bits. */
uint64_t rd_uvarlong_slow(struct rd *r, unsigned max_bits);

static inline uint64_t
rd_uvarlong(struct rd *r)
{
	if (r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return rd_uvarlong_slow(r, 64);
}

static inline uint32_t
rd_uvarint(struct rd *r)
{
	if (r->p < r->end && *r->p < 0x80)
		return *r->p++;
	return (uint32_t)rd_uvarlong_slow(r, 32);
}

/* Zig-zag LEB128, as inside records. */
static inline int32_t
rd_varint(struct rd *r)
{
	uint32_t u = rd_uvarint(r);

	return (int32_t)((u >> 1) ^ -(u & 1));
}

static inline int64_t
rd_varlong(struct rd *r)
{
	uint64_t u = rd_uvarlong(r);

	return (int64_t)((u >> 1) ^ -(u & 1));
}

/* Kafka's strings and bytes.  p == NULL when null (only the nullable forms take null). */
struct slice rd_string(struct rd *r);          /* int16 length */
struct slice rd_nullable_string(struct rd *r); /* int16 length, -1 null */
struct slice rd_nullable_bytes(struct rd *r);  /* int32 length, -1 null */
struct slice rd_compact(struct rd *r);         /* uvarint length + 1 */
struct slice rd_nullable_compact(struct rd *r); /* uvarint length + 1, 0 null */

#endif
