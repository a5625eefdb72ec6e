/* peek: what passes by of somebody else's login: who it says that it is. */
#ifndef SASL_PEEK_H
#define SASL_PEEK_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

/*
 * The name in a client's first message: PLAIN's authcid, SCRAM's n=, the `sub` of
 * OAUTHBEARER's JWT.  It is only a claim until the broker said yes.  0; ERR_UNSUPPORTED:
 * this mechanism, or this message (a delegation token, an opaque token), tells no name;
 * ERR_MALFORMED; the writer's error.
 */
int peek_name(const char *mechanism, struct slice first, struct wr *ret_name) MUSTCHECK;

/* Is a login over when the server's answer number `count` (from 1) is this, and no error? */
bool peek_over(const char *mechanism, unsigned count, struct slice answer);

/* Has every message of this mechanism's client one answer?  Where it is not known: no. */
bool peek_in_turns(const char *mechanism);

/* PLAIN's message.  An authorization identity must be the name itself, as Kafka demands.  0 or ERR_MALFORMED. */
int peek_plain(struct slice message, struct slice *ret_name, struct slice *ret_password) MUSTCHECK;

#endif
