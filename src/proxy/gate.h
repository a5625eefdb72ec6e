/*
 * gate: the proxy's way to the brokers for a program that has no proxy.
 *
 *   gate_open ─► one broker is dialled, wrapped in TLS, logged in at: so that what is wrong is said once, and
 *                a wrong password is tried once
 *             ─► gate_dial, as often as it takes, each a tunnel ─► gate_close
 *
 * A thread of its own has the loop.
 */
#ifndef PROXY_GATE_H
#define PROXY_GATE_H

#include "base/err.h"
#include "base/base.h"
#include "net/tls.h"
#include "proxy/login.h"

struct gate; /* opaque */

#define GATE_WHY_MAX 1024

struct gate_conf {
	const char *bootstrap_servers; /* HOST:PORT,…; copied */
	struct tls_context *brokers;   /* a reference is taken; NULL: plaintext */
	const struct login_door *login; /* borrowed until gate_close(); NULL: none */
	unsigned connect_ms;           /* for one attempt to connect to a broker, and for a login */
	uint32_t max_frame;            /* bytes of a request */
};

/*
 * 0; ERR_CONFIG (a server that can't be understood), ERR_NOMEM, ERR_IO; ERR_TIMEOUT: no broker
 * can be reached; ERR_REMOTE: the login is refused.  `why` names the broker.
 */
int gate_open(const struct gate_conf *conf, struct gate **ret, char *why, size_t why_len) MUSTCHECK;

/* Ends the connections and the thread; nobody may dial any more.  NULL is fine. */
void gate_close(struct gate *g);

/* Connects fd, which is taken also on failure, with that broker.  Any thread; fits detour_new().  0 or an error. */
int gate_dial(void *gate, int fd, const char *host, uint16_t port) MUSTCHECK;

/* Why the last connection that could not be had could not be had; ERR_NOTFOUND: each could.  Else as gate_open().  Any thread. */
int gate_why(struct gate *g, char *ret, size_t len) MUSTCHECK;

#endif
