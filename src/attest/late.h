/*
 * late: producers whose EndTxn went out, and nobody knows whether it arrived.  It may yet, behind others of its epoch, as
 * long as its bytes can be under way.  So may the first of two that are out at once.  Private to attest/; under the lock
 * of who has it (attest/txns.h).
 */
#ifndef ATTEST_LATE_H
#define ATTEST_LATE_H

#include "base/base.h"

struct late;

struct late *late_new(void) MUSTCHECK; /* NULL: no memory */
void late_free(struct late *l);        /* NULL is fine */

/* An EndTxn of that producer and epoch goes out … */
void late_out(struct late *l, int64_t producer_id, int16_t epoch);

/* … and was answered, or (`lost`) never will be.  Where there is no room or memory for more, any may be late. */
void late_in(struct late *l, int64_t producer_id, int16_t epoch, bool lost);

/* One may have gone out in an earlier run. */
void late_note(struct late *l, int64_t producer_id, int16_t epoch);

bool late_has(const struct late *l, int64_t producer_id, int16_t epoch);

#endif
