/*
 * chain_retold: one batch, and two answers that tell two places of it.  Private to attest/, under the chain's mutex.
 *
 *   batch a ─► "stored at 10" by a leader that acknowledged alone (acks=1), lost on its way, and that leader was lost
 *   batch a, sent again ─► "stored at 8" by the next one
 *
 * Or the other way round, as of two batches at one place (attest/chain_given.h): the log decides, not who answered last.
 * It is open again, and the log is read from the lower place on; its windows wait for that.
 *
 *   found        ─► settled there
 *   not there    ─► it leaves as unresolved
 *   not read, or it has no headers that would tell it from a copy ─► it leaves as unresolved, too
 *   stated, or of a topic that lost its name ─► it stays where it is, and is counted; what no statement lists yet leaves
 *   the journal takes neither that it is open nor that it leaves ─► its window waits until it does
 *
 * Where nobody reads the log, the later answer is believed.
 */
#ifndef ATTEST_CHAIN_RETOLD_H
#define ATTEST_CHAIN_RETOLD_H

#include "attest/chain.h"

/* An answer tells this place of a batch that may be settled elsewhere, by more than a guess.  Then that may end. */
void chain_retold_note(struct chain *c, struct placement *p, int64_t base_offset, struct chain_now now);

/* Those of the window that were told so have left.  False: not yet, the journal doesn't take it. */
bool chain_retold_left(struct chain *c, struct window *w) MUSTCHECK;

/* It was asked which topic it is in, and it is in this one: where it was found, or just not in the other. */
void chain_retold_stays(struct chain *c, struct placement *p);

/* Did an answer tell another place of one that is open? */
bool chain_retold_disputed(const struct chain *c, const struct placement *p, int64_t base_offset);

/* It is told this place, too, while it is open. */
void chain_retold_at(struct placement *p, int64_t base_offset);

#endif
