#include "keys/certificate.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "keys/public_key_internal.h"

enum { CERTIFICATES_MAX = 1024, AUTH_LEVEL = 2 };

struct authorities {
	X509_STORE *store;
	size_t count;
};

struct authorities *
certificate_authorities_new(void)
{
	struct authorities *a = calloc(1, sizeof(*a));

	if (a == NULL || (a->store = X509_STORE_new()) == NULL) {
		ERR_clear_error();
		free(a);
		return NULL;
	}
	return a;
}

void
certificate_authorities_free(struct authorities *a)
{
	if (a == NULL)
		return;
	X509_STORE_free(a->store);
	free(a);
}

/* The next block's certificate, NULL when it is something else.  0, ERR_NOTFOUND (no block is left), ERR_MALFORMED. */
static int
read_block(BIO *bio, X509 **ret)
{
	char *name, *header;
	unsigned char *der;
	const unsigned char *p;
	X509 *cert = NULL;
	int err = 0;
	long n;

	if (PEM_read_bio(bio, &name, &header, &der, &n) != 1)
		return ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE ? ERR_NOTFOUND : ERR_MALFORMED;
	p = der;
	if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0) {
		cert = d2i_X509(NULL, &p, n);
		if (cert == NULL || p != der + n)
			err = ERR_MALFORMED;
	}
	OPENSSL_free(name);
	OPENSSL_free(header);
	OPENSSL_clear_free(der, (size_t)n); /* perhaps a private key */
	if (err != 0)
		X509_free(cert);
	else
		*ret = cert;
	return err;
}

/* Every certificate of the text.  The caller's, also on failure. */
static int
read_all(struct slice pem, STACK_OF(X509) *to, char *why, size_t why_len)
{
	BIO *bio = pem.n > INT32_MAX ? NULL : BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *cert = NULL;
	int err = bio == NULL ? ERR_NOMEM : 0;

	while (err == 0 && (err = read_block(bio, &cert)) == 0) {
		if (cert == NULL)
			continue;
		if (sk_X509_num(to) >= CERTIFICATES_MAX)
			err = ERR_LIMIT;
		else if (sk_X509_push(to, cert) > 0)
			continue;
		else
			err = ERR_NOMEM;
		X509_free(cert);
	}
	BIO_free(bio);
	ERR_clear_error();
	if (err == ERR_NOTFOUND)
		err = sk_X509_num(to) > 0 ? 0 : ERR_NOTFOUND;
	if (err == ERR_NOTFOUND) {
		(void)snprintf(why, why_len, "no certificate in it (want -----BEGIN CERTIFICATE-----)");
		return ERR_MALFORMED;
	}
	if (err == ERR_MALFORMED)
		(void)snprintf(why, why_len, "a certificate in it is damaged");
	else if (err == ERR_LIMIT)
		(void)snprintf(why, why_len, "more than %d certificates", CERTIFICATES_MAX);
	return err;
}

int
certificate_authorities_add(struct authorities *a, struct slice pem, char *why, size_t why_len)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	int err = certs == NULL ? ERR_NOMEM : read_all(pem, certs, why, why_len);

	if (err == 0 && a->count + (size_t)sk_X509_num(certs) > CERTIFICATES_MAX) {
		(void)snprintf(why, why_len, "more than %d certificates", CERTIFICATES_MAX);
		err = ERR_LIMIT;
	}
	for (int i = 0; err == 0 && i < sk_X509_num(certs); i++) {
		if (X509_STORE_add_cert(a->store, sk_X509_value(certs, i)) != 1)
			err = ERR_NOMEM;
		else
			a->count++;
	}
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	return err;
}

/* 0 or ERR_MALFORMED. */
static int
time_of(const ASN1_TIME *t, int64_t *ret_s)
{
	struct tm tm;

	if (ASN1_TIME_to_tm(t, &tm) != 1)
		return ERR_MALFORMED;
	*ret_s = (int64_t)timegm(&tm);
	return 0;
}

/* When all of the chain are valid. */
static int
span_of(const STACK_OF(X509) *chain, struct certified *ret, char *why, size_t why_len)
{
	int64_t from = INT64_MIN / 1000, until = INT64_MAX / 1000 - 1;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		const X509 *c = sk_X509_value(chain, i);
		int64_t a, b;

		if (time_of(X509_get0_notBefore(c), &a) != 0 || time_of(X509_get0_notAfter(c), &b) != 0) {
			(void)snprintf(why, why_len, "a certificate's time of validity can't be read");
			return ERR_MALFORMED;
		}
		from = a > from ? a : from;
		until = b < until ? b : until;
	}
	if (from > until) {
		(void)snprintf(why, why_len, "there is no time at which all certificates up to the authority's are valid");
		return ERR_SIGNATURE;
	}
	ret->from_ms = from * 1000;
	ret->until_ms = until * 1000 + 999;
	return 0;
}

/* Up to an authority, whatever time it is. */
static int
verify(const struct authorities *a, STACK_OF(X509) *certs, struct certified *ret, char *why, size_t why_len)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	X509_VERIFY_PARAM *param;
	int err = ERR_NOMEM;

	if (ctx == NULL || X509_STORE_CTX_init(ctx, a->store, sk_X509_value(certs, 0), certs) != 1)
		goto out;
	param = X509_STORE_CTX_get0_param(ctx);
	/* What the policy names as an authority is one, though another may have signed it. */
	(void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_NO_CHECK_TIME | X509_V_FLAG_PARTIAL_CHAIN);
	X509_VERIFY_PARAM_set_auth_level(param, AUTH_LEVEL);
	if (X509_verify_cert(ctx) == 1) {
		err = span_of(X509_STORE_CTX_get0_chain(ctx), ret, why, why_len);
		goto out;
	}
	err = X509_STORE_CTX_get_error(ctx) == X509_V_ERR_OUT_OF_MEM ? ERR_NOMEM : ERR_SIGNATURE;
	(void)snprintf(why, why_len, "no authority vouches for it: %s",
		       X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
out:
	X509_STORE_CTX_free(ctx);
	return err;
}

int
certificate_check(const struct authorities *a, struct slice pem, struct certified *ret, char *why, size_t why_len)
{
	STACK_OF(X509) *certs = sk_X509_new_null();
	int err = certs == NULL ? ERR_NOMEM : read_all(pem, certs, why, why_len);
	struct certified c = {0};
	EVP_PKEY *pkey;

	if (err != 0 || (err = verify(a, certs, &c, why, why_len)) != 0)
		goto out;
	if ((X509_get_key_usage(sk_X509_value(certs, 0)) & X509v3_KU_DIGITAL_SIGNATURE) == 0) {
		(void)snprintf(why, why_len, "its key is not for signatures (key usage)");
		err = ERR_SIGNATURE;
		goto out;
	}
	if ((pkey = X509_get_pubkey(sk_X509_value(certs, 0))) == NULL)
		err = ERR_UNSUPPORTED;
	else
		err = public_key_wrap(pkey, &c.key);
	if (err == ERR_UNSUPPORTED)
		(void)snprintf(why, why_len, "its key is not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key");
	if (err == 0)
		*ret = c;
out:
	sk_X509_pop_free(certs, X509_free);
	ERR_clear_error();
	return err;
}
