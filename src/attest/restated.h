/*
 * restated: what a statement that an earlier run made says of its chain.  Private to attest/.
 *
 * The order of entries in the journal is about that of what happened, not exactly: a transaction may
 * end while a statement is signed.  The statement's own bytes decide.
 */
#ifndef ATTEST_RESTATED_H
#define ATTEST_RESTATED_H

#include "attest/chain.h"

/*
 * `w` is stated (chain_state()) by the record value `value`, an envelope or a bare statement.
 *
 * Its transactions are open where the statement says so; those that have ended since join the chain's
 * ended runs.  What the statement tells of earlier ends comes first among these, taken from `open`
 * if need be: *ret_told of them.  0, ERR_NOMEM, ERR_MALFORMED: the bytes are no statement.
 */
int restated_apply(struct chain *c, struct window *w, struct slice value, struct head_runs *open, size_t *ret_told) MUSTCHECK;

#endif
