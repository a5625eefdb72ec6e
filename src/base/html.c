#include "base/html.h"

#include <stdarg.h>

#include "base/text.h"

enum { ESCAPED_MAX = 6 * HTML_TEXT_MAX }; /* a byte becomes \u00xx, or U+FFFD */

/* A writer's first fault stays, whichever writer had it. */
static void
fault(struct wr *w, int err)
{
	if (w->err == 0)
		w->err = err;
}

static void
references(struct wr *w, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		switch (s.p[i]) {
		case '&': wr_text(w, "&amp;"); break;
		case '<': wr_text(w, "&lt;"); break;
		case '>': wr_text(w, "&gt;"); break;
		case '"': wr_text(w, "&quot;"); break;
		case '\'': wr_text(w, "&#39;"); break;
		default: wr_u8(w, s.p[i]);
		}
	}
}

void
html_text(struct wr *w, const char *text)
{
	struct wr safe = wr_new(ESCAPED_MAX);
	size_t n = strlen(text);

	text_escape(&safe, slice_of(text, n > HTML_TEXT_MAX ? HTML_TEXT_MAX : n), "");
	references(w, wr_slice(&safe));
	fault(w, wr_err(&safe));
	wr_free(&safe);
	if (n > HTML_TEXT_MAX)
		wr_printf(w, "\xe2\x80\xa6 (%zu bytes)", n);
}

void
html_name(struct wr *w, const char *name)
{
	wr_text(w, "<bdi>");
	html_text(w, name);
	wr_text(w, "</bdi>");
}

void
html_printf(struct wr *w, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	if (text == NULL)
		fault(w, ERR_NOMEM);
	else
		html_text(w, text);
	free(text);
}

void
html_hex(struct wr *w, const uint8_t *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		wr_printf(w, "%02x", bytes[i]);
}

void
html_time(struct wr *w, int64_t ms)
{
	char text[25];

	if (text_time_ms(ms, text) != 0)
		wr_text(w, "unknown");
	else
		wr_printf(w, "<time datetime=\"%s\">%.10s %.8s UTC</time>", text, text, text + 11);
}
