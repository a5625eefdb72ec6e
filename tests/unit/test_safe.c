/* Text of others.  ctl/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include "ctl/safe.c"
#include "tests/unit/suite.h"

static void
ck_safe(struct slice in, const char *out)
{
	struct wr w = wr_new(4096);

	safe_text(&w, in);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert_str_eq((const char *)w.buf, out);
	wr_free(&w);
}

START_TEST(plain_text_stays)
{
	static const char *const same[] = {
		"", "plain ASCII ~ !\"\\", "Grüße", "日本語", "ελληνικά", "שלום", "مرحبا", "\xf0\x9f\x90\x9d", "\xc2\xa0", "\xe2\x80\xa6", "\xef\xbf\xbd",
	};

	for (size_t i = 0; i < ARRAY_LEN(same); i++)
		ck_safe(slice_str(same[i]), same[i]);
}
END_TEST

static const struct {
	uint32_t first, last;
} harmful[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200e, 0x200f},
	       {0x2028, 0x2029}, {0x202a, 0x202e}, {0x2066, 0x2069}};

static bool
expect_escape(uint32_t c)
{
	for (size_t i = 0; i < ARRAY_LEN(harmful); i++)
		if (c >= harmful[i].first && c <= harmful[i].last)
			return true;
	return false;
}

/* Every code point of the basic plane, between two letters. */
START_TEST(each_code_point)
{
	for (uint32_t c = 0; c < 0x10000; c++) {
		uint8_t in[8] = {'a'};
		char out[16];
		size_t n = 1;

		if (c >= 0xd800 && c < 0xe000)
			continue;
		if (c < 0x80) {
			in[n++] = (uint8_t)c;
		} else if (c < 0x800) {
			in[n++] = (uint8_t)(0xc0 | c >> 6);
			in[n++] = (uint8_t)(0x80 | (c & 0x3f));
		} else {
			in[n++] = (uint8_t)(0xe0 | c >> 12);
			in[n++] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
			in[n++] = (uint8_t)(0x80 | (c & 0x3f));
		}
		in[n++] = 'z';
		if (expect_escape(c))
			(void)snprintf(out, sizeof(out), "a\\u%04xz", c);
		else
			(void)snprintf(out, sizeof(out), "%s", (const char *)in);
		ck_safe(slice_of(in, n), out);
	}
}
END_TEST

/* A lone 0x9b is a terminal's CSI where it isn't UTF-8. */
START_TEST(no_utf8)
{
	ck_safe(slice_str("a\x9b" "31mz"), "a\xef\xbf\xbd" "31mz");
	ck_safe(slice_str("\xc2"), "\xef\xbf\xbd");
	ck_safe(slice_str("\xe2\x80"), "\xef\xbf\xbd\xef\xbf\xbd");
	ck_safe(slice_str("\xc0\x9b"), "\xef\xbf\xbd\xef\xbf\xbd"); /* not the shortest form */
	ck_safe(slice_str("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd");
}
END_TEST

START_TEST(lines)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	safe_line(to, "%s: %d", "one\ntwo\x1b[2J", 3);
	safe_line(to, "%s", "");
	safe_lines(to, "{\n  \"a\": \"\xc2\x9b" "1m\"\n}");
	safe_lines(to, "end\r\n");
	ck_assert_int_eq(fclose(to), 0);
	ck_assert_str_eq(text, "one\\u000atwo\\u001b[2J: 3\n\n{\n  \"a\": \"\\u009b1m\"\n}\nend\\u000d\n\n");
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("safe");
	TCase *t = tcase_create("text");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, plain_text_stays);
	tcase_add_test(t, each_code_point);
	tcase_add_test(t, no_utf8);
	tcase_add_test(t, lines);
	suite_add_tcase(s, t);
	return suite_run(s);
}
