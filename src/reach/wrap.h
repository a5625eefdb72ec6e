/* wrap: the TLS that brokers are spoken to in, from the configuration (kafka.ssl.…). */
#ifndef REACH_WRAP_H
#define REACH_WRAP_H

#include "config/config.h"
#include "net/tls.h"

/* Do the keys go together?  0, or ERR_CONFIG with `why`, which names one. */
int wrap_check(const struct config *c, char *why, size_t why_len) MUSTCHECK;

/* *ret: NULL where brokers are spoken to in plaintext.  As wrap_check(), and as tls_client_new(). */
int wrap_new(const struct config *c, struct tls_context **ret, char *why, size_t why_len) MUSTCHECK;

#endif
