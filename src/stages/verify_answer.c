/*
 * A Fetch answer on its way to a consumer, in enforce.
 *
 *   parts with records ─► judge ─┬─► something may be given: whole batches, or the error that stops the partition
 *                                └─► nothing at all: held until the ledger knows more, the client's wait is over at most
 */
#include "base/log.h"
#include "stages/verify_internal.h"

struct given { /* what becomes of a part */
	struct slice *pieces;
	size_t count, cap;
	bool changed;
	bool withheld; /* it had records, and has none now, nor an error */
	bool again;    /* a stop that was told before */
	int16_t error;
	struct verify_counts counts;
	uint8_t empty[BATCH_HEAD];
};

/* One answer in work. */
struct work {
	struct verify *v;
	struct exchange *x;
	struct verify_state *s;
	struct config *config;
	struct judge *judge;
	struct fetch_response r;
	struct given *given;
};

/* --- one part ------------------------------------------------------------------------ */

static int
add_piece(struct given *g, struct slice s)
{
	if (g->count > 0 && g->pieces[g->count - 1].p + g->pieces[g->count - 1].n == s.p) {
		g->pieces[g->count - 1].n += s.n;
		return 0;
	}
	if (g->count == g->cap) {
		size_t cap = g->cap == 0 ? 4 : g->cap * 2;
		struct slice *more = reallocarray(g->pieces, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		g->pieces = more;
		g->cap = cap;
	}
	g->pieces[g->count++] = s;
	return 0;
}

/* A batch without records in place of this one: clients go on behind its last offset. */
static int
add_empty(struct given *g, const struct judge_batch *b)
{
	struct batch head = {.base_offset = b->base, .last_offset_delta = (int32_t)(b->last - b->base)};
	struct wr w = wr_new(BATCH_HEAD);
	size_t at;
	int err;

	if (batch_read(b->bytes, &head) != 0) {
		head.producer_id = -1;
		head.producer_epoch = -1;
		head.base_sequence = -1;
	}
	head.attributes &= (int16_t)~BATCH_CODEC_MASK;
	head.count = 0;
	at = batch_begin(&head, &w);
	err = batch_end(&w, at);
	if (err == 0) {
		memcpy(g->empty, w.buf, sizeof(g->empty));
		err = add_piece(g, slice_of(g->empty, sizeof(g->empty)));
	}
	wr_free(&w);
	return err;
}

/*
 * What the client may have of these batches.  *ret_end: the one that ends it; NULL: none.  Where violations are skipped
 * a member that is missing leaves nothing out: what is there waits or passes as if it were not.
 */
static int
pick(struct work *w, struct given *g, const struct judge_batch *b, size_t n, const struct judge_batch **ret_end)
{
	bool skip = w->config->verify_on_violation == VERIFY_SKIP;
	const struct judge_batch *skipped = NULL;
	int err = 0;

	*ret_end = NULL;
	for (size_t i = 0; i < n && err == 0; i++) {
		enum judge_end end = skip && b[i].end == JUDGE_STOP ? b[i].of_records : b[i].end;
		bool leave_out = skip && end == JUDGE_STOP;

		if (end == JUDGE_WAIT || (end == JUDGE_STOP && !skip)) {
			*ret_end = &b[i];
			break;
		}
		verify_counts_add(&g->counts, &b[i]);
		if (b[i].end == JUDGE_STOP)
			skipped = &b[i];
		if (leave_out) {
			g->changed = true;
			verify_counts_skip(&g->counts, &b[i]);
		} else {
			err = add_piece(g, b[i].bytes);
		}
	}
	if (err == 0 && g->count == 0 && skipped != NULL)
		err = add_empty(g, skipped);
	return err;
}

static int
settle(struct work *w, size_t i, const struct verify_look *look)
{
	const struct fetch_part *p = &w->r.parts[i];
	struct given *g = &w->given[i];
	const struct judge_batch *b, *end;
	size_t n;
	int err;

	b = judge_batches(w->judge, &n);
	if ((err = pick(w, g, b, n, &end)) != 0)
		return err;
	for (size_t k = 0; k < n; k++)
		if (b[k].end == JUDGE_STOP && (end == NULL || b[k].last < end->base))
			verify_log_stop(w->v, &look->facts, p->at.partition, &b[k]); /* skipped */
	g->changed = g->changed || end != NULL;
	if (g->count > 0) {
		stuck_pass(w->v->stuck, &look->at);
	} else if (end != NULL && (end->end == JUDGE_WAIT || w->config->verify_on_violation == VERIFY_SKIP)) {
		g->withheld = true;
		if (look->whole)
			stuck_note(w->v->stuck, &look->at, b[n - 1].last + 1);
	} else if (end != NULL) {
		g->error = VERIFY_STOPPED;
		g->again = !stuck_tell(w->v->stuck, &look->at);
		if (!g->again) {
			verify_counts_add(&g->counts, end);
			metric_add(METRIC_VERIFY_STOPS, 1);
			verify_log_stop(w->v, &look->facts, p->at.partition, end);
		}
	}
	return 0;
}

/* Nothing of this part may be given now. */
static int
withhold(struct given *g)
{
	g->changed = g->withheld = true;
	return 0;
}

static int
judge_part(struct work *w, size_t i, struct verify_hold *hold)
{
	const struct fetch_part *p = &w->r.parts[i];
	struct verify_source source = {.at = &p->at, .records = p->records, .log_start = p->log_start};
	struct verify_look look;
	int err;

	if (!fetches_offset(w->s->asked, &p->at, &source.from))
		return withhold(&w->given[i]); /* nobody asked */
	if ((err = verify_look(w->v, w->config, w->judge, &source, hold, &look)) != 0)
		return err;
	if (look.what == LOOK_LEFT_OUT)
		return 0;
	if (look.what == LOOK_UNKNOWN)
		return withhold(&w->given[i]);
	err = settle(w, i, &look);
	judge_close(w->judge);
	return err;
}

/* --- the whole answer ------------------------------------------------------------------ */

static bool
has_records(const struct fetch_part *p)
{
	return p->error == 0 && p->records.n > 0;
}

static void
forget(struct work *w)
{
	for (size_t i = 0; w->given != NULL && i < w->r.count; i++)
		free(w->given[i].pieces);
	free(w->given);
	w->given = NULL;
}

/* Clients differ in whether they look at an error, the answer's or the part's own, and at the records beside it. */
static void
leave_the_error(const struct work *w, size_t i)
{
	const struct fetch_part *p = &w->r.parts[i];

	w->given[i].changed = true;
	w->given[i].error = p->error;
	LOG_LIMITED(LOG_LEVEL_WARN, "verify", "an answer to Fetch has records beside an error: they are held back",
		    LOG_I("partition", p->at.partition), LOG_I("error", w->r.error != 0 ? w->r.error : p->error));
}

/* Every part, as of now.  0 or ERR_NOMEM. */
static int
judge_all(struct work *w, struct verify_hold *hold)
{
	int err = 0;

	forget(w);
	w->given = calloc(w->r.count > 0 ? w->r.count : 1, sizeof(*w->given));
	if (w->given == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->r.count && err == 0; i++) {
		const struct fetch_part *p = &w->r.parts[i];

		if (p->records.n > 0 && (w->r.error != 0 || p->error != 0))
			leave_the_error(w, i);
		else if (has_records(p))
			err = judge_part(w, i, hold);
	}
	return err;
}

/* Something was kept back, and nothing is left that the client would go on with. */
static bool
is_nothing(const struct work *w)
{
	bool withheld = false;

	for (size_t i = 0; i < w->r.count; i++) {
		const struct given *g = &w->given[i];

		if (w->r.parts[i].error != 0 || g->error != 0 || g->count > 0 || (has_records(&w->r.parts[i]) && !g->changed))
			return false;
		withheld = withheld || g->withheld;
	}
	return withheld;
}

/* Nothing but stops that were told before: a client that asks on gets no answer at once. */
static bool
is_stale(const struct work *w)
{
	bool again = false;

	for (size_t i = 0; i < w->r.count; i++) {
		const struct given *g = &w->given[i];

		if (w->r.parts[i].error != 0 || (g->error != 0 && !g->again) || g->count > 0 ||
		    (has_records(&w->r.parts[i]) && !g->changed))
			return false;
		again = again || g->again;
	}
	return again;
}

static enum stage_verdict
deliver(struct work *w)
{
	struct fetch_edit *edits = calloc(w->r.count > 0 ? w->r.count : 1, sizeof(*edits));
	bool changed = false;
	struct rope rope = {0};

	if (edits == NULL)
		return STAGE_CLOSE;
	for (size_t i = 0; i < w->r.count; i++) {
		const struct given *g = &w->given[i];

		edits[i] = (struct fetch_edit){g->changed, g->error, g->pieces, g->count};
		changed = changed || g->changed;
		verify_counts_tell(&g->counts);
	}
	if (changed && fetch_response_edit(exchange_version(w->x), exchange_frame(w->x), exchange_body_at(w->x), &w->r,
					   edits, &rope) != 0) {
		free(edits);
		return STAGE_CLOSE;
	}
	free(edits);
	if (!changed)
		return STAGE_PASS;
	exchange_replace(w->x, &rope);
	return STAGE_REPLACE;
}

static enum stage_verdict
know_topics(struct work *w)
{
	struct verify_unknown u = {.count = 0};

	for (size_t i = 0; i < w->r.count; i++)
		if (has_records(&w->r.parts[i]))
			verify_look_unknown(w->v, &u, &w->r.parts[i].at);
	return verify_look_wait(w->v, w->x, w->s, &u);
}

static enum stage_verdict
decide(struct work *w)
{
	enum stage_verdict verdict;
	int64_t left;

	if (w->r.error != 0)
		return judge_all(w, NULL) == 0 ? deliver(w) : STAGE_CLOSE;
	if ((verdict = know_topics(w)) != STAGE_PASS)
		return verdict;
	if (judge_all(w, NULL) != 0)
		return STAGE_CLOSE;
	if (is_nothing(w) && (left = verify_look_time_left(w->s, w->x)) > 0) {
		/* What is known by now, and not before it is waited for. */
		w->s->hold = verify_hold_begin(w->x, (unsigned)left);
		if (w->s->hold == NULL || judge_all(w, w->s->hold) != 0)
			return STAGE_CLOSE;
		if (is_nothing(w)) {
			metric_add(METRIC_VERIFY_HELD, 1);
			return STAGE_HOLD;
		}
		verify_hold_end(w->v, w->s->hold);
		w->s->hold = NULL;
	}
	if (!w->s->paced && is_stale(w) && (left = verify_look_time_left(w->s, w->x)) > 0) {
		w->s->paced = true;
		return exchange_pause(w->x, (unsigned)left) == 0 ? STAGE_HOLD : STAGE_CLOSE;
	}
	return deliver(w);
}

enum stage_verdict
verify_answer(struct verify *v, struct exchange *x, struct verify_state *s)
{
	struct work w = {.v = v, .x = x, .s = s, .judge = exchange_reactor_state(x, &v->stage)};
	enum stage_verdict verdict;
	int err;

	verify_hold_end(v, s->hold); /* what it was held for came, or its time is over */
	s->hold = NULL;
	if ((err = fetch_response_read(exchange_version(x), exchange_body(x), &w.r)) != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "verify", "an answer to Fetch can't be read, closing",
			    LOG_I("version", exchange_version(x)), LOG_S("cause", err_text(err)));
		return STAGE_CLOSE;
	}
	if (!s->began)
		fetches_answer(verify_session_of(v, x)->fetches, s->asked, &w.r);
	s->began = true;
	w.config = verify_config(v);
	verdict = decide(&w);
	config_unref(w.config);
	forget(&w);
	fetch_response_free(&w.r);
	return verdict;
}
