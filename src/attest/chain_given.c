#include "attest/chain_given.h"

#include "attest/chain_internal.h"
#include "attest/chain_journal.h"

typedef bool visit(struct chain *c, struct placement *p, void *arg); /* false: no further */

static void
each_settled(struct chain *c, visit *see, void *arg)
{
	LIST_EACH(&c->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->life.state == MEMBER_SETTLED && !p->elsewhere && p->unstated == p->span_count && !see(c, p, arg))
				return;
		}
	}
}

/* Was `p` told that it has an offset before `by` was?  One batch that was taken twice is left to its statement. */
static bool
is_overwritten(const struct placement *p, const struct placement *by)
{
	return p->settled < by->settled && p->base_offset < by->base_offset + by->count &&
	       by->base_offset < p->base_offset + p->count && !placement_is_same(p, by);
}

struct search {
	const struct placement *by;
	struct placement *lost;
};

static bool
find_lost(struct chain *c UNUSED, struct placement *p, void *arg)
{
	struct search *s = arg;

	if (is_overwritten(p, s->by))
		s->lost = p;
	return s->lost == NULL;
}

static bool
let_wait(struct chain *c UNUSED, struct placement *p, void *arg)
{
	const struct placement *by = arg;

	for (size_t i = 0; is_overwritten(p, by) && i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		if (w != NULL && w->sure_ns < by->sure_ns)
			w->sure_ns = by->sure_ns;
	}
	return true;
}

/* False: not yet, the journal doesn't take it. */
static bool
take_offsets(struct chain *c, const struct placement *by)
{
	struct search s = {.by = by};

	for (;;) {
		s.lost = NULL;
		each_settled(c, find_lost, &s);
		if (s.lost == NULL)
			return true;
		if (!chain_journal_leaves(s.lost))
			return false;
		chain_give_up(c, s.lost, METRIC_RECORDS_UNRESOLVED, "the log lost them: another batch has their offsets");
	}
}

struct waiting {
	struct placement *sure; /* whose turn it is */
	bool others;            /* some wait */
};

static bool
find_sure(struct chain *c, struct placement *p, void *arg)
{
	struct waiting *t = arg;

	if (p->again && p->sure_ns <= c->sure_ns)
		t->sure = p;
	t->others |= p->again;
	return t->sure == NULL;
}

void
chain_given_sure(struct chain *c)
{
	while (c->again) {
		struct waiting t = {.sure = NULL};

		each_settled(c, find_sure, &t);
		if (t.sure == NULL) {
			c->again = t.others;
			return;
		}
		if (!take_offsets(c, t.sure))
			return;
		t.sure->again = false;
	}
}

void
chain_given_add(struct chain *c, struct placement *p)
{
	bool before = covered_is(&c->given, p->base_offset, p->count) != COVERED_NOT;

	covered_add(&c->given, p->base_offset, p->count);
	if (!before)
		return;
	p->again = c->again = true;
	each_settled(c, let_wait, p);
	chain_given_sure(c);
}
