#include "attest/chain_sure.h"

#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "attest/chain_retold.h"

/* Metadata reaches brokers within milliseconds of each other; where something looks wrong, much later is waited for. */
enum { LAG_MS = 250, LAG_BACK_MS = 2000, LOOK_AGAIN_MS = 1000 };

int64_t
chain_sure_from(const struct chain *c, bool back, struct chain_now now)
{
	if (c->shared->sures == NULL || !c->has_topic_id)
		return 0;
	return chain_after(now.mono, back ? LAG_BACK_MS : LAG_MS).ns;
}

bool
chain_sure_of(struct chain *c, const struct window *w)
{
	if (w->elsewhere > 0)
		return false; /* who reads the log tells */
	if (w->sure_ns <= c->sure_ns)
		return true;
	turns_at(c->shared->sures, &c->sure, (struct monotime){w->sure_ns});
	return false;
}

/* --- another topic has the name -------------------------------------------------------- */

static void
set_elsewhere(struct placement *p, bool elsewhere)
{
	p->elsewhere = elsewhere;
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		if (w != NULL && elsewhere)
			w->elsewhere++;
		else if (w != NULL)
			w->elsewhere--;
	}
}

/* False: not yet, the journal doesn't take it.  `why` NULL: they are in the other one. */
static bool
leave_out(struct chain *c, struct placement *p, const char *why)
{
	if (!chain_journal_leaves(p))
		return false;
	if (why == NULL)
		chain_give_up(c, p, METRIC_RECORDS_ANOTHER_TOPIC, "the topic was made again, and they are in the other one");
	else
		chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, why);
	return true;
}

static bool
is_stated(const struct placement *p)
{
	return p->unstated < p->span_count;
}

static void
doubt(struct chain *c, struct placement *p, bool found_is_ours, struct chain_now now)
{
	p->found_is_ours = found_is_ours;
	p->lost_at = now.mono;
	set_elsewhere(p, true);
	turns_now(c->shared->looks, &c->look);
}

/* What was settled since the name was last known to be ours: all of it, or what nobody told of for so long. */
static void
doubt_all(struct chain *c, int64_t settled_by_ns, struct chain_now now)
{
	LIST_EACH(&c->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		if (w->sure_ns <= c->sure_ns)
			continue;
		w->sure_ns = 0;
		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->life.state != MEMBER_SETTLED || p->elsewhere || p->sure_ns <= c->sure_ns || is_stated(p))
				continue;
			if (p->sure_ns <= settled_by_ns)
				doubt(c, p, false, now);
			else if (p->sure_ns > w->sure_ns)
				w->sure_ns = p->sure_ns;
		}
	}
}

/* The name is ours, and was another's when these were sent. */
static void
doubt_young(struct chain *c, struct chain_now now)
{
	LIST_EACH(&c->windows, we) {
		struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->young && p->life.state == MEMBER_SETTLED && !p->elsewhere && p->sure_ns > 0 &&
			    p->sure_ns <= c->sure_ns && !is_stated(p))
				doubt(c, p, true, now);
		}
	}
}

/* One that has it again, behind another, was told of by who is behind the others (the caller asks one after the other). */
static void
note_name(struct chain *c, enum chain_sure_seen seen)
{
	if (seen == CHAIN_SEEN_UNTOLD)
		return;
	c->gone |= seen != CHAIN_SEEN_OURS;
	c->lost = seen != CHAIN_SEEN_OURS && (c->lost || seen == CHAIN_SEEN_THIRD || (seen == CHAIN_SEEN_NOBODY && c->another));
	c->another = seen != CHAIN_SEEN_OURS && (c->another || seen != CHAIN_SEEN_NOBODY);
}

void
chain_sure_told(struct chain *c, const struct settings *set, enum chain_sure_seen seen, struct monotime asked,
		struct chain_now now)
{
	note_name(c, seen);
	if (seen == CHAIN_SEEN_UNTOLD) {
		doubt_all(c, now.mono.ns - set->outcome_wait_ms * 1000000, now);
	} else if (c->another) {
		doubt_all(c, INT64_MAX, now);
	} else {
		c->sure_ns = asked.ns > c->sure_ns ? asked.ns : c->sure_ns;
		doubt_young(c, now);
	}
	turns_now(c->shared->turns, &c->turn);
}

/*
 * In the log that was read, as far as that matters: in this topic's, where it was told to be; in another's anywhere, as who
 * reads that would take it for a copy of what a statement lists.
 */
static bool
is_there(const struct placement *p, const struct doubt *d)
{
	return p->found_is_ours ? doubt_is_there(d) : d->found;
}

/* Of a young one only its being there is certain. */
static bool
is_ours(const struct chain *c, const struct placement *p, const struct doubt *d, bool read)
{
	if (p->young || p->found_is_ours)
		return p->found_is_ours && is_there(p, d);
	return read && !d->past && !c->lost && !is_there(p, d);
}

/* Why it leaves; NULL: it is in the other one. */
static const char *
why_unresolved(const struct chain *c, const struct placement *p, const struct doubt *d, bool read)
{
	if (p->found_is_ours && d->found)
		return "the log has them elsewhere than where they were told to be";
	if (d->past && !d->found)
		return "the log has let go of their place before it told whose topic they are in";
	if (p->found_is_ours ? read : is_there(p, d) && c->gone)
		return NULL;
	return "nobody tells whether the topic was made again before them";
}

void
chain_sure_looked(struct chain *c, const struct settings *set, const struct doubt *d, bool read, struct chain_now now)
{
	struct placement *p = d->placement;
	/* As long as an outcome that is looked for may stay open (chain_seal.c). */
	bool overdue = c->shared->stopping || now.mono.ns >= chain_after(p->lost_at, 2 * set->outcome_wait_ms).ns;

	if (is_ours(c, p, d, read)) {
		set_elsewhere(p, false);
		p->sure_ns = 0;
		chain_retold_stays(c, p);
	} else if ((!is_there(p, d) && !read && !overdue) || !leave_out(c, p, why_unresolved(c, p, d, read))) {
		turns_at(c->shared->looks, &c->look, chain_after(now.mono, LOOK_AGAIN_MS));
	}
}
