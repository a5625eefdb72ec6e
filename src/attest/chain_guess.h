/*
 * chain_guess: batches without headers that were found in the log, where another copy of the same
 * records may stand as well.  Private to attest/; all under the chain's mutex.
 *
 *   X, no answer ─► found at 10 ─┬─► Y is told 10: X is looked for again, Y is at 10
 *                                ├─► … but X is stated: Y is X's other copy and leaves, or counts as unresolved
 *                                └─► X is told 11: so it is
 *
 * An answer beats a guess, as long as no statement says the guess.
 */
#ifndef ATTEST_CHAIN_GUESS_H
#define ATTEST_CHAIN_GUESS_H

#include "attest/chain.h"

/* It is about to be settled there; `again`: as the journal tells, which doesn't say how that was known. */
void chain_guess_note(struct chain *c, struct placement *p, int64_t base_offset, bool again);

/* What earlier runs settled (chain.covered) may have been guessed. */
void chain_guess_recall(struct chain *c);

/* What was settled is nowhere any more; as the journal tells, or will. */
void chain_guess_undo(struct chain *c, struct placement *p);

/*
 * May the batch be settled at the place that its answer tells?  `is_sure`: the answer is about nothing else; then
 * guesses yield.  False: one stands; the log tells more.
 */
bool chain_guess_yields(struct chain *c, const struct settings *set, struct placement *p, int64_t base_offset,
			bool is_sure, struct chain_now now);

/* What is guessed among these offsets stays: another batch left for it.  False: the journal doesn't know it. */
bool chain_guess_claim(struct chain *c, int64_t first, int64_t count);

/* Is it settled by a guess that can be taken back? */
bool chain_guess_is_open(const struct placement *p);

/* One that is settled elsewhere, by a guess, is told that place: it is open again, or what stands there is counted. */
void chain_guess_missed(struct chain *c, const struct settings *set, struct placement *p, int64_t base_offset,
			bool is_sure, struct chain_now now);

#endif
