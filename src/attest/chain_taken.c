#include "attest/chain_taken.h"

#include "attest/window.h"

static int64_t
first_of(int64_t a, int64_t b)
{
	return a == 0 || (b != 0 && b < a) ? b : a;
}

/* Where the first settled batch that has one of the places ends; 0: none has. */
static int64_t
settled_until(const struct chain *c, const struct placement *of, int64_t base)
{
	int64_t first = 0;

	LIST_EACH(&c->windows, we) {
		const struct window *w = CONTAINER_OF(we, struct window, in_chain);

		LIST_EACH(&w->spans, e) {
			const struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;

			if (p != of && p->base_offset >= 0 && p->base_offset < base + of->count && base < p->base_offset + p->count)
				first = first_of(first, p->base_offset + p->count);
		}
	}
	return first;
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
chain_taken_until(const struct chain *c, const struct doubt *d, int64_t base_offset)
{
	const struct placement *p = d->placement;
	int64_t told = told_until(c, d, base_offset), until = told;

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
