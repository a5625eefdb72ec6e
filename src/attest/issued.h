/*
 * issued: producer ids that brokers gave while this run looked on.
 *
 * Whoever has one sent nothing before, so nothing that it sends can have been stored in
 * an earlier run.  Bounded: of ids that share a place the last is known.  From any thread.
 */
#ifndef ATTEST_ISSUED_H
#define ATTEST_ISSUED_H

#include "base/base.h"

struct issued;

struct issued *issued_new(void) MUSTCHECK; /* NULL: no memory */
void issued_free(struct issued *i);        /* NULL is fine */

/* The answer to an InitProducerId said so. */
void issued_note(struct issued *i, int64_t producer_id, int16_t epoch);

/* Is this producer, at that epoch or a later one (clients raise it themselves, KIP-360), one of those? */
bool issued_has(struct issued *i, int64_t producer_id, int16_t epoch);

/* What it sent may stand in the log, and is remembered no more: from now on only the log tells. */
void issued_forget(struct issued *i, int64_t producer_id);

#endif
