#include "ctl/safe.h"

#include <stdarg.h>

#include "base/text.h"

enum { SAFE_LINE_MAX = 128 * 1024 * 1024 };

static const char no_memory[] = "(a line that there was no memory for)";

static bool
is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) ||  /* controls; 0x9b alone begins a terminal's command */
	       c == 0x2028 || c == 0x2029 ||           /* separators of lines and paragraphs */
	       c == 0x61c || c == 0x200e || c == 0x200f || /* marks of direction */
	       (c >= 0x202a && c <= 0x202e) ||         /* embeddings and overrides */
	       (c >= 0x2066 && c <= 0x2069);           /* isolates */
}

static uint32_t
code_point(const uint8_t *p, size_t len)
{
	uint32_t c = len == 1 ? p[0] : p[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

void
safe_text(struct wr *w, struct slice s)
{
	for (size_t i = 0; i < s.n;) {
		size_t len = text_utf8(slice_of(s.p + i, s.n - i));

		if (len == 0) {
			wr_text(w, "\xef\xbf\xbd");
			i++;
			continue;
		}
		if (is_harmful(code_point(s.p + i, len)))
			wr_printf(w, "\\u%04x", code_point(s.p + i, len));
		else
			wr_bytes(w, s.p + i, len);
		i += len;
	}
}

int
safe_slice(FILE *to, struct slice line)
{
	struct wr w = wr_new(SAFE_LINE_MAX);
	int err;

	safe_text(&w, line);
	wr_u8(&w, '\n');
	if ((err = wr_err(&w)) == 0)
		(void)fwrite(w.buf, 1, w.len, to);
	wr_free(&w);
	return err;
}

void
safe_line(FILE *to, const char *fmt, ...)
{
	char *line = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&line, fmt, args) < 0)
		line = NULL;
	va_end(args);
	if (line == NULL || safe_slice(to, slice_str(line)) != 0)
		fprintf(to, "%s\n", no_memory);
	free(line);
}

void
safe_lines(FILE *to, const char *text)
{
	for (;;) {
		size_t n = strcspn(text, "\n");

		if (safe_slice(to, slice_of(text, n)) != 0)
			fprintf(to, "%s\n", no_memory);
		if (text[n] == '\0')
			return;
		text += n + 1;
	}
}
