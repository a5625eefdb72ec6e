/*
 * control: the proxy's own connection to the cluster, on reactor 0.
 *
 * It finds out which brokers there are (at start, every refresh_ms, on demand) and
 * asks whatever stages want to know, so that no request of ours ever travels on a
 * client's connection.  When it is lost, the bootstrap servers and the brokers that the
 * cluster told of lately are tried in turn, with a jittered back-off of 100 ms to 10 s.
 * Only a bootstrap server may be another cluster's than before.
 */
#ifndef PROXY_CONTROL_H
#define PROXY_CONTROL_H

#include "base/slice.h"
#include "base/wr.h"

struct control; /* opaque */

/* Writes the request's body (behind its header) at `version`.  On reactor 0's thread. */
typedef void control_body_fn(void *arg, int16_t version, struct wr *w);

/*
 * The end of an ask, once, on reactor 0's thread.  err: 0, ERR_UNSUPPORTED (that broker
 * shares no version), ERR_TIMEOUT, ERR_CLOSED (two connections ended where the answer
 * should have come, or we stop), ERR_NOMEM, ERR_LIMIT (the body is too large, or twice
 * the answer was).  `body` is valid during the call.
 */
typedef void control_done_fn(void *arg, int err, int16_t version, struct slice body);

/*
 * Asks a broker: API `key` at the highest version in [min, max] that it shares.  Waits
 * for a connection when there is none, at most 10 s in all.  Any thread.  0: `done`
 * will be called.  ERR_NOMEM, ERR_CLOSED: it will not.
 */
int control_ask(struct control *c, int16_t key, int16_t min, int16_t max, control_body_fn *body,
		control_done_fn *done, void *arg) MUSTCHECK;

/* Looks at the brokers again soon.  Any thread. */
void control_refresh(struct control *c);

#endif
