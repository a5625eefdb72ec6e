#include "makoto/json_write.h"

/* The length of the UTF-8 sequence at p (RFC 3629: shortest form, no surrogates), or 0. */
static size_t
utf8_len(const uint8_t *p, size_t n)
{
	size_t len;
	uint32_t c;

	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	len = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < len)
		return 0;
	c = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((len == 3 && (c < 0x800 || (c >= 0xd800 && c <= 0xdfff))) || (len == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return len;
}

void
json_write_text(struct wr *w, struct slice s)
{
	size_t i = 0;

	wr_u8(w, '"');
	while (i < s.n) {
		size_t len = utf8_len(s.p + i, s.n - i);

		if (len == 0) {
			wr_text(w, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (s.p[i] == '"' || s.p[i] == '\\') {
			wr_u8(w, '\\');
			wr_u8(w, s.p[i]);
		} else if (s.p[i] < 0x20) {
			wr_printf(w, "\\u%04x", s.p[i]);
		} else {
			wr_bytes(w, s.p + i, len);
		}
		i += len;
	}
	wr_u8(w, '"');
}
