/*
 * chain_renew: what a chain still needs of old segments of the journal is written anew, at its end.
 *
 *   journal.…01          …02 … …90        …91 ◄──
 *     batch 7 ─────────────────────────►  batch 7  settled  (ended)  (closed)
 *     statement 3 ─────────────────────►  statement 3, to the byte
 *     the rest isn't needed
 *
 * So one that nobody publishes, or settles, doesn't keep all that came behind it.  Until the old
 * segment goes both are there, and a recovery takes them once.
 */
#ifndef ATTEST_CHAIN_RENEW_H
#define ATTEST_CHAIN_RENEW_H

#include "attest/chain.h"

/*
 * Of what it has in segments up to `last`, while *left is above 0, which goes down by the bytes.  Not committed.
 * The sealer's thread, without the mutex.  A statement that the disk doesn't give back stays where it is.
 * 0 or an error of journal_put_again(), or ERR_NOMEM.
 */
int chain_renew(struct chain *c, uint64_t last, int64_t *left) MUSTCHECK;

#endif
