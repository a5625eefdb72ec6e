#define OPENSSL_SUPPRESS_DEPRECATED
#include "digest/sha256.h"

#include <openssl/sha.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256), "struct sha256 has room for the context");

static SHA256_CTX *
ctx(struct sha256 *h)
{
	/* cppcheck-suppress ctuuninitvar ; the first caller is sha256_init(), which fills it */
	return (SHA256_CTX *)(void *)h->opaque;
}

void
sha256_init(struct sha256 *h)
{
	(void)SHA256_Init(ctx(h));
}

void
sha256_update(struct sha256 *h, const void *p, size_t n)
{
	if (n > 0)
		(void)SHA256_Update(ctx(h), p, n);
}

void
sha256_final(struct sha256 *h, uint8_t out[SHA256_LEN])
{
	(void)SHA256_Final(out, ctx(h));
}

void
sha256_of(struct slice s, uint8_t out[SHA256_LEN])
{
	struct sha256 h;

	sha256_init(&h);
	sha256_update(&h, s.p, s.n);
	sha256_final(&h, out);
}
