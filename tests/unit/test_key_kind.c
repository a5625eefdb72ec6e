#include "keys/key_kind.h"

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "keys/public_key.h"
#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"
#include "tests/unit/vectors.h"

static EVP_PKEY *
key_of(const char *pem)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL);

	BIO_free(bio);
	ck_assert_ptr_nonnull(key);
	return key;
}

static const struct {
	const char *pem;
	int err;
	enum key_kind kind;
	const char *digest;
} kinds[] = {
	{P256_PUBLIC, 0, KEY_P256, "SHA256"},
	{P384_PUBLIC, 0, KEY_P384, "SHA384"},
	{ED25519_PUBLIC, 0, KEY_ED25519, NULL},
	{RSA_PUBLIC, 0, KEY_RSA_PSS, "SHA256"},
	{RSA2048_PUBLIC, ERR_UNSUPPORTED, KEY_P256, NULL},
	{SECP256K1_PUBLIC, ERR_UNSUPPORTED, KEY_P256, NULL},
	{ED448_PUBLIC, ERR_UNSUPPORTED, KEY_P256, NULL},
};

START_TEST(kind)
{
	enum key_kind got = (enum key_kind)77;
	EVP_PKEY *key = key_of(kinds[_i].pem);

	ck_assert_int_eq(key_kind_of(key, &got), kinds[_i].err);
	if (kinds[_i].err != 0) {
		ck_assert_int_eq((int)got, 77); /* untouched on failure */
	} else {
		const EVP_MD *md = key_kind_digest(got);

		ck_assert_int_eq(got, kinds[_i].kind);
		ck_assert_int_eq(md == NULL, kinds[_i].digest == NULL);
		if (md != NULL)
			ck_assert(EVP_MD_is_a(md, kinds[_i].digest));
	}
	EVP_PKEY_free(key);
}
END_TEST

/* PSS with MGF1-SHA-256 and a salt of 32 for RSA; for the others there is nothing to set. */
START_TEST(parameters)
{
	for (size_t i = 0; i < 4; i++) {
		EVP_PKEY *key = key_of(kinds[i].pem);
		EVP_MD_CTX *ctx = EVP_MD_CTX_new();
		EVP_PKEY_CTX *pctx;
		const EVP_MD *mgf1 = NULL;
		int padding = 0, salt = 0;

		ck_assert_int_eq(EVP_DigestVerifyInit(ctx, &pctx, key_kind_digest(kinds[i].kind), NULL, key), 1);
		ck_assert_int_eq(key_kind_configure(kinds[i].kind, pctx), 0);
		if (kinds[i].kind == KEY_RSA_PSS) {
			ck_assert_int_gt(EVP_PKEY_CTX_get_rsa_padding(pctx, &padding), 0);
			ck_assert_int_eq(padding, RSA_PKCS1_PSS_PADDING);
			ck_assert_int_gt(EVP_PKEY_CTX_get_rsa_pss_saltlen(pctx, &salt), 0);
			ck_assert_int_eq(salt, KEY_RSA_SALT);
			ck_assert_int_gt(EVP_PKEY_CTX_get_rsa_mgf1_md(pctx, &mgf1), 0);
			ck_assert(EVP_MD_is_a(mgf1, "SHA256"));
		} else { /* and what is for RSA is refused by others */
			ck_assert_int_eq(key_kind_configure(KEY_RSA_PSS, pctx), ERR_CRYPTO);
		}
		EVP_MD_CTX_free(ctx);
		EVP_PKEY_free(key);
	}
}
END_TEST

/* The ids that another implementation gave the vectors' keys. */
START_TEST(ids)
{
	json_t *all = vectors_load(), *v;
	const char *name;

	json_object_foreach (json_object_get(all, "keys"), name, v) {
		char id[KEYID_LEN + 2];
		EVP_PKEY *key = key_of((const char *)vectors_text(v, "pem").p);

		memset(id, '?', sizeof(id));
		ck_assert_int_eq(key_id_of(key, id), 0);
		ck_assert_str_eq(id, (const char *)vectors_text(v, "keyid").p);
		ck_assert_int_eq(id[KEYID_LEN + 1], '?');
		EVP_PKEY_free(key);
	}
	json_decref(all);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("key_kind");
	TCase *t = tcase_create("key_kind");

	tcase_add_loop_test(t, kind, 0, (int)ARRAY_LEN(kinds));
	tcase_add_test(t, parameters);
	tcase_add_test(t, ids);
	suite_add_tcase(s, t);
	return suite_run(s);
}
