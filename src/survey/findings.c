#include "survey/findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/text.h"

enum { LINE_MAX_BYTES = 4096 };

void
findings_line(struct findings *r, enum findings_level level, const char *what, const char *fmt, ...)
{
	static const char *const words[] = {"ok    ", "warn  ", "fail  "};
	char text[LINE_MAX_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->warned += level == FINDINGS_WARN;
	r->failed += level == FINDINGS_FAIL;
	wr_text(&r->out, words[level]);
	text_escape(&r->out, slice_str(what), "");
	wr_text(&r->out, ": ");
	text_escape(&r->out, slice_str(text), "");
	wr_text(&r->out, "\n");
}

void
findings_command(struct findings *r, struct slice command)
{
	wr_text(&r->out, "      ");
	wr_slice_put(&r->out, command);
	wr_text(&r->out, "\n");
}

void
findings_end(struct findings *r)
{
	const char *some = r->warned == 1 ? "" : "s";

	if (r->failed > 0)
		wr_printf(&r->out, "%u failed, %u warning%s\n", r->failed, r->warned, some);
	else if (r->warned > 0)
		wr_printf(&r->out, "nothing failed, %u warning%s\n", r->warned, some);
	else
		wr_text(&r->out, "all well\n");
}
