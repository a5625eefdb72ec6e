/* What io_tls.c and io_tls_why.c share. */
#ifndef NET_IO_TLS_INTERNAL_H
#define NET_IO_TLS_INTERNAL_H

#include "net/io_internal.h"
#include "net/tls_internal.h"

#define IO_TLS_FIRST 16

struct io_tls {
	struct tls_context *context;
	SSL *ssl;
	struct loop_timer *limit; /* of the handshake */
	char *host;
	size_t retry;             /* length of the record that waits for the socket; 0: none */
	bool socket_eof;          /* the kernel has said so */
	int socket_error;         /* or an errno */
	bool ended;               /* reading is over: end_error 0 is the end of the stream */
	int end_error;
	bool refused;             /* it was the other end's certificate */
	uint8_t first[IO_TLS_FIRST];     /* what the other end said first: another protocol? */
	size_t first_len;
	struct io_tls_peer peer;
	char *subject, *names;
	char why[512];
};

/* The cause, in words, unless there is one already: the first is the cause. */
void io_tls_why(struct io_tls *t, const char *fmt, ...) PRINTF(2, 3);

/* Why the handshake failed, from libssl's errors and what the other end sent. */
void io_tls_why_handshake(struct io_tls *t);

/* Does the other end speak something else? */
bool io_tls_why_not_tls(const struct io_tls *t);

/* libssl's question about each certificate; says why not. */
int io_tls_why_verify(int ok, X509_STORE_CTX *x);

#endif
