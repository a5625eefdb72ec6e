/* The verify stage: what of a Fetch answer a client gets, and when. */
#include <sys/mman.h>

#include "hex.h"
#include "stages/verify_internal.h"
#include "suite.h"
#include "verifying.h"

static void
teardown_all(void)
{
	close_stage();
	teardown();
}

/* --- requests ---------------------------------------------------------------------------------- */

START_TEST(asks_for_less)
{
	struct part p = {"t", 0, 0, 0, NOTHING};
	struct wr in = asked(13, 0, -1, 500, 50 << 20, &p, 1);
	struct fetch_request q;
	struct exchange *x;
	struct wr out;

	open_stage("verify: {mode: enforce, fetch.max.bytes: 1MiB}\n");
	x = stages_exchange(API_FETCH, 13, wr_slice(&in));
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
	session = x->session;
	out = stages_flat(&x->body);
	ck_assert_int_eq(fetch_request_read(13, wr_slice(&out), &q), 0);
	ck_assert_int_eq(q.max_bytes, 1 << 20);
	ck_assert_int_eq(q.min_bytes, 1);
	ck_assert_int_eq(q.max_wait_ms, 500);
	ck_assert_uint_eq(q.count, 1);
	fetch_request_free(&q);
	stage->lost(stage->self, x);
	stages_free(x);
	wr_free(&out);
	wr_free(&in);
}
END_TEST

START_TEST(an_unknown_session_begins_anew)
{
	struct wr in = asked(13, 77, 3, 500, 1 << 20, NULL, 0), out;
	struct fetch_response r;
	struct exchange *x;

	open_stage(ENFORCE);
	x = stages_exchange(API_FETCH, 13, wr_slice(&in));
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_ANSWER);
	session = x->session;
	out = stages_flat(&x->answer);
	ck_assert_int_eq(fetch_response_read(13, wr_slice(&out), &r), 0);
	ck_assert_int_eq(r.error, 70);
	fetch_response_free(&r);
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

static const struct {
	int16_t key, version;
	enum stage_verdict request, response; /* response: to any answer */
} doors[] = {
	{API_FETCH, 3, STAGE_CLOSE, STAGE_CLOSE},
	{API_FETCH, 19, STAGE_CLOSE, STAGE_CLOSE},
	{API_SHARE_FETCH, 1, STAGE_CLOSE, STAGE_CLOSE}, /* of whose broker's versions nothing is known */
	{API_FETCH, 13, STAGE_PASS, STAGE_CLOSE}, /* it can't be read: nor would its answer be */
};

START_TEST(what_can_not_be_verified)
{
	struct exchange *x;

	open_stage(ENFORCE);
	x = stages_exchange(doors[_i].key, doors[_i].version, slice_str("?"));
	ck_assert(stage->wants_request(stage->self, x->key, x->version));
	ck_assert(stage->wants_response(stage->self, x->key, x->version));
	ck_assert_int_eq(stage->request(stage->self, x), doors[_i].request);
	session = x->session;
	ck_assert_int_eq(respond(x), doors[_i].response);
	stages_free(x);
}
END_TEST

START_TEST(a_brokers_own_fetch_passes)
{
	struct part p = {"t", 0, 0, 0, slice_str("anything")};
	struct wr in = asked(11, 0, -1, 500, 50 << 20, &p, 1), out = answer(11, 0, 0, &p, 1);
	struct exchange *x;

	open_stage(ENFORCE);
	in.buf[3] = 2;
	memset(in.buf, 0, 3);
	x = stages_exchange(API_FETCH, 11, wr_slice(&in));
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	session = x->session;
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	wr_free(&in);
	wr_free(&out);
}
END_TEST

/* Share groups: where brokers renew locks (ShareFetch 2), and else not. */
static const struct {
	const char *told, *passed; /* NULL: as it is */
	bool has;
} brokers[] = {
	{"0000 03 | 0001 0004 0012 00 | 004e 0001 0001 00 | 00000000 00", "0000 02 | 0001 0004 0012 00 | 00000000 00", false},
	{"0000 03 | 0001 0004 0012 00 | 004e 0003 0004 00 | 00000000 00", "0000 02 | 0001 0004 0012 00 | 00000000 00", false},
	{"0000 02 | 0001 0004 0012 00 | 00000000 00", "0000 02 | 0001 0004 0012 00 | 00000000 00", false},
	{"0023 00000001 0012 0000 0003", "0023 00000001 0012 0000 0003", false},
	{"0000 03 | 0001 0004 0012 00 | 004e 0001 0002 00 | 00000000 00", NULL, true},
	{"0000 03 | 0001 0004 0012 00 | 004e 0001 0003 00 | 00000000 00", NULL, true},
};

START_TEST(share_groups_of_a_broker)
{
	struct wr in = hex_of(brokers[_i].told), out;
	struct exchange *x;
	struct rd r;

	open_stage(ENFORCE);
	x = stages_exchange(API_VERSIONS, 3, wr_slice(&in));
	ck_assert(!stage->wants_request(stage->self, API_VERSIONS, 3));
	ck_assert(stage->wants_response(stage->self, API_VERSIONS, 3));
	ck_assert_int_eq(respond(x), brokers[_i].has ? STAGE_PASS : STAGE_REPLACE);
	session = x->session;
	if (!brokers[_i].has) {
		out = stages_flat(&x->body);
		ck_hex(wr_slice(&out), brokers[_i].passed);
		wr_free(&out);
	}
	stages_free(x);
	ck_assert(stage->wants_request(stage->self, API_SHARE_GROUP_HEARTBEAT, 1));
	ck_assert(!stage->wants_response(stage->self, API_SHARE_GROUP_HEARTBEAT, 1));
	x = stages_exchange(API_SHARE_GROUP_HEARTBEAT, 1, slice_str("?"));
	x->session = session;
	ck_assert_int_eq(stage->request(stage->self, x), brokers[_i].has ? STAGE_PASS : STAGE_ANSWER);
	if (!brokers[_i].has) {
		out = stages_flat(&x->answer);
		r = rd_of(wr_slice(&out));
		ck_assert_int_eq(rd_i32(&r), 0);
		ck_assert_int_eq(rd_i16(&r), 35);
		wr_free(&out);
	}
	stages_free(x);
	wr_free(&in);
}
END_TEST

/* One that is not known can't be refused by an answer. */
START_TEST(a_heartbeat_of_an_unknown_version)
{
	struct exchange *x;

	open_stage(ENFORCE);
	x = stages_exchange(API_SHARE_GROUP_HEARTBEAT, 2, slice_str("?"));
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_CLOSE);
	session = x->session;
	stages_free(x);
}
END_TEST

/* --- answers ------------------------------------------------------------------------------------ */

START_TEST(attested_records_pass)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
	ck_assert_uint_eq(ledger.asks, 1);
	ck_assert_uint_eq(ledger.released, 1);
	stages_free(x);
	wr_free(&r);
}
END_TEST

START_TEST(up_to_what_is_stated)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;
	size_t first;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, slice_of(r.buf, first));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_PENDING), 0);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* Nothing is there to be given: until the statement comes. */
/* So many lines that the log has of what has no room. */
static unsigned
lines_of_no_room(int log)
{
	static char text[1 << 16];
	ssize_t n = pread(log, text, sizeof(text) - 1, 0);
	unsigned lines = 0;

	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	for (const char *at = text; (at = strstr(at, "has no room in verify.memory.bytes")) != NULL; at++)
		lines++;
	return lines;
}

/* What is stated has no room: that is said once of each place, though several consumers ask in turn. */
START_TEST(no_room_is_said_once)
{
	int log = memfd_create("log", 0), before = dup(2);
	struct judge_case c = {.topic = slice_str("t"), .log_start = -1, .waited_to = -1};
	struct ledger_want want;
	bool whole;

	open_stage(ENFORCE);
	know(0, 0);
	known.a.whole = false;
	known.a.too_large = true;
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
	ck_assert_int_ge(dup2(log, 2), 0);
	for (int i = 0; i < 10; i++) {
		c.fetch_offset = i % 2 * 100;
		ck_assert_int_eq(judge_open(judge, &c, &want), 0);
		ck_assert_int_eq(verify_judge(verify, judge, &want, NULL, &whole), 0);
		judge_close(judge);
	}
	ck_assert_int_ge(dup2(before, 2), 0);
	ck_assert_uint_eq(lines_of_no_room(log), 2);
	(void)close(log);
	(void)close(before);
}
END_TEST

START_TEST(held_until_it_is_stated)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 500);
	ck_assert_uint_eq(ledger.calls, 1);
	now.ns += 300000000;
	call(); /* about another window */
	ck_assert_uint_eq(x->resumes, 1);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 200);
	know(0, 1);
	call();
	ck_assert_uint_eq(x->resumes, 2);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_HELD), 2);
	stages_free(x);
	wr_free(&r);
}
END_TEST

static void
stated_meanwhile(void)
{
	know(0, 1);
}

/* Between the first look and the hold: it isn't missed. */
START_TEST(stated_just_before_the_hold)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	ledger.meanwhile = stated_meanwhile;
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_ptr_null(x->ticket); /* it was given back */
	stages_free(x);
	wr_free(&r);
}
END_TEST

START_TEST(held_for_as_long_as_the_client_waits)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x, *y;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	x = fetch_one(0, &r);
	now.ns += 490000000; /* the broker took its time */
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(x->held_ms, 50); /* never less: who gets nothing asks again at once */
	now.ns += 50000000;
	stages_time_out(x);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, NOTHING);
	stages_free(x);
	/* The ledger was told once to call, and is not told again before it did. */
	y = fetch_one(0, &r);
	ck_assert_int_eq(respond(y), STAGE_HOLD);
	ck_assert_uint_eq(ledger.calls, 1);
	know(0, 1);
	call();
	ck_assert_uint_eq(y->resumes, 1);
	ck_assert_int_eq(respond(y), STAGE_PASS);
	stages_free(y);
	/* One that is gone is not resumed. */
	know(0, 0);
	y = fetch_one(0, &r);
	ck_assert_int_eq(respond(y), STAGE_HOLD);
	stages_time_out(y); /* as exchange_end() does */
	stage->lost(stage->self, y);
	stages_free(y);
	call();
	wr_free(&r);
}
END_TEST

/* What is told of other partitions goes on at once. */
START_TEST(one_of_several)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;
	struct part q[2];

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	q[0] = (struct part){"t", 0, 0, 0, wr_slice(&r)};
	q[1] = (struct part){"t", 1, 7, 6, NOTHING}; /* another leader */
	x = fetched(13, 0, -1, 0, q, 2, q, 2);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, NOTHING);
	ck_part(x, 1, 6, NOTHING);
	stages_free(x);
	/* Without records it is none of ours. */
	q[0].records = NOTHING;
	q[1].error = 0;
	x = fetched(13, 0, -1, 0, q, 2, q, 2);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	/* What nobody asked for, and excluded topics. */
	q[0].records = wr_slice(&r);
	x = fetched(13, 0, -1, 0, &q[1], 1, q, 2);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	stages_time_out(x);
	now.ns += 1000000000;
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, NOTHING);
	stages_free(x);
	q[0].topic = "__consumer_offsets";
	x = fetched(11, 0, -1, 0, q, 1, q, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* Its header names one of several statement topics that are read; and those have no records to judge, where they are here. */
START_TEST(several_statement_topics)
{
	static const char *const configs[] = {
		"verify: {mode: enforce, dbom.topics: [west, makoto.dbom]}\nattest.dbom.topic: own\n",
		"verify: {mode: enforce, dbom: {topics: [west], bootstrap.servers: 'there:1'}}\n",
	};
	struct part q = {"t", 0, 0, 0, NOTHING};
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(configs[_i]);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 0, 10);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	q.records = wr_slice(&r);
	q.topic = _i == 0 ? "own" : "makoto.dbom";
	x = fetched(11, 0, -1, 0, &q, 1, &q, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	ledger.asks = 0;
	q.topic = "west";
	x = fetched(11, 0, -1, 0, &q, 1, &q, 1);
	(void)respond(x);
	ck_assert_int_eq(ledger.asks != 0, _i == 1);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* A record that may not be seen. */
START_TEST(a_violation_stops)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;
	size_t first;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	/* First what is good before it, … */
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, slice_of(r.buf, first));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	stages_free(x);
	/* … then the error, at once, … */
	x = fetch_one(5, &(struct wr){r.buf + first, r.len - first, r.len - first, r.len, 0});
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, STOPPED, NOTHING);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	stages_free(x);
	/* … and to who asks again when its wait is over. */
	x = fetch_one(5, &(struct wr){r.buf + first, r.len - first, r.len - first, r.len, 0});
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(x->pauses, 1);
	ck_assert_uint_eq(x->paused_ms, 500);
	now.ns += 500000000;
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, STOPPED, NOTHING);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	stages_free(x);
	wr_free(&r);
}
END_TEST

START_TEST(a_violation_is_skipped)
{
	struct wr r = wr_new(BATCHES_MAX), want = wr_new(BATCHES_MAX);
	size_t first, second;
	struct exchange *x;
	struct batch empty;

	open_stage("verify: {mode: enforce, on.violation: skip}\n");
	WINDOW(&proxy, .n = 15);
	know(0, 1);
	world_forge(&w.r[7], "forged");
	BATCH(&r, 0, 5);
	first = r.len;
	BATCH(&r, 5, 10);
	second = r.len;
	BATCH(&r, 10, 15);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	wr_bytes(&want, r.buf, first);
	wr_bytes(&want, r.buf + second, r.len - second);
	ck_part(x, 0, 0, wr_slice(&want));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	stages_free(x);
	/* Nothing else: an empty batch, behind which clients go on. */
	x = fetch_one(5, &(struct wr){r.buf + first, second - first, second - first, second, 0});
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	wr_reset(&want);
	ck_assert_int_eq(batch_read(slice_of(r.buf + first, second - first), &empty), 0);
	empty.count = 0;
	ck_assert_int_eq(batch_end(&want, batch_begin(&empty, &want)), 0);
	ck_part(x, 0, 0, wr_slice(&want));
	stages_free(x);
	wr_free(&r);
	wr_free(&want);
}
END_TEST

START_TEST(a_member_that_is_gone)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(_i == 0 ? ENFORCE : "verify: {mode: enforce, on.violation: skip}\n");
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	BATCH(&r, 5, 10);
	x = fetch_one(3, &r);
	ck_assert_int_eq(respond(x), _i == 0 ? STAGE_REPLACE : STAGE_PASS);
	ck_part(x, 0, _i == 0 ? STOPPED : 0, _i == 0 ? NOTHING : wr_slice(&r));
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 2);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* A window is gone with its statement, and what follows it is there. */
static void
withhold_the_second(void)
{
	for (int i = 0; i < 3; i++)
		WINDOW(&proxy, .n = 5);
	know(0, 3);
	known.list[1] = known.list[2];
	known.a.count = 2;
	known.links[1].has_gap = true;
}

START_TEST(a_window_withheld)
{
	bool stops = _i == 0;
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(stops ? ENFORCE : "verify: {mode: enforce, on.violation: skip}\n");
	withhold_the_second();
	BATCH(&r, 10, 15);
	for (int i = 0; i < 3; i++) {
		x = fetch_one(5, &r);
		ck_assert_int_eq(respond(x), i > 0 && stops ? STAGE_HOLD : stops ? STAGE_REPLACE : STAGE_PASS);
		if (i > 0 && stops) { /* it was told, and is told again when its wait is over */
			now.ns += 500000000;
			ck_assert_int_eq(respond(x), STAGE_REPLACE);
		}
		ck_part(x, 0, stops ? STOPPED : 0, stops ? NOTHING : wr_slice(&r));
		stages_free(x);
	}
	ck_assert_int_eq(metric_read(METRIC_VERIFY_GAP), stops ? 1 : 3);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), stops);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), 0);
	/* What is before it passes. */
	wr_reset(&r);
	BATCH(&r, 0, 5);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* One for each metric. */
START_TEST(forked_and_broken)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	known.links[0] = (struct ledger_link){.is_fork = _i == 0, .is_broken = _i == 1};
	BATCH(&r, 0, 5);
	x = fetch_one(2, &r);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, STOPPED, NOTHING);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_FORK), _i == 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_BREAK), _i == 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_GAP), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 1);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/*
 * Left out is what may not be seen, not what stands behind a member that is gone: that waits for its own statement, and
 * passes where unattested records may.
 */
START_TEST(no_record_is_skipped_for_what_is_gone)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage("verify: {mode: enforce, on.violation: skip}\n");
	ledger.deny = false;
	WINDOW(&proxy, .n = 5);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 5, 10);
	x = fetch_one(3, &r);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	if (_i == 0) { /* it is stated */
		know(0, 2);
		call();
	} else { /* nor later: it is held back */
		stages_time_out(x);
		now.ns += 1000000000;
	}
	ck_assert_int_eq(respond(x), _i == 0 ? STAGE_PASS : STAGE_REPLACE);
	ck_part(x, 0, 0, _i == 0 ? wr_slice(&r) : NOTHING);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), _i == 0 ? 2 : 0);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	stages_free(x);
	/* Nobody attested it, and it may be seen. */
	know(0, 1);
	for (size_t i = 5; i < 10; i++)
		w.r[i].header_count = 1;
	wr_reset(&r);
	BATCH(&r, 5, 10);
	x = fetch_one(3, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_UNATTESTED), 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SKIPPED), 0);
	stages_free(x);
	wr_free(&r);
}
END_TEST

/* hold.max and hold.then. */
START_TEST(held_for_too_long)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(_i == 0   ? "verify: {mode: enforce, hold.max: 10s, hold.then: pass}\n"
		   : _i == 1 ? "verify: {mode: enforce, hold.max: 10s, hold.then: pass}\n"
			     : "verify: {mode: enforce, hold.max: 10s}\n");
	ledger.deny = _i == 1;
	WINDOW(&proxy, .n = 5);
	know(0, 0);
	BATCH(&r, 0, 5);
	for (int k = 0; k < 2; k++) {
		x = fetch_one(0, &r);
		ck_assert_int_eq(respond(x), STAGE_HOLD);
		stages_time_out(x);
		now.ns += 5000000000;
		ck_assert_int_eq(respond(x), k == 0 || _i == 2 ? STAGE_REPLACE : _i == 0 ? STAGE_PASS : STAGE_REPLACE);
		ck_part(x, 0, k == 1 && _i == 1 ? STOPPED : 0, k == 1 && _i == 0 ? wr_slice(&r) : NOTHING);
		stages_free(x);
	}
	wr_free(&r);
}
END_TEST

START_TEST(an_incremental_fetch)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct part p[2] = {{"t", 0, 5, 0, NOTHING}, {"t", 1, 0, 0, NOTHING}};
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	x = fetched(13, 0, 0, 9, p, 2, p, 2);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	/* Nothing is named: the offset is the one from before, and 5 to 7 are gone. */
	BATCH(&r, 8, 10);
	p[0].records = wr_slice(&r);
	x = fetched(13, 9, 1, 9, NULL, 0, p, 1);
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, STOPPED, NOTHING);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_MISSING), 3);
	stages_free(x);
	p[0].offset = 8;
	x = fetched(13, 9, 2, 9, p, 1, p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	wr_free(&r);
}
END_TEST

START_TEST(a_topic_that_is_not_known_yet)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	BATCH(&r, 0, 5);
	topics.unknown = true;
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_HOLD);
	ck_assert_uint_eq(topics.asked, 1);
	topics.unknown = _i == 1;
	ticket_resume(topics.ticket);
	if (_i == 0) {
		ck_assert_int_eq(respond(x), STAGE_PASS);
	} else { /* nor later */
		ck_assert_int_eq(respond(x), STAGE_HOLD);
		stages_time_out(x);
		now.ns += 1000000000;
		ck_assert_int_eq(respond(x), STAGE_REPLACE);
		ck_part(x, 0, 0, NOTHING);
	}
	stages_free(x);
	wr_free(&r);
}
END_TEST

START_TEST(an_error_as_a_whole_passes)
{
	struct part p = {"t", 0, 0, 0, NOTHING};
	struct wr out = answer(13, 71, 0, NULL, 0);
	struct exchange *x;

	open_stage(ENFORCE);
	x = fetched(13, 0, -1, 0, &p, 1, &p, 1);
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	x = fetched(13, 0, -1, 0, &p, 1, &p, 1);
	stages_message(x, slice_of(out.buf, out.len - 1));
	ck_assert_int_eq(respond(x), STAGE_CLOSE);
	stages_free(x);
	wr_free(&out);
}
END_TEST

/*
 * Nothing is judged of an answer that is an error, nor of a part: so no records go on with it, whatever clients make of
 * the error.  All else stays.
 */
START_TEST(no_records_go_with_an_error)
{
	struct part p[2] = {{"t", 0, 0, 0, NOTHING}, {"t", 1, 0, 0, NOTHING}};
	struct wr r = wr_new(BATCHES_MAX), out, flat;
	struct fetch_response got;
	struct exchange *x;

	open_stage(ENFORCE);
	WINDOW(&proxy, .n = 5);
	know(0, 1);
	world_forge(&w.r[2], "forged");
	BATCH(&r, 0, 5);
	x = fetched(13, 0, -1, 0, p, 2, p, 2);
	p[0].records = wr_slice(&r);
	p[1].error = _i == 0 ? 0 : 1;
	p[1].records = wr_slice(&r);
	if (_i == 1)
		p[0].records = NOTHING;
	out = answer(13, _i == 0 ? 71 : 0, 9, p, 2);
	stages_message(x, wr_slice(&out));
	ck_assert_int_eq(respond(x), STAGE_REPLACE);
	ck_part(x, 0, 0, NOTHING);
	ck_part(x, 1, p[1].error, NOTHING);
	flat = stages_flat(&x->body);
	ck_assert_int_eq(fetch_response_read(13, wr_slice(&flat), &got), 0);
	ck_assert_int_eq(got.error, _i == 0 ? 71 : 0);
	ck_assert_int_eq(got.session_id, 9);
	ck_assert_uint_eq(ledger.asks, 0);
	fetch_response_free(&got);
	stages_free(x);
	wr_free(&flat);
	wr_free(&out);
	wr_free(&r);
}
END_TEST

/* --- observe --------------------------------------------------------------------------------------- */

START_TEST(observed)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	clock_set_for_tests(NULL, &wall);
	open_stage("verify: {mode: observe}\n");
	ck_assert(stage->wants_request(stage->self, API_FETCH, 4));
	ck_assert(!stage->wants_request(stage->self, API_FETCH, 3));
	ck_assert(!stage->wants_request(stage->self, API_SHARE_GROUP_HEARTBEAT, 1));
	ck_assert(!stage->wants_response(stage->self, API_VERSIONS, 3));
	ck_assert_int_eq(verify_start(verify), 0);
	WINDOW(&proxy, .n = 10);
	world_forge(&w.r[7], "forged");
	know(0, 0);
	BATCH(&r, 0, 5);
	BATCH(&r, 5, 10);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	until_asked(2); /* not stated yet: it is looked at again */
	pthread_mutex_lock(&ledger.lock);
	know(0, 1);
	ledger.asks = 0;
	pthread_mutex_unlock(&ledger.lock);
	until_asked(1);
	verify_stop(verify);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 9);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_ALTERED), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	wr_free(&r);
}
END_TEST

/* A session's later requests name no partition: what they ask for is known, and they aren't told to begin anew. */
START_TEST(an_observed_session)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct part p = {"t", 0, 5, 0, NOTHING};
	struct exchange *x;

	clock_set_for_tests(NULL, &wall);
	open_stage("verify: {mode: observe}\n");
	ck_assert_int_eq(verify_start(verify), 0);
	WINDOW(&proxy, .n = 10);
	know(0, 1);
	x = fetched(13, 0, 0, 9, &p, 1, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	BATCH(&r, 5, 10);
	p.records = wr_slice(&r);
	x = fetched(13, 9, 1, 9, NULL, 0, &p, 1);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	until_asked(1);
	verify_stop(verify);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 5);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_SESSIONS_UNKNOWN), 0);
	wr_free(&r);
}
END_TEST

START_TEST(observed_without_a_window)
{
	struct wr r = wr_new(BATCHES_MAX);
	struct exchange *x;

	clock_set_for_tests(NULL, &wall);
	open_stage("verify: {mode: observe}\n");
	ck_assert_int_eq(verify_start(verify), 0);
	withhold_the_second();
	BATCH(&r, 0, 5);
	BATCH(&r, 10, 15);
	x = fetch_one(0, &r);
	ck_assert_int_eq(respond(x), STAGE_PASS);
	stages_free(x);
	until_asked(1);
	verify_stop(verify);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_VERIFIED), 10);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_GAP), 1);
	ck_assert_int_eq(metric_read(METRIC_VERIFY_STOPS), 0);
	wr_free(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify");
	TCase *c = tcase_create("verify");

	tcase_add_checked_fixture(c, setup, teardown_all);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, asks_for_less);
	tcase_add_test(c, an_unknown_session_begins_anew);
	tcase_add_loop_test(c, what_can_not_be_verified, 0, ARRAY_LEN(doors));
	tcase_add_test(c, a_brokers_own_fetch_passes);
	tcase_add_loop_test(c, share_groups_of_a_broker, 0, ARRAY_LEN(brokers));
	tcase_add_test(c, a_heartbeat_of_an_unknown_version);
	tcase_add_test(c, attested_records_pass);
	tcase_add_test(c, up_to_what_is_stated);
	tcase_add_test(c, no_room_is_said_once);
	tcase_add_test(c, held_until_it_is_stated);
	tcase_add_test(c, stated_just_before_the_hold);
	tcase_add_test(c, held_for_as_long_as_the_client_waits);
	tcase_add_test(c, one_of_several);
	tcase_add_loop_test(c, several_statement_topics, 0, 2);
	tcase_add_test(c, a_violation_stops);
	tcase_add_test(c, a_violation_is_skipped);
	tcase_add_loop_test(c, a_member_that_is_gone, 0, 2);
	tcase_add_loop_test(c, a_window_withheld, 0, 2);
	tcase_add_loop_test(c, forked_and_broken, 0, 2);
	tcase_add_loop_test(c, no_record_is_skipped_for_what_is_gone, 0, 2);
	tcase_add_loop_test(c, held_for_too_long, 0, 3);
	tcase_add_test(c, an_incremental_fetch);
	tcase_add_loop_test(c, a_topic_that_is_not_known_yet, 0, 2);
	tcase_add_test(c, an_error_as_a_whole_passes);
	tcase_add_loop_test(c, no_records_go_with_an_error, 0, 2);
	tcase_add_test(c, observed);
	tcase_add_test(c, an_observed_session);
	tcase_add_test(c, observed_without_a_window);
	suite_add_tcase(s, c);
	return suite_run(s);
}
