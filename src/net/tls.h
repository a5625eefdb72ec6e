/*
 * tls: what one side of a connection shows and whom it trusts; read from files, then immutable.
 *
 *   files ─► tls_server_new(), tls_client_new() ─► context ─► io_new_tls() for each connection
 *
 * TLS 1.2 and 1.3, no renegotiation, no compression.  Sessions are resumed by tickets, which no
 * other context takes: who was let in under one policy is asked again under the next.
 * A context is counted and connections hold theirs, so that another can take its place at
 * any time.  Any thread.
 */
#ifndef NET_TLS_H
#define NET_TLS_H

#include "base/base.h"
#include "base/err.h"
#include "base/wr.h"

struct tls_context; /* opaque */

enum tls_client_auth { TLS_CLIENT_NONE, TLS_CLIENT_OPTIONAL, TLS_CLIENT_REQUIRED };

#define TLS_HANDSHAKE_MS 10000

/* Files are PEM, their texts are copied.  "" and NULL mean the same: not given. */
struct tls_server_conf {
	const char *certificate; /* the chain, the server's own first */
	const char *key;         /* its group may read it, nobody else, nor write; not given: it is in the chain's file */
	const char *client_ca;   /* whose certificates clients may show; wanted unless TLS_CLIENT_NONE */
	enum tls_client_auth client_auth;
	const char *const *client_names; /* globs; one must match the common name or an alternative name */
	size_t client_name_count;        /* 0: any */
	bool only_13;
	unsigned handshake_ms; /* 0: TLS_HANDSHAKE_MS */
};

struct tls_client_conf {
	const char *ca;          /* a file or a directory of hashes; else the system's */
	const char *certificate; /* the client's own chain, with its key; may be absent */
	const char *key;
	const char *key_password;
	bool any_name;         /* the server's certificate may be for another host */
	unsigned handshake_ms; /* 0: TLS_HANDSHAKE_MS */
};

/*
 * 0; ERR_IO: a file can't be read; ERR_CONFIG: it is not what it must be, or others may read
 * the key; ERR_NOMEM.  `why` names file and reason.
 */
int tls_server_new(const struct tls_server_conf *conf, struct tls_context **ret, char *why, size_t why_len) MUSTCHECK;
int tls_client_new(const struct tls_client_conf *conf, struct tls_context **ret, char *why, size_t why_len) MUSTCHECK;

struct tls_context *tls_ref(struct tls_context *c); /* NULL gives NULL */
void tls_unref(struct tls_context *c);              /* NULL is fine */

/* When the own certificate ends, in seconds since 1970; 0: there is none. */
int64_t tls_not_after(const struct tls_context *c);

/* Appends whom the own certificate names, as RFC 2253 has it, or nothing. */
void tls_subject(const struct tls_context *c, struct wr *w);

#endif
