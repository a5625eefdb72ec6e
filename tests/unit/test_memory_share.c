/* Memory that fails at the n-th call, for every n, while a share group's records are verified: nothing leaks, and nothing is given that may not be. */
#include "failing.h"
#include "sharing.h"
#include "suite.h"

static enum stage_verdict
armed(enum stage_verdict (*fn)(void *self, struct exchange *x), struct exchange *x)
{
	enum stage_verdict verdict;

	failing.armed = true;
	verdict = fn(stage->self, x);
	failing.armed = false;
	return verdict;
}

/* A request and its answer, as far as it gets; while it is held so many windows are stated.  false: the connection ends. */
static bool
exchange(int32_t epoch, const struct share *p, int16_t error, const struct wr *want, size_t stated)
{
	struct wr in = share_asked(1, "m", epoch, 1 << 30), out = share_answer(0, 30000, p, 1);
	struct exchange *x = stages_exchange(API_SHARE_FETCH, 1, wr_slice(&in));
	struct wr flat = {.buf = NULL};
	struct share_response r;
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
		know(0, stated);
		failing.armed = true;
		call();
		failing.armed = false;
		if (x->ticket != NULL)
			stages_time_out(x);
		now.ns += 1000000000;
		verdict = armed(stage->response, x);
	}
	if (verdict == STAGE_HOLD) {
		if (x->ticket != NULL)
			stages_time_out(x);
		stage->lost(stage->self, x);
		verdict = STAGE_CLOSE;
	} else if (verdict != STAGE_CLOSE) {
		flat = x->replaced ? stages_flat(&x->body) : wr_new(1 << 20);
		if (!x->replaced)
			wr_slice_put(&flat, exchange_body(x));
		ck_assert_int_eq(share_fetch_response_read(1, wr_slice(&flat), &r), 0);
		ck_assert_int_eq(r.parts[0].fetch.error, error);
		ck_assert(r.parts[0].fetch.records.n == 0 || slice_eq(r.parts[0].fetch.records, wr_slice(want)));
		share_fetch_response_free(&r);
		wr_free(&flat);
	}
end:
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
	return verdict != STAGE_CLOSE;
}

START_TEST(each_call)
{
	struct wr all = wr_new(BATCHES_MAX), first = wr_new(BATCHES_MAX), rest = wr_new(BATCHES_MAX);
	struct share p, none = {.count = 0};
	int64_t live;

	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 10);
	if (_i == 1)
		world_forge(&w.r[2], "forged");
	BATCH(&all, 0, 5, .codec = CODEC_ZSTD);
	BATCH(&first, 0, 5, .codec = CODEC_ZSTD);
	BATCH(&all, 5, 15, .codec = CODEC_LZ4);
	BATCH(&rest, 5, 15, .codec = CODEC_LZ4);
	p = (struct share){.records = wr_slice(&all), .acquired = {{0, 3}, {4, 14}}, .count = 2};
	for (uint64_t n = 1;; n++) {
		forget();
		live = failing.live;
		open_stage(ENFORCE);
		share_versions();
		know(0, 1);
		failing_begin(n, n % 2 == 0);
		if (exchange(0, &p, _i == 1 ? 87 : 0, &first, 1))
			(void)exchange(1, &none, 0, &rest, 2);
		close_stage();
		forget();
		ck_assert_int_eq(failing.live, live);
		if (failing.failed == 0)
			break;
	}
	ck_assert_uint_gt(failing.calls, 20);
	wr_free(&all);
	wr_free(&first);
	wr_free(&rest);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_share");
	TCase *c = tcase_create("memory_share");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_loop_test(c, each_call, 0, 2);
	suite_add_tcase(s, c);
	return suite_run(s);
}
