/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: while a partition is judged.  A step
 * says so, and the next one, with memory, finds all that there is; nothing is left behind.
 */
#include "failing.h"

#include "suite.h"
#include "vigils.h"

static int64_t
live(void)
{
	return failing.live;
}

static int
armed_step(void)
{
	int err;

	failing.armed = true;
	err = vigil_step(vigil, 0, WORLD_NOW, &got);
	failing.armed = false;
	return err;
}

START_TEST(each_call)
{
	int64_t before;
	uint64_t n = 0;

	WINDOW(&proxy, .n = 5);
	WINDOW(&other, .n = 5, .no_manifest_header = true, .manifest = MANIFEST_NONE);
	WINDOW(&elsewhere, .n = 3);
	snprintf(w.r[2].value, sizeof(w.r[2].value), "changed");
	know(0, 3);
	lab.high = w.next_offset;
	vigil_free(vigil);
	vigil = NULL;
	before = live();
	do {
		static struct vigil_conf conf;
		struct vigil_begin b = {.judged = false};
		int err;

		conf = (struct vigil_conf){.policy = policy, .cluster_id = world_cluster, .dbom_topic = WORLD_DBOM, .wait_ms = WAIT_MS};
		failing_begin(++n, _i == 1);
		failing.armed = true;
		err = vigil_new(&conf, "t", WORLD_TOPIC_ID, 0, false, &b, &vigil);
		failing.armed = false;
		if (err == 0) {
			err = armed_step();
			if (err != 0) {
				ck_assert_int_eq(err, ERR_NOMEM);
				failing_begin(0, false);
				failing.failed = 1;
				ck_assert_int_eq(vigil_step(vigil, 0, WORLD_NOW, &got), 0);
			}
			ck_assert_int_eq(got->from, 0);
			ck_assert_int_eq(got->to, 13);
			ck_assert_uint_eq(got->tally.verdicts[VERDICT_VERIFIED], 9);
			ck_assert_uint_eq(got->tally.verdicts[VERDICT_ALTERED], 1);
			ck_assert_uint_eq(got->tally.verdicts[VERDICT_MISPLACED], 3);
			vigil_done(vigil);
		} else {
			ck_assert_int_eq(err, ERR_NOMEM);
		}
		vigil_free(vigil);
		vigil = NULL;
		ck_assert_int_eq(live(), before);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_vigil");
	TCase *t = tcase_create("memory_vigil");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, each_call, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
