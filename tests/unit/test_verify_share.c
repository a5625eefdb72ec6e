/* The verify stage: what of a ShareFetch answer a member of a share group gets, and when. */
#include "suite.h"
#include "sharing.h"
#include "stages/verify_internal.h"

static struct wr r, empty;

static void
begin(const char *text)
{
	open_stage(text);
	share_versions();
	r = wr_new(BATCHES_MAX);
	empty = wr_new(1);
}

static void
teardown_all(void)
{
	wr_free(&r);
	close_stage();
	teardown();
}

static struct share
of(const struct wr *records, int64_t first, int64_t last)
{
	return (struct share){.records = wr_slice(records), .acquired = {{first, last}}, .count = 1};
}

/* Nothing of it is the member's, and nothing is there: what a broker answers to who renews. */
static const struct share renewed = {.count = 0};

/* The answer's time is over: what is waited for didn't come. */
static void
over(struct exchange *x)
{
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 500);
	now.ns += 500000000;
	stages_time_out(x);
}

/* A member's requests for so long, in which nothing comes of what is aside; renewals all. */
static int32_t
renew_for(int32_t epoch, int seconds)
{
	for (int i = 0; i < seconds; i++) {
		struct exchange *x = share_exchange(2, epoch++, true, &renewed, 1);

		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
		now.ns += 500000000;
	}
	return epoch;
}

static const struct aside *
the_aside(void)
{
	return ((const struct verify_session *)session)->aside;
}

static void
wait_on(const struct share *p, int32_t epoch)
{
	struct exchange *x = share_exchange(2, epoch, false, p, 1);

	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, 0);
	stages_free(x);
}

START_TEST(asks_for_less)
{
	struct wr in = share_asked(1, "m", 0, INT32_MAX), out;
	struct wr wait = wr_new(4);
	struct share_request q;
	struct exchange *x;

	if (_i == 1) { /* for as long as a lock lasts, or longer */
		wr_i32(&wait, 30000);
		memcpy(in.buf + 8, wait.buf, 4);
	}
	wr_free(&wait);
	begin("verify: {mode: enforce, fetch.max.bytes: 1MiB}\n");
	x = stages_exchange(API_SHARE_FETCH, 1, wr_slice(&in));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
	ck_assert_int_eq(x->version, 1);
	out = stages_flat(&x->body);
	ck_assert_int_eq(share_fetch_request_read(1, wr_slice(&out), &q), 0);
	ck_assert_int_eq(q.max_bytes, 1 << 20);
	ck_assert_int_eq(q.max_wait_ms, _i == 0 ? 500 : 5000);
	ck_assert_uint_eq(out.len, in.len);
	stage->lost(stage->self, x);
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

START_TEST(what_can_not_be_read)
{
	struct wr in = share_asked(1, "m", 0, 1 << 20);
	struct exchange *x;

	begin(ENFORCE);
	x = stages_exchange(API_SHARE_FETCH, _i == 0 ? 3 : 1, slice_of(in.buf, in.len - 1));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), _i == 0 ? STAGE_CLOSE : STAGE_PASS);
	ck_assert_int_eq(respond(x), STAGE_CLOSE);
	stages_free(x);
	wr_free(&in);
}
END_TEST

START_TEST(attested_records_pass)
{
	struct share p;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	p = of(&r, 2, 9);
	x = share_exchange(_i + 1, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 8);
	stages_free(x);
}
END_TEST

/* What is stated goes on; the rest is kept, its locks renewed, and given when it is. */
START_TEST(the_rest_comes_later)
{
	struct share p;
	struct exchange *x;
	size_t first;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	p = of(&r, 0, 9);
	x = share_exchange(_i + 1, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, first), {0, 4});
	stages_free(x);
	/* Whatever the client's version, this one renews. */
	x = share_exchange(_i + 1, 1, true, &renewed, 1);
	ck_assert_int_eq(x->version, 2);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	know(0, 2);
	call();
	ck_assert_uint_eq(x->resumes, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + first, r.len - first), {5, 9});
	stages_free(x);
	/* Nothing is left. */
	x = share_exchange(_i + 1, 2, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
}
END_TEST

/* Nor does it keep back what is stated behind it; each that waits does by itself. */
START_TEST(others_do_not_wait_for_it)
{
	struct world_proxy first, second;
	struct share p;
	struct exchange *x;
	size_t at[5];

	begin(ENFORCE);
	world_proxy_open(&first, "t", WORLD_TOPIC_ID, 0, 2, false);
	world_proxy_open(&second, "t", WORLD_TOPIC_ID, 0, 3, false);
	WINDOW(&first, .n = 5);
	WINDOW(&second, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(1, 2);
	for (int i = 0; i < 4; i++) {
		at[i] = r.len;
		BATCH(&r, (size_t)i * 5, (size_t)i * 5 + 5);
	}
	at[4] = r.len;
	p = of(&r, 0, 19);
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + at[1], at[2] - at[1]), {5, 9});
	stages_free(x);
	know(2, 4); /* those behind, and it is not missed that those between are elsewhere */
	x = share_exchange(2, 1, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + at[2], at[4] - at[2]), {10, 19});
	stages_free(x);
	ck_assert_int_eq(renew_for(2, 1), 3); /* as long as it gives something */
	x = share_exchange(2, 3, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	know(0, 1);
	x = share_exchange(2, 4, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, at[1]), {0, 4});
	stages_free(x);
	ck_assert(!aside_any(the_aside()));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 0);
	/* What another member has in the middle isn't waited for. */
	know(0, 0);
	p = (struct share){.records = wr_slice(&r), .acquired = {{0, 4}, {15, 19}}, .count = 2};
	wait_on(&p, 5);
	x = share_exchange(2, 6, true, &renewed, 1);
	know(0, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, at[1]), {0, 4});
	stages_free(x);
	know(3, 4);
	x = share_exchange(2, 7, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + at[3], at[4] - at[3]), {15, 19});
	stages_free(x);
	world_proxy_close(&first);
	world_proxy_close(&second);
}
END_TEST

/* Stated and not, in turn: however many, all that is stated comes at once, and the others when they are. */
START_TEST(many_in_turn)
{
	enum { PAIRS = 15 };
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	struct wr want[2] = {wr_new(BATCHES_MAX), wr_new(BATCHES_MAX)};
	struct range ranges[2][PAIRS];

	begin(ENFORCE);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	for (size_t i = 0; i < PAIRS; i++) {
		WINDOW(&other, .n = 1);
		WINDOW(&proxy, .n = 1);
		for (size_t k = 0; k < 2; k++) {
			size_t at = r.len;

			BATCH(&r, 2 * i + k, 2 * i + k + 1);
			wr_bytes(&want[k], r.buf + at, r.len - at);
			ranges[k][i] = (struct range){(int64_t)(2 * i + k), (int64_t)(2 * i + k)};
		}
	}
	p = of(&r, 0, 2 * PAIRS - 1);
	for (int k = 1; k >= 0; k--) {
		know(0, 2 * PAIRS);
		for (size_t i = 0; i < PAIRS && k == 1; i++) /* every second one */
			known.list[i] = &known.windows[2 * i + 1];
		known.a.count = k == 1 ? PAIRS : 2 * PAIRS;
		x = share_exchange(2, 1 - k, k == 0, k == 1 ? &p : &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		ck_share(x, 0, 0, wr_slice(&want[k]), ranges[k], PAIRS);
		stages_free(x);
		known.a.count = 2 * PAIRS; /* all are to be freed */
		wr_free(&want[k]);
	}
	ck_assert(!aside_any(the_aside()));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 2 * PAIRS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 0);
	world_proxy_close(&other);
}
END_TEST

/* Of fifteen records the middle ones are another window's. */
static void
around(struct statement *s)
{
	static struct run runs[] = {{0, 5}, {10, 5}};

	s->ranges = (struct runs){runs, 2};
	s->last_offset = 14;
}

static void
between(struct statement *s)
{
	static struct run run = {5, 5};

	s->ranges = (struct runs){&run, 1};
	s->first_offset = 5;
	s->last_offset = 9;
}

/* A window that has to be judged by all of its records is, though others' stood between, and went out before. */
START_TEST(a_window_without_a_manifest)
{
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	struct wr want;
	size_t at[3];

	begin(ENFORCE);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	WINDOW(&proxy, .n = 10, .manifest = MANIFEST_NONE, .edit = around);
	WINDOW(&other, .n = 5, .edit = between);
	for (size_t i = 0; i < 5; i++) {
		w.r[5 + i].offset += 5;
		w.r[10 + i].offset -= 5;
	}
	know(1, 2);
	for (size_t i = 0; i < 3; i++) {
		at[i] = r.len;
		BATCH(&r, (int64_t)i * 5, (int64_t)i * 5 + 5);
	}
	want = wr_new(BATCHES_MAX);
	wr_bytes(&want, r.buf, at[1]);
	wr_bytes(&want, r.buf + at[2], r.len - at[2]);
	p = of(&r, 0, 14);
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + at[1], at[2] - at[1]), {5, 9});
	stages_free(x);
	know(0, 1);
	x = share_exchange(2, 1, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&want), {0, 4}, {10, 14});
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 15);
	wr_free(&want);
	world_proxy_close(&other);
}
END_TEST

/* Renewed in turn with being asked for others, for as long as it takes. */
START_TEST(waits_for_long)
{
	struct share p, q;
	struct exchange *x;
	struct wr other;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	x = share_exchange(2, 0, false, &p, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, 0);
	stages_free(x);
	for (int i = 0; i < 100; i++) {
		x = share_exchange(2, 2 * i + 1, true, &renewed, 1);
		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
		now.ns += 5000000000;
		x = share_exchange(2, 2 * i + 2, false, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS); /* others that come are given at once */
		stages_free(x);
	}
	/* Others go on meanwhile. */
	x = share_exchange(2, 300, true, &renewed, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	know(1, 2);
	other = wr_new(BATCHES_MAX);
	BATCH(&other, 5, 10);
	q = of(&other, 5, 9);
	x = share_exchange(2, 301, false, &q, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	know(0, 2);
	x = share_exchange(2, 302, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
	stages_free(x);
	wr_free(&other);
}
END_TEST

/* What is aside goes when it may be another's, or nobody's any more. */
START_TEST(gone)
{
	struct share p, failed = {.acknowledged = 121};
	struct wr in, out;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	x = share_exchange(2, 0, false, &p, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	stages_free(x);
	know(0, 1);
	switch (_i) {
	case 0: /* its lock ended */
		now.ns += 27000000000;
		x = share_exchange(2, 1, false, &renewed, 1);
		break;
	case 1: /* … which the broker says */
		x = share_exchange(2, 1, true, &failed, 1);
		break;
	case 2: /* a new session */
		x = share_exchange(2, 0, false, &renewed, 1);
		break;
	case 3: /* the session's end */
		x = share_exchange(2, -1, false, &renewed, 1);
		break;
	case 4: /* … which the broker says */
		x = share_exchange(2, 1, true, &renewed, 1);
		out = share_answer(122, 0, NULL, 0);
		stages_message(x, wr_slice(&out));
		wr_free(&out);
		break;
	default: /* another member */
		in = share_asked(2, "n", 1, 1 << 20);
		x = stages_exchange(API_SHARE_FETCH, 2, wr_slice(&in));
		x->session = session;
		x->reactor = judge;
		ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
		ck_assert(!is_renewal(x));
		out = share_answer(0, 30000, &renewed, 1);
		stages_message(x, wr_slice(&out));
		wr_free(&out);
		wr_free(&in);
		break;
	}
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 5);
	stages_free(x);
	x = share_exchange(2, 2, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
}
END_TEST

/* A connection's end says nothing, but is counted. */
START_TEST(gone_with_the_connection)
{
	struct share p;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = (struct share){.records = wr_slice(&r), .acquired = {{0, 0}, {2, 4}}, .count = 2};
	wait_on(&p, 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 0);
	stage->session_free(stage->self, session);
	session = NULL;
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 4);
}
END_TEST

/* Nor is it when it was asked for; what is to be judged waits. */
static void
topic_unknown(struct exchange *x)
{
	enum stage_verdict verdict = respond(x);

	if (verdict == STAGE_HOLD && topics.ticket != NULL) {
		ticket_resume(topics.ticket);
		topics.ticket = NULL;
		verdict = respond(x);
	}
	if (verdict == STAGE_HOLD) {
		now.ns += 500000000;
		stages_time_out(x);
		verdict = respond(x);
	}
	ck_assert(verdict == STAGE_PASS || verdict == STAGE_REPLACE);
}

/* However many offsets a broker says are the member's, what is lost of them can be counted. */
START_TEST(more_than_can_be_counted)
{
	struct exchange *x;
	struct share p[2];

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	topics.unknown = true;
	p[0] = p[1] = of(&r, 0, INT64_MAX);
	p[1].partition = 1;
	x = share_exchange(2, 0, false, p, 2);
	topic_unknown(x);
	stages_free(x);
	ck_assert(aside_any(the_aside()));
	x = share_exchange(2, 0, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 2 * (int64_t)INT32_MAX);
}
END_TEST

/* The broker's answer to who renews the lock of p, partition 0's. */
static void
wait_and_renew(const struct share *p, int32_t *epoch, const struct share *answer, size_t n)
{
	struct exchange *x;

	wait_on(p, (*epoch)++);
	x = share_exchange(2, (*epoch)++, true, answer, n);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert(!aside_any(the_aside()));
	stages_free(x);
}

/* As before, but for the answer as a whole. */
static void
wait_and_fail(const struct share *p, int32_t *epoch, int16_t error)
{
	struct wr out = share_answer(error, 30000, NULL, 0);
	struct exchange *x;

	wait_on(p, (*epoch)++);
	x = share_exchange(2, (*epoch)++, true, &renewed, 1);
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert(!aside_any(the_aside()));
	stages_free(x);
	wr_free(&out);
}

/* Whatever it is that a broker refuses them with; but for what it says of a partition or a session that it has no more. */
START_TEST(refused_with)
{
	static const struct {
		int16_t part, whole;
		bool off;
	} cases[] = {{42, 0, true}, {87, 0, true}, {3, 0, false}, {74, 0, false}, {100, 0, false}, {0, 42, true}, {0, 122, false}, {0, 123, false}, {0, 133, false}};
	struct share p, failed = {.acknowledged = cases[_i].part};
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	for (int i = 0; i < 2; i++) {
		if (cases[_i].whole != 0)
			wait_and_fail(&p, &epoch, cases[_i].whole);
		else
			wait_and_renew(&p, &epoch, &failed, 1);
	}
	ck_assert(aside_off(the_aside()) == cases[_i].off);
}
END_TEST

/* While the group's coordinator moves, a broker renews nothing, and the locks are as they were. */
START_TEST(a_coordinator_that_moves)
{
	static const int16_t errors[] = {15, 7, -1, 124};
	struct share p, failed = {.acknowledged = errors[_i]};
	struct exchange *x;
	int32_t epoch = 1;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	wait_on(&p, 0);
	for (int i = 0; i < 4; i++) {
		x = share_exchange(2, epoch++, true, &failed, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		ck_assert(aside_any(the_aside()) && !aside_off(the_aside()));
		stages_free(x);
		x = share_exchange(2, epoch++, false, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
	}
	know(0, 1);
	x = share_exchange(2, epoch++, true, &failed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
	stages_free(x);
	/* But for what ended meanwhile. */
	know(0, 0);
	wait_on(&p, epoch++);
	now.ns += 26000000000;
	x = share_exchange(2, epoch, true, &failed, 1);
	now.ns += 500000000;
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert(!aside_any(the_aside()) && !aside_off(the_aside()));
	stages_free(x);
}
END_TEST

/*
 * A group whose locks the broker doesn't renew: found out once and again, and the client's acknowledgements aren't risked for it for
 * twice as long as a lock lasts; then it is tried again.
 */
START_TEST(no_renewals)
{
	struct share p, failed = {.acknowledged = _i == 0 ? 121 : 6}; /* 6: another broker leads now */
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	wait_and_renew(&p, &epoch, &failed, 1);
	wait_and_renew(&p, &epoch, &failed, 1);
	if (_i == 1) {
		wait_and_renew(&p, &epoch, &failed, 1);
		return;
	}
	/* Nothing waits: the next is no renewal. */
	now.ns += 50000000000;
	wait_on(&p, epoch++);
	wait_on(&p, epoch++);
	now.ns += 10000000000;
	wait_and_renew(&p, &epoch, &failed, 1);
	/* And so on, for twice as long. */
	now.ns += 110000000000;
	wait_on(&p, epoch++);
	wait_on(&p, epoch++);
	now.ns += 10000000000;
	wait_on(&p, epoch++);
	(void)renew_for(epoch, 1);
	ck_assert(aside_any(the_aside()));
}
END_TEST

/* One answer is one refusal, of however many partitions; and none where it renewed another's lock. */
START_TEST(refusals_of_one_answer)
{
	struct share p[2], told[2] = {{.acknowledged = 121}, {.partition = 1, .acknowledged = _i == 0 ? 121 : 0}};
	struct exchange *x;
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	topics.unknown = true; /* else two partitions would be waited for */
	p[0] = p[1] = of(&r, 0, 4);
	p[1].partition = 1;
	for (int i = 0; i < 1 + _i; i++) {
		x = share_exchange(2, epoch++, false, p, 2);
		topic_unknown(x);
		stages_free(x);
		x = share_exchange(2, epoch++, true, told, 2);
		topic_unknown(x);
		stages_free(x);
		ck_assert_int_eq(aside_any(the_aside()), _i);
	}
	ck_assert(!aside_off(the_aside()));
}
END_TEST

/*
 * That a record may not be seen takes a renewal to tell, and is found out by it as well.  While there are none it has its line alone: what
 * the client acknowledges beside it is not risked for that.
 */
START_TEST(a_violation_without_renewals)
{
	struct share p, failed = {.acknowledged = 121};
	struct exchange *x;
	struct wr bad = wr_new(BATCHES_MAX);
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	BATCH(&bad, 0, 5);
	BATCH(&bad, 5, 10);
	p = of(&bad, 0, 9);
	for (int i = 0; i < 4; i++) {
		x = share_exchange(2, epoch++, false, &p, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
		stages_free(x);
		ck_assert(aside_off(the_aside()) == (i >= 2));
		ck_assert(aside_any(the_aside()) == (i < 2));
		if (i >= 2)
			continue;
		x = share_exchange(2, epoch++, true, &failed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_NONE(x, 0, STOPPED);
		stages_free(x);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 4);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 0);
	wr_free(&bad);
}
END_TEST

/* The member acknowledges offset 20, beside what is renewed. */
static struct exchange *
acknowledging(int32_t epoch, const struct share *told)
{
	struct wr in = share_asked(2, "m", epoch, 1 << 20), out = share_answer(0, 30000, told, 1);
	struct exchange *x;

	in.len -= 3; /* no topics, none forgotten, no tags */
	wr_uvarint(&in, 2);
	wr_bytes(&in, SHARING_ID, 16);
	wr_uvarint(&in, 2);
	wr_i32(&in, 0);
	wr_uvarint(&in, 2);
	wr_i64(&in, 20);
	wr_i64(&in, 20);
	wr_uvarint(&in, 2);
	wr_u8(&in, 1);
	for (int i = 0; i < 3; i++)
		wr_uvarint(&in, 0);
	wr_uvarint(&in, 1);
	wr_uvarint(&in, 0);
	x = stages_exchange(API_SHARE_FETCH, 2, wr_slice(&in));
	x->session = session;
	x->reactor = judge;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
	ck_assert(is_renewal(x));
	stages_message(x, wr_slice(&out));
	wr_free(&in);
	wr_free(&out);
	return x;
}

/*
 * A broker that refuses what was renewed beside what the client acknowledged of the partition may mean either, whatever it says: it stays, once
 * and again, and for as long as other renewals are fine between.
 */
START_TEST(an_acknowledgement_that_is_late)
{
	struct share p, failed = {.acknowledged = _i == 2 ? 42 : 121};
	struct exchange *x;
	int32_t epoch = 1;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	wait_on(&p, 0);
	for (int i = 0; i < (_i == 0 ? 2 : 5); i++) {
		x = acknowledging(epoch++, &failed);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		ck_assert(aside_any(the_aside()) && !aside_off(the_aside()));
		stages_free(x);
		for (int k = 0; k < (_i == 0 ? 1 : 3); k++) { /* for records, to renew, for records */
			x = share_exchange(2, epoch++, k == 1, &renewed, 1);
			if (k == 1)
				over(x);
			ck_assert_int_eq(respond(x), STAGE_PASS);
			stages_free(x);
		}
	}
	if (_i == 0) {
		x = acknowledging(epoch++, &failed);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		ck_assert(!aside_any(the_aside()) && aside_off(the_aside()));
		stages_free(x);
		return;
	}
	know(0, 1);
	x = share_exchange(2, epoch, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
	stages_free(x);
}
END_TEST

/*
 * Where the client acknowledged beside each renewal, no refusal is sure, and each takes the acknowledgements with it: so there are none until
 * the broker has given once more what they were of, a lock later.
 */
START_TEST(a_violation_beside_acknowledgements)
{
	struct share p, failed = {.acknowledged = 121};
	struct wr bad = wr_new(BATCHES_MAX);
	struct exchange *x;
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	BATCH(&bad, 0, 5);
	BATCH(&bad, 5, 10);
	p = of(&bad, 0, 9);
	for (int i = 0; i < 6; i++) {
		bool off = i == 3 || i == 5; /* one more is enough after the first time */

		x = share_exchange(2, epoch++, false, &p, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
		stages_free(x);
		ck_assert(aside_off(the_aside()) == off);
		ck_assert(aside_any(the_aside()) == !off);
		if (!off) {
			now.ns += 1000000;
			x = acknowledging(epoch++, &failed);
			ck_assert_int_eq(respond(x), STAGE_REPLACE);
			CK_NONE(x, 0, STOPPED);
			stages_free(x);
		}
		now.ns += 30005000000;
	}
	wr_free(&bad);
}
END_TEST

/* A lock that is renewed lasts from then on. */
START_TEST(the_lock_of_who_renews)
{
	struct share p;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	x = share_exchange(2, 0, false, &p, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	stages_free(x);
	for (int i = 0; i < 3; i++) {
		now.ns += 20000000000;
		x = share_exchange(2, 1 + 2 * i, true, &renewed, 1);
		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
		x = share_exchange(2, 2 + 2 * i, false, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
	}
	know(0, 1);
	x = share_exchange(2, 9, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
	stages_free(x);
}
END_TEST

/* What takes room and has no records: the end of an answer that broke off. */
static void
cut_off_batch(struct wr *out, size_t n)
{
	static const uint8_t some[1000] = {0};

	wr_i64(out, 1000);
	wr_i32(out, INT32_MAX);
	for (size_t i = 0; i < n; i += sizeof(some))
		wr_bytes(out, some, sizeof(some));
}

/* More than there may be: no more are asked for. */
START_TEST(full)
{
	struct share p;
	struct exchange *x;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	cut_off_batch(&r, 70000);
	p = of(&r, 0, 4);
	ck_assert_uint_gt(r.len, 65536);
	x = share_exchange(2, 0, false, &p, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	stages_free(x);
	for (int i = 1; i < 5; i++) {
		x = share_exchange(2, i, true, &renewed, 1);
		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
	}
}
END_TEST

/* Records of these offsets, and so many bytes beside, which are never given. */
static struct wr
of_size(int64_t from, int64_t to, size_t n, size_t *ret_len)
{
	struct wr out = wr_new(BATCHES_MAX);

	BATCH(&out, from, to);
	*ret_len = out.len;
	cut_off_batch(&out, n);
	return out;
}

/*
 * What is never stated doesn't keep others out for ever: at first nothing is asked for, then the oldest go, one now and then, or as many
 * as there must when others pass: those that a statement vouches for, since what passes without says nothing of the others.
 */
START_TEST(room_for_others)
{
	enum { N = 4 };
	struct wr other = wr_new(BATCHES_MAX), each[N];
	struct share p[N], q;
	struct exchange *x;
	size_t len;
	int32_t epoch;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	for (int i = 0; i < 1 + N; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 0);
	for (int64_t i = 0; i < N; i++) {
		each[i] = of_size(5 + 5 * i, 10 + 5 * i, 40000, &len);
		p[i] = of(&each[i], 5 + 5 * i, 9 + 5 * i);
	}
	wait_on(&p[0], 0);
	epoch = renew_for(1, 1);
	wait_on(&p[1], epoch);
	epoch = renew_for(epoch + 1, 30);
	/* Nothing passed: one went, … */
	wait_on(&p[2], epoch);
	epoch = renew_for(epoch + 1, 30);
	/* … and another, when as much time is over. */
	BATCH(&other, 0, 5, .attributes = _i == 2 ? BATCH_CONTROL : 0);
	q = of(&other, 0, 4);
	know(0, _i == 2 ? 0 : 1);
	ledger.deny = _i != 2;
	x = share_exchange(2, epoch, false, _i == 1 ? &renewed : &q, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	ledger.deny = true;
	epoch = renew_for(epoch + 1, 1);
	wait_on(&p[3], epoch);
	epoch = renew_for(epoch + 1, 1);
	/* Did others pass since?  Then what is old went at once. */
	x = share_exchange(2, epoch, _i != 0, &renewed, 1);
	stage->lost(stage->self, x);
	stages_free(x);
	wr_free(&other);
	for (int i = 0; i < N; i++)
		wr_free(&each[i]);
}
END_TEST

/* What came of several answers is given in as many that follow each other; what is stated is given, and doesn't go for being old. */
START_TEST(all_that_is_stated_first)
{
	enum { N = 3 };
	struct wr each[N];
	size_t len[N];
	struct share p;
	struct exchange *x;
	int32_t epoch = 0;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	for (int64_t i = 0; i < N; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 0);
	for (int64_t i = 0; i < N; i++) {
		each[i] = of_size(i * 5, i * 5 + 5, _i == 0 ? 0 : 22000, &len[i]);
		p = of(&each[i], i * 5, i * 5 + 4);
		wait_on(&p, epoch++);
		if (i < N - 1)
			epoch = renew_for(epoch, 1);
	}
	if (_i == 1) {
		epoch = renew_for(epoch, 29);
		now.ns += 2000000000;
	}
	know(0, N);
	for (int64_t i = 0; i < N; i++) {
		x = share_exchange(2, epoch++, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_SHARE(x, 0, 0, slice_of(each[i].buf, len[i]), {i * 5, i * 5 + 4});
		stages_free(x);
		wr_free(&each[i]);
	}
	ck_assert(!aside_any(the_aside()));
}
END_TEST

/* However much a broker gives, and whenever. */
START_TEST(no_more_than_twice)
{
	struct share p, q;
	struct exchange *x;
	struct wr other;
	size_t len;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	WINDOW(&proxy, .n = 10);
	know(0, 0);
	BATCH(&r, 0, 5);
	cut_off_batch(&r, 60000);
	other = of_size(5, 10, 60000, &len);
	p = of(&r, 0, 4);
	q = of(&other, 5, 9);
	wait_on(&p, 0);
	ck_assert_int_eq(renew_for(1, 1), 2);
	wait_on(&q, 2);
	wr_free(&other);
	ck_assert_uint_lt(aside_bytes(the_aside()), 2 * 65536);
	ck_assert_uint_gt(aside_bytes(the_aside()), 2 * 60000);
	if (_i == 0) {
		x = share_exchange(2, 3, true, &p, 1); /* instead of none */
		ck_assert_int_eq(respond(x), STAGE_CLOSE);
	} else {
		x = share_exchange(2, 3, true, &renewed, 1);
		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
	}
	stages_free(x);
	ck_assert_uint_lt(aside_bytes(the_aside()), 2 * 65536);
}
END_TEST

/* What is known of a group's renewals says nothing of another's on the same connection. */
START_TEST(another_group_has_renewals)
{
	struct wr in = share_asked(2, "m", 0, 1 << 20);
	struct share p, failed = {.acknowledged = 121};
	struct exchange *x;
	int32_t epoch = 0;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	wait_and_renew(&p, &epoch, &failed, 1);
	wait_and_renew(&p, &epoch, &failed, 1);
	ck_assert(aside_off(the_aside()));
	x = share_exchange(2, 0, false, &renewed, 1); /* a new session of the same group */
	stage->lost(stage->self, x);
	stages_free(x);
	ck_assert(aside_off(the_aside()));
	in.buf[1] = 'h';
	x = stages_exchange(API_SHARE_FETCH, 2, wr_slice(&in));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
	ck_assert(!aside_off(the_aside()));
	stage->lost(stage->self, x);
	stages_free(x);
	/* Nor are refusals counted on. */
	wait_and_renew(&p, &epoch, &failed, 1);
	ck_assert(!aside_off(the_aside()));
	wr_free(&in);
}
END_TEST

/* Of what came first something went out: the rest is no younger for that, and goes before others. */
START_TEST(the_rest_is_as_old)
{
	struct wr other = wr_new(BATCHES_MAX);
	struct share p, q;
	struct exchange *x;
	int32_t epoch;
	size_t first, at, len;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	for (int i = 0; i < 4; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	cut_off_batch(&r, 40000);
	p = of(&r, 0, 9);
	wait_on(&p, 0);
	epoch = renew_for(1, 1);
	now.ns += 10000000000;
	know(2, 3);
	BATCH(&other, 10, 15);
	at = other.len;
	BATCH(&other, 15, 20);
	len = other.len;
	cut_off_batch(&other, 30000);
	q = of(&other, 10, 19);
	x = share_exchange(2, epoch++, false, &q, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(other.buf, at), {10, 14});
	stages_free(x);
	know(0, 1);
	x = share_exchange(2, epoch++, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, first), {0, 4});
	stages_free(x);
	epoch = renew_for(epoch, 1);
	ck_assert_uint_gt(aside_bytes(the_aside()), 70000);
	now.ns += 19000000000;
	epoch = renew_for(epoch, 1);
	ck_assert_uint_lt(aside_bytes(the_aside()), 40000);
	know(3, 4);
	x = share_exchange(2, epoch++, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	x = share_exchange(2, epoch, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(other.buf + at, len - at), {15, 19});
	stages_free(x);
	wr_free(&other);
}
END_TEST

/*
 * What had room has it still when something of it went out, though there are more ranges than before; and when there is something to be told
 * first, it takes no more.
 */
START_TEST(room_for_the_rest)
{
	enum { MOST = 65536, ACQUIRED = 1 + 8 + 8 + 2 + 1 };
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	size_t at[3];

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	WINDOW(&proxy, .n = 5);
	WINDOW(&other, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	for (int i = 0; i < 3; i++) {
		at[i] = r.len;
		BATCH(&r, i * 5, i * 5 + 5);
	}
	cut_off_batch(&r, 2 * MOST);
	r.len = 2 * MOST - sizeof(struct aside_entry) - ACQUIRED;
	p = of(&r, 0, 14);
	wait_on(&p, 0);
	ck_assert_uint_eq(aside_bytes(the_aside()), 2 * MOST);
	know(1, 2);
	known.links[0].is_fork = _i == 1;
	for (int i = 1 - _i; i < 2; i++) {
		x = share_exchange(2, 1 + i, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		if (i == 0)
			CK_NONE(x, 0, STOPPED);
		else
			CK_SHARE(x, 0, 0, slice_of(r.buf + at[1], at[2] - at[1]), {5, 9});
		stages_free(x);
		ck_assert(aside_any(the_aside()));
		ck_assert_uint_lt(aside_bytes(the_aside()), 2 * MOST + 2 * ACQUIRED);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), _i);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_FORK), _i);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 5);
	world_proxy_close(&other);
}
END_TEST

/* One that is too large for it, alone. */
START_TEST(too_much_to_wait)
{
	struct share p;

	begin("verify: {mode: enforce, fetch.max.bytes: 64KiB}\n");
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	cut_off_batch(&r, 140000);
	p = of(&r, 0, 4);
	wait_on(&p, 0);
	ck_assert(!aside_any(the_aside()));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 5);
	wait_on(&p, 1);
}
END_TEST

/* A broker that gives offsets anew says that their lock ended: what was aside of them is not the member's any more. */
START_TEST(given_again)
{
	struct wr second = wr_new(BATCHES_MAX);
	struct share p, q;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	BATCH(&second, 5, 10);
	p = of(&r, 0, 4);
	q = of(&second, 5, 9);
	wait_on(&p, 0);
	(void)renew_for(1, 1);
	wait_on(&q, 2);
	(void)renew_for(3, 1);
	know(0, 1);
	p.acquired[0].first = 4;
	x = share_exchange(2, 4, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	know(0, 2);
	x = share_exchange(2, 5, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&second), {5, 9});
	stages_free(x);
	ck_assert(!aside_any(the_aside()));
	wr_free(&second);
}
END_TEST

/* What lies between offsets that are given anew is the member's still, and what lies beside them. */
START_TEST(others_given_again)
{
	enum { N = 4 };
	struct share p, q = {.acquired = {{2, 2}, {14, 14}}, .count = 2};
	struct wr each[N];
	struct exchange *x;
	int32_t epoch = 0;

	begin(ENFORCE);
	for (int i = 0; i < N; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 0);
	for (int64_t i = 0; i < N; i++) {
		each[i] = wr_new(BATCHES_MAX);
		BATCH(&each[i], i * 5, i * 5 + 5);
		p = of(&each[i], i * 5, i * 5 + 4);
		wait_on(&p, epoch++);
		epoch = renew_for(epoch, 1);
	}
	q.records = wr_slice(&each[2]);
	wait_on(&q, epoch++);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_RETURNED), 10);
	know(1, 2);
	x = share_exchange(2, epoch++, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&each[1]), {5, 9});
	stages_free(x);
	know(3, 4);
	x = share_exchange(2, epoch, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&each[3]), {15, 19});
	stages_free(x);
	for (int i = 0; i < N; i++)
		wr_free(&each[i]);
}
END_TEST

/* A lock that ends while its renewal is on its way is nobody's when the answer comes, if it tells nothing of it. */
START_TEST(a_lock_that_ends_on_the_way)
{
	struct share p, other = {.partition = 1};
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	wait_on(&p, 0);
	x = share_exchange(2, 1, true, &other, 1);
	now.ns += 27000000000;
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert(!aside_any(the_aside()));
	stages_free(x);
}
END_TEST

/* A record that may not be seen: the others come, then it is told; or it is left out. */
START_TEST(a_violation)
{
	struct share p;
	struct exchange *x;
	struct wr want;
	size_t first, second;

	begin(_i == 0 ? ENFORCE : "verify: {mode: enforce, on.violation: skip}\n");
	WINDOW(&proxy, .n = 15);
	know(0, 1);
	world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	second = r.len;
	BATCH(&r, 10, 15);
	want = wr_new(BATCHES_MAX);
	wr_bytes(&want, r.buf, first);
	wr_bytes(&want, r.buf + second, r.len - second);
	p = of(&r, 1, 14);
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&want), {1, 4}, {10, 14});
	stages_free(x);
	if (_i == 0) {
		x = share_exchange(2, 1, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_NONE(x, 0, STOPPED);
		stages_free(x);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), _i == 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), _i == 0 ? 0 : 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	/* The lock of that record ended; the broker gives it once more. */
	wr_reset(&want);
	wr_bytes(&want, r.buf + first, second - first);
	p = of(&want, 5, 9);
	x = share_exchange(2, 2, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, _i == 0 ? STOPPED : 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), _i == 0);
	stages_free(x);
	wr_free(&want);
}
END_TEST

/* It is told once; what is there comes. */
START_TEST(a_member_that_is_gone)
{
	struct share p;
	struct exchange *x;

	begin(_i % 2 == 0 ? ENFORCE : "verify: {mode: enforce, on.violation: skip}\n");
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 5, 10);
	p = of(&r, _i < 2 ? 3 : 0, 9); /* or the first offset of all is one that is missing */
	x = share_exchange(2, 0, false, &p, 1);
	if (_i % 2 == 0) {
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_NONE(x, 0, STOPPED);
		stages_free(x);
		x = share_exchange(2, 1, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
	} else {
		ck_assert_int_eq(respond(x), STAGE_PASS);
	}
	CK_SHARE(x, 0, 0, wr_slice(&r), {_i < 2 ? 3 : 0, 9});
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), _i < 2 ? 2 : 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 5);
	stages_free(x);
	for (int i = 0; i < 3; i++) { /* the broker gives it anew */
		x = share_exchange(2, 2 + i, false, &p, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), _i % 2 == 0);
}
END_TEST

/* A window is gone with its statement: what is around it passes, and it is told once. */
START_TEST(a_window_withheld)
{
	struct share p;
	struct exchange *x;

	begin(_i == 0 ? ENFORCE : "verify: {mode: enforce, on.violation: skip}\n");
	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 3);
	known.list[1] = known.list[2];
	known.a.count = 2;
	known.links[1].has_gap = true;
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	p = of(&r, 0, 14);
	x = share_exchange(2, 0, false, &p, 1);
	if (_i == 0) {
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_NONE(x, 0, STOPPED);
		stages_free(x);
		x = share_exchange(2, 1, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
	} else {
		ck_assert_int_eq(respond(x), STAGE_PASS);
	}
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 14});
	ck_assert_int_eq(metric_read(METRIC_VERIFY_GAP), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), _i == 0);
	stages_free(x);
}
END_TEST

/* Each group is told, whoever was told before: another group, or who fetches there. */
START_TEST(each_group_is_told)
{
	struct wr in = share_asked(2, "m", 0, 1 << 20), out;
	struct exchange *x;
	struct share p;
	struct part q;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 5, 10);
	q = (struct part){"t", 0, 3, 0, wr_slice(&r)};
	x = fetched(13, 0, -1, 0, &q, 1, &q, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, STOPPED, NOTHING);
	stages_free(x);
	p = of(&r, 3, 9);
	out = share_answer(0, 30000, &p, 1);
	for (int i = 0; i < 4; i++) {
		in.buf[1] = (uint8_t)"ghgh"[i];
		x = stages_exchange(API_SHARE_FETCH, 2, wr_slice(&in));
		x->session = session;
		x->reactor = judge;
		ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
		stages_message(x, wr_slice(&out));
		ck_assert_int_eq(respond(x), i < 2 ? STAGE_REPLACE : STAGE_PASS);
		if (i < 2)
			CK_NONE(x, 0, STOPPED);
		stages_free(x);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 3);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* How long a record waits isn't counted anew when others pass behind it, or before it; nor each time that it is given. */
START_TEST(waits_for_too_long)
{
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	size_t len;

	begin("verify: {mode: enforce, hold.max: 1m, hold.then: pass}\n");
	ledger.deny = false;
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	WINDOW(_i == 0 ? &other : &proxy, .n = 5);
	WINDOW(_i == 0 ? &proxy : &other, .n = 5);
	know(_i == 0 ? 1 : 0, _i == 0 ? 2 : 1);
	BATCH(&r, 0, 5);
	len = r.len;
	BATCH(&r, 5, 10);
	p = of(&r, 0, 9);
	for (int i = 0; i < 3; i++) {
		x = share_exchange(2, 0, false, &p, 1);
		ck_assert_int_eq(respond(x), i < 2 || _i == 1 ? STAGE_REPLACE : STAGE_PASS);
		stages_free(x);
		now.ns += 31000000000;
	}
	if (_i == 1) { /* the broker doesn't give anew what was settled */
		p = of(&r, 5, 9);
		x = share_exchange(2, 0, false, &p, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_SHARE(x, 0, 0, slice_of(r.buf + len, r.len - len), {5, 9});
		stages_free(x);
	}
	world_proxy_close(&other);
}
END_TEST

/* That it passed for one group begins no new wait for another. */
START_TEST(two_groups_wait_for_too_long)
{
	struct wr in = share_asked(2, "m", 0, 1 << 20), out;
	struct exchange *x;
	struct share p;

	begin("verify: {mode: enforce, hold.max: 1m, hold.then: pass}\n");
	ledger.deny = false;
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	out = share_answer(0, 30000, &p, 1);
	for (int i = 0; i < 6; i++) {
		in.buf[1] = (uint8_t)"gh"[i % 2];
		x = stages_exchange(API_SHARE_FETCH, 2, wr_slice(&in));
		x->session = session;
		x->reactor = judge;
		ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
		session = x->session;
		stages_message(x, wr_slice(&out));
		if (i < 4)
			over(x);
		ck_assert_int_eq(respond(x), i < 4 ? STAGE_REPLACE : STAGE_PASS);
		stages_free(x);
		now.ns += i % 2 == 1 ? 31000000000 : 0;
	}
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* Nor is what is aside younger for what went out before it. */
START_TEST(the_rest_waits_no_longer)
{
	struct exchange *x;
	struct share p;
	int32_t epoch = 1;
	size_t first;

	begin("verify: {mode: enforce, hold.max: 1m, hold.then: pass}\n");
	ledger.deny = false;
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	p = of(&r, 0, 9);
	wait_on(&p, 0);
	for (int i = 0; i < 10; i++) {
		x = share_exchange(2, epoch++, true, &renewed, 1);
		over(x);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
		now.ns += 4500000000;
		x = share_exchange(2, epoch++, false, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_PASS);
		stages_free(x);
	}
	know(0, 1);
	x = share_exchange(2, epoch++, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, first), {0, 4});
	stages_free(x);
	x = share_exchange(2, epoch++, true, &renewed, 1); /* there may be more, but isn't */
	over(x);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	now.ns += 10000000000;
	x = share_exchange(2, epoch++, false, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	x = share_exchange(2, epoch++, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + first, r.len - first), {5, 9});
	stages_free(x);
}
END_TEST

/* Of a batch in the middle of which the member's begin, what is before doesn't count; nor what is acquired of nothing. */
START_TEST(what_is_not_the_members)
{
	struct share p;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	world_forge(&w.r[2], "forged");
	BATCH(&r, 0, 10);
	p = (struct share){.records = wr_slice(&r), .acquired = {{5, 6}, {8, 8}}, .count = 2};
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	p.count = 0;
	x = share_exchange(2, 1, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, 0);
	stages_free(x);
	/* No records: a range that the cleaner emptied, which clients settle as a gap. */
	p = (struct share){.acquired = {{5, 6}}, .count = 1};
	x = share_exchange(2, 2, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
}
END_TEST

/* Batches of which another member has all the offsets are nobody's business here: what the member has waits, or comes, without them. */
START_TEST(a_batch_of_another_member)
{
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	size_t first, second;

	begin(_i == 2 ? "verify: {mode: enforce, on.violation: skip}\n" : ENFORCE);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	WINDOW(&other, .n = 5);
	WINDOW(&proxy, .n = 5);
	WINDOW(&other, .n = 5);
	know(1, 2);
	if (_i > 0)
		world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	second = r.len;
	BATCH(&r, 10, 15);
	p = (struct share){.records = wr_slice(&r), .acquired = {{0, 4}, {10, 14}}, .count = 2};
	wait_on(&p, 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 0);
	know(0, 1);
	x = share_exchange(2, 1, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf, first), {0, 4});
	stages_free(x);
	/* What passes is the member's alone, too. */
	know(1, 3);
	p = (struct share){.records = slice_of(r.buf + first, r.len - first), .acquired = {{10, 14}}, .count = 1};
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, slice_of(r.buf + second, r.len - second), {10, 14});
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
	world_proxy_close(&other);
}
END_TEST

/* But what is wrong with a window that begins in one of them is told with what the member has of it. */
START_TEST(a_fork_that_begins_at_another_member)
{
	struct world_proxy other;
	struct share p;
	struct exchange *x;
	struct wr want;
	size_t first, second;

	begin(ENFORCE);
	world_proxy_open(&other, "t", WORLD_TOPIC_ID, 0, 2, false);
	WINDOW(&other, .n = 5);
	WINDOW(&proxy, .n = 10);
	know(0, 2);
	known.links[1].is_fork = _i == 0;
	known.links[1].is_broken = _i == 1;
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	second = r.len;
	BATCH(&r, 10, 15);
	want = wr_new(BATCHES_MAX);
	wr_bytes(&want, r.buf, first);
	wr_bytes(&want, r.buf + second, r.len - second);
	p = (struct share){.records = wr_slice(&r), .acquired = {{0, 4}, {10, 14}}, .count = 2};
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, STOPPED);
	stages_free(x);
	x = share_exchange(2, 1, true, &renewed, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&want), {0, 4}, {10, 14});
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 1);
	ck_assert_int_eq(metric_read(_i == 0 ? METRIC_VERIFY_FORK : METRIC_VERIFY_BREAK), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
	/* Once. */
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_SHARE(x, 0, 0, wr_slice(&want), {0, 4}, {10, 14});
	stages_free(x);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 1);
	wr_free(&want);
	world_proxy_close(&other);
}
END_TEST

START_TEST(no_records_go_with_an_error)
{
	struct share p;
	struct exchange *x;
	struct wr out;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	p.error = _i == 0 ? 0 : 6;
	x = share_exchange(2, 0, false, &p, 1);
	if (_i == 0) {
		out = share_answer(58, 0, &p, 1);
		stages_message(x, wr_slice(&out));
		wr_free(&out);
	}
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	CK_NONE(x, 0, p.error);
	stages_free(x);
}
END_TEST

START_TEST(a_topic_that_is_not_known_yet)
{
	struct share p;
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	topics.unknown = true;
	p = of(&r, 0, 4);
	x = share_exchange(2, 0, false, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(topics.asked, 1);
	topics.unknown = _i == 1;
	ticket_resume(topics.ticket);
	if (_i == 1) { /* nor then: later */
		over(x);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		CK_NONE(x, 0, 0);
		stages_free(x);
		topics.unknown = false;
		x = share_exchange(2, 1, true, &renewed, 1);
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
	} else {
		ck_assert_int_eq(respond(x), STAGE_PASS);
	}
	CK_SHARE(x, 0, 0, wr_slice(&r), {0, 4});
	stages_free(x);
}
END_TEST

START_TEST(an_answer_that_can_not_be_read)
{
	struct exchange *x;
	struct wr out = share_answer(0, 30000, &renewed, 1);

	begin(ENFORCE);
	x = share_exchange(2, 0, false, &renewed, 1);
	stages_message(x, slice_of(out.buf, out.len - 1));
	ck_assert_int_eq(respond(x), STAGE_CLOSE);
	stages_free(x);
	wr_free(&out);
}
END_TEST

/* What is aside would be given for each. */
START_TEST(an_answer_with_a_partition_twice)
{
	struct share p, two[2] = {{.count = 0}, {.count = 0}};
	struct exchange *x;

	begin(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	p = of(&r, 0, 4);
	x = share_exchange(2, 0, false, &p, 1);
	over(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	stages_free(x);
	know(0, 1);
	x = share_exchange(2, 1, true, two, 2);
	ck_assert_int_eq(respond(x), STAGE_CLOSE);
	stages_free(x);
}
END_TEST

/* Where nothing is held back, all passes, and a copy is judged: from what is the member's on, and what follows one that waits, too. */
START_TEST(observed)
{
	struct wr in = share_asked(1, "m", 0, 1 << 20), out;
	struct share p;
	struct exchange *x;

	clock_set_for_tests(NULL, &wall);
	open_stage("verify: {mode: observe}\n");
	ck_assert(stage->wants_request(stage->self, API_SHARE_FETCH, 1));
	ck_assert(stage->wants_response(stage->self, API_SHARE_FETCH, 2));
	ck_assert(!stage->wants_request(stage->self, API_SHARE_FETCH, 3));
	ck_assert_int_eq(verify_start(verify), 0);
	r = wr_new(BATCHES_MAX);
	empty = wr_new(1);
	WINDOW(&proxy, .n = 10);
	world_forge(&w.r[2], "forged"); /* another member's */
	world_forge(&w.r[7], "forged");
	know(0, 0);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	p = of(&r, 3, 9);
	out = share_answer(0, 30000, &p, 1);
	x = stages_exchange(API_SHARE_FETCH, 1, wr_slice(&in));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	session = x->session;
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	until_asked(2); /* not stated yet: it is looked at again */
	pthread_mutex_lock(&ledger.lock);
	know(0, 1);
	ledger.asks = 0;
	pthread_mutex_unlock(&ledger.lock);
	until_asked(1);
	verify_stop(verify);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 6);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* What waited for too long is counted as it is, in one look, however many batches it has. */
START_TEST(observed_for_long)
{
	enum { BATCHES = 50 };
	struct wr in = share_asked(1, "m", 0, 1 << 20), out;
	struct share p[2];
	struct exchange *x;
	unsigned asks;

	open_stage("verify: {mode: observe, hold.max: 0s}\n");
	r = wr_new(BATCHES_MAX);
	empty = wr_new(1);
	WINDOW(&proxy, .n = BATCHES);
	know(0, 0);
	for (int64_t i = 0; i < BATCHES; i++)
		BATCH(&r, i, i + 1);
	p[0] = p[1] = of(&r, 0, BATCHES - 1);
	p[1].partition = 1;
	out = share_answer(0, 30000, p, 2);
	x = stages_exchange(API_SHARE_FETCH, 1, wr_slice(&in));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	session = x->session;
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	ck_assert_int_eq(verify_start(verify), 0);
	pthread_mutex_lock(&ledger.lock);
	while (ledger.want.partition != 1) /* the first is done with */
		pthread_cond_wait(&ledger.cond, &ledger.lock);
	asks = ledger.asks;
	pthread_mutex_unlock(&ledger.lock);
	ck_assert_uint_le(asks, 4); /* once, and once more with the names that the records have */
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* There, too, an answer is kept whole: no more is asked for than may be.  What can't be read is nobody's to judge. */
START_TEST(observed_with_less)
{
	struct wr in = share_asked(2, "m", 0, INT32_MAX), out;
	struct share_request q;
	struct exchange *x;

	open_stage("verify: {mode: observe, fetch.max.bytes: 1MiB}\n");
	r = wr_new(1);
	empty = wr_new(1);
	x = stages_exchange(API_SHARE_FETCH, 2, slice_of(in.buf, in.len - (size_t)_i));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), _i == 0 ? STAGE_REPLACE : STAGE_PASS);
	session = x->session;
	if (_i == 0) {
		out = stages_flat(&x->body);
		ck_assert_int_eq(share_fetch_request_read(2, wr_slice(&out), &q), 0);
		ck_assert_int_eq(q.max_bytes, 1 << 20);
		ck_assert_int_eq(q.max_wait_ms, 500);
		ck_assert_uint_eq(out.len, in.len);
		wr_free(&out);
	}
	out = share_answer(0, 30000, &renewed, 1);
	stages_message(x, slice_of(out.buf, out.len - (size_t)_i));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify_share");
	TCase *c = tcase_create("verify_share");

	tcase_add_checked_fixture(c, setup, teardown_all);
	tcase_set_timeout(c, 60);
	tcase_add_loop_test(c, asks_for_less, 0, 2);
	tcase_add_loop_test(c, what_can_not_be_read, 0, 2);
	tcase_add_loop_test(c, attested_records_pass, 0, 2);
	tcase_add_loop_test(c, the_rest_comes_later, 0, 2);
	tcase_add_test(c, others_do_not_wait_for_it);
	tcase_add_test(c, many_in_turn);
	tcase_add_test(c, a_window_without_a_manifest);
	tcase_add_test(c, waits_for_long);
	tcase_add_loop_test(c, gone, 0, 6);
	tcase_add_test(c, gone_with_the_connection);
	tcase_add_test(c, more_than_can_be_counted);
	tcase_add_loop_test(c, no_renewals, 0, 2);
	tcase_add_loop_test(c, refusals_of_one_answer, 0, 2);
	tcase_add_loop_test(c, refused_with, 0, 9);
	tcase_add_loop_test(c, a_coordinator_that_moves, 0, 4);
	tcase_add_test(c, a_violation_without_renewals);
	tcase_add_loop_test(c, an_acknowledgement_that_is_late, 0, 3);
	tcase_add_test(c, a_violation_beside_acknowledgements);
	tcase_add_test(c, the_lock_of_who_renews);
	tcase_add_test(c, full);
	tcase_add_loop_test(c, room_for_others, 0, 3);
	tcase_add_loop_test(c, all_that_is_stated_first, 0, 2);
	tcase_add_loop_test(c, no_more_than_twice, 0, 2);
	tcase_add_test(c, the_rest_is_as_old);
	tcase_add_test(c, another_group_has_renewals);
	tcase_add_loop_test(c, room_for_the_rest, 0, 2);
	tcase_add_test(c, too_much_to_wait);
	tcase_add_test(c, given_again);
	tcase_add_test(c, others_given_again);
	tcase_add_test(c, a_lock_that_ends_on_the_way);
	tcase_add_loop_test(c, a_violation, 0, 2);
	tcase_add_loop_test(c, a_member_that_is_gone, 0, 4);
	tcase_add_loop_test(c, a_window_withheld, 0, 2);
	tcase_add_test(c, each_group_is_told);
	tcase_add_loop_test(c, waits_for_too_long, 0, 2);
	tcase_add_test(c, two_groups_wait_for_too_long);
	tcase_add_test(c, the_rest_waits_no_longer);
	tcase_add_test(c, what_is_not_the_members);
	tcase_add_loop_test(c, a_batch_of_another_member, 0, 3);
	tcase_add_loop_test(c, a_fork_that_begins_at_another_member, 0, 2);
	tcase_add_loop_test(c, no_records_go_with_an_error, 0, 2);
	tcase_add_loop_test(c, a_topic_that_is_not_known_yet, 0, 2);
	tcase_add_test(c, an_answer_that_can_not_be_read);
	tcase_add_test(c, an_answer_with_a_partition_twice);
	tcase_add_test(c, observed);
	tcase_add_test(c, observed_for_long);
	tcase_add_loop_test(c, observed_with_less, 0, 2);
	suite_add_tcase(s, c);
	return suite_run(s);
}
