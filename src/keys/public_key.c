#include "keys/public_key.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/file.h"
#include "keys/key_kind.h"
#include "keys/public_key_internal.h"

enum { FILE_MAX = 1024 * 1024 };

struct public_key {
	EVP_PKEY *key;
	enum key_kind kind;
	char id[KEYID_LEN + 1];
};

struct trust {
	struct public_key **keys;
	size_t count;
};

int
public_key_wrap(EVP_PKEY *pkey, struct public_key **ret)
{
	struct public_key *k = calloc(1, sizeof(*k));
	int err = k == NULL ? ERR_NOMEM : key_kind_of(pkey, &k->kind);

	if (err == 0)
		err = key_id_of(pkey, k->id);
	if (err != 0) {
		EVP_PKEY_free(pkey);
		free(k);
		return err;
	}
	k->key = pkey;
	*ret = k;
	return 0;
}

/*
 * The public key of the next block, NULL when the block is something else.  0, ERR_NOTFOUND
 * (no block is left), ERR_MALFORMED.
 *
 * Blocks are read without their meaning.  PEM_read_bio_PUBKEY() asks the terminal for an encrypted
 * private key's pass phrase, and takes a key that is cut or garbled for the end of the file.
 */
static int
read_block(BIO *bio, EVP_PKEY **ret)
{
	char *name, *header;
	unsigned char *der;
	const unsigned char *p;
	EVP_PKEY *pkey = NULL;
	int err = 0;
	long n;

	if (PEM_read_bio(bio, &name, &header, &der, &n) != 1)
		return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? ERR_NOTFOUND : ERR_MALFORMED;
	p = der;
	if (strcmp(name, PEM_STRING_PUBLIC) == 0)
		pkey = d2i_PUBKEY(NULL, &p, n);
	else if (strcmp(name, PEM_STRING_RSA_PUBLIC) == 0)
		pkey = d2i_PublicKey(EVP_PKEY_RSA, NULL, &p, n);
	else
		p = NULL;
	if (p != NULL && (pkey == NULL || p != der + n))
		err = ERR_MALFORMED;
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)n); /* perhaps a private key */
	if (err != 0)
		EVP_PKEY_free(pkey);
	else
		*ret = pkey;
	return err;
}

int
public_key_parse(struct slice pem, struct public_key **ret)
{
	BIO *bio = pem.n > FILE_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *pkey = NULL;
	int err = bio == NULL ? ERR_MALFORMED : read_block(bio, &pkey);

	BIO_free(bio);
	ERR_clear_error();
	return err != 0 || pkey == NULL ? ERR_MALFORMED : public_key_wrap(pkey, ret);
}

void
public_key_free(struct public_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	free(k);
}

const char *
public_key_id(const struct public_key *k)
{
	return k->id;
}

/* What OpenSSL's queue of errors says, as far as it says so; it is empty then. */
static bool
lacked_memory(void)
{
	bool lacked = false;
	unsigned long e;

	while ((e = ERR_get_error()) != 0)
		lacked |= ERR_GET_REASON(e) == ERR_R_MALLOC_FAILURE;
	return lacked;
}

int
public_key_verify(const struct public_key *k, struct slice message, struct slice sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	/* Of a key that is whole this fails for nothing else, though it isn't always said. */
	bool begun = ctx != NULL && EVP_DigestVerifyInit(ctx, &pctx, key_kind_digest(k->kind), NULL, k->key) == 1 &&
		     key_kind_configure(k->kind, pctx) == 0;
	bool good = begun && EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) == 1;
	bool lacked = lacked_memory();

	EVP_MD_CTX_free(ctx);
	return good ? 0 : !begun || lacked ? ERR_NOMEM : ERR_SIGNATURE;
}

struct trust *
trust_new(void)
{
	return calloc(1, sizeof(struct trust));
}

void
trust_free(struct trust *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->count; i++)
		public_key_free(t->keys[i]);
	free(t->keys);
	free(t);
}

size_t
trust_count(const struct trust *t)
{
	return t->count;
}

const struct public_key *
trust_key(const struct trust *t, size_t i)
{
	return t->keys[i];
}

int
trust_add(struct trust *t, struct public_key *k)
{
	struct public_key **keys = reallocarray(t->keys, t->count + 1, sizeof(*keys));

	if (keys == NULL) {
		public_key_free(k);
		return ERR_NOMEM;
	}
	t->keys = keys;
	t->keys[t->count++] = k;
	return 0;
}

int
trust_load_pem(struct trust *t, const char *name, struct slice pem, char *why, size_t why_len)
{
	BIO *bio = pem.n > FILE_MAX ? NULL : BIO_new_mem_buf(pem.n > 0 ? (const void *)pem.p : "", (int)pem.n);
	size_t before = t->count;
	EVP_PKEY *pkey;
	int err = bio == NULL ? ERR_NOMEM : 0;

	while (err == 0 && (err = read_block(bio, &pkey)) == 0) {
		struct public_key *k;

		if (pkey != NULL && (err = public_key_wrap(pkey, &k)) == 0)
			err = trust_add(t, k);
	}
	if (err == ERR_NOTFOUND)
		err = 0;
	BIO_free(bio);
	if (err == ERR_UNSUPPORTED)
		(void)snprintf(why, why_len, "%s: not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key", name);
	else if (err == ERR_MALFORMED)
		(void)snprintf(why, why_len, "%s: a public key in it is damaged", name);
	else if (err != 0)
		(void)snprintf(why, why_len, "%s: %s", name, err_text(err));
	else if (t->count == before) {
		/* A common slip: the private key's file. */
		(void)snprintf(why, why_len, "%s: no public key in it (want -----BEGIN PUBLIC KEY-----)", name);
		err = ERR_MALFORMED;
	}
	ERR_clear_error();
	return err;
}

int
trust_load(struct trust *t, const char *path, char *why, size_t why_len)
{
	struct wr pem = wr_new(FILE_MAX);
	int err = file_read(path, &pem, why, why_len);

	if (err == 0)
		err = trust_load_pem(t, path, wr_slice(&pem), why, why_len);
	wr_free(&pem);
	return err;
}

int
trust_verify(const struct trust *t, struct slice message, struct slice sig, struct slice hint,
	     const struct public_key **ret_key)
{
	int err;

	for (int hinted = 1; hinted >= 0; hinted--) {
		for (size_t i = 0; i < t->count; i++) {
			const struct public_key *k = t->keys[i];

			if (slice_eq(hint, slice_str(k->id)) != (hinted == 1))
				continue;
			if ((err = public_key_verify(k, message, sig)) == 0)
				*ret_key = k;
			if (err != ERR_SIGNATURE)
				return err;
		}
	}
	return ERR_SIGNATURE;
}
