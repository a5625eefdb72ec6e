/*
 * html: text into a page, so that it stays text whoever wrote it.
 *
 * What could command a terminal or turn the direction of text is escaped (text_escape()), bytes that are no UTF-8
 * become U+FFFD, and what means something to HTML becomes a reference: safe between tags and in quoted attributes.
 */
#ifndef BASE_HTML_H
#define BASE_HTML_H

#include "base/wr.h"

enum { HTML_TEXT_MAX = 4096 };

/* Of a longer one its first HTML_TEXT_MAX bytes, and how many it has. */
void html_text(struct wr *w, const char *text);

/* A name of somebody else's choice: its direction doesn't reach what stands beside it. */
void html_name(struct wr *w, const char *name);

/* What printf() makes of it, as text.  The format's own letters are text, too. */
void html_printf(struct wr *w, const char *fmt, ...) PRINTF(2, 3);

void html_hex(struct wr *w, const uint8_t *bytes, size_t n);

/* A time with its zone, UTC, to the second; "unknown" outside years 1970 to 9999. */
void html_time(struct wr *w, int64_t ms);

#endif
