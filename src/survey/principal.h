/*
 * principal: whom the brokers take the proxy for, in the words of kafka-acls.
 *
 *   TLS alone            the subject of its certificate, or ANONYMOUS
 *   PLAIN, SCRAM, OAUTHBEARER   the name that passes by when it logs in
 *
 * Brokers may map names (ssl.principal.mapping.rules, principal.builder.class): then it is another.
 */
#ifndef SURVEY_PRINCIPAL_H
#define SURVEY_PRINCIPAL_H

#include "net/tls.h"
#include "proxy/login.h"

struct principal; /* opaque */

#define PRINCIPAL_UNKNOWN "User:PRINCIPAL" /* to be put in by hand */

/* `door` and `tls` (each may be NULL) are borrowed.  NULL: no memory. */
struct principal *principal_new(const struct login_door *door, const struct tls_context *tls) MUSTCHECK;
void principal_free(struct principal *p); /* NULL is fine */

/* The door to log in by instead, which listens; NULL where there was none. */
const struct login_door *principal_door(const struct principal *p);

/* "User:…", once a login was tried, or PRINCIPAL_UNKNOWN. */
const char *principal_name(const struct principal *p);

#endif
