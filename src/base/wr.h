/*
 * wr: a growing writer with a hard maximum and a sticky error.
 *
 *      buf            len        cap       max
 *       | written     | room     |         | never grows past this
 *
 * A zeroed struct wr with a max is valid and empty.  After the first fault
 * (ERR_NOMEM, ERR_LIMIT) writes do nothing; ask wr_err() once at the end.
 */
#ifndef BASE_WR_H
#define BASE_WR_H

#include "base/err.h"
#include "base/slice.h"

struct wr {
	uint8_t *buf;
	size_t len;
	size_t cap;
	size_t max;
	int err;
};

/* An empty writer that will hold at most max bytes.  Release with wr_free(). */
static inline struct wr
wr_new(size_t max)
{
	return (struct wr){NULL, 0, 0, max, 0};
}

void wr_free(struct wr *w); /* the buffer goes; the writer is empty and usable again */

static inline void
wr_reset(struct wr *w) /* forgets the content, keeps the buffer */
{
	w->len = 0;
	w->err = 0;
}

static inline int
wr_err(const struct wr *w)
{
	return w->err;
}

static inline struct slice
wr_slice(const struct wr *w)
{
	return (struct slice){w->buf, w->len};
}

/* Makes room for n more bytes: the place to write them, or NULL.  wr_commit() makes them content. */
uint8_t *wr_grow(struct wr *w, size_t n);

static inline uint8_t *
wr_room(struct wr *w, size_t n)
{
	if (__builtin_expect(n <= w->cap - w->len && w->err == 0, 1))
		return w->buf + w->len;
	return wr_grow(w, n);
}

static inline void
wr_commit(struct wr *w, size_t n)
{
	w->len += n;
}

static inline void
wr_bytes(struct wr *w, const void *p, size_t n)
{
	uint8_t *to;

	if (n == 0 || (to = wr_room(w, n)) == NULL)
		return;
	memcpy(to, p, n);
	w->len += n;
}

static inline void
wr_slice_put(struct wr *w, struct slice s)
{
	wr_bytes(w, s.p, s.n);
}

static inline void
wr_u8(struct wr *w, uint8_t v)
{
	wr_bytes(w, &v, 1);
}

static inline void
wr_u16(struct wr *w, uint16_t v)
{
	v = __builtin_bswap16(v);
	wr_bytes(w, &v, 2);
}

static inline void
wr_u32(struct wr *w, uint32_t v)
{
	v = __builtin_bswap32(v);
	wr_bytes(w, &v, 4);
}

static inline void
wr_u64(struct wr *w, uint64_t v)
{
	v = __builtin_bswap64(v);
	wr_bytes(w, &v, 8);
}

static inline void wr_i8(struct wr *w, int8_t v) { wr_u8(w, (uint8_t)v); }
static inline void wr_i16(struct wr *w, int16_t v) { wr_u16(w, (uint16_t)v); }
static inline void wr_i32(struct wr *w, int32_t v) { wr_u32(w, (uint32_t)v); }
static inline void wr_i64(struct wr *w, int64_t v) { wr_u64(w, (uint64_t)v); }

void wr_uvarlong(struct wr *w, uint64_t v);

static inline void wr_uvarint(struct wr *w, uint32_t v) { wr_uvarlong(w, v); }

static inline void
wr_varint(struct wr *w, int32_t v) /* zig-zag */
{
	wr_uvarlong(w, ((uint32_t)v << 1) ^ -(uint32_t)(v < 0));
}

static inline void
wr_varlong(struct wr *w, int64_t v) /* zig-zag */
{
	wr_uvarlong(w, ((uint64_t)v << 1) ^ -(uint64_t)(v < 0));
}

static inline size_t
uvarlong_len(uint64_t v)
{
	return (size_t)(70 - __builtin_clzll(v | 1)) / 7;
}

static inline size_t
varint_len(int32_t v)
{
	return uvarlong_len(((uint32_t)v << 1) ^ -(uint32_t)(v < 0));
}

/* Overwrites four written bytes at `at`. */
void wr_patch_u32(struct wr *w, size_t at, uint32_t v);

/* Kafka's strings and bytes; s.p == NULL writes null. */
void wr_string(struct wr *w, struct slice s);  /* int16 length */
void wr_nbytes(struct wr *w, struct slice s);  /* int32 length */
void wr_compact(struct wr *w, struct slice s); /* uvarint length + 1 */

void wr_text(struct wr *w, const char *s);
void wr_printf(struct wr *w, const char *fmt, ...) PRINTF(2, 3);

#endif
