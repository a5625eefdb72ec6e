/*
 * tls_ends: an io with TLS, and libssl driven by hand at the other end.
 *
 *   io under test ◄── socket pair ──► libssl
 *
 * Both ends are one thread's: bytes that one end wrote are there when the other turns.
 */
#ifndef TESTS_UNIT_TLS_ENDS_H
#define TESTS_UNIT_TLS_ENDS_H

#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdarg.h>
#include <sys/socket.h>

#include "base/metrics.h"
#include "net/io.h"
#include "pki.h"
#include "suite.h"

enum { MAX_FRAME = 16 * 1024 * 1024 };

static struct pki_cert ca, other_ca, server, client, stranger, old, early;
static char why[1024];

static struct {
	char log[4096];
	char text[1024]; /* of IO_FAIL */
	struct wr frames;
	bool quiet, ended, relay;
} got;

static struct loop *loop;
static struct io *io;
static int peer;
static SSL_CTX *other_ctx;
static SSL *other;

static void say(const char *fmt, ...) PRINTF(1, 2);

static inline void
say(const char *fmt, ...)
{
	size_t n = strlen(got.log);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(got.log + n, sizeof(got.log) - n, fmt, ap);
	va_end(ap);
}

static inline void
on_io(void *arg, struct io *from, struct io_note *note)
{
	ck_assert_ptr_eq(arg, &got);
	ck_assert_ptr_eq(from, io);
	ck_assert(!got.ended);
	switch (note->ev) {
	case IO_UP: say("up "); break;
	case IO_HEAD: note->take = got.relay ? IO_RELAY : IO_WHOLE; break;
	case IO_FRAME:
		if (!got.quiet)
			say("frame:%.*s ", (int)note->blob->len, (const char *)note->blob->data);
		wr_bytes(&got.frames, note->blob->data, note->blob->len);
		break;
	case IO_CHUNK: wr_bytes(&got.frames, note->blob->data + note->off, note->len); break;
	case IO_LOW: say("low "); break;
	case IO_HANGUP: break;
	case IO_EOF:
	case IO_IDLE:
	case IO_DONE:
		say(note->ev == IO_EOF ? "eof " : note->ev == IO_IDLE ? "idle " : "done ");
		got.ended = true;
		break;
	case IO_FAIL:
		say(note->why == IO_WHY_TLS ? "tls " : note->why == IO_WHY_SYSTEM ? "system " : "fail ");
		if (note->why == IO_WHY_TLS)
			(void)snprintf(got.text, sizeof(got.text), "%s", note->text);
		got.ended = true;
		break;
	}
}

static inline void
want(const char *log)
{
	ck_assert_msg(strcmp(got.log, log) == 0, "got \"%s\" (%s), want \"%s\"", got.log, got.text, log);
	got.log[0] = '\0';
}

static inline void
want_text(const char *part)
{
	want("tls ");
	ck_assert_msg(strstr(got.text, part) != NULL, "\"%s\" has no \"%s\"", got.text, part);
}

static inline void
nothing(void *arg)
{
	(void)arg;
}

static inline void
turn(void)
{
	for (int i = 0; i < 8; i++) {
		struct loop_task t = {.fn = nothing};

		loop_next(loop, &t);
		ck_assert_int_eq(loop_turn(loop), 0);
	}
}

static inline void
setup_certificates(void)
{
	pki_open();
	ca = pki_make("ca", NULL, NULL, -10, 100);
	other_ca = pki_make("other-ca", NULL, NULL, -10, 100);
	server = pki_make("server", &ca, "DNS:kafka-1.example,DNS:*.wild.example,IP:127.0.0.1", -10, 100);
	client = pki_make("app", &ca, "DNS:app-7.example,URI:spiffe://example/app", -10, 100);
	stranger = pki_make("stranger", &other_ca, "DNS:kafka-1.example", -10, 100);
	old = pki_make("old", &ca, "DNS:kafka-1.example", -10, -1);
	early = pki_make("early", &ca, "DNS:kafka-1.example", 10, 100);
}

static inline void
teardown_certificates(void)
{
	struct pki_cert *all[] = {&ca, &other_ca, &server, &client, &stranger, &old, &early};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		pki_free(all[i]);
	pki_close();
}

static inline void
setup(void)
{
	setup_certificates();
	memset(&got, 0, sizeof(got));
	got.frames = wr_new(64 * 1024 * 1024);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	io = NULL;
	peer = -1;
	other = NULL;
	other_ctx = NULL;
}

static inline void
drop_connection(void)
{
	io_close(io);
	io = NULL;
	SSL_free(other);
	other = NULL;
	SSL_CTX_free(other_ctx);
	other_ctx = NULL;
	if (peer >= 0)
		close(peer);
	peer = -1;
	turn();
	got.log[0] = got.text[0] = '\0';
	got.ended = false;
	wr_reset(&got.frames);
}

static inline void
teardown(void)
{
	drop_connection();
	loop_free(loop);
	wr_free(&got.frames);
	teardown_certificates();
}

/* --- contexts ---------------------------------------------------------------------------- */

static inline struct tls_server_conf
server_conf(void)
{
	return (struct tls_server_conf){.certificate = server.cert_path, .key = server.key_path};
}

static inline struct tls_client_conf
client_conf(void)
{
	return (struct tls_client_conf){.ca = ca.cert_path};
}

static inline struct tls_context *
server_context(const struct tls_server_conf *conf)
{
	struct tls_context *c = NULL;

	ck_assert_msg(tls_server_new(conf, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

static inline struct tls_context *
client_context(const struct tls_client_conf *conf)
{
	struct tls_context *c = NULL;

	ck_assert_msg(tls_client_new(conf, &c, why, sizeof(why)) == 0, "%s", why);
	return c;
}

/* --- the other end ------------------------------------------------------------------------- */

static inline void
connect_io(struct tls_context *t, const char *host)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	peer = fds[1];
	io = io_new_tls(loop, fds[0], MAX_FRAME, t, host, on_io, &got);
	ck_assert_ptr_nonnull(io);
	tls_unref(t); /* the io has its own */
}

static inline void
other_over_peer(const SSL_METHOD *method, const struct pki_cert *own, int version)
{
	other_ctx = SSL_CTX_new(method);
	ck_assert_ptr_nonnull(other_ctx);
	SSL_CTX_set_cipher_list(other_ctx, "DEFAULT:@SECLEVEL=0"); /* else TLS 1.1 wouldn't be tried */
	if (own != NULL) {
		ck_assert_int_eq(SSL_CTX_use_certificate(other_ctx, own->cert), 1);
		ck_assert_int_eq(SSL_CTX_use_PrivateKey(other_ctx, own->key), 1);
	}
	other = SSL_new(other_ctx);
	ck_assert_ptr_nonnull(other);
	SSL_set_fd(other, peer);
	if (version != 0) {
		ck_assert_int_eq(SSL_set_min_proto_version(other, version), 1);
		ck_assert_int_eq(SSL_set_max_proto_version(other, version), 1);
	}
}

/* A client at the other end of a server, or the reverse; true when its handshake went well. */
static inline bool
shake(void)
{
	for (int i = 0; i < 64; i++) {
		int r = SSL_do_handshake(other), code = SSL_get_error(other, r);

		turn();
		if (r == 1)
			return true;
		if (code != SSL_ERROR_WANT_READ && code != SSL_ERROR_WANT_WRITE)
			return false;
	}
	ck_abort_msg("a handshake without end");
	return false;
}

static inline bool
serve(struct tls_context *t, const struct pki_cert *own, int version)
{
	connect_io(t, NULL);
	other_over_peer(TLS_client_method(), own, version);
	SSL_set_connect_state(other);
	return shake();
}

static inline bool
dial(struct tls_context *t, const char *host, const struct pki_cert *own)
{
	connect_io(t, host);
	other_over_peer(TLS_server_method(), own, 0);
	SSL_set_accept_state(other);
	return shake();
}

/* What the other end reads now: 0 bytes when there is nothing, -1 at close_notify, -2 when it is broken. */
static inline int
other_read(void *to, int n)
{
	int r = SSL_read(other, to, n), code = SSL_get_error(other, r);

	if (r > 0 || code == SSL_ERROR_WANT_READ)
		return r > 0 ? r : 0;
	return code == SSL_ERROR_ZERO_RETURN ? -1 : -2;
}

static inline struct blob *
blob_text(const char *text)
{
	struct blob *b = blob_new(strlen(text));

	ck_assert_ptr_nonnull(b);
	memcpy(b->data, text, strlen(text));
	b->len = strlen(text);
	return b;
}

static inline void
send_text(const char *text)
{
	struct blob *b = blob_text(text);

	ck_assert_int_eq(io_send(io, b, 0, b->len), 0);
	blob_unref(b);
}

static inline void
want_read(const char *text)
{
	char buf[256];
	int n = other_read(buf, sizeof(buf));

	ck_assert_int_eq(n, (int)strlen(text));
	ck_assert_int_eq(memcmp(buf, text, (size_t)n), 0);
}

static const int versions[] = {TLS1_2_VERSION, TLS1_3_VERSION};

#endif
