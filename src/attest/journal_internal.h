/* What journal.c (writing) and journal_space.c share.  Under the journal's mutex. */
#ifndef ATTEST_JOURNAL_INTERNAL_H
#define ATTEST_JOURNAL_INTERNAL_H

#include <pthread.h>

#include "attest/journal_segment.h"

struct segment {
	uint64_t number;
	uint64_t batches; /* live, statements among them … */
	uint64_t heads;   /* … and bytes of live CHAIN entries */
	uint64_t bytes;
	bool lost; /* a sync of it failed: no other is written over it */
};

struct journal {
	pthread_mutex_t lock;
	pthread_cond_t done; /* a round ended */
	struct journal_conf conf;
	struct segment *segment; /* oldest first; the last one is written */
	size_t segment_count, segment_cap;
	uint64_t first;
	uint64_t bytes; /* of all segments, … */
	uint64_t live;  /* … and of the entries that are needed */
	uint32_t salt;
	struct journal_segment_out out; /* the last one; the writer's */
	struct wr filling, leaving;
	struct list filling_places, leaving_places; /* entries in those whose place is asked for, … */
	struct list unsynced_places;                /* … and that are written behind synced_bytes */
	uint64_t put_to, leaving_to, written_to, synced_to; /* entries so far */
	uint64_t rounds_failed;
	bool writing;
	bool failing;
	bool suspect; /* a sync failed: what follows goes to another file, … */
	uint64_t synced_bytes; /* … behind what this one has and isn't on disk; of the last segment */
};

static inline struct segment *
journal_last_of(const struct journal *j)
{
	return &j->segment[j->segment_count - 1];
}

/* An entry of so many bytes that is put now is needed. */
struct journal_hold journal_hold_last(struct journal *j, enum journal_kind kind, size_t bytes);
void journal_unhold(struct journal *j, struct journal_hold *hold); /* journal_release() */

#endif
