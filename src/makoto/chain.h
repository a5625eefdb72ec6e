/* chain: who made which windows of what (docs/FORMAT.md, "Chain" and "Publication"). */
#ifndef MAKOTO_CHAIN_H
#define MAKOTO_CHAIN_H

#include "base/err.h"
#include "base/slice.h"

enum { INSTANCE_LEN = 16, CHAIN_ID_LEN = 16, CHAIN_KEY_MAX = 2 * CHAIN_ID_LEN + 1 + 20 };

struct chain_id {
	uint8_t b[CHAIN_ID_LEN];
};

/*
 * cluster_id and topic_id (22 characters of base64url) are empty where the cluster has
 * none.  0, or ERR_MALFORMED: a line feed in a text would make two chains look alike.
 */
int chain_id_make(struct slice collector_id, const uint8_t instance[INSTANCE_LEN], struct slice cluster_id,
		  struct slice topic, struct slice topic_id, int32_t partition, struct chain_id *ret) MUSTCHECK;

static inline bool
chain_id_eq(const struct chain_id *a, const struct chain_id *b)
{
	return memcmp(a->b, b->b, CHAIN_ID_LEN) == 0;
}

/* The statement's record key, `<chain id>/<window id>`; the length, without the NUL. */
size_t chain_key(const struct chain_id *id, uint64_t window_id, char out[CHAIN_KEY_MAX + 1]);

/* The reverse.  0 or ERR_MALFORMED. */
int chain_key_parse(struct slice key, struct chain_id *ret_id, uint64_t *ret_window_id) MUSTCHECK;

/* The partition of the statement topic that a chain's statements go to. */
int32_t chain_partition(const struct chain_id *id, int32_t partitions);

#endif
