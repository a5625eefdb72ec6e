/* keygen: new signing keys in files. */
#ifndef KEYS_KEYGEN_H
#define KEYS_KEYGEN_H

#include "base/err.h"
#include "keys/public_key.h"

/*
 * Makes a key of `algorithm` (p256, p384, ed25519, rsa-pss), writes the private one
 * (PKCS#8 PEM, mode 0600) and the public one (PEM, 0644), each whole or not at all, and
 * gives its id.  An existing file is never replaced, unless a public key by the public
 * one: ERR_EXISTS.  After an error neither new file is there.
 */
int key_generate(const char *algorithm, const char *private_path, const char *public_path,
		 char ret_id[KEYID_LEN + 1], char *why, size_t why_len) MUSTCHECK;

/* The key that a first start makes, and its public part, in the state directory: attest.signing.key.id as it is by itself. */
#define KEYGEN_FIRST_URI     "file:signing.pem"
#define KEYGEN_FIRST_PRIVATE "signing.pem"
#define KEYGEN_FIRST_PUBLIC  "signing.pub.pem"

/* Writes a public key, whole or not at all; it replaces nothing but a public key: ERR_EXISTS. */
int keygen_public(const char *path, struct slice pem, char *why, size_t why_len) MUSTCHECK;

/* Has that file the public key of this id, and no other?  0; else ERR_EXISTS, or what trust_load() gives; `why` names the file. */
int keygen_public_is(const char *path, const char *id, char *why, size_t why_len) MUSTCHECK;

#endif
