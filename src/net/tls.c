#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "net/tls_internal.h"
#include "net/tls_names.h"

#define TICKET_LIFE_S 600 /* a certificate that ends, or is taken off the list by a restart, is asked for again */

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

struct tls_context *
tls_ref(struct tls_context *c)
{
	if (c != NULL)
		atomic_fetch_add(&c->refs, 1);
	return c;
}

void
tls_unref(struct tls_context *c)
{
	if (c == NULL || atomic_fetch_sub(&c->refs, 1) > 1)
		return;
	SSL_CTX_free(c->ssl);
	for (size_t i = 0; i < c->name_count; i++)
		free(c->names[i]);
	free(c->names);
	free(c);
}

int64_t
tls_not_after(const struct tls_context *c)
{
	return c->not_after;
}

void
tls_subject(const struct tls_context *c, struct wr *w)
{
	X509 *cert = SSL_CTX_get0_certificate(c->ssl);

	if (cert != NULL)
		tls_names_subject(cert, w);
}

/* --- files -------------------------------------------------------------------------- */

/* The reason of libcrypto's first complaint, and no complaint is left. */
static const char *
reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	if (ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE)
		text = "nothing of that kind in it (want PEM)";
	ERR_clear_error();
	return text != NULL ? text : "not understood";
}

static int
open_file(const char *path, int *ret_fd, char *why, size_t why_len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
		(void)snprintf(why, why_len, "%s: can't be read: %s", path, strerror(fd >= 0 ? EISDIR : errno));
		if (fd >= 0)
			(void)close(fd);
		return ERR_IO;
	}
	*ret_fd = fd;
	return 0;
}

struct password {
	const char *text;
	bool asked;
};

static int
on_password(char *buf, int size, int rw, void *arg)
{
	struct password *p = arg;
	size_t n = p->text != NULL ? strlen(p->text) : 0;

	(void)rw;
	p->asked = true;
	if (size < 0 || n > (size_t)size)
		return -1;
	if (n > 0)
		memcpy(buf, p->text, n);
	return (int)n;
}

/* A certificate is no secret: whoever wraps one in a password gets an error, not a question on the terminal. */
static int
no_password(char *buf UNUSED, int size UNUSED, int rw UNUSED, void *arg UNUSED)
{
	return -1;
}

static int
read_key(const char *path, const char *password, EVP_PKEY **ret, char *why, size_t why_len)
{
	struct password pw = {.text = password};
	char buf[BUFSIZ]; /* the stream's own would be given back with the key's text in it */
	struct stat st;
	EVP_PKEY *key;
	FILE *f;
	int fd, err = open_file(path, &fd, why, why_len);

	if (err != 0)
		return err;
	if (fstat(fd, &st) != 0 || (st.st_mode & (S_IROTH | S_IWOTH | S_IWGRP)) != 0) {
		(void)snprintf(why, why_len, "%s: a private key that others may read or write (mode %04o); chmod 600 it", path,
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
	key = PEM_read_PrivateKey(f, NULL, on_password, &pw);
	(void)fclose(f);
	OPENSSL_cleanse(buf, sizeof(buf));
	ERR_clear_error();
	if (key == NULL) {
		(void)snprintf(why, why_len, "%s: %s", path,
			       !pw.asked           ? "no private key in it (want PEM)" :
			       is_given(password) ? "the private key can't be decrypted: another password" :
						     "the private key is encrypted, and no password is given");
		return ERR_CONFIG;
	}
	*ret = key;
	return 0;
}

int64_t
tls_end_of(X509 *cert)
{
	struct tm tm;

	return cert != NULL && ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

/* What this side shows: its chain and the key to it. */
static int
own_certificate(struct tls_context *c, const char *chain, const char *key_path, const char *password, char *why,
		size_t why_len)
{
	EVP_PKEY *key = NULL;
	int fd, err = open_file(chain, &fd, why, why_len);

	if (err != 0)
		return err;
	if (!is_given(key_path))
		key_path = chain; /* one file has both */
	(void)close(fd); /* libssl opens it by name, and doesn't tell why it can't */
	if (SSL_CTX_use_certificate_chain_file(c->ssl, chain) != 1) {
		(void)snprintf(why, why_len, "%s: certificate: %s", chain, reason());
		return ERR_CONFIG;
	}
	err = read_key(key_path, password, &key, why, why_len);
	if (err != 0)
		return err;
	if (X509_check_private_key(SSL_CTX_get0_certificate(c->ssl), key) != 1) {
		(void)snprintf(why, why_len, "%s: not the key of the certificate in %s", key_path, chain);
		err = ERR_CONFIG;
	} else if (SSL_CTX_use_PrivateKey(c->ssl, key) != 1) {
		(void)snprintf(why, why_len, "%s: private key: %s", key_path, reason());
		err = ERR_CONFIG;
	}
	ERR_clear_error();
	EVP_PKEY_free(key);
	c->not_after = tls_end_of(SSL_CTX_get0_certificate(c->ssl));
	return err;
}

static int
trust(struct tls_context *c, const char *ca, char *why, size_t why_len)
{
	struct stat st;
	int fd, err;

	if (stat(ca, &st) == 0 && S_ISDIR(st.st_mode)) {
		if (SSL_CTX_load_verify_dir(c->ssl, ca) == 1)
			return 0;
		(void)snprintf(why, why_len, "%s: certificate authorities: %s", ca, reason());
		return ERR_CONFIG;
	}
	err = open_file(ca, &fd, why, why_len);
	if (err != 0)
		return err;
	(void)close(fd);
	if (SSL_CTX_load_verify_file(c->ssl, ca) == 1)
		return 0;
	(void)snprintf(why, why_len, "%s: certificate authorities: %s", ca, reason());
	return ERR_CONFIG;
}

/* --- contexts -------------------------------------------------------------------------- */

static struct tls_context *
context_new(const SSL_METHOD *method, bool server, unsigned handshake_ms)
{
	struct tls_context *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	atomic_init(&c->refs, 1);
	c->server = server;
	c->handshake_ms = handshake_ms > 0 ? handshake_ms : TLS_HANDSHAKE_MS;
	c->ssl = SSL_CTX_new(method);
	if (c->ssl == NULL || SSL_CTX_set_min_proto_version(c->ssl, TLS1_2_VERSION) != 1) {
		ERR_clear_error();
		tls_unref(c);
		return NULL;
	}
	SSL_CTX_set_options(c->ssl, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	SSL_CTX_set_mode(c->ssl, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_default_passwd_cb(c->ssl, no_password);
	SSL_CTX_set_read_ahead(c->ssl, 1); /* else each record costs two system calls */
	/* Tickets keep the sessions, on the clients' side; a cache here would be memory and a lock. */
	SSL_CTX_set_session_cache_mode(c->ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_timeout(c->ssl, TICKET_LIFE_S);
	return c;
}

static int
copy_names(struct tls_context *c, const struct tls_server_conf *conf)
{
	c->names = calloc(conf->client_name_count + 1, sizeof(*c->names));
	if (c->names == NULL)
		return ERR_NOMEM;
	for (; c->name_count < conf->client_name_count; c->name_count++)
		if ((c->names[c->name_count] = strdup(conf->client_names[c->name_count])) == NULL)
			return ERR_NOMEM;
	return 0;
}

static bool
add(EVP_MD_CTX *md, const void *p, size_t n)
{
	uint64_t len = n;

	return EVP_DigestUpdate(md, &len, sizeof(len)) == 1 && EVP_DigestUpdate(md, p, n) == 1;
}

/*
 * A session is resumed in the policy in which it began, or not at all.  The keys of the
 * tickets are each context's own already; this holds whoever shares them some day.
 */
static int
bind_sessions(struct tls_context *c, const struct tls_server_conf *conf)
{
	STACK_OF(X509_NAME) *cas = SSL_CTX_get_client_CA_list(c->ssl);
	unsigned char id[EVP_MAX_MD_SIZE], print[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	unsigned n;
	bool ok = md != NULL && EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
		  add(md, &conf->client_auth, sizeof(conf->client_auth)) && add(md, &conf->only_13, sizeof(conf->only_13)) &&
		  X509_digest(SSL_CTX_get0_certificate(c->ssl), EVP_sha256(), print, &n) == 1 && add(md, print, n);

	for (size_t i = 0; ok && i < c->name_count; i++)
		ok = add(md, c->names[i], strlen(c->names[i]));
	for (int i = 0; ok && i < sk_X509_NAME_num(cas); i++)
		ok = X509_NAME_digest(sk_X509_NAME_value(cas, i), EVP_sha256(), print, &n) == 1 && add(md, print, n);
	ok = ok && EVP_DigestFinal_ex(md, id, &n) == 1 &&
	     SSL_CTX_set_session_id_context(c->ssl, id, n < SSL_MAX_SID_CTX_LENGTH ? n : SSL_MAX_SID_CTX_LENGTH) == 1;
	EVP_MD_CTX_free(md);
	ERR_clear_error();
	return ok ? 0 : ERR_NOMEM;
}

static int
ask_clients(struct tls_context *c, const struct tls_server_conf *conf, char *why, size_t why_len)
{
	int mode = SSL_VERIFY_PEER | (conf->client_auth == TLS_CLIENT_REQUIRED ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0);
	STACK_OF(X509_NAME) *names;
	int err;

	if (conf->client_auth == TLS_CLIENT_NONE)
		return 0;
	if (!is_given(conf->client_ca)) {
		(void)snprintf(why, why_len, "clients' certificates are asked for, but no authority is given for them");
		return ERR_CONFIG;
	}
	err = trust(c, conf->client_ca, why, why_len);
	if (err != 0)
		return err;
	names = SSL_load_client_CA_file(conf->client_ca);
	ERR_clear_error(); /* a directory has no such list, and clients can do without */
	if (names != NULL)
		SSL_CTX_set_client_CA_list(c->ssl, names);
	SSL_CTX_set_verify(c->ssl, mode, NULL);
	return 0;
}

int
tls_server_new(const struct tls_server_conf *conf, struct tls_context **ret, char *why, size_t why_len)
{
	struct tls_context *c = context_new(TLS_server_method(), true, conf->handshake_ms);
	int err = c != NULL ? own_certificate(c, conf->certificate, conf->key, NULL, why, why_len) : ERR_NOMEM;

	if (err == 0)
		err = ask_clients(c, conf, why, why_len);
	if (err == 0)
		err = copy_names(c, conf);
	if (err == 0 && conf->only_13 && SSL_CTX_set_min_proto_version(c->ssl, TLS1_3_VERSION) != 1)
		err = ERR_NOMEM;
	if (err == 0)
		err = bind_sessions(c, conf);
	if (err == 0)
		SSL_CTX_set_num_tickets(c->ssl, 1);
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "%s", err_text(err));
	if (err != 0) {
		tls_unref(c);
		return err;
	}
	*ret = c;
	return 0;
}

int
tls_client_new(const struct tls_client_conf *conf, struct tls_context **ret, char *why, size_t why_len)
{
	struct tls_context *c = context_new(TLS_client_method(), false, conf->handshake_ms);
	int err = c == NULL ? ERR_NOMEM : 0;

	if (err == 0 && is_given(conf->ca))
		err = trust(c, conf->ca, why, why_len);
	else if (err == 0 && SSL_CTX_set_default_verify_paths(c->ssl) != 1)
		err = ERR_NOMEM;
	if (err == 0 && is_given(conf->certificate))
		err = own_certificate(c, conf->certificate, conf->key, conf->key_password, why, why_len);
	if (err == ERR_NOMEM)
		(void)snprintf(why, why_len, "%s", err_text(err));
	if (err != 0) {
		ERR_clear_error();
		tls_unref(c);
		return err;
	}
	SSL_CTX_set_verify(c->ssl, SSL_VERIFY_PEER, NULL);
	c->any_name = conf->any_name;
	*ret = c;
	return 0;
}
