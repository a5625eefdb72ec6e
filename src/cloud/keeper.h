/*
 * keeper: a secret that is fetched over the network, kept, and fetched again before it ends.
 *
 * It has a thread of its own, so that no reactor waits.
 */
#ifndef CLOUD_KEEPER_H
#define CLOUD_KEEPER_H

#include <stdatomic.h>

#include "cloud/secret.h"

struct keeper; /* opaque */

/* On the keeper's thread: the secret, and for how long it is good.  Gives up soon when *stop becomes true. */
typedef int keeper_fetch_fn(void *arg, const atomic_bool *stop, struct wr *ret, int64_t *ret_lifetime_ms, char *why,
			    size_t why_len);

/* Starts to fetch at once; again after a failure in 1 to 30 s.  NULL: no memory, or no thread. */
struct keeper *keeper_start(keeper_fetch_fn *fetch, void *arg) MUSTCHECK;
void keeper_stop(struct keeper *k); /* NULL is fine */

/* A copy of the secret.  ERR_NOT_NOW: it is being fetched; ERR_REMOTE: it can't be, told in `why`; ERR_NOMEM.  Any thread. */
int keeper_get(struct keeper *k, struct secret *ret, char *why, size_t why_len) MUSTCHECK;

#endif
