/*
 * covered: offsets of one log that are spoken for, as runs in ascending order.
 *
 *   0 ░░░░░░░░ floor   [run)    [run)  [run) ◄── a batch behind the last one extends it
 *
 * Below the floor everything counts as covered: when there are more runs than COVERED_MAX, the
 * older half goes there, and when memory fails, all.  So it may say too much of what is long past,
 * never too little.  Nothing leaves it.  Pure; whoever holds it locks.
 */
#ifndef ATTEST_COVERED_H
#define ATTEST_COVERED_H

#include "base/rd.h"
#include "base/wr.h"

#define COVERED_MAX 1024 /* 16 KiB */

struct covered_run {
	int64_t first, end; /* [first, end) */
};

/* Zeroed is empty. */
struct covered {
	int64_t floor;
	struct covered_run *run; /* apart from each other, from the floor on */
	size_t count, cap;
};

enum covered_is {
	COVERED_NOT,     /* none of the offsets is */
	COVERED_PERHAPS, /* as some are below the floor */
	COVERED_SURELY,
};

void covered_clear(struct covered *c); /* frees the runs */

/* [first, first + count); first >= 0, count > 0, of whatever size. */
void covered_add(struct covered *c, int64_t first, int64_t count);
enum covered_is covered_is(const struct covered *c, int64_t first, int64_t count);

/* Where the first that has one of them ends, a run or what is below the floor; 0: none has. */
int64_t covered_until(const struct covered *c, int64_t first, int64_t count);

/* So many of them are, all that are below the floor among them. */
int64_t covered_count(const struct covered *c, int64_t first, int64_t count);

/* What it says of offsets behind this one (-1: of all), without a copy: good until the next covered_add(). */
struct covered covered_behind(const struct covered *c, int64_t offset);

/* As bytes: nothing when it is empty, else i64 floor, then i64 first, end of each run. */
void covered_write(const struct covered *c, struct wr *w);

/* All that is left in `r`; a fault is in `r`: ERR_MALFORMED, ERR_NOMEM.  *ret is to be cleared anyway. */
void covered_read(struct rd *r, struct covered *ret);

#endif
