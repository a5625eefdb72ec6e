/* Requests to KMS, answers and failures, over a fake one. */
#include <check.h>

#include "base/clock.h"
#include "cloud/kms.h"
#include "kms_lab.h"
#include "suite.h"
#include "tests/unit/key_files.h"

#define DIGEST "0123456789abcdef0123456789abcdef"

static char why[1024];
static struct kms *k;

static void
setup(void)
{
	kms_lab_open(P256_PRIVATE, "ECC_NIST_P256", "ECDSA_SHA_256");
	ck_assert_int_eq(kms_open("awskms:///" KMS_LAB_ARN, AWS_ENVIRONMENT, NULL, &k, why, sizeof(why)), 0);
	why[0] = '\0';
}

static void
teardown(void)
{
	kms_close(k);
	kms_close(NULL);
	kms_lab_close();
}

static int
sign(void)
{
	struct wr sig = wr_new(1024);
	int err = kms_sign(k, "ECDSA_SHA_256", slice_str(DIGEST), &sig, why, sizeof(why));

	ck_assert_int_eq(err == 0, sig.len > 0);
	wr_free(&sig);
	ck_assert_ptr_null(strstr(why, KMS_LAB_SECRET));
	ck_assert_ptr_null(strstr(why, "AKIAIOSFODNN7EXAMPLE"));
	return err;
}

START_TEST(what_is_sent)
{
	struct wr der = wr_new(4096);
	char spec[KMS_SPEC_MAX + 1];

	ck_assert_str_eq(kms_arn(k), KMS_LAB_ARN);
	ck_assert_msg(kms_public(k, spec, &der, why, sizeof(why)) == 0, "%s", why);
	ck_assert_str_eq(spec, "ECC_NIST_P256");
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\r\n\r\n{\"KeyId\":\"" KMS_LAB_ARN "\"}"));
	wr_free(&der);
	ck_assert_msg(sign() == 0, "%s", why);
	ck_assert_int_eq(strncmp(http_lab.last, "POST / HTTP/1.1\r\n", 17), 0);
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\r\nContent-Type: application/x-amz-json-1.1\r\n"));
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\r\nX-Amz-Security-Token: " KMS_LAB_TOKEN "\r\n"));
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/"));
	ck_assert_ptr_nonnull(strstr(http_lab.last, "/eu-central-1/kms/aws4_request, SignedHeaders="
						    "content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature="));
	ck_assert_ptr_nonnull(strstr(http_lab.last, "\"Message\":\"MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=\""));
	ck_assert_ptr_null(strstr(http_lab.last, KMS_LAB_SECRET));
}
END_TEST

/* Without a token none is sent or signed. */
START_TEST(keys_without_a_token)
{
	unsetenv("AWS_SESSION_TOKEN");
	ck_assert_int_eq(sign(), 0);
	ck_assert_ptr_null(strcasestr(http_lab.last, "x-amz-security-token"));
	unsetenv("AWS_SECRET_ACCESS_KEY");
	ck_assert_int_eq(sign(), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, KMS_LAB_ARN ": AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set"));
}
END_TEST

static void
fails(int err, const char *text)
{
	ck_assert_int_eq(sign(), err);
	ck_assert_msg(strncmp(why, KMS_LAB_ARN ": ", strlen(KMS_LAB_ARN ": ")) == 0 && strstr(why, text) != NULL, "%s", why);
}

static const struct {
	const char *error, *body;
	bool hangs_up;
	int err;
	const char *why;
} failures[] = {
	{.error = "DisabledException", .err = ERR_REMOTE, .why = "enable it"},
	{.error = "AccessDeniedException", .err = ERR_REMOTE, .why = "need kms:Sign"},
	{.error = "ThrottlingException", .err = ERR_NOT_NOW, .why = "quota"},
	{.error = "KMSInternalException", .err = ERR_NOT_NOW, .why = "KMSInternalException"},
	{.error = "", .err = ERR_NOT_NOW, .why = "status 503"},
	{.body = "{}", .err = ERR_MALFORMED, .why = "another key or algorithm"},
	{.body = "hello", .err = ERR_MALFORMED, .why = "is not KMS"},
	{.hangs_up = true, .err = ERR_NOT_NOW, .why = "http://127.0.0.1"},
};

/*
 * A failure closes the door for a while: the next are told the same without a request, then one
 * request finds out, and an answer opens it for all.
 */
START_TEST(failing_and_back)
{
	struct monotime now = clock_now();
	unsigned asked;

	clock_set_for_tests(&now, NULL);
	kms_lab.error = failures[_i].error;
	kms_lab.body = failures[_i].body;
	kms_lab.hangs_up = failures[_i].hangs_up;
	for (int64_t pause_ms = 200; pause_ms < 100000; pause_ms *= 2) {
		int64_t told_ms = pause_ms < 10000 ? pause_ms : 10000;

		fails(failures[_i].err, failures[_i].why);
		asked = http_lab.asked;
		fails(ERR_AGAIN, failures[_i].why);
		now.ns += told_ms * 1000000 - 1;
		clock_set_for_tests(&now, NULL);
		fails(ERR_AGAIN, failures[_i].why);
		ck_assert_uint_eq(http_lab.asked, asked);
		now.ns++;
		clock_set_for_tests(&now, NULL);
	}
	kms_lab.error = kms_lab.body = NULL;
	kms_lab.hangs_up = false;
	ck_assert_int_eq(sign(), 0);
	ck_assert_int_eq(sign(), 0);
	kms_lab.error = "";
	fails(ERR_NOT_NOW, "status 503");
	now.ns += 200 * 1000000; /* as short a pause as at first */
	clock_set_for_tests(&now, NULL);
	fails(ERR_NOT_NOW, "status 503");
	clock_set_for_tests(NULL, NULL);
}
END_TEST

/* The public key is asked for by who waits by himself. */
START_TEST(public_key_is_asked_for_again)
{
	struct wr der = wr_new(4096);
	char spec[KMS_SPEC_MAX + 1];

	kms_lab.error = "NotFoundException";
	for (unsigned i = 1; i < 4; i++) {
		ck_assert_int_eq(kms_public(k, spec, &der, why, sizeof(why)), ERR_REMOTE);
		ck_assert_uint_eq(http_lab.asked, i);
	}
	ck_assert_str_eq(why, KMS_LAB_ARN ": NotFoundException: there is no such key in this account and region");
	kms_lab.error = NULL;
	ck_assert_int_eq(kms_public(k, spec, &der, why, sizeof(why)), 0);
	wr_free(&der);
}
END_TEST

START_TEST(too_large)
{
	static char body[131072];

	memset(body, ' ', sizeof(body) - 1);
	kms_lab.body = body;
	fails(ERR_NOT_NOW, "http://127.0.0.1");
}
END_TEST

START_TEST(stopped)
{
	unsigned asked;

	ck_assert_int_eq(sign(), 0);
	asked = http_lab.asked;
	kms_stop(k);
	ck_assert_int_eq(sign(), ERR_CLOSED);
	ck_assert_uint_eq(http_lab.asked, asked);
}
END_TEST

START_TEST(endpoints)
{
	static const char *const bad[] = {"127.0.0.1:4566",	   "ftp://127.0.0.1", "http://",		"https:///x",
					  "http://a/b",		   "http://u@h",      "http://h?x",		"http://h#x",
					  "http://h\r\nX-Evil: 1", "http://h h",      "HTTPS//kms.amazonaws.com"};
	char url[128];
	struct kms *other = NULL;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		setenv("AWS_ENDPOINT_URL_KMS", bad[i], 1);
		ck_assert_msg(kms_open(KMS_LAB_ARN, AWS_ENVIRONMENT, NULL, &other, why, sizeof(why)) == ERR_CONFIG, "%s", bad[i]);
		ck_assert_ptr_nonnull(strstr(why, "AWS_ENDPOINT_URL_KMS"));
	}
	ck_assert_ptr_null(other);
	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_lab.port);
	setenv("AWS_ENDPOINT_URL_KMS", url, 1);
	ck_assert_int_eq(kms_open(KMS_LAB_ARN, AWS_ENVIRONMENT, NULL, &other, why, sizeof(why)), 0);
	kms_close(k);
	k = other;
	ck_assert_int_eq(sign(), 0);
	setenv("AWS_ENDPOINT_URL_KMS", "", 1); /* AWS's own; nothing is asked */
	ck_assert_int_eq(kms_open(KMS_LAB_ARN, AWS_ENVIRONMENT, NULL, &other, why, sizeof(why)), 0);
	kms_close(other);
	ck_assert_int_eq(kms_open("awskms:///x", AWS_ENVIRONMENT, NULL, &other, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "awskms:///x: want the ARN"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kms");
	TCase *t = tcase_create("kms");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_sent);
	tcase_add_test(t, keys_without_a_token);
	tcase_add_loop_test(t, failing_and_back, 0, ARRAY_LEN(failures));
	tcase_add_test(t, public_key_is_asked_for_again);
	tcase_add_test(t, too_large);
	tcase_add_test(t, stopped);
	tcase_add_test(t, endpoints);
	suite_add_tcase(s, t);
	return suite_run(s);
}
