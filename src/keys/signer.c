#include "keys/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/key_kind.h"
#include "keys/public_key.h"

struct signer {
	EVP_PKEY *key;
	enum key_kind kind;
	char id[KEYID_LEN + 1];
	int64_t written_s;
};

/* No pass phrase is asked for: there is nobody to ask. */
static int
no_passphrase(char *buf UNUSED, int size UNUSED, int rw UNUSED, void *arg UNUSED)
{
	return 0;
}

static int
open_file(const char *path, EVP_PKEY **ret, int64_t *ret_written_s, char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char buf[BUFSIZ]; /* the stream's own would be given back with the key's text in it */
	struct stat st;
	EVP_PKEY *key;
	FILE *f;

	if (fd < 0 || fstat(fd, &st) != 0) {
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(errno));
		if (fd >= 0)
			(void)close(fd);
		return ERR_IO;
	}
	if (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) {
		(void)snprintf(why, why_len, "%s: a signing key that others may read or write (mode %04o); chmod 600 it", path,
			       (unsigned)st.st_mode & 07777);
		(void)close(fd);
		return ERR_CONFIG;
	}
	f = fdopen(fd, "r");
	if (f == NULL) {
		(void)close(fd);
		(void)snprintf(why, why_len, "%s: %s", path, strerror(errno));
		return ERR_IO;
	}
	(void)setvbuf(f, buf, _IOFBF, sizeof(buf));
	key = PEM_read_PrivateKey(f, NULL, no_passphrase, NULL);
	(void)fclose(f);
	OPENSSL_cleanse(buf, sizeof(buf));
	ERR_clear_error();
	if (key == NULL) {
		(void)snprintf(why, why_len, "%s: no private key in it (want PEM, not encrypted)", path);
		return ERR_MALFORMED;
	}
	*ret = key;
	*ret_written_s = st.st_mtim.tv_sec;
	return 0;
}

/* A key may forbid our parameters, or have halves of two keys: found out now, not when a window waits for it. */
static int
try_out(struct signer *s)
{
	struct wr sig = wr_new(4096);
	int err = signer_sign(s, slice_str("makoto-kafka/1"), &sig);

	wr_free(&sig);
	return err;
}

int
signer_open(const char *uri, const char *base_dir, struct signer **ret, char *why, size_t why_len)
{
	struct signer *s;
	char path[4096];
	const char *name = uri + 5;
	int err, n;

	if (strncmp(uri, "file:", 5) != 0) {
		(void)snprintf(why, why_len, "%s: this version signs with file: keys only", uri);
		return ERR_CONFIG;
	}
	n = snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : base_dir, name[0] == '/' ? "" : "/", name);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		(void)snprintf(why, why_len, "%s: the path is too long", uri);
		return ERR_CONFIG;
	}
	s = calloc(1, sizeof(*s));
	if (s == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	err = open_file(path, &s->key, &s->written_s, why, why_len);
	if (err != 0)
		goto fail;
	err = key_kind_of(s->key, &s->kind);
	if (err != 0) {
		(void)snprintf(why, why_len, "%s: not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key", path);
		goto fail;
	}
	err = key_id_of(s->key, s->id);
	if (err != 0) {
		(void)snprintf(why, why_len, "%s: %s", path, err_text(err));
		goto fail;
	}
	err = try_out(s);
	if (err != 0) {
		(void)snprintf(why, why_len, "%s: can't sign as the format wants it", path);
		goto fail;
	}
	*ret = s;
	return 0;

fail:
	signer_free(s);
	return err;
}

void
signer_free(struct signer *s)
{
	if (s == NULL)
		return;
	EVP_PKEY_free(s->key); /* libcrypto clears a private key's memory */
	free(s);
}

static bool
checks_out(struct signer *s, struct slice message, struct slice sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	bool ok = ctx != NULL && EVP_DigestVerifyInit(ctx, &pctx, key_kind_digest(s->kind), NULL, s->key) == 1 &&
		  key_kind_configure(s->kind, pctx) == 0 &&
		  EVP_DigestVerify(ctx, sig.p, sig.n, message.p, message.n) == 1;

	EVP_MD_CTX_free(ctx);
	return ok;
}

int
signer_sign(struct signer *s, struct slice message, struct wr *ret_sig)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t *to = NULL;
	size_t n = 0;
	int err = ERR_CRYPTO;

	if (ctx == NULL)
		return ERR_NOMEM;
	if (EVP_DigestSignInit(ctx, &pctx, key_kind_digest(s->kind), NULL, s->key) != 1 ||
	    key_kind_configure(s->kind, pctx) != 0 || EVP_DigestSign(ctx, NULL, &n, message.p, message.n) != 1)
		goto end;
	to = wr_room(ret_sig, n);
	if (to == NULL) {
		err = wr_err(ret_sig);
		goto end;
	}
	if (EVP_DigestSign(ctx, to, &n, message.p, message.n) != 1 || !checks_out(s, message, slice_of(to, n)))
		goto end;
	wr_commit(ret_sig, n);
	err = 0;
end:
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err;
}

const char *
signer_keyid(const struct signer *s)
{
	return s->id;
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
