/* What names a key in AWS KMS, and what doesn't. */
#include <check.h>

#include "cloud/kms_arn.h"
#include "suite.h"

#define ID "1234abcd-12ab-34cd-56ef-1234567890ab"
#define ARN "arn:aws:kms:eu-central-1:111122223333:key/" ID

START_TEST(good)
{
	static const struct {
		const char *uri, *text, *region, *domain;
	} cases[] = {
		{ARN, ARN, "eu-central-1", "amazonaws.com"},
		{"awskms:///" ARN, ARN, "eu-central-1", "amazonaws.com"},
		{"arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab",
		 "arn:aws:kms:us-east-1:111122223333:key/mrk-1234abcd12ab34cd56ef1234567890ab", "us-east-1", "amazonaws.com"},
		{"awskms:///arn:aws-cn:kms:cn-north-1:111122223333:key/" ID, "arn:aws-cn:kms:cn-north-1:111122223333:key/" ID,
		 "cn-north-1", "amazonaws.com.cn"},
		{"arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/" ID, "arn:aws-us-gov:kms:us-gov-west-1:111122223333:key/" ID,
		 "us-gov-west-1", "amazonaws.com"},
		{"arn:aws-iso:kms:us-iso-east-1:111122223333:key/" ID, "arn:aws-iso:kms:us-iso-east-1:111122223333:key/" ID,
		 "us-iso-east-1", "c2s.ic.gov"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kms_arn a;
		const char *want = kms_arn_parse(cases[i].uri, &a);

		ck_assert(kms_arn_is(cases[i].uri));
		ck_assert_msg(want == NULL, "%s: %s", cases[i].uri, want);
		ck_assert_str_eq(a.text, cases[i].text);
		ck_assert_str_eq(a.region, cases[i].region);
		ck_assert_str_eq(a.domain, cases[i].domain);
	}
}
END_TEST

START_TEST(bad)
{
	static const struct {
		const char *uri, *why;
	} cases[] = {
		{"", "the ARN of a key"},
		{"arn:", "the ARN of a key"},
		{"awskms:" ARN, "three slashes"},
		{"awskms://" ARN, "three slashes"},
		{"awskms://localhost:4566/" ARN, "three slashes"},
		{"awskms:///", "the ARN of a key"},
		{"awskms:///" ID, "the ARN of a key"},
		{"awskms:///alias/signing", "the ARN of a key"},
		{"awskms:////" ARN, "the ARN of a key"},
		{ARN "/x", "the ARN of a key"},
		{ARN " ", "the ARN of a key"},
		{ARN "\"", "the ARN of a key"},
		{ARN ":x", "the ARN of a key"},
		{" " ARN, "the ARN of a key"},
		{"arn:aws:kms:eu-central-1:111122223333:alias/signing", "an alias may be given another key"},
		{"arn:aws:kms:eu-central-1:111122223333:key/", "the ARN of a key"},
		{"arn:aws:kms:eu-central-1:111122223333:", "the ARN of a key"},
		{"arn:aws:kms:eu-central-1:11112222333:key/" ID, "the ARN of a key"},
		{"arn:aws:kms:eu-central-1:11112222333x:key/" ID, "the ARN of a key"},
		{"arn:aws:kms::111122223333:key/" ID, "the ARN of a key"},
		{"arn:aws:kms:eu.central.1:111122223333:key/" ID, "the ARN of a key"},
		{"arn:aws:kms:EU:111122223333:key/" ID, "the ARN of a key"},
		{"arn:aws:s3:eu-central-1:111122223333:key/" ID, "the ARN of a key"},
		{"arn:other:kms:eu-central-1:111122223333:key/" ID, "a partition of AWS"},
		{"arn::kms:eu-central-1:111122223333:key/" ID, "a partition of AWS"},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct kms_arn a = {.text = "before"};
		const char *want = kms_arn_parse(cases[i].uri, &a);

		ck_assert_msg(want != NULL, "%s was taken", cases[i].uri);
		ck_assert_msg(strstr(want, cases[i].why) != NULL, "%s: %s", cases[i].uri, want);
		ck_assert_str_eq(a.text, "before");
	}
	ck_assert(!kms_arn_is("file:signing.pem"));
	ck_assert(!kms_arn_is("pkcs11:token=x"));
	ck_assert(!kms_arn_is(""));
}
END_TEST

/* Every prefix; and an end that is too long. */
START_TEST(lengths)
{
	char text[1024];
	struct kms_arn a;

	for (size_t n = 0; n < strlen(ARN) - strlen(ID); n++) {
		(void)snprintf(text, sizeof(text), "%.*s", (int)n, ARN);
		ck_assert_ptr_nonnull(kms_arn_parse(text, &a));
	}
	memset(text, 'a', sizeof(text));
	memcpy(text, ARN, strlen(ARN));
	text[strlen(ARN) - strlen(ID) + 128] = '\0';
	ck_assert_ptr_null(kms_arn_parse(text, &a));
	text[strlen(text)] = 'a';
	text[strlen(ARN) - strlen(ID) + 129] = '\0';
	ck_assert_ptr_nonnull(kms_arn_parse(text, &a));
	text[sizeof(text) - 1] = '\0';
	memset(text + strlen(text), 'a', 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_ptr_nonnull(kms_arn_parse(text, &a));
	(void)snprintf(text, sizeof(text), "arn:aws:kms:%0*d:111122223333:key/x", KMS_REGION_MAX + 1, 1);
	ck_assert_ptr_nonnull(kms_arn_parse(text, &a));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("kms_arn");
	TCase *t = tcase_create("kms_arn");

	tcase_add_test(t, good);
	tcase_add_test(t, bad);
	tcase_add_test(t, lengths);
	suite_add_tcase(s, t);
	return suite_run(s);
}
