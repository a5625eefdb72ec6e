#include "base/html.h"

#include "suite.h"

static struct wr w;

static void
setup(void)
{
	w = wr_new(4096);
}

static void
teardown(void)
{
	wr_free(&w);
}

static const char *
written(void)
{
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	return (const char *)w.buf;
}

START_TEST(markup_is_text)
{
	html_text(&w, "<script>alert(\"1\")</script> & 'x' &amp;");
	ck_assert_str_eq(written(), "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;x&#39; &amp;amp;");
}
END_TEST

/* C0, DEL, C1, separators, marks that turn the direction; and what only looks like them. */
START_TEST(controls_are_shown)
{
	html_text(&w, "a\x01\n\t\x1b[31m\x7f\xc2\x9b\xe2\x80\xa8\xe2\x80\xa9\xe2\x80\xae\xe2\x81\xa6\xe2\x80\x8f\xc2\xa0\xc3\xa9");
	ck_assert_str_eq(written(), "a\\u0001\\u000a\\u0009\\u001b[31m\\u007f\\u009b\\u2028\\u2029\\u202e\\u2066\\u200f\xc2\xa0\xc3\xa9");
}
END_TEST

START_TEST(no_utf8)
{
	html_text(&w, "\xff<\xc0\xaf\xed\xa0\x80\xe2\x82");
	ck_assert_str_eq(written(), "\xef\xbf\xbd&lt;\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(names_and_formats)
{
	html_name(&w, "\"><b>");
	html_printf(&w, " %s<%d", "&", 3);
	html_hex(&w, (const uint8_t *)"\x00\xab", 2);
	ck_assert_str_eq(written(), "<bdi>&quot;&gt;&lt;b&gt;</bdi> &amp;&lt;300ab");
}
END_TEST

START_TEST(times)
{
	html_time(&w, 1700000000123);
	html_time(&w, INT64_MAX);
	html_time(&w, INT64_MIN);
	ck_assert_str_eq(written(), "<time datetime=\"2023-11-14T22:13:20.123Z\">2023-11-14 22:13:20 UTC</time>unknownunknown");
}
END_TEST

/* Whatever its length, and where it is cut. */
START_TEST(long_text)
{
	char *text = malloc(1000001);
	const char *out;

	memset(text, '\x01', 1000000);
	text[HTML_TEXT_MAX - 1] = '\xc3';
	text[1000000] = '\0';
	w.max = 1 << 20;
	html_text(&w, text);
	out = written();
	ck_assert_uint_lt(w.len, 6 * HTML_TEXT_MAX + 40);
	ck_assert_ptr_nonnull(strstr(out, "\\u0001\xef\xbf\xbd\xe2\x80\xa6 (1000000 bytes)"));
	free(text);
}
END_TEST

/* Nothing is written half: the writer says so. */
START_TEST(too_much)
{
	w.max = 8;
	html_text(&w, "<<<<");
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("html");
	TCase *t = tcase_create("html");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, markup_is_text);
	tcase_add_test(t, controls_are_shown);
	tcase_add_test(t, no_utf8);
	tcase_add_test(t, names_and_formats);
	tcase_add_test(t, times);
	tcase_add_test(t, long_text);
	tcase_add_test(t, too_much);
	suite_add_tcase(s, t);
	return suite_run(s);
}
