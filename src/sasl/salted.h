/*
 * salted: SCRAM's SaltedPassword (RFC 5802 §3), which takes thousands of hashes on purpose.
 *
 * A cluster has one salt for a user, whichever broker is asked, and the proxy logs in on
 * every connection: the last result is kept, so that only the first of a thousand
 * connections pays.
 */
#ifndef SASL_SALTED_H
#define SASL_SALTED_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/slice.h"

struct salted; /* opaque; safe from any thread */

struct salted_recipe {
	const EVP_MD *md;
	struct slice password, salt;
	int iterations;
};

struct salted *salted_new(void) MUSTCHECK; /* or NULL: no memory */
void salted_free(struct salted *s);        /* wipes; NULL is fine */

/*
 * The digest's length of bytes to `out`, which is the caller's to wipe.  `s` may be NULL:
 * nothing is kept.  0, ERR_CRYPTO.  Without memory nothing is kept either.
 */
int salted_password(struct salted *s, const struct salted_recipe *r, uint8_t out[EVP_MAX_MD_SIZE]) MUSTCHECK;

/* How often it was computed. */
uint64_t salted_computed(struct salted *s);

#endif
