#include "net/tls_names.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "base/text.h"

struct name {
	const char *kind;
	struct slice value;
	char ip[INET6_ADDRSTRLEN];
};

/* Kinds that can stand for a peer; others are left out. */
static bool
name_of(const GENERAL_NAME *g, struct name *ret)
{
	const ASN1_STRING *s;
	int type;
	void *value = GENERAL_NAME_get0_value(g, &type);

	switch (type) {
	case GEN_DNS: ret->kind = "DNS"; break;
	case GEN_URI: ret->kind = "URI"; break;
	case GEN_EMAIL: ret->kind = "email"; break;
	case GEN_IPADD: ret->kind = "IP"; break;
	default: return false;
	}
	s = value;
	ret->value = slice_of(ASN1_STRING_get0_data(s), (size_t)ASN1_STRING_length(s));
	if (type != GEN_IPADD)
		return true;
	if (ret->value.n != 4 && ret->value.n != 16)
		return false;
	if (inet_ntop(ret->value.n == 4 ? AF_INET : AF_INET6, ret->value.p, ret->ip, sizeof(ret->ip)) == NULL)
		return false;
	ret->value = slice_str(ret->ip);
	return true;
}

void
tls_names_subject(X509 *cert, struct wr *w)
{
	BIO *mem = BIO_new(BIO_s_mem());
	char *p;
	long n;

	/* As Java's principals are written: UTF-8 stays what it is. */
	if (mem != NULL &&
	    X509_NAME_print_ex(mem, X509_get_subject_name(cert), 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		n = BIO_get_mem_data(mem, &p);
		wr_bytes(w, p, n > 0 ? (size_t)n : 0);
	}
	BIO_free(mem);
	ERR_clear_error();
}

void
tls_names_alternative(X509 *cert, struct wr *w)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	bool any = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(all); i++) {
		struct name n;

		if (!name_of(sk_GENERAL_NAME_value(all, i), &n))
			continue;
		wr_printf(w, "%s%s:", any ? ", " : "", n.kind);
		/* It goes into logs: what could be mistaken for something else there is replaced. */
		for (size_t j = 0; j < n.value.n; j++)
			wr_u8(w, n.value.p[j] > ' ' && n.value.p[j] < 0x7f && n.value.p[j] != ',' ? n.value.p[j] : '?');
		any = true;
	}
	GENERAL_NAMES_free(all);
	ERR_clear_error();
}

static bool
matches(struct slice value, char *const *globs, size_t count)
{
	/* A NUL inside a name is how one name was made to look like another. */
	if (value.n == 0 || memchr(value.p, '\0', value.n) != NULL)
		return false;
	for (size_t i = 0; i < count; i++)
		if (text_glob(globs[i], value))
			return true;
	return false;
}

bool
tls_names_match(X509 *cert, char *const *globs, size_t count)
{
	GENERAL_NAMES *all = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	X509_NAME *subject = X509_get_subject_name(cert);
	bool found = false;
	int at = -1;

	while (!found && (at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0) {
		unsigned char *text;
		int n = ASN1_STRING_to_UTF8(&text, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));

		if (n < 0)
			continue;
		found = matches(slice_of(text, (size_t)n), globs, count);
		OPENSSL_free(text);
	}
	for (int i = 0; !found && i < sk_GENERAL_NAME_num(all); i++) {
		struct name n;

		found = name_of(sk_GENERAL_NAME_value(all, i), &n) && matches(n.value, globs, count);
	}
	GENERAL_NAMES_free(all);
	ERR_clear_error();
	return found;
}
