/* kms_lab: a KMS of the test's own, with one key that it really signs with. */
#ifndef TESTS_KMS_LAB_H
#define TESTS_KMS_LAB_H

#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/text.h"
#include "http_lab.h"

#define KMS_LAB_ARN "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
#define KMS_LAB_SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
#define KMS_LAB_TOKEN "IQoJb3JpZ2luX2VjEXAMPLETOKEN"

static struct {
	EVP_PKEY *key;
	const char *spec, *algorithm; /* as KMS names them */
	const char *error;            /* every answer is this __type, with status 400; "": 503 without a body; NULL: all is well */
	const char *body;             /* every answer is this; NULL: as it should be */
	bool broken;                  /* signatures are of something else */
	_Atomic bool hangs_up; /* it then sends nothing by which the test could know that this was read */
	char answer[131072];
} kms_lab;

static inline void
kms_lab_base64(const uint8_t *p, size_t n, char *out, size_t len)
{
	struct wr w = wr_new(len - 1);

	text_base64(&w, slice_of(p, n));
	ck_assert_int_eq(wr_err(&w), 0);
	(void)snprintf(out, len, "%.*s", (int)w.len, (const char *)w.buf);
	wr_free(&w);
}

static inline size_t
kms_lab_sign(struct slice digest, uint8_t *out, size_t len)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(kms_lab.key, NULL);

	ck_assert_int_eq(EVP_PKEY_sign_init(ctx), 1);
	if (EVP_PKEY_get_base_id(kms_lab.key) == EVP_PKEY_RSA) {
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING), 1);
		ck_assert_int_eq(EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST), 1);
	}
	ck_assert_int_eq(EVP_PKEY_CTX_set_signature_md(ctx, digest.n == 48 ? EVP_sha384() : EVP_sha256()), 1);
	ck_assert_int_eq(EVP_PKEY_sign(ctx, out, &len, digest.p, digest.n), 1);
	EVP_PKEY_CTX_free(ctx);
	return len;
}

static inline const char *
kms_lab_answer(const char *request, const char **ret_status)
{
	static const char field[] = "\"Message\":\"";
	const char *message = strstr(request, field);
	char text[8192];
	uint8_t bytes[4096];
	size_t n;

	if (kms_lab.hangs_up)
		return NULL;
	if (kms_lab.body != NULL)
		return kms_lab.body;
	if (kms_lab.error != NULL) {
		*ret_status = kms_lab.error[0] != '\0' ? "400 Bad Request" : "503 Service Unavailable";
		(void)snprintf(kms_lab.answer, sizeof(kms_lab.answer), "{\"__type\":\"%s\",\"message\":\"as %s\"}", kms_lab.error, KMS_LAB_TOKEN);
		return kms_lab.error[0] != '\0' ? kms_lab.answer : "";
	}
	if (strstr(request, "X-Amz-Target: TrentService.GetPublicKey\r\n") != NULL) {
		unsigned char *der = NULL;
		int len = i2d_PUBKEY(kms_lab.key, &der);

		ck_assert_int_gt(len, 0);
		kms_lab_base64(der, (size_t)len, text, sizeof(text));
		OPENSSL_free(der);
		(void)snprintf(kms_lab.answer, sizeof(kms_lab.answer),
			       "{\"KeyId\":\"" KMS_LAB_ARN "\",\"KeySpec\":\"%s\",\"KeyUsage\":\"SIGN_VERIFY\",\"PublicKey\":\"%s\"}", kms_lab.spec,
			       text);
		return kms_lab.answer;
	}
	ck_assert_ptr_nonnull(strstr(request, "X-Amz-Target: TrentService.Sign\r\n"));
	ck_assert_ptr_nonnull(strstr(request, "\"KeyId\":\"" KMS_LAB_ARN "\""));
	ck_assert_ptr_nonnull(strstr(request, "\"MessageType\":\"DIGEST\""));
	ck_assert_ptr_nonnull(message);
	message += sizeof(field) - 1;
	struct wr digest = wr_new(64);
	ck_assert_int_eq(text_unbase64(slice_of(message, strcspn(message, "\"")), &digest), 0);
	if (kms_lab.broken)
		digest.buf[0] ^= 1;
	n = kms_lab_sign(wr_slice(&digest), bytes, sizeof(bytes));
	wr_free(&digest);
	kms_lab_base64(bytes, n, text, sizeof(text));
	(void)snprintf(kms_lab.answer, sizeof(kms_lab.answer),
		       "{\"KeyId\":\"" KMS_LAB_ARN "\",\"Signature\":\"%s\",\"SigningAlgorithm\":\"%s\"}", text, kms_lab.algorithm);
	return kms_lab.answer;
}

static inline void
kms_lab_open(const char *pem, const char *spec, const char *algorithm)
{
	BIO *b = BIO_new_mem_buf(pem, -1);
	char url[64];

	memset(&kms_lab, 0, sizeof(kms_lab));
	kms_lab.key = PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
	ck_assert_ptr_nonnull(kms_lab.key);
	BIO_free(b);
	kms_lab.spec = spec;
	kms_lab.algorithm = algorithm;
	http_lab.answer = kms_lab_answer;
	http_lab.asked = 0;
	http_lab_open(NULL, 0);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u", http_lab.port);
	setenv("AWS_ENDPOINT_URL_KMS", url, 1);
	setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE", 1);
	setenv("AWS_SECRET_ACCESS_KEY", KMS_LAB_SECRET, 1);
	setenv("AWS_SESSION_TOKEN", KMS_LAB_TOKEN, 1);
}

static inline void
kms_lab_close(void)
{
	http_lab_close();
	EVP_PKEY_free(kms_lab.key);
}

#endif
