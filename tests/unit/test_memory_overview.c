/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: while the page is gathered and
 * written.  There is none then, or it is the one that there is with enough memory; and nothing leaks.
 */
#include "failing.h"

#include "overview_app.h"
#include "suite.h"

static void
all_runs(bool lasting)
{
	struct wr want = wr_new(OVERVIEW_BYTES_MAX), got = wr_new(OVERVIEW_BYTES_MAX);
	uint64_t n = 0;

	recent_note(LOG_LEVEL_WARN, app_wall, "test", "a warning", slice_str("topic=x"));
	app_overview(&app, &want);
	ck_assert_int_eq(wr_err(&want), 0);
	do {
		int64_t alive = failing.live;

		failing_begin(++n, lasting);
		failing.armed = true;
		app_overview(&app, &got);
		failing.armed = false;
		if (wr_err(&got) == 0) {
			ck_assert_uint_eq(got.len, want.len);
			ck_assert_mem_eq(got.buf, want.buf, want.len);
		} else {
			ck_assert_int_eq(wr_err(&got), ERR_NOMEM);
		}
		wr_free(&got);
		ck_assert_msg(failing.live == alive, "call %d: %d things are left", (int)n, (int)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 12);
	wr_free(&want);
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
