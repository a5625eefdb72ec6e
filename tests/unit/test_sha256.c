#include <check.h>

#include "base/text.h"
#include "digest/sha256.h"

/* FIPS 180-4's examples (NIST CSRC), and the empty message. */
static const struct {
	const char *message, *digest;
} vectors[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
	 "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

START_TEST(examples_of_the_standard)
{
	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		uint8_t out[SHA256_LEN];
		char hex[2 * SHA256_LEN + 1];

		sha256_of(slice_str(vectors[i].message), out);
		ck_assert_str_eq(text_hex(out, sizeof(out), hex), vectors[i].digest);
	}
}
END_TEST

START_TEST(million_a)
{
	uint8_t out[SHA256_LEN], thousand[1000];
	char hex[2 * SHA256_LEN + 1];
	struct sha256 h;

	memset(thousand, 'a', sizeof(thousand));
	sha256_init(&h);
	for (int i = 0; i < 1000; i++)
		sha256_update(&h, thousand, sizeof(thousand));
	sha256_final(&h, out);
	ck_assert_str_eq(text_hex(out, sizeof(out), hex),
			 "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}
END_TEST

START_TEST(pieces_are_the_whole)
{
	const char *text = vectors[2].message;
	uint8_t whole[SHA256_LEN], parts[SHA256_LEN];
	size_t n = strlen(text);

	sha256_of(slice_str(text), whole);
	for (size_t cut = 0; cut <= n; cut++) {
		struct sha256 h;

		sha256_init(&h);
		sha256_update(&h, text, cut);
		sha256_update(&h, NULL, 0);
		sha256_update(&h, text + cut, n - cut);
		sha256_final(&h, parts);
		ck_assert_mem_eq(parts, whole, SHA256_LEN);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sha256");
	TCase *t = tcase_create("sha256");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, examples_of_the_standard);
	tcase_add_test(t, million_a);
	tcase_add_test(t, pieces_are_the_whole);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
