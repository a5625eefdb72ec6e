/*
 * watch_warn: what goes wrong is tried again and again, and said: each thing once in a while, and not too many of them.
 */
#ifndef CTL_WATCH_WARN_H
#define CTL_WATCH_WARN_H

#include "base/base.h"

enum { WATCH_WARN_MS = 30000, WATCH_WARN_TEXTS = 64 };

struct watch_warn { /* zeroed: nothing was said */
	struct {
		bool said;
		uint32_t sum; /* of a text */
		int64_t at_ms;
	} texts[WATCH_WARN_TEXTS];
};

/*
 * Is it to be said now?  Not when it was, less than WATCH_WARN_MS ago, whatever the numbers in it were, nor when so many others
 * were.  Monotonic milliseconds.
 */
bool watch_warn_is_due(struct watch_warn *w, const char *text, int64_t now_ms);

#endif
