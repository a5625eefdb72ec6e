#include "makoto/tree.h"

#include "base/text.h"
#include "tests/unit/suite.h"

enum { MANY = 300 };

static uint8_t leaves[MANY][SHA256_LEN];

/* RFC 6962, section 2.1, by its words: split at the largest power of two below n. */
static void
by_definition(size_t first, size_t n, uint8_t out[SHA256_LEN])
{
	uint8_t b[1 + 2 * SHA256_LEN] = {1};
	size_t k = 1;

	if (n == 0) {
		sha256_of(slice_of("", 0), out);
		return;
	}
	if (n == 1) {
		memcpy(out, leaves[first], SHA256_LEN);
		return;
	}
	while (k * 2 < n)
		k *= 2;
	by_definition(first, k, b + 1);
	by_definition(first + k, n - k, b + 1 + SHA256_LEN);
	sha256_of(slice_of(b, sizeof(b)), out);
}

static void
setup(void)
{
	for (size_t i = 0; i < MANY; i++)
		sha256_of(slice_of(&i, sizeof(i)), leaves[i]);
}

/* A tree that grows has the right root at each size, and asking for it changes nothing. */
START_TEST(every_size)
{
	uint8_t want[SHA256_LEN], got[SHA256_LEN];
	struct tree t;

	tree_init(&t);
	for (size_t n = 0; n <= MANY; n++) {
		ck_assert_uint_eq(t.count, n);
		by_definition(0, n, want);
		tree_root(&t, got);
		ck_assert_mem_eq(got, want, SHA256_LEN);
		if (n < MANY)
			tree_add(&t, leaves[n]);
	}
	tree_init(&t); /* and may be used again */
	tree_add(&t, leaves[0]);
	tree_root(&t, got);
	ck_assert_mem_eq(got, leaves[0], SHA256_LEN);
}
END_TEST

/* The roots of one to eight inputs that the transparency projects share, in full. */
START_TEST(known_answers)
{
	static const char *const inputs[] = {"", "00", "10", "2021", "3031", "40414243", "5051525354555657",
					     "606162636465666768696a6b6c6d6e6f"};
	static const char *const roots[] = {
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
		"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
		"fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
		"aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
		"d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
		"4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
		"76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
		"ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
		"5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
	struct tree t;

	tree_init(&t);
	for (size_t n = 0; n < ARRAY_LEN(roots); n++) {
		uint8_t root[SHA256_LEN], raw[17] = {0}, leaf[SHA256_LEN];
		char hex[2 * SHA256_LEN + 1];

		tree_root(&t, root);
		ck_assert_str_eq(text_hex(root, SHA256_LEN, hex), roots[n]);
		if (n == ARRAY_LEN(inputs))
			break;
		ck_assert_int_eq(text_unhex(slice_str(inputs[n]), raw + 1, strlen(inputs[n]) / 2), 0);
		sha256_of(slice_of(raw, 1 + strlen(inputs[n]) / 2), leaf);
		tree_add(&t, leaf);
	}
}
END_TEST

/* Any leaf changed, swapped with its neighbour, dropped or doubled is another root. */
START_TEST(nothing_is_hidden)
{
	enum { N = 21 };
	uint8_t root[SHA256_LEN], other[SHA256_LEN], changed[SHA256_LEN];
	struct tree t;

	by_definition(0, N, root);
	for (size_t at = 0; at < N; at++) {
		for (int how = 0; how < 4; how++) {
			tree_init(&t);
			for (size_t i = 0; i < N; i++) {
				memcpy(changed, leaves[i], SHA256_LEN);
				changed[at] ^= (uint8_t)(how == 0 && i == at);
				if (how == 1 && i == at)
					memcpy(changed, leaves[i + 1], SHA256_LEN);
				if (how == 1 && i == at + 1)
					memcpy(changed, leaves[i - 1], SHA256_LEN);
				if (how != 2 || i != at)
					tree_add(&t, changed);
				if (how == 3 && i == at)
					tree_add(&t, changed);
			}
			tree_root(&t, other);
			ck_assert_mem_ne(other, root, SHA256_LEN);
		}
	}
}
END_TEST

START_TEST(heights)
{
	static const struct {
		uint64_t n;
		unsigned height;
	} cases[] = {{1, 1},	{2, 2},	   {3, 3},    {4, 3},	  {5, 4},	{8, 4},		{9, 5},
		     {1000, 11}, {1024, 11}, {1025, 12}, {1000000, 21}, {(uint64_t)1 << 63, 64}, {UINT64_MAX, 65}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_uint_eq(tree_height(cases[i].n), cases[i].height);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("tree");

	tcase_add_checked_fixture(t, setup, NULL);
	tcase_add_test(t, every_size);
	tcase_add_test(t, known_answers);
	tcase_add_test(t, nothing_is_hidden);
	tcase_add_test(t, heights);
	suite_add_tcase(s, t);
	return suite_run(s);
}
