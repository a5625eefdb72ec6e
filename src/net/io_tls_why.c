/* Why TLS didn't come about, in words that an operator can act on. */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdarg.h>

#include "net/io_tls_internal.h"
#include "net/tls_names.h"

enum { NAMES_MAX = 4096 };

void
io_tls_why(struct io_tls *t, const char *fmt, ...)
{
	va_list ap;

	if (t->why[0] != '\0')
		return; /* the first cause is the cause */
	va_start(ap, fmt);
	(void)vsnprintf(t->why, sizeof(t->why), fmt, ap);
	va_end(ap);
}

static void
refuse(struct io_tls *t, int code, X509 *cert)
{
	const char *text = X509_verify_cert_error_string(code);
	struct wr subject = wr_new(NAMES_MAX), names = wr_new(NAMES_MAX);

	t->refused = true;
	if (cert != NULL) {
		tls_names_subject(cert, &subject);
		tls_names_alternative(cert, &names);
	}
	wr_u8(&subject, '\0');
	wr_u8(&names, '\0');
	if (wr_err(&subject) != 0 || wr_err(&names) != 0 || cert == NULL)
		io_tls_why(t, "%s", text);
	else if (code == X509_V_ERR_HOSTNAME_MISMATCH || code == X509_V_ERR_IP_ADDRESS_MISMATCH)
		io_tls_why(t, "hostname mismatch: the certificate is not for %s but for %s", t->host != NULL ? t->host : "?",
			names.len > 1 ? (const char *)names.buf : (const char *)subject.buf);
	else if (code == X509_V_ERR_APPLICATION_VERIFICATION)
		io_tls_why(t, "no name of the client's certificate is allowed: %s (%s)", subject.buf, names.buf);
	else
		io_tls_why(t, "%s: %s", text, subject.buf);
	wr_free(&subject);
	wr_free(&names);
}

int
io_tls_why_verify(int ok, X509_STORE_CTX *x)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(x, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct io *io = SSL_get_app_data(ssl);
	const struct tls_context *c = io->tls->context;
	X509 *cert = X509_STORE_CTX_get_current_cert(x);

	if (ok && c->name_count > 0 && X509_STORE_CTX_get_error_depth(x) == 0 &&
	    !tls_names_match(cert, c->names, c->name_count)) {
		X509_STORE_CTX_set_error(x, X509_V_ERR_APPLICATION_VERIFICATION);
		ok = 0;
	}
	if (!ok)
		refuse(io->tls, X509_STORE_CTX_get_error(x), cert);
	return ok;
}

static bool
looks_like_http(const struct io_tls *t)
{
	static const char *const verbs[] = {"GET ", "HEAD", "POST", "PUT ", "DELE", "OPTI", "CONN", "PATC", "TRAC", "PRI ", "HTTP"};

	for (size_t i = 0; i < ARRAY_LEN(verbs); i++)
		if (t->first_len >= 4 && memcmp(t->first, verbs[i], 4) == 0)
			return true;
	return false;
}

/* A length under 16 MiB, and as far as they came a key and a version that there can be. */
static bool
looks_like_kafka(const struct io_tls *t)
{
	return t->first_len >= 4 && t->first[0] == 0 && (t->first_len < 5 || t->first[4] == 0) &&
	       (t->first_len < 8 || (t->first[6] == 0 && t->first[7] < 64));
}

/* Handshake, alert (RFC 8446 §5.1). */
bool
io_tls_why_not_tls(const struct io_tls *t)
{
	return t->first_len > 0 && t->first[0] != 0x16 && t->first[0] != 0x15;
}

void
io_tls_why_handshake(struct io_tls *t)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);
	bool server = t->context->server;

	if (looks_like_http(t))
		io_tls_why(t, server ? "HTTP on a TLS port" : "the broker's port speaks HTTP");
	else if (io_tls_why_not_tls(t) && server)
		io_tls_why(t, looks_like_kafka(t) ? "plaintext Kafka on a TLS port: set security.protocol to ssl" :
						 "neither TLS nor Kafka on a TLS port");
	else if (io_tls_why_not_tls(t))
		io_tls_why(t, "the broker's port speaks plaintext: set security.protocol");
	else if (!server && t->first_len == 0 && (t->socket_eof || t->socket_error == ECONNRESET))
		io_tls_why(t, "closed by the broker at the first TLS message, as a plaintext port does: see security.protocol");
	else if (t->socket_eof)
		io_tls_why(t, "closed by the other end during the handshake");
	else if (t->socket_error != 0)
		io_tls_why(t, "%s during the handshake", strerror(t->socket_error));
	else if (ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET) /* an alert, which has the other end's reason */
		io_tls_why(t, "refused by the other end: %s", text != NULL ? text : "no reason");
	else
		io_tls_why(t, "handshake failed: %s", text != NULL ? text : "no reason");
}
