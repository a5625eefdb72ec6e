#include "stages/attest.h"

#include "kafka/api.h"
#include "stages/attest_by_id.h"
#include "stages/attest_txn.h"

enum { PRODUCE_MAX = 13, END_TXN_MAX = 5, INIT_PRODUCER_MAX = 5, ADD_PARTITIONS_MAX = 3, ADD_OFFSETS_MAX = 4 };

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

struct attest_session *
attest_session(const struct attest *a, struct exchange *x)
{
	struct attest_session *s = exchange_session_state(x, &a->stage);

	if (s == NULL && (s = calloc(1, sizeof(*s))) != NULL)
		exchange_set_session_state(x, &a->stage, s);
	return s;
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
	return key == API_VERSIONS || (key == API_ADD_PARTITIONS_TO_TXN && version <= ADD_PARTITIONS_MAX) ||
	       (key == API_ADD_OFFSETS_TO_TXN && version <= ADD_OFFSETS_MAX) || wants_request(self, key, version);
}

static enum stage_verdict
request(void *self, struct exchange *x)
{
	struct attest *a = self;

	switch (exchange_key(x)) {
	case API_PRODUCE: return attest_produce_request(a, x);
	case API_END_TXN: return attest_txn_end_request(a, x);
	default: return attest_txn_init_request(a, x);
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
	else if (exchange_key(x) == API_ADD_PARTITIONS_TO_TXN || exchange_key(x) == API_ADD_OFFSETS_TO_TXN)
		attest_txn_added(a, x);
	if (s == NULL)
		return STAGE_PASS;
	exchange_set_state(x, &a->stage, NULL);
	if (s->by_name != NULL)
		attest_by_id_done(a, x);
	if (s->kind == EXCHANGE_PRODUCE)
		verdict = attest_produce_answer(a, x, s);
	else
		verdict = attest_txn_answer(a, x, s);
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
	if (s->kind == EXCHANGE_END_TXN)
		attest_txn_over(a, x, s, !exchange_is_unsent(x));
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
