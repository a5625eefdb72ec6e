/*
 * The leaves so far are perfect subtrees of falling size, one for each set bit of the
 * count; peaks[i] is the one of 2^i leaves.  A new leaf carries like an addition.
 */
#include "makoto/tree.h"

void
tree_node(const uint8_t left[SHA256_LEN], const uint8_t right[SHA256_LEN], uint8_t out[SHA256_LEN])
{
	uint8_t b[1 + 2 * SHA256_LEN];

	b[0] = 0x01;
	memcpy(b + 1, left, SHA256_LEN);
	memcpy(b + 1 + SHA256_LEN, right, SHA256_LEN);
	sha256_of(slice_of(b, sizeof(b)), out);
}

void
tree_init(struct tree *t)
{
	t->count = 0;
}

void
tree_add(struct tree *t, const uint8_t leaf[SHA256_LEN])
{
	uint8_t sum[SHA256_LEN];
	unsigned i;

	memcpy(sum, leaf, SHA256_LEN);
	for (i = 0; t->count >> i & 1; i++)
		tree_node(t->peaks[i], sum, sum);
	memcpy(t->peaks[i], sum, SHA256_LEN);
	t->count++;
}

void
tree_root(const struct tree *t, uint8_t out[SHA256_LEN])
{
	uint8_t sum[SHA256_LEN];
	unsigned i;

	if (t->count == 0) {
		sha256_of(slice_of("", 0), out);
		return;
	}
	i = (unsigned)__builtin_ctzll(t->count);
	memcpy(sum, t->peaks[i], SHA256_LEN);
	for (i++; i < 64; i++)
		if (t->count >> i & 1)
			tree_node(t->peaks[i], sum, sum);
	memcpy(out, sum, SHA256_LEN);
}

unsigned
tree_height(uint64_t n)
{
	return n <= 1 ? 1 : 65 - (unsigned)__builtin_clzll(n - 1);
}
