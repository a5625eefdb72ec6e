/*
 * places: where statements stand in the statement topic, by the windows that they are of.
 *
 *   places_add … ─► places_sort ─► places_find, places_later
 */
#ifndef VERIFY_PLACES_H
#define VERIFY_PLACES_H

#include "makoto/chain.h"

struct place {
	struct chain_id chain;
	uint64_t window_id;
	int64_t offset;
	int32_t partition; /* of the statement topic */
	int32_t topic;     /* that it is kept for, by a number; -1: it isn't kept */
	int32_t kept_for;  /* a partition of that topic; -1: it isn't kept */
	const char *why;   /* it is known not to count, and why; NULL: that isn't known */
	bool by_known_key; /* and a key that the policy knows signed it */
};

struct places { /* zeroed is empty; free(list) */
	struct place *list;
	size_t count, cap;
};

int places_add(struct places *p, const struct place *one) MUSTCHECK; /* 0 or ERR_NOMEM */
void places_sort(struct places *p);

/* The places of that window's statements that aren't kept for this partition: *ret_count of them; NULL: none. */
const struct place *places_find(const struct places *p, int32_t topic, int32_t partition, const struct chain_id *chain,
				uint64_t window_id, size_t *ret_count);

/* Is a later window of the chain among them, not known not to count? */
bool places_later(const struct places *p, int32_t topic, int32_t partition, const struct chain_id *chain,
		  uint64_t window_id);

#endif
