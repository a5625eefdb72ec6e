/* upstream: from "a broker for this session" to a connected socket. */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include "net/dial.h"
#include "proxy/reactor.h"

struct upstream; /* opaque: a search for a broker under way */

/* fd of a connected socket, the callee's, and the broker's name; or -1, and `why` it is so. */
typedef void upstream_fn(void *arg, int fd, const char *broker, const char *why);

/*
 * Dials broker node_id where it is now; for LISTENER_BOOTSTRAP the bootstrap servers in
 * turn, from another one each time.  fn runs in a later turn.  NULL: no memory.
 */
struct upstream *upstream_start(struct reactor *r, int32_t node_id, upstream_fn *fn, void *arg) MUSTCHECK;
void upstream_cancel(struct upstream *u); /* fn will not run; NULL is fine */

#endif
