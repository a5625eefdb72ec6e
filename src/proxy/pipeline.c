#include "proxy/pipeline.h"

#include "kafka/header.h"

int
pipeline_init(struct pipeline *p, const struct stage *const *stages, unsigned count, unsigned reactor)
{
	INVARIANT(count <= PIPELINE_STAGES_MAX);
	p->stages = stages;
	p->count = count;
	p->reactor_state = calloc(count > 0 ? count : 1, sizeof(*p->reactor_state));
	if (p->reactor_state == NULL)
		return ERR_NOMEM;
	for (unsigned i = 0; i < count; i++) {
		if (stages[i]->reactor_new == NULL)
			continue;
		p->reactor_state[i] = stages[i]->reactor_new(stages[i]->self, reactor);
		if (p->reactor_state[i] == NULL) {
			pipeline_fini(p);
			return ERR_NOMEM;
		}
	}
	return 0;
}

void
pipeline_fini(struct pipeline *p)
{
	if (p->reactor_state == NULL)
		return;
	for (unsigned i = 0; i < p->count; i++)
		if (p->reactor_state[i] != NULL && p->stages[i]->reactor_free != NULL)
			p->stages[i]->reactor_free(p->stages[i]->self, p->reactor_state[i]);
	free(p->reactor_state);
	p->reactor_state = NULL;
}

static bool
wants_request(const struct stage *s, int16_t key, int16_t version)
{
	return s->wants_request != NULL && s->wants_request(s->self, key, version);
}

static bool
wants_response(const struct stage *s, int16_t key, int16_t version)
{
	return s->wants_response != NULL && s->wants_response(s->self, key, version);
}

bool
pipeline_wants_request(const struct pipeline *p, int16_t key, int16_t version)
{
	for (unsigned i = 0; i < p->count; i++)
		if (wants_request(p->stages[i], key, version))
			return true;
	return false;
}

static bool
wants_stream(const struct stage *s, int16_t key, int16_t version)
{
	return s->wants_stream != NULL && s->wants_stream(s->self, key, version);
}

/* Stages that watch such an answer, or PIPELINE_STAGES_MAX when one wants it whole. */
static unsigned
watchers(const struct pipeline *p, int16_t key, int16_t version)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->count; i++) {
		if (wants_response(p->stages[i], key, version))
			return PIPELINE_STAGES_MAX;
		n += wants_stream(p->stages[i], key, version);
	}
	return n;
}

bool
pipeline_wants_response(const struct pipeline *p, int16_t key, int16_t version)
{
	return watchers(p, key, version) > 1;
}

bool
pipeline_wants_stream(const struct pipeline *p, int16_t key, int16_t version)
{
	return watchers(p, key, version) == 1;
}

void
pipeline_session_free(const struct pipeline *p, void *const *state)
{
	for (unsigned i = 0; i < p->count; i++)
		if (state[i] != NULL && p->stages[i]->session_free != NULL)
			p->stages[i]->session_free(p->stages[i]->self, state[i]);
}

unsigned
pipeline_index(const struct pipeline *p, const struct stage *s)
{
	unsigned i = 0;

	while (i < p->count && p->stages[i] != s)
		i++;
	INVARIANT(i < p->count);
	return i;
}

bool
pipeline_awaits(const struct exchange *x)
{
	const struct pipeline *p = x->pipeline;

	for (unsigned i = 0; i < p->count; i++)
		if ((x->ran_request & ~x->ran_response & 1u << i) != 0 &&
		    wants_response(p->stages[i], x->key, x->version))
			return true;
	return false;
}

void
pipeline_lost(struct exchange *x)
{
	const struct pipeline *p = x->pipeline;
	uint32_t left = x->ran_request & ~x->ran_response;

	x->ran_response |= left;
	for (unsigned i = 0; i < p->count; i++)
		if ((left & 1u << i) != 0 && p->stages[i]->lost != NULL)
			p->stages[i]->lost(p->stages[i]->self, x);
}

/* Whether the verdict lets the next stage have its turn; else *ret_end says why not. */
static bool
goes_on(struct exchange *x, enum stage_verdict verdict, enum pipeline_end *ret_end)
{
	switch (verdict) {
	case STAGE_PASS:
		return true;
	case STAGE_REPLACE:
		INVARIANT(x->replaced);
		return true;
	case STAGE_ANSWER:
		INVARIANT(x->phase == EXCHANGE_REQUEST);
		*ret_end = PIPELINE_ANSWERED;
		return false;
	case STAGE_HOLD:
		x->held = true;
		*ret_end = PIPELINE_HELD;
		return false;
	case STAGE_CLOSE:
		break;
	}
	*ret_end = PIPELINE_CLOSE;
	return false;
}

void
pipeline_turn(struct exchange *x)
{
	x->phase = EXCHANGE_RESPONSE;
	x->at = x->pipeline->count;
}

enum pipeline_end
pipeline_response(struct exchange *x)
{
	const struct pipeline *p = x->pipeline;
	enum pipeline_end how;

	for (; x->at > 0; x->at--) {
		unsigned i = x->at - 1;
		const struct stage *s = p->stages[i];
		enum stage_verdict verdict;

		if (!wants_response(s, x->key, x->version) && !wants_stream(s, x->key, x->version))
			continue;
		if (exchange_flatten(x) != 0)
			return PIPELINE_CLOSE;
		verdict = s->response(s->self, x);
		if (verdict != STAGE_HOLD)
			x->ran_response |= 1u << i;
		if (!goes_on(x, verdict, &how))
			return how;
	}
	if (!x->local)
		return PIPELINE_ON;
	return exchange_take_message(x, &x->answer) == 0 ? PIPELINE_ANSWERED : PIPELINE_CLOSE;
}

enum pipeline_end
pipeline_stream(struct exchange *x, struct slice piece, uint64_t left, size_t *ret_pass)
{
	const struct pipeline *p = x->pipeline;
	const struct stage *s;
	enum stage_verdict verdict;
	unsigned i = 0;

	while (i < p->count && !wants_stream(p->stages[i], x->key, x->version))
		i++;
	INVARIANT(i < p->count);
	s = p->stages[i];
	x->ran_request |= 1u << i;
	*ret_pass = 0;
	verdict = s->stream(s->self, x, piece, left, ret_pass);
	INVARIANT(verdict != STAGE_ANSWER && verdict != STAGE_HOLD);
	if (left == 0 || verdict == STAGE_CLOSE)
		x->ran_response |= 1u << i;
	if (verdict == STAGE_CLOSE)
		return PIPELINE_CLOSE;
	INVARIANT(*ret_pass <= piece.n && (*ret_pass == 0 || x->kept == 0));
	x->kept += piece.n - *ret_pass;
	INVARIANT(left > 0 ? verdict == STAGE_PASS : x->body.total == x->kept);
	return PIPELINE_ON;
}

/*
 * Stage x->at answered: the answer gets its header and goes back through the stages
 * before it, as if it came from a broker just behind that stage.
 */
static enum pipeline_end
turn_here(struct exchange *x)
{
	struct wr header = wr_new(64);
	struct rope body = rope_take(&x->answer);
	struct blob *b;

	x->ran_response |= 1u << x->at; /* it made the answer, so it need not be told */
	exchange_drop_message(x);
	(void)wr_room(&header, 16);
	if (x->key != STAGE_TOKEN)
		response_header_write(x->key, x->version, x->correlation_id, &header);
	if (wr_err(&header) != 0 || (b = blob_own(header.buf, header.len)) == NULL) {
		wr_free(&header);
		rope_clear(&body);
		return PIPELINE_CLOSE;
	}
	x->frame = b;
	x->body_at = b->len;
	x->body = rope_take(&body);
	x->replaced = true;
	x->local = true;
	x->phase = EXCHANGE_RESPONSE;
	return pipeline_response(x);
}

enum pipeline_end
pipeline_request(struct exchange *x)
{
	const struct pipeline *p = x->pipeline;
	enum pipeline_end how;

	for (; x->at < p->count; x->at++) {
		const struct stage *s = p->stages[x->at];

		if (!wants_request(s, x->key, x->version))
			continue;
		if (exchange_flatten(x) != 0)
			return PIPELINE_CLOSE;
		x->ran_request |= 1u << x->at;
		if (goes_on(x, s->request(s->self, x), &how))
			continue;
		return how == PIPELINE_ANSWERED ? turn_here(x) : how;
	}
	return PIPELINE_ON;
}
