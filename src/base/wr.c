#include "base/wr.h"

#include <stdarg.h>

void
wr_free(struct wr *w)
{
	free(w->buf);
	*w = wr_new(w->max);
}

uint8_t *
wr_grow(struct wr *w, size_t n)
{
	size_t cap;
	uint8_t *buf;

	if (w->err != 0)
		return NULL;
	if (w->len > w->max || n > w->max - w->len) {
		w->err = ERR_LIMIT;
		return NULL;
	}
	if (n <= w->cap - w->len)
		return w->buf + w->len;
	/* Doubling keeps appends linear; the maximum keeps the last doubling honest. */
	cap = w->cap < 256 ? 256 : w->cap;
	while (cap - w->len < n)
		cap = cap > w->max / 2 ? w->max : cap * 2;
	if (cap > w->max)
		cap = w->max;
	buf = realloc(w->buf, cap);
	if (buf == NULL) {
		w->err = ERR_NOMEM;
		return NULL;
	}
	w->buf = buf;
	w->cap = cap;
	return w->buf + w->len;
}

void
wr_uvarlong(struct wr *w, uint64_t v)
{
	/* Near the end of the room ten bytes may not fit although these do. */
	uint8_t small[10] = {0};
	uint8_t *p = w->err == 0 && w->cap - w->len >= sizeof(small) ? w->buf + w->len : small;
	size_t n = 0;

	while (v >= 0x80) {
		p[n++] = (uint8_t)(v | 0x80);
		v >>= 7;
	}
	p[n++] = (uint8_t)v;
	if (p != small)
		w->len += n;
	else
		wr_bytes(w, small, n);
}

void
wr_patch_u32(struct wr *w, size_t at, uint32_t v)
{
	if (w->err != 0)
		return;
	INVARIANT(at <= w->len && w->len - at >= 4);
	v = __builtin_bswap32(v);
	memcpy(w->buf + at, &v, 4);
}

void
wr_string(struct wr *w, struct slice s)
{
	if (s.n > INT16_MAX) {
		w->err = w->err != 0 ? w->err : ERR_LIMIT;
		return;
	}
	wr_i16(w, s.p == NULL ? -1 : (int16_t)s.n);
	wr_slice_put(w, s);
}

void
wr_nbytes(struct wr *w, struct slice s)
{
	if (s.n > INT32_MAX) {
		w->err = w->err != 0 ? w->err : ERR_LIMIT;
		return;
	}
	wr_i32(w, s.p == NULL ? -1 : (int32_t)s.n);
	wr_slice_put(w, s);
}

void
wr_compact(struct wr *w, struct slice s)
{
	if (s.n > INT32_MAX - 1) {
		w->err = w->err != 0 ? w->err : ERR_LIMIT;
		return;
	}
	wr_uvarint(w, s.p == NULL ? 0 : (uint32_t)s.n + 1);
	wr_slice_put(w, s);
}

void
wr_text(struct wr *w, const char *s)
{
	wr_bytes(w, s, strlen(s));
}

void
wr_printf(struct wr *w, const char *fmt, ...)
{
	va_list ap, again;
	uint8_t *to;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	/* vsnprintf writes a NUL behind the text: room for it, but it is no content. */
	if (n >= 0 && (to = wr_room(w, (size_t)n + 1)) != NULL) {
		(void)vsnprintf((char *)to, (size_t)n + 1, fmt, again);
		w->len += (size_t)n;
	}
	va_end(again);
}
