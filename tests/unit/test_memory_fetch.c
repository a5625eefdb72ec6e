/* Memory that fails at the n-th call, for every n, while Fetch is verified: nothing leaks, and nothing is given that may not be. */
#include "failing.h"
#include "suite.h"
#include "verifying.h"

static enum stage_verdict
armed(enum stage_verdict (*fn)(void *self, struct exchange *x), struct exchange *x)
{
	enum stage_verdict verdict;

	failing.armed = true;
	verdict = fn(stage->self, x);
	failing.armed = false;
	return verdict;
}

/* A request and its answer, as far as it gets; the statement comes while it is held. */
static void
exchange(int64_t offset, const struct wr *records, int16_t error, const struct wr *want, bool stated_later)
{
	struct part p = {"t", 0, offset, 0, wr_slice(records)};
	struct wr in = asked(11, 0, 0, 500, 1 << 30, &p, 1), out = answer(11, 0, 7, &p, 1);
	struct exchange *x = stages_exchange(API_FETCH, 11, wr_slice(&in));
	enum stage_verdict verdict;

	x->reactor = judge;
	x->session = session;
	verdict = armed(stage->request, x);
	session = x->session;
	if (verdict == STAGE_CLOSE)
		goto end;
	ck_assert_int_eq(verdict, STAGE_REPLACE);
	stages_message(x, wr_slice(&out));
	verdict = armed(stage->response, x);
	if (verdict == STAGE_HOLD) {
		ck_assert(stated_later);
		know(0, 1);
		failing.armed = true;
		call();
		failing.armed = false;
		if (x->ticket != NULL)
			stages_time_out(x);
		verdict = armed(stage->response, x);
	}
	if (verdict == STAGE_HOLD) {
		if (x->ticket != NULL)
			stages_time_out(x);
		stage->lost(stage->self, x);
	} else if (verdict != STAGE_CLOSE) {
		ck_part(x, 0, error, wr_slice(want));
	}
end:
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
}

static const struct wr nothing;

START_TEST(each_call)
{
	static const char *const how[] = {ENFORCE, ENFORCE, "verify: {mode: enforce, on.violation: skip}\n", ENFORCE};
	struct wr r = wr_new(BATCHES_MAX), want = wr_new(BATCHES_MAX), again = wr_new(BATCHES_MAX);
	int64_t live;

	WINDOW(&proxy, .n = 15);
	if (_i == 1 || _i == 2)
		world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5, .codec = CODEC_ZSTD);
	BATCH(&want, 0, 5, .codec = CODEC_ZSTD);
	BATCH(&r, 5, 10, .codec = CODEC_LZ4);
	if (_i == 3)
		BATCH(&want, 5, 10, .codec = CODEC_LZ4);
	BATCH(&again, 5, 10, .codec = CODEC_LZ4);
	for (uint64_t n = 1;; n++) {
		forget();
		live = failing.live;
		open_stage(how[_i]);
		know(0, _i == 3 ? 0 : 1);
		failing_begin(n, n % 2 == 0);
		exchange(0, _i == 0 ? &want : &r, 0, &want, _i == 3);
		if (_i == 1)
			exchange(5, &again, 87, &nothing, false);
		close_stage();
		forget();
		ck_assert_int_eq(failing.live, live);
		if (failing.failed == 0)
			break;
	}
	ck_assert_uint_gt(failing.calls, 10);
	wr_free(&r);
	wr_free(&want);
	wr_free(&again);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_fetch");
	TCase *c = tcase_create("memory_fetch");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, each_call, 0, 4);
	suite_add_tcase(s, c);
	return suite_run(s);
}
