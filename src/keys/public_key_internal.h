/* public_key_internal: a key that libcrypto has read; between the files of keys/ alone. */
#ifndef KEYS_PUBLIC_KEY_INTERNAL_H
#define KEYS_PUBLIC_KEY_INTERNAL_H

#include <openssl/evp.h>

#include "keys/public_key.h"

/* Takes the key, also on failure.  0, ERR_UNSUPPORTED, ERR_CRYPTO, ERR_NOMEM. */
int public_key_wrap(EVP_PKEY *pkey, struct public_key **ret) MUSTCHECK;

#endif
