/* The sealer's side of a chain: which window is complete, and what its publishing ends. */
#include "attest/chain_given.h"
#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "attest/chain_retold.h"
#include "attest/chain_sure.h"
#include "attest/outgoing.h"
#include "base/metrics.h"

/* Who reads the logs back may have many to read, and a batch waits so much longer for its turn. */
enum { TURN_MAX_MS = 10 * 60 * 1000, AGAIN_MS = 1000 };

/*
 * So long an outcome may stay open: as long as no further attempt was lost, and twice as long at most, however often its
 * client sends it.  Where the log is read back, that has the second half before it counts as failed; and it hasn't failed
 * before it was tried, nor before it was tried again behind a guess that was taken back (chain_guess.c).
 */
static struct monotime
waits_until(const struct chain *c, const struct placement *p, const struct settings *set)
{
	struct monotime half = chain_after(p->open_at, set->outcome_wait_ms), end = chain_after(half, set->outcome_wait_ms);
	struct monotime last = chain_after(p->lost_at, set->outcome_wait_ms);
	struct monotime since = p->returned_at.ns > half.ns ? p->returned_at : half;
	bool untried = (p->life.state == MEMBER_UNKNOWN || p->returned_at.ns > 0) && c->unread.ns < since.ns &&
		       p->hidden_at.ns < since.ns && p->looked_at.ns < since.ns;

	if (c->shared->looks == NULL)
		return last.ns < end.ns ? last : end;
	return untried ? chain_after(since, set->outcome_wait_ms + TURN_MAX_MS) : end;
}

/* Gives up what was waited for long enough; the rest tells until when to wait. */
static void
give_up_overdue(struct chain *c, struct window *w, const struct settings *set, struct chain_now now)
{
	LIST_EACH(&w->spans, e) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;
		struct monotime until = waits_until(c, p, set);

		if (!placement_is_doubtful(p) || p->disputed)
			continue;
		if ((c->shared->stopping && c->shared->looks == NULL) || now.mono.ns >= until.ns)
			chain_give_up(c, p, METRIC_RECORDS_UNRESOLVED, "their outcome is not known");
		else
			turns_at(c->shared->turns, &c->turn, until);
	}
}

/* Is it open still which of two batches, of this window or another, has a place that one of the window was told? */
static bool
is_disputed(struct chain *c, const struct window *w, const struct settings *set, struct chain_now now)
{
	struct placement *p;

	while ((p = chain_given_dispute(c, w)) != NULL) {
		struct monotime until = waits_until(c, p, set);

		if (now.mono.ns >= until.ns && chain_given_drop(c, p))
			continue;
		turns_at(c->shared->turns, &c->turn, now.mono.ns >= until.ns ? chain_after(now.mono, AGAIN_MS) : until);
		return true;
	}
	return false;
}

static bool
is_complete(struct chain *c, struct window *w, const struct settings *set, struct chain_now now)
{
	struct monotime until;

	if (!w->closed)
		return false;
	if (w->awaiting > 0)
		give_up_overdue(c, w, set, now);
	if (is_disputed(c, w, set, now) || w->awaiting > 0 || !chain_sure_of(c, w))
		return false;
	until = chain_after(w->closed_at, set->transaction_wait_ms);
	if (w->open_txns > 0 && !c->shared->stopping && now.mono.ns < until.ns) {
		turns_at(c->shared->turns, &c->turn, until);
		return false;
	}
	if (chain_retold_left(c, w) && chain_given_apart(c, w))
		return true;
	turns_at(c->shared->turns, &c->turn, chain_after(now.mono, AGAIN_MS));
	return false;
}

static void
remove_oldest(struct chain *c)
{
	window_free(CONTAINER_OF(list_pop(&c->windows), struct window, in_chain));
}

void
chain_state(struct chain *c, struct window *w)
{
	LIST_EACH(&w->spans, e) {
		struct span *s = CONTAINER_OF(e, struct span, in_window);
		struct placement *p = s->placement;

		s->stated = true;
		s->txn = p->txn;
		if (s->txn == PLACEMENT_TXN_OPEN)
			txns_ask(c->shared->txns, p);
		if (--p->unstated == 0)
			member_step(&p->life, MEMBER_STATE);
	}
	w->ended = c->head.ended.count < CHAIN_RUNS_MAX ? c->head.ended.count : CHAIN_RUNS_MAX;
}

static struct outgoing *
first_out(const struct chain *c)
{
	struct link *e = list_first(&c->outgoing);

	return e == NULL ? NULL : CONTAINER_OF(e, struct outgoing, link);
}

/* The statement to send next, which the sealer then has; or NULL. */
static struct outgoing *
take_out(struct chain *c)
{
	struct outgoing *o = first_out(c);

	if (o == NULL || c->sending || o->state == OUTGOING_LOOK)
		return NULL;
	c->sending = true;
	return o;
}

struct window *
chain_turn(struct chain *c, const struct settings *set, struct chain_now now, struct outgoing **ret_out)
{
	struct window *w;

	if (c->open != NULL) {
		struct monotime due = chain_after(c->open->opened_at, set->window_age_ms);

		if (c->shared->stopping)
			chain_close(c, CLOSE_SHUTDOWN, now);
		else if (now.mono.ns >= due.ns)
			chain_close(c, CLOSE_AGE, now);
		else
			turns_at(c->shared->turns, &c->turn, due);
	}
	if (ret_out != NULL)
		*ret_out = take_out(c);
	if (c->sealing)
		return NULL;
	while ((w = chain_oldest(c)) != NULL) {
		if (!is_complete(c, w, set, now))
			break;
		if (w->members > 0) {
			/* From here on nothing about its members changes, so the sealer reads them without the mutex. */
			chain_state(c, w);
			c->sealing = true;
			return w;
		}
		metric_add(METRIC_WINDOWS_EMPTY, 1);
		remove_oldest(c);
	}
	return NULL;
}

static void
forget_ended(struct head_runs *r, size_t n)
{
	INVARIANT(n <= r->count);
	memmove(r->run, r->run + n, (r->count - n) * sizeof(r->run[0]));
	r->count -= n;
}

void
chain_stated(struct chain *c, struct window *w, const uint8_t root[32], const uint8_t statement[32],
	     size_t ended_told, struct outgoing *out)
{
	struct head *h = &c->head;

	INVARIANT(c->sealing && w == chain_oldest(c));
	if (h->length == 0)
		h->first_window = w->id;
	h->length++;
	h->last_window = w->id;
	memcpy(h->last_root, root, 32);
	memcpy(h->last_statement, statement, 32);
	if (ended_told > 0)
		forget_ended(&h->ended, ended_told);
	LIST_EACH(&w->spans, e) {
		struct span *s = CONTAINER_OF(e, struct span, in_window);
		struct placement *p = s->placement;

		chain_backlog_add(c, -s->count, 0);
		if (--p->unfinished > 0)
			continue;
		chain_backlog_add(c, 0, -1);
		member_step(&p->life, MEMBER_FINISH);
		chain_journal_release(p);
		free(p->members);
		p->members = NULL;
	}
	if (out != NULL) {
		outgoing_settle(out, &c->shared->outgoing);
		list_append(&c->outgoing, &out->link);
	}
	remove_oldest(c);
	c->sealing = false;
	if (chain_oldest(c) != NULL || out != NULL)
		turns_now(c->shared->turns, &c->turn); /* waits may have ended meanwhile */
}

void
chain_published(struct chain *c, struct outgoing *out)
{
	INVARIANT(c->sending && out == first_out(c));
	chain_journal_published(c, out->window);
	list_remove(&c->outgoing, &out->link);
	outgoing_free(out);
	c->sending = false;
	out = first_out(c);
	if (out != NULL && out->state == OUTGOING_LOOK && c->shared->looks != NULL)
		turns_now(c->shared->looks, &c->look);
	else if (out != NULL)
		turns_now(c->shared->turns, &c->turn);
}
