/*
 * chain_look: what a chain wants to know of the log and of the statement topic, because an
 * answer was lost or an earlier run ended in the middle.  Private to attest/; all under the
 * chain's mutex.
 *
 *   UNKNOWN ─(a second)─► the log is read ─► found: SETTLED
 *                                        └─► not there ─(outcome wait over: read again)─► REFUSED
 *   One that is sent again meanwhile, and lost again, is read for then, too, but REFUSED only that long behind the last of them.
 *   Found without headers, and another copy is told that place: UNKNOWN again (chain_guess.h).
 *   No reading that succeeded behind that wait decides it by twice that wait since the first answer that was lost: GIVEN UP (chain_seal.c).
 *
 * A place that was told, and that the log has let go since (retention, DeleteRecords), tells nothing any more: GIVEN UP.
 *
 * With acks 0 and 1 a leader answers before its readers see the batch, and they may not for as long as replicas are
 * missing.  So a reading that didn't get to the place that was told failed, too, for that batch, which lets others go first.
 */
#ifndef ATTEST_CHAIN_LOOK_H
#define ATTEST_CHAIN_LOOK_H

#include "attest/chain.h"

/* A batch whose outcome is open; holds a reference. */
struct doubt {
	struct placement *placement;
	struct member *members; /* a copy */
	uint64_t *windows;      /* of each member */
	int64_t from;           /* it stands there or behind, … */
	int64_t behind;         /* … or where an answer told, which ends there, however much the log has lost; 0: none did */
	bool last;              /* what isn't there now counts as not stored */
	bool elsewhere;         /* settled, perhaps in another topic (chain_sure.h) */
	/* What the log told. */
	bool hidden; /* that place wasn't to be seen yet: that it isn't found tells nothing, … */
	bool past;   /* … nor ever will, as the log begins behind it by now */
	bool found;
	int64_t base_offset;
	int64_t append_ms;
	bool log_append;
	bool named; /* it went out without headers, and records there name windows of this chain: perhaps as others' members */
};

/* Where it can be: of one that was told its place and may be in another topic, that place alone. */
static inline bool
doubt_is_there(const struct doubt *d)
{
	return d->found && (!d->elsewhere || d->base_offset == d->from);
}

/*
 * Those whose time has come, at most `max` (the rest has its turn behind them); with the
 * lowest offset at which one may stand.  Without memory fewer, and a turn later.
 */
size_t chain_doubts(struct chain *c, const struct settings *set, struct chain_now now, struct doubt *ret, size_t max,
		    int64_t *ret_from);

/* Is that place in the log another batch's?  Then this one may stand behind it. */
bool chain_is_taken(const struct chain *c, const struct doubt *d, int64_t base_offset);

/* What the reading of the log has found.  `read` false: it could not be read. */
void chain_doubts_end(struct chain *c, const struct settings *set, struct chain_now now, struct doubt *doubts,
		      size_t count, bool read);

/* Does the statement topic hold the oldest of what an earlier run stated? */
void chain_restated_is(struct chain *c, bool there);

#endif
