#include "sasl_steps.h"
#include "suite.h"

static struct sasl_credentials
credentials(struct slice user, struct slice password)
{
	return (struct sasl_credentials){.username = user, .password = password};
}

START_TEST(one_message) /* RFC 4616 §4, without authorization identity */
{
	struct sasl_credentials c = credentials(TEXT("tim"), TEXT("tanstaaftanstaaf"));
	struct sasl *s = sasl_open("PLAIN", &c);
	char why[256];

	sasl_says(s, NOTHING, TEXT("\0tim\0tanstaaftanstaaf"));
	ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), 1);
	ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), ERR_CLOSED);
	sasl_free(s);
}
END_TEST

START_TEST(more_than_success_is_none)
{
	struct sasl_credentials c = credentials(TEXT("tim"), TEXT("x"));
	struct sasl *s = sasl_open("PLAIN", &c);
	char why[256];

	sasl_says(s, NOTHING, TEXT("\0tim\0x"));
	ck_assert_int_eq(sasl_try(s, TEXT("hello"), why, sizeof(why)), ERR_MALFORMED);
	ck_assert_int_eq(sasl_try(s, NOTHING, why, sizeof(why)), ERR_CLOSED);
	sasl_free(s);
}
END_TEST

START_TEST(what_it_cannot_say)
{
	struct sasl_credentials nobody = credentials(NOTHING, TEXT("x")), open_door = credentials(TEXT("tim"), NOTHING),
				nul = credentials(TEXT("ti\0m"), TEXT("x")), nul2 = credentials(TEXT("tim"), TEXT("x\0y"));
	char why[256];

	ck_assert_int_eq(sasl_refused("PLAIN", &nobody, why, sizeof(why)), ERR_CONFIG);
	ck_assert_int_eq(sasl_refused("PLAIN", &open_door, why, sizeof(why)), ERR_CONFIG);
	ck_assert_int_eq(sasl_refused("PLAIN", &nul, why, sizeof(why)), ERR_CONFIG);
	ck_assert_int_eq(sasl_refused("PLAIN", &nul2, why, sizeof(why)), ERR_CONFIG);
	ck_assert_ptr_null(strstr(why, "tim"));
	ck_assert_int_eq(sasl_refused("GSSAPI", &nul, why, sizeof(why)), ERR_CONFIG);
	ck_assert(sasl_known("PLAIN") && sasl_known("AWS_MSK_IAM") && !sasl_known("plain") && !sasl_known(""));
	sasl_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("plain");
	TCase *t = tcase_create("plain");

	tcase_add_test(t, one_message);
	tcase_add_test(t, more_than_success_is_none);
	tcase_add_test(t, what_it_cannot_say);
	suite_add_tcase(s, t);
	return suite_run(s);
}
