/*
 * What is known of offsets from … to-1 of a partition is whole when, in each partition of the statement topics,
 *
 *        begin ├──── spans read for it, one touching the next ────┤ end
 *
 *   begin  the first record that was published, less a slack, when the last window that begins at or before `from` was
 *          opened, or that of a record's name: the data records aren't older; and no later than where the last few such
 *          windows are stated.  When the records claim to be much younger, from then on, if a window is found that
 *          proves it
 *   end    where the follower goes on; or so far that the statements there, CALM in a row, are younger than the
 *          youngest of the data records by more than pending_max (which is no end where that record claims to be older
 *          than a statement before it)
 *
 * Where no such window is known `begin` is the start of the topics; what came by in an earlier reading from there need
 * not be read again, for it is known whom it was about.
 * The times of data records are whatever a client wrote: statements of the same partition before and behind bound them.
 * Of statements those times count that are signed: anybody may publish one again, so that it says of the place where it
 * stands no more than that this was published later.
 *
 * What the index had no room for is read anew, once for each offset that is asked from: there is room then for what is next
 * there.  Lost again it ends the search, and what comes first is there: who asks for less has it whole.
 *
 * Or, short of all this, when every offset is listed and every name is stated, or passed over by its chain: a further
 * statement about the same offsets could then only be another hop's.
 */
#include "verify/ledger_internal.h"

enum {
	SLACK_MS = 10000, /* between the clocks of a client and of who published the statement */
	CLOSE_MS = 600000, /* less is read on rather than looked up */
	BEGIN_ROUND_MS = 10000, /* so that few times are looked up */
	BEGIN_BEHIND = 4,
	LOOK_BACK = 64,
	SEEKERS_MAX = TIMES_MAX / 4, /* for so many times are looked up, until it is others' turn: all that they need stay known */
};

/* --- what a want needs ---------------------------------------------------------------------- */

static bool
all_listed(const struct lpart *p, int64_t from, int64_t to)
{
	bool further = true;

	while (from < to && further) {
		further = false;
		for (size_t i = ledger_index_by_first(p, plus(from, -p->longest)); i < p->by_first.count; i++) {
			const struct entry *e = p->by_first.list[i];
			int64_t behind;

			if (e->first > from)
				break;
			while (e->body != NULL && ledger_body_is_complete(e->body) &&
			       (behind = runs_behind(&e->body->s.ranges, from)) > from) {
				from = behind;
				further = true;
			}
		}
	}
	return from >= to;
}

struct names {
	bool told;    /* each is stated, or a later one of its chain is */
	bool lost;    /* of one it isn't known, and never will be, for want of memory */
	uint64_t gen; /* in which those that aren't told were asked for */
	int64_t since_ms; /* the first that was opened of those last in their chains that aren't behind a named one; INT64_MAX: none */
};

static struct names
look_at_names(struct ledger *l, const struct want *w)
{
	struct names r = {.told = true, .since_ms = INT64_MAX};

	for (size_t n = 0; n < w->name_count; n++) {
		struct lchain *c = ledger_directory_find_chain(l, &w->names[n].chain);
		size_t at = c == NULL ? 0 : ledger_index_by_id(c, w->names[n].window_id);
		const struct entry *near = NULL;
		uint64_t gen;

		if (c != NULL && at < c->by_id.count && c->by_id.list[at]->window_id == w->names[n].window_id)
			near = c->by_id.list[at];
		else if (at > 0)
			near = c->by_id.list[at - 1];
		if (near != NULL && near->opened_ms < r.since_ms)
			r.since_ms = near->opened_ms;
		if (c != NULL && at < c->by_id.count)
			continue;
		r.told = false;
		gen = c == NULL ? 0 : ledger_lost_kept_since(l, w, c, w->names[n].window_id);
		if (gen > r.gen)
			r.gen = gen;
		r.lost = r.lost || (c != NULL && ledger_lost_name(c, w->names[n].window_id));
	}
	return r;
}

int64_t
ledger_plan_begin(const struct ledger *l, const struct want *w, const struct spart *sp)
{
	int64_t begin = sp->surveyed;

	if (l->directory_lost)
		return sp->low;
	for (size_t i = 0; i < w->part->seen.count; i++)
		if (w->part->seen.list[i].sp == sp && w->part->seen.list[i].offset < begin)
			begin = w->part->seen.list[i].offset;
	for (size_t n = 0; n < w->name_count; n++) {
		const struct lchain *c = ledger_directory_find_chain(l, &w->names[n].chain);

		for (size_t i = 0; c != NULL && i < c->seen.count; i++)
			if (c->seen.list[i].sp == sp && c->seen.list[i].offset < begin)
				begin = c->seen.list[i].offset;
	}
	return begin;
}

/* Where the last few windows before the records are stated: no clock told that.  INT64_MAX: they are of another partition. */
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
	return offset;
}

struct search {
	uint64_t gen;
	size_t before;     /* so many entries of the partition begin at or before `from`; 0: they are not looked at */
	int64_t begin_ms;  /* statements about the records aren't older */
	int64_t limit_ms;  /* nor younger */
	bool full;
};

/* Where it has to be read from; -1: that is not known.  *ret_exact: a better place could be looked up otherwise. */
static int64_t
begin_in(const struct ledger *l, const struct want *w, const struct search *s, struct spart *sp, bool *ret_exact)
{
	int64_t all = ledger_plan_begin(l, w, sp), begin, stated;
	bool done;

	if (all < sp->low)
		all = sp->low;
	*ret_exact = true;
	if (s->full || ledger_spans_at_end(l, sp, ledger_spans_walk(l, sp, all, s->gen, s->limit_ms, &done)))
		return all;
	begin = ledger_spans_at_time(l, sp, s->begin_ms, ret_exact);
	stated = begin_by_statements(w->part, sp, s->before);
	if (stated < begin)
		begin = stated;
	return begin < 0 ? -1 : begin < all ? all : begin;
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
	if (begin < 0 || !exact) {
		*ret_need_ms = *ret_need_ms == INT64_MIN ? s->begin_ms : *ret_need_ms;
	} else if (set_needs && x < (sp->following ? sp->follow_at : sp->high)) {
		ledger_need_at(sp, x, false);
		if (s->limit_ms < sp->calm_ms)
			sp->calm_ms = s->limit_ms;
	}
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

int64_t
ledger_plan_since(int64_t ms)
{
	ms = plus(ms, -SLACK_MS);
	return ms < 0 ? 0 : ms - ms % BEGIN_ROUND_MS;
}

/* The times between which statements about the records were published, as far as the records' own are to be believed. */
static void
bound(const struct ledger *l, const struct want *w, const struct entry *before, const struct entry *behind, struct search *s)
{
	s->begin_ms = w->min_ms;
	s->limit_ms = w->max_ms;
	if (before != NULL && before->opened_ms > plus(s->limit_ms, SLACK_MS))
		s->limit_ms = INT64_MAX; /* a clock that is behind: it tells no end */
	if (behind != NULL && behind->closed_ms < s->limit_ms)
		s->limit_ms = behind->closed_ms;
	s->limit_ms = plus(s->limit_ms, l->conf.pending_max_ms);
}

static bool
is_whole(struct ledger *l, struct want *w, bool set_needs, int64_t *ret_need_ms)
{
	struct lpart *p = w->part;
	size_t first_behind = ledger_index_by_first(p, w->to), last_before = ledger_index_by_first(p, plus(w->from, 1));
	const struct entry *before = last_before == 0 ? NULL : p->by_first.list[last_before - 1];
	const struct entry *behind = first_behind < p->by_first.count ? p->by_first.list[first_behind] : NULL;
	struct names names = look_at_names(l, w);
	int64_t since = before != NULL ? before->opened_ms : names.since_ms;
	bool is_known = since != INT64_MAX;
	struct search s = {0};

	w->lost = false;
	if (names.told && all_listed(p, w->from, w->to))
		return true;
	bound(l, w, before, behind, &s);
	if (ledger_straight(l, w, s.limit_ms, set_needs, ret_need_ms))
		return false;
	w->lost = ledger_lost_part(l, w) || names.lost;
	s.gen = names.gen > p->gen ? names.gen : p->gen;
	if (!is_known || plus(since, CLOSE_MS) < s.begin_ms) {
		/* What the records claim may lead to a window that is nearer: then it is believed. */
		s.begin_ms = ledger_plan_since(s.begin_ms);
		if (!read_in_all(l, w, &s, set_needs, ret_need_ms))
			return false;
		s.limit_ms = INT64_MAX;
	}
	s.before = last_before;
	s.begin_ms = ledger_plan_since(since);
	s.full = !is_known;
	if (read_in_all(l, w, &s, set_needs, ret_need_ms)) {
		if (w->lost)
			ledger_lost_again(l, w);
		return true;
	}
	if (s.full && !w->full)
		l->stats.full_reads++;
	w->full = w->full || s.full;
	return false;
}

bool
ledger_plan_ended(struct ledger *l, struct want *w, bool set_needs, int64_t *ret_need_ms)
{
	struct bodies b = ledger_need_bodies(l, w, set_needs);
	bool read = !b.lacking && !b.too_many && is_whole(l, w, set_needs, ret_need_ms) &&
		    ledger_links_named(l, w, set_needs, ret_need_ms) && ledger_links_read(l, w, set_needs, ret_need_ms);

	w->part->crowded = b.too_many;
	w->whole = read && !w->name_lost && !w->lost;
	return read || (b.too_many && !b.lacking);
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

		if (ledger_need_is_gone(next))
			continue;
		e = next;
		if (ledger_need_lacks_body(e))
			break;
		bytes += e->body == NULL ? 0 : e->body_bytes;
	}
	p->reads_ahead = !p->crowded && bytes < (p->reads_ahead ? high : low);
	if (!p->reads_ahead)
		return;
	if (e == NULL && p->by_first.count > 0)
		e = p->by_first.list[p->by_first.count - 1];
	if (e == NULL)
		return;
	if (ledger_need_lacks_body(e) && e->first >= p->last_to) {
		if (l->ahead_bytes + e->body_bytes <= l->body_max / 2)
			ledger_need_at(e->sp, e->offset, true);
		return;
	}
	x = ledger_spans_walk(l, e->sp, e->offset, p->gen, INT64_MAX, &done);
	if (!done && x < (e->sp->following ? e->sp->follow_at : e->sp->high))
		ledger_need_at(e->sp, x, false);
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
	sp->calm_ms = INT64_MAX;
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
	size_t searching = 0;
	int64_t ignored = INT64_MIN;

	*ret_ms = INT64_MIN;
	each_spart(l, begin_plan);
	ledger_need_share(l);
	LIST_EACH(&l->wants, link) {
		struct want *w = CONTAINER_OF(link, struct want, link);

		if (!w->searching)
			continue;
		l->seeks_times = searching < SEEKERS_MAX;
		if (ledger_plan_ended(l, w, true, l->seeks_times ? ret_ms : &ignored)) {
			w->searching = false;
			w->ended = true;
		} else {
			searching++;
			each_spart(l, take_needed);
		}
	}
	l->seeks_times = false;
	if (searching == 0)
		plan_ahead_all(l);
}

bool
ledger_plan_near(const struct lpart *p, int64_t first)
{
	return p->asked && !p->crowded && first >= p->last_from;
}
