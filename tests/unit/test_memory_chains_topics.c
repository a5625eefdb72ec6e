/* Memory runs out at the n-th call while topics are gathered: there is nothing then, and nothing leaks. */
#include "failing.h"

#include "attest/chains.h"
#include "attest/chains_topics.h"
#include "tests/unit/chain_rig.h"
#include "suite.h"

static void
all_runs(bool lasting)
{
	struct settings *set = rig_settings();
	struct chains *c = chains_new(set);
	uint64_t n = 0;

	ck_assert_int_eq(chains_set_cluster(c, slice_str(RIG_CLUSTER)), 0);
	for (int i = 0; i < 40; i++) {
		struct chains_batch b = rig_batch(1);
		struct attempt a;
		char name[32];

		(void)snprintf(name, sizeof(name), "t%d", i);
		b.topic = slice_str(name);
		ck_assert_int_eq(chains_place(c, &b, &a), 0);
		chains_withdraw(&a);
	}
	do {
		struct chains_topics t = {0};
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = chains_topics(c, 10, &t);
		failing.armed = false;
		ck_assert_int_eq(err, failing.failed > 0 ? ERR_NOMEM : 0);
		ck_assert_uint_eq(t.total, err == 0 ? 40 : 0);
		chains_topics_clear(&t);
		ck_assert_msg(failing.live == alive, "call %d: %d things are left", (int)n, (int)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 2);
	chains_free(c);
	settings_unref(set);
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

int
main(void)
{
	Suite *s = suite_create("memory_chains_topics");
	TCase *t = tcase_create("memory_chains_topics");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_then_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
