/*
 * chain_taken: where in the log a batch in doubt can't stand, since others of its chain do.  Private to
 * attest/, under the chain's mutex.
 *
 *   log   … │ settled 10..19 │ settled 20..29 │ …        asked at 12: taken until 20, at 20: until 30
 */
#ifndef ATTEST_CHAIN_TAKEN_H
#define ATTEST_CHAIN_TAKEN_H

#include "attest/chain_look.h"

/* Where settled batches were when a reading first asked: found by offset, so that it takes no longer however many they are. */
struct taken {
	uint64_t steps; /* that were looked at */
	size_t count;
	struct taken_place {
		int64_t first; /* ascending */
		int64_t reach; /* the furthest end, of this and those before */
		struct placement *placement; /* with a reference */
	} place[];
};

typedef bool taken_visit(const struct placement *p, void *arg); /* false: no further */

/* Those in the windows, but for itself, that have one of the places which `of` would have from there on. */
void chain_taken_each(const struct chain *c, const struct placement *of, int64_t base, taken_visit *see, void *arg);

/* The reading begins or ends. */
void chain_taken_end(struct chain *c);

/*
 * chain_is_taken(), and how far, so that nobody asks for each offset: 0 when it isn't, else the end of the first that
 * has one of the places.  A broker has a batch whole or not at all.
 */
int64_t chain_taken_until(struct chain *c, const struct doubt *d, int64_t base_offset);

/* Those that were found where an answer has put another batch meanwhile are looked for once more. */
void chain_taken_meanwhile(const struct chain *c, struct doubt *doubts, size_t count);

#endif
