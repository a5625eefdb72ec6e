/*
 * refusals: brokers that refused the proxy's own login, and how long they are left alone.
 *
 *   refused ─► a rest of 1 s ─► one may try ─┬► refused: the next rest is twice as long, 60 s at most
 *                                   ▲        ├► in: nothing is remembered
 *                                   └────────┴► could not ask
 *
 * Shared by all who log in as the proxy, so that many clients that come again and again don't become as
 * many wrong passwords, for which directories lock an account.  Safe from any thread.
 */
#ifndef PROXY_REFUSALS_H
#define PROXY_REFUSALS_H

#include "base/base.h"

struct refusals; /* opaque */

struct refusals *refusals_new(void) MUSTCHECK; /* NULL: no memory */
void refusals_free(struct refusals *r);        /* NULL is fine; so it is below, where it remembers nothing */

/*
 * For how many ms nobody may log in at that broker; 0: now.  After a rest that is said to one, whose turn is
 * *ret_turn, else 0: the others are told of a rest that is as long as the last one.
 */
int64_t refusals_wait_ms(struct refusals *r, const char *broker, uint64_t *ret_turn);

/*
 * Whose turn it was could not ask, and somebody else may now.  Not for a login of which the broker has seen more
 * than the mechanism's name: it may have counted a wrong password.  A turn that is over, or 0, is fine.
 */
void refusals_give_back(struct refusals *r, const char *broker, uint64_t turn);

void refusals_note(struct refusals *r, const char *broker);   /* it refused a login */
void refusals_forget(struct refusals *r, const char *broker); /* it took one */

#endif
