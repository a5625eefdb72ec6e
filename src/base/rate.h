/*
 * rate: how many a second, lately.
 *
 * Counts of this half minute and of the one before: together what the last half minute has had, where the one before is
 * taken to have been even.  One at a time, who adds and who reads.  What is added with a time a little before the last one's is counted there.
 */
#ifndef BASE_RATE_H
#define BASE_RATE_H

#include "base/clock.h"

enum { RATE_SECONDS = 30 };

struct rate { /* zeroed is right */
	int64_t slot; /* which half minute of the monotonic clock */
	int64_t now, before;
};

void rate_add(struct rate *r, struct monotime at, int64_t n); /* n is not negative */

/* Thousandths of one a second, over the RATE_SECONDS before `at`. */
int64_t rate_milli(const struct rate *r, struct monotime at);

#endif
