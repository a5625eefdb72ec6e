/* pki: certificates for tests, made here and now, in a folder of their own. */
#ifndef TESTS_UNIT_PKI_H
#define TESTS_UNIT_PKI_H

#include <check.h>
#include <dirent.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

struct pki_cert {
	X509 *cert;
	EVP_PKEY *key;
	char cert_path[160], key_path[160];
};

static char pki_dir[] = "/tmp/makoto-pki-XXXXXX";

static inline void
pki_open(void)
{
	ck_assert_ptr_nonnull(mkdtemp(pki_dir));
}

static inline void
pki_close(void)
{
	DIR *d = opendir(pki_dir);
	struct dirent *e;
	char path[512];

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d)) != NULL) {
		(void)snprintf(path, sizeof(path), "%s/%s", pki_dir, e->d_name);
		if (e->d_name[0] != '.')
			(void)unlink(path);
	}
	closedir(d);
	ck_assert_int_eq(rmdir(pki_dir), 0);
	memcpy(pki_dir + strlen(pki_dir) - 6, "XXXXXX", 6);
}

/* A file in the folder with this text; the path stays valid until the next call but three. */
static inline const char *
pki_file(const char *name, const char *text, mode_t mode)
{
	static char paths[4][160];
	static unsigned next;
	char *path = paths[next++ % 4];
	FILE *f;

	(void)snprintf(path, 160, "%s/%s", pki_dir, name);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, mode), 0);
	return path;
}

static inline void
pki_write_key(EVP_PKEY *key, const char *path, const char *password)
{
	FILE *f = fopen(path, "w");
	union {
		const char *in;
		char *out;
	} pw = {password};

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_PKCS8PrivateKey(f, key, password != NULL ? EVP_aes_128_cbc() : NULL, pw.out,
						   password != NULL ? (int)strlen(password) : 0, NULL, NULL), 1);
	ck_assert_int_eq(fclose(f), 0);
	ck_assert_int_eq(chmod(path, 0600), 0);
}

static inline void
pki_extend(X509 *cert, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *ext;

	X509V3_set_ctx(&ctx, issuer, cert, NULL, NULL, 0);
	ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(ext);
	ck_assert_int_eq(X509_add_ext(cert, ext, -1), 1);
	X509_EXTENSION_free(ext);
}

/*
 * A certificate for CN=name by `ca` (NULL: by itself), valid from … to days from now; `san` like
 * "DNS:a,IP:127.0.0.1", `usage` like "digitalSignature" (NULL: none).  Files name.crt and name.key.
 */
static inline struct pki_cert
pki_make_as(const char *name, const struct pki_cert *ca, const char *san, int from, int to, bool authority, const char *usage,
	    const EVP_MD *digest)
{
	static long serial;
	struct pki_cert c = {X509_new(), EVP_EC_gen("P-256"), "", ""};
	X509_NAME *subject = X509_get_subject_name(c.cert);
	FILE *f;

	ck_assert(c.cert != NULL && c.key != NULL);
	X509_set_version(c.cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(c.cert), ++serial);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(subject, "O", MBSTRING_UTF8, (const unsigned char *)"Makoto, Unit", -1, -1, 0), 1);
	ck_assert_int_eq(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0), 1);
	X509_set_issuer_name(c.cert, ca != NULL ? X509_get_subject_name(ca->cert) : subject);
	X509_gmtime_adj(X509_getm_notBefore(c.cert), from * 86400L);
	X509_gmtime_adj(X509_getm_notAfter(c.cert), to * 86400L);
	X509_set_pubkey(c.cert, c.key);
	pki_extend(c.cert, ca != NULL ? ca->cert : c.cert, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
	if (usage != NULL)
		pki_extend(c.cert, ca != NULL ? ca->cert : c.cert, NID_key_usage, usage);
	if (san != NULL)
		pki_extend(c.cert, ca->cert, NID_subject_alt_name, san);
	ck_assert_int_gt(X509_sign(c.cert, ca != NULL ? ca->key : c.key, digest), 0);
	(void)snprintf(c.cert_path, sizeof(c.cert_path), "%s/%s.crt", pki_dir, name);
	(void)snprintf(c.key_path, sizeof(c.key_path), "%s/%s.key", pki_dir, name);
	f = fopen(c.cert_path, "w");
	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(PEM_write_X509(f, c.cert), 1);
	ck_assert_int_eq(fclose(f), 0);
	pki_write_key(c.key, c.key_path, NULL);
	return c;
}

/* An authority by itself, or a certificate by one. */
static inline struct pki_cert
pki_make(const char *name, const struct pki_cert *ca, const char *san, int from, int to)
{
	return pki_make_as(name, ca, san, from, to, ca == NULL, NULL, EVP_sha256());
}

static inline void
pki_free(struct pki_cert *c)
{
	X509_free(c->cert);
	EVP_PKEY_free(c->key);
}

#endif
