/*
 * upstream: the whole way from "a broker" to a connection that is ready for requests.
 *
 *   an address ─► dial ─► io ─► (TLS) ─► (login) ─► ready, and the asker's
 *       ▲           │              │        │
 *       └── next ◄──┴──────────────┴────────┘ failed
 */
#ifndef PROXY_UPSTREAM_H
#define PROXY_UPSTREAM_H

#include "base/metrics.h"
#include "net/io.h"
#include "proxy/login.h"
#include "proxy/reactor.h"

struct upstream; /* opaque: a search for a broker under way */

/*
 * The end of a search.  io: up, nothing was read from it that isn't ours, and the callee's,
 * who takes it with io_set_owner() before it returns, or closes it.  NULL: `why` there is
 * none.  `login`, the callee's too, is the one that was made on it, or NULL.  `broker` names
 * the one that was tried last.  Both texts last for the call.
 */
typedef void upstream_fn(void *arg, struct io *io, struct login *login, const char *broker, const char *why);

/*
 * Looks for broker node_id where it is now; for LISTENER_BOOTSTRAP the bootstrap servers
 * are tried in turn, beginning with another one each time.  fn runs in a later turn.
 * log_in: the proxy logs in when it has something to do it with.  NULL: no memory.
 */
struct upstream *upstream_start(struct reactor *r, int32_t node_id, bool log_in, upstream_fn *fn,
				void *arg) MUSTCHECK;

/* The same for a broker by its address. */
struct upstream *upstream_start_at(struct reactor *r, const char *host, uint16_t port, bool log_in, upstream_fn *fn,
				   void *arg) MUSTCHECK;

void upstream_cancel(struct upstream *u); /* fn will not run; NULL is fine */

/* Why a connection to a broker ended: IO_FAIL, IO_EOF, IO_IDLE, in words. */
const char *upstream_why(const struct io_note *note);
enum metric upstream_counted(const struct io_note *note); /* … and in the metrics */

#endif
