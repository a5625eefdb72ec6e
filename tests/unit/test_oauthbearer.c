#include "sasl_steps.h"
#include "suite.h"

#define TOKEN "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzaWRlY2FyIn0."

static struct sasl *
begin(void)
{
	static const struct sasl_pair extensions[] = {{"logicalCluster", "lkc-1"}, {"identityPoolId", "pool-1"}};
	struct sasl_credentials c = {.token = TEXT(TOKEN), .extensions = extensions, .extension_count = 2};
	struct sasl *s = sasl_open("OAUTHBEARER", &c);

	sasl_says(s, NOTHING,
		  TEXT("n,,\x01"
		       "auth=Bearer " TOKEN "\x01logicalCluster=lkc-1\x01identityPoolId=pool-1\x01\x01"));
	return s;
}

START_TEST(one_message)
{
	struct sasl *s = begin();
	struct sasl_credentials plain = {.token = TEXT("vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==")};
	char why[256];

	ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), 1);
	sasl_free(s);
	s = sasl_open("OAUTHBEARER", &plain);
	sasl_says(s, NOTHING, TEXT("n,,\x01" "auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"));
	sasl_free(s);
}
END_TEST

START_TEST(a_refusal_is_answered_and_told) /* RFC 7628 §3.2.3 */
{
	static const char *const says[] = {"{\"status\":\"invalid_token\",\"scope\":\"example_scope\"}", "not JSON \x01\n"};
	static const char *const told[] = {"invalid_token", "not JSON ??"};

	for (size_t i = 0; i < ARRAY_LEN(says); i++) {
		struct sasl *s = begin();
		struct wr out = wr_new(64);
		char why[256] = "";
		bool done = true;

		ck_assert_int_eq(sasl_step(s, slice_str(says[i]), &out, &done, why, sizeof(why)), 0);
		ck_assert(!done);
		ck_assert(slice_eq(wr_slice(&out), TEXT("\x01")));
		ck_assert_ptr_nonnull(strstr(why, told[i]));
		/* Whatever comes now, it is no success. */
		ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), ERR_REMOTE);
		ck_assert_ptr_nonnull(strstr(why, told[i]));
		wr_free(&out);
		sasl_free(s);
	}
}
END_TEST

START_TEST(only_nothing_is_success)
{
	static const char refusal[] = "{\"status\":\"invalid_request\"}";
	char why[256];

	for (size_t n = 1; n < sizeof(refusal); n++) {
		struct sasl *s = begin();

		ck_assert_int_eq(sasl_try(s, slice_of(refusal, n), why, sizeof(why)), 0);
		ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), ERR_REMOTE);
		sasl_free(s);
	}
}
END_TEST

START_TEST(what_it_cannot_say)
{
	static const char *const tokens[] = {"", "a b", "a\x01", "=", "a=b", "t\xc3\xb6ken"};
	static const struct sasl_pair bad[] = {{"auth", "x"}, {"", "x"}, {"a1", "x"}, {"a", "x\x01y"}, {"a", "\xc3"}};
	struct sasl_credentials c = {.token = NOTHING};
	char why[256];

	for (size_t i = 0; i < ARRAY_LEN(tokens); i++) {
		c.token = slice_str(tokens[i]);
		ck_assert_int_eq(sasl_refused("OAUTHBEARER", &c, why, sizeof(why)), ERR_CONFIG);
	}
	c.token = TEXT(TOKEN);
	c.extension_count = 1;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		c.extensions = &bad[i];
		ck_assert_int_eq(sasl_refused("OAUTHBEARER", &c, why, sizeof(why)), ERR_CONFIG);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oauthbearer");
	TCase *t = tcase_create("oauthbearer");

	tcase_add_test(t, one_message);
	tcase_add_test(t, a_refusal_is_answered_and_told);
	tcase_add_test(t, only_nothing_is_success);
	tcase_add_test(t, what_it_cannot_say);
	suite_add_tcase(s, t);
	return suite_run(s);
}
