/*
 * safe: text that anybody may have written into Kafka, so that it can't command the
 * terminal that it is shown on, end a line, or be read in another order than it has.
 *
 * Escaped as \uXXXX, which is also how JSON writes them: control characters (C0, DEL, C1),
 * line and paragraph separators, and what turns the direction of text.  Bytes that are no
 * UTF-8 become U+FFFD.
 */
#ifndef CTL_SAFE_H
#define CTL_SAFE_H

#include <stdio.h>

#include "base/wr.h"

/* Appends the text. */
void safe_text(struct wr *w, struct slice s);

/* The text and the line's end.  0; or ERR_NOMEM or ERR_LIMIT, and nothing of it was written. */
int safe_slice(FILE *to, struct slice line) MUSTCHECK;

/* One line: what printf() makes of it, escaped, and then its end. */
void safe_line(FILE *to, const char *fmt, ...) PRINTF(2, 3);

/* Several lines that stay lines, each escaped; and then the last one's end. */
void safe_lines(FILE *to, const char *text);

#endif
