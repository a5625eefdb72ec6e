/*
 * recent: the warnings and errors that were logged last, for who looks at the program and not at its log.
 *
 * One place for each message, not for each line: what comes a thousand times counts up and pushes nothing else out.
 * Safe from any thread.
 */
#ifndef BASE_RECENT_H
#define BASE_RECENT_H

#include "base/log.h"

enum { RECENT_MAX = 16, RECENT_FIELDS_MAX = 512 };

struct recent {
	enum log_level level;
	char where[32], msg[192];
	char fields[RECENT_FIELDS_MAX]; /* of the last line, as logfmt has them: nothing in them moves a cursor */
	uint64_t count;                 /* lines since it came in; what the rate limit left out isn't counted */
	int64_t first_ms, last_ms;      /* since 1970 */
};

/* A line is logged.  What doesn't fit is cut. */
void recent_note(enum log_level level, int64_t now_ms, const char *where, const char *msg, struct slice fields);

/* Those of the last RECENT_MAX messages, the latest first; how many. */
size_t recent_copy(struct recent ret[RECENT_MAX]);

#endif
