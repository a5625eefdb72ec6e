/*
 *   windows of a chain     1 │     2, withheld      │ 3, which says that it follows 2
 *   records            ██████│                      │██████
 *                            └ no records, no statement: here it stops
 *
 * A statement alone that is gone leaves records that nobody attested, and records alone that are gone a window that
 * misses them.  Where both are gone the chain tells.
 */
#include "verify/judge_internal.h"

static const struct verdict_window *
home_window(const struct judge *j, size_t i)
{
	const struct verdict_window *w = &j->answer->windows[i]->w;

	return j->answer->links != NULL && judge_is_home(j, w) ? w : NULL;
}

static void
come_to(struct judge *j, size_t batch, int64_t offset, enum window_finding f, const char *why, const struct verdict_window *w)
{
	judge_told_come_to(&j->batches[batch], j->answer->whole ? JUDGE_STOP : JUDGE_WAIT, offset, f, VERDICT_COUNT, why, w);
}

/* A window that follows one which belongs between `from` and `to`; NULL: none does. */
static const struct verdict_window *
behind_gap(const struct judge *j, int64_t from, int64_t to)
{
	for (size_t i = 0; i < j->answer->count; i++) {
		const struct verdict_window *w = home_window(j, i);
		const struct ledger_link *k = &j->answer->links[i];

		if (w != NULL && k->has_gap && k->gap_from < to && w->statement->last_offset >= from)
			return w;
	}
	return NULL;
}

/* The first offset from `from` on that no window lists; to, or more: all before that are. */
static int64_t
first_unlisted(const struct judge *j, int64_t from, int64_t to)
{
	int64_t at = from, before;

	do {
		before = at;
		for (size_t i = 0; i < j->answer->count; i++) {
			const struct verdict_window *w = home_window(j, i);

			if (w != NULL)
				at = runs_behind(&w->statement->ranges, at);
		}
	} while (at > before && at < to);
	return at;
}

void
judge_links_begin(struct judge *j)
{
	j->has_gaps = false;
	for (size_t i = 0; i < j->answer->count; i++)
		j->has_gaps = j->has_gaps || (home_window(j, i) != NULL && j->answer->links[i].has_gap);
}

void
judge_links_hole(struct judge *j, size_t i, int64_t from, int64_t to)
{
	const struct verdict_window *w;

	if (from < j->c.fetch_offset)
		from = j->c.fetch_offset;
	if (from < j->c.log_start)
		from = j->c.log_start;
	if (from >= to || j->c.compacted || !j->has_gaps || (w = behind_gap(j, from, to)) == NULL ||
	    (from = first_unlisted(j, from, to)) >= to)
		return;
	j->batches[i].gaps++;
	come_to(j, i, from, WINDOW_GAP, "no record is here, and the statement that its chain's next window follows is not there", w);
}

/* The first offset that its fork or break stops at, if it is read; INT64_MAX: none. */
static int64_t
stops_at(const struct judge *j, size_t i)
{
	const struct verdict_window *w = home_window(j, i);
	int64_t at;

	if (w == NULL || (!j->answer->links[i].is_fork && !j->answer->links[i].is_broken))
		return INT64_MAX;
	at = judge_first_of(&w->statement->ranges, j->c.fetch_offset);
	return at < j->fed_to ? at : INT64_MAX;
}

/* The statements of a fork are told one by one, and counted once. */
static bool
is_counted(const struct judge *j, size_t i)
{
	const struct statement *s = j->answer->windows[i]->w.statement;

	for (size_t k = 0; k < i; k++) {
		const struct statement *x = j->answer->windows[k]->w.statement;

		if (x->window_id == s->window_id && chain_id_eq(&x->chain, &s->chain) && j->answer->links[k].is_fork &&
		    stops_at(j, k) != INT64_MAX)
			return true;
	}
	return false;
}

void
judge_links_windows(struct judge *j)
{
	for (size_t i = 0; i < j->answer->count; i++) {
		int64_t at = stops_at(j, i);
		const struct verdict_window *w;
		const struct ledger_link *k;
		size_t b;

		if (at == INT64_MAX)
			continue;
		w = &j->answer->windows[i]->w;
		k = &j->answer->links[i];
		b = judge_batch_of(j, at);
		j->batches[b].forks += k->is_fork && !is_counted(j, i);
		j->batches[b].breaks += k->is_broken;
		if (k->is_fork)
			come_to(j, b, at, WINDOW_FORK, "there is another statement for the same chain and window", w);
		else
			come_to(j, b, at, WINDOW_BREAK, "the statement before it isn't the one that it follows", w);
	}
}
