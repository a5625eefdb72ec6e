/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: while the page is gathered and
 * written.  There is none then, or it is the one that there is with enough memory; and nothing leaks.
 */
#include "failing_page.h"

#include "overview_app.h"
#include "suite.h"

static int
make(struct wr *w)
{
	app_overview(&app, w);
	return wr_err(w);
}

static void
all_runs(bool lasting)
{
	recent_note(LOG_LEVEL_WARN, app_wall, "test", "a warning", slice_str("topic=x"));
	failing_page(make, OVERVIEW_BYTES_MAX, lasting, 12);
}

START_TEST(one_call)
{
	all_runs(false);
}
END_TEST

START_TEST(from_then_on)
{
	all_runs(true);
}
END_TEST

static void
setup(void)
{
	overview_app_begin("");
	overview_app_produce("orders", 7);
	overview_app_produce("payments", 10);
}

int
main(void)
{
	Suite *s = suite_create("memory_overview");
	TCase *t = tcase_create("memory_overview");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, overview_app_end);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_then_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
