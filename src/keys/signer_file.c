/* signer_file: a private key in a file. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/signer_kind.h"

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

static void
close_key(struct signer *s)
{
	free(s);
}

static int
sign(struct signer *s, struct slice message, struct wr *ret_sig, char *why, size_t why_len)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pctx;
	uint8_t *to = NULL;
	size_t n = 0;
	int err = ctx == NULL ? ERR_NOMEM : ERR_CRYPTO;

	if (ctx == NULL || EVP_DigestSignInit(ctx, &pctx, key_kind_digest(s->algorithm), NULL, s->key) != 1 ||
	    key_kind_configure(s->algorithm, pctx) != 0 || EVP_DigestSign(ctx, NULL, &n, message.p, message.n) != 1)
		goto end;
	to = wr_room(ret_sig, n);
	if (to == NULL) {
		err = wr_err(ret_sig);
		goto end;
	}
	if (EVP_DigestSign(ctx, to, &n, message.p, message.n) != 1)
		goto end;
	wr_commit(ret_sig, n);
	err = 0;
end:
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return err == 0 ? 0 : err_say(err, why, why_len, "%s", err_text(err));
}

static int
open_key(const struct signer_conf *conf, struct signer **ret, char *why, size_t why_len)
{
	const char *name = conf->uri + strlen("file:");
	struct signer *s;
	char path[4096];
	int err, n = snprintf(path, sizeof(path), "%s%s%s", name[0] == '/' ? "" : conf->base_dir, name[0] == '/' ? "" : "/", name);

	if (n < 0 || (size_t)n >= sizeof(path))
		return err_say(ERR_CONFIG, why, why_len, "%s: the path is too long", conf->uri);
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return err_say(ERR_NOMEM, why, why_len, "%s", err_text(ERR_NOMEM));
	s->kind = &signer_file_kind;
	err = open_file(path, &s->key, &s->written_s, why, why_len);
	if (err != 0)
		goto fail;
	err = key_kind_of(s->key, &s->algorithm);
	if (err != 0) {
		(void)snprintf(why, why_len, "%s: not a P-256, P-384, Ed25519 or RSA (3072 bits or more) key", path);
		goto fail;
	}
	err = signer_ready(s, why, why_len);
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

const struct signer_kind signer_file_kind = {.open = open_key, .sign = sign, .close = close_key};
