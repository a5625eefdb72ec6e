#include "attest/chain_retold.h"

#include "attest/chain_guess.h"
#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "base/log.h"

static bool
has_place(const struct placement *p)
{
	return p->life.state == MEMBER_SETTLED || p->life.state == MEMBER_STATED || p->life.state == MEMBER_FINAL;
}

/* The sealer has one of its windows: nothing of that changes any more. */
static bool
is_being_stated(const struct placement *p)
{
	for (size_t i = 0; i < p->span_count; i++)
		if (p->span[i].stated && p->span[i].window != NULL)
			return true;
	return false;
}

/* False: not now, the journal doesn't take it. */
static bool
reopen(struct chain *c, struct placement *p, struct chain_now now)
{
	if (!chain_journal_reopened(p))
		return false;
	p->open_at = p->told_before >= 0 ? p->open_at : now.mono; /* once: it isn't to be open without end */
	p->told_before = p->base_offset;
	p->retold = false;
	chain_guess_undo(c, p);
	return true;
}

static void
count(struct chain *c, int64_t records)
{
	metric_add(METRIC_RECORDS_UNRESOLVED, records);
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "records are listed where one answer told, and another told of another place",
		    LOG_S("topic", c->topic), LOG_I("partition", c->partition), LOG_I("records", records));
}

/* What no statement lists; what one does is counted as it stands.  False: not now. */
static bool
leave(struct chain *c, struct placement *p)
{
	int64_t listed = 0;

	if (p->life.state != MEMBER_SETTLED || p->elsewhere || is_being_stated(p) || !chain_journal_leaves(p))
		return false;
	for (size_t i = 0; i < p->span_count; i++)
		listed += p->span[i].stated ? p->span[i].count : 0;
	chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "two answers told two places of them, and nobody tells which is theirs");
	if (listed > 0)
		count(c, listed);
	return true;
}

void
chain_retold_note(struct chain *c, struct placement *p, int64_t base_offset, struct chain_now now)
{
	bool is_open = p->life.state == MEMBER_SETTLED && p->unstated == p->span_count && !p->elsewhere && !c->gone;
	bool may_settle = p->mode != HEADERS_NONE || c->shared->looks == NULL;

	if (!has_place(p) || base_offset == p->base_offset || (p->elsewhere && p->found_is_ours))
		return; /* or the log is asked already whether it is there */
	/* It was counted, or the log has decided between these. */
	if (base_offset == p->told_at || base_offset == p->told_before || (p->mode == HEADERS_NONE && p->told_before >= 0))
		return;
	if (is_open && may_settle && reopen(c, p, now))
		return;
	if (!c->gone && leave(c, p))
		return;
	p->retold = p->life.state == MEMBER_SETTLED && !c->gone && !is_being_stated(p);
	c->retold |= p->retold;
	if (p->told_before < 0 && !p->retold && p->elsewhere)
		p->owed = true; /* who reads the other topic's log tells first whether it stays */
	else if (p->told_before < 0 && !p->retold)
		count(c, p->count);
	p->told_before = base_offset;
}

void
chain_retold_stays(struct chain *c, struct placement *p)
{
	p->retold &= !p->found_is_ours;
	if (p->owed && !p->found_is_ours && !p->retold)
		count(c, p->count);
	p->owed = false;
}

bool
chain_retold_left(struct chain *c, struct window *w)
{
	if (!c->retold)
		return true;
	LIST_EACH(&w->spans, e) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

		if (p->retold && p->life.state == MEMBER_SETTLED && !leave(c, p))
			return false;
	}
	return true;
}

bool
chain_retold_disputed(const struct chain *c, const struct placement *p, int64_t base_offset)
{
	if (c->shared->looks == NULL || c->gone)
		return false;
	return p->told_before >= 0 || (p->told && p->told_at >= 0 && p->told_at != base_offset);
}

void
chain_retold_at(struct placement *p, int64_t base_offset)
{
	if (p->told && p->told_at >= 0 && p->told_at != base_offset && p->told_before < 0)
		p->told_before = p->told_at;
	p->told = true;
	p->told_at = base_offset;
}
