/*
 * late: producers whose EndTxn went out, and nobody knows whether it arrived.  It may yet, behind others of its epoch, as
 * long as its bytes can be under way.  Private to attest/; under the lock of who has it (attest/txns.h).
 */
#ifndef ATTEST_LATE_H
#define ATTEST_LATE_H

#include "base/base.h"

struct late;

struct late *late_new(void) MUSTCHECK; /* NULL: no memory */
void late_free(struct late *l);        /* NULL is fine */

/* An EndTxn of that producer and epoch.  Where there is no room or memory for more, any may be late. */
void late_note(struct late *l, int64_t producer_id, int16_t epoch);

/* A process is gone, and any that it had sent may be. */
void late_note_any(struct late *l);

bool late_has(const struct late *l, int64_t producer_id, int16_t epoch);

#endif
