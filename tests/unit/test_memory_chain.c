/* Memory that runs out while a batch is placed: what the chain knew before it knows afterwards. */
#include "failing.h"

#include "base/log.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/suite.h"

/* The n-th allocation fails; true: there was none so late. */
static bool
rival_comes(uint64_t n)
{
	struct rig *r = rig_start();
	struct chains_batch b = rig_transactional(7, 0, 4);
	struct attempt first = rig_send(r, rig_idempotent(7, 0, 4), 1), second, again;
	int err;

	chain_lost(r->c, r->set, &first, r->now);
	b.fresh = true; /* other content */
	failing_begin(n, false);
	failing.armed = true;
	err = chain_place(r->c, r->set, &b, r->now, &second);
	failing.armed = false;
	ck_assert_int_eq(err, failing.failed > 0 ? ERR_NOMEM : 0);
	if (err == 0)
		chain_withdraw(r->c, &second);
	/* The first one's client asks again. */
	if (err != 0) {
		again = rig_send(r, rig_idempotent(7, 0, 4), 1);
		ck_assert(again.retry);
		rig_stored(r, &again, 0);
		rig_pass(r, r->set->window_age_ms);
		ck_assert_uint_eq(rig_seal(r), 1);
		ck_runs(&rig_last(r)->ranges, {0, 4});
	}
	rig_stop(r);
	return err == 0;
}

START_TEST(a_batch_with_other_content)
{
	uint64_t n = 1;

	while (!rival_comes(n))
		n++;
	ck_assert_uint_gt(n, 4);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_chain");
	TCase *t = tcase_create("memory_chain");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_add_test(t, a_batch_with_other_content);
	suite_add_tcase(s, t);
	return suite_run(s);
}
