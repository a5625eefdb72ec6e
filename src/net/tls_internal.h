/* What tls.c and io_tls.c share. */
#ifndef NET_TLS_INTERNAL_H
#define NET_TLS_INTERNAL_H

#include <openssl/ssl.h>
#include <stdatomic.h>

#include "net/tls.h"

struct tls_context {
	atomic_uint refs;
	SSL_CTX *ssl;
	bool server;
	bool any_name;
	unsigned handshake_ms;
	char **names; /* of clients that are let in; none: all */
	size_t name_count;
	int64_t not_after;
};

/* In seconds since 1970; 0: no certificate, or none that says. */
int64_t tls_end_of(X509 *cert);

#endif
