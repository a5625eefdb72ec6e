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

/* A settled batch isn't there after all: how far the log reaches was told by others, or before (`reach`). */
void chain_forget_offset(struct chain *c, int64_t last, int64_t reach);

/* The batch's records are no members of its windows (any more). */
void chain_leave_windows(struct chain *c, struct placement *p, bool unresolved);

/* The same, as its outcome stays unknown: its windows count the batch as unresolved, `reason` as unattested. */
void chain_give_up(struct chain *c, struct placement *p, enum metric reason, const char *why);

/* Its records are members, at these offsets; the life has been told.  sure_ns: as in the placement. */
void chain_settle_at(struct chain *c, struct placement *p, int64_t base_offset, int64_t append_ms,
		     enum chains_time time, int64_t sure_ns);

/* It is about to be settled. */
void chain_count_attested(struct chain *c, struct placement *p, struct chain_now now);

/* What was seen of the topic's timestamp type; a window ends where it changes. */
void chain_note_time(struct chain *c, enum chains_time shown, struct chain_now now);

/* Were leaves made for that type, and is it the windows'? */
bool chain_leaves_fit(const struct placement *p, enum chains_time time);

/* The outcome is open: the log will be read back for it, unless an answer comes first. */
void chain_look_later(struct chain *c, const struct placement *p, const struct settings *set);

/* A window of an earlier run, in its place. */
void chain_insert_window(struct chain *c, struct window *w);

/* A statement about the window was made: nothing about its members changes any more. */
void chain_state(struct chain *c, struct window *w);

#endif
