#include "keys/keygen.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <sys/stat.h>
#include <unistd.h>

#include "keys/key_kind.h"

static EVP_PKEY *
make(const char *algorithm)
{
	if (strcmp(algorithm, "p256") == 0)
		return EVP_EC_gen("P-256");
	if (strcmp(algorithm, "p384") == 0)
		return EVP_EC_gen("P-384");
	if (strcmp(algorithm, "ed25519") == 0)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	if (strcmp(algorithm, "rsa-pss") == 0)
		return EVP_RSA_gen(KEY_RSA_MIN_BITS);
	return NULL;
}

static int
sync_folder(const char *path)
{
	char copy[4096];
	int fd, err;

	(void)snprintf(copy, sizeof(copy), "%s", path);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ERR_IO;
	err = fsync(fd) == 0 ? 0 : ERR_IO;
	(void)close(fd);
	return err;
}

/* A temporary file beside `path`, synced, then put in its place; `keep` refuses to replace. */
static int
write_file(const char *path, mode_t mode, bool keep, struct slice content)
{
	char temp[4096 + 32];
	bool placed = false;
	int fd, err = ERR_IO, saved;

	(void)snprintf(temp, sizeof(temp), "%s.%d.new", path, (int)getpid());
	fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
	if (fd < 0)
		return ERR_IO;
	if (write(fd, content.p, content.n) != (ssize_t)content.n || fchmod(fd, mode) != 0 || fsync(fd) != 0)
		goto fail;
	/* link() is the atomic "create unless it exists"; rename() the atomic "replace". */
	if ((keep ? link(temp, path) : rename(temp, path)) != 0) {
		err = errno == EEXIST ? ERR_EXISTS : ERR_IO;
		goto fail;
	}
	placed = true;
	err = sync_folder(path);
fail:
	saved = errno;
	(void)close(fd);
	if (keep || !placed)
		(void)unlink(temp);
	if (placed && err != 0)
		(void)unlink(path); /* whoever finds it would take it for one that is there for good */
	errno = saved;
	return err;
}

/* Only a public key gives way to a new one: another file under that name is somebody's mistake, maybe their signing key.  0, ERR_EXISTS, ERR_IO. */
static int
public_may_go(const char *path)
{
	static const char begin[] = "-----BEGIN PUBLIC KEY-----";
	char head[sizeof(begin) - 1];
	FILE *f = fopen(path, "re");
	bool may;

	if (f == NULL)
		return errno == ENOENT ? 0 : ERR_IO;
	may = fread(head, 1, sizeof(head), f) == sizeof(head) && memcmp(head, begin, sizeof(head)) == 0;
	(void)fclose(f);
	return may ? 0 : ERR_EXISTS;
}

static struct slice
text_of(BIO *b)
{
	char *bytes;
	long n = BIO_get_mem_data(b, &bytes);

	return slice_of(bytes, (size_t)n);
}

int
keygen_public(const char *path, struct slice pem, char *why, size_t why_len)
{
	int err = public_may_go(path);

	if (err == 0)
		err = write_file(path, 0644, false, pem);
	if (err == ERR_EXISTS)
		(void)snprintf(why, why_len, "%s: exists and is no public key", path);
	else if (err != 0)
		(void)snprintf(why, why_len, "%s: can't be written: %s", path, strerror(errno));
	return err;
}

int
keygen_public_is(const char *path, const char *id, char *why, size_t why_len)
{
	struct trust *t = trust_new();
	int err = ERR_NOMEM;

	(void)snprintf(why, why_len, "%s: %s", path, err_text(err));
	if (t != NULL)
		err = trust_load(t, path, why, why_len);
	for (size_t i = 0; err == 0 && i < trust_count(t); i++)
		if (strcmp(public_key_id(trust_key(t, i)), id) != 0) {
			(void)snprintf(why, why_len, "%s: has the public key of another one, %s", path, public_key_id(trust_key(t, i)));
			err = ERR_EXISTS;
		}
	trust_free(t);
	return err;
}

int
key_generate(const char *algorithm, const char *private_path, const char *public_path, char ret_id[KEYID_LEN + 1],
	     char *why, size_t why_len)
{
	EVP_PKEY *key = make(algorithm);
	/* Secure memory's BIO clears what it held. */
	BIO *priv = BIO_new(BIO_s_secmem()), *pub = BIO_new(BIO_s_mem());
	char id[KEYID_LEN + 1];
	int err = ERR_CRYPTO;

	if (key == NULL) {
		(void)snprintf(why, why_len, "%s: no such algorithm (p256, p384, ed25519, rsa-pss)", algorithm);
		err = ERR_CONFIG;
		goto end;
	}
	if (priv == NULL || pub == NULL || PEM_write_bio_PKCS8PrivateKey(priv, key, NULL, NULL, 0, NULL, NULL) != 1 ||
	    PEM_write_bio_PUBKEY(pub, key) != 1 || key_id_of(key, id) != 0) {
		(void)snprintf(why, why_len, "libcrypto could not make a key");
		goto end;
	}
	err = write_file(private_path, 0600, true, text_of(priv));
	if (err == ERR_EXISTS) {
		(void)snprintf(why, why_len, "%s: exists; a signing key is never replaced", private_path);
	} else if (err != 0) {
		(void)snprintf(why, why_len, "%s: can't be written: %s", private_path, strerror(errno));
	} else {
		err = keygen_public(public_path, text_of(pub), why, why_len);
		if (err != 0)
			(void)unlink(private_path); /* nobody has it yet, and another try must find the place free */
		else
			memcpy(ret_id, id, sizeof(id));
	}
end:
	BIO_free(priv);
	BIO_free(pub);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return err;
}
