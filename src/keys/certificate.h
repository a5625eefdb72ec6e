/*
 * certificate: public keys that certificate authorities vouch for, and for how long.
 *
 * Whether a chain is right doesn't depend on the time; the times are given to who asks what a key signed when.
 */
#ifndef KEYS_CERTIFICATE_H
#define KEYS_CERTIFICATE_H

#include "keys/public_key.h"

struct authorities; /* opaque */

struct authorities *certificate_authorities_new(void) MUSTCHECK; /* NULL: no memory */
void certificate_authorities_free(struct authorities *a);       /* NULL is fine */

/* Adds every certificate of a PEM text, each of which is trusted.  0; ERR_MALFORMED or ERR_LIMIT with `why`; ERR_NOMEM. */
int certificate_authorities_add(struct authorities *a, struct slice pem, char *why, size_t why_len) MUSTCHECK;

struct certified {
	struct public_key *key;    /* the caller's */
	int64_t from_ms, until_ms; /* all certificates up to the authority's are valid from … until, both included */
};

/*
 * The first certificate of a PEM text is the key's; others may stand between it and an authority.  Signatures of
 * less than 112 bits (SHA-1) count as none, and a certificate must be one for signatures.  0; ERR_MALFORMED,
 * ERR_UNSUPPORTED (the kind of key) or ERR_SIGNATURE (nobody vouches for it) with `why`; ERR_NOMEM.
 */
int certificate_check(const struct authorities *a, struct slice pem, struct certified *ret, char *why, size_t why_len) MUSTCHECK;

#endif
