/*
 * sought: what a record of the statement topic is to one statement that is looked for there.
 *
 *   the very bytes of it                                              OURS: it is published
 *   signed by our key, of that chain and window, and says otherwise   OTHER: whoever made it has our chain
 *   anything else under its key                                       NOTHING
 *
 * Anybody who may write there can write under its key; only who has our key can make another statement.  The same one
 * in another envelope is no other (docs/FORMAT.md, "Publication"); ours, which has its manifest, may stand beside it.  Pure.
 */
#ifndef ATTEST_SOUGHT_H
#define ATTEST_SOUGHT_H

#include "keys/public_key.h"
#include "makoto/chain.h"

struct sought {
	const struct chain_id *chain;
	uint64_t window;
	const uint8_t *value_sha256;     /* of the record's value, … */
	const uint8_t *statement_sha256; /* … and of the statement in it */
	const struct public_key *key;    /* NULL: we have none, and nothing is another */
};

enum sought_is { SOUGHT_NOTHING, SOUGHT_OURS, SOUGHT_OTHER };

/* 0 or ERR_NOMEM. */
int sought_record(const struct sought *s, struct slice key, struct slice value, enum sought_is *ret) MUSTCHECK;

#endif
