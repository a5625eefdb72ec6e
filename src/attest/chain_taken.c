#include "attest/chain_taken.h"

#include "attest/window.h"

static int64_t
first_of(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

static bool
has_place(const struct placement *p, const struct placement *of, int64_t base)
{
	return p != of && p->base_offset >= 0 && p->base_offset < base + of->count && base < p->base_offset + p->count;
}

static bool
is_in_a_window(const struct placement *p)
{
	for (size_t i = 0; i < p->span_count; i++)
		if (p->span[i].window != NULL)
			return true;
	return false;
}

static int
by_first(const void *a, const void *b)
{
	const struct taken_place *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

static size_t
count_spans(const struct chain *c)
{
	size_t n = 0;

	LIST_EACH(&c->windows, we)
		n += CONTAINER_OF(we, struct window, in_chain)->spans.count;
	return n;
}

/* Without memory each window is asked, each time. */
static void
begin(struct chain *c)
{
	struct taken *t = calloc(1, sizeof(*t) + count_spans(c) * sizeof(t->place[0]));

	if (t == NULL)
		return;
	LIST_EACH(&c->windows, we) {
		LIST_EACH(&CONTAINER_OF(we, struct window, in_chain)->spans, e) {
			struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p->base_offset < 0)
				continue;
			placement_ref(p);
			t->place[t->count++] = (struct taken_place){p->base_offset, p->base_offset + p->count, p};
		}
	}
	qsort(t->place, t->count, sizeof(t->place[0]), by_first);
	for (size_t i = 1; i < t->count; i++)
		if (t->place[i].reach < t->place[i - 1].reach)
			t->place[i].reach = t->place[i - 1].reach;
	c->taken = t;
}

void
chain_taken_end(struct chain *c)
{
	struct taken *t = c->taken;

	for (size_t i = 0; t != NULL && i < t->count; i++)
		placement_unref(t->place[i].placement);
	free(t);
	c->taken = NULL;
}

/* The first that ends behind the offset, or has others before it that do. */
static size_t
first_behind(const struct taken *t, int64_t offset)
{
	size_t low = 0, high = t->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (t->place[mid].reach <= offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* What has left its windows since, or its place, has it no more. */
static void
each_listed(struct taken *t, const struct placement *of, int64_t base, taken_visit *see, void *arg)
{
	for (size_t i = first_behind(t, base); i < t->count && t->place[i].first < base + of->count; i++) {
		const struct placement *p = t->place[i].placement;

		t->steps++;
		if (p->base_offset == t->place[i].first && is_in_a_window(p) && has_place(p, of, base) && !see(p, arg))
			return;
	}
}

void
chain_taken_each(const struct chain *c, const struct placement *of, int64_t base, taken_visit *see, void *arg)
{
	if (c->taken != NULL) {
		each_listed(c->taken, of, base, see, arg);
		return;
	}
	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			const struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (has_place(p, of, base) && !see(p, arg))
				return;
		}
	}
}

struct until {
	bool listed; /* in ascending order: what begins behind an end ends behind it */
	int64_t first;
};

static bool
note_end(const struct placement *p, void *arg)
{
	struct until *u = arg;

	if (u->listed && u->first != 0 && p->base_offset >= u->first)
		return false;
	u->first = first_of(u->first, p->base_offset + p->count);
	return true;
}

/* Where the first settled batch that has one of the places ends; 0: none has. */
static int64_t
settled_until(const struct chain *c, const struct placement *of, int64_t base)
{
	struct until u = {.listed = c->taken != NULL};

	chain_taken_each(c, of, base, note_end, &u);
	return u.first;
}

/*
 * Records that name windows may be these windows' members, or copies of those without headers of their own.  Where an
 * answer or the log told of a batch they are.
 */
static int64_t
told_until(const struct chain *c, const struct doubt *d, int64_t base)
{
	return d->named && !d->elsewhere ? covered_until(&c->given, base, d->placement->count) : 0;
}

int64_t
chain_taken_until(struct chain *c, const struct doubt *d, int64_t base_offset)
{
	const struct placement *p = d->placement;
	int64_t told = told_until(c, d, base_offset), until = told;

	if (c->taken == NULL)
		begin(c);
	if (told == 0 && !chain_is_taken(c, d, base_offset))
		return 0;
	until = first_of(until, settled_until(c, p, base_offset));
	if (p->mode == HEADERS_NONE)
		until = first_of(until, covered_until(&c->covered, base_offset, p->count));
	return until > 0 ? until : base_offset + 1;
}

void
chain_taken_meanwhile(const struct chain *c, struct doubt *doubts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct doubt *d = &doubts[i];

		if (!d->found || told_until(c, d, d->base_offset) == 0)
			continue;
		d->found = false;
		d->last = false;
	}
}
