/*
 * caller: questions to brokers, one after the other, for a program that has no proxy.
 *
 *   caller_open ─► caller_reach(a broker) ─► caller_ask, as often as it takes ─► caller_reach(another) … ─► caller_close
 *
 * Each call waits for its end, and for no longer than is said.  One thread.
 */
#ifndef PROXY_CALLER_H
#define PROXY_CALLER_H

#include "base/blob.h"
#include "base/wr.h"
#include "net/io.h"
#include "proxy/gate.h"

struct caller; /* opaque */

#define CALLER_ASK_MS 10000 /* for an answer */

/* As gate_open(), but nothing is dialled.  0; ERR_CONFIG, ERR_NOMEM, ERR_IO, with `why`. */
int caller_open(const struct gate_conf *conf, struct caller **ret, char *why, size_t why_len) MUSTCHECK;
void caller_close(struct caller *c); /* NULL is fine */

/* The i-th bootstrap server; false: there are fewer.  The host is cut at what a name can have. */
bool caller_server(const struct caller *c, size_t i, char *ret_host, size_t len, uint16_t *ret_port);

/* A broker to be reached, and how that went: 0; ERR_TIMEOUT; ERR_REMOTE: the login was refused; ERR_NOMEM; ERR_IO; `why` for people. */
struct caller_try {
	const char *host;
	uint16_t port;
	int err;
	char why[GATE_WHY_MAX];
};

/*
 * Dials, wraps in TLS, logs in, asks for ApiVersions; each within conf.connect_ms.  The connection takes the place
 * of the one before, which ends also on failure.  Gives t->err.
 */
int caller_reach(struct caller *c, struct caller_try *t) MUSTCHECK;

/* The same of many brokers, some at a time, without ApiVersions; nothing but how it went is kept.  0, ERR_NOMEM or ERR_IO. */
int caller_reach_all(struct caller *c, struct caller_try *list, size_t n) MUSTCHECK;

/* Of the connection that there is: as io_tls_peer(). */
const struct io_tls_peer *caller_peer(const struct caller *c);

/* Does the broker have API `key`? */
bool caller_knows(const struct caller *c, int16_t key);

typedef void caller_body_fn(void *arg, int16_t version, struct wr *w);

/*
 * Asks the broker: API `key` at the highest version in [min, max] that it shares.  *ret: the answer's body, one
 * reference.  0; ERR_UNSUPPORTED (it shares no version), ERR_TIMEOUT, ERR_CLOSED (there is no connection, or not any
 * more), ERR_LIMIT, ERR_MALFORMED, ERR_NOMEM, ERR_IO.
 */
int caller_ask(struct caller *c, int16_t key, int16_t min, int16_t max, caller_body_fn *body, void *arg, int16_t *ret_version,
	       struct blob **ret) MUSTCHECK;

#endif
