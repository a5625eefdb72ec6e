/*
 * Windows whose statement doesn't count, or can't be read.  Anybody may have written it, and as many as he likes: so
 * there is a fixed room for their names, in which a later one may take an earlier one's place, and they only tell why
 * a window is not stated.  No search goes otherwise for them.
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
