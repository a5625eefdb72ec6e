/*
 * stuck: partitions of which nothing may be given at an offset, since when, and whether it was told.
 *
 * The same for all connections, so that who connects anew doesn't begin to wait anew.  Bounded: of too
 * many the oldest is forgotten.  Safe from any thread.
 */
#ifndef STAGES_STUCK_H
#define STAGES_STUCK_H

#include "base/clock.h"
#include "base/slice.h"

struct stuck_place {
	struct slice topic; /* name or id: what tells it from others */
	int32_t partition;
	int64_t offset; /* that is fetched */
};

struct stuck; /* opaque */

struct stuck *stuck_new(size_t most) MUSTCHECK; /* NULL: no memory */
void stuck_free(struct stuck *s);               /* NULL is fine */

/*
 * What had come by `upto` (offsets below it) when nothing passed for the first time, `max_ms` ago or
 * longer; -1: not for so long.
 */
int64_t stuck_waited(struct stuck *s, const struct stuck_place *p, int64_t max_ms);

/* Nothing passes at the moment; it was noted if that was so before.  Without memory it is noted the next time. */
void stuck_note(struct stuck *s, const struct stuck_place *p, int64_t upto);

/* A stop there was told.  true: for the first time. */
bool stuck_tell(struct stuck *s, const struct stuck_place *p);

void stuck_pass(struct stuck *s, const struct stuck_place *p); /* something does */

#endif
