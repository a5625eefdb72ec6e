/* signer_awskms: a private key in AWS KMS, which never leaves it; a digest goes there, a signature comes back. */
#include <openssl/err.h>
#include <openssl/x509.h>

#include "cloud/kms.h"
#include "keys/signer_kind.h"

#define SCHEME "awskms:///"

struct awskms {
	struct signer base;
	struct kms *kms;
	const char *algorithm; /* as KMS names it */
	char shown[sizeof(SCHEME) + KMS_ARN_MAX];
};

static const struct {
	const char *spec, *algorithm;
	enum key_kind kind;
} specs[] = {
	{"ECC_NIST_P256", "ECDSA_SHA_256", KEY_P256},
	{"ECC_NIST_P384", "ECDSA_SHA_384", KEY_P384},
	{"RSA_3072", "RSASSA_PSS_SHA_256", KEY_RSA_PSS},
	{"RSA_4096", "RSASSA_PSS_SHA_256", KEY_RSA_PSS},
};

static void
close_key(struct signer *s)
{
	struct awskms *a = CONTAINER_OF(s, struct awskms, base);

	kms_close(a->kms);
	free(a);
}

static void
stop(struct signer *s)
{
	kms_stop(CONTAINER_OF(s, struct awskms, base)->kms);
}

static int
open_key(const struct signer_conf *conf, struct signer **ret, char *why, size_t why_len)
{
	struct awskms *a = calloc(1, sizeof(*a));
	int err;

	if (a == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	a->base.kind = &signer_awskms_kind;
	err = kms_open(conf->uri, conf->credentials, conf->profile, &a->kms, why, why_len);
	if (err != 0) {
		close_key(&a->base);
		return err;
	}
	(void)snprintf(a->shown, sizeof(a->shown), SCHEME "%s", kms_arn(a->kms));
	a->base.shown = a->shown;
	*ret = &a->base;
	return 0;
}

/* All of the bytes are one key, of the kind that its spec names. */
static int
take(struct awskms *a, const char *spec, struct slice der, char *why, size_t why_len)
{
	const unsigned char *at = der.p;
	enum key_kind kind;
	EVP_PKEY *key;
	size_t i = 0;

	while (i < ARRAY_LEN(specs) && strcmp(spec, specs[i].spec) != 0)
		i++;
	if (i == ARRAY_LEN(specs))
		return err_say(ERR_UNSUPPORTED, why, why_len, "%s: its spec is %s; want ECC_NIST_P256, ECC_NIST_P384, RSA_3072 or RSA_4096",
			       a->shown, spec);
	key = d2i_PUBKEY(NULL, &at, (long)der.n);
	ERR_clear_error();
	if (key == NULL || at != der.p + der.n || key_kind_of(key, &kind) != 0 || kind != specs[i].kind) {
		EVP_PKEY_free(key);
		return err_say(ERR_MALFORMED, why, why_len, "%s: what KMS gives for its public key is not a key of spec %s", a->shown, spec);
	}
	a->base.key = key;
	a->base.algorithm = kind;
	a->algorithm = specs[i].algorithm;
	return 0;
}

static int
learn(struct signer *s, char *why, size_t why_len)
{
	struct awskms *a = CONTAINER_OF(s, struct awskms, base);
	struct wr der = wr_new(16384);
	char spec[KMS_SPEC_MAX + 1];
	int err = kms_public(a->kms, spec, &der, why, why_len);

	if (err == 0)
		err = take(a, spec, wr_slice(&der), why, why_len);
	wr_free(&der);
	return err;
}

static int
sign(struct signer *s, struct slice message, struct wr *ret_sig, char *why, size_t why_len)
{
	struct awskms *a = CONTAINER_OF(s, struct awskms, base);
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned n;

	if (EVP_Digest(message.p, message.n, digest, &n, key_kind_digest(s->algorithm), NULL) != 1)
		return err_say(ERR_CRYPTO, why, why_len, "%s", err_text(ERR_CRYPTO));
	return kms_sign(a->kms, a->algorithm, slice_of(digest, n), ret_sig, why, why_len);
}

const struct signer_kind signer_awskms_kind = {
	.remote = true, .open = open_key, .learn = learn, .sign = sign, .stop = stop, .close = close_key};
