#include "ctl/safe.h"

#include <stdarg.h>

#include "base/text.h"

enum { SAFE_LINE_MAX = 128 * 1024 * 1024 };

static const char no_memory[] = "(a line that there was no memory for)";

void
safe_text(struct wr *w, struct slice s)
{
	text_escape(w, s, "");
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
