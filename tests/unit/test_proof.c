#include "makoto/proof.h"

#include "base/text.h"
#include "tests/unit/suite.h"

enum { MANY = 70, STRIDE = 48 };

static uint8_t leaves[MANY * STRIDE]; /* as a manifest "leaf+key" has them */

static const uint8_t *
leaf_at(size_t i)
{
	return leaves + i * STRIDE;
}

static void
setup(void)
{
	memset(leaves, 0xa5, sizeof(leaves));
	for (size_t i = 0; i < MANY; i++)
		sha256_of(slice_of(&i, sizeof(i)), leaves + i * STRIDE);
}

static void
root_of(size_t n, uint8_t out[SHA256_LEN])
{
	struct tree t;

	tree_init(&t);
	for (size_t i = 0; i < n; i++)
		tree_add(&t, leaf_at(i));
	tree_root(&t, out);
}

/* RFC 6962, section 2.1.1, by its words: PATH(m, D[first:first+n]). */
static size_t
by_definition(size_t m, size_t first, size_t n, uint8_t path[][SHA256_LEN])
{
	size_t k = 1, len;
	struct tree t;

	if (n == 1)
		return 0;
	while (k * 2 < n)
		k *= 2;
	tree_init(&t);
	if (m < k) {
		len = by_definition(m, first, k, path);
		for (size_t i = k; i < n; i++)
			tree_add(&t, leaf_at(first + i));
	} else {
		len = by_definition(m - k, first + k, n - k, path);
		for (size_t i = 0; i < k; i++)
			tree_add(&t, leaf_at(first + i));
	}
	tree_root(&t, path[len]);
	return len + 1;
}

/* Every leaf of a tree of every size has the path that it should have, and leads to the root. */
START_TEST(every_leaf)
{
	uint8_t root[SHA256_LEN], got[SHA256_LEN], want[PROOF_MAX][SHA256_LEN];
	struct proof p;

	for (size_t n = 1; n <= MANY; n++) {
		root_of(n, root);
		for (size_t i = 0; i < n; i++) {
			proof_make(leaves, STRIDE, n, i, &p);
			ck_assert_uint_eq(p.index, i);
			ck_assert_uint_eq(p.size, n);
			ck_assert_uint_eq(p.count, by_definition(i, 0, n, want));
			ck_assert(p.count == 0 || memcmp(p.path, want, p.count * SHA256_LEN) == 0);
			ck_assert_int_eq(proof_root(&p, leaf_at(i), got), 0);
			ck_assert_mem_eq(got, root, SHA256_LEN);
		}
	}
}
END_TEST

/* The paths in the tree of eight inputs that the transparency projects share. */
START_TEST(known_answers)
{
	static const char *const inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
					     "606162636465666768696a6b6c6d6e6f"};
	static const struct {
		uint64_t index, size;
		const char *path[4];
	} cases[] = {{0, 1, {NULL}},
		     {0, 8,
		      {"96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
		       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		       "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4", NULL}},
		     {5, 8,
		      {"bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
		       "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
		       "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7", NULL}},
		     {2, 3, {"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125", NULL}},
		     {1, 5,
		      {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		       "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
		       "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b", NULL}}};
	uint8_t l[ARRAY_LEN(inputs)][SHA256_LEN], raw[17] = {0};

	for (size_t i = 0; i < ARRAY_LEN(inputs); i++) {
		ck_assert_int_eq(text_unhex(slice_str(inputs[i]), raw + 1, strlen(inputs[i]) / 2), 0);
		sha256_of(slice_of(raw, 1 + strlen(inputs[i]) / 2), l[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct proof p;
		char hex[2 * SHA256_LEN + 1];
		size_t n = 0;

		proof_make(l[0], SHA256_LEN, cases[i].size, cases[i].index, &p);
		for (; cases[i].path[n] != NULL; n++)
			ck_assert_str_eq(text_hex(p.path[n], SHA256_LEN, hex), cases[i].path[n]);
		ck_assert_uint_eq(p.count, n);
	}
}
END_TEST

static void
ck_refused(const struct proof *p, const uint8_t *leaf, const uint8_t *root, const char *what)
{
	uint8_t got[SHA256_LEN];
	int err = proof_root(p, leaf, got);

	ck_assert_msg(err == 0 || err == ERR_MALFORMED, "%s: %d", what, err);
	ck_assert_msg(err != 0 || memcmp(got, root, SHA256_LEN) != 0, "%s of leaf %llu of %llu passes", what,
		      (unsigned long long)p->index, (unsigned long long)p->size);
}

static void
each_wrong_hash(const struct proof *good, const uint8_t *leaf, const uint8_t *root)
{
	uint8_t other[SHA256_LEN];
	struct proof p;

	for (size_t at = 0; at < good->count; at++) {
		for (size_t bit = 0; bit < 8 * SHA256_LEN; bit += 37) {
			p = *good;
			p.path[at][bit / 8] ^= (uint8_t)(1 << bit % 8);
			ck_refused(&p, leaf, root, "a flipped bit");
		}
		p = *good;
		memmove(p.path[at], p.path[at + 1], (p.count - at - 1) * SHA256_LEN);
		p.count--;
		ck_refused(&p, leaf, root, "a missing hash");
		if (at + 1 < good->count) {
			p = *good;
			memcpy(p.path[at], good->path[at + 1], SHA256_LEN);
			memcpy(p.path[at + 1], good->path[at], SHA256_LEN);
			ck_refused(&p, leaf, root, "two swapped hashes");
		}
	}
	for (size_t bit = 0; bit < 8 * SHA256_LEN; bit += 11) {
		memcpy(other, leaf, SHA256_LEN);
		other[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_refused(good, other, root, "another leaf");
	}
}

static void
each_longer(const struct proof *good, const uint8_t *leaf, const uint8_t *root)
{
	static const uint8_t zero[SHA256_LEN];
	const uint8_t *const more[] = {zero, leaf, root, good->path[0]};

	for (size_t i = 0; i < ARRAY_LEN(more); i++) {
		struct proof p = *good;

		memcpy(p.path[p.count++], more[i], SHA256_LEN);
		ck_refused(&p, leaf, root, "something behind it");
		memmove(p.path[1], good->path[0], good->count * SHA256_LEN);
		memcpy(p.path[0], more[i], SHA256_LEN);
		ck_refused(&p, leaf, root, "something before it");
	}
}

static void
each_other_place(const struct proof *good, const uint8_t *leaf, const uint8_t *root)
{
	const uint64_t indexes[] = {good->index - 1,	good->index + 1, good->index ^ 2, good->size,
				    good->size + 1, UINT64_MAX,      good->index | (uint64_t)1 << 63};
	struct proof p = *good;

	for (size_t i = 0; i < ARRAY_LEN(indexes); i++) {
		p.index = indexes[i];
		ck_refused(&p, leaf, root, "another index");
	}
	for (uint64_t i = 0; i < good->size; i++) {
		p.index = i;
		if (i != good->index)
			ck_refused(&p, leaf, root, "another index");
	}
}

/* A node is no leaf: what stands under one can't be passed off as one. */
static void
node_as_leaf(const struct proof *good, const uint8_t *leaf, const uint8_t *root)
{
	uint8_t node[SHA256_LEN];
	struct proof p = *good;

	if (good->count == 0 || good->index + 1 == good->size)
		return;
	if (good->index & 1)
		tree_node(good->path[0], leaf, node);
	else
		tree_node(leaf, good->path[0], node);
	memmove(p.path[0], good->path[1], (good->count - 1) * SHA256_LEN);
	p.count--;
	ck_refused(&p, node, root, "a node as leaf");
}

START_TEST(wrong_ones)
{
	enum { SIZE = 35 };
	uint8_t root[SHA256_LEN];
	struct proof p;

	for (size_t n = 1; n <= SIZE; n++) {
		root_of(n, root);
		for (size_t i = 0; i < n; i++) {
			proof_make(leaves, STRIDE, n, i, &p);
			if (p.count < PROOF_MAX)
				memset(p.path[p.count], 0, SHA256_LEN);
			each_wrong_hash(&p, leaf_at(i), root);
			each_longer(&p, leaf_at(i), root);
			each_other_place(&p, leaf_at(i), root);
			node_as_leaf(&p, leaf_at(i), root);
		}
	}
}
END_TEST

/*
 * A path alone doesn't tell a tree's size: a leaf may go the same way up in two trees.  Where the number of hashes is
 * another, it is refused; where it isn't, who verifies has to know the size, as a statement tells it.
 */
START_TEST(other_sizes)
{
	uint8_t got[SHA256_LEN];
	struct proof p;

	proof_make(leaves, STRIDE, 8, 2, &p);
	for (uint64_t size = 0; size < 40; size++) {
		p.size = size;
		ck_assert_int_eq(proof_root(&p, leaf_at(2), got), size > 4 && size <= 8 ? 0 : ERR_MALFORMED);
	}
	p.size = UINT64_MAX;
	ck_assert_int_eq(proof_root(&p, leaf_at(2), got), ERR_MALFORMED);
}
END_TEST

START_TEST(limits)
{
	struct proof p = {.index = 0, .size = (uint64_t)1 << 63, .count = PROOF_MAX};
	uint8_t got[SHA256_LEN] = {7};

	memset(p.path, 1, sizeof(p.path));
	ck_assert_int_eq(proof_root(&p, leaf_at(0), got), 0);
	p.size++; /* wants 64 */
	ck_assert_int_eq(proof_root(&p, leaf_at(0), got), ERR_MALFORMED);
	p.size = (uint64_t)1 << 63;
	p.count = PROOF_MAX + 1;
	ck_assert_int_eq(proof_root(&p, leaf_at(0), got), ERR_MALFORMED);
	p = (struct proof){.index = 0, .size = 0};
	got[0] = 7;
	ck_assert_int_eq(proof_root(&p, leaf_at(0), got), ERR_MALFORMED);
	ck_assert_uint_eq(got[0], 7); /* untouched */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proof");
	TCase *t = tcase_create("proof");

	tcase_add_unchecked_fixture(t, setup, NULL);
	tcase_add_test(t, every_leaf);
	tcase_add_test(t, known_answers);
	tcase_add_test(t, wrong_ones);
	tcase_add_test(t, other_sizes);
	tcase_add_test(t, limits);
	suite_add_tcase(s, t);
	return suite_run(s);
}
