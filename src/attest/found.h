/*
 * found: batches looked for among the records of a log, by what was hashed of them.
 *
 *   log      … r r r r r r r r r …          leaf of each, over what stands before its own triple
 *   batch          └ 0 1 2 3 ┘              found where every one of its leaves stands in a row
 *
 * By content.  A batch that went out with headers must have them, and name its windows; one
 * without must stand where it can, and no other batch does: so the same records, sent another
 * time, aren't taken for it.  Pure.
 */
#ifndef ATTEST_FOUND_H
#define ATTEST_FOUND_H

#include "attest/chain_look.h"
#include "makoto/triple.h"

struct found;

/* Is the place that begins there another batch's already?  NULL: none is. */
typedef bool found_taken(void *arg, const struct doubt *d, int64_t base_offset);

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

/* The next record of the log, in ascending order of offsets.  0 or ERR_NOMEM. */
int found_record(struct found *f, const struct found_record *r) MUSTCHECK;

#endif
