/* chains_topics: the topics that are attested, for whoever watches. */
#ifndef ATTEST_CHAINS_TOPICS_H
#define ATTEST_CHAINS_TOPICS_H

#include "base/base.h"

struct chains;

/* From then on a closed window without a published statement is late, and not just on its way. */
enum { CHAINS_TOPICS_LATE_MS = 10000 };

struct chains_topic { /* all of its chains; records are counted since the start */
	const char *name;  /* until chains_free() */
	size_t partitions; /* that have a chain */
	int64_t attested;
	int64_t rate_milli; /* thousandths of a record a second, base/rate.h */
	int64_t left_out;   /* records that had a window and lost it, since nobody could tell whether they are stored, and where */
	size_t waiting;     /* windows closed and not published … */
	int64_t oldest_ms;  /* … and for how long the oldest is; 0: there is none, or it just closed */
	/* The statement that was published last, when (since 1970; 0: none was), and about how many records. */
	int32_t partition;
	uint64_t window;
	int64_t records, published_ms;
};

struct chains_topics {
	struct chains_topic *topic;
	size_t count;
	size_t total; /* how many there are … */
	size_t waiting; /* … and of all of them */
	int64_t rate_milli;
};

/*
 * Those that matter most, `max` at most: late windows and records left out first, then what is busiest.  Looks at each
 * chain for a moment.  0 or ERR_NOMEM.
 */
int chains_topics(struct chains *c, size_t max, struct chains_topics *ret) MUSTCHECK;
void chains_topics_clear(struct chains_topics *t);

#endif
