/* tls_names: whom a certificate is for; between the files of net/ alone. */
#ifndef NET_TLS_NAMES_H
#define NET_TLS_NAMES_H

#include <openssl/ssl.h>

#include "base/slice.h"
#include "base/wr.h"

/* The subject as RFC 2253 has it. */
void tls_names_subject(X509 *cert, struct wr *w);

/* The alternative names: "DNS:kafka-1, IP:10.0.0.7", or nothing. */
void tls_names_alternative(X509 *cert, struct wr *w);

/* Does one of the globs match the common name or an alternative name (its value)? */
bool tls_names_match(X509 *cert, char *const *globs, size_t count);

#endif
