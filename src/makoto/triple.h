/*
 * triple: the three headers that name a record's window (docs/FORMAT.md, "Record headers").
 *
 *   … │ makoto.content_hash │ makoto.window_id │ makoto.signature │ …      adjacent, in this order
 */
#ifndef MAKOTO_TRIPLE_H
#define MAKOTO_TRIPLE_H

#include "makoto/chain.h"

#define TRIPLE_CONTENT_HASH "makoto.content_hash"
#define TRIPLE_WINDOW_ID "makoto.window_id"
#define TRIPLE_SIGNATURE "makoto.signature"

struct header {
	struct slice name;
	struct slice value; /* p == NULL: null */
};

struct triple {
	size_t at; /* index of its first header */
	/* What it names; valid only when well_formed. */
	bool well_formed;
	bool compact;
	struct slice dbom_topic; /* empty when compact */
	struct chain_id chain;
	uint64_t window_id;
};

/* Reads the place at headers[at..at+2], if there is one.  `value_hash` is of the record's value, or NULL when that is null. */
bool triple_at(const struct header *headers, size_t count, size_t at, const uint8_t *value_hash, struct triple *ret);

/* The last place in the list; false: none. */
bool triple_last(const struct header *headers, size_t count, const uint8_t *value_hash, struct triple *ret);

/* Is any of the three names among the headers? */
bool triple_any_name(const struct header *headers, size_t count);

/*
 * Does it name that window?  dbom_topics: the names of the statement topics that it may tell, commas between, which no
 * name has; p == NULL: any (a mirror).
 */
bool triple_is_of(const struct triple *t, struct slice dbom_topics, const struct chain_id *chain, uint64_t window_id);

/*
 * Where the headers that a statement's leaf covers end: at its own triple, the last
 * that names it; else at `count`.  *ret_own tells which.  dbom_topics as above.
 */
size_t triple_covered(const struct header *headers, size_t count, const uint8_t *value_hash, struct slice dbom_topics,
		      const struct chain_id *chain, uint64_t window_id, bool *ret_own);

#endif
