/*
 * ledgers: statement topics in memory, with the door that the ledger reads them through (rdkafka/follower.h), and
 * statements to fill them with.  A program that includes this has no librdkafka below its ledger.
 */
#ifndef TESTS_UNIT_LEDGERS_H
#define TESTS_UNIT_LEDGERS_H

#include <check.h>
#include <pthread.h>
#include <time.h>

#include "makoto/tree.h"
#include "rdkafka/follower.h"
#include "verify/ledger.h"

enum { LAB_PARTITIONS = 4 };

struct lab_record {
	int64_t timestamp;
	char key[CHAIN_KEY_MAX + 1];
	struct wr value, manifest; /* manifest.buf NULL: none */
	int64_t given; /* so many were read before it for the first time; 0: it wasn't */
	bool gone;     /* compaction took it */
};

static struct lab {
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct lab_record *log[LAB_PARTITIONS];
	int64_t count[LAB_PARTITIONS], low[LAB_PARTITIONS];
	int32_t partitions;
	int64_t time_questions, given;
	bool unreachable;
} lab = {.lock = PTHREAD_MUTEX_INITIALIZER, .news = PTHREAD_COND_INITIALIZER};

struct follower {
	bool on[LAB_PARTITIONS], told_end[LAB_PARTITIONS], woken;
	int64_t next[LAB_PARTITIONS];
};

/* --- the door ----------------------------------------------------------------------------- */

int
follower_open(const struct follower_conf *conf, struct follower **ret, char *why, size_t why_len)
{
	(void)conf, (void)why, (void)why_len;
	*ret = calloc(1, sizeof(**ret));
	return *ret == NULL ? ERR_NOMEM : 0;
}

void
follower_close(struct follower *f)
{
	free(f);
}

const char *
follower_why(const struct follower *f)
{
	(void)f;
	return "unreachable";
}

int
follower_partitions(struct follower *f, size_t topic, int32_t *ret)
{
	int err;

	(void)f, (void)topic;
	(void)pthread_mutex_lock(&lab.lock);
	*ret = lab.partitions;
	err = lab.unreachable ? ERR_TIMEOUT : 0;
	(void)pthread_mutex_unlock(&lab.lock);
	return err;
}

int
follower_offsets_at(struct follower *f, size_t topic, int64_t time_ms, int32_t count, int64_t *ret)
{
	(void)f, (void)topic;
	(void)pthread_mutex_lock(&lab.lock);
	lab.time_questions++;
	for (int32_t p = 0; p < count; p++) {
		int64_t at = lab.low[p];

		while (at < lab.count[p] && lab.log[p][at].timestamp < time_ms)
			at++;
		ret[p] = at < lab.count[p] ? at : -1;
	}
	(void)pthread_mutex_unlock(&lab.lock);
	return 0;
}

int
follower_ends(struct follower *f, size_t topic, int32_t count, int64_t *ret_low, int64_t *ret_high)
{
	int err;

	(void)f, (void)topic;
	(void)pthread_mutex_lock(&lab.lock);
	err = lab.unreachable || count > lab.partitions ? ERR_TIMEOUT : 0;
	for (int32_t p = 0; err == 0 && p < count; p++) {
		ret_low[p] = lab.low[p];
		ret_high[p] = lab.count[p];
	}
	(void)pthread_mutex_unlock(&lab.lock);
	return err;
}

int
follower_read(struct follower *f, size_t topic, int32_t partition, int64_t offset)
{
	(void)topic;
	(void)pthread_mutex_lock(&lab.lock);
	f->on[partition] = true;
	f->told_end[partition] = false;
	f->next[partition] = offset;
	(void)pthread_mutex_unlock(&lab.lock);
	return 0;
}

void
follower_stop(struct follower *f, size_t topic, int32_t partition)
{
	(void)topic;
	(void)pthread_mutex_lock(&lab.lock);
	f->on[partition] = false;
	(void)pthread_mutex_unlock(&lab.lock);
}

static bool
lab_is_gone(const struct follower *f, int32_t p)
{
	return f->next[p] < lab.low[p] || f->next[p] > lab.count[p];
}

static bool
lab_has(const struct follower *f)
{
	for (int32_t p = 0; p < lab.partitions; p++)
		if (f->on[p] && (!f->told_end[p] || f->next[p] < lab.count[p] || lab_is_gone(f, p)))
			return true;
	return f->woken;
}

void
follower_wait(struct follower *f, int timeout_ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += timeout_ms / 1000 + (until.tv_nsec + (timeout_ms % 1000) * 1000000L) / 1000000000;
	until.tv_nsec = (until.tv_nsec + (timeout_ms % 1000) * 1000000L) % 1000000000;
	(void)pthread_mutex_lock(&lab.lock);
	while (!lab_has(f) && pthread_cond_timedwait(&lab.news, &lab.lock, &until) == 0)
		;
	f->woken = false;
	(void)pthread_mutex_unlock(&lab.lock);
}

void
follower_wake(struct follower *f)
{
	(void)pthread_mutex_lock(&lab.lock);
	f->woken = true;
	(void)pthread_cond_broadcast(&lab.news);
	(void)pthread_mutex_unlock(&lab.lock);
}

/* One event of a partition; false: there is none. */
static bool
lab_event(struct follower *f, int32_t p, struct follower_event *e)
{
	bool some = false;

	*e = (struct follower_event){.partition = p};
	(void)pthread_mutex_lock(&lab.lock);
	while (f->next[p] >= lab.low[p] && f->next[p] < lab.count[p] && lab.log[p][f->next[p]].gone)
		f->next[p]++;
	e->offset = f->next[p];
	if (!f->on[p]) {
	} else if (lab_is_gone(f, p)) {
		e->kind = FOLLOWER_GONE;
		f->on[p] = false;
		some = true;
	} else if (f->next[p] < lab.count[p]) {
		struct lab_record *r = &lab.log[p][f->next[p]++];

		if (r->given == 0)
			r->given = ++lab.given;

		e->timestamp = r->timestamp;
		e->key = slice_str(r->key);
		e->value = wr_slice(&r->value);
		e->header = r->manifest.buf == NULL ? (struct slice){NULL, 0} : wr_slice(&r->manifest);
		f->told_end[p] = false;
		some = true;
	} else if (!f->told_end[p]) {
		e->kind = FOLLOWER_END;
		f->told_end[p] = some = true;
	}
	(void)pthread_mutex_unlock(&lab.lock);
	return some;
}

size_t
follower_take(struct follower *f, size_t max, follower_fn *fn, void *arg)
{
	int32_t partitions;
	size_t n = 0;

	(void)pthread_mutex_lock(&lab.lock);
	partitions = lab.partitions;
	(void)pthread_mutex_unlock(&lab.lock);
	for (int32_t p = 0; p < partitions; p++) {
		struct follower_event e;

		while (n < max && lab_event(f, p, &e)) {
			fn(arg, &e);
			n++;
		}
	}
	return n;
}

/* --- what stands there ---------------------------------------------------------------------- */

enum { LAB_LOG_MAX = 40000 };

static void
lab_open(int32_t partitions)
{
	lab.partitions = partitions;
	lab.time_questions = lab.given = 0;
	lab.unreachable = false;
	for (int32_t p = 0; p < partitions; p++) {
		lab.log[p] = calloc(LAB_LOG_MAX, sizeof(struct lab_record));
		ck_assert_ptr_nonnull(lab.log[p]);
		lab.count[p] = lab.low[p] = 0;
	}
}

static void
lab_free(struct lab_record *log, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		wr_free(&log[i].value);
		wr_free(&log[i].manifest);
	}
	free(log);
}

static void
lab_close(void)
{
	for (int32_t p = 0; p < lab.partitions; p++)
		lab_free(lab.log[p], lab.count[p]);
}

static void
lab_put(int32_t partition, struct lab_record *r)
{
	(void)pthread_mutex_lock(&lab.lock);
	ck_assert_int_lt(lab.count[partition], LAB_LOG_MAX);
	lab.log[partition][lab.count[partition]++] = *r;
	(void)pthread_cond_broadcast(&lab.news);
	(void)pthread_mutex_unlock(&lab.lock);
}

#define LAB_CLUSTER "clusterAAAAAAAAAAAAAAA"
#define LAB_TOPIC_ID "AAECAwQFBgcICQoLDA0ODw"
#define LAB_TIME INT64_C(1700000000000)

struct lab_chain { /* who states windows of a partition */
	const char *topic;
	int32_t partition; /* of the data */
	int32_t at;        /* the partition of the statement topic */
	uint8_t instance[INSTANCE_LEN];
	struct chain_id id;
	uint64_t window, length, genesis;
	int64_t next_offset, now_ms;
	bool untrusted;
	bool barred; /* by a key that is known, and may not attest it */
	bool withheld; /* what it states isn't published */
	uint64_t empty_before; /* of the next one */
	uint8_t previous_sha256[SHA256_LEN];
};

static void
lab_chain_open(struct lab_chain *c, const char *topic, int32_t partition, uint8_t instance)
{
	memset(c, 0, sizeof(*c));
	c->topic = topic;
	c->partition = partition;
	memset(c->instance, instance, INSTANCE_LEN);
	c->now_ms = LAB_TIME;
	ck_assert_int_eq(chain_id_make(slice_str("urn:test"), c->instance, slice_str(LAB_CLUSTER), slice_str(topic),
				       slice_str(LAB_TOPIC_ID), partition, &c->id), 0);
	c->at = chain_partition(&c->id, lab.partitions);
}

/* A statement about the next `n` offsets, published at c->now_ms; `copies` times. */
static void
lab_state(struct lab_chain *c, size_t n, bool manifest)
{
	struct statement_producer producer = {.client_id = slice_str("c"), .records = n};
	struct run run = {c->next_offset, (int64_t)n};
	struct lab_record r = {.timestamp = c->now_ms};
	struct statement s = {0};
	struct tree tree;

	r.manifest = wr_new(1 << 22);
	r.value = wr_new(1 << 20);
	tree_init(&tree);
	for (size_t i = 0; i < n; i++) {
		uint8_t leaf[LEAF_LEN];

		memset(leaf, (int)(i & 0xff), LEAF_LEN);
		memcpy(leaf, &c->window, sizeof(c->window));
		tree_add(&tree, leaf);
		wr_bytes(&r.manifest, leaf, LEAF_LEN);
		if (i == 0)
			memcpy(s.first_leaf, leaf, LEAF_LEN);
		memcpy(s.last_leaf, leaf, LEAF_LEN);
	}
	c->window += 1 + c->empty_before;
	s.collector_id = slice_str("urn:test");
	s.location = slice_str(c->untrusted ? "nowhere" : c->barred ? "barred" : "lab");
	s.collector_version = slice_str("0");
	s.level = 1;
	s.cluster_id = slice_str(LAB_CLUSTER);
	s.topic = slice_str(c->topic);
	s.topic_id = slice_str(LAB_TOPIC_ID);
	s.source = slice_str("kafka:9092");
	s.partition = c->partition;
	memcpy(s.instance, c->instance, INSTANCE_LEN);
	s.chain = c->id;
	s.window_id = c->window;
	s.empty_before = c->empty_before;
	s.reason = CLOSE_RECORDS;
	s.max_age_ms = 1000;
	s.opened_ms = c->now_ms - 10;
	s.closed_ms = s.settled_ms = c->now_ms;
	s.manifest = MANIFEST_LEAF;
	sha256_of(wr_slice(&r.manifest), s.manifest_sha256);
	tree_root(&tree, s.root);
	s.leaf_count = n;
	s.first_offset = run.first;
	s.last_offset = run.first + run.count - 1;
	s.ranges = (struct runs){&run, 1};
	s.min_timestamp = s.max_timestamp = c->now_ms - 5;
	s.producers = &producer;
	s.producer_count = 1;
	s.chain_length = ++c->length;
	if (c->length == 1)
		c->genesis = c->window;
	s.genesis_window = c->genesis;
	s.previous_window = c->length == 1 ? 0 : c->window - 1 - c->empty_before;
	memcpy(s.previous_statement, c->previous_sha256, SHA256_LEN);
	ck_assert_int_eq(statement_write(&s, &r.value), 0);
	(void)chain_key(&c->id, c->window, r.key);
	if (!manifest)
		wr_free(&r.manifest);
	c->next_offset += (int64_t)n;
	c->empty_before = 0;
	sha256_of(wr_slice(&r.value), c->previous_sha256);
	if (!c->withheld) {
		lab_put(c->at, &r);
		return;
	}
	wr_free(&r.value);
	wr_free(&r.manifest);
}

/* What anybody can write under a statement's key. */
static UNUSED void
lab_junk(int32_t partition, const struct chain_id *chain, uint64_t window_id, int64_t ms)
{
	struct lab_record r = {.timestamp = ms};

	(void)chain_key(chain, window_id, r.key);
	r.value = wr_new(100);
	wr_text(&r.value, "no statement");
	lab_put(partition, &r);
}

/* The record at that place once more; with a manifest or without, and so many bytes behind it. */
static UNUSED void
lab_again_with(int32_t partition, int64_t offset, bool manifest, size_t more)
{
	const struct lab_record *old = &lab.log[partition][offset];
	struct lab_record r = {.timestamp = old->timestamp};

	memcpy(r.key, old->key, sizeof(r.key));
	r.value = wr_new(1 << 20);
	r.manifest = wr_new(1 << 22);
	wr_slice_put(&r.value, wr_slice(&old->value));
	if (manifest)
		wr_slice_put(&r.manifest, wr_slice(&old->manifest));
	for (size_t i = 0; i < more; i += sizeof(uint64_t))
		wr_u64(&r.manifest, i);
	lab_put(partition, &r);
}

/* The same in another partition. */
static UNUSED void
lab_copy(int32_t from, int64_t offset, int32_t to, bool manifest)
{
	const struct lab_record *old = &lab.log[from][offset];
	struct lab_record r = {.timestamp = old->timestamp};

	memcpy(r.key, old->key, sizeof(r.key));
	r.value = wr_new(1 << 20);
	r.manifest = wr_new(1 << 22);
	wr_slice_put(&r.value, wr_slice(&old->value));
	wr_slice_put(&r.manifest, wr_slice(&old->manifest));
	if (!manifest)
		r.manifest.buf[0] ^= 1; /* a wrong one */
	lab_put(to, &r);
}

static UNUSED void
lab_again(int32_t partition, int64_t offset, bool manifest)
{
	lab_again_with(partition, offset, manifest, 0);
}

/* --- who asks ------------------------------------------------------------------------------- */

static struct lab_bell {
	pthread_mutex_t lock;
	pthread_cond_t rung;
	int count;
} bell = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0};

static UNUSED void
lab_ring(void *arg)
{
	(void)arg;
	(void)pthread_mutex_lock(&bell.lock);
	bell.count++;
	(void)pthread_cond_broadcast(&bell.rung);
	(void)pthread_mutex_unlock(&bell.lock);
}

static UNUSED int
lab_heard(void)
{
	int count;

	(void)pthread_mutex_lock(&bell.lock);
	count = bell.count;
	(void)pthread_mutex_unlock(&bell.lock);
	return count;
}

/* Until it has rung so often, in all. */
static UNUSED void
lab_wait(int count)
{
	(void)pthread_mutex_lock(&bell.lock);
	while (bell.count < count)
		(void)pthread_cond_wait(&bell.rung, &bell.lock);
	(void)pthread_mutex_unlock(&bell.lock);
}

static UNUSED int
lab_trusts(void *arg, struct published *p, enum verdict_trust *ret)
{
	(void)arg;
	p->by_known_key = !slice_eq(p->statement->location, slice_str("nowhere"));
	*ret = slice_eq(p->statement->location, slice_str("lab")) ? TRUST_SIGNED : TRUST_NONE;
	return 0;
}

typedef int lab_trusts_fn(void *arg, struct published *p, enum verdict_trust *ret);

/* A ledger over makoto.dbom; memory 0: what it takes by itself. */
static UNUSED struct ledger *
lab_begin(lab_trusts_fn *trusted, size_t memory)
{
	static const char *const topics[] = {"makoto.dbom", NULL};
	struct ledger_conf conf = {.bootstrap = "nobody:1",
				   .topics = topics,
				   .cluster_id = slice_str(LAB_CLUSTER),
				   .memory = memory,
				   .trusts = trusted};
	struct ledger *l;
	char why[256];

	bell.count = 0;
	ck_assert_msg(ledger_new(&conf, &l, why, sizeof(why)) == 0, "%s", why);
	return l;
}

static UNUSED void
lab_end(struct ledger *l)
{
	ledger_free(l);
	lab_close();
}

static UNUSED struct ledger_want
lab_want(const char *topic, int32_t partition, int64_t from, int64_t to, int64_t ms)
{
	return (struct ledger_want){.topic = slice_str(topic),
				    .topic_id = slice_str(LAB_TOPIC_ID),
				    .partition = partition,
				    .from = from,
				    .to = to,
				    .min_ms = ms,
				    .max_ms = ms};
}

/* Asks, and again when it is told that more is known, until the answer is whole. */
static UNUSED struct ledger_answer
lab_whole(struct ledger *l, const struct ledger_want *w)
{
	struct ledger_answer a;

	for (;;) {
		int heard = lab_heard();

		ck_assert_int_eq(ledger_ask(l, w, lab_ring, NULL, &a), 0);
		if (a.whole)
			return a;
		ledger_release(l, &a);
		lab_wait(heard + 1);
	}
}

#endif
