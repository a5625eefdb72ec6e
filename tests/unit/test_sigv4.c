/* Known answers of AWS's documentation ("Examples of how to derive a signing key") and test suite (get-vanilla). */
#include <check.h>

#include "base/text.h"
#include "cloud/sigv4.h"
#include "suite.h"

#define SECRET "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"

static void
has_key(const char *time, const char *want)
{
	struct sigv4 s = {slice_str(SECRET), time, "us-east-1", "iam"};
	uint8_t key[32];
	char hex[65];

	ck_assert_int_eq(sigv4_key(&s, key), 0);
	ck_assert_str_eq(text_hex(key, 32, hex), want);
}

START_TEST(signing_keys)
{
	has_key("20120215T000000Z", "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d");
	has_key("20150830T123600Z", "c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9");
}
END_TEST

START_TEST(get_vanilla)
{
	static const char request[] =
		"GET\n/\n\nhost:example.amazonaws.com\nx-amz-date:20150830T123600Z\n\nhost;x-amz-date\n"
		"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
	struct sigv4 s = {slice_str(SECRET), "20150830T123600Z", "us-east-1", "service"};
	char hex[SIGV4_HEX + 1], other[SIGV4_HEX + 1];
	char changed[sizeof(request)];

	ck_assert_int_eq(sigv4_sign(&s, slice_str(request), hex), 0);
	ck_assert_str_eq(hex, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
	for (size_t i = 0; i + 1 < sizeof(request); i++) {
		memcpy(changed, request, sizeof(request));
		changed[i] ^= 1;
		ck_assert_int_eq(sigv4_sign(&s, slice_of(changed, sizeof(changed) - 1), other), 0);
		ck_assert_str_ne(hex, other);
	}
}
END_TEST

START_TEST(times)
{
	char out[SIGV4_TIME];

	ck_assert_int_eq(sigv4_time(1440938160123, out), 0);
	ck_assert_str_eq(out, "20150830T123600Z");
	ck_assert_int_eq(sigv4_time(-1000, out), ERR_LIMIT);
	ck_assert_int_eq(sigv4_time(INT64_C(253402300800000), out), ERR_LIMIT); /* the year 10000 */
}
END_TEST

START_TEST(escapes)
{
	struct wr w = wr_new(256);

	sigv4_escape(&w, slice_of("aZ09-_.~ /+=:%\xc3\x00", 16));
	ck_assert(slice_eq(wr_slice(&w), slice_str("aZ09-_.~%20%2F%2B%3D%3A%25%C3%00")));
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sigv4");
	TCase *t = tcase_create("sigv4");

	tcase_add_test(t, signing_keys);
	tcase_add_test(t, get_vanilla);
	tcase_add_test(t, times);
	tcase_add_test(t, escapes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
