/* Keys in KMS: what is learnt of them, signed by them, and refused; over a fake one. */
#include "keys/signer.h"

#include "keys/public_key.h"
#include "kms_lab.h"
#include "tests/unit/key_files.h"
#include "tests/unit/suite.h"

static const struct {
	const char *private, *public, *spec, *algorithm;
} kinds[] = {
	{P256_PRIVATE, P256_PUBLIC, "ECC_NIST_P256", "ECDSA_SHA_256"},
	{P384_PRIVATE, P384_PUBLIC, "ECC_NIST_P384", "ECDSA_SHA_384"},
	{RSA_PRIVATE, RSA_PUBLIC, "RSA_3072", "RSASSA_PSS_SHA_256"},
};

static char why[1024];

static struct signer *
open_it(void)
{
	struct signer *s = NULL;

	ck_assert_msg(signer_open(&(struct signer_conf){.uri = KMS_LAB_ARN}, &s, why, sizeof(why)) == 0, "%s", why);
	return s;
}

START_TEST(signs)
{
	struct wr sig = wr_new(4096), pem = wr_new(4096);
	struct public_key *k;
	struct signer *s;

	kms_lab_open(kinds[_i].private, kinds[_i].spec, kinds[_i].algorithm);
	s = open_it();
	ck_assert_uint_eq(http_lab.asked, 0);
	ck_assert(signer_is_remote(s));
	ck_assert_msg(signer_ready(s, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(public_key_parse(slice_str(kinds[_i].public), &k), 0);
	ck_assert_str_eq(signer_keyid(s), public_key_id(k));
	ck_assert_str_eq(signer_shown(s), "awskms:///" KMS_LAB_ARN);
	ck_assert_int_eq(signer_written_s(s), 0);
	ck_assert_int_eq(signer_public(s, &pem), 0);
	wr_u8(&pem, '\0');
	ck_assert_str_eq((char *)pem.buf, kinds[_i].public);
	wr_text(&sig, "before");
	ck_assert_msg(signer_sign(s, slice_str(SIGNED), &sig, why, sizeof(why)) == 0, "%s", why);
	ck_assert_mem_eq(sig.buf, "before", 6);
	ck_assert_int_eq(public_key_verify(k, slice_str(SIGNED), slice_of(sig.buf + 6, sig.len - 6)), 0);
	ck_assert_ptr_nonnull(strstr(http_lab.last, kinds[_i].algorithm));
	/* Again: the key is known, and tried once more. */
	ck_assert_int_eq(signer_ready(s, why, sizeof(why)), 0);
	ck_assert_ptr_nonnull(strstr(http_lab.last, "TrentService.Sign"));
	public_key_free(k);
	signer_free(s);
	wr_free(&sig);
	wr_free(&pem);
	kms_lab_close();
}
END_TEST

static void
is_refused(int err, const char *text)
{
	struct signer *s = open_it();

	ck_assert_int_eq(signer_ready(s, why, sizeof(why)), err);
	ck_assert_msg(strstr(why, KMS_LAB_ARN) != NULL && strstr(why, text) != NULL, "%s", why);
	signer_free(s);
}

static const struct {
	const char *private, *spec;
	int err;
	const char *why;
} refused[] = {
	{P256_PRIVATE, "ECC_SECG_P256K1", ERR_UNSUPPORTED, "its spec is ECC_SECG_P256K1; want ECC_NIST_P256, ECC_NIST_P384, RSA_3072 or RSA_4096"},
	{P256_PRIVATE, "ECC_NIST_P521", ERR_UNSUPPORTED, "its spec is ECC_NIST_P521"},
	{RSA2048_PRIVATE, "RSA_2048", ERR_UNSUPPORTED, "its spec is RSA_2048"},
	{ED25519_PRIVATE, "ECC_NIST_EDWARDS25519", ERR_UNSUPPORTED, "its spec is ECC_NIST_EDWARDS25519"},
	{P256_PRIVATE, "", ERR_UNSUPPORTED, "its spec is ;"},
	{P256_PRIVATE, "ECC_NIST_P384", ERR_MALFORMED, "not a key of spec ECC_NIST_P384"},
	{RSA2048_PRIVATE, "RSA_3072", ERR_MALFORMED, "not a key of spec RSA_3072"},
	{ED25519_PRIVATE, "ECC_NIST_P256", ERR_MALFORMED, "not a key of spec ECC_NIST_P256"},
};

START_TEST(refuses)
{
	kms_lab_open(refused[_i].private, refused[_i].spec, "ECDSA_SHA_256");
	is_refused(refused[_i].err, refused[_i].why);
	kms_lab_close();
}
END_TEST

/* Bytes that aren't a key, and bytes behind one. */
START_TEST(no_key)
{
	static char body[8192];
	unsigned char der[2048], *at = der;
	char text[4096];
	int n;

	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	kms_lab.body = body;
	n = i2d_PUBKEY(kms_lab.key, &at);
	der[n] = 0;
	for (int len = 1; len <= n + 1; len++) {
		if (len == n)
			continue;
		kms_lab_base64(der, (size_t)len, text, sizeof(text));
		(void)snprintf(body, sizeof(body),
			       "{\"KeyId\":\"" KMS_LAB_ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"%s\"}", text);
		is_refused(ERR_MALFORMED, "not a key of spec ECC_NIST_P256");
	}
	kms_lab_close();
}
END_TEST

/* A signature that its public key doesn't vouch for gets nowhere, at the start or later. */
START_TEST(broken_signatures)
{
	struct wr sig = wr_new(4096);
	struct signer *s;

	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	s = open_it();
	ck_assert_int_eq(signer_ready(s, why, sizeof(why)), 0);
	kms_lab.broken = true;
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, why, sizeof(why)), ERR_SIGNATURE);
	ck_assert_str_eq(why, "awskms:///" KMS_LAB_ARN ": the signature is not one that the key's public part vouches for");
	ck_assert_uint_eq(sig.len, 0);
	signer_free(s);
	is_refused(ERR_SIGNATURE, "vouches");
	wr_free(&sig);
	kms_lab_close();
}
END_TEST

START_TEST(fails_and_stops)
{
	struct wr sig = wr_new(4096);
	struct signer *s;

	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	kms_lab.error = "AccessDeniedException";
	is_refused(ERR_REMOTE, "AccessDeniedException: the credentials need kms:Sign and kms:GetPublicKey on this key");
	kms_lab.error = NULL;
	s = open_it();
	ck_assert_int_eq(signer_ready(s, why, sizeof(why)), 0);
	signer_stop(s);
	ck_assert_int_eq(signer_sign(s, slice_str(SIGNED), &sig, why, sizeof(why)), ERR_CLOSED);
	ck_assert_int_eq(signer_open(&(struct signer_conf){.uri = "awskms:///x"}, &s, why, sizeof(why)), ERR_CONFIG);
	signer_free(s);
	wr_free(&sig);
	kms_lab_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("signer_awskms");
	TCase *t = tcase_create("signer_awskms");

	tcase_add_loop_test(t, signs, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(t, refuses, 0, ARRAY_LEN(refused));
	tcase_add_test(t, no_key);
	tcase_add_test(t, broken_signatures);
	tcase_add_test(t, fails_and_stops);
	suite_add_tcase(s, t);
	return suite_run(s);
}
