#include <check.h>

#include "base/json_out.h"

#define ck_json(w, want) ck_assert_pstr_eq(text_of(&(w)), want)

static const char *
text_of(struct wr *w)
{
	wr_u8(w, '\0');
	ck_assert_int_eq(wr_err(w), 0);
	return (const char *)w->buf;
}

START_TEST(nested)
{
	struct wr w = wr_new(1000);
	struct json_out j = json_out_of(&w);

	json_out_open(&j, NULL, '{');
	json_out_str(&j, "version", "0.1");
	json_out_open(&j, "empty", '{');
	json_out_close(&j);
	json_out_open(&j, "brokers", '[');
	for (int i = 1; i < 3; i++) {
		json_out_open(&j, NULL, '{');
		json_out_int(&j, "id", i);
		json_out_bool(&j, "up", i == 1);
		json_out_close(&j);
	}
	json_out_close(&j);
	json_out_open(&j, "n", '[');
	json_out_int(&j, NULL, INT64_MIN);
	json_out_int(&j, NULL, INT64_MAX);
	json_out_text(&j, NULL, slice_of(NULL, 0));
	json_out_close(&j);
	json_out_str(&j, "none", NULL);
	json_out_close(&j);
	ck_json(w, "{\"version\":\"0.1\",\"empty\":{},\"brokers\":[{\"id\":1,\"up\":true},{\"id\":2,\"up\":false}],"
		   "\"n\":[-9223372036854775808,9223372036854775807,\"\"],\"none\":null}");
	wr_free(&w);
}
END_TEST

START_TEST(strings_are_escaped)
{
	struct wr w = wr_new(1000);

	json_out_quoted(&w, slice_of("a\"b\\c\n\x01\0/\x7f\xc3\xa9", 12));
	ck_json(w, "\"a\\\"b\\\\c\\u000a\\u0001\\u0000/\x7f\xc3\xa9\"");
	wr_free(&w);
}
END_TEST

START_TEST(what_is_no_utf8_is_replaced)
{
	struct wr w = wr_new(1000);

	json_out_quoted(&w, slice_str("x\xffy\xe2\x82z\xed\xa0\x80"));
	ck_json(w, "\"x\xef\xbf\xbdy\xef\xbf\xbd\xef\xbf\xbdz\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	wr_free(&w);
}
END_TEST

START_TEST(names_are_escaped)
{
	struct wr w = wr_new(1000);
	struct json_out j = json_out_of(&w);

	json_out_open(&j, NULL, '{');
	json_out_int(&j, "a\"b", 1);
	json_out_close(&j);
	ck_json(w, "{\"a\\\"b\":1}");
	wr_free(&w);
}
END_TEST

START_TEST(fault_sticks_to_the_writer)
{
	struct wr w = wr_new(5);
	struct json_out j = json_out_of(&w);

	json_out_open(&j, NULL, '[');
	json_out_str(&j, NULL, "too long for five bytes");
	json_out_close(&j);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("json_out");
	TCase *t = tcase_create("json_out");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, nested);
	tcase_add_test(t, strings_are_escaped);
	tcase_add_test(t, what_is_no_utf8_is_replaced);
	tcase_add_test(t, names_are_escaped);
	tcase_add_test(t, fault_sticks_to_the_writer);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
