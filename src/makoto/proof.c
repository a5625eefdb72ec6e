#include "makoto/proof.h"

/* The leaves that a hash of the path stands for. */
struct span {
	uint64_t first, count;
};

static void
root_of(const uint8_t *leaves, size_t stride, struct span s, uint8_t out[SHA256_LEN])
{
	struct tree t;

	tree_init(&t);
	for (uint64_t i = 0; i < s.count; i++)
		tree_add(&t, leaves + (s.first + i) * stride);
	tree_root(&t, out);
}

void
proof_make(const uint8_t *leaves, size_t stride, uint64_t size, uint64_t index, struct proof *ret)
{
	struct span in = {0, size}, beside[PROOF_MAX];
	size_t n = 0;

	INVARIANT(index < size && size <= (uint64_t)1 << PROOF_MAX);
	while (in.count > 1) { /* down from the root; the path goes up */
		uint64_t k = (uint64_t)1 << (63 - __builtin_clzll(in.count - 1)); /* the largest power of two below */

		if (index - in.first < k) {
			beside[n++] = (struct span){in.first + k, in.count - k};
			in.count = k;
		} else {
			beside[n++] = (struct span){in.first, k};
			in = (struct span){in.first + k, in.count - k};
		}
	}
	ret->index = index;
	ret->size = size;
	ret->count = n;
	for (size_t i = 0; i < n; i++)
		root_of(leaves, stride, beside[n - 1 - i], ret->path[i]);
}

/*
 * RFC 9162, section 2.1.3.2.  `at` is the place of what is hashed so far among the nodes of its level, `last` that of
 * the last one there; a last one that stands alone is the node of the levels above, too, until something stands to its left.
 */
int
proof_root(const struct proof *p, const uint8_t leaf[SHA256_LEN], uint8_t ret[SHA256_LEN])
{
	uint64_t at = p->index, last = p->size - 1;
	uint8_t sum[SHA256_LEN];

	if (p->index >= p->size || p->count > PROOF_MAX)
		return ERR_MALFORMED;
	memcpy(sum, leaf, SHA256_LEN);
	for (size_t i = 0; i < p->count; i++) {
		if (last == 0)
			return ERR_MALFORMED; /* at the root already */
		if (at & 1 || at == last) {
			tree_node(p->path[i], sum, sum);
			for (; !(at & 1) && at != 0; at >>= 1)
				last >>= 1;
		} else {
			tree_node(sum, p->path[i], sum);
		}
		at >>= 1;
		last >>= 1;
	}
	if (last != 0)
		return ERR_MALFORMED;
	memcpy(ret, sum, SHA256_LEN);
	return 0;
}
