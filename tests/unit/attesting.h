/*
 * attesting: the attest stage with chains and topics below it, and a cluster that
 * answers their questions when the test says so.
 */
#ifndef TESTS_UNIT_ATTESTING_H
#define TESTS_UNIT_ATTESTING_H

#include "attest/chain.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "batches.h"
#include "kafka/api.h"
#include "kafka/schema.h"
#include "stages.h"
#include "stages/attest.h"
#include "stages/topics.h"

#define CLUSTER_ID "clusterAAAAAAAAAAAAAAA"

/* --- the cluster ------------------------------------------------------------------ */

struct cluster_topic {
	const char *name;
	uint8_t id[16]; /* zero: none */
	int16_t error;
	int16_t settings_error;
	int32_t partitions; /* 0: 1 << 10 */
	const char *max_bytes, *time, *format, *cleanup; /* NULL: not told */
};

enum { CLUSTER_TOPICS = 8, CLUSTER_ASKS = 64, CLUSTER_ASKED = 1000 };

static struct {
	struct cluster_topic topics[CLUSTER_TOPICS];
	size_t count;
	int16_t metadata_version;
	bool unreachable; /* every ask fails at once */
	struct cluster_ask {
		int16_t key, version;
		size_t count;
		struct cluster_what {
			struct slice name; /* what is asked about; p == NULL: by id */
			uint8_t id[16];
		} *what;
		struct wr body;
		topics_done_fn *done;
		void *arg;
	} asks[CLUSTER_ASKS];
	size_t asked, answered;
} cluster;

static size_t
cluster_count(struct rd *r, bool flexible)
{
	size_t n = flexible ? rd_uvarint(r) - 1 : (size_t)rd_i32(r);

	ck_assert_uint_le(n, CLUSTER_ASKED);
	return n;
}

static void
cluster_read_ask(struct cluster_ask *a)
{
	struct rd r = rd_of(wr_slice(&a->body));

	ck_assert_int_eq(schema_walk(a->key, false, a->version, wr_slice(&a->body), NULL, NULL, NULL), 0);
	a->count = cluster_count(&r, a->key == API_DESCRIBE_CONFIGS || a->version >= 9);
	a->what = calloc(a->count + 1, sizeof(*a->what));
	ck_assert_ptr_nonnull(a->what);
	for (size_t i = 0; i < a->count; i++) {
		if (a->key == API_DESCRIBE_CONFIGS) {
			ck_assert_int_eq(rd_i8(&r), 2); /* a topic */
			a->what[i].name = rd_compact(&r);
			for (size_t n = cluster_count(&r, true); n > 0; n--)
				(void)rd_compact(&r);
			rd_skip(&r, rd_u8(&r));
			continue;
		}
		if (a->version >= 10)
			memcpy(a->what[i].id, rd_bytes(&r, 16).p, 16);
		a->what[i].name = a->version >= 9 ? rd_nullable_compact(&r) : rd_nullable_string(&r);
		if (a->version >= 9)
			rd_skip(&r, rd_u8(&r));
	}
	if (a->key == API_METADATA && a->version >= 4)
		ck_assert_int_eq(rd_u8(&r), 0); /* no topic is ever created for a question */
	ck_assert_int_eq(rd_err(&r), 0);
}

static int
cluster_ask(void *arg, int16_t key, int16_t min, int16_t max, topics_body_fn *body, topics_done_fn *done, void *done_arg)
{
	struct cluster_ask *a = &cluster.asks[cluster.asked];

	ck_assert_ptr_eq(arg, &cluster);
	if (cluster.unreachable)
		return ERR_CLOSED;
	ck_assert_uint_lt(cluster.asked++, CLUSTER_ASKS);
	a->key = key;
	a->version = key == API_METADATA ? cluster.metadata_version : 4;
	ck_assert_int_le(a->version, max);
	a->done = done;
	a->arg = done_arg;
	if (a->version < min) { /* the broker is too old to be asked so */
		a->key = -1;
		return 0;
	}
	a->body = wr_new(1 << 20);
	body(done_arg, a->version, &a->body);
	ck_assert_int_eq(wr_err(&a->body), 0);
	cluster_read_ask(a);
	return 0;
}

static const struct cluster_topic *
cluster_find(const struct cluster_what *a)
{
	for (size_t i = 0; i < cluster.count; i++)
		if (a->name.p != NULL ? slice_eq(a->name, slice_str(cluster.topics[i].name))
				      : memcmp(a->id, cluster.topics[i].id, 16) == 0)
			return &cluster.topics[i];
	return NULL;
}

static void
cluster_text(struct wr *w, bool flexible, struct slice s)
{
	if (flexible)
		wr_compact(w, s);
	else
		wr_string(w, s);
}

static void
cluster_list(struct wr *w, bool flexible, size_t n)
{
	if (flexible)
		wr_uvarint(w, (uint32_t)n + 1);
	else
		wr_i32(w, (int32_t)n);
}

static void
cluster_partitions(int16_t version, int32_t n, struct wr *w)
{
	bool flexible = version >= 9;

	cluster_list(w, flexible, (size_t)n);
	for (int32_t i = 0; i < n; i++) {
		wr_i16(w, 0);
		wr_i32(w, i);
		wr_i32(w, 1); /* leader, and its epoch */
		if (version >= 7)
			wr_i32(w, 0);
		for (int list = 0; list < (version >= 5 ? 3 : 2); list++) /* replicas, in sync, offline */
			cluster_list(w, flexible, 0);
		if (flexible)
			wr_u8(w, 0);
	}
}

static void
cluster_metadata_topic(int16_t version, const struct cluster_what *a, struct wr *w)
{
	const struct cluster_topic *t = cluster_find(a);
	bool flexible = version >= 9;

	wr_i16(w, t != NULL ? t->error : a->name.p != NULL ? 3 : 100);
	cluster_text(w, flexible, t != NULL ? slice_str(t->name) : a->name);
	if (version >= 10)
		wr_bytes(w, t != NULL ? t->id : a->id, 16);
	wr_u8(w, 0);
	cluster_partitions(version, t == NULL ? 0 : t->partitions > 0 ? t->partitions : 1 << 10, w);
	if (version >= 8)
		wr_i32(w, INT32_MIN);
	if (flexible)
		wr_u8(w, 0);
}

static void
cluster_metadata(const struct cluster_ask *a, struct wr *w)
{
	bool flexible = a->version >= 9;

	wr_i32(w, 0);
	cluster_list(w, flexible, 0); /* no brokers: nobody asks for them here */
	cluster_text(w, flexible, slice_str(CLUSTER_ID));
	wr_i32(w, 1);
	cluster_list(w, flexible, a->count);
	for (size_t i = 0; i < a->count; i++)
		cluster_metadata_topic(a->version, &a->what[i], w);
	if (a->version >= 8 && a->version <= 10)
		wr_i32(w, INT32_MIN);
	if (a->version >= 13)
		wr_i16(w, 0);
	if (flexible)
		wr_u8(w, 0);
}

static void
cluster_setting(struct wr *w, const char *name, const char *value)
{
	wr_compact(w, slice_str(name));
	wr_compact(w, slice_str(value));
	wr_u8(w, 0);
	wr_i8(w, 1);
	wr_u8(w, 0);
	wr_uvarint(w, 1);
	wr_i8(w, 2);
	wr_compact(w, (struct slice){NULL, 0});
	wr_u8(w, 0);
}

static void
cluster_settings(const struct cluster_ask *a, struct wr *w)
{
	wr_i32(w, 0);
	cluster_list(w, true, a->count);
	for (size_t i = 0; i < a->count; i++) {
		const struct cluster_topic *t = cluster_find(&a->what[i]);
		int16_t error = t == NULL ? 3 : t->settings_error;

		wr_i16(w, error);
		wr_compact(w, (struct slice){NULL, 0});
		wr_i8(w, 2);
		wr_compact(w, a->what[i].name);
		cluster_list(w, true,
			     error == 0 ? (size_t)(t->max_bytes != NULL) + (t->time != NULL) + (t->format != NULL) +
						  (t->cleanup != NULL)
					: 0);
		if (error == 0 && t->max_bytes != NULL)
			cluster_setting(w, "max.message.bytes", t->max_bytes);
		if (error == 0 && t->time != NULL)
			cluster_setting(w, "message.timestamp.type", t->time);
		if (error == 0 && t->format != NULL)
			cluster_setting(w, "message.format.version", t->format);
		if (error == 0 && t->cleanup != NULL)
			cluster_setting(w, "cleanup.policy", t->cleanup);
		wr_u8(w, 0);
	}
	wr_u8(w, 0);
}

/* The oldest question is answered, or with `err` fails. */
static void
cluster_end(int err, struct slice body)
{
	struct cluster_ask *a = &cluster.asks[cluster.answered];

	ck_assert_uint_lt(cluster.answered++, cluster.asked);
	a->done(a->arg, err, a->version, body);
	wr_free(&a->body);
	free(a->what);
	a->what = NULL;
}

static void
cluster_answer(void)
{
	const struct cluster_ask *a = &cluster.asks[cluster.answered];
	struct wr w = wr_new(SIZE_MAX / 2);

	ck_assert_uint_lt(cluster.answered, cluster.asked);
	if (a->key < 0) {
		cluster_end(ERR_UNSUPPORTED, slice_of(NULL, 0));
		return;
	}
	if (a->key == API_METADATA)
		cluster_metadata(a, &w);
	else
		cluster_settings(a, &w);
	ck_assert_int_eq(wr_err(&w), 0);
	cluster_end(0, wr_slice(&w));
	wr_free(&w);
}

static void
cluster_answer_all(void)
{
	while (cluster.answered < cluster.asked)
		cluster_answer();
}

/* --- what is tested, and what it stands on ------------------------------------------- */

static const uint8_t attesting_instance[16] = {1, 2, 3};

/* a and b; c is known by its name alone. */
static const uint8_t id_a[16] = {0xaa, 1}, id_b[16] = {0xbb, 2}, id_none[16] = {0xdd, 9};

struct attesting {
	int32_t window_records;   /* 0: 1000 */
	int64_t backlog_records;  /* 0: many */
	const char *yaml;         /* NULL: defaults */
	bool no_cluster;          /* its id isn't known yet */
};

/* Time stands still unless the test moves it. */
static struct monotime attesting_mono;
static int64_t attesting_wall;

static struct chains *chains;
static struct topics *topics;
static struct attest *attest;
static struct config *config;
static const struct stage *stage;
static void *reactor;
static void *attesting_session; /* what the stage keeps on the client's connection, which all exchanges are of */

static struct config *
attesting_config(const char *yaml)
{
	struct config *c = NULL;
	char why[256];

	ck_assert_msg(config_load_text("f", slice_str(yaml), NULL, 0, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

static void
attesting_open(const struct attesting *how)
{
	struct topics_doors doors = {.arg = &cluster, .ask = cluster_ask};
	struct settings *set = settings_new();

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	attesting_mono.ns = INT64_C(3600000000000);
	attesting_wall = 1700000000000;
	clock_set_for_tests(&attesting_mono, &attesting_wall);
	ck_assert_ptr_nonnull(set);
	memcpy(set->instance, attesting_instance, 16);
	set->collector_id = strdup("urn:unit");
	set->dbom_topic = strdup("makoto.dbom");
	set->source = strdup("kafka://k:9092");
	set->version = strdup("0");
	set->level = 2;
	set->window_records = how->window_records > 0 ? how->window_records : 1000;
	set->window_age_ms = 3600000;
	set->transaction_wait_ms = 3600000;
	set->outcome_wait_ms = 3600000;
	set->backlog_records = how->backlog_records > 0 ? how->backlog_records : 1000000;
	chains = chains_new(set);
	settings_unref(set);
	ck_assert_ptr_nonnull(chains);
	if (!how->no_cluster)
		ck_assert_int_eq(chains_set_cluster(chains, slice_str(CLUSTER_ID)), 0);
	memset(&cluster, 0, sizeof(cluster));
	cluster.metadata_version = 13;
	cluster.topics[0] = (struct cluster_topic){.name = "a", .time = "CreateTime"};
	memcpy(cluster.topics[0].id, id_a, 16);
	cluster.topics[1] = (struct cluster_topic){.name = "b", .time = "CreateTime"};
	memcpy(cluster.topics[1].id, id_b, 16);
	cluster.topics[2] = (struct cluster_topic){.name = "c"};
	cluster.count = 3;
	topics = topics_new(chains, &doors);
	ck_assert_ptr_nonnull(topics);
	config = attesting_config(how->yaml != NULL ? how->yaml : "");
	attest = attest_new(chains, topics, config);
	ck_assert_ptr_nonnull(attest);
	stage = attest_stage(attest);
	reactor = stage->reactor_new(stage->self, 0);
	ck_assert_ptr_nonnull(reactor);
	attesting_session = NULL;
}

static int64_t noted_metrics[METRIC_COUNT];

static UNUSED void
note_metrics(void)
{
	for (int m = 0; m < METRIC_COUNT; m++)
		noted_metrics[m] = metric_read((enum metric)m);
}

/* Since then. */
static UNUSED int64_t
counted(enum metric m)
{
	return metric_read(m) - noted_metrics[m];
}

static UNUSED void
attesting_pass(int64_t ms)
{
	attesting_mono.ns += ms * 1000000;
	attesting_wall += ms;
}

/* Another connection of a client. */
static UNUSED void
attesting_reconnect(void)
{
	if (attesting_session != NULL)
		stage->session_free(stage->self, attesting_session);
	attesting_session = NULL;
}

static void
attesting_close(void)
{
	cluster_answer_all();
	attesting_reconnect();
	stage->reactor_free(stage->self, reactor);
	attest_free(attest);
	topics_free(topics);
	chains_free(chains);
	config_unref(config);
}

/* The topics' facts are known from now on. */
static void
attesting_know(const char *name)
{
	topics_wait(topics, &(struct topic_ref){slice_str(name), NULL}, 1, NULL);
	cluster_answer_all();
}

/* An answer that passes by on its way to a client. */
static UNUSED void
passes_by(int16_t key, int16_t version, const char *name, const uint8_t id[16])
{
	const struct stage *s = topics_stage(topics);
	struct exchange *x;
	struct wr w = wr_new(4096);

	wr_i32(&w, 0);
	if (key == API_METADATA) {
		wr_uvarint(&w, 1);
		wr_compact(&w, (struct slice){NULL, 0});
		wr_i32(&w, 1);
		wr_uvarint(&w, 2);
		wr_i16(&w, 0);
		wr_compact(&w, slice_str(name));
		wr_bytes(&w, id, 16);
		wr_u8(&w, 0);
		wr_uvarint(&w, 1);
		wr_i32(&w, 0);
		wr_u8(&w, 0);
		if (version == 10)
			wr_i32(&w, 0);
		if (version >= 13)
			wr_i16(&w, 0);
	} else {
		ck_assert_int_eq(key, API_CREATE_TOPICS);
		wr_uvarint(&w, 2);
		wr_compact(&w, slice_str(name));
		wr_bytes(&w, id, 16);
		wr_i16(&w, 0);
		wr_compact(&w, (struct slice){NULL, 0});
		wr_i32(&w, 1);
		wr_i16(&w, 1);
		wr_uvarint(&w, 1);
		wr_u8(&w, 0);
	}
	wr_u8(&w, 0);
	x = stages_exchange(key, version, wr_slice(&w));
	ck_assert(s->wants_response(s->self, key, version));
	ck_assert_int_eq(s->response(s->self, x), STAGE_PASS);
	ck_assert(!x->replaced);
	stages_free(x);
	wr_free(&w);
}

/* --- batches -------------------------------------------------------------------------- */

static const struct made_record attesting_records[] = {
	{.key = "k", .value = "one", .delta = 0, .headers = {{"own", "1"}}, .header_count = 1},
	{.key = NULL, .value = NULL, .delta = -5},
	{.key = "", .value = "", .delta = 7, .headers = {{"own", NULL}, {"own", "2"}}, .header_count = 2},
	{.key = "k4", .value = "four", .delta = 1},
	{.key = "k5", .value = "five", .delta = 1},
};

struct batch_made {
	int32_t count; /* of attesting_records, 0: 2 */
	enum codec codec;
	bool producer;
	int64_t producer_id;
	int16_t epoch;
	int32_t sequence;
	int attributes; /* besides the codec */
	const struct made_record *records;
};

static struct wr
batch_made(const struct batch_made *m)
{
	int32_t count = m->count > 0 ? m->count : 2;
	struct batch b = {.leader_epoch = -1,
			  .attributes = (int16_t)((int)m->codec | m->attributes),
			  .last_offset_delta = count - 1,
			  .base_timestamp = 1700000000000,
			  .max_timestamp = 1700000000007,
			  .producer_id = m->producer ? m->producer_id : -1,
			  .producer_epoch = m->producer ? m->epoch : -1,
			  .base_sequence = m->producer ? m->sequence : -1,
			  .count = count};
	struct wr plain = wr_new(SIZE_MAX / 2), out = wr_new(SIZE_MAX / 2);
	struct codecs *codecs = codecs_new(NULL);
	size_t at = batch_begin(&b, &out);

	made_records(&plain, m->records != NULL ? m->records : attesting_records, count);
	ck_assert_int_eq(codec_compress(codecs, m->codec, false, wr_slice(&plain), &out), 0);
	ck_assert_int_eq(batch_end(&out, at), 0);
	codecs_free(codecs);
	wr_free(&plain);
	return out;
}

#define BATCH(...) batch_made(&(struct batch_made){__VA_ARGS__})

/* The same bytes with a CRC that fits them again. */
static UNUSED void
batch_seal(struct wr *w)
{
	ck_assert_int_eq(batch_end(w, 0), 0);
}

/* --- exchanges ------------------------------------------------------------------------- */

static UNUSED struct exchange *
produce_of(int16_t version, int16_t acks, const struct stages_part *parts, size_t n)
{
	struct wr w = stages_produce(version, acks, NULL, parts, n);
	struct exchange *x = stages_exchange(API_PRODUCE, version, wr_slice(&w));

	x->reactor = reactor;
	x->session = attesting_session;
	wr_free(&w);
	return x;
}

/* An answer to ApiVersions, of that version and with these bytes, passes by to the client. */
static UNUSED void
versions_told(int16_t version, struct slice body)
{
	struct exchange *x = stages_exchange(API_VERSIONS, version, body);

	x->session = attesting_session;
	ck_assert(stage->wants_response(stage->self, x->key, x->version));
	ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
	ck_assert(!x->replaced);
	attesting_session = x->session;
	stages_free(x);
}

/* The broker says so of Produce. */
static UNUSED void
broker_takes(int16_t min, int16_t max)
{
	struct wr w = wr_new(64);

	wr_i16(&w, 0);
	wr_i32(&w, 1);
	wr_i16(&w, API_PRODUCE);
	wr_i16(&w, min);
	wr_i16(&w, max);
	ck_assert_int_eq(wr_err(&w), 0);
	versions_told(0, wr_slice(&w));
	wr_free(&w);
}

/* Runs the request through the stage. */
static enum stage_verdict
request(struct exchange *x)
{
	ck_assert(stage->wants_request(stage->self, x->key, x->version));
	return stage->request(stage->self, x);
}

/* What goes to the broker. */
static UNUSED struct wr
outgoing(struct exchange *x, enum stage_verdict v)
{
	struct slice body = exchange_body(x);
	struct wr w = wr_new(SIZE_MAX / 2);

	if (v == STAGE_REPLACE)
		return stages_flat(&x->body);
	ck_assert_int_eq(v, STAGE_PASS);
	wr_slice_put(&w, body);
	return w;
}

static enum stage_verdict
answer(struct exchange *x, const struct stages_result *results, size_t n)
{
	struct wr w = stages_produced(x->version, results, n);
	enum stage_verdict v;

	ck_assert(stage->wants_response(stage->self, x->key, x->version));
	stages_message(x, wr_slice(&w));
	wr_free(&w);
	v = stage->response(stage->self, x);
	ck_assert_int_eq(x->replaced, v == STAGE_REPLACE);
	return v;
}

/* One part, and all is well with it. */
static UNUSED void
answer_stored(struct exchange *x, const char *topic, const uint8_t *id, int32_t partition, int64_t base_offset)
{
	struct stages_result r = {topic, id, partition, 0, base_offset, -1};

	ck_assert_int_eq(answer(x, &r, 1), STAGE_PASS);
}

/* --- what windows hold in the end ------------------------------------------------------ */

enum { DRAINED_MAX = 32 };

struct drained {
	size_t count;
	int64_t members, unresolved;
	struct drained_window {
		const char *topic; /* of the chains */
		int32_t partition;
		uint64_t id;
		int64_t members, unresolved;
		int64_t first_offset; /* of its first span */
		enum chains_time time;
		enum close_reason reason;
		enum placement_txn txn; /* of its first span */
		char client[32], software[32];
	} w[DRAINED_MAX];
};

static void
drain_one(struct drained *d, const struct chain *c, const struct window *w)
{
	const struct span *s = CONTAINER_OF(list_first(&w->spans), struct span, in_window);
	struct drained_window *to = &d->w[d->count++];

	ck_assert_uint_le(d->count, DRAINED_MAX);
	*to = (struct drained_window){
		.topic = c->topic,
		.partition = c->partition,
		.id = w->id,
		.members = w->members,
		.unresolved = w->unresolved,
		.first_offset = s->placement->base_offset + s->first,
		.time = w->time,
		.reason = w->reason,
		.txn = s->txn,
	};
	(void)snprintf(to->client, sizeof(to->client), "%.*s", (int)s->placement->who->client_id.n,
		       (const char *)s->placement->who->client_id.p);
	(void)snprintf(to->software, sizeof(to->software), "%.*s", (int)s->placement->who->software_name.n,
		       (const char *)s->placement->who->software_name.p);
	d->members += w->members;
	d->unresolved += w->unresolved;
}

static void
drain_complete(struct drained *d)
{
	static const uint8_t root[32], statement[32];
	struct window *w;
	struct chain *c;
	int wait;

	while ((c = chains_turn(chains, &w, NULL, &wait)) != NULL) {
		drain_one(d, c, w);
		chains_stated(c, w, root, statement, 0, NULL);
	}
}

/* The windows with members, complete ones and, when all has stopped, every one. */
static UNUSED struct drained
drained(bool stop)
{
	struct drained d = {0};

	if (stop)
		chains_stop(chains);
	drain_complete(&d);
	return d;
}

/* Members placed whose statement isn't published, of all chains. */
static UNUSED int64_t
backlog(void)
{
	struct chains_numbers n;

	chains_count(chains, &n);
	return n.backlog;
}

#endif
