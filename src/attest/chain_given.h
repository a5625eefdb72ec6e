/*
 * chain_given: offsets that answers gave, and gave again.  Private to attest/, under the chain's mutex.
 *
 *   batch a ─► "stored at 10" by a leader that acknowledged alone (acks=1), and was lost
 *   batch b ─► "stored at 10" by the next leader: the log has b there, and a no more
 *
 * So a leaves its window as unresolved, whichever windows the two are in, as long as nothing of
 * it is stated.  Where b was told by the topic's name it must first be sure that it is in this
 * topic (attest/chain_sure.h); until then the window of a waits.
 */
#ifndef ATTEST_CHAIN_GIVEN_H
#define ATTEST_CHAIN_GIVEN_H

#include "attest/chain.h"

/* Settled just now. */
void chain_given_add(struct chain *c, struct placement *p);

/* More is sure than before: those that were waiting for it take their offsets. */
void chain_given_sure(struct chain *c);

#endif
