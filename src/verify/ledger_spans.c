/* Which offsets of a partition of the statement topics were read, in which generation, and where times begin in it. */
#include "verify/ledger_internal.h"

static void
drop_span(struct spart *sp, size_t at)
{
	memmove(&sp->spans[at], &sp->spans[at + 1], (sp->span_count - at - 1) * sizeof(sp->spans[0]));
	sp->span_count--;
}

static uint64_t
newer(const struct span *a)
{
	return a[0].gen > a[1].gen ? a[0].gen : a[1].gen;
}

/* Two that touch become one, of the older generation. */
static void
merge(struct spart *sp, size_t at)
{
	struct span *a = &sp->spans[at], *b = a + 1;

	b->lo = a->lo;
	if (a->hi > b->hi)
		b->hi = a->hi;
	if (a->until_ms > b->until_ms)
		b->until_ms = a->until_ms;
	if (a->gen < b->gen)
		b->gen = a->gen;
	if (a->used > b->used)
		b->used = a->used;
	drop_span(sp, at);
}

/* One less, and not the one that is being read: two that touch become one, those that are the oldest; else the one that nobody read on for the longest time goes. */
static void
make_room(struct spart *sp, const struct span *reading)
{
	size_t best = sp->span_count, oldest = sp->span_count;

	for (size_t i = 0; i < sp->span_count; i++) {
		const struct span *a = &sp->spans[i];

		if (a == reading)
			continue;
		if (oldest == sp->span_count || a->used < sp->spans[oldest].used)
			oldest = i;
		if (i + 1 == sp->span_count || a + 1 == reading || a->hi < a[1].lo)
			continue;
		if (best == sp->span_count || newer(a) < newer(&sp->spans[best]))
			best = i;
	}
	if (best < sp->span_count)
		merge(sp, best);
	else
		drop_span(sp, oldest);
}

/* What was read before, and is again, takes no room beside it.  Where it stands then. */
static size_t
drop_covered(struct spart *sp, size_t at)
{
	for (size_t i = sp->span_count; i-- > 0;) {
		struct span *s = &sp->spans[at], *old = &sp->spans[i];

		if (i == at || old->gen > s->gen || old->lo < s->lo || old->hi > s->hi)
			continue;
		if (old->until_ms > s->until_ms)
			s->until_ms = old->until_ms;
		drop_span(sp, i);
		at -= i < at;
	}
	return at;
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

/* The one that is read on; else a new one.  Where it stands; span_count: nothing was read. */
static size_t
span_of(struct spart *sp, int64_t from, int64_t to, uint64_t gen)
{
	size_t at = 0;

	for (size_t i = 0; i < sp->span_count; i++)
		if (sp->spans[i].gen == gen && sp->spans[i].lo <= from && sp->spans[i].hi >= from)
			return i;
	if (to <= from)
		return sp->span_count;
	while (at < sp->span_count && sp->spans[at].lo <= from)
		at++;
	memmove(&sp->spans[at + 1], &sp->spans[at], (sp->span_count - at) * sizeof(sp->spans[0]));
	sp->spans[at] = (struct span){.lo = from, .hi = from, .gen = gen, .until_ms = INT64_MIN};
	sp->span_count++;
	return at;
}

void
ledger_spans_read(struct spart *sp, int64_t from, int64_t to, uint64_t gen, int64_t until_ms)
{
	size_t at;

	survey(sp, from, to, gen);
	if ((at = span_of(sp, from, to, gen)) == sp->span_count)
		return;
	if (to > sp->spans[at].hi)
		sp->spans[at].hi = to;
	if (until_ms > sp->spans[at].until_ms)
		sp->spans[at].until_ms = until_ms;
	sp->spans[at].used = ++sp->span_uses;
	at = drop_covered(sp, at);
	if (sp->span_count > SPANS_MAX)
		make_room(sp, &sp->spans[at]);
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
ledger_spans_none_older(const struct spart *sp, int64_t ms)
{
	for (size_t i = 0; i < sp->time_count; i++)
		if (sp->times[i].ms >= ms && sp->times[i].offset <= sp->low)
			return true;
	return false;
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
