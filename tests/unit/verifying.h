/* verifying: the verify stage between a broker and a client, with a ledger that knows what the test says. */
#ifndef TESTS_UNIT_VERIFYING_H
#define TESTS_UNIT_VERIFYING_H

#include "stages/verify.h"

#include <pthread.h>

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/fetch.h"
#include "stages.h"
#include "world_batches.h"

enum { STOPPED = 87, PARTS_MAX = 4 };

static struct world_proxy proxy;
static struct config *config;
static struct verify *verify;
static const struct stage *stage;
static struct judge *judge;
static void *session;
static struct monotime now;
static int64_t wall;

/* --- what is around it; without checks, since memory may be failing ---------------------------- */

static struct {
	bool unknown;
	unsigned asked;
	struct ticket *ticket;
} topics;

int
topics_find(struct topics *t, const struct topic_ref *ref, int32_t partition, struct topic_facts *ret)
{
	static const uint8_t id[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

	INVARIANT(t == NULL);
	INVARIANT(partition >= 0);
	if (topics.unknown)
		return ERR_NOTFOUND;
	*ret = (struct topic_facts){.has_id = true, .partitions = 8};
	memcpy(ret->id, id, 16);
	if (ref->name.p == NULL && memcmp(ref->id, id, 16) != 0)
		return ERR_REMOTE;
	ret->name_len = ref->name.p == NULL ? 1 : ref->name.n;
	memcpy(ret->name, ref->name.p == NULL ? (const uint8_t *)"t" : ref->name.p, ret->name_len);
	return 0;
}

void
topics_wait(struct topics *t UNUSED, const struct topic_ref *refs UNUSED, size_t count, struct ticket *ticket)
{
	topics.asked += (unsigned)count;
	topics.ticket = ticket;
}

static struct {
	pthread_mutex_t lock;
	pthread_cond_t cond;
	unsigned asks, calls, released;
	void (*notify)(void *arg);
	void *arg;
	struct ledger_want want;
	void (*meanwhile)(void); /* at the ask that wants to be called */
	bool deny;
} ledger;

static int
ask(void *arg, const struct ledger_want *want, void (*notify)(void *), void *notify_arg, struct ledger_answer *ret)
{
	INVARIANT(arg == &ledger);
	pthread_mutex_lock(&ledger.lock);
	ledger.asks++;
	ledger.want = *want;
	if (notify != NULL) {
		INVARIANT(ledger.notify == NULL);
		ledger.calls++;
		ledger.notify = notify;
		ledger.arg = notify_arg;
		if (ledger.meanwhile != NULL)
			ledger.meanwhile();
	}
	*ret = known.a;
	pthread_cond_signal(&ledger.cond);
	pthread_mutex_unlock(&ledger.lock);
	return 0;
}

static void
release(void *arg, struct ledger_answer *a UNUSED)
{
	INVARIANT(arg == &ledger);
	ledger.released++;
}

/* So often, by another thread. */
static UNUSED void
until_asked(unsigned n)
{
	pthread_mutex_lock(&ledger.lock);
	while (ledger.asks < n)
		pthread_cond_wait(&ledger.cond, &ledger.lock);
	pthread_mutex_unlock(&ledger.lock);
}

/* The ledger knows more. */
static void
call(void)
{
	void (*notify)(void *) = ledger.notify;

	INVARIANT(notify != NULL);
	ledger.notify = NULL;
	notify(ledger.arg);
}

static bool
denies(void *arg, struct slice topic UNUSED)
{
	INVARIANT(arg == &ledger);
	return ledger.deny;
}

static bool
mirrors(void *arg, struct slice topic UNUSED, struct slice of_cluster UNUSED, struct slice of_topic UNUSED)
{
	INVARIANT(arg == &ledger);
	return false;
}

static void
cluster_id(void *arg UNUSED, char *ret, size_t len)
{
	(void)snprintf(ret, len, "%s", world_cluster);
}

static void
open_stage(const char *text)
{
	struct verify_doors doors = {&ledger, ask, release, denies, mirrors, cluster_id};
	struct config_override b = {"kafka.bootstrap.servers", "k:9092", NULL};
	char why[256];

	ck_assert_msg(config_load_text("test", slice_str(text), &b, 1, &config, why, sizeof(why)) == 0, "%s", why);
	verify = verify_new(&doors, NULL, config);
	ck_assert_ptr_nonnull(verify);
	stage = verify_stage(verify);
	judge = stage->reactor_new(stage->self, 0);
	ck_assert_ptr_nonnull(judge);
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	memset(&w, 0, sizeof(w));
	memset(&known, 0, sizeof(known));
	memset(&topics, 0, sizeof(topics));
	memset(&ledger, 0, sizeof(ledger));
	pthread_mutex_init(&ledger.lock, NULL);
	pthread_cond_init(&ledger.cond, NULL);
	ledger.deny = true;
	session = NULL;
	now.ns = 5000000000;
	wall = WORLD_NOW - 3600000 * 2 + 1000; /* the records are a second old */
	clock_set_for_tests(&now, &wall);
	world_proxy_open(&proxy, "t", WORLD_TOPIC_ID, 0, 1, false);
	batch_codecs = codecs_new(NULL);
}

static void
close_stage(void)
{
	stage->reactor_free(stage->self, judge);
	if (session != NULL)
		stage->session_free(stage->self, session);
	session = NULL;
	if (ledger.notify != NULL)
		call(); /* the ledger ends */
	verify_stop(verify);
	verify_free(verify);
	config_unref(config);
}

static void
teardown(void)
{
	forget();
	codecs_free(batch_codecs);
	world_free(&w);
	world_proxy_close(&proxy);
	clock_set_for_tests(NULL, NULL);
}

#define ENFORCE "verify: {mode: enforce}\n"

/* --- messages ------------------------------------------------------------------------------ */

struct part {
	const char *topic; /* version 11; from 13 on that of the id */
	int32_t partition;
	int64_t offset;
	int16_t error;
	struct slice records;
};

/* Version 11 names topics, 13 has ids. */
static struct wr
asked(int16_t version, int32_t session_id, int32_t epoch, int32_t max_wait, int32_t max_bytes, const struct part *p, size_t n)
{
	struct wr m = wr_new(1 << 20);

	wr_i32(&m, -1);
	wr_i32(&m, max_wait);
	wr_i32(&m, 1);
	wr_i32(&m, max_bytes);
	wr_i8(&m, 0);
	wr_i32(&m, session_id);
	wr_i32(&m, epoch);
	stages_count(&m, version >= 12 ? 9 : 8, n);
	for (size_t i = 0; i < n; i++) {
		if (version >= 13)
			wr_bytes(&m, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
		else
			wr_string(&m, slice_str(p[i].topic));
		stages_count(&m, version >= 12 ? 9 : 8, 1);
		wr_i32(&m, p[i].partition);
		wr_i32(&m, -1);
		wr_i64(&m, p[i].offset);
		if (version >= 12)
			wr_i32(&m, -1);
		wr_i64(&m, -1);
		wr_i32(&m, 1 << 20);
		if (version >= 12)
			wr_u16(&m, 0);
	}
	stages_count(&m, version >= 12 ? 9 : 8, 0);
	if (version >= 12)
		wr_u16(&m, 1 << 8); /* no rack, no tags */
	else
		wr_i16(&m, 0);
	return m;
}

static struct wr
answer(int16_t version, int16_t error, int32_t session_id, const struct part *p, size_t n)
{
	struct wr m = wr_new(1 << 20);

	wr_i32(&m, 0);
	wr_i16(&m, error);
	wr_i32(&m, session_id);
	stages_count(&m, version >= 12 ? 9 : 8, n);
	for (size_t i = 0; i < n; i++) {
		if (version >= 13)
			wr_bytes(&m, "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17", 16);
		else
			wr_string(&m, slice_str(p[i].topic));
		stages_count(&m, version >= 12 ? 9 : 8, 1);
		wr_i32(&m, p[i].partition);
		wr_i16(&m, p[i].error);
		wr_i64(&m, 1000);
		wr_i64(&m, 1000);
		wr_i64(&m, 0);
		stages_count(&m, version >= 12 ? 9 : 8, 0);
		wr_i32(&m, -1);
		if (version >= 12)
			wr_compact(&m, p[i].records);
		else
			wr_nbytes(&m, p[i].records);
		if (version >= 12)
			wr_u16(&m, 0);
	}
	if (version >= 12)
		wr_u8(&m, 0);
	return m;
}

/* A request that passes, and its answer: the exchange as it is when that has come. */
static UNUSED struct exchange *
fetched(int16_t version, int32_t session_id, int32_t epoch, int32_t new_session, const struct part *p, size_t n,
	const struct part *q, size_t m)
{
	struct wr in = asked(version, session_id, epoch, 500, 1 << 20, p, n);
	struct exchange *x = stages_exchange(API_FETCH, version, wr_slice(&in));
	struct wr out = answer(version, 0, new_session, q, m);

	x->session = session;
	x->reactor = judge;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_PASS);
	session = x->session;
	stages_message(x, wr_slice(&out));
	wr_free(&in);
	wr_free(&out);
	return x;
}

static UNUSED struct exchange *
fetch_one(int64_t offset, const struct wr *records)
{
	struct part p = {"t", 0, offset, 0, wr_slice(records)};

	return fetched(11, 0, -1, 0, &p, 1, &p, 1);
}

static UNUSED enum stage_verdict
respond(struct exchange *x)
{
	return stage->response(stage->self, x);
}

/* What the client gets of part i. */
static UNUSED void
ck_part(struct exchange *x, size_t i, int16_t error, struct slice records)
{
	struct wr flat = x->replaced ? stages_flat(&x->body) : wr_new(1 << 20);
	struct fetch_response r;

	if (!x->replaced)
		wr_slice_put(&flat, exchange_body(x));
	ck_assert_int_eq(fetch_response_read(x->version, wr_slice(&flat), &r), 0);
	ck_assert_uint_lt(i, r.count);
	ck_assert_int_eq(r.parts[i].error, error);
	ck_assert_int_eq(r.parts[i].high_watermark, 1000);
	ck_assert_msg(slice_eq(r.parts[i].records, records), "%zu bytes, not %zu", r.parts[i].records.n, records.n);
	fetch_response_free(&r);
	wr_free(&flat);
}

#define NOTHING ((struct slice){NULL, 0})

#endif
