/*
 * chain_sure: is what was settled by the topic's name in this topic's log?  Private to
 * attest/; all under the chain's mutex.
 *
 * Where a batch went out by name (docs/PROTOCOL.md) the answer tells a name and an offset.  When the topic was deleted and
 * made again meanwhile, the batch stands in the new one, and no statement about the old
 * one may list it.  So a window that holds such batches waits until the cluster was asked
 * for the name's id behind the last of them:
 *
 *   still ours, or nobody's ─► sure: it can't have been another's before
 *   another's               ─► the log of that name is read ─► found there: left out, unattested
 *                                                          └─► not there: it was in ours
 *
 * Once another topic had the name, and lost it to nobody or to a third one, what was settled since it was last known to
 * be ours may be in that one's log, which nobody can read any more: it is left out.
 *
 * And the other way round: what was sent right after the name was known to be this topic's may be in
 * the one before, of a leader that didn't know yet.  Of that the log has to show that it is there.
 *
 * It is the place that was told that decides: another attempt of the batch may have got to the other topic.  So without
 * headers nothing else is looked at.  With headers, one that stands elsewhere in the other topic is left out as well.
 *
 * Who is asked may be a moment behind the leader that answered: chain_sure_from() leaves time for that.
 */
#ifndef ATTEST_CHAIN_SURE_H
#define ATTEST_CHAIN_SURE_H

#include "attest/chain_look.h"

enum chain_sure_seen {
	CHAIN_SEEN_OURS,
	CHAIN_SEEN_NOBODY,  /* no topic has that name */
	CHAIN_SEEN_ANOTHER, /* a topic with another id has it … */
	CHAIN_SEEN_THIRD,   /* … than the one that was seen to have it before */
	CHAIN_SEEN_UNTOLD,  /* an answer that doesn't say */
};

/*
 * When to ask about what is settled now; 0: nothing needs to be asked.  `back`: it stands where
 * the log was before, so that another topic is likely: then who is asked gets more time to know.
 */
int64_t chain_sure_from(const struct chain *c, bool back, struct chain_now now);

/* Is all of the window that is settled sure?  Otherwise asking for it is booked. */
bool chain_sure_of(struct chain *c, const struct window *w);

/* The cluster told this of the topic's name, asked at that time. */
void chain_sure_told(struct chain *c, const struct settings *set, enum chain_sure_seen seen, struct monotime asked,
		     struct chain_now now);

/* The log of that name was looked through for a batch that may be elsewhere.  `read` false: it could not be. */
void chain_sure_looked(struct chain *c, const struct settings *set, const struct doubt *d, bool read, struct chain_now now);

#endif
