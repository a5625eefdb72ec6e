#include "base/rd.h"

/* An empty string has a place, so that p == NULL always means null. */
static const uint8_t nothing[1];

uint64_t
rd_uvarlong_slow(struct rd *r, unsigned max_bits)
{
	uint64_t v = 0;
	unsigned shift;

	for (shift = 0; shift < max_bits; shift += 7) {
		uint8_t b = rd_u8(r);
		unsigned room = max_bits - shift;

		if (room < 7 && (b & 0x7f) >> room != 0)
			break; /* bits that the type has no place for */
		v |= (uint64_t)(b & 0x7f) << shift;
		if (b < 0x80)
			return r->err != 0 ? 0 : v;
	}
	rd_fail(r, ERR_MALFORMED);
	return 0;
}

static struct slice
bytes_of(struct rd *r, int64_t n, bool nullable)
{
	if (n == -1 && nullable)
		return (struct slice){NULL, 0};
	if (n < 0) {
		rd_fail(r, ERR_MALFORMED);
		return (struct slice){NULL, 0};
	}
	if (n == 0)
		return (struct slice){r->err == 0 ? nothing : NULL, 0};
	return rd_bytes(r, (size_t)n);
}

struct slice
rd_string(struct rd *r)
{
	return bytes_of(r, rd_i16(r), false);
}

struct slice
rd_nullable_string(struct rd *r)
{
	return bytes_of(r, rd_i16(r), true);
}

struct slice
rd_nullable_bytes(struct rd *r)
{
	return bytes_of(r, rd_i32(r), true);
}

struct slice
rd_compact(struct rd *r)
{
	return bytes_of(r, (int64_t)rd_uvarint(r) - 1, false);
}

struct slice
rd_nullable_compact(struct rd *r)
{
	return bytes_of(r, (int64_t)rd_uvarint(r) - 1, true);
}
