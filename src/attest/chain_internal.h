/* What chain.c (placing), chain_settle.c and chain_seal.c share.  All under the chain's mutex. */
#ifndef ATTEST_CHAIN_INTERNAL_H
#define ATTEST_CHAIN_INTERNAL_H

#include "attest/chain.h"
#include "base/metrics.h"

static inline struct monotime
chain_after(struct monotime t, int64_t ms)
{
	return (struct monotime){t.ns + ms * 1000000};
}

struct window *chain_oldest(const struct chain *c); /* or NULL */

/* The sealer may have something to do: it looks itself, in its own turn. */
void chain_tell_sealer(struct chain *c);

/* So much more is placed and not published. */
void chain_backlog_add(struct chain *c, int64_t members, int64_t batches);

/* The batch's records are no members of its windows (any more). */
void chain_leave_windows(struct chain *c, struct placement *p, bool unresolved);

/* The same, as its outcome stays unknown: its windows count the batch as unresolved, `reason` as unattested. */
void chain_give_up(struct chain *c, struct placement *p, enum metric reason, const char *why);

#endif
