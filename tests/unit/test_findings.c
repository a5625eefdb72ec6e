#include "survey/findings.h"

#include "surveyed.h"

START_TEST(lines)
{
	struct findings r = surveyed_findings();

	findings_line(&r, FINDINGS_OK, "key", "%d and %s", 7, "more");
	findings_line(&r, FINDINGS_WARN, "topic t", "odd");
	findings_line(&r, FINDINGS_FAIL, "topic u", "bad");
	findings_command(&r, slice_str("do this"));
	findings_end(&r);
	ck_assert_uint_eq(r.warned, 1);
	ck_assert_uint_eq(r.failed, 1);
	surveyed_want(&r, "ok    key: 7 and more\nwarn  topic t: odd\nfail  topic u: bad\n      do this\n1 failed, 1 warning\n");
}
END_TEST

START_TEST(ends)
{
	struct findings r = surveyed_findings();

	findings_end(&r);
	surveyed_want(&r, "all well\n");
	r.warned = 2;
	findings_end(&r);
	surveyed_want(&r, "nothing failed, 2 warnings\n");
}
END_TEST

/* What a broker says can't end the line, nor command a terminal. */
START_TEST(hostile)
{
	struct findings r = surveyed_findings();

	findings_line(&r, FINDINGS_OK, "broker \x1b[31m", "%s", "x\nok    all: well\x7f\xff");
	surveyed_want(&r, "ok    broker \\u001b[31m: x\\u000aok    all: well\\u007f\xef\xbf\xbd\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("findings");
	TCase *t = tcase_create("findings");

	tcase_add_test(t, lines);
	tcase_add_test(t, ends);
	tcase_add_test(t, hostile);
	suite_add_tcase(s, t);
	return suite_run(s);
}
