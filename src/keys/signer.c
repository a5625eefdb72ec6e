#include "keys/signer.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include "cloud/kms_arn.h"
#include "keys/signer_kind.h"

int
signer_open(const struct signer_conf *conf, struct signer **ret, char *why, size_t why_len)
{
	if (strncmp(conf->uri, "file:", 5) == 0)
		return signer_file_kind.open(conf, ret, why, why_len);
	if (kms_arn_is(conf->uri))
		return signer_awskms_kind.open(conf, ret, why, why_len);
	return err_say(ERR_CONFIG, why, why_len, "%s: this version signs with file: and awskms: keys only", conf->uri);
}

void
signer_free(struct signer *s)
{
	EVP_PKEY *key;

	if (s == NULL)
		return;
	key = s->key;
	s->kind->close(s);
	EVP_PKEY_free(key); /* libcrypto clears a private key's memory */
}

bool
signer_is_remote(const struct signer *s)
{
	return s->kind->remote;
}

/* A key may forbid our parameters, have halves of two keys, or not be ours to sign with: found out now, not when a window waits for it. */
static int
try_out(struct signer *s, char *why, size_t why_len)
{
	struct wr sig = wr_new(4096);
	int err = signer_sign(s, slice_str("makoto-kafka/1"), &sig, why, why_len);

	wr_free(&sig);
	return err;
}

int
signer_ready(struct signer *s, char *why, size_t why_len)
{
	int err = s->key == NULL ? s->kind->learn(s, why, why_len) : 0;

	if (err != 0)
		return err;
	err = key_id_of(s->key, s->id);
	return err != 0 ? err_say(err, why, why_len, "%s", err_text(err)) : try_out(s, why, why_len);
}

static bool
checks_out(struct signer *s, struct slice message, struct slice sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, &pctx, key_kind_digest(s->algorithm), NULL, s->key) == 1 &&
		  key_kind_configure(s->algorithm, pctx) == 0 &&
		  EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

int
signer_sign(struct signer *s, struct slice message, struct wr *ret_sig, char *why, size_t why_len)
{
	struct wr sig = wr_new(64 * 1024);
	int err = s->kind->sign(s, message, &sig, why, why_len);

	if (err == 0 && !checks_out(s, message, wr_slice(&sig)))
		err = err_say(s->kind->remote ? ERR_SIGNATURE : ERR_CRYPTO, why, why_len,
			      "%s%sthe signature is not one that the key's public part vouches for", s->shown != NULL ? s->shown : "",
			      s->shown != NULL ? ": " : "");
	if (err == 0) {
		wr_slice_put(ret_sig, wr_slice(&sig));
		err = wr_err(ret_sig) == 0 ? 0 : err_say(wr_err(ret_sig), why, why_len, "%s", err_text(wr_err(ret_sig)));
	}
	wr_free(&sig);
	ERR_clear_error();
	return err;
}

void
signer_stop(struct signer *s)
{
	if (s->kind->stop != NULL)
		s->kind->stop(s);
}

const char *
signer_keyid(const struct signer *s)
{
	return s->id;
}

const char *
signer_shown(const struct signer *s)
{
	return s->shown;
}

int64_t
signer_written_s(const struct signer *s)
{
	return s->written_s;
}

int
signer_public(const struct signer *s, struct wr *ret_pem)
{
	BIO *pem = BIO_new(BIO_s_mem());
	int err = ERR_CRYPTO;

	if (pem != NULL && PEM_write_bio_PUBKEY(pem, s->key) == 1) {
		char *bytes;
		long n = BIO_get_mem_data(pem, &bytes);

		wr_bytes(ret_pem, bytes, (size_t)n);
		err = wr_err(ret_pem);
	}
	BIO_free(pem);
	ERR_clear_error();
	return err;
}
