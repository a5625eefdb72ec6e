/*
 * proof: that a leaf is in a tree: the audit path of RFC 6962, section 2.1.1, from the leaf's sibling up.
 *
 *              root                    of leaf 2 of 7:  d, A, F
 *            /      \
 *          E          F                d  the leaf beside it
 *        /   \       /  \              A  the node over leaves 0 and 1
 *       A     B     C     g            F  the node over leaves 4 to 6
 *      a b   c d   e f
 */
#ifndef MAKOTO_PROOF_H
#define MAKOTO_PROOF_H

#include "base/err.h"
#include "makoto/tree.h"

enum { PROOF_MAX = 63 }; /* hashes: enough for 2^63 leaves */

struct proof {
	uint64_t index, size; /* of `size` leaves, from 0 */
	size_t count;
	uint8_t path[PROOF_MAX][SHA256_LEN];
};

/* Of leaf `index` of `size`, each `stride` bytes behind the one before; index < size. */
void proof_make(const uint8_t *leaves, size_t stride, uint64_t size, uint64_t index, struct proof *ret);

/*
 * The root of the tree in which the leaf has this path.  0, or ERR_MALFORMED: the tree has no such
 * index, or a path there has another number of hashes.
 */
int proof_root(const struct proof *p, const uint8_t leaf[SHA256_LEN], uint8_t ret[SHA256_LEN]) MUSTCHECK;

#endif
