#include <check.h>

#include "base/text.h"

START_TEST(hex)
{
	uint8_t bytes[] = {0x00, 0x0f, 0xa5, 0xff}, back[4] = {9, 9, 9, 9};
	char out[9];

	ck_assert_str_eq(text_hex(bytes, 4, out), "000fa5ff");
	ck_assert_int_eq(text_unhex(slice_str(out), back, 4), 0);
	ck_assert_mem_eq(back, bytes, 4);
	ck_assert_str_eq(text_hex(NULL, 0, out), "");
	ck_assert_int_eq(text_unhex(slice_of(NULL, 0), back, 0), 0);
}
END_TEST

START_TEST(hex_that_is_none)
{
	static const char *const bad[] = {"00FF", "0g00", "000", "00000", "", "000000", "00 0", "-000"};
	uint8_t back[2] = {1, 2};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_int_eq(text_unhex(slice_str(bad[i]), back, 2), ERR_MALFORMED);
	ck_assert_uint_eq(back[0], 1); /* untouched */
	ck_assert_uint_eq(back[1], 2);
}
END_TEST

/* RFC 4648, section 10. */
static const struct {
	const char *plain, *coded;
} base64_vectors[] = {
	{"", ""},         {"f", "Zg=="},         {"fo", "Zm8="},         {"foo", "Zm9v"},
	{"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"},
};

START_TEST(base64)
{
	for (size_t i = 0; i < ARRAY_LEN(base64_vectors); i++) {
		struct wr w = wr_new(100), back = wr_new(100);

		text_base64(&w, slice_str(base64_vectors[i].plain));
		ck_assert(slice_eq(wr_slice(&w), slice_str(base64_vectors[i].coded)));
		ck_assert_int_eq(text_unbase64(wr_slice(&w), &back), 0);
		ck_assert(slice_eq(wr_slice(&back), slice_str(base64_vectors[i].plain)));
		wr_reset(&back);
		while (w.len > 0 && w.buf[w.len - 1] == '=') /* padding is optional */
			w.len--;
		ck_assert_int_eq(text_unbase64(wr_slice(&w), &back), 0);
		ck_assert(slice_eq(wr_slice(&back), slice_str(base64_vectors[i].plain)));
		wr_free(&w);
		wr_free(&back);
	}
}
END_TEST

START_TEST(base64_of_all_bytes)
{
	struct wr w = wr_new(1000), back = wr_new(1000);
	uint8_t all[256];

	for (size_t i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	text_base64(&w, slice_of(all, 256));
	for (size_t i = 0; i < w.len; i++) /* the URL alphabet reads as the same */
		w.buf[i] = w.buf[i] == '+' ? '-' : w.buf[i] == '/' ? '_' : w.buf[i];
	ck_assert_int_eq(text_unbase64(wr_slice(&w), &back), 0);
	ck_assert(slice_eq(wr_slice(&back), slice_of(all, 256)));
	wr_free(&w);
	wr_free(&back);
}
END_TEST

START_TEST(base64_that_is_none)
{
	/* In the last two, bits behind the last byte are set: two texts for one value would be two signatures. */
	static const char *const bad[] = {"Z",    "Zg=",  "Zg===", "=",        "==",   "====", "Z===", "Zm9v=",
					  "Zm 9v", "Zm9\n", "Zg==Zg==", "Zm9v====", "Zm*v", "Zh==", "Zm9="};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct wr w = wr_new(100);

		if (text_unbase64(slice_str(bad[i]), &w) != ERR_MALFORMED)
			ck_abort_msg("\"%s\" was taken", bad[i]);
		wr_free(&w);
	}
}
END_TEST

START_TEST(base64_into_too_little)
{
	struct wr w = wr_new(2);

	ck_assert_int_eq(text_unbase64(slice_str("Zm9v"), &w), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

START_TEST(uuid)
{
	uint8_t id[16] = {0};
	char out[23];

	ck_assert_str_eq(text_uuid(id, out), "AAAAAAAAAAAAAAAAAAAAAA");
	id[15] = 1; /* Kafka's Uuid.METADATA_TOPIC_ID */
	ck_assert_str_eq(text_uuid(id, out), "AAAAAAAAAAAAAAAAAAAAAQ");
	memset(id, 0xff, sizeof(id));
	ck_assert_str_eq(text_uuid(id, out), "_____________________w");
}
END_TEST

static const struct {
	int64_t ms;
	const char *text;
} times[] = {
	{0, "1970-01-01T00:00:00.000Z"},
	{1, "1970-01-01T00:00:00.001Z"},
	{951782399999, "2000-02-28T23:59:59.999Z"},
	{951782400000, "2000-02-29T00:00:00.000Z"}, /* a leap day of a year that 100 divides */
	{951868800000, "2000-03-01T00:00:00.000Z"},
	{1709164800000, "2024-02-29T00:00:00.000Z"},
	{1735689599999, "2024-12-31T23:59:59.999Z"},
	{4107542400000, "2100-03-01T00:00:00.000Z"}, /* 2100 has no leap day */
	{253402300799999, "9999-12-31T23:59:59.999Z"},
};

START_TEST(time_to_text_and_back)
{
	for (size_t i = 0; i < ARRAY_LEN(times); i++) {
		char out[25];
		int64_t back;

		ck_assert_int_eq(text_time_ms(times[i].ms, out), 0);
		ck_assert_str_eq(out, times[i].text);
		ck_assert_int_eq(text_parse_time_ms(slice_str(out), &back), 0);
		ck_assert_int_eq(back, times[i].ms);
	}
}
END_TEST

START_TEST(every_day_of_four_centuries)
{
	for (int64_t day = 0; day < 146097; day++) {
		char out[25];
		int64_t back;

		ck_assert(text_time_ms(day * 86400000 + 43200000, out) == 0);
		if (text_parse_time_ms(slice_str(out), &back) != 0 || back != day * 86400000 + 43200000)
			ck_abort_msg("%s", out);
	}
}
END_TEST

START_TEST(time_out_of_range)
{
	char out[25] = "untouched";

	ck_assert_int_eq(text_time_ms(-1, out), ERR_LIMIT);
	ck_assert_int_eq(text_time_ms(253402300800000, out), ERR_LIMIT);
	ck_assert_int_eq(text_time_ms(INT64_MAX, out), ERR_LIMIT);
	ck_assert_str_eq(out, "untouched");
}
END_TEST

START_TEST(times_that_people_write)
{
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
		{"1970-01-01T00:00:01Z", 1000},
		{"1970-01-01t00:00:01z", 1000},
		{"1970-01-01 00:00:01Z", 1000},
		{"1970-01-01T00:00:00.5Z", 500},
		{"1970-01-01T00:00:00.123456789Z", 123},
		{"1970-01-01T01:00:00+01:00", 0},
		{"1969-12-31T19:00:00.250-05:00", 250},
		{"1969-12-31T23:59:59Z", -1000},
		{"2016-12-31T23:59:60Z", 1483228800000}, /* a leap second */
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		int64_t ms;

		ck_assert_int_eq(text_parse_time_ms(slice_str(good[i].text), &ms), 0);
		ck_assert_int_eq(ms, good[i].ms);
	}
}
END_TEST

START_TEST(times_that_are_none)
{
	static const char *const bad[] = {
		"1970-13-01T00:00:00Z", "1970-00-01T00:00:00Z",  "1970-01-32T00:00:00Z",     "1970-01-00T00:00:00Z",
		"1970-02-29T00:00:00Z", "2100-02-29T00:00:00Z",  "1970-04-31T00:00:00Z",     "1970-01-01T24:00:00Z",
		"1970-01-01T00:60:00Z", "1970-01-01T00:00:61Z",  "1970-01-01T00:00:00.Z",    "1970-01-01T00:00:00",
		"1970-01-01T00:00:00+", "1970-01-01T00:00:00Zx", "1970-01-01T00:00:00+24:00", "70-01-01T00:00:00Z",
		"+970-01-01T00:00:00Z", "1970-1-01T00:00:00Z",   "1970-01-01T00:00:00+01:60", "",
	};
	const char *good = "1970-01-01T00:00:00.000+01:00";
	int64_t ms = 77;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (text_parse_time_ms(slice_str(bad[i]), &ms) != ERR_MALFORMED)
			ck_abort_msg("\"%s\" was taken", bad[i]);
	for (size_t n = 0; n < strlen(good); n++)
		ck_assert_int_eq(text_parse_time_ms(slice_of(good, n), &ms), ERR_MALFORMED);
	ck_assert_int_eq(text_parse_time_ms(slice_of("1970-01-01T00:00\0:00Z", 21), &ms), ERR_MALFORMED);
	ck_assert_int_eq(ms, 77);
}
END_TEST

START_TEST(numbers)
{
	static const char *const bad[] = {"",   "-",   "+1",  "01",  "-0", "-01", " 1", "1 ", "1a", "0x1", "1.0",
					  "--1", "9223372036854775808", "-9223372036854775809", "99999999999999999999"};
	int64_t n;

	ck_assert_int_eq(text_parse_i64(slice_str("0"), &n), 0);
	ck_assert_int_eq(n, 0);
	ck_assert_int_eq(text_parse_i64(slice_str("-17"), &n), 0);
	ck_assert_int_eq(n, -17);
	ck_assert_int_eq(text_parse_i64(slice_str("9223372036854775807"), &n), 0);
	ck_assert_int_eq(n, INT64_MAX);
	ck_assert_int_eq(text_parse_i64(slice_str("-9223372036854775808"), &n), 0);
	ck_assert_int_eq(n, INT64_MIN);
	n = 5;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (text_parse_i64(slice_str(bad[i]), &n) != ERR_MALFORMED)
			ck_abort_msg("\"%s\" was taken", bad[i]);
	ck_assert_int_eq(n, 5);
}
END_TEST

START_TEST(utf8)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"a", 1},
		{"\x7f", 1},
		{"\xc3\xa9", 2},
		{"\xe2\x82\xac", 3},
		{"\xf0\x9f\x98\x80", 4},
		{"\xf4\x8f\xbf\xbf", 4},
		{"\x80", 0},             /* a continuation alone */
		{"\xc0\xaf", 0},         /* '/' in two bytes */
		{"\xe0\x80\xaf", 0},     /* and in three */
		{"\xf0\x80\x80\xaf", 0}, /* and in four */
		{"\xed\xa0\x80", 0},     /* a surrogate */
		{"\xf4\x90\x80\x80", 0}, /* past the last character */
		{"\xf8\x88\x80\x80\x80", 0},
		{"\xff", 0},
		{"\xe2\x82", 0},
		{"\xe2(\xac", 0},
		{"", 0},
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		ck_assert_uint_eq(text_utf8(slice_str(cases[i].bytes)), cases[i].len);
	ck_assert_uint_eq(text_utf8(slice_of("\0", 1)), 1);
}
END_TEST

/* test_safe.c has each code point. */
START_TEST(escapes)
{
	struct wr w = wr_new(100);

	text_escape(&w, slice_of("a\"b\\\0\x1b\xc2\x9b\x9b=", 10), "\"\\");
	text_escape(&w, slice_str("\"\\"), "");
	wr_u8(&w, 0);
	ck_assert_str_eq((const char *)w.buf, "a\\\"b\\\\\\u0000\\u001b\\u009b\xef\xbf\xbd=\"\\");
	wr_free(&w);
}
END_TEST

START_TEST(globs)
{
	static const struct {
		const char *pattern, *text;
		bool match;
	} cases[] = {
		{"*", "", true},           {"*", "anything", true},     {"", "", true},          {"", "a", false},
		{"__*", "__offsets", true}, {"__*", "_x", false},        {"makoto.*", "makoto.dbom", true},
		{"makoto.*", "makotoXdbom", false}, {"a?c", "abc", true}, {"a?c", "ac", false},   {"*.log", "x.log", true},
		{"*.log", "x.log2", false}, {"a*b*c", "a--b--b--c", true}, {"a*b*c", "a--c--b", false},
		{"**a", "bca", true},      {"orders", "orders", true},  {"orders", "orders2", false}, {"?", "", false},
	};
	char many[2001];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++)
		if (text_glob(cases[i].pattern, slice_str(cases[i].text)) != cases[i].match)
			ck_abort_msg("\"%s\" on \"%s\"", cases[i].pattern, cases[i].text);
	/* What makes a backtracking matcher take for ever. */
	memset(many, 'a', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	ck_assert(!text_glob("*a*a*a*a*a*a*a*a*a*a*a*a*b", slice_str(many)));
	ck_assert(text_glob("a*", slice_of("a\0b", 3))); /* a name is bytes */
	ck_assert(!text_glob("a", slice_of("a\0b", 3)));
}
END_TEST

START_TEST(distances)
{
	static const struct {
		const char *a, *b;
		size_t d;
	} cases[] = {{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"keys", "keys", 0}, {"kyes", "keys", 2}, {"key", "keys", 1},
		     {"topic", "topics", 1}, {"kitten", "sitting", 3}, {"abc", "xyz", 3}};
	char longer[129];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_uint_eq(text_distance(slice_str(cases[i].a), slice_str(cases[i].b)), cases[i].d);
		ck_assert_uint_eq(text_distance(slice_str(cases[i].b), slice_str(cases[i].a)), cases[i].d);
	}
	memset(longer, 'x', sizeof(longer));
	longer[128] = '\0';
	ck_assert(text_distance(slice_str("x"), slice_str(longer)) == SIZE_MAX);
	ck_assert_uint_eq(text_distance(slice_str(longer), slice_str("x")), 127);
}
END_TEST

START_TEST(lists)
{
	static const char *const two[] = {"a", "", NULL};
	char **copy = text_list_copy(two), **none = text_list_copy(NULL);

	ck_assert_str_eq(copy[0], "a");
	ck_assert_str_eq(copy[1], "");
	ck_assert_ptr_null(copy[2]);
	ck_assert_ptr_ne(copy[0], two[0]);
	ck_assert_ptr_null(none[0]);
	text_list_free(none);
	none = text_list_of((struct slice){NULL, 0});
	ck_assert_ptr_null(none[0]);
	text_list_free(none);
	text_list_free(copy);
	copy = text_list_of(slice_str("a,,bc"));
	ck_assert_str_eq(copy[0], "a");
	ck_assert_str_eq(copy[1], "");
	ck_assert_str_eq(copy[2], "bc");
	ck_assert_ptr_null(copy[3]);
	text_list_free(copy);
	text_list_free(NULL);
}
END_TEST

START_TEST(texts_with_commas)
{
	static const struct {
		const char *list;
		const char *each[4];
	} cases[] = {{"", {""}}, {"a", {"a"}}, {"a,bc", {"a", "bc"}}, {",a,", {"", "a", ""}}};
	struct slice none = {NULL, 0}, one;

	ck_assert(!text_next(&none, &one));
	ck_assert(!text_listed(none, slice_str("")));
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct slice left = slice_str(cases[i].list);

		for (size_t k = 0; cases[i].each[k] != NULL; k++) {
			ck_assert(text_next(&left, &one));
			ck_assert(slice_eq(one, slice_str(cases[i].each[k])));
			ck_assert(text_listed(slice_str(cases[i].list), one));
		}
		ck_assert(!text_next(&left, &one));
	}
	ck_assert(!text_listed(slice_str("a,bc"), slice_str("b")));
	ck_assert(!text_listed(slice_str("a,bc"), slice_str("")));
	ck_assert(!text_listed(slice_str("a,bc"), slice_str("a,bc"))); /* nobody's name has a comma */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("text");
	TCase *t = tcase_create("text");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, hex);
	tcase_add_test(t, hex_that_is_none);
	tcase_add_test(t, base64);
	tcase_add_test(t, base64_of_all_bytes);
	tcase_add_test(t, base64_that_is_none);
	tcase_add_test(t, base64_into_too_little);
	tcase_add_test(t, uuid);
	tcase_add_test(t, time_to_text_and_back);
	tcase_add_test(t, every_day_of_four_centuries);
	tcase_add_test(t, time_out_of_range);
	tcase_add_test(t, times_that_people_write);
	tcase_add_test(t, times_that_are_none);
	tcase_add_test(t, numbers);
	tcase_add_test(t, utf8);
	tcase_add_test(t, escapes);
	tcase_add_test(t, globs);
	tcase_add_test(t, distances);
	tcase_add_test(t, lists);
	tcase_add_test(t, texts_with_commas);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
