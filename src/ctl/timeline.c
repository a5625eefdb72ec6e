#include "ctl/timeline.h"

void
timeline_clear(struct timeline *t)
{
	free(t->list);
	*t = (struct timeline){.max = t->max};
}

static uint32_t
sum(uint32_t a, uint32_t b)
{
	return a > UINT32_MAX - b ? UINT32_MAX : a + b;
}

void
timeline_join(struct piece *p, const struct piece *q)
{
	if (!p->stated) {
		p->stated = q->stated;
		p->chain = q->chain;
		p->window_id = q->window_id;
	}
	p->last = q->last > p->last ? q->last : p->last;
	p->from_ms = q->from_ms < p->from_ms ? q->from_ms : p->from_ms;
	p->until_ms = q->until_ms > p->until_ms ? q->until_ms : p->until_ms;
	p->windows = sum(p->windows, q->windows);
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		p->verdicts[i] = sum(p->verdicts[i], q->verdicts[i]);
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		p->findings[i] = sum(p->findings[i], q->findings[i]);
}

void
timeline_fit(struct timeline *t, size_t max)
{
	t->max = max < 1 ? 1 : max;
	while (t->count > t->max && t->shift < 63) {
		size_t keep = 0;

		t->shift++;
		for (size_t i = 1; i < t->count; i++) {
			if (t->list[keep].first >> t->shift == t->list[i].first >> t->shift)
				timeline_join(&t->list[keep], &t->list[i]);
			else
				t->list[++keep] = t->list[i];
		}
		t->count = keep + 1;
		t->current = NULL;
	}
}

/* The first piece that doesn't end before that offset's place begins. */
static size_t
place(const struct timeline *t, int64_t offset)
{
	size_t lo = 0, hi = t->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (t->list[mid].first >> t->shift < offset >> t->shift)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int
insert(struct timeline *t, size_t at, int64_t first, int64_t last)
{
	if (t->count == t->cap) {
		size_t cap = t->cap == 0 ? 16 : t->cap * 2;
		struct piece *more = reallocarray(t->list, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		t->list = more;
		t->cap = cap;
	}
	memmove(&t->list[at + 1], &t->list[at], (t->count - at) * sizeof(*t->list));
	t->list[at] = (struct piece){.first = first, .last = last, .from_ms = INT64_MAX, .until_ms = INT64_MIN};
	t->count++;
	t->current = NULL;
	return 0;
}

/* Records that no window lists share a piece while they follow each other. */
static bool
goes_on(const struct piece *p, int64_t offset)
{
	return !p->stated && offset > 0 && p->last == offset - 1;
}

static int
find(struct timeline *t, const struct verdict_window *w, int64_t first, int64_t last, struct piece **ret)
{
	size_t at = place(t, first);
	int err;

	if (w == NULL && at > 0 && goes_on(&t->list[at - 1], first)) {
		at--;
	} else if (at == t->count || t->list[at].first >> t->shift != first >> t->shift ||
		   (t->shift == 0 && w != NULL && !t->list[at].stated)) {
		if ((err = insert(t, at, first, last)) != 0)
			return err;
		if (t->count > t->max) {
			timeline_fit(t, t->max);
			at = place(t, first);
		}
	}
	*ret = &t->list[at];
	if ((*ret)->last < last)
		(*ret)->last = last;
	return 0;
}

static int
piece_of(struct timeline *t, const struct finding *f, struct piece **ret)
{
	const struct verdict_window *w = f->stated;
	const struct statement *s;
	struct piece *p;
	int err;

	/* A record may name a window that doesn't list its place: that one is not where it stands. */
	if (w == NULL || (f->about_record && (f->offset < w->statement->first_offset || f->offset > w->statement->last_offset)))
		return find(t, NULL, f->offset, f->offset, ret);
	if (w == t->current) {
		*ret = &t->list[t->at];
		return 0;
	}
	s = w->statement;
	if ((err = find(t, w, s->first_offset, s->last_offset, &p)) != 0)
		return err;
	if (!p->stated) {
		p->stated = true;
		p->chain = s->chain;
		p->window_id = s->window_id;
	}
	p->from_ms = s->opened_ms < p->from_ms ? s->opened_ms : p->from_ms;
	p->until_ms = s->closed_ms > p->until_ms ? s->closed_ms : p->until_ms;
	t->current = w;
	t->at = (size_t)(p - t->list);
	*ret = p;
	return 0;
}

int
timeline_add(struct timeline *t, const struct finding *f)
{
	struct piece *p;
	int err;

	if (f->stated == NULL && f->offset < 0)
		return 0; /* it has no place */
	if ((err = piece_of(t, f, &p)) != 0)
		return err;
	if (f->about_record) {
		p->verdicts[f->verdict] = sum(p->verdicts[f->verdict], 1);
		return 0;
	}
	p->findings[f->window] = sum(p->findings[f->window], 1);
	/* What became of a window's members is told in a row, of each window once. */
	if ((f->window == WINDOW_COMPLETE || f->offset >= 0) && f->stated != t->counted) {
		p->windows = sum(p->windows, 1);
		t->counted = f->stated;
	}
	return 0;
}

enum timeline_mark
timeline_mark(const struct piece *p)
{
	const uint32_t *v = p->verdicts, *f = p->findings;

	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (v[i] > 0 && verdict_is_violation((enum verdict)i))
			return MARK_VIOLATION;
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (f[i] > 0 && window_finding_is_violation((enum window_finding)i))
			return MARK_VIOLATION;
	if (v[VERDICT_PENDING] > 0 || v[VERDICT_UNATTESTED] > 0)
		return MARK_OPEN;
	if (f[WINDOW_RETENTION] > 0 || f[WINDOW_ABORTED] > 0 || f[WINDOW_COMPACTED] > 0)
		return MARK_GONE;
	if (v[VERDICT_UNSIGNED] > 0)
		return MARK_UNSIGNED;
	return v[VERDICT_VERIFIED] > 0 || v[VERDICT_VERIFIED_CONTENT] > 0 ? MARK_VERIFIED : MARK_NOTHING;
}

const char *
timeline_mark_name(enum timeline_mark m)
{
	static const char *const names[MARKS] = {"nothing read",		     "verified", "unsigned, accepted", "gone for a reason",
						 "pending or unattested", "violation"};

	return names[m];
}
