/* Cells in columns.  ctl/ is no part of the archive that tests are linked with, so its files are taken in whole. */
#include "ctl/safe.c"
#include "ctl/table.c"
#include "tests/unit/suite.h"

static void
ck_prints(const struct table *t, const char *expect)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	table_print(t, to);
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_str_eq(text, expect);
	free(text);
}

START_TEST(aligned)
{
	struct table t = table_new(3);

	table_cell(&t, "topic");
	table_cell(&t, "records");
	table_cell(&t, "last");
	table_cell(&t, "Grüße");
	table_cell(&t, "%d", 12);
	table_cell(&t, "x");
	table_cell(&t, "a");
	table_cell(&t, "12345678");
	ck_prints(&t, "topic  records   last\nGrüße        12  x\na      12345678\n");
	table_free(&t);
}
END_TEST

START_TEST(nothing)
{
	struct table t = table_new(2);

	ck_prints(&t, "");
	table_free(&t);
}
END_TEST

/* What others wrote doesn't command the terminal, nor end the line, nor turn it around. */
START_TEST(texts_of_others)
{
	struct table t = table_new(2);

	table_cell(&t, "%s", "\x1b[2J");
	table_cell(&t, "%s", "a\nb\x7f");
	table_cell(&t, "%s", "\xc2\x9b" "2J");
	table_cell(&t, "%s", "\x9b" "2J");
	table_cell(&t, "%s", "\xe2\x80\xae" "abc");
	table_cell(&t, "%s", "\xe2\x80\xa8|\xe2\x81\xa6|\xe2\x80\x8f");
	ck_prints(&t, "\\u001b[2J  a\\u000ab\\u007f\n"
		      "\\u009b2J   \xef\xbf\xbd" "2J\n"
		      "\\u202eabc  \\u2028|\\u2066|\\u200f\n");
	table_free(&t);
}
END_TEST

/* A cell that is too long is cut, at worst inside a character. */
START_TEST(long_cell)
{
	struct table t = table_new(1);
	char text[2000];

	for (size_t i = 0; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xbc", 3);
	table_cell(&t, "x%s", text);
	table_cell(&t, "%s", text);
	ck_assert_uint_lt(t.text.len, 2 * sizeof(text));
	for (size_t i = 0; i < t.text.len;) {
		size_t n = text_utf8(slice_of(t.text.buf + i, t.text.len - i));

		ck_assert_uint_gt(n, 0);
		i += n;
	}
	table_free(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table");
	TCase *t = tcase_create("cells");

	tcase_add_test(t, aligned);
	tcase_add_test(t, nothing);
	tcase_add_test(t, texts_of_others);
	tcase_add_test(t, long_cell);
	suite_add_tcase(s, t);
	return suite_run(s);
}
