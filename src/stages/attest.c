#include "stages/attest.h"

#include "base/log.h"
#include "base/metrics.h"
#include "kafka/api.h"
#include "kafka/txn.h"
#include "stages/attest_by_id.h"

enum { PRODUCE_MAX = 13, END_TXN_MAX = 5, INIT_PRODUCER_MAX = 5 };

struct config *
attest_config(struct attest *a)
{
	struct config *c;

	pthread_mutex_lock(&a->lock);
	c = config_ref(a->config);
	pthread_mutex_unlock(&a->lock);
	return c;
}

void
attest_set_config(struct attest *a, struct config *config)
{
	struct config *old;

	pthread_mutex_lock(&a->lock);
	old = a->config;
	a->config = config_ref(config);
	pthread_mutex_unlock(&a->lock);
	config_unref(old);
}

void
attest_state_free(struct attest_state *s)
{
	if (s == NULL)
		return;
	free(s->sent);
	free(s->by_name);
	free(s->transactional_id);
	free(s);
}

void
attest_lose(struct attest_state *s)
{
	for (size_t i = 0; i < s->count; i++) {
		if (s->sent[i].ended)
			continue;
		chains_lost(&s->sent[i].attempt);
		s->sent[i].ended = true;
	}
}

void
attest_take_back(struct attest_state *s)
{
	static const struct answer refused = {.error = NOT_ENOUGH_REPLICAS, .base_offset = -1, .append_ms = -1};

	for (size_t i = 0; i < s->count; i++) {
		if (s->sent[i].attempt.out)
			(void)chains_settle(&s->sent[i].attempt, &refused);
		else
			chains_withdraw(&s->sent[i].attempt);
		s->sent[i].ended = true;
	}
}

/* --- the ends of transactions ------------------------------------------------------ */

/*
 * Producer ids are a cluster's own, and what an earlier run left open is known by them: an end that passes before the
 * cluster's id is known, right behind a start, would be nobody's, and the next transaction's would be taken for it.
 */
static enum stage_verdict
wait_for_cluster(const struct attest *a, struct exchange *x)
{
	enum { LOOK_AGAIN_MS = 5 };

	if (!chains_txn_waits(a->chains) || exchange_age_ms(x) >= TOPICS_WAIT_MS)
		return STAGE_PASS;
	return exchange_pause(x, LOOK_AGAIN_MS) == 0 ? STAGE_HOLD : STAGE_CLOSE;
}

/*
 * What is placed before the request goes out belongs to the transaction that it ends:
 * a client doesn't write into the next one before it has the answer.
 */
static enum stage_verdict
end_txn_request(struct attest *a, struct exchange *x)
{
	enum stage_verdict verdict = wait_for_cluster(a, x);
	struct attest_state *s;
	struct end_txn e;

	if (verdict != STAGE_PASS)
		return verdict;
	if (end_txn_request_read(exchange_version(x), exchange_body(x), &e) != 0)
		return STAGE_PASS; /* the broker's to refuse */
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return STAGE_CLOSE;
	s->kind = EXCHANGE_END_TXN;
	s->producer_id = e.producer_id;
	s->epoch = e.epoch;
	s->committed = e.committed;
	s->mark = chains_txn_mark(a->chains);
	chains_txn_ending(a->chains, e.producer_id);
	exchange_set_state(x, &a->stage, s);
	return STAGE_PASS;
}

static enum stage_verdict
init_producer_request(struct attest *a, struct exchange *x)
{
	struct init_producer_id p;
	struct attest_state *s;

	if (init_producer_id_request_read(exchange_version(x), exchange_body(x), &p) != 0)
		return STAGE_PASS;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return STAGE_CLOSE;
	s->kind = EXCHANGE_INIT_PRODUCER;
	if (p.transactional_id.n > 0) {
		s->transactional_id = malloc(p.transactional_id.n);
		if (s->transactional_id == NULL) {
			free(s);
			return STAGE_CLOSE;
		}
		memcpy(s->transactional_id, p.transactional_id.p, p.transactional_id.n);
		s->transactional_id_len = p.transactional_id.n;
	}
	s->mark = chains_txn_mark(a->chains);
	exchange_set_state(x, &a->stage, s);
	return STAGE_PASS;
}

static enum stage_verdict
txn_answer(struct attest *a, struct exchange *x, const struct attest_state *s)
{
	int64_t producer_id;
	int16_t error, epoch;

	if (s->kind == EXCHANGE_END_TXN) {
		if (end_txn_response_read(exchange_version(x), exchange_body(x), &error) != 0)
			return STAGE_CLOSE; /* who hears of an end that we can't read goes on, and the next is taken for it */
		if (error != 0)
			return STAGE_PASS; /* it didn't end, or another try will tell */
		metric_add(s->committed ? METRIC_TRANSACTIONS_COMMITTED : METRIC_TRANSACTIONS_ABORTED, 1);
		chains_txn_ended(a->chains, s->producer_id, s->epoch, s->mark, s->committed);
	} else if (init_producer_id_response_read(exchange_version(x), exchange_body(x), &error, &producer_id, &epoch) ==
			   0 &&
		   error == 0) {
		chains_issued(a->chains, producer_id, epoch);
		if (s->transactional_id_len > 0)
			chains_txn_fenced(a->chains, slice_of(s->transactional_id, s->transactional_id_len), s->mark);
	}
	return STAGE_PASS;
}

/* --- the stage ---------------------------------------------------------------------- */

static bool
wants_request(void *self UNUSED, int16_t key, int16_t version)
{
	return (key == API_PRODUCE && version <= PRODUCE_MAX) || (key == API_END_TXN && version <= END_TXN_MAX) ||
	       (key == API_INIT_PRODUCER_ID && version <= INIT_PRODUCER_MAX);
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	return key == API_VERSIONS || wants_request(self, key, version);
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	struct attest *a = self;

	switch (exchange_key(x)) {
	case API_PRODUCE: return attest_produce_request(a, x);
	case API_END_TXN: return end_txn_request(a, x);
	default: return init_producer_request(a, x);
	}
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct attest *a = self;
	struct attest_state *s = exchange_state(x, &a->stage);
	enum stage_verdict verdict = STAGE_PASS;

	if (exchange_key(x) == API_VERSIONS)
		attest_by_id_learn(a, x);
	if (s == NULL)
		return STAGE_PASS;
	exchange_set_state(x, &a->stage, NULL);
	if (s->by_name != NULL)
		attest_by_id_done(a, x);
	if (s->kind == EXCHANGE_PRODUCE)
		verdict = attest_produce_answer(a, x, s);
	else
		verdict = txn_answer(a, x, s);
	attest_state_free(s);
	return verdict;
}

static void
lost(void *self, struct exchange *x)
{
	struct attest *a = self;
	struct attest_state *s = exchange_state(x, &a->stage);

	if (s == NULL)
		return;
	exchange_set_state(x, &a->stage, NULL);
	if (s->by_name != NULL)
		attest_by_id_done(a, x);
	if (exchange_is_unsent(x))
		attest_take_back(s);
	else
		attest_lose(s);
	attest_state_free(s);
}

static void
session_free(void *self UNUSED, void *state)
{
	free(state);
}

static void *
reactor_new(void *self, unsigned reactor UNUSED)
{
	struct attest *a = self;
	struct attest_reactor *r = calloc(1, sizeof(*r));
	struct config *c = attest_config(a);
	struct codec_levels levels = {(int)c->attest_compression_gzip, (int)c->attest_compression_lz4,
				      (int)c->attest_compression_zstd};

	config_unref(c);
	if (r == NULL)
		return NULL;
	r->batch = wr_new(SIZE_MAX / 2);
	r->rewriter = rewriter_new(&levels);
	if (r->rewriter == NULL) {
		free(r);
		return NULL;
	}
	return r;
}

static void
reactor_free(void *self UNUSED, void *state)
{
	struct attest_reactor *r = state;

	if (r == NULL)
		return;
	rewriter_free(r->rewriter);
	wr_free(&r->batch);
	free(r);
}

struct attest *
attest_new(struct chains *chains, struct topics *topics, struct config *config)
{
	struct attest *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->chains = chains;
	a->topics = topics;
	a->config = config_ref(config);
	pthread_mutex_init(&a->lock, NULL);
	a->stage = (struct stage){
		.name = "attest",
		.self = a,
		.wants_request = wants_request,
		.request = request,
		.wants_response = wants_response,
		.response = response,
		.lost = lost,
		.reactor_new = reactor_new,
		.reactor_free = reactor_free,
		.session_free = session_free,
	};
	return a;
}

void
attest_free(struct attest *a)
{
	if (a == NULL)
		return;
	config_unref(a->config);
	pthread_mutex_destroy(&a->lock);
	free(a);
}

const struct stage *
attest_stage(struct attest *a)
{
	return &a->stage;
}
