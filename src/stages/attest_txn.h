/*
 * attest_txn: the ends of transactions, as they pass (attest/txns.h).
 *
 *   InitProducerId ─► answer: what the transactional id left open has ended, nobody says how
 *   EndTxn         ─► answer: what was written before has ended so, as far as it can't be another's end
 *
 * Requests that can't be read are the broker's to refuse.
 */
#ifndef STAGES_ATTEST_TXN_H
#define STAGES_ATTEST_TXN_H

#include "stages/attest_internal.h"

/* An answer to AddPartitionsToTxn or AddOffsetsToTxn passes: is the coordinator elsewhere? */
void attest_txn_added(const struct attest *a, struct exchange *x);

enum stage_verdict attest_txn_end_request(struct attest *a, struct exchange *x);
enum stage_verdict attest_txn_init_request(struct attest *a, struct exchange *x);

/* No answer comes to an EndTxn: lost, when it went out, so that it may arrive behind others of its epoch. */
void attest_txn_over(struct attest *a, const struct exchange *x, const struct attest_state *s, bool lost);

/* Of either.  STAGE_CLOSE: an end that can't be read would be missed, and the next one taken for it. */
enum stage_verdict attest_txn_answer(struct attest *a, struct exchange *x, const struct attest_state *s);

#endif
