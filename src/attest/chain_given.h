/*
 * chain_given: offsets that answers gave, and gave again.  Private to attest/, under the chain's mutex.
 *
 *   batch a ─► "stored at 10" by a leader that acknowledged alone (acks=1), and was lost
 *   batch b ─► "stored at 10" by the next leader: the log has b there, and a no more
 *
 * The answers may come the other way round: a leader that was frozen wakes up, takes itself for the leader still, and
 * answers what had waited in its socket.  So neither order nor time decides, but the log: the later one is open, and the
 * log is read where it was told to be.  The windows of both wait for that.
 *
 *   found there ─► settled there; the other one leaves its windows as unresolved, but for what of it is stated
 *   not there   ─► it leaves, and the other one stays
 *   not read    ─► both leave: nobody knows
 *
 * What is stated stays so; with headers the log is read all the same, so that b isn't stated there, too, if it has a.
 * Without, and where nobody reads the log, the later answer is believed.
 *
 * So both may be settled for a while, b later than a: a leaves when the window of either is about to be stated, after a
 * crash as before it.  Where b was told by the topic's name it must first be sure that it is in this topic
 * (attest/chain_sure.h); until then the window of a waits.
 */
#ifndef ATTEST_CHAIN_GIVEN_H
#define ATTEST_CHAIN_GIVEN_H

#include "attest/chain.h"

/* Settled just now, or as the journal tells. */
void chain_given_add(struct chain *c, const struct placement *p);

/*
 * The window's offsets are its own: where two batches are settled the earlier one has left, of this window or another.
 * False: not yet, the journal doesn't take it, or a later one isn't sure, which is asked for.
 */
bool chain_given_apart(struct chain *c, struct window *w) MUSTCHECK;

/* Would `p` have offsets there in which another batch is settled, of which not all is stated? */
bool chain_given_disputed(struct chain *c, const struct placement *p, int64_t base_offset);

/* Was any other batch told that place, perhaps a stated one, or one behind it before this was sent?  Then the log tells whether it is there. */
bool chain_given_before(const struct chain *c, const struct placement *p, int64_t base_offset);

/* As the journal tells. */
void chain_given_recall(struct chain *c);

/* A batch of the window, or told to be where one of the window is settled, of which the log is to decide (chain_retold.h, too); or NULL. */
struct placement *chain_given_dispute(struct chain *c, const struct window *w);

/* The log was not read in time: it leaves, and those that are settled there.  False: not yet, the journal doesn't take it, or the sealer has a window. */
bool chain_given_drop(struct chain *c, struct placement *p) MUSTCHECK;

/* Where both have offsets, `p` with these members from `base` on: are they the same records, or can nobody tell? */
bool chain_given_is_alike(const struct placement *p, const struct member *members, int64_t base,
			  const struct placement *settled);

#endif
