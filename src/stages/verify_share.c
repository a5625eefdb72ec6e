/*
 * ShareFetch on its way, in enforce (KIP-932).  What a broker gave to a member is the member's, and counted, whether the member sees
 * it or not; so what may not be seen yet is kept here, and its lock renewed, until it may.
 *
 *   request    in turn: for records ─┬─ for none, that renews locks (KIP-1222)
 *   answer     records ─► judge ─┬─► may be seen: whole batches, and the offsets in them that are acquired
 *                                ├─► not yet: aside; a later answer that renewed has it
 *                                └─► may not be seen: left out; in no answer, until the broker gives it anew or no more
 *
 * Records of a share group have no order: what follows one that may not be seen, or not yet, is not kept back for that.  Where the policy
 * is to stop, the member has the others first, and then the error.
 */
#include "base/log.h"
#include "stages/verify_internal.h"

struct pieces { /* of the records, and each one's offsets, which ascend */
	struct slice *bytes;
	struct share_span *spans;
	size_t count, cap;
};

struct given { /* what becomes of a part */
	struct aside_entry *from; /* its records are from aside */
	struct slice acquired;    /* that they are of */
	struct pieces seen, later; /* what may be seen; what waits, which has other batches between */
	bool changed, told; /* told: the error is the answer, not the records */
	bool waits;         /* what is aside of it does */
	bool refused;       /* a record may not be seen, … */
	struct share_span refused_span; /* … of these */
	struct verify_counts counts;
};

/* One answer in work. */
struct work {
	struct verify *v;
	struct exchange *x;
	struct verify_state *s;
	struct aside *aside;
	struct config *config;
	struct judge *judge;
	struct share_response r;
	struct given *given;
};

/* --- one part ------------------------------------------------------------------------------ */

static int
add(struct pieces *p, struct slice bytes, int64_t from, int64_t to)
{
	struct share_span *last = p->count > 0 ? &p->spans[p->count - 1] : NULL;

	if (last != NULL && from > 0 && last->to == from - 1) { /* its piece is the one before, too */
		last->to = to;
		p->bytes[p->count - 1].n += bytes.n;
		return 0;
	}
	if (p->count == p->cap) {
		size_t cap = p->cap == 0 ? 4 : p->cap * 2;
		struct slice *more = reallocarray(p->bytes, cap, sizeof(*more));
		struct share_span *spans;

		if (more == NULL)
			return ERR_NOMEM;
		p->bytes = more;
		if ((spans = reallocarray(p->spans, cap, sizeof(*spans))) == NULL)
			return ERR_NOMEM;
		p->spans = spans;
		p->cap = cap;
	}
	p->bytes[p->count] = bytes;
	p->spans[p->count++] = (struct share_span){from, to};
	return 0;
}

/* Ranges of acquired offsets, as they are passed by. */
struct passing {
	struct rd r;
	uint32_t left;
	int64_t first, last;
	bool any;
};

static void
next_range(struct passing *p)
{
	p->any = share_fetch_acquired(&p->r, &p->left, &p->first, &p->last);
}

static struct passing
passing_of(struct slice acquired)
{
	struct passing p = {.r = rd_of(acquired)};

	next_range(&p);
	return p;
}

/* Is one of these acquired?  Ask in ascending order. */
static bool
has_acquired(struct passing *p, int64_t from, int64_t to)
{
	while (p->any && p->last < from)
		next_range(p);
	return p->any && p->first <= to;
}

/* Each group is told by itself. */
static bool
is_first(const struct work *w, const struct verify_look *look, int64_t offset)
{
	struct slice group = aside_group(w->aside);
	uint8_t key[sizeof(look->key) + 32];

	INVARIANT(group.n == sizeof(key) - sizeof(look->key));
	memcpy(key, look->key, sizeof(look->key));
	memcpy(key + sizeof(look->key), group.p, group.n);
	return stuck_tell(w->v->stuck, &(struct stuck_place){slice_of(key, sizeof(key)), look->at.partition, offset});
}

/*
 * A record that may not be seen: where the policy is to stop, the member is told each time that the broker gives it.  Or a
 * member that is missing, which leaves nothing out: that is told once.
 */
static void
violation(struct work *w, struct given *g, const struct verify_look *look, const struct judge_batch *b, bool refused,
	  int64_t from)
{
	bool first = is_first(w, look, b->offset), stop = w->config->verify_on_violation == VERIFY_STOP;

	if (!refused && !first)
		return;
	verify_log_stop(w->v, &look->facts, look->at.partition, b);
	if (stop && first)
		metric_add(METRIC_VERIFY_STOPS, 1);
	if (stop && !refused)
		g->told = true;
	if (stop && refused && !g->refused) {
		g->refused = true;
		g->refused_span = (struct share_span){from, b->last};
	}
	if (refused && !stop)
		verify_counts_skip(&g->counts, b);
}

/*
 * What is wrong with a window hangs on the first batch of its records, whoever's that is; it is told with the next one that is the member's,
 * which may be of the same window.
 */
static void
tell_of_windows(struct work *w, struct given *g, const struct verify_look *look, const struct judge_batch *b, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (b[i].end != JUDGE_STOP || (b[i].finding != WINDOW_FORK && b[i].finding != WINDOW_BREAK))
			continue;
		g->counts.forks += b[i].forks;
		g->counts.breaks += b[i].breaks;
		violation(w, g, look, &b[i], false, b[i].base);
	}
}

/*
 * The judge's batches; each stands for the offsets before it, too, that have no record, and the last for those behind it.  One of
 * which nothing is acquired is another member's, or nobody's: its records change nothing.
 */
static int
pick(struct work *w, struct given *g, const struct verify_look *look, struct slice records)
{
	struct passing acquired = passing_of(g->acquired);
	int64_t from = INT64_MIN;
	struct stuck_place waits = look->at;
	const struct judge_batch *b;
	bool first = true; /* that is the member's */
	size_t n, skipped = 0; /* from this one on they are others' */
	int err = 0;

	b = judge_batches(w->judge, &n);
	for (size_t i = 0; i < n && err == 0; i++) {
		enum judge_end end = b[i].end == JUDGE_STOP ? b[i].of_records : b[i].end;
		int64_t to = i + 1 == n ? INT64_MAX : b[i].last;

		if (!has_acquired(&acquired, from, to)) {
			from = b[i].last + 1;
			continue;
		}
		if (end == JUDGE_WAIT && g->later.count == 0)
			waits.offset = acquired.first > from ? acquired.first : from;
		/* What passes since it waited for too long does for the others' members, too: they don't begin anew. */
		if (end == JUDGE_PASS && first && look->place.c.waited_to < 0)
			stuck_pass(w->v->stuck, &look->at);
		first = false;
		if (end != JUDGE_WAIT) {
			tell_of_windows(w, g, look, b + skipped, i - skipped);
			verify_counts_add(&g->counts, &b[i]);
			if (b[i].end == JUDGE_STOP)
				violation(w, g, look, &b[i], end == JUDGE_STOP, from);
			if (end == JUDGE_PASS)
				err = add(&g->seen, b[i].bytes, from, to);
		} else {
			size_t left = records.n - (size_t)(b[i].bytes.p - records.p);

			err = add(&g->later, slice_of(b[i].bytes.p, i + 1 == n ? left : b[i].bytes.n), from, to);
		}
		from = b[i].last + 1;
		skipped = i + 1;
	}
	if (err == 0 && g->later.count > 0 && look->whole)
		stuck_note(w->v->stuck, &waits, b[n - 1].last + 1);
	g->told = g->told || (g->refused && g->seen.count == 0);
	return err;
}

/* `since`: they were aside since then; NULL: they came just now. */
static int
judge_records(struct work *w, struct given *g, const struct fetch_at *at, struct slice records, int64_t first,
	      const struct monotime *since, struct verify_hold *hold)
{
	bool waited = since != NULL && monotime_since_ms(clock_now(), *since) >= w->config->verify_hold_max;
	struct verify_source source = {at, records, first, -1, true, waited};
	struct verify_look look;
	int err;

	if ((err = verify_look(w->v, w->config, w->judge, &source, hold, &look)) != 0)
		return err;
	if (look.what == LOOK_LEFT_OUT)
		return add(&g->seen, records, INT64_MIN, INT64_MAX);
	if (look.what == LOOK_UNKNOWN)
		return add(&g->later, records, INT64_MIN, INT64_MAX);
	err = pick(w, g, &look, records);
	judge_close(w->judge);
	return err;
}

static void
forget(struct given *g)
{
	free(g->seen.bytes);
	free(g->seen.spans);
	free(g->later.bytes);
	free(g->later.spans);
	*g = (struct given){0};
}

static bool
has_records(const struct share_part *p)
{
	return p->fetch.records.n > 0;
}

/* The first of what is aside of this partition that comes to something. */
static int
take_from_aside(struct work *w, size_t i, struct verify_hold *hold)
{
	const struct fetch_at *at = &w->r.parts[i].fetch.at;
	struct given *g = &w->given[i];
	bool waits = false;
	int err = 0;

	for (struct aside_entry *e = aside_next(w->aside, at, NULL); e != NULL; e = aside_next(w->aside, at, e)) {
		struct slice records = wr_slice(&e->records);

		g->told = e->kind == ASIDE_STOPS;
		g->acquired = wr_slice(&e->acquired);
		if (e->kind == ASIDE_PASSES)
			err = add(&g->seen, records, INT64_MIN, INT64_MAX);
		else if (e->kind == ASIDE_WAITS)
			err = judge_records(w, g, at, records, e->first, &e->since, hold);
		if (err != 0)
			return err;
		if (g->seen.count > 0 || g->told || g->later.count == 0 || g->counts.skipped > 0) {
			g->from = e;
			g->changed = true;
			return 0;
		}
		forget(g);
		waits = true;
	}
	g->waits = waits;
	return 0;
}

static int
judge_part(struct work *w, size_t i, struct verify_hold *hold)
{
	const struct share_part *p = &w->r.parts[i];
	struct given *g = &w->given[i];
	struct slice body = exchange_body(w->x);
	int err;

	if (!has_records(p))
		return p->fetch.error == 0 && w->s->renews && w->r.error == 0 ? take_from_aside(w, i, hold) : 0;
	g->changed = true;
	if (w->r.error != 0 || p->fetch.error != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "verify", "an answer to ShareFetch has records beside an error: they are held back",
			    LOG_I("partition", p->fetch.at.partition), LOG_I("error", w->r.error != 0 ? w->r.error : p->fetch.error));
		return 0;
	}
	if (p->first < 0)
		return 0; /* none of them is the member's */
	g->acquired = slice_of(body.p + p->acquired_at, p->acquired_len);
	err = judge_records(w, g, &p->fetch.at, p->fetch.records, p->first, NULL, hold);
	if (err == 0 && g->seen.count == 1 && !g->told && g->seen.bytes[0].n == p->fetch.records.n)
		g->changed = false; /* all of it */
	return err;
}

/* --- the whole answer ---------------------------------------------------------------------- */

static void
forget_all(struct work *w)
{
	for (size_t i = 0; w->given != NULL && i < w->r.count; i++)
		forget(&w->given[i]);
	free(w->given);
	w->given = NULL;
}

static int
judge_all(struct work *w, struct verify_hold *hold)
{
	int err = 0;

	forget_all(w);
	w->given = calloc(w->r.count > 0 ? w->r.count : 1, sizeof(*w->given));
	if (w->given == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < w->r.count && err == 0; i++)
		err = judge_part(w, i, hold);
	return err;
}

/* Something waits, and nothing is there that the client would go on with. */
static bool
is_nothing(const struct work *w)
{
	bool waits = false;

	for (size_t i = 0; i < w->r.count; i++) {
		const struct given *g = &w->given[i];

		if (w->r.parts[i].fetch.error != 0 || w->r.parts[i].acknowledged != 0 || g->seen.count > 0 || g->told || g->counts.skipped > 0)
			return false;
		waits = waits || g->waits || g->later.count > 0;
	}
	return waits;
}

/* Of the part's offsets those in the spans, and these of its records. */
static int
keep(struct work *w, const struct share_part *p, const struct given *g, enum aside_kind kind, const struct slice *bytes, size_t pieces,
     const struct share_span *spans, size_t count)
{
	struct monotime until = g->from != NULL ? g->from->until : verify_share_locks_until(w->x, &w->r);
	const char *cause = aside_off(w->aside) ? verify_share_locks_refused : NULL;
	struct wr cut = wr_new(SIZE_MAX / 2);
	int64_t lost;
	int err;

	share_fetch_cut(g->acquired, spans, count, &cut);
	lost = kind != ASIDE_STOPS ? share_fetch_count(wr_slice(&cut)) : 0; /* that has its line, and comes again */
	if ((err = wr_err(&cut)) == 0 && cause == NULL)
		err = aside_add(w->aside, &(struct aside_records){&p->fetch.at, kind, bytes, pieces, wr_slice(&cut), until, g->from},
				w->config->verify_fetch_max_bytes);
	wr_free(&cut);
	if (err == ERR_LIMIT) {
		cause = "more waits for this member than twice verify.fetch.max.bytes";
		err = 0;
	}
	if (err == 0 && cause != NULL)
		verify_share_locks_gone(w->x, lost, cause);
	return err;
}

/* It was aside, and is told of before its records are given: they stay as they are, and are judged again when they may be. */
static bool
stays(const struct given *g)
{
	return g->from != NULL && g->told && g->seen.count > 0;
}

/*
 * What of it comes later.  Between batches that wait are some that went out, or stopped: they stay there, acquired no more, since a window
 * may be judged by all of its records alone, and none is missing because it is elsewhere.
 */
static int
put_aside(struct work *w, const struct share_part *p, const struct given *g)
{
	int err = 0;

	if (stays(g))
		return 0;
	if (g->told && g->seen.count > 0)
		err = keep(w, p, g, ASIDE_PASSES, g->seen.bytes, g->seen.count, g->seen.spans, g->seen.count);
	if (err == 0 && g->refused && g->seen.count > 0)
		err = keep(w, p, g, ASIDE_STOPS, NULL, 0, &g->refused_span, 1);
	if (err == 0 && g->later.count > 0) {
		struct slice first = g->later.bytes[0], last = g->later.bytes[g->later.count - 1];
		struct slice all = slice_of(first.p, (size_t)(last.p + last.n - first.p));

		err = keep(w, p, g, ASIDE_WAITS, &all, 1, g->later.spans, g->later.count);
	}
	if (err == 0 && g->from != NULL)
		aside_drop(w->aside, g->from);
	return err;
}

/* Of what came just now, something that a statement vouches for: that statements are written. */
static bool
is_stated(const struct given *g)
{
	return g->from == NULL && g->seen.count > 0 &&
	       g->counts.of[VERDICT_VERIFIED] + g->counts.of[VERDICT_UNSIGNED] + g->counts.of[VERDICT_VERIFIED_CONTENT] > 0;
}

/* What an answer says of what is aside: there may be more to give; or nothing is, so that what is old goes for others. */
static void
see_room(struct work *w, bool gave, bool passes)
{
	if (passes)
		aside_passed(w->aside);
	if (gave)
		aside_gave(w->aside);
	else if (w->s->renews)
		verify_share_locks_gone(w->x, aside_make_room(w->aside, (size_t)w->config->verify_fetch_max_bytes), "they waited for long, and left no room for others: are they stated at all?");
}

static enum stage_verdict
deliver(struct work *w)
{
	struct share_edit *edits = calloc(w->r.count > 0 ? w->r.count : 1, sizeof(*edits));
	struct rope rope = {0};
	bool changed = false, passes = false, gave = false;
	int err = 0;

	if (edits == NULL)
		return STAGE_CLOSE;
	for (size_t i = 0; i < w->r.count; i++) {
		const struct given *g = &w->given[i];
		int16_t error = g->told ? VERIFY_STOPPED : w->r.parts[i].fetch.error;
		size_t n = g->told ? 0 : g->seen.count;

		edits[i] = (struct share_edit){{g->changed, error, g->seen.bytes, n}, g->acquired, g->seen.spans, n};
		changed = changed || g->changed;
		passes = passes || is_stated(g);
		gave = gave || g->from != NULL;
		if (!stays(g)) /* else it is counted then */
			verify_counts_tell(&g->counts);
	}
	if (changed)
		err = share_fetch_edit(exchange_frame(w->x), exchange_body_at(w->x), &w->r, edits, &rope);
	free(edits);
	for (size_t i = 0; i < w->r.count && err == 0; i++)
		err = put_aside(w, &w->r.parts[i], &w->given[i]);
	if (err != 0) {
		rope_clear(&rope);
		return STAGE_CLOSE;
	}
	see_room(w, gave, passes);
	if (!changed)
		return STAGE_PASS;
	exchange_replace(w->x, &rope);
	return STAGE_REPLACE;
}

/* Who renews asked for no records; a broker that gives them all the same could give any number. */
static bool
is_strange(const struct work *w)
{
	bool strange = false;

	for (size_t i = 0; i < w->r.count && w->s->renews; i++)
		strange = strange || has_records(&w->r.parts[i]);
	return strange;
}

static enum stage_verdict
know_topics(struct work *w)
{
	struct verify_unknown u = {.count = 0};

	for (size_t i = 0; i < w->r.count; i++)
		if (has_records(&w->r.parts[i]) || aside_next(w->aside, &w->r.parts[i].fetch.at, NULL) != NULL)
			verify_look_unknown(w->v, &u, &w->r.parts[i].fetch.at);
	return verify_look_wait(w->v, w->x, w->s, &u);
}

static enum stage_verdict
decide(struct work *w)
{
	enum stage_verdict verdict;
	int64_t left;

	if (w->r.error == 0 && (verdict = know_topics(w)) != STAGE_PASS)
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
	return deliver(w);
}

enum stage_verdict
verify_share_answer(struct verify *v, struct exchange *x, struct verify_state *s)
{
	struct work w = {.v = v, .x = x, .s = s, .aside = verify_session_of(v, x)->aside, .judge = exchange_reactor_state(x, &v->stage)};
	enum stage_verdict verdict;
	int err;

	verify_hold_end(v, s->hold); /* what it was held for came, or its time is over */
	s->hold = NULL;
	if ((err = share_fetch_response_read(exchange_version(x), exchange_body(x), &w.r)) != 0) {
		LOG_LIMITED(LOG_LEVEL_WARN, "verify", "an answer to ShareFetch can't be read, closing",
			    LOG_I("version", exchange_version(x)), LOG_S("cause", err_text(err)));
		return STAGE_CLOSE;
	}
	if (is_strange(&w)) {
		LOG_LIMITED(LOG_LEVEL_WARN, "verify", "an answer to a ShareFetch that only renewed locks has records, closing",
			    LOG_B("client", exchange_client_id(x)));
		share_fetch_response_free(&w.r);
		return STAGE_CLOSE;
	}
	if (!s->began)
		verify_share_locks_see(x, w.aside, &w.r, s->renews);
	s->began = true;
	verify_share_locks_expire(x, w.aside);
	w.config = verify_config(v);
	verdict = decide(&w);
	config_unref(w.config);
	forget_all(&w);
	share_fetch_response_free(&w.r);
	return verdict;
}
