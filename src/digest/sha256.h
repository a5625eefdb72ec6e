/*
 * sha256: SHA-256 through libcrypto's low-level context, which costs a fifth of a
 * one-shot EVP digest on the short inputs that leaves are.  Deprecated in OpenSSL
 * 3, which is why exactly one file uses it.
 */
#ifndef DIGEST_SHA256_H
#define DIGEST_SHA256_H

#include "base/slice.h"

#define SHA256_LEN 32

struct sha256 {
	_Alignas(8) uint8_t opaque[128];
};

void sha256_init(struct sha256 *h);
void sha256_update(struct sha256 *h, const void *p, size_t n);
void sha256_final(struct sha256 *h, uint8_t out[SHA256_LEN]);

/* All at once. */
void sha256_of(struct slice s, uint8_t out[SHA256_LEN]);

#endif
