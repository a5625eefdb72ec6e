/*
 * How windows hang on their chains.
 *
 *   statement topic:   … earlier one ├──── all of it read ────┤ the window's, which follows one that isn't there
 *
 * Statements of a chain are published in order, in one partition (docs/FORMAT.md, "Publication"): what the window follows
 * stood between those two, and whoever read all of that and didn't find it knows that it was taken away.  The earlier one may stand
 * there once more, later than it did, as anybody can publish it again: so all is read that came since its window was opened.
 * Where no earlier one is there, or nothing that is older, retention may have taken it, and where one is known that had no
 * room, doesn't count or stands elsewhere, nothing is said.
 */
#include "verify/ledger_internal.h"

enum {
	FORK_LOOK = 16,   /* statements for one chain and window */
	EARLIER_LOOK = 64 /* … of a chain, before a window */
};

/* What the window follows; 0: nothing, or its statement contradicts itself. */
static uint64_t
follows(const struct statement *s)
{
	bool agrees = s->empty_before < s->window_id && s->window_id - s->empty_before - 1 == s->previous_window;

	return agrees ? s->previous_window : 0;
}

static bool
is_fork(const struct entry *e)
{
	const struct entries *ids = &e->chain->by_id;
	size_t at = ledger_index_by_id(e->chain, e->window_id);

	for (size_t i = at; i < ids->count && i - at < FORK_LOOK && ids->list[i]->window_id == e->window_id; i++)
		if (ids->list[i]->trust == TRUST_SIGNED && memcmp(ids->list[i]->sha256, e->sha256, SHA256_LEN) != 0)
			return true;
	return false;
}

/* Something is stated under that id; *ret_other: and none of it is that. */
static bool
is_stated(const struct lchain *c, uint64_t window_id, const uint8_t sha256[SHA256_LEN], bool *ret_other)
{
	size_t at = ledger_index_by_id(c, window_id), i = at;
	bool same = false, signed_one = false;

	for (; i < c->by_id.count && i - at < FORK_LOOK && c->by_id.list[i]->window_id == window_id; i++) {
		same = same || memcmp(c->by_id.list[i]->sha256, sha256, SHA256_LEN) == 0;
		signed_one = signed_one || c->by_id.list[i]->trust == TRUST_SIGNED;
	}
	*ret_other = signed_one && !same;
	return i > at;
}

struct reach {
	bool known;  /* all that tells whether something is missing was read, or nothing can tell it */
	int64_t at;  /* else: read from here on, … */
	int64_t need_ms; /* … or, unless it is INT64_MIN, look this time up */
	const struct entry *from; /* an earlier window behind which it is missing; NULL: it isn't, as far as is known */
};

/* ledger_plan_begin() of the statement partition that was asked about last: it looks at each name of the want. */
struct begin {
	const struct spart *sp;
	int64_t at;
};

static int64_t
begin_of(const struct ledger *l, const struct want *w, const struct spart *sp, struct begin *b)
{
	if (b->sp != sp)
		*b = (struct begin){sp, ledger_plan_begin(l, w, sp)};
	return b->at;
}

/*
 * Of e, which follows a window that isn't there, and `before`, which is earlier in its chain.  What is known of times will do where
 * all is read from there on: of many windows each would need its own else, and there is room for few.
 */
static struct reach
reach_behind(const struct ledger *l, const struct want *w, const struct entry *e, const struct entry *before, uint64_t gen,
	     struct begin *b)
{
	struct spart *sp = e->sp;
	struct reach r = {.known = true, .need_ms = INT64_MIN};
	int64_t begin = begin_of(l, w, sp, b), since = 0, at = -1, x;
	bool done, exact = true, kept = sp->low == 0, told = true;

	if (before != NULL) {
		since = ledger_plan_since(before->opened_ms);
		at = ledger_spans_at_time(l, sp, since, &exact);
		at = before->first_at < at ? before->first_at : at;
		kept = kept || at > sp->low; /* something older is there: retention took nothing that came since */
		told = exact || kept || before->first_at <= sp->low || ledger_spans_none_older(sp, since);
	}
	begin = at > begin ? at : begin;
	begin = sp->low > begin ? sp->low : begin;
	x = ledger_spans_walk(l, sp, begin, gen, INT64_MAX, &done);
	if (!told || (!exact && x <= e->offset))
		return (struct reach){.need_ms = since};
	if (x <= e->offset)
		return (struct reach){.at = x, .need_ms = INT64_MIN};
	r.from = kept ? before : NULL;
	return r;
}

/*
 * The nearest of its chain that stood before it in the same log tells.  One that was only met behind it, so far, may be a copy that
 * anybody published: where it stood is known when all is read that came since it was opened.
 */
static struct reach
reach_of(struct ledger *l, const struct want *w, const struct entry *e, uint64_t missing, struct begin *b)
{
	struct lchain *c = e->chain;
	const struct entries *ids = &c->by_id;
	size_t at = ledger_index_by_id(c, missing);
	uint64_t gen = ledger_lost_kept_since(l, w, c, missing); /* what had no room may be read anew from now on */

	if (ledger_lost_name(c, missing) || ledger_untrusted_bars(c, missing) || e->offset < e->sp->low)
		return (struct reach){.known = true, .need_ms = INT64_MIN};
	for (size_t i = at; i > 0 && at - i < EARLIER_LOOK; i--) {
		const struct entry *x = ids->list[i - 1];
		struct reach r;

		if (x->sp != e->sp || x->offset < x->sp->low || x->first_at < x->sp->low)
			continue;
		r = reach_behind(l, w, e, x, gen, b);
		if (!r.known || x->first_at < e->offset)
			return r;
	}
	return reach_behind(l, w, e, NULL, gen, b);
}

static bool
counts(const struct want *w, const struct entry *e)
{
	return e->part == w->part && e->trust == TRUST_SIGNED && e->body != NULL;
}

struct ledger_link
ledger_links_of(struct ledger *l, const struct want *w, const struct entry *e)
{
	struct ledger_link k = {.is_fork = false};
	struct begin b = {NULL, 0};
	struct reach r;
	uint64_t before;

	if (!counts(w, e))
		return k;
	k.is_fork = is_fork(e);
	before = follows(&e->body->s);
	if (before == 0 || is_stated(e->chain, before, e->body->s.previous_statement, &k.is_broken) || !w->holes)
		return k;
	r = reach_of(l, w, e, before, &b);
	k.has_gap = r.known && r.from != NULL;
	k.gap_from = k.has_gap ? r.from->first : 0;
	return k;
}

bool
ledger_links_read(struct ledger *l, const struct want *w, bool set_needs, int64_t *ret_need_ms)
{
	const struct lpart *p = w->part;
	struct begin b = {NULL, 0};
	bool read = true, other;

	for (size_t i = ledger_index_by_first(p, plus(w->from, -p->longest)); w->holes && i < p->by_first.count; i++) {
		const struct entry *e = p->by_first.list[i];
		struct reach r;
		uint64_t before;

		if (e->first >= w->to)
			break;
		if (e->last < w->from || !counts(w, e) || (before = follows(&e->body->s)) == 0 ||
		    is_stated(e->chain, before, e->body->s.previous_statement, &other))
			continue;
		r = reach_of(l, w, e, before, &b);
		if (!r.known && r.need_ms != INT64_MIN)
			*ret_need_ms = *ret_need_ms == INT64_MIN ? r.need_ms : *ret_need_ms;
		else if (!r.known && set_needs)
			ledger_need_at(e->sp, r.at, false);
		read = read && r.known;
	}
	return read;
}

/* The statement says itself that its chain passes over that id. */
static bool
passes_over(const struct entry *e, uint64_t window_id)
{
	const struct statement *s = e->body == NULL ? NULL : &e->body->s;

	return s != NULL && s->empty_before < s->window_id && s->window_id - s->empty_before - 1 == s->previous_window &&
	       s->previous_window < window_id;
}

/*
 * All is read wherever the chain ever came by, but in that statement partition: what was met there first may be a copy,
 * which anybody who may write there can have put in front of the rest.
 */
static bool
read_elsewhere(struct ledger *l, const struct want *w, const struct lchain *c, const struct spart *but, bool set_needs, struct begin *b)
{
	bool read = true;

	for (size_t i = 0; i < c->seen.count; i++) {
		struct spart *sp = c->seen.list[i].sp;
		int64_t begin, x;
		bool done;

		if (sp == but)
			continue;
		begin = begin_of(l, w, sp, b);
		x = ledger_spans_walk(l, sp, begin > sp->low ? begin : sp->low, 0, INT64_MAX, &done);
		if (ledger_spans_at_end(l, sp, x))
			continue;
		if (set_needs && x < (sp->following ? sp->follow_at : sp->high))
			ledger_need_at(sp, x, false);
		read = false;
	}
	return read;
}

bool
ledger_links_named(struct ledger *l, const struct want *w, bool set_needs, int64_t *ret_need_ms)
{
	struct begin b = {NULL, 0}, elsewhere = {NULL, 0};
	const struct entry *before = NULL;
	bool read = true;

	for (size_t n = 0; n < w->name_count; n++) {
		uint64_t id = w->names[n].window_id;
		struct lchain *c = ledger_directory_find_chain(l, &w->names[n].chain);
		size_t at = c == NULL ? 0 : ledger_index_by_id(c, id);
		const struct entry *e = c == NULL || at == c->by_id.count ? NULL : c->by_id.list[at];
		struct reach r;

		if (e == NULL || e->window_id == id || passes_over(e, id))
			continue;
		if (before == NULL || before->chain != c || before->sp != e->sp) /* names of one chain mostly stand together */
			read = read_elsewhere(l, w, c, e->sp, set_needs, &elsewhere) && read;
		before = e;
		r = reach_of(l, w, e, id, &b);
		if (!r.known && r.need_ms != INT64_MIN)
			*ret_need_ms = *ret_need_ms == INT64_MIN ? r.need_ms : *ret_need_ms;
		else if (!r.known && set_needs)
			ledger_need_at(e->sp, r.at, false);
		read = read && r.known;
	}
	return read;
}
