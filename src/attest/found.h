/*
 * found: batches looked for among the records of a log, by what was hashed of them.
 *
 *   log      … r r r r r r r r r …          leaf of each, in each way that a reader may take it
 *   batch          └ 0 1 2 3 ┘              found where every one of its leaves stands in a row
 *
 * By content.  A batch that went out with headers must have them, and name its windows; one
 * without must stand where it can, and no other batch does: so the same records, sent another
 * time, aren't taken for it.  The time it takes is that of reading, however alike records are.  Pure.
 */
#ifndef ATTEST_FOUND_H
#define ATTEST_FOUND_H

#include "attest/chain_look.h"
#include "makoto/triple.h"

struct found;

/* Later hops, each of which left its headers behind a record that went out without ours: more aren't looked behind. */
#define FOUND_HOPS_MAX 7

/*
 * Has another batch one of the places from there on?  0: none has; else the first offset behind it, at which this one
 * may begin at the earliest.  A NULL function: none ever has.
 */
typedef int64_t found_taken(void *arg, const struct doubt *d, int64_t base_offset);

/* Looks for these, which stay the caller's and get what is found; NULL: no memory. */
struct found *found_new(const struct chain_id *chain, struct doubt *doubts, size_t count, found_taken *is_taken,
			void *arg) MUSTCHECK;
void found_free(struct found *f); /* NULL is fine */

struct found_record {
	int64_t offset;
	int64_t timestamp;
	bool log_append;
	struct slice key, value; /* p == NULL: null */
	const struct header *headers;
	size_t header_count;
};

/* The next record of the log, in ascending order of offsets.  0, as who reads them wants it. */
int found_record(struct found *f, const struct found_record *r) MUSTCHECK;

#endif
