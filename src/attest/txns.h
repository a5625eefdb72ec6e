/*
 * txns: which placements belong to transactions whose end wasn't seen.
 *
 * Kept by producer id, over all chains.  A transaction ends when EndTxn succeeds.  When its
 * transactional id is initialised anew without one it has ended, too, and how stays unknown: aborted
 * by that, or before, by an EndTxn on a way that doesn't lead through here.  Safe from any thread; may
 * be called under a chain's mutex (and never takes one).
 */
#ifndef ATTEST_TXNS_H
#define ATTEST_TXNS_H

#include "base/list.h"
#include "base/slice.h"
#include "base/wr.h"

struct txns;
struct placement;

struct txns *txns_new(void) MUSTCHECK;
void txns_free(struct txns *t); /* drops the references that are left */

/* The placement takes part in its producer's transaction; gets a reference and a ticket number.  0 or ERR_NOMEM. */
int txns_add(struct txns *t, struct placement *p, struct slice transactional_id) MUSTCHECK;

/* One of an earlier run, below every mark; its transactional id is learned from those that are added. */
int txns_restore(struct txns *t, struct placement *p) MUSTCHECK;

/* It takes part in none (any more): its records are no members.  Harmless when it doesn't. */
void txns_leave(struct txns *t, struct placement *p);

/* What was added so far has lower numbers than what this returns. */
uint64_t txns_mark(struct txns *t);

/* EndTxn went out: its answer may still tell how it ended when the id is initialised anew. */
void txns_ending(struct txns *t, int64_t producer_id);

/*
 * Moves the producer's placements below `mark` into `ret`, references and all, in the order
 * in which they came.  Those of an older epoch than the last are of transactions whose end
 * nobody saw: an epoch lasts at least as long as a transaction.
 */
void txns_end(struct txns *t, int64_t producer_id, uint64_t mark, struct list *ret);

/*
 * The same for a transactional id of which no EndTxn went out, and that is initialised anew: nobody
 * will tell how those ended.  One producer id's at a time, as it may have had several; false: none is left.
 */
bool txns_fence(struct txns *t, struct slice transactional_id, uint64_t mark, struct list *ret);

/* Appends the producer's transactional id, if one is known.  0 or the writer's error. */
int txns_id(struct txns *t, int64_t producer_id, struct wr *ret) MUSTCHECK;

/* Every placement that is left.  Nothing may be added or ended meanwhile. */
void txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg);

#endif
