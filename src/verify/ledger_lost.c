/*
 * What was given up for want of memory, and is asked for: it is looked for anew when there may be room for it, and else the
 * search ends without it.
 */
#include "verify/ledger_internal.h"

/* The lowest offset of p that w asks for, or who else waits; INT64_MAX: none is. */
static int64_t
asked_from(const struct ledger *l, const struct want *w, const struct lpart *p)
{
	int64_t from = w->part == p ? w->from : INT64_MAX;

	LIST_EACH(&l->wants, link) {
		const struct want *other = CONTAINER_OF(link, struct want, link);

		if (other->part == p && other->from < from)
			from = other->from;
	}
	return from;
}

/*
 * What memory had no room for is looked for anew when somebody asks from elsewhere on: there may be room for it then.  Else it
 * would be lost again; after a while others may need less.
 */
static bool
is_anew(const struct ledger *l, const struct want *w, struct anew *a, const struct lpart *p)
{
	int64_t from = asked_from(l, w, p);

	if (from == a->asked_from && ledger_now_ms() < a->retry_ms)
		return false;
	*a = (struct anew){from, INT64_MAX};
	return true;
}

bool
ledger_lost_name(const struct lchain *c, uint64_t window_id)
{
	return window_id < c->known_from || window_id >= c->known_to;
}

uint64_t
ledger_lost_kept_since(struct ledger *l, const struct want *w, struct lchain *c, uint64_t window_id)
{
	uint64_t gen = c->asked ? c->gen : UINT64_MAX;

	if (ledger_lost_name(c, window_id) && (is_anew(l, w, &c->anew, c->part) || window_id > c->anew_to)) {
		c->anew_gen = ++l->gen;
		c->anew_to = window_id;
		c->known_from = 0;
		c->known_to = UINT64_MAX;
	}
	if (c->part != NULL && c->part->asked && c->part->gen < gen)
		gen = c->part->gen;
	return gen == UINT64_MAX ? 0 : gen > c->anew_gen ? gen : c->anew_gen;
}

bool
ledger_lost_part(struct ledger *l, const struct want *w)
{
	struct lpart *p = w->part;

	if (w->from >= p->known_from && w->to <= p->known_to)
		return false;
	if (!is_anew(l, w, &p->anew, p))
		return true;
	p->gen = ++l->gen;
	p->known_from = INT64_MIN;
	p->known_to = INT64_MAX;
	return false;
}

void
ledger_lost_again(const struct ledger *l, const struct want *w)
{
	int64_t retry_ms = ledger_now_ms() + LEDGER_WAIT_MAX_MS;

	if (w->part->anew.retry_ms == INT64_MAX)
		w->part->anew.retry_ms = retry_ms;
	for (size_t n = 0; n < w->name_count; n++) {
		struct lchain *c = ledger_directory_find_chain(l, &w->names[n].chain);

		if (c != NULL && c->anew.retry_ms == INT64_MAX)
			c->anew.retry_ms = retry_ms;
	}
}
