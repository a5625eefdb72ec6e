#include "sasl/salted.h"

#include <openssl/crypto.h>
#include <pthread.h>

#include "cloud/secret.h"

struct salted {
	pthread_mutex_t lock;
	uint64_t computed;
	/* The last one; md NULL: none. */
	const EVP_MD *md;
	int iterations;
	struct secret password, salt;
	uint8_t result[EVP_MAX_MD_SIZE];
};

struct salted *
salted_new(void)
{
	struct salted *s = calloc(1, sizeof(*s));

	if (s != NULL)
		pthread_mutex_init(&s->lock, NULL);
	return s;
}

void
salted_free(struct salted *s)
{
	if (s == NULL)
		return;
	secret_clear(&s->password);
	secret_clear(&s->salt);
	pthread_mutex_destroy(&s->lock);
	OPENSSL_cleanse(s, sizeof(*s));
	free(s);
}

static bool
same(const struct secret *a, struct slice b)
{
	return a->n == b.n && secret_equal(a->p, b.p, b.n);
}

static bool
find(struct salted *s, const struct salted_recipe *r, uint8_t *out)
{
	bool found;

	pthread_mutex_lock(&s->lock);
	found = s->md == r->md && s->iterations == r->iterations && same(&s->salt, r->salt) &&
		same(&s->password, r->password);
	if (found)
		memcpy(out, s->result, sizeof(s->result));
	else
		s->computed++;
	pthread_mutex_unlock(&s->lock);
	return found;
}

static void
keep(struct salted *s, const struct salted_recipe *r, const uint8_t *result)
{
	pthread_mutex_lock(&s->lock);
	s->md = NULL;
	if (secret_set(&s->password, r->password) == 0 && secret_set(&s->salt, r->salt) == 0) {
		s->md = r->md;
		s->iterations = r->iterations;
		memcpy(s->result, result, sizeof(s->result));
	}
	pthread_mutex_unlock(&s->lock);
}

int
salted_password(struct salted *s, const struct salted_recipe *r, uint8_t out[EVP_MAX_MD_SIZE])
{
	if (s != NULL && find(s, r, out))
		return 0;
	memset(out, 0, EVP_MAX_MD_SIZE);
	/* Not under the lock: it takes milliseconds, and others may have another salt. */
	if (PKCS5_PBKDF2_HMAC((const char *)r->password.p, (int)r->password.n, r->salt.p, (int)r->salt.n, r->iterations,
			      r->md, EVP_MD_get_size(r->md), out) != 1)
		return ERR_CRYPTO;
	if (s != NULL)
		keep(s, r, out);
	return 0;
}

uint64_t
salted_computed(struct salted *s)
{
	uint64_t n;

	pthread_mutex_lock(&s->lock);
	n = s->computed;
	pthread_mutex_unlock(&s->lock);
	return n;
}
