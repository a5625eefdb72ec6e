/* identity: the program's own login at brokers, from the configuration (kafka.sasl.…). */
#ifndef REACH_IDENTITY_H
#define REACH_IDENTITY_H

#include "config/config.h"
#include "proxy/login.h"

struct identity; /* opaque */

/* Do the keys go together?  0, or ERR_CONFIG with `why`, which names one. */
int identity_check(const struct config *c, char *why, size_t why_len) MUSTCHECK;

/* Starts to fetch what must be; takes a reference.  *ret: NULL where there is no login.  ERR_CONFIG, ERR_NOMEM with `why`. */
int identity_open(struct config *c, struct identity **ret, char *why, size_t why_len) MUSTCHECK;
void identity_close(struct identity *i); /* no login is under way any more; NULL is fine */

/* For proxy_settings or gate_conf; NULL gives NULL. */
const struct login_door *identity_door(const struct identity *i);

#endif
