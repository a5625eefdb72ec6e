/*
 * tunnel: a connection of our own program's, other than control's, to a broker: dialled, wrapped in
 * TLS and logged in as any of the proxy's, and then frames both ways.
 *
 *   somebody's socket ◄──io──► tunnel ◄──io──► broker
 *
 * All tunnels are reactor 0's.  When the broker is about to end the login, the tunnel closes:
 * its user dials again.
 */
#ifndef PROXY_TUNNEL_H
#define PROXY_TUNNEL_H

#include "proxy/reactor.h"

struct tunnels; /* opaque: all of them */

struct tunnels *tunnels_new(struct reactor *r) MUSTCHECK; /* NULL: no memory */
void tunnels_free(struct tunnels *t); /* closes them; no other thread may ask any more; NULL is fine */

/* From fd, which is taken also on failure, to that broker.  Any thread.  0, ERR_NOMEM, ERR_CLOSED. */
int tunnels_open(struct tunnels *t, int fd, const char *host, uint16_t port) MUSTCHECK;

#endif
