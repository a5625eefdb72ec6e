#include "keys/public_key.h"

#include <openssl/crypto.h>

#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

/* A key of each kind and what the openssl command line signed with it. */
static const struct {
	const char *pem, *sig;
} kinds[] = {
	{P256_PUBLIC, P256_SIGNATURE},
	{P384_PUBLIC, P384_SIGNATURE},
	{ED25519_PUBLIC, ED25519_SIGNATURE},
	{RSA_PUBLIC, RSA_SIGNATURE},
};

static struct public_key *
key_of(const char *pem)
{
	struct public_key *k = NULL;

	ck_assert_int_eq(public_key_parse(slice_str(pem), &k), 0);
	ck_assert_ptr_nonnull(k);
	return k;
}

static int
verify(const struct public_key *k, struct slice message, const struct wr *sig)
{
	return public_key_verify(k, message, wr_slice(sig));
}

static int64_t calls, failing_at; /* of OpenSSL's calls for memory the one that gets none; 0: none */
static bool failed;

static void *
gets(size_t n, const char *file UNUSED, int line UNUSED)
{
	return failing_at != 0 && ++calls == failing_at && (failed = true) ? NULL : malloc(n);
}

static void *
gets_more(void *p, size_t n, const char *file UNUSED, int line UNUSED)
{
	return failing_at != 0 && ++calls == failing_at && (failed = true) ? NULL : realloc(p, n);
}

static void
takes(void *p, const char *file UNUSED, int line UNUSED)
{
	free(p);
}

/* --- one key --------------------------------------------------------------------------- */

START_TEST(verifies_what_openssl_signed)
{
	struct public_key *k = key_of(kinds[_i].pem);
	struct wr sig = hex_of(kinds[_i].sig);

	ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), 0);
	ck_assert_int_eq(verify(k, slice_str("Makoto"), &sig), ERR_SIGNATURE);
	ck_assert_int_eq(verify(k, slice_str("makoto "), &sig), ERR_SIGNATURE);
	ck_assert_int_eq(verify(k, slice_str(""), &sig), ERR_SIGNATURE);
	ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), 0); /* a failure leaves nothing behind */
	wr_free(&sig);
	public_key_free(k);
	public_key_free(NULL);
}
END_TEST

/* A good signature that there is no memory to check isn't called a bad one, but where OpenSSL doesn't say what it lacks. */
START_TEST(no_memory)
{
	struct public_key *k = key_of(kinds[_i].pem);
	struct wr sig = hex_of(kinds[_i].sig);
	int nomem = 0, untold = 0, err;

	do {
		failed = false;
		calls = 0;
		failing_at++;
		err = verify(k, slice_str(SIGNED), &sig);
		ck_assert_msg(err == 0 || failed, "call %lld: %s", (long long)failing_at, err_text(err));
		nomem += err == ERR_NOMEM;
		untold += err == ERR_SIGNATURE;
	} while (failed);
	ck_assert_int_gt(nomem, untold);
	failing_at = 0;
	public_key_free(k);
	wr_free(&sig);
}
END_TEST

START_TEST(signature_of_another_key)
{
	struct wr sig = hex_of(kinds[_i].sig);

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		struct public_key *k = key_of(kinds[i].pem);

		ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), i == (size_t)_i ? 0 : ERR_SIGNATURE);
		public_key_free(k);
	}
	wr_free(&sig);
}
END_TEST

/* Every prefix, every byte changed, and bytes behind: none of them is the signature. */
START_TEST(signature_damaged)
{
	struct public_key *k = key_of(kinds[_i].pem);
	struct wr sig = hex_of(kinds[_i].sig);

	for (size_t n = 0; n < sig.len; n++)
		ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), slice_of(sig.buf, n)), ERR_SIGNATURE);
	for (size_t i = 0; i < sig.len; i++) {
		for (unsigned bit = 1; bit < 256; bit <<= 1) {
			sig.buf[i] ^= (uint8_t)bit;
			ck_assert_msg(verify(k, slice_str(SIGNED), &sig) == ERR_SIGNATURE, "byte %zu bit %u", i, bit);
			sig.buf[i] ^= (uint8_t)bit;
		}
	}
	ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), 0);
	wr_u8(&sig, 0);
	ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), ERR_SIGNATURE);
	ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), (struct slice){NULL, 0}), ERR_SIGNATURE);
	wr_free(&sig);
	public_key_free(k);
}
END_TEST

/* The right key with other parameters than the format's. */
START_TEST(other_parameters)
{
	static const struct {
		const char *pem, *sig;
	} cases[] = {{RSA_PUBLIC, RSA_SALT_20_SIGNATURE}, {RSA_PUBLIC, RSA_PKCS1_SIGNATURE}, {P256_PUBLIC, P256_SHA384_SIGNATURE}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct public_key *k = key_of(cases[i].pem);
		struct wr sig = hex_of(cases[i].sig);

		ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), ERR_SIGNATURE);
		wr_free(&sig);
		public_key_free(k);
	}
}
END_TEST

/* RFC 8032, section 7.1, TEST 1 and TEST 3: Ed25519 of nothing, and of two bytes. */
START_TEST(rfc8032)
{
	static const char *const cases[][3] = {
		{"MCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=", "",
		 "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd"
		 "25bf5f0595bbe24655141438e7a100b"},
		{"MCowBQYDK2VwAyEA/FHNjmIYoaONpH7QAjDwWAgW7RO6MwOsXeuRFUiQgCU=", "af82",
		 "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594"
		 "a7c15e9716ed28dc027beceea1ec40a"}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct wr message = hex_of(cases[i][1]), sig = hex_of(cases[i][2]);
		struct public_key *k;
		char pem[200];

		(void)snprintf(pem, sizeof(pem), "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n", cases[i][0]);
		k = key_of(pem);
		ck_assert_int_eq(verify(k, wr_slice(&message), &sig), 0);
		wr_u8(&message, 0);
		ck_assert_int_eq(verify(k, wr_slice(&message), &sig), ERR_SIGNATURE);
		wr_free(&message), wr_free(&sig);
		public_key_free(k);
	}
}
END_TEST

/* --- text ------------------------------------------------------------------------------ */

START_TEST(ids)
{
	json_t *all = vectors_load(), *v;
	const char *name;

	json_object_foreach (json_object_get(all, "keys"), name, v) {
		struct public_key *k = key_of((const char *)vectors_text(v, "pem").p);

		ck_assert_str_eq(public_key_id(k), (const char *)vectors_text(v, "keyid").p);
		ck_assert_uint_eq(strlen(public_key_id(k)), KEYID_LEN);
		public_key_free(k);
	}
	json_decref(all);
}
END_TEST

START_TEST(refused_texts)
{
	static const struct {
		const char *pem;
		int err;
	} cases[] = {
		{"", ERR_MALFORMED},
		{"makoto", ERR_MALFORMED},
		{"-----BEGIN PUBLIC KEY-----\n", ERR_MALFORMED},
		{"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n", ERR_MALFORMED},
		{"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", ERR_MALFORMED},
		{P256_PRIVATE, ERR_MALFORMED},
		{ENCRYPTED_PRIVATE, ERR_MALFORMED},
		{ENCRYPTED_OLD_PRIVATE, ERR_MALFORMED},
		{CERTIFICATE, ERR_MALFORMED},
		{RSA2048_PUBLIC, ERR_UNSUPPORTED},
		{SECP256K1_PUBLIC, ERR_UNSUPPORTED},
		{ED448_PUBLIC, ERR_UNSUPPORTED},
	};
	struct public_key *k = NULL;
	char *big = calloc(1, 1024 * 1024 + 1);

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_int_eq(public_key_parse(slice_str(cases[i].pem), &k), cases[i].err);
	ck_assert_int_eq(public_key_parse((struct slice){NULL, 0}, &k), ERR_MALFORMED);
	/* Longer than any key file. */
	memcpy(big, P256_PUBLIC, strlen(P256_PUBLIC));
	ck_assert_int_eq(public_key_parse(slice_of(big, 1024 * 1024 + 1), &k), ERR_MALFORMED);
	ck_assert_ptr_null(k);
	free(big);
}
END_TEST

/*
 * No prefix is a key, but for the newline at the end.  With a byte changed it is none, or another
 * one with another id, or (where bits carry nothing) this one with this id.
 */
START_TEST(text_damaged)
{
	const char *pem = kinds[_i].pem;
	struct public_key *whole = key_of(pem), *k;
	struct wr sig = hex_of(kinds[_i].sig);
	char *copy = malloc(strlen(pem) + 1);
	unsigned others = 0;

	for (size_t n = 0; n + 1 < strlen(pem); n++)
		ck_assert_int_ne(public_key_parse(slice_of(pem, n), &k), 0);
	for (size_t i = 0; i < strlen(pem); i++) {
		bool same;

		memcpy(copy, pem, strlen(pem) + 1);
		copy[i] = copy[i] == 'A' ? 'B' : 'A';
		if (public_key_parse(slice_str(copy), &k) != 0)
			continue;
		same = strcmp(public_key_id(k), public_key_id(whole)) == 0;
		others += !same;
		ck_assert_int_eq(verify(k, slice_str(SIGNED), &sig), same ? 0 : ERR_SIGNATURE);
		public_key_free(k);
	}
	/* Of Ed25519 and RSA nearly any number is a key; hardly one is a point of the curves. */
	ck_assert(others > 0 || _i < 2);
	wr_free(&sig);
	free(copy);
	public_key_free(whole);
}
END_TEST

/* --- trust ------------------------------------------------------------------------------ */

static struct trust *trust;
static char why[512];

static void
setup(void)
{
	key_files_folder();
	trust = trust_new();
	ck_assert_ptr_nonnull(trust);
	why[0] = '\0';
}

static void
teardown(void)
{
	trust_free(trust);
	trust_free(NULL);
	key_files_gone();
}

static int
load(const char *content)
{
	return trust_load(trust, key_file("public", content, 0644), why, sizeof(why));
}

/* Which key it is, whatever the hint says. */
static void
ck_trusted(const char *sig_hex, const char *hint, const char *pem)
{
	struct public_key *want = key_of(pem);
	const struct public_key *got = NULL;
	struct wr sig = hex_of(sig_hex);

	ck_assert_int_eq(trust_verify(trust, slice_str(SIGNED), wr_slice(&sig), slice_str(hint), &got), 0);
	ck_assert_str_eq(public_key_id(got), public_key_id(want));
	wr_free(&sig);
	public_key_free(want);
}

static void
ck_not_trusted(const char *sig_hex, const char *hint)
{
	const struct public_key *got = NULL;
	struct wr sig = hex_of(sig_hex);

	ck_assert_int_eq(trust_verify(trust, slice_str(SIGNED), wr_slice(&sig), slice_str(hint), &got), ERR_SIGNATURE);
	ck_assert_ptr_null(got);
	wr_free(&sig);
}

START_TEST(trust_of_many)
{
	struct public_key *p384 = key_of(P384_PUBLIC), *ed = key_of(ED25519_PUBLIC);

	ck_not_trusted(P256_SIGNATURE, "");
	ck_assert_uint_eq(trust_count(trust), 0);
	ck_assert_int_eq(load("what a key is for\n" P256_PUBLIC "\n" P384_PUBLIC), 0);
	ck_assert_uint_eq(trust_count(trust), 2);
	ck_assert_int_eq(load(RSA_PUBLIC), 0); /* from more than one file */
	ck_assert_uint_eq(trust_count(trust), 3);
	ck_trusted(P256_SIGNATURE, "", P256_PUBLIC);
	ck_trusted(P384_SIGNATURE, public_key_id(p384), P384_PUBLIC);
	ck_trusted(RSA_SIGNATURE, "SHA256:nonsense", RSA_PUBLIC);
	/* A hint that is wrong only costs time; one at a key that isn't trusted doesn't make it so. */
	ck_trusted(P256_SIGNATURE, public_key_id(p384), P256_PUBLIC);
	ck_not_trusted(ED25519_SIGNATURE, public_key_id(ed));
	ck_not_trusted(P256_SHA384_SIGNATURE, "");
	public_key_free(p384);
	public_key_free(ed);
}
END_TEST

START_TEST(trust_refused)
{
	static const struct {
		const char *content;
		int err;
		const char *why;
	} cases[] = {
		{"", ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{"makoto\n", ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{P256_PRIVATE, ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{P256_ECPARAM_PRIVATE, ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{ENCRYPTED_PRIVATE, ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{CERTIFICATE, ERR_MALFORMED, "no public key in it (want -----BEGIN PUBLIC KEY-----)"},
		{RSA2048_PUBLIC, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
		{P256_PUBLIC SECP256K1_PUBLIC, ERR_UNSUPPORTED, "not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key"},
	};
	char want[512];

	ck_assert_int_eq(load(cases[_i].content), cases[_i].err);
	(void)snprintf(want, sizeof(want), "%s: %s", key_file_path("public"), cases[_i].why);
	ck_assert_str_eq(why, want);
}
END_TEST
enum { TRUST_REFUSED = 8 };

START_TEST(trust_of_no_file)
{
	char want[512];

	ck_assert_int_eq(trust_load(trust, key_file_path("public"), why, sizeof(why)), ERR_IO);
	(void)snprintf(want, sizeof(want), "%s: can't be read: No such file or directory", key_file_path("public"));
	ck_assert_str_eq(why, want);
	ck_assert_uint_eq(trust_count(trust), 0);
	ck_assert_int_eq(trust_load(trust, key_dir, why, sizeof(why)), ERR_IO);
}
END_TEST

/* Keys among other blocks; the old form of an RSA key. */
START_TEST(trust_among_others)
{
	ck_assert_int_eq(load(P256_PRIVATE P256_PUBLIC CERTIFICATE ED25519_PUBLIC ENCRYPTED_PRIVATE RSA_PUBLIC_PKCS1), 0);
	ck_assert_uint_eq(trust_count(trust), 3);
	ck_trusted(P256_SIGNATURE, "", P256_PUBLIC);
	ck_trusted(ED25519_SIGNATURE, "", ED25519_PUBLIC);
	ck_trusted(RSA_SIGNATURE, "", RSA_PUBLIC);
}
END_TEST

#define BEGIN "-----BEGIN PUBLIC KEY-----\n"
#define END "-----END PUBLIC KEY-----\n"

/* A key that is cut or garbled is no end of the file: who believes it to be trusted is told. */
START_TEST(trust_damaged)
{
	static const char *const cases[] = {
		P256_PUBLIC BEGIN "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n",
		P256_PUBLIC BEGIN,
		P256_PUBLIC BEGIN "!CowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n" END,
		BEGIN "MCoABQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n" END P256_PUBLIC,
		/* A byte behind the key, in the same block. */
		BEGIN "MCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbgA\n" END,
	};
	char want[512];

	ck_assert_int_eq(load(cases[_i]), ERR_MALFORMED);
	(void)snprintf(want, sizeof(want), "%s: a public key in it is damaged", key_file_path("public"));
	ck_assert_str_eq(why, want);
}
END_TEST
enum { TRUST_DAMAGED = 5 };

int
main(void)
{
	Suite *s = suite_create("public_key");
	TCase *one = tcase_create("key"), *many = tcase_create("trust");

	if (CRYPTO_set_mem_functions(gets, gets_more, takes) != 1)
		return 1; /* OpenSSL got some already */
	tcase_set_timeout(one, 60);
	tcase_add_loop_test(one, verifies_what_openssl_signed, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(one, no_memory, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(one, signature_of_another_key, 0, (int)ARRAY_LEN(kinds));
	tcase_add_loop_test(one, signature_damaged, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(one, other_parameters);
	tcase_add_test(one, rfc8032);
	tcase_add_test(one, ids);
	tcase_add_test(one, refused_texts);
	tcase_add_loop_test(one, text_damaged, 0, (int)ARRAY_LEN(kinds));
	suite_add_tcase(s, one);
	tcase_add_checked_fixture(many, setup, teardown);
	tcase_add_test(many, trust_of_many);
	tcase_add_loop_test(many, trust_refused, 0, TRUST_REFUSED);
	tcase_add_test(many, trust_of_no_file);
	tcase_add_test(many, trust_among_others);
	tcase_add_loop_test(many, trust_damaged, 0, TRUST_DAMAGED);
	suite_add_tcase(s, many);
	return suite_run(s);
}
