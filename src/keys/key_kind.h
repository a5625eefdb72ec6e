/* key_kind: how each kind of key signs and verifies; between the files of keys/ alone. */
#ifndef KEYS_KEY_KIND_H
#define KEYS_KEY_KIND_H

#include <openssl/evp.h>

#include "base/err.h"
#include "base/slice.h"

enum key_kind { KEY_P256, KEY_P384, KEY_ED25519, KEY_RSA_PSS };
enum { KEY_RSA_MIN_BITS = 3072, KEY_RSA_SALT = 32 };

/* 0 or ERR_UNSUPPORTED. */
int key_kind_of(EVP_PKEY *key, enum key_kind *ret) MUSTCHECK;

/* The digest that goes with a kind; NULL for Ed25519, which takes the message itself. */
const EVP_MD *key_kind_digest(enum key_kind kind);

/* RSA-PSS parameters on a context that was initialised to sign or verify.  0 or ERR_CRYPTO. */
int key_kind_configure(enum key_kind kind, EVP_PKEY_CTX *ctx) MUSTCHECK;

/* "SHA256:" and hex into out.  0 or ERR_CRYPTO. */
int key_id_of(EVP_PKEY *key, char *out) MUSTCHECK;

#endif
