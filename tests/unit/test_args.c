/* ctl/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include <check.h>

#include "ctl/args.c"

#define NOW 1700000000000

static const struct {
	const char *text;
	bool ok, is_time;
	int64_t value;
} bounds[] = {
	{"0", true, false, 0},
	{"12345", true, false, 12345},
	{"123456789012", true, false, 123456789012},
	{"1700000000000", true, true, 1700000000000},
	{"-1h", true, true, NOW - 3600000},
	{"-90s", true, true, NOW - 90000},
	{"-250ms", true, true, NOW - 250},
	{"-7d", true, true, NOW - 7 * 86400000LL},
	{"-5m", true, true, NOW - 300000},
	{"2023-11-14T22:13:20Z", true, true, NOW},
	{"2023-11-14T23:13:20.000+01:00", true, true, NOW},
	{"", false, false, 0},
	{"-", false, false, 0},
	{"-1", false, false, 0},
	{"-1x", false, false, 0},
	{"-1hh", false, false, 0},
	{"-h", false, false, 0},
	{"-99999999d", false, false, 0},
	{"-99999999999999999999s", false, false, 0},
	{"99999999999999999999", false, false, 0},
	{"01", false, false, 0},
	{"1.5", false, false, 0},
	{"yesterday", false, false, 0},
	{"2023-13-14T22:13:20Z", false, false, 0},
};

START_TEST(bound)
{
	bool is_time = false;
	int64_t value = 0;
	int err = args_bound(bounds[_i].text, NOW, &is_time, &value);

	ck_assert_msg(err == (bounds[_i].ok ? 0 : ERR_CONFIG), "%s: %d", bounds[_i].text, err);
	ck_assert_msg(is_time == bounds[_i].is_time, "%s", bounds[_i].text);
	ck_assert_msg(value == bounds[_i].value, "%s: %lld", bounds[_i].text, (long long)value);
}
END_TEST

START_TEST(duration)
{
	static const struct {
		const char *text;
		int64_t ms; /* -1: none */
	} table[] = {{"0ms", 0},	  {"500ms", 500}, {"60s", 60000}, {"5m", 300000}, {"2h", 7200000}, {"1d", 86400000},
		     {"106751991167d", 106751991167 * 86400000}, {"106751991168d", -1}, {"", -1},      {"s", -1},	 {"5", -1},	   {"-5s", -1},
		     {"5 s", -1},	  {"5sec", -1},	  {"1.5s", -1}};

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		int64_t ms = -1;

		ck_assert_msg(args_duration(table[i].text, &ms) == (table[i].ms < 0 ? ERR_CONFIG : 0), "%s", table[i].text);
		ck_assert_msg(ms == table[i].ms, "%s", table[i].text);
	}
}
END_TEST

START_TEST(props)
{
	struct args_props p = {NULL, 0};

	ck_assert_ptr_null(args_props_list(&p));
	ck_assert_ptr_null(args_props_get(&p, "a"));
	ck_assert_int_eq(args_props_timeout_ms(&p), TIMEOUT_MS);
	ck_assert_int_eq(args_props_add(&p, "a=1"), 0);
	ck_assert_int_eq(args_props_add(&p, "b=x=y"), 0);
	ck_assert_int_eq(args_props_add(&p, "a="), 0);
	ck_assert_int_eq(args_props_add(&p, "nothing"), ERR_CONFIG);
	ck_assert_int_eq(args_props_add(&p, "=1"), ERR_CONFIG);
	ck_assert_str_eq(args_props_get(&p, "a"), "");
	ck_assert_str_eq(args_props_get(&p, "b"), "x=y");
	ck_assert_str_eq(args_props_list(&p)[0], "a");
	ck_assert_ptr_null(args_props_list(&p)[6]);
	ck_assert_int_eq(args_props_add(&p, "socket.timeout.ms=1234"), 0);
	ck_assert_int_eq(args_props_timeout_ms(&p), 1234);
	args_props_free(&p);
	args_props_free(&p);
}
END_TEST

START_TEST(number)
{
	int64_t n = 7;

	ck_assert_int_eq(args_number("5", 0, 5, &n), 0);
	ck_assert_int_eq(n, 5);
	ck_assert_int_eq(args_number("6", 0, 5, &n), ERR_CONFIG);
	ck_assert_int_eq(args_number("-1", 0, 5, &n), ERR_CONFIG);
	ck_assert_int_eq(args_number("x", 0, 5, &n), ERR_CONFIG);
	ck_assert_int_eq(n, 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("args");
	TCase *t = tcase_create("all");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, bound, 0, (int)ARRAY_LEN(bounds));
	tcase_add_test(t, duration);
	tcase_add_test(t, props);
	tcase_add_test(t, number);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
