#include "attest/chain_guess.h"

#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "base/log.h"

static void
note_vague(struct chain *c, int64_t end)
{
	if (end > c->vague)
		c->vague = end;
}

void
chain_guess_note(struct chain *c, struct placement *p, int64_t base_offset, bool again)
{
	if (p->mode != HEADERS_NONE)
		return;
	p->guessed = true;
	covered_add(&c->guessed, base_offset, p->count);
	if (again || p->txn != PLACEMENT_NO_TXN)
		note_vague(c, base_offset + p->count);
}

void
chain_guess_recall(struct chain *c)
{
	const struct covered *from = &c->covered;

	c->guessed.floor = from->floor;
	for (size_t i = 0; i < from->count; i++)
		covered_add(&c->guessed, from->run[i].first, from->run[i].end - from->run[i].first);
	note_vague(c, from->count > 0 ? from->run[from->count - 1].end : from->floor);
}

void
chain_guess_undo(struct chain *c, struct placement *p)
{
	int64_t base_offset = p->base_offset;

	member_step(&p->life, MEMBER_TAKE_BACK);
	if (p->guessed)
		covered_add(&c->freed, base_offset, p->count);
	p->guessed = p->unwritten = false;
	p->looked_at.ns = 0;
	p->base_offset = p->append_ms = -1;
	p->settled = 0;
	txns_stored(c->shared->txns, p, false);
	p->sure_ns = 0;
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		if (w == NULL)
			continue; /* published by an earlier run */
		w->members -= p->span[i].count;
		w->awaiting++;
	}
	chain_forget_offset(c, base_offset + p->count - 1, p->reach);
}

bool
chain_guess_is_open(const struct placement *p)
{
	return p->guessed && !p->claimed && p->life.state == MEMBER_SETTLED && !p->elsewhere && p->unstated == p->span_count;
}

/*
 * It is looked for once more, however long it was open; but other copies may come without end, and be found in its stead
 * each time: when its time is over (chain_seal.c), the second was the last.
 */
static void
open_anew(struct placement *p, const struct settings *set, struct chain_now now)
{
	bool first = p->returned_at.ns == 0, over;

	if (p->open_at.ns == 0)
		p->open_at = now.mono; /* an earlier run's */
	over = now.mono.ns >= chain_after(p->open_at, 2 * set->outcome_wait_ms).ns;
	p->lost_at = now.mono;
	p->returned_at = first ? now.mono : p->returned_at;
	p->looked_at.ns = !first && over ? now.mono.ns : 0;
}

/* False: not yet, the journal doesn't take it: behind a crash it would be in two places. */
static bool
take_back(struct chain *c, const struct settings *set, struct placement *p, struct chain_now now)
{
	if (!chain_journal_reopened(p))
		return false;
	chain_guess_undo(c, p);
	open_anew(p, set, now);
	turns_now(c->shared->turns, &c->turn); /* to see how long it may stay so */
	chain_look_later(c, p, set);
	return true;
}

/* So many of the offsets are guessed, and no answer told it better. */
static int64_t
standing(const struct chain *c, int64_t first, int64_t count)
{
	int64_t n = covered_count(&c->guessed, first, count);

	return c->freed.floor > first ? n : n - covered_count(&c->freed, first, count);
}

static int64_t
overlap(const struct placement *p, int64_t first, int64_t count)
{
	int64_t from = p->base_offset > first ? p->base_offset : first;
	int64_t end = p->base_offset + p->count < first + count ? p->base_offset + p->count : first + count;

	return end > from ? end - from : 0;
}

/* So many of the offsets are held by guesses that can be taken back; `now`: they are. */
static int64_t
held(struct chain *c, const struct settings *set, int64_t first, int64_t count, const struct chain_now *now)
{
	int64_t n = 0;

	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct span *s = CONTAINER_OF(e, struct span, in_window);
			int64_t some = chain_guess_is_open(s->placement) ? overlap(s->placement, first, count) : 0;

			if (s == &s->placement->span[0] && some > 0 && (now == NULL || take_back(c, set, s->placement, *now)))
				n += some;
		}
	}
	return n;
}

bool
chain_guess_claim(struct chain *c, int64_t first, int64_t count)
{
	bool is_taken = true;

	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->claimed || !p->guessed || overlap(p, first, count) == 0)
				continue;
			p->claimed = true;
			is_taken &= chain_journal_told(p);
		}
	}
	return is_taken;
}

bool
chain_guess_yields(struct chain *c, const struct settings *set, struct placement *p, int64_t base_offset, bool is_sure,
		   struct chain_now now)
{
	int64_t n;

	/* One that has an offset anew is placed behind that, which its reach tells. */
	if (p->mode != HEADERS_NONE || base_offset <= p->reach || (n = standing(c, base_offset, p->count)) == 0)
		return true;
	if (is_sure && held(c, set, base_offset, p->count, NULL) == n && held(c, set, base_offset, p->count, &now) == n)
		return true;
	n = standing(c, base_offset, p->count); /* the journal may have taken some */
	/* All of it is listed, and like this one; else somebody's records are in no window. */
	p->copied = n == p->count && c->guessed.floor <= base_offset && c->vague <= base_offset &&
		    p->txn == PLACEMENT_NO_TXN && chain_guess_claim(c, base_offset, p->count);
	p->contested = !p->copied;
	(void)chain_journal_told(p);
	return false;
}

void
chain_guess_missed(struct chain *c, const struct settings *set, struct placement *p, int64_t base_offset, bool is_sure,
		   struct chain_now now)
{
	/* An offset that was given before is no sign of another copy. */
	if (chain_guess_is_open(p) && is_sure && base_offset > p->reach && take_back(c, set, p, now))
		return;
	p->guessed = false; /* it is counted once */
	p->told_before = base_offset;
	if (covered_count(&c->covered, base_offset, p->count) == p->count)
		return;
	metric_add(METRIC_RECORDS_UNRESOLVED, p->count);
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "records are listed where another copy of them stands, and not where they do",
		    LOG_S("topic", c->topic), LOG_I("partition", c->partition), LOG_I("records", p->count));
}
