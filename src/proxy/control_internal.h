/* control, for the proxy itself. */
#ifndef PROXY_CONTROL_INTERNAL_H
#define PROXY_CONTROL_INTERNAL_H

#include "proxy/control.h"
#include "proxy/reactor.h"

/* Of reactor 0.  NULL: no memory. */
struct control *control_new(struct reactor *r) MUSTCHECK;

/* Starts to dial, in a later turn. */
void control_start(struct control *c);

/* Every ask that is left ends with ERR_CLOSED.  No other thread may ask any more.  NULL is fine. */
void control_free(struct control *c);

const char *control_unready(const struct control *c); /* NULL: ready; else why not, a constant.  Any thread */
void control_cluster_id(struct control *c, char *ret, size_t len); /* any thread */

#endif
