/*
 * What is known of offsets from … to-1 of a partition is whole when, in each partition of the statement topics,
 *
 *        begin ├──── spans read for it, one touching the next ────┤ end
 *
 *   begin  a little before: the fourth-last statement of this partition that begins at or before `from` and stands
 *          there, unless that is long before; else the first record published when the oldest of the data records was
 *          written, less a slack
 *   end    where the follower goes on; or so far that the statements there, CALM in a row, are younger than the
 *          youngest of the data records by more than pending_max (which is no end where that record claims to be older
 *          than a statement before it)
 *
 * and at least one statement that begins at or before `from` was found so, or one of a chain that a record names: it
 * proves that the clients' clocks led to the right place.  Without that proof `begin` is those four statements, however
 * old, and the start of the topics where there are none; what came by in an earlier reading from there need not be
 * read again, for it is known whom it was about.
 * The times of data records are whatever a client wrote: statements of the same partition before and behind bound them.
 *
 * Or, short of all this, when every offset is listed and every name is stated, or passed over by its chain: a further
 * statement about the same offsets could then only be another hop's.
 */
#include "verify/ledger_internal.h"

enum {
	SLACK_MS = 10000, /* between the clocks of a client and of who published the statement */
	CLOSE_MS = 600000, /* less is read on rather than looked up */
	BEGIN_BEHIND = 4,
	LOOK_BACK = 64,
	AHEAD_ASKED_MS = 5000, /* who asked so long ago may ask on */
};

/* --- what a want needs ---------------------------------------------------------------------- */

/* The run that the offset is in ends before *ret_end. */
static bool
run_at(const struct runs *r, int64_t offset, int64_t *ret_end)
{
	size_t lo = 0, hi = r->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->list[mid].first <= offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (lo == 0 || offset - r->list[lo - 1].first >= r->list[lo - 1].count)
		return false;
	*ret_end = r->list[lo - 1].first + r->list[lo - 1].count;
	return true;
}

static bool
all_listed(const struct lpart *p, int64_t from, int64_t to)
{
	bool further = true;

	while (from < to && further) {
		further = false;
		for (size_t i = ledger_index_by_first(p, plus(from, -p->longest)); i < p->by_first.count; i++) {
			const struct entry *e = p->by_first.list[i];

			if (e->first > from)
				break;
			while (e->body != NULL && e->last >= from && run_at(&e->body->s.ranges, from, &from))
				further = true;
		}
	}
	return from >= to;
}

static void
need(struct spart *sp, int64_t offset)
{
	if (!sp->taken && (sp->need < 0 || offset < sp->need))
		sp->need = offset;
}

bool
ledger_plan_is_gone(const struct entry *e)
{
	const struct spart *sp = e->sp;

	return e->body == NULL && e->offset < sp->low;
}

/* Entries that an answer takes and that have no body.  True: there are some. */
static bool
need_bodies(const struct ledger *l, const struct want *w, bool set_needs)
{
	bool some = false;

	for (size_t i = ledger_index_by_first(w->part, plus(w->from, -w->part->longest)); i < w->part->by_first.count; i++) {
		const struct entry *e = w->part->by_first.list[i];

		if (e->first >= w->to)
			break;
		if (e->last < w->from || e->body != NULL || ledger_plan_is_gone(e))
			continue;
		some = true;
		if (set_needs)
			need(e->sp, e->offset);
	}
	for (size_t n = 0; n < w->name_count; n++) {
		const struct lchain *c = ledger_index_find_chain(l, &w->names[n].chain);
		bool stated = false;

		for (size_t i = c == NULL ? 0 : ledger_index_by_id(c, w->names[n].window_id); c != NULL && i < c->by_id.count; i++) {
			const struct entry *e = c->by_id.list[i];

			/* Where it isn't stated, the next that is tells that it never was. */
			if (e->window_id != w->names[n].window_id && stated)
				break;
			if (ledger_plan_is_gone(e))
				continue;
			stated = true;
			if (e->body != NULL)
				continue;
			some = true;
			if (set_needs)
				need(e->sp, e->offset);
		}
	}
	return some;
}

struct names {
	bool told;    /* each is stated, or a later one of its chain is */
	uint64_t gen; /* in which those that aren't told were asked for */
	const struct entry *near; /* the last of a named chain that isn't behind the named one */
};

/* Since which generation all of the chain is kept; 0: it isn't. */
static uint64_t
kept_since(struct ledger *l, struct lchain *c, uint64_t window_id)
{
	uint64_t gen = c->asked ? c->gen : UINT64_MAX;

	if (window_id < c->known_from || window_id >= c->known_to) {
		/* What memory had no room for is looked for anew. */
		c->lost = ++l->gen;
		c->known_from = 0;
		c->known_to = UINT64_MAX;
	}
	if (c->part != NULL && c->part->asked && c->part->gen < gen)
		gen = c->part->gen;
	return gen == UINT64_MAX ? 0 : gen > c->lost ? gen : c->lost;
}

static struct names
look_at_names(struct ledger *l, const struct want *w)
{
	struct names r = {.told = true};

	for (size_t n = 0; n < w->name_count; n++) {
		struct lchain *c = ledger_index_find_chain(l, &w->names[n].chain);
		size_t at = c == NULL ? 0 : ledger_index_by_id(c, w->names[n].window_id);
		uint64_t gen;

		if (c != NULL && at < c->by_id.count && c->by_id.list[at]->window_id == w->names[n].window_id)
			r.near = c->by_id.list[at];
		else if (at > 0)
			r.near = c->by_id.list[at - 1];
		if (c != NULL && at < c->by_id.count)
			continue;
		r.told = false;
		gen = c == NULL ? 0 : kept_since(l, c, w->names[n].window_id);
		if (gen > r.gen)
			r.gen = gen;
	}
	return r;
}

static int64_t
begin_by_statements(const struct lpart *p, const struct spart *sp, size_t before)
{
	int64_t offset = INT64_MAX;
	size_t found = 0;

	for (size_t i = before; i > 0 && before - i < LOOK_BACK && found < BEGIN_BEHIND; i--) {
		const struct entry *e = p->by_first.list[i - 1];

		if (e->sp != sp)
			continue;
		found++;
		if (e->offset < offset)
			offset = e->offset;
	}
	return found == BEGIN_BEHIND ? offset : -1;
}

/* Nothing that it is about stands below. */
static int64_t
begin_of_all(const struct ledger *l, const struct want *w, const struct spart *sp)
{
	int64_t begin = sp->surveyed;

	if (l->directory_lost)
		return sp->low;
	for (size_t i = 0; i < w->part->seen.count; i++)
		if (w->part->seen.list[i].sp == sp && w->part->seen.list[i].offset < begin)
			begin = w->part->seen.list[i].offset;
	for (size_t n = 0; n < w->name_count; n++) {
		const struct lchain *c = ledger_index_find_chain(l, &w->names[n].chain);

		for (size_t i = 0; c != NULL && i < c->seen.count; i++)
			if (c->seen.list[i].sp == sp && c->seen.list[i].offset < begin)
				begin = c->seen.list[i].offset;
	}
	return begin;
}

struct search {
	uint64_t gen;
	size_t before;     /* so many entries of the partition begin at or before `from` */
	bool close;        /* the last of them is not much older than the records */
	int64_t begin_ms;  /* statements about the records aren't older */
	int64_t limit_ms;  /* nor younger */
	bool full;
};

/* Where it has to be read from; -1: that is not known.  *ret_exact: a better place could be looked up otherwise. */
static int64_t
begin_in(const struct ledger *l, const struct want *w, const struct search *s, const struct spart *sp, bool *ret_exact)
{
	int64_t all = begin_of_all(l, w, sp), stated = begin_by_statements(w->part, sp, s->before), begin;
	bool done;

	if (all < sp->low)
		all = sp->low;
	if (all < stated)
		all = stated;
	*ret_exact = true;
	if (s->full || (s->close && stated >= 0) || ledger_spans_at_end(l, sp, ledger_spans_walk(l, sp, all, s->gen, s->limit_ms, &done)))
		return all;
	begin = ledger_spans_at_time(sp, s->begin_ms, ret_exact);
	return begin < 0 ? -1 : begin < all ? all : begin;
}

/* That statement was found where the clocks led to. */
static bool
is_proof(const struct ledger *l, const struct want *w, const struct search *s, const struct entry *e)
{
	bool exact;
	int64_t begin = e == NULL ? -1 : begin_in(l, w, s, e->sp, &exact);

	return begin >= 0 && e->offset >= begin;
}

static bool
read_in(const struct ledger *l, const struct want *w, const struct search *s, struct spart *sp, bool set_needs,
	int64_t *ret_need_ms)
{
	bool done, exact;
	int64_t begin = begin_in(l, w, s, sp, &exact), x = 0;

	if (begin >= 0) {
		x = ledger_spans_walk(l, sp, begin, s->gen, s->limit_ms, &done);
		if (done)
			return true;
	}
	if (begin < 0 || !exact)
		*ret_need_ms = *ret_need_ms == INT64_MIN ? s->begin_ms : *ret_need_ms;
	else if (set_needs && x < (sp->following ? sp->follow_at : sp->high))
		need(sp, x);
	return false;
}

static bool
read_in_all(struct ledger *l, const struct want *w, const struct search *s, bool set_needs, int64_t *ret_need_ms)
{
	bool done = true;

	for (size_t t = 0; t < l->topic_count; t++) {
		done = done && l->stopics[t].count > 0;
		for (int32_t p = 0; p < l->stopics[t].count; p++)
			done = read_in(l, w, s, l->stopics[t].list[p], set_needs, ret_need_ms) && done;
	}
	return done;
}

bool
ledger_plan_whole(struct ledger *l, struct want *w, bool set_needs, int64_t *ret_need_ms)
{
	struct lpart *p = w->part;
	struct search s = {.before = ledger_index_by_first(p, plus(w->from, 1))};
	struct names names = look_at_names(l, w);
	const struct entry *before = s.before == 0 ? NULL : p->by_first.list[s.before - 1];
	size_t behind = ledger_index_by_first(p, w->to);

	if (need_bodies(l, w, set_needs))
		return false;
	if (names.told && all_listed(p, w->from, w->to))
		return true;
	if (w->from < p->known_from || w->to > p->known_to) {
		/* What memory had no room for is looked for anew. */
		p->gen = ++l->gen;
		p->known_from = INT64_MIN;
		p->known_to = INT64_MAX;
	}
	s.gen = names.gen > p->gen ? names.gen : p->gen;
	s.begin_ms = w->min_ms;
	s.limit_ms = w->max_ms;
	if (before != NULL && before->opened_ms > s.begin_ms)
		s.begin_ms = before->opened_ms;
	if (before != NULL && before->opened_ms > plus(s.limit_ms, SLACK_MS))
		s.limit_ms = INT64_MAX; /* a clock that is behind: it tells no end */
	if (behind < p->by_first.count && p->by_first.list[behind]->closed_ms < s.limit_ms)
		s.limit_ms = p->by_first.list[behind]->closed_ms;
	s.begin_ms = plus(s.begin_ms, -SLACK_MS);
	s.close = before != NULL && plus(before->closed_ms, CLOSE_MS) >= s.begin_ms;
	s.begin_ms = s.begin_ms < 0 ? 0 : s.begin_ms - s.begin_ms % LEDGER_EXACT_MS;
	s.limit_ms = plus(s.limit_ms, l->conf.pending_max_ms);
	if (!read_in_all(l, w, &s, set_needs, ret_need_ms))
		return false;
	if (is_proof(l, w, &s, before) || is_proof(l, w, &s, names.near))
		return true;
	s.full = true;
	s.limit_ms = INT64_MAX;
	if (read_in_all(l, w, &s, set_needs, ret_need_ms))
		return true;
	if (!w->full)
		l->stats.full_reads++;
	w->full = true;
	return false;
}

/* --- the plan ------------------------------------------------------------------------------ */

/*
 * The partition's next statements, behind what was asked for, are read before somebody asks: once less than `low`
 * bytes of them are there, until it is `high`, so that few places have to be read from.
 */
static void
plan_ahead(struct ledger *l, struct lpart *p, size_t low, size_t high)
{
	const struct entry *e = NULL;
	size_t bytes = 0;
	int64_t x;
	bool done;

	for (size_t i = ledger_index_by_first(p, p->last_to); i < p->by_first.count && bytes < high; i++) {
		const struct entry *next = p->by_first.list[i];

		if (ledger_plan_is_gone(next))
			continue;
		e = next;
		if (e->body == NULL)
			break;
		bytes += e->body_bytes;
	}
	p->reads_ahead = bytes < (p->reads_ahead ? high : low);
	if (!p->reads_ahead)
		return;
	if (e == NULL && p->by_first.count > 0)
		e = p->by_first.list[p->by_first.count - 1];
	if (e == NULL)
		return;
	if (e->body == NULL && e->first >= p->last_to) {
		if (l->ahead_bytes + e->body_bytes <= l->body_max / 2)
			need(e->sp, e->offset);
		return;
	}
	x = ledger_spans_walk(l, e->sp, e->offset, p->gen, INT64_MAX, &done);
	if (!done && x < (e->sp->following ? e->sp->follow_at : e->sp->high))
		need(e->sp, x);
}

static void
plan_ahead_all(struct ledger *l)
{
	int64_t after = ledger_now_ms() - AHEAD_ASKED_MS;
	size_t n = 0, each;

	LIST_EACH(&l->recent, link) {
		if (CONTAINER_OF(link, struct lpart, recent)->asked_ms < after)
			break;
		n++;
	}
	each = l->body_max / 4 / (n == 0 ? 1 : n);
	LIST_EACH(&l->recent, link) {
		struct lpart *p = CONTAINER_OF(link, struct lpart, recent);

		if (p->asked_ms < after || l->ahead_bytes > l->body_max / 2)
			break;
		plan_ahead(l, p, each / 4, each);
	}
}

static void
each_spart(struct ledger *l, void (*fn)(struct spart *sp))
{
	for (size_t t = 0; t < l->topic_count; t++)
		for (int32_t p = 0; p < l->stopics[t].count; p++)
			fn(l->stopics[t].list[p]);
}

static void
begin_plan(struct spart *sp)
{
	sp->need = -1;
	sp->taken = false;
}

/* What the one before needs there goes first. */
static void
take_needed(struct spart *sp)
{
	sp->taken = sp->need >= 0;
}

void
ledger_plan_all(struct ledger *l, int64_t *ret_ms)
{
	bool busy = false;

	*ret_ms = INT64_MIN;
	each_spart(l, begin_plan);
	LIST_EACH(&l->wants, link) {
		struct want *w = CONTAINER_OF(link, struct want, link);

		if (!w->searching)
			continue;
		if (ledger_plan_whole(l, w, true, ret_ms)) {
			w->searching = false;
			w->ended = true;
		} else {
			busy = true;
			each_spart(l, take_needed);
		}
	}
	if (!busy)
		plan_ahead_all(l);
}

bool
ledger_plan_wants(const struct ledger *l, const struct lpart *p, const struct chain_id *chain, uint64_t window_id,
		  int64_t first, int64_t last)
{
	LIST_EACH(&l->wants, link) {
		const struct want *w = CONTAINER_OF(link, struct want, link);

		if (p != NULL && w->part == p && first < w->to && last >= w->from)
			return true;
		for (size_t i = 0; i < w->name_count; i++)
			if (w->names[i].window_id == window_id && chain_id_eq(&w->names[i].chain, chain))
				return true;
	}
	return false;
}

bool
ledger_plan_near(const struct lpart *p, int64_t first)
{
	return p->asked && first >= p->last_from;
}
