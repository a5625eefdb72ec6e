#include "makoto/manifest.h"

#include "makoto/tree.h"
#include "tests/unit/suite.h"

enum { COUNT = 5 };

struct made {
	uint8_t bytes[COUNT * MANIFEST_LEAF_KEY_LEN + 1];
	size_t n;
	uint8_t digest[SHA256_LEN], root[SHA256_LEN];
};

static struct made
make(enum manifest_kind kind)
{
	struct made m = {.n = COUNT * manifest_entry_len(kind)};
	struct tree t;

	for (size_t i = 0; i < m.n; i++)
		m.bytes[i] = (uint8_t)(i * 7 + i / 31);
	tree_init(&t);
	for (uint64_t i = 0; i < COUNT; i++)
		tree_add(&t, manifest_leaf(kind, slice_of(m.bytes, m.n), i));
	tree_root(&t, m.root);
	sha256_of(slice_of(m.bytes, m.n), m.digest);
	return m;
}

static bool
right(enum manifest_kind kind, const struct made *m, size_t n, uint64_t count)
{
	return manifest_is_right(kind, slice_of(m->bytes, n), count, m->digest, m->root);
}

START_TEST(places)
{
	struct made m = make(MANIFEST_LEAF_KEY);
	struct slice s = slice_of(m.bytes, m.n);

	ck_assert_uint_eq(manifest_entry_len(MANIFEST_LEAF), 32);
	ck_assert_uint_eq(manifest_entry_len(MANIFEST_LEAF_KEY), 48);
	ck_assert_ptr_eq(manifest_leaf(MANIFEST_LEAF, s, 2), m.bytes + 64);
	ck_assert_ptr_eq(manifest_leaf(MANIFEST_LEAF_KEY, s, 2), m.bytes + 96);
	ck_assert_str_eq(manifest_name(MANIFEST_LEAF), "leaf");
	ck_assert_str_eq(manifest_name(MANIFEST_LEAF_KEY), "leaf+key");
	ck_assert_str_eq(manifest_name(MANIFEST_NONE), "none");
}
END_TEST

/* Every other length, count, byte, digest and root is wrong; flags and keys are covered by the digest. */
START_TEST(only_this_one)
{
	enum manifest_kind kind = (enum manifest_kind)_i;
	struct made m = make(kind);

	ck_assert(right(kind, &m, m.n, COUNT));
	for (size_t n = 0; n < m.n; n++) {
		ck_assert(!right(kind, &m, n, COUNT));
		ck_assert(!right(kind, &m, n, n / manifest_entry_len(kind)));
	}
	ck_assert(!right(kind, &m, m.n + 1, COUNT));
	ck_assert(!right(kind, &m, m.n, COUNT - 1));
	ck_assert(!right(kind, &m, m.n, COUNT + 1));
	ck_assert(!right(kind, &m, m.n, UINT64_MAX));
	ck_assert(!right(kind, &m, m.n, (uint64_t)COUNT + (UINT64_MAX / manifest_entry_len(kind) + 1)));
	for (size_t i = 0; i < m.n; i++) {
		m.bytes[i] ^= 0x10;
		ck_assert(!right(kind, &m, m.n, COUNT));
		m.bytes[i] ^= 0x10;
	}
	for (size_t i = 0; i < SHA256_LEN; i++) {
		m.digest[i] ^= 1;
		ck_assert(!right(kind, &m, m.n, COUNT));
		m.digest[i] ^= 1;
		m.root[i] ^= 1;
		ck_assert(!right(kind, &m, m.n, COUNT));
		m.root[i] ^= 1;
	}
	ck_assert(right(kind, &m, m.n, COUNT));
	/* One of the other kind, of a length that fits both: 240 bytes are no multiple of 32, 96 are of both. */
	ck_assert(!right(kind == MANIFEST_LEAF ? MANIFEST_LEAF_KEY : MANIFEST_LEAF, &m, 96, kind == MANIFEST_LEAF ? 2 : 3));
}
END_TEST

/* What was changed and hashed again still has another root. */
START_TEST(digest_made_anew)
{
	struct made m = make(MANIFEST_LEAF_KEY);

	m.bytes[MANIFEST_LEAF_KEY_LEN] ^= 1;
	sha256_of(slice_of(m.bytes, m.n), m.digest);
	ck_assert(!right(MANIFEST_LEAF_KEY, &m, m.n, COUNT));
	m.bytes[MANIFEST_LEAF_KEY_LEN] ^= 1;
	m.bytes[LEAF_LEN] ^= 1; /* flags are no part of the tree: the signed digest alone covers them */
	sha256_of(slice_of(m.bytes, m.n), m.digest);
	ck_assert(right(MANIFEST_LEAF_KEY, &m, m.n, COUNT));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("manifest");
	TCase *t = tcase_create("manifest");

	tcase_add_test(t, places);
	tcase_add_loop_test(t, only_this_one, 0, 2);
	tcase_add_test(t, digest_made_anew);
	suite_add_tcase(s, t);
	return suite_run(s);
}
