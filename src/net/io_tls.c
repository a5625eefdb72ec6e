/*
 * TLS as a stream of io.
 *
 *   in    socket ─► BIO ─► libssl ─► SSL_read until it wants more ─► io's scratch or frame
 *   out   io's pieces ─► gathered into records of 16 KiB ─► SSL_write ─► BIO ─► socket
 *
 * SSL_read is called until it says WANT_READ, since what libssl has read ahead is announced
 * by nobody; where io stops earlier, io->more brings it back.  A record that the socket didn't
 * take whole is offered again with the same bytes, as libssl demands.
 */
#include <errno.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/metrics.h"
#include "net/io_tls_internal.h"
#include "net/tls_names.h"

enum { RECORD = 16384, NAMES_MAX = 65536, DRAIN_MAX = 65536 };

static _Thread_local uint8_t record[RECORD];

/* --- the socket, for libssl ------------------------------------------------------------- */

static int
bio_read(BIO *b, char *to, int n)
{
	struct io *io = BIO_get_data(b);
	struct io_tls *t = io->tls;
	ssize_t got;

	BIO_clear_retry_flags(b);
	do
		got = recv(io->fd, to, (size_t)n, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		BIO_set_retry_read(b);
	else if (got < 0)
		t->socket_error = errno;
	else if (got == 0)
		t->socket_eof = true;
	if (got > 0 && t->first_len < IO_TLS_FIRST) {
		size_t more = (size_t)got < IO_TLS_FIRST - t->first_len ? (size_t)got : IO_TLS_FIRST - t->first_len;

		memcpy(t->first + t->first_len, to, more);
		t->first_len += more;
	}
	return (int)got;
}

static int
bio_write(BIO *b, const char *from, int n)
{
	struct io *io = BIO_get_data(b);
	ssize_t sent;

	BIO_clear_retry_flags(b);
	do
		sent = send(io->fd, from, (size_t)n, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0 && errno == EAGAIN)
		BIO_set_retry_write(b);
	else if (sent < 0)
		io->tls->socket_error = errno;
	return (int)sent;
}

static long
bio_ctrl(BIO *b, int what, long n, void *p)
{
	(void)b;
	(void)n;
	(void)p;
	return what == BIO_CTRL_FLUSH; /* nothing is kept back */
}

static BIO_METHOD *method;

static void
make_method(void)
{
	method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "io");
	if (method != NULL && (BIO_meth_set_read(method, bio_read) != 1 || BIO_meth_set_write(method, bio_write) != 1 ||
			       BIO_meth_set_ctrl(method, bio_ctrl) != 1)) {
		BIO_meth_free(method);
		method = NULL;
	}
}

static BIO *
bio_new(struct io *io)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	BIO *b;

	(void)pthread_once(&once, make_method);
	b = method != NULL ? BIO_new(method) : NULL;
	if (b != NULL) {
		BIO_set_data(b, io);
		BIO_set_init(b, 1);
	}
	return b;
}

/* --- bytes from libssl, or none ----------------------------------------------------------- */

/*
 * An SSL_… call gave no bytes.  -1 with errno: EAGAIN and io is told what to wait for; EPROTO
 * and why() tells; the socket's own error.  0: the end of the stream.
 */
static ssize_t
judge(struct io *io, int ret, bool writing)
{
	struct io_tls *t = io->tls;
	int code = SSL_get_error(t->ssl, ret);
	const char *text;

	if (code == SSL_ERROR_WANT_READ || code == SSL_ERROR_WANT_WRITE) {
		if (writing && code == SSL_ERROR_WANT_READ) {
			io->write_on_read = true;
			io_watch_read(io, true);
		} else if (!writing && code == SSL_ERROR_WANT_WRITE) {
			io->read_on_write = true;
			io_watch_write(io, true);
		}
		errno = EAGAIN;
		return -1;
	}
	/* A stream that ends without close_notify is cut no worse than TCP's: frames have lengths. */
	if (code == SSL_ERROR_ZERO_RETURN || t->socket_eof) {
		ERR_clear_error();
		return 0;
	}
	if (t->socket_error != 0) {
		ERR_clear_error();
		errno = t->socket_error;
		return -1;
	}
	text = ERR_reason_error_string(ERR_peek_error());
	io_tls_why(t, "%s%s", ERR_GET_REASON(ERR_peek_error()) > SSL_AD_REASON_OFFSET ? "refused by the other end: " : "",
		text != NULL ? text : "broken");
	ERR_clear_error();
	errno = EPROTO;
	return -1;
}

/* --- the handshake ------------------------------------------------------------------------ */

enum result { OK, REFUSED, NOT_TLS, TIMEOUT, FAILED };

static void
count(const struct io_tls *t, enum result r)
{
	static const enum metric of[2][5] = {
		{METRIC_TLS_BROKER_OK, METRIC_TLS_BROKER_CERTIFICATE, METRIC_TLS_BROKER_NOT_TLS, METRIC_TLS_BROKER_TIMEOUT,
		 METRIC_TLS_BROKER_FAILED},
		{METRIC_TLS_CLIENT_OK, METRIC_TLS_CLIENT_CERTIFICATE, METRIC_TLS_CLIENT_NOT_TLS, METRIC_TLS_CLIENT_TIMEOUT,
		 METRIC_TLS_CLIENT_FAILED},
	};

	metric_add(of[t->context->server][r], 1);
}

static void
fail(struct io *io, enum result r)
{
	count(io->tls, r);
	io_end(io, (struct io_note){.ev = IO_FAIL, .why = IO_WHY_TLS, .text = io->tls->why});
}

static void
on_limit(void *arg)
{
	struct io *io = arg;

	io_tls_why(io->tls, "no TLS handshake within %u ms", io->tls->context->handshake_ms);
	fail(io, TIMEOUT);
}

static char *
text_of(struct wr *w)
{
	char *text;

	wr_u8(w, '\0');
	text = wr_err(w) == 0 ? strdup((const char *)w->buf) : NULL;
	wr_free(w);
	return text;
}

/* Who the other end is; a connection whose owner couldn't be told is none. */
static bool
note_peer(struct io_tls *t)
{
	X509 *cert = SSL_get1_peer_certificate(t->ssl);
	struct wr subject = wr_new(NAMES_MAX), names = wr_new(NAMES_MAX);

	if (cert == NULL)
		return true;
	tls_names_subject(cert, &subject);
	tls_names_alternative(cert, &names);
	t->subject = text_of(&subject);
	t->names = text_of(&names);
	t->peer = (struct io_tls_peer){t->subject, t->names, tls_end_of(cert)};
	X509_free(cert);
	return t->subject != NULL && t->names != NULL;
}

static void
handshake_failed(struct io *io)
{
	struct io_tls *t = io->tls;

	/* A port that is only knocked at, as health checks do, is no news. */
	if (t->context->server && t->socket_eof && t->first_len == 0) {
		io_end(io, (struct io_note){.ev = IO_EOF});
		return;
	}
	t->refused = t->refused || ERR_GET_REASON(ERR_peek_error()) == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE;
	io_tls_why_handshake(t);
	ERR_clear_error();
	fail(io, t->refused ? REFUSED : io_tls_why_not_tls(t) ? NOT_TLS : FAILED);
}

static bool
tls_start(struct io *io)
{
	struct io_tls *t = io->tls;
	int ret;

	ERR_clear_error();
	ret = SSL_do_handshake(t->ssl);
	if (ret == 1) {
		loop_timer_free(t->limit);
		t->limit = NULL;
		if (!note_peer(t)) {
			io_tls_why(t, "the certificate's names are too long, or no memory is left");
			fail(io, FAILED);
			return false;
		}
		count(t, OK);
		return true;
	}
	switch (SSL_get_error(t->ssl, ret)) {
	case SSL_ERROR_WANT_READ:
		io_watch_write(io, false);
		io_watch_read(io, true);
		break;
	case SSL_ERROR_WANT_WRITE:
		io_watch_read(io, false);
		io_watch_write(io, true);
		break;
	default:
		handshake_failed(io);
	}
	return false;
}

/* --- bytes ---------------------------------------------------------------------------------- */

static ssize_t
told(const struct io_tls *t)
{
	errno = t->end_error;
	return t->end_error == 0 ? 0 : -1;
}

static ssize_t
tls_readv(struct io *io, struct iovec *iov, int n)
{
	struct io_tls *t = io->tls;
	size_t total = 0, got;
	ssize_t how;

	if (io->finishing)
		return readv(io->fd, iov, n); /* it is dropped: only the socket's end is of interest */
	io->more = io->read_on_write = false;
	if (t->ended)
		return told(t);
	for (int i = 0; i < n; i++) {
		for (size_t at = 0; at < iov[i].iov_len; at += got, total += got) {
			int ret;

			ERR_clear_error();
			ret = SSL_read_ex(t->ssl, (uint8_t *)iov[i].iov_base + at, iov[i].iov_len - at, &got);
			if (ret == 1)
				continue;
			how = judge(io, ret, false);
			if (how == 0 || errno != EAGAIN) {
				t->ended = true;
				t->end_error = how == 0 ? 0 : errno;
			}
			if (total == 0)
				return how;
			io->more = t->ended; /* that is told by the next call */
			return (ssize_t)total;
		}
	}
	io->more = true;
	return (ssize_t)total;
}

struct cursor {
	const struct iovec *iov;
	int n;
	size_t at; /* in the first */
};

/* The next record's bytes: in place when one piece fills it or is the last, else gathered.  0: nothing is left. */
static size_t
next_record(struct cursor c, size_t limit, const uint8_t **ret)
{
	size_t len = 0;

	if (c.n == 0)
		return 0;
	if (c.iov->iov_len - c.at >= limit || c.n == 1) {
		*ret = (const uint8_t *)c.iov->iov_base + c.at;
		return c.iov->iov_len - c.at < limit ? c.iov->iov_len - c.at : limit;
	}
	for (; c.n > 0 && len < limit; c.iov++, c.n--, c.at = 0) {
		size_t part = c.iov->iov_len - c.at < limit - len ? c.iov->iov_len - c.at : limit - len;

		memcpy(record + len, (const uint8_t *)c.iov->iov_base + c.at, part);
		len += part;
	}
	*ret = record;
	return len;
}

static void
advance(struct cursor *c, size_t n)
{
	c->at += n;
	while (c->n > 0 && c->at >= c->iov->iov_len) {
		c->at -= c->iov->iov_len;
		c->iov++;
		c->n--;
	}
}

static ssize_t
tls_writev(struct io *io, struct iovec *iov, int n)
{
	struct io_tls *t = io->tls;
	struct cursor c = {iov, n, 0};
	size_t total = 0, len, sent, gathered = 0;
	const uint8_t *from;
	ssize_t how = 0;

	io->write_on_read = false;
	while ((len = next_record(c, t->retry > 0 ? t->retry : RECORD, &from)) > 0) {
		int ret;

		if (from == record)
			gathered = len;
		ERR_clear_error();
		ret = SSL_write_ex(t->ssl, from, len, &sent);
		if (ret != 1) {
			how = judge(io, ret, true);
			if (how == 0) { /* the socket is gone */
				errno = EPIPE;
				how = -1;
			}
			t->retry = errno == EAGAIN ? len : 0;
			break;
		}
		t->retry = 0;
		total += sent;
		advance(&c, sent);
	}
	/* A password may have been in it, and nothing need ever come to lie over that. */
	if (gathered < RECORD)
		explicit_bzero(record, gathered);
	/* What failed is told by the next call: libssl repeats it. */
	return total > 0 ? (ssize_t)total : how;
}

static bool
tls_shut(struct io *io)
{
	struct io_tls *t = io->tls;
	int ret;

	if (io->up && (SSL_get_shutdown(t->ssl) & SSL_SENT_SHUTDOWN) == 0 && !(t->ended && t->end_error != 0)) {
		ERR_clear_error();
		ret = SSL_shutdown(t->ssl);
		if (ret < 0 && SSL_get_error(t->ssl, ret) == SSL_ERROR_WANT_WRITE)
			return false;
		ERR_clear_error();
	}
	(void)shutdown(io->fd, SHUT_WR);
	return true;
}

static const char *
tls_why(struct io *io)
{
	return io->tls->why[0] != '\0' ? io->tls->why : NULL;
}

static void
tls_close(struct io *io)
{
	struct io_tls *t = io->tls;
	ssize_t n;

	loop_timer_free(t->limit);
	t->limit = NULL;
	SSL_free(t->ssl);
	t->ssl = NULL;
	ERR_clear_error();
	tls_unref(t->context);
	t->context = NULL;
	/* Unread bytes would turn the end into a reset, which takes an alert that is on its way with it. */
	(void)shutdown(io->fd, SHUT_WR);
	for (size_t left = DRAIN_MAX; (n = recv(io->fd, record, sizeof(record), MSG_DONTWAIT)) > 0 && left >= (size_t)n;)
		left -= (size_t)n;
	close(io->fd);
}

static void
tls_free(struct io *io)
{
	free(io->tls->host);
	free(io->tls->subject);
	free(io->tls->names);
	free(io->tls);
}

static const struct stream tls_stream = {
	.start = tls_start,
	.readv = tls_readv,
	.writev = tls_writev,
	.shut = tls_shut,
	.why = tls_why,
	.close = tls_close,
	.free = tls_free,
};

/* --- for owners ------------------------------------------------------------------------------ */

/* Whom the server's certificate must name, and what it is told we look for. */
static bool
expect_host(struct io_tls *t, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
	bool numeric = X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1; /* which SNI is not for (RFC 6066 §3) */

	t->host = strdup(host);
	if (t->host == NULL || (!numeric && SSL_set_tlsext_host_name(t->ssl, t->host) != 1))
		return false;
	if (t->context->any_name)
		return !numeric || X509_VERIFY_PARAM_set1_ip(param, NULL, 0) == 1;
	X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return numeric || X509_VERIFY_PARAM_set1_host(param, host, 0) == 1;
}

static bool
set_up(struct io *io, struct io_tls *t, const char *host)
{
	BIO *bio = bio_new(io);

	t->ssl = SSL_new(t->context->ssl);
	if (bio == NULL || t->ssl == NULL) {
		BIO_free(bio);
		return false;
	}
	SSL_set_bio(t->ssl, bio, bio);
	SSL_set_app_data(t->ssl, io);
	SSL_set_verify(t->ssl, SSL_CTX_get_verify_mode(t->context->ssl), io_tls_why_verify);
	if (t->context->server)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	if (host != NULL && !expect_host(t, host))
		return false;
	t->limit = loop_timer_new(io->loop, on_limit, io);
	if (t->limit != NULL)
		loop_timer_set(t->limit, t->context->handshake_ms);
	return t->limit != NULL;
}

struct io *
io_new_tls(struct loop *l, int fd, uint32_t max_frame, struct tls_context *tls, const char *host, io_fn *fn, void *arg)
{
	struct io_tls *t = calloc(1, sizeof(*t));
	struct io *io;

	if (t == NULL) {
		close(fd);
		return NULL;
	}
	io = io_create(l, fd, max_frame, &tls_stream, fn, arg);
	if (io == NULL) {
		free(t);
		return NULL;
	}
	io->tls = t;
	t->context = tls_ref(tls);
	if (!set_up(io, t, host)) {
		ERR_clear_error();
		io_close(io);
		return NULL;
	}
	return io;
}

const struct io_tls_peer *
io_tls_peer(const struct io *io)
{
	return io->tls != NULL && io->tls->peer.subject != NULL ? &io->tls->peer : NULL;
}
