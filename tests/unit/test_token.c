#include <check.h>

#include "sasl/token.h"
#include "suite.h"

#define NOW 1700000000000

static char text[256];
static char why[256];

/* The lifetime, or an error; the token goes to `text`. */
static int64_t
parse(const char *json)
{
	struct wr w = wr_new(sizeof(text) - 1);
	int64_t ms = -1;
	int err;

	why[0] = '\0';
	err = token_parse(slice_str(json), NOW, &w, &ms, why, sizeof(why));
	(void)snprintf(text, sizeof(text), "%.*s", (int)w.len, w.len > 0 ? (const char *)w.buf : "");
	wr_free(&w);
	if (err != 0)
		ck_assert_uint_gt(strlen(why), 0);
	return err != 0 ? err : ms;
}

START_TEST(lifetimes)
{
	ck_assert_int_eq(parse("{\"access_token\":\"opaque\",\"expires_in\":60,\"token_type\":\"Bearer\"}"), 60000);
	ck_assert_str_eq(text, "opaque");
	ck_assert_int_eq(parse("{\"access_token\":\"opaque\"}"), 300000);
	ck_assert_int_eq(parse("{\"access_token\":\"opaque\",\"expires_in\":-1}"), 300000);
	ck_assert_int_eq(parse("{\"access_token\":\"opaque\",\"expires_in\":1e300}"), 300000);
	/* {"exp":1700000030}: sooner than expires_in, and alone. */
	ck_assert_int_eq(parse("{\"access_token\":\"e30.eyJleHAiOjE3MDAwMDAwMzB9.x\",\"expires_in\":60}"), 30000);
	ck_assert_int_eq(parse("{\"access_token\":\"e30.eyJleHAiOjE3MDAwMDAwMzB9.x\"}"), 30000);
	ck_assert_int_eq(parse("{\"access_token\":\"e30.eyJleHAiOjE3MDAwMDAwMzB9.x\",\"expires_in\":10}"), 10000);
	/* {"exp":1600000000} */
	ck_assert_int_eq(parse("{\"access_token\":\"e30.eyJleHAiOjE2MDAwMDAwMDB9.x\",\"expires_in\":60}"), ERR_REMOTE);
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(no_tokens)
{
	static const char *const bad[] = {"", "{}", "[]", "null", "{\"access_token\":1}", "{\"access_token\":\"\"}",
					  "{\"access_token\":\"x\"", "{\"error\":\"invalid_client\"}"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(parse(bad[i]), ERR_MALFORMED);
}
END_TEST

START_TEST(prefixes)
{
	static const char json[] = "{\"access_token\":\"e30.eyJleHAiOjE3MDAwMDAwMzB9.x\",\"expires_in\":60}";
	char part[sizeof(json)];

	for (size_t n = 0; n + 1 < sizeof(json); n++) {
		memcpy(part, json, n);
		part[n] = '\0';
		ck_assert_int_eq(parse(part), ERR_MALFORMED);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("token");
	TCase *t = tcase_create("token");

	tcase_add_test(t, lifetimes);
	tcase_add_test(t, no_tokens);
	tcase_add_test(t, prefixes);
	suite_add_tcase(s, t);
	return suite_run(s);
}
