/* Which offsets of a partition of the statement topics were read, in which generation, and where times begin in it. */
#include "verify/ledger_internal.h"

static void
drop_span(struct spart *sp, size_t at)
{
	memmove(&sp->spans[at], &sp->spans[at + 1], (sp->span_count - at - 1) * sizeof(sp->spans[0]));
	sp->span_count--;
}

/* One less: two that touch become one, of the older generation; else the one that is the lowest goes. */
static void
merge_spans(struct spart *sp)
{
	size_t best = sp->span_count;

	for (size_t i = 0; i + 1 < sp->span_count; i++) {
		const struct span *a = &sp->spans[i], *b = a + 1;

		if (a->hi >= b->lo && (best == sp->span_count || a->gen < sp->spans[best].gen))
			best = i;
	}
	if (best == sp->span_count) {
		drop_span(sp, 0);
		return;
	}
	sp->spans[best + 1].lo = sp->spans[best].lo;
	if (sp->spans[best].hi > sp->spans[best + 1].hi)
		sp->spans[best + 1].hi = sp->spans[best].hi;
	if (sp->spans[best].until_ms > sp->spans[best + 1].until_ms)
		sp->spans[best + 1].until_ms = sp->spans[best].until_ms;
	if (sp->spans[best].gen < sp->spans[best + 1].gen)
		sp->spans[best + 1].gen = sp->spans[best].gen;
	drop_span(sp, best);
}

/* Whatever a span was read for, whom those of its statements are about was noted that were by a known key then. */
static void
survey(struct spart *sp, int64_t from, int64_t to, uint64_t gen)
{
	int64_t before;

	if (from <= sp->surveyed && to > sp->surveyed && gen >= sp->surveyed_since)
		sp->surveyed = to;
	do {
		before = sp->surveyed;
		for (size_t i = 0; i < sp->span_count; i++)
			if (sp->spans[i].lo <= sp->surveyed && sp->spans[i].hi > sp->surveyed &&
			    sp->spans[i].gen >= sp->surveyed_since)
				sp->surveyed = sp->spans[i].hi;
	} while (sp->surveyed > before);
}

void
ledger_spans_read(struct spart *sp, int64_t from, int64_t to, uint64_t gen, int64_t until_ms)
{
	size_t at = 0;

	survey(sp, from, to, gen);
	for (size_t i = 0; i < sp->span_count; i++) {
		struct span *s = &sp->spans[i];

		if (s->gen == gen && s->lo <= from && s->hi >= from) {
			if (to > s->hi)
				s->hi = to;
			if (until_ms > s->until_ms)
				s->until_ms = until_ms;
			return;
		}
	}
	if (to <= from)
		return;
	while (at < sp->span_count && sp->spans[at].lo <= from)
		at++;
	memmove(&sp->spans[at + 1], &sp->spans[at], (sp->span_count - at) * sizeof(sp->spans[0]));
	sp->spans[at] = (struct span){from, to, gen, until_ms};
	if (++sp->span_count > SPANS_MAX)
		merge_spans(sp);
}

/* In place of the one that nobody used for the longest time. */
void
ledger_spans_time(struct spart *sp, int64_t ms, int64_t offset)
{
	struct time_fact *at = &sp->times[0];

	for (size_t i = 0; i < sp->time_count; i++) {
		if (sp->times[i].ms == ms) {
			at = &sp->times[i];
			break;
		}
		if (sp->times[i].used < at->used)
			at = &sp->times[i];
	}
	if (sp->time_count < TIMES_MAX && (sp->time_count == 0 || at->ms != ms))
		at = &sp->times[sp->time_count++];
	*at = (struct time_fact){ms, offset, ++sp->time_uses};
}

int64_t
ledger_spans_at_time(const struct ledger *l, struct spart *sp, int64_t ms, bool *ret_exact)
{
	struct time_fact *best = NULL;

	*ret_exact = false;
	for (size_t i = 0; i < sp->time_count; i++) {
		struct time_fact *t = &sp->times[i];

		if (t->ms > ms || (best != NULL && t->offset < best->offset))
			continue;
		best = t;
		if (ms - t->ms >= LEDGER_EXACT_MS)
			continue;
		*ret_exact = true;
		if (l->seeks_times)
			t->used = ++sp->time_uses;
	}
	return best == NULL ? -1 : best->offset;
}

bool
ledger_spans_at_end(const struct ledger *l, const struct spart *sp, int64_t x)
{
	return sp->following && x >= sp->follow_at && sp->follow_at >= sp->high && ledger_is_fresh(l);
}

int64_t
ledger_spans_walk(const struct ledger *l, const struct spart *sp, int64_t x, uint64_t gen, int64_t limit_ms, bool *ret_done)
{
	int64_t until = INT64_MIN;
	bool further = true;

	while (further) {
		int64_t from = x;

		for (size_t i = 0; i < sp->span_count; i++) {
			const struct span *s = &sp->spans[i];

			if (s->gen < gen || s->lo > x || s->hi < x)
				continue;
			if (s->until_ms > until)
				until = s->until_ms;
			x = s->hi;
		}
		further = x > from;
	}
	*ret_done = until > limit_ms || ledger_spans_at_end(l, sp, x);
	return x;
}
