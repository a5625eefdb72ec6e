/* tree: the Merkle tree of RFC 6962, section 2.1, over hashes that are leaf hashes already. */
#ifndef MAKOTO_TREE_H
#define MAKOTO_TREE_H

#include "base/slice.h"
#include "digest/sha256.h"

/* Grows leaf by leaf; holds one hash for each bit of the count. */
struct tree {
	uint64_t count;
	uint8_t peaks[64][SHA256_LEN];
};

void tree_init(struct tree *t);
void tree_add(struct tree *t, const uint8_t leaf[SHA256_LEN]);
void tree_root(const struct tree *t, uint8_t out[SHA256_LEN]); /* of nothing: SHA-256 of nothing */

/* The node above two; out may be either. */
void tree_node(const uint8_t left[SHA256_LEN], const uint8_t right[SHA256_LEN], uint8_t out[SHA256_LEN]);

/* ceil(log2 n) + 1, as Makoto's schemas count it; n >= 1. */
unsigned tree_height(uint64_t n);

#endif
