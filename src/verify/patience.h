/*
 * patience: which offsets of a log have been there for so long that nobody waits for their statements any more.
 *
 * Records' own timestamps don't tell: whoever writes them chooses them.  What tells is when the log's end was seen
 * behind an offset.  Pure; times are monotonic milliseconds.
 */
#ifndef VERIFY_PATIENCE_H
#define VERIFY_PATIENCE_H

#include "base/base.h"

enum { PATIENCE_MARKS = 40, PATIENCE_STEPS = 32 };

struct patience {
	int64_t wait_ms;
	int64_t due; /* everything below was seen wait_ms ago, or before */
	struct {
		int64_t end, at_ms;
	} marks[PATIENCE_MARKS]; /* the oldest first */
	size_t count;
};

void patience_begin(struct patience *p, int64_t wait_ms);

/* The log's end, as it is now; it may have been cut short.  An offset is waited for at most a thirty-second longer than wait_ms. */
void patience_saw(struct patience *p, int64_t end, int64_t now_ms);

/* Offsets below were waited for for long enough. */
int64_t patience_due(struct patience *p, int64_t now_ms);

#endif
