/*
 * txns: which placements belong to transactions whose end wasn't seen.
 *
 *   EndTxn, of those that it surely ends ──────────► txns_end(): its outcome
 *          └─► of others: their end was elsewhere ─► asked: the log tells (attest/ends.h)
 *   InitProducerId, and no EndTxn went out ────────► asked
 *   stated as open, or of an earlier run ──────────► asked, too
 *
 * Kept by producer id, over all chains.  Transactions may share an epoch (before KIP-890), so that an
 * EndTxn may be of a later one than a placement's: that one ended on a way that doesn't lead through
 * here.  Where nobody reads the log, what would be asked for is given up, and stays stated as open.
 * Safe from any thread; may be called under a chain's mutex (and never takes one).
 */
#ifndef ATTEST_TXNS_H
#define ATTEST_TXNS_H

#include "base/list.h"
#include "base/slice.h"
#include "base/wr.h"

struct chain;
struct placement;
struct turns;
struct txns;

/*
 * What an EndTxn that succeeded is known to end: of that epoch, what was added from `since` on and was stored by the
 * mark.  0: all that was added by then, as transactions have an epoch each; but for what a client wrote that still knew
 * nothing of that.
 */
struct txns_end {
	int16_t epoch;
	uint64_t since, mark;
};

struct txns *txns_new(void) MUSTCHECK;
void txns_free(struct txns *t); /* drops the references that are left */

/* From now on the log is asked, and a chain gets a turn there when something is asked of its.  Before anything is added. */
void txns_read_back(struct txns *t, struct turns *looks);

/* The placement takes part in its producer's transaction; gets a reference and a ticket number.  0 or ERR_NOMEM. */
int txns_add(struct txns *t, struct placement *p, struct slice transactional_id) MUSTCHECK;

/* One of an earlier run, below every mark, which is asked for at once.  An id that isn't known is learned from those that are added. */
int txns_restore(struct txns *t, struct placement *p, struct slice transactional_id) MUSTCHECK;

/* It takes part in none any more: its records are no members, or its end was told.  False: it did not. */
bool txns_leave(struct txns *t, struct placement *p);

/* A statement has it as open: the log is asked, too, until an end tells.  Under the chain's mutex. */
void txns_ask(struct txns *t, struct placement *p);

/* Its place in the log is known from now on; or (`stored` is false) it was another's.  Under the chain's mutex. */
void txns_stored(struct txns *t, struct placement *p, bool stored);

/* What was added, or stored, so far has lower numbers than what this returns. */
uint64_t txns_mark(struct txns *t);

/* EndTxn went out: its answer may still tell how it ended when the id is initialised anew. */
void txns_ending(struct txns *t, int64_t producer_id);

/*
 * An EndTxn of an epoch that transactions share goes out; and was answered, or never will be (`lost`).  Then, and when
 * two are out at once, one may arrive behind others and end what they were to end: until its bytes can't be under way any
 * more the log alone tells of that epoch.
 */
void txns_out(struct txns *t, int64_t producer_id, int16_t epoch);
void txns_in(struct txns *t, int64_t producer_id, int16_t epoch, bool lost);

/* Likewise of one that an earlier run may have sent, as it left such a transaction open: txns_restore() says so, too. */
void txns_lost(struct txns *t, int64_t producer_id, int16_t epoch);

/*
 * Moves what it ends of the producer's into `ret`, references and all, in the order in which they came.
 * The others below the mark, of earlier transactions, are asked for; or come into `ret_left`, nobody's from then on.
 */
void txns_end(struct txns *t, int64_t producer_id, const struct txns_end *end, struct list *ret, struct list *ret_left);

/*
 * A transactional id is initialised anew: what is below the mark is asked for; or comes into `ret_left`, unless an EndTxn
 * is out.  One producer id's at a time, as it may have had several; false: none is left.
 */
bool txns_fence(struct txns *t, struct slice transactional_id, uint64_t mark, struct list *ret_left);

/*
 * The chain's whose time to be asked for has come and whose place is known, at most `max`, with a reference each; a turn
 * is booked for what is left, and for these once more.  txns_leave() takes one out that was told.  Under the chain's
 * mutex, as are the next two.
 */
size_t txns_asked(struct txns *t, struct chain *chain, struct placement **ret, size_t max);

/* The log was read for it, or could not be: how often in a row it couldn't. */
unsigned txns_failed(struct txns *t, struct placement *p, bool failed);

/* The log won't tell; its own end may, unless one passed already.  True: else nobody. */
bool txns_untold(struct txns *t, struct placement *p);

/* Likewise of all the chain's.  Of how many nobody will tell. */
size_t txns_give_up(struct txns *t, struct chain *chain);

/* Appends the producer's transactional id, if one is known.  0 or the writer's error. */
int txns_id(struct txns *t, int64_t producer_id, struct wr *ret) MUSTCHECK;

/* Every placement that is left.  Nothing may be added or ended meanwhile. */
void txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg);

#endif
