/*
 * timeline: a partition from its first offset to its last, in a bounded number of pieces.
 *
 *   | window | window | records without a window |    window    | …
 *
 * A piece is a window, or a run of records that no window of this partition lists.  Where these are more than `max`,
 * neighbours share a piece: those whose first offsets agree but for the lowest bits, one bit more until they fit.
 */
#ifndef CTL_TIMELINE_H
#define CTL_TIMELINE_H

#include "verify/join.h"

enum { TIMELINE_MAX = 240 };

enum timeline_mark { /* of the worst that is in a piece */
	MARK_NOTHING, /* no record of it was read */
	MARK_VERIFIED,
	MARK_UNSIGNED,
	MARK_GONE, /* members are gone, each for a reason */
	MARK_OPEN, /* pending or unattested */
	MARK_VIOLATION,
	MARKS
};

struct piece {
	int64_t first, last; /* offsets */
	int64_t from_ms, until_ms; /* when its windows took records; INT64_MAX and INT64_MIN: none did */
	bool stated;      /* it is of windows, maybe of records between them, too */
	uint32_t windows; /* of which it was told what became of their members */
	struct chain_id chain; /* of its first window */
	uint64_t window_id;
	uint32_t verdicts[VERDICT_COUNT];    /* records */
	uint32_t findings[WINDOW_FINDINGS]; /* members, or windows where it is about windows */
};

struct timeline { /* zeroed with `max` is empty */
	size_t max; /* at least 1 */
	struct piece *list; /* by first offset */
	size_t count, cap;
	unsigned shift;
	const struct verdict_window *current; /* that the last finding was about, in piece `at` */
	size_t at;
	const struct verdict_window *counted;
};

/* 0 or ERR_NOMEM. */
int timeline_add(struct timeline *t, const struct finding *f) MUSTCHECK;
void timeline_fit(struct timeline *t, size_t max); /* in so many pieces */
void timeline_join(struct piece *p, const struct piece *q); /* q stands behind p and becomes part of it */
void timeline_clear(struct timeline *t);

enum timeline_mark timeline_mark(const struct piece *p);
const char *timeline_mark_name(enum timeline_mark m);

#endif
