/*
 * seen: what stands where in the statement topic, so that one reading of a partition does for all statements that are
 * looked for in it.
 *
 *   partition   ───────┬─────── begin ═══════ end ──────┬──
 *   a look             from      was read       and now to       the two ends that are missing are read, then only
 *                                                                records that have its key
 *
 * Of each record a number made of its key, and its offset: two keys may have the same number, which costs a look at a
 * record and nothing else.  A partition with more than there is room for isn't kept: there each look reads all.  Pure.
 */
#ifndef ATTEST_SEEN_H
#define ATTEST_SEEN_H

#include "makoto/chain.h"

struct seen; /* opaque */

struct seen_range { /* offsets from … to - 1 */
	int64_t from, to;
};

/* Room for so many records, which it takes as they come; NULL: no memory. */
struct seen *seen_new(size_t max) MUSTCHECK;
void seen_free(struct seen *s); /* NULL is fine */
void seen_forget(struct seen *s); /* all of it */
bool seen_is_empty(const struct seen *s); /* nothing is known, nor given up */

/*
 * What has to be read next before it is known what stands in that range (its `to` is where the log ends); false: nothing
 * has.  Each record of it goes to seen_add(), in ascending order, and behind the last seen_read() says whether it was
 * read to its end; else it is as if it hadn't begun.
 */
bool seen_missing(struct seen *s, int32_t partition, struct seen_range range, struct seen_range *ret);
bool seen_add(struct seen *s, int32_t partition, struct slice key, int64_t offset); /* false: there is no room, the rest needn't be read */
void seen_read(struct seen *s, int32_t partition, struct seen_range gap, bool whole);

/* The part of the range in which the window's records stand; empty: there are none.  All of it where it isn't known. */
struct seen_range seen_where(const struct seen *s, int32_t partition, struct seen_range range, const struct chain_id *chain,
			     uint64_t window);

#endif
