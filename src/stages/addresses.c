#include "stages/addresses.h"

#include "base/log.h"
#include "kafka/api.h"
#include "kafka/node_endpoints.h"
#include "kafka/walk.h"

#define TAIL_MAX ((uint64_t)65536) /* some thousand endpoints */

/* An answer that is passing: where it stands, and its end once that has begun. */
struct passing {
	struct walk walk;
	struct wr tail;
};

struct addresses {
	struct stage stage;
	addresses_map_fn *map;
	void *arg;
};

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	return addresses_in(key, version) && !addresses_at_end(key, version);
}

static bool
wants_stream(void *self, int16_t key, int16_t version)
{
	(void)self;
	return addresses_at_end(key, version);
}

static enum stage_verdict
give_up(const struct exchange *x, int err)
{
	const char *api = api_name(exchange_key(x));

	LOG_LIMITED(LOG_LEVEL_ERROR, "addresses", "an answer with broker addresses can't be rewritten, closing",
		    LOG_S("api", api == NULL ? "?" : api), LOG_I("version", exchange_version(x)),
		    LOG_S("cause", err_text(err)));
	return STAGE_CLOSE;
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct addresses *a = self;
	struct slice body = exchange_body(x);
	struct wr w = wr_new(SIZE_MAX / 2); /* grows with the answer, which the proxy limits */
	struct rope rope = {0};
	bool changed = false;
	int err;

	err = addresses_rewrite(exchange_key(x), exchange_version(x), body, a->map, a->arg, &w, &changed);
	if (err == 0 && changed)
		err = rope_add_wr(&rope, &w);
	wr_free(&w);
	if (err != 0)
		return give_up(x, err);
	if (!changed)
		return STAGE_PASS;
	exchange_replace(x, &rope);
	return STAGE_REPLACE;
}

/* --- while it passes --------------------------------------------------------------- */

static struct passing *
passing_of(struct addresses *a, struct exchange *x, uint64_t total, int *ret_err)
{
	struct passing *p = exchange_state(x, &a->stage);

	if (p != NULL)
		return p;
	p = calloc(1, sizeof(*p));
	if (p == NULL) {
		*ret_err = ERR_NOMEM;
		return NULL;
	}
	p->tail = wr_new(TAIL_MAX);
	*ret_err = walk_begin(&p->walk, exchange_key(x), true, exchange_version(x), total);
	exchange_set_state(x, &a->stage, p);
	return p;
}

static void
lost(void *self, struct exchange *x)
{
	struct addresses *a = self;
	struct passing *p = exchange_state(x, &a->stage);

	if (p == NULL)
		return;
	wr_free(&p->tail);
	free(p);
	exchange_set_state(x, &a->stage, NULL);
}

/* All is there, `piece` being the last of the tail. */
static int
finish(const struct addresses *a, struct exchange *x, struct passing *p, struct slice piece, bool *ret_replaced)
{
	struct wr out = wr_new(TAIL_MAX);
	struct rope rope = {0};
	struct slice tail = piece;
	bool changed = false;
	int err;

	if (p->tail.len > 0) {
		wr_slice_put(&p->tail, piece);
		tail = wr_slice(&p->tail);
	}
	err = wr_err(&p->tail);
	if (err == 0)
		err = node_endpoints_rewrite(exchange_key(x), tail, a->map, a->arg, &out, &changed);
	/* What is all in this piece and stays as it is needs no copy. */
	*ret_replaced = err == 0 && (changed || p->tail.len > 0);
	if (*ret_replaced)
		err = rope_add_wr(&rope, changed ? &out : &p->tail);
	if (err == 0 && *ret_replaced)
		exchange_replace(x, &rope);
	wr_free(&out);
	return err;
}

static enum stage_verdict
stream(void *self, struct exchange *x, struct slice piece, uint64_t left, size_t *ret_pass)
{
	struct addresses *a = self;
	bool replaced = false;
	int err = 0;
	struct passing *p = passing_of(a, x, piece.n + left, &err);
	size_t pass = piece.n;

	if (err == 0)
		err = walk_feed(&p->walk, piece);
	if (err == 0 && p->walk.end_at != WALK_NOT_YET) {
		uint64_t from = p->walk.at - piece.n; /* where piece begins */

		pass = p->walk.end_at > from ? (size_t)(p->walk.end_at - from) : 0;
		piece = slice_of(piece.p + pass, piece.n - pass);
		if (p->walk.total - p->walk.end_at > TAIL_MAX)
			err = ERR_LIMIT;
		else if (left == 0)
			err = finish(a, x, p, piece, &replaced);
		else
			wr_slice_put(&p->tail, piece);
		if (err == 0)
			err = wr_err(&p->tail);
		if (left == 0 && !replaced)
			pass += piece.n;
	}
	if (err != 0 || left == 0)
		lost(a, x);
	if (err != 0)
		return give_up(x, err);
	*ret_pass = pass;
	return replaced ? STAGE_REPLACE : STAGE_PASS;
}

struct addresses *
addresses_new(addresses_map_fn *map, void *arg)
{
	struct addresses *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->map = map;
	a->arg = arg;
	a->stage = (struct stage){
		.name = "addresses",
		.self = a,
		.wants_response = wants_response,
		.response = response,
		.wants_stream = wants_stream,
		.stream = stream,
		.lost = lost,
	};
	return a;
}

void
addresses_free(struct addresses *a)
{
	free(a);
}

const struct stage *
addresses_stage(struct addresses *a)
{
	return &a->stage;
}
