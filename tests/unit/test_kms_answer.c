/* What KMS answers, and what something else may. */
#include <check.h>

#include "cloud/kms_answer.h"
#include "suite.h"

#define ARN "arn:aws:kms:eu-central-1:111122223333:key/k"
#define PUBLIC "{\"KeyId\":\"" ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"AQIDBA==\",\"x\":[1]}"
#define SIGNED "{\"KeyId\":\"" ARN "\",\"Signature\":\"AQIDBA==\",\"SigningAlgorithm\":\"ECDSA_SHA_256\"}"

static char why[640];

static int
public_of(struct slice json, struct wr *ret)
{
	char spec[KMS_SPEC_MAX + 1] = "";
	int err = kms_answer_public(json, ARN, spec, ret, why, sizeof(why));

	if (err == 0)
		ck_assert_str_eq(spec, "ECC_NIST_P256");
	else
		ck_assert_str_eq(spec, "");
	return err;
}

static int
signature_of(struct slice json, struct wr *ret)
{
	return kms_answer_signature(json, ARN, "ECDSA_SHA_256", ret, why, sizeof(why));
}

static const struct {
	const char *good;
	int (*read)(struct slice json, struct wr *ret);
} kinds[] = {{PUBLIC, public_of}, {SIGNED, signature_of}};

/* The good one; and no beginning of it. */
START_TEST(good_and_short)
{
	struct wr w = wr_new(64);
	size_t n = strlen(kinds[_i].good);

	ck_assert_int_eq(kinds[_i].read(slice_str(kinds[_i].good), &w), 0);
	ck_assert_mem_eq(w.buf, "\x01\x02\x03\x04", 4);
	ck_assert_uint_eq(w.len, 4);
	wr_free(&w);
	for (size_t i = 0; i < n; i++) {
		char *copy = malloc(i + 1); /* a look behind the end is seen */

		memcpy(copy, kinds[_i].good, i);
		w = wr_new(64);
		ck_assert_int_eq(kinds[_i].read(slice_of(copy, i), &w), ERR_MALFORMED);
		ck_assert_uint_eq(w.len, 0);
		wr_free(&w);
		free(copy);
	}
}
END_TEST

/* Whatever a byte becomes: read or refused, with a reason in printable ASCII. */
START_TEST(changed)
{
	char copy[512];
	size_t n = strlen(kinds[_i].good);

	for (size_t i = 0; i < n; i++)
		for (unsigned c = 0; c < 256; c += 7) {
			char spec[KMS_SPEC_MAX + 1];
			struct wr w = wr_new(64);
			int err;

			memcpy(copy, kinds[_i].good, n + 1);
			copy[i] = (char)c;
			why[0] = '\0';
			err = _i == 0 ? kms_answer_public(slice_of(copy, n), ARN, spec, &w, why, sizeof(why)) : signature_of(slice_of(copy, n), &w);
			ck_assert(err == 0 || why[0] != '\0');
			for (const char *p = why; *p != '\0'; p++)
				ck_assert(*p >= ' ' && *p < 0x7f);
			wr_free(&w);
		}
}
END_TEST

static const struct {
	int kind;
	const char *json;
	int err;
	const char *why;
} refused[] = {
	{0, "", ERR_MALFORMED, "is not KMS"},
	{0, "<html>", ERR_MALFORMED, "is not KMS"},
	{0, "[]", ERR_MALFORMED, "is not KMS"},
	{0, "{}", ERR_MALFORMED, "is not KMS"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeySpec\":1,\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"AQ==\"}", ERR_MALFORMED, "is not KMS"},
	{0, "{\"KeyId\":\"" ARN "x\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"AQ==\"}", ERR_MALFORMED, "another key"},
	{0, "{\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"AQ==\"}", ERR_MALFORMED, "another key"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeyId\":\"" ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"AQ==\"}",
	 ERR_MALFORMED, "is not KMS"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeySpec\":\"RSA_4096\",\"KeyUsage\":\"ENCRYPT_DECRYPT\",\"PublicKey\":\"AQ==\"}", ERR_UNSUPPORTED,
	 "the key is for ENCRYPT_DECRYPT; want one for SIGN_VERIFY"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\"}", ERR_MALFORMED, "without a PublicKey"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"\"}", ERR_MALFORMED, "without a PublicKey"},
	{0, "{\"KeyId\":\"" ARN "\",\"KeySpec\":\"ECC_NIST_P256\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"A*==\"}", ERR_MALFORMED, "without a PublicKey"},
	{1, "[]", ERR_MALFORMED, "another key or algorithm"},
	{1, "{\"KeyId\":\"" ARN "\",\"Signature\":\"AQ==\",\"SigningAlgorithm\":\"ECDSA_SHA_384\"}", ERR_MALFORMED, "another key or algorithm"},
	{1, "{\"KeyId\":\"x\",\"Signature\":\"AQ==\",\"SigningAlgorithm\":\"ECDSA_SHA_256\"}", ERR_MALFORMED, "another key or algorithm"},
	{1, "{\"KeyId\":\"" ARN "\",\"Signature\":{},\"SigningAlgorithm\":\"ECDSA_SHA_256\"}", ERR_MALFORMED, "without a Signature"},
	{1, "{\"KeyId\":\"" ARN "\",\"Signature\":\"AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=\",\"SigningAlgorithm\":\"ECDSA_SHA_256\"}", ERR_LIMIT,
	 "over the limit"},
};

START_TEST(refuses)
{
	struct wr w = wr_new(16);

	ck_assert_int_eq(kinds[refused[_i].kind].read(slice_str(refused[_i].json), &w), refused[_i].err);
	ck_assert_msg(strstr(why, refused[_i].why) != NULL, "%s", why);
	wr_free(&w);
}
END_TEST

static const struct {
	const char *json;
	int err;
	const char *why;
} errors[] = {
	{"{\"__type\":\"AccessDeniedException\",\"message\":\"User: arn:x is not authorized\"}", ERR_REMOTE,
	 "AccessDeniedException: the credentials need kms:Sign and kms:GetPublicKey on this key: User: arn:x is not authorized"},
	{"{\"__type\":\"com.amazonaws.kms#AccessDeniedException\",\"Message\":\"a\\u0007\\u00e9b\"}", ERR_REMOTE,
	 "AccessDeniedException: the credentials need kms:Sign and kms:GetPublicKey on this key: a???b"},
	{"{\"__type\":\"AccessDeniedException\"}", ERR_REMOTE,
	 "AccessDeniedException: the credentials need kms:Sign and kms:GetPublicKey on this key"},
	{"{\"__type\":\"DisabledException\",\"message\":\"x\"}", ERR_REMOTE, "DisabledException: the key is disabled: enable it"},
	{"{\"__type\":\"NotFoundException\"}", ERR_REMOTE, "NotFoundException: there is no such key in this account and region"},
	{"{\"__type\":\"KMSInvalidStateException\"}", ERR_REMOTE,
	 "KMSInvalidStateException: the key's state doesn't let it sign (is its deletion scheduled, or its material not imported?)"},
	/* Its message repeats what was sent, the session token with it. */
	{"{\"__type\":\"InvalidSignatureException\",\"message\":\"The Canonical String ... x-amz-security-token:s3cret\"}", ERR_REMOTE,
	 "InvalidSignatureException: the secret key is not the access key's, or this machine's clock is wrong"},
	{"{\"__type\":\"ThrottlingException\",\"message\":\"Rate exceeded\"}", ERR_NOT_NOW,
	 "ThrottlingException: the account's quota of requests is used up: ask for more, or let windows be longer"},
	{"{\"__type\":\"KMSInternalException\",\"message\":\"s3cret\"}", ERR_NOT_NOW, "KMSInternalException"},
	{"{\"__type\":\"N\\u0000ew\\nException\",\"message\":\"s3cret\"}", ERR_NOT_NOW, "status 503"},
	{"{\"__type\":\"New\\nException\",\"message\":\"s3cret\"}", ERR_NOT_NOW, "New?Exception"},
	{"{\"__type\":7}", ERR_NOT_NOW, "status 503"},
	{"<html>", ERR_NOT_NOW, "status 503"},
	{"", ERR_NOT_NOW, "status 503"},
};

START_TEST(tells_errors)
{
	ck_assert_int_eq(kms_answer_error(slice_str(errors[_i].json), "status 503", why, sizeof(why)), errors[_i].err);
	ck_assert_str_eq(why, errors[_i].why);
}
END_TEST

/* A message of any length, and nesting that would take the stack. */
START_TEST(large)
{
	struct wr w = wr_new(1 << 20), ret = wr_new(64);

	wr_text(&w, "{\"__type\":\"AccessDeniedException\",\"message\":\"");
	for (int i = 0; i < 60000; i++)
		wr_u8(&w, 'a');
	wr_text(&w, "\"}");
	ck_assert_int_eq(kms_answer_error(wr_slice(&w), "", why, sizeof(why)), ERR_REMOTE);
	ck_assert_uint_lt(strlen(why), 560);
	wr_reset(&w);
	for (int i = 0; i < 60000; i++)
		wr_u8(&w, '[');
	ck_assert_int_eq(kms_answer_error(wr_slice(&w), "status 400", why, sizeof(why)), ERR_NOT_NOW);
	ck_assert_int_eq(public_of(wr_slice(&w), &ret), ERR_MALFORMED);
	wr_free(&w);
	wr_free(&ret);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kms_answer");
	TCase *t = tcase_create("kms_answer");

	tcase_add_loop_test(t, good_and_short, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(t, changed, 0, ARRAY_LEN(kinds));
	tcase_add_loop_test(t, refuses, 0, ARRAY_LEN(refused));
	tcase_add_loop_test(t, tells_errors, 0, ARRAY_LEN(errors));
	tcase_add_test(t, large);
	suite_add_tcase(s, t);
	return suite_run(s);
}
