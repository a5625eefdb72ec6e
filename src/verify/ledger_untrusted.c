/*
 * Windows whose statement doesn't count, or can't be read.  Anybody may have written it, and as many as he likes: so
 * there is a fixed room for their names, in which a later one may take an earlier one's place, and they only tell why
 * a window is not stated.  No search goes otherwise for them.
 *
 * What a key signed that the policy knows, nobody else wrote: those are remembered for each chain, as runs of ids.  When
 * there are more runs than have room the two that are nearest become one, and what is between is taken for barred.
 */
#include "verify/ledger_internal.h"

static struct ledger_name *
place_of(struct ledger *l, const struct chain_id *chain, uint64_t window_id)
{
	uint64_t h;

	memcpy(&h, chain->b, sizeof(h)); /* of a SHA-256 */
	return &l->untrusted[(h + window_id) % ARRAY_LEN(l->untrusted)];
}

void
ledger_untrusted_note(struct ledger *l, const struct chain_id *chain, uint64_t window_id)
{
	*place_of(l, chain, window_id) = (struct ledger_name){*chain, window_id};
}

bool
ledger_untrusted_has(struct ledger *l, const struct chain_id *chain, uint64_t window_id)
{
	const struct ledger_name *n = place_of(l, chain, window_id);

	return n->window_id == window_id && chain_id_eq(&n->chain, chain);
}

void
ledger_untrusted_forget(struct ledger *l)
{
	memset(l->untrusted, 0, sizeof(l->untrusted));
}

/* Between which run and the next there is the least; there are two at least. */
static size_t
nearest_barred(const struct lchain *c)
{
	size_t best = 0;

	for (size_t i = 1; i + 1 < c->barred_count; i++)
		if (c->barred[i + 1].first - c->barred[i].last < c->barred[best + 1].first - c->barred[best].last)
			best = i;
	return best;
}

void
ledger_untrusted_bar(struct lchain *c, uint64_t window_id)
{
	size_t at = 0, near;

	while (at < c->barred_count && c->barred[at].last < window_id)
		at++;
	if (at < c->barred_count && c->barred[at].first <= window_id)
		return;
	memmove(&c->barred[at + 1], &c->barred[at], (c->barred_count - at) * sizeof(c->barred[0]));
	c->barred[at] = (struct id_run){window_id, window_id};
	c->barred_count++;
	while (c->barred_count > 1) {
		near = nearest_barred(c);
		if (c->barred_count <= BARRED_MAX && c->barred[near + 1].first - c->barred[near].last > 1)
			break;
		c->barred[near].last = c->barred[near + 1].last;
		memmove(&c->barred[near + 1], &c->barred[near + 2], (c->barred_count - near - 2) * sizeof(c->barred[0]));
		c->barred_count--;
	}
}

bool
ledger_untrusted_bars(const struct lchain *c, uint64_t window_id)
{
	for (size_t i = 0; c != NULL && i < c->barred_count; i++)
		if (window_id >= c->barred[i].first && window_id <= c->barred[i].last)
			return true;
	return false;
}
