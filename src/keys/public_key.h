/*
 * public_key: keys that signatures are checked with.
 *
 * Four kinds: ECDSA P-256 with SHA-256 and P-384 with SHA-384 (DER signatures),
 * Ed25519, RSA-PSS (3072 bits or more) with SHA-256, MGF1-SHA-256 and a salt of 32.
 */
#ifndef KEYS_PUBLIC_KEY_H
#define KEYS_PUBLIC_KEY_H

#include "base/err.h"
#include "base/slice.h"

struct public_key; /* opaque */

enum { KEYID_LEN = 7 + 64 }; /* "SHA256:" and hex of SHA-256 of the SubjectPublicKeyInfo */

/* From one PEM block.  0, ERR_MALFORMED, ERR_UNSUPPORTED (another kind or too short), ERR_NOMEM. */
int public_key_parse(struct slice pem, struct public_key **ret) MUSTCHECK;
void public_key_free(struct public_key *k); /* NULL is fine */

const char *public_key_id(const struct public_key *k);

/* 0, ERR_SIGNATURE; ERR_NOMEM as far as OpenSSL says so. */
int public_key_verify(const struct public_key *k, struct slice message, struct slice sig) MUSTCHECK;

/* Keys that signatures are held against; who may sign what is src/trust/'s. */
struct trust; /* opaque */

struct trust *trust_new(void) MUSTCHECK; /* NULL: no memory */
void trust_free(struct trust *t);
size_t trust_count(const struct trust *t);
const struct public_key *trust_key(const struct trust *t, size_t i); /* in the order in which they came */

/* Adds every key of a PEM file.  On failure `why` says what is wrong, the path included. */
int trust_load(struct trust *t, const char *path, char *why, size_t why_len) MUSTCHECK;
/* The same from text; `name` stands for the path in messages. */
int trust_load_pem(struct trust *t, const char *name, struct slice pem, char *why, size_t why_len) MUSTCHECK;
int trust_add(struct trust *t, struct public_key *k) MUSTCHECK; /* takes it, also on failure.  0 or ERR_NOMEM */

/*
 * Is the message signed by one of the keys?  `hint` (a keyid) only says which to try
 * first.  *ret_key is that key.  0, ERR_SIGNATURE, ERR_NOMEM.
 */
int trust_verify(const struct trust *t, struct slice message, struct slice sig, struct slice hint,
		 const struct public_key **ret_key) MUSTCHECK;

#endif
