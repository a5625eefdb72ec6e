/*
 * detour: librdkafka's connections go through somebody else, who knows how to reach the brokers.
 *
 *   librdkafka ──socket pair──► who dials ──TLS, login──► broker
 *
 * To librdkafka every broker is a plaintext one.
 */
#ifndef RDKAFKA_DETOUR_H
#define RDKAFKA_DETOUR_H

#include "base/err.h"
#include "base/base.h"

/*
 * Takes fd, the far end of a connection to that broker, also on failure.  On any thread, but one at a time; doesn't
 * block, and calls none of the functions below.  0 or an error.
 */
typedef int detour_dial_fn(void *arg, int fd, const char *host, uint16_t port);

struct detour; /* opaque */

struct detour *detour_new(detour_dial_fn *dial, void *arg) MUSTCHECK; /* NULL: no memory */
/* Who dials will be gone: none is asked when this returns, nor later; librdkafka is refused each connection.  NULL is fine. */
void detour_refuse(struct detour *d);
void detour_free(struct detour *d); /* after librdkafka's handles were closed; NULL is fine */

/* "host:port/…" as librdkafka names a broker; an IPv6 address may stand in brackets.  0 or ERR_MALFORMED. */
int detour_split(const char *name, char *ret_host, size_t len, uint16_t *ret_port) MUSTCHECK;

#endif
