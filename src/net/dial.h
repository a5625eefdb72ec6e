/* dial: from a host name to a connected socket; the name's addresses are tried in turn. */
#ifndef NET_DIAL_H
#define NET_DIAL_H

#include "net/loop.h"
#include "net/resolve.h"

struct dial; /* opaque: one attempt under way */

/*
 * The end of an attempt: a connected, non-blocking fd, now the callee's; or -1 and a text
 * that says why the last address failed, or (!named) why the name has none.  The dial is
 * gone afterwards.
 */
typedef void dial_fn(void *arg, int fd, bool named, const char *why);

/* Starts; fn runs in a later turn, after at most timeout_ms.  NULL: no memory. */
struct dial *dial_start(struct loop *l, struct resolver *r, struct slice host, uint16_t port, unsigned timeout_ms,
			dial_fn *fn, void *arg) MUSTCHECK;

/* fn will not run.  NULL is fine. */
void dial_cancel(struct dial *d);

#endif
