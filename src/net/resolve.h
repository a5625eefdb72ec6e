/*
 * resolve: host names to addresses, on helper threads, because getaddrinfo() blocks for
 * as long as a name server likes.  A name is looked up once for all who want it, and its
 * addresses are kept for five seconds.
 */
#ifndef NET_RESOLVE_H
#define NET_RESOLVE_H

#include "net/addr.h"
#include "net/wake.h"

struct resolver; /* opaque: the threads and what they look up */
struct resolve;  /* opaque: one question */

/* Starts a thread; more, four at most, come when it hangs.  NULL with errno. */
struct resolver *resolver_new(void) MUSTCHECK;

/*
 * Ends the threads; questions that wait must be cancelled before.  A getaddrinfo() that
 * hangs is not waited for.  NULL is fine.
 */
void resolver_free(struct resolver *r);

/* The answer: 0 and at least one address, or a code for gai_strerror().  Valid in the call. */
typedef void resolve_fn(void *arg, int gai, const struct addr *addrs, size_t count);

/* Asks, from any thread; fn runs where `answer_to` is run.  NULL: no memory. */
struct resolve *resolve_start(struct resolver *r, struct wake *answer_to, struct slice host, uint16_t port,
			      resolve_fn *fn, void *arg) MUSTCHECK;

/* On the thread of answer_to: fn will not run.  NULL is fine; not after fn ran. */
void resolve_cancel(struct resolve *q);

#endif
