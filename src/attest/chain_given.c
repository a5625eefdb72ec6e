#include "attest/chain_given.h"

#include "attest/chain_internal.h"
#include "attest/chain_journal.h"

typedef bool visit(struct chain *c, struct placement *p, void *arg); /* false: no further; p may leave */

/* One that spans windows is met in each. */
static void
each_settled(struct chain *c, visit *see, void *arg)
{
	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->life.state == MEMBER_SETTLED && !see(c, p, arg))
				return;
		}
	}
}

static bool
overlaps(const struct placement *p, int64_t first, int64_t count)
{
	return p->base_offset < first + count && first < p->base_offset + p->count;
}

void
chain_given_add(struct chain *c, const struct placement *p)
{
	if (covered_is(&c->given, p->base_offset, p->count) != COVERED_NOT)
		covered_add(&c->again, p->base_offset, p->count);
	covered_add(&c->given, p->base_offset, p->count);
}

/* --- two batches are settled there ---------------------------------------------------------- */

/* Was `p` told that it has an offset before `by` was?  One batch that was taken twice is left to its statement. */
static bool
is_overwritten(const struct placement *p, const struct placement *by)
{
	return p->settled < by->settled && overlaps(p, by->base_offset, by->count) && !placement_is_same(p, by);
}

static bool
is_sure(const struct chain *c, const struct placement *p)
{
	return !p->elsewhere && p->sure_ns <= c->sure_ns;
}

/* False: not yet, the journal doesn't take it. */
static bool
leave(struct chain *c, struct placement *p, const char *why)
{
	if (!chain_journal_leaves(p))
		return false;
	chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, why);
	return true;
}

static const char lost[] = "the log lost them: another batch has their offsets";

struct search {
	const struct placement *lost;
	const struct placement *by; /* that is sure; else any; NULL: none */
};

static bool
find_later(struct chain *c, struct placement *by, void *arg)
{
	struct search *s = arg;

	if (is_overwritten(s->lost, by))
		s->by = by;
	return s->by == NULL || !is_sure(c, s->by);
}

struct taking {
	const struct placement *by;
	bool is_done;
};

static bool
take_from(struct chain *c, struct placement *p, void *arg)
{
	struct taking *t = arg;

	if (is_overwritten(p, t->by))
		t->is_done = leave(c, p, lost);
	return t->is_done;
}

/* False: not yet, or it isn't known yet whether it has. */
static bool
has_left_or_stays(struct chain *c, struct placement *p)
{
	struct search s = {.lost = p};

	each_settled(c, find_later, &s);
	if (s.by == NULL)
		return true;
	if (is_sure(c, s.by))
		return leave(c, p, lost);
	if (!s.by->elsewhere)
		turns_at(c->shared->sures, &c->sure, (struct monotime){s.by->sure_ns});
	return false;
}

static bool
is_given_again(const struct chain *c, const struct placement *p)
{
	return covered_is(&c->again, p->base_offset, p->count) != COVERED_NOT;
}

bool
chain_given_apart(struct chain *c, struct window *w)
{
	if (c->again.count == 0 && c->again.floor == 0)
		return true;
	LIST_EACH(&w->spans, e) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

		if (is_given_again(c, p) && !has_left_or_stays(c, p))
			return false;
	}
	LIST_EACH(&w->spans, e) {
		struct taking t = {CONTAINER_OF(e, struct span, in_window)->placement, true};

		if (is_given_again(c, t.by))
			each_settled(c, take_from, &t); /* they are in other windows */
		if (!t.is_done)
			return false;
	}
	return true;
}

/* --- two answers that contradict each other ------------------------------------------------ */

/* The window that the record names in its headers; 0: it has none of ours. */
static uint64_t
named_window(const struct placement *p, int64_t i)
{
	size_t k = 0;

	if (p->mode == HEADERS_NONE)
		return 0;
	while (i >= p->span[k].count)
		i -= p->span[k++].count;
	return p->windows[k].window_id;
}

/* The leaf that is to be compared with one of a batch that knew that type.  What knew none has both. */
static const uint8_t *
leaf_beside(const struct member *m, enum chains_time time, enum chains_time other)
{
	return time == CHAINS_TIME_UNKNOWN && other == CHAINS_TIME_APPEND ? m->unbound : m->leaf;
}

bool
chain_given_is_alike(const struct placement *p, const struct member *members, int64_t base,
		     const struct placement *settled)
{
	int64_t end = base + p->count, at = base > settled->base_offset ? base : settled->base_offset;
	bool by_leaf = settled->time == p->time || settled->time == CHAINS_TIME_UNKNOWN || p->time == CHAINS_TIME_UNKNOWN;
	bool by_name = settled->mode != HEADERS_NONE && p->mode != HEADERS_NONE;

	if (settled->base_offset + settled->count < end)
		end = settled->base_offset + settled->count;
	if (settled->members == NULL || (!by_leaf && !by_name))
		return true;
	for (; at < end; at++) {
		int64_t i = at - base, k = at - settled->base_offset;

		if (named_window(settled, k) != named_window(p, i) ||
		    (by_leaf && memcmp(leaf_beside(&settled->members[k], settled->time, p->time),
				       leaf_beside(&members[i], p->time, settled->time), LEAF_LEN) != 0))
			return false;
	}
	return true;
}

struct dispute {
	const struct placement *p;
	int64_t base;
	struct placement *settled; /* the first that has a place of its */
};

static bool
find_settled(struct chain *c UNUSED, struct placement *p, void *arg)
{
	struct dispute *d = arg;

	/* What was found where another copy may stand is attest/chain_guess.h's. */
	if (p != d->p && (!p->elsewhere || p->found_is_ours) && overlaps(p, d->base, d->p->count) && !placement_is_same(p, d->p) &&
	    !(p->guessed && chain_given_is_alike(d->p, d->p->members, d->base, p)))
		d->settled = p;
	return d->settled == NULL;
}

bool
chain_given_disputed(struct chain *c, const struct placement *p, int64_t base_offset)
{
	struct dispute d = {.p = p, .base = base_offset};

	if (c->shared->looks == NULL || c->gone || covered_is(&c->given, base_offset, p->count) == COVERED_NOT)
		return false;
	each_settled(c, find_settled, &d);
	return d.settled != NULL;
}

bool
chain_given_before(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	return c->shared->looks != NULL && !c->gone && p->mode != HEADERS_NONE &&
	       (base_offset <= p->reach || covered_is(&c->given, base_offset, p->count) != COVERED_NOT);
}

void
chain_given_recall(struct chain *c)
{
	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->told && p->told_at >= 0 && placement_is_doubtful(p))
				p->disputed |= p->told_before >= 0 || chain_given_disputed(c, p, p->told_at);
			c->disputed |= p->disputed;
		}
	}
}

static bool
has_place_in(const struct placement *p, const struct window *w)
{
	LIST_EACH(&w->spans, e) {
		const struct placement *settled = CONTAINER_OF(e, struct span, in_window)->placement;

		if (settled->base_offset >= 0 && overlaps(settled, p->told_at, p->count))
			return true;
	}
	return false;
}

struct placement *
chain_given_dispute(struct chain *c, const struct window *of)
{
	bool any = false;

	if (!c->disputed)
		return NULL;
	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (!p->disputed || !placement_is_doubtful(p))
				continue;
			any = true;
			if (w == of || has_place_in(p, of))
				return p;
		}
	}
	c->disputed = any;
	return NULL;
}

bool
chain_given_drop(struct chain *c, struct placement *p)
{
	const char *why = p->told_before >= 0 ? "two answers told two places of them, and nobody tells which is theirs"
					      : "two batches were told to have the same offsets, and nobody tells which has them";
	struct dispute d = {.p = p, .base = p->told_at};

	if (c->sealing)
		return false; /* one of them may be listed in what the sealer has */
	each_settled(c, find_settled, &d);
	if (d.settled == NULL && p->told_before < 0)
		why = "another batch had that place, or one behind it, and nobody tells which is there";
	for (;;) {
		d.settled = NULL;
		each_settled(c, find_settled, &d);
		if (d.settled == NULL)
			break;
		if (!leave(c, d.settled, why))
			return false;
	}
	chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, why);
	return true;
}
