/* transport: what new connections speak, plaintext or TLS; each side is swapped whole, by any thread. */
#ifndef PROXY_TRANSPORT_H
#define PROXY_TRANSPORT_H

#include <pthread.h>

#include "net/tls.h"

struct transport {
	pthread_mutex_t mutex;
	struct tls_context *clients; /* NULL: plaintext */
	struct tls_context *brokers;
};

void transport_init(struct transport *t);
void transport_fini(struct transport *t);

/* Takes references of its own; connections that there are go on as they began. */
void transport_set(struct transport *t, struct tls_context *clients, struct tls_context *brokers);

/* A reference for the caller; NULL: plaintext. */
struct tls_context *transport_clients(struct transport *t);
struct tls_context *transport_brokers(struct transport *t);

#endif
