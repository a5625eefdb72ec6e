/*
 * The quick way to what is asked for first in a long topic.
 *
 *   begin ├──── SLACK_MS and more, for clocks that differ ────┤ at ── x ─►   the statements about records of that time
 *
 * A search has to read all from `begin` on.  But when the clocks agree what it looks for stands right behind `at`, so that
 * this is read before the rest, up to the first statement that proves it to be elsewhere, or to where it can't stand any
 * more.  Where the statement before it is known, `at` is there.  What is read so is read once: the search counts on it.
 */
#include "verify/ledger_internal.h"

enum { CLOSE_MS = 600000 }; /* behind a statement that is no older not much stands between it and the next */

/* Is there one of those statements that leaves nothing to find behind `at`: which is what is looked for, or stands behind it? */
static bool
is_passed(const struct ledger *l, const struct want *w, const struct spart *sp, int64_t at, int64_t x)
{
	const struct lpart *p = w->part;

	for (size_t i = ledger_index_by_first(p, plus(w->from, 1)); i < p->by_first.count; i++)
		if (p->by_first.list[i]->sp == sp)
			return p->by_first.list[i]->offset >= at && p->by_first.list[i]->offset < x;
	for (size_t n = 0; n < w->name_count; n++) {
		const struct lchain *c = ledger_directory_find_chain(l, &w->names[n].chain);

		if (c != NULL && ledger_index_by_id(c, w->names[n].window_id) < c->by_id.count)
			return true;
	}
	return false;
}

/* The same of one partition of a statement topic, from `at` on. */
static bool
straight_from(const struct ledger *l, const struct want *w, struct spart *sp, int64_t at, int64_t limit_ms, bool set_needs)
{
	int64_t begin = ledger_plan_begin(l, w, sp), x;
	bool done;

	if (at < begin)
		at = begin;
	x = ledger_spans_walk(l, sp, at, w->part->gen, limit_ms, &done);
	if (done || x >= (sp->following ? sp->follow_at : sp->high) || is_passed(l, w, sp, at, x))
		return false;
	if (set_needs) {
		ledger_need_at(sp, x, false);
		if (limit_ms < sp->calm_ms)
			sp->calm_ms = limit_ms;
	}
	return true;
}

static bool
straight_by_time(const struct ledger *l, const struct want *w, struct spart *sp, int64_t limit_ms, bool set_needs, int64_t *ret_need_ms)
{
	int64_t ms = w->min_ms < 0 ? 0 : w->min_ms - w->min_ms % LEDGER_EXACT_MS, at;
	bool exact;

	at = ledger_spans_at_time(l, sp, ms, &exact);
	if (exact)
		return straight_from(l, w, sp, at, limit_ms, set_needs);
	*ret_need_ms = *ret_need_ms == INT64_MIN ? ms : *ret_need_ms;
	return true;
}

bool
ledger_straight(const struct ledger *l, const struct want *w, int64_t limit_ms, bool set_needs, int64_t *ret_need_ms)
{
	size_t n = ledger_index_by_first(w->part, plus(w->from, 1));
	const struct entry *before = n == 0 ? NULL : w->part->by_first.list[n - 1];
	bool some = false;

	if (before != NULL && plus(before->closed_ms, CLOSE_MS) >= w->min_ms)
		return straight_from(l, w, before->sp, before->offset, limit_ms, set_needs);
	for (size_t t = 0; t < l->topic_count; t++)
		for (int32_t p = 0; p < l->stopics[t].count; p++)
			some = straight_by_time(l, w, l->stopics[t].list[p], limit_ms, set_needs, ret_need_ms) || some;
	return some;
}
