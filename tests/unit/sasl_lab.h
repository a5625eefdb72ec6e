/*
 * sasl_lab: a proxy between this test's thread (blocking sockets) and a broker of threads that wants
 * a login first.  Waiting is always for something that must come: a byte, an end, a semaphore.
 */
#ifndef TESTS_SASL_LAB_H
#define TESTS_SASL_LAB_H

#include <check.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "kafka/api.h"
#include "kafka/auth.h"
#include "kafka/header.h"
#include "proxy/login.h"
#include "proxy/proxy.h"
#include "sasl/sasl.h"
#include "ports.h"
#include "suite.h"

#define LAB_FRAME_MAX ((uint32_t)1 << 20)
#define LAB_CONNS 128
#define LAB_ECHO 12 /* Heartbeat 0: the broker gives the body back */
#define LAB_TOKEN "\0sidecar\0sidecar-pw"

/* One broker connection. */
struct lab_conn {
	int fd;
	pthread_t thread;
	bool in, talking, raw, client;
	int logins; /* begun */
};

static struct {
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex;
	unsigned count;
	struct lab_conn conns[LAB_CONNS];
	/* How it behaves; set before the proxy starts, or by atomics. */
	const char *mechanism, *token;
	size_t token_len;
	int16_t authenticate_max;
	_Atomic int64_t lifetime_ms;
	atomic_int refuse_from; /* this login of a connection and later ones fail; 0: none */
	atomic_int hold; /* the logins of a connection up to this wait for `go` before they succeed */
	atomic_int hold_handshake; /* so does, when set, the first message of a connection's second login */
	sem_t holding, go;
	/* What it saw. */
	atomic_int handshakes, most_logins, illegal, echoes;
	sem_t again; /* a handshake on a connection that has served its client */
} lab;

static struct {
	struct loop *loop;
	struct proxy *proxy;
	pthread_t thread;
	uint16_t bootstrap;
	char servers[64];
} lab_proxy;

static inline void
lab_await(sem_t *s)
{
	while (sem_wait(s) != 0)
		ck_assert_int_eq(errno, EINTR);
}

/* --- sockets ---------------------------------------------------------------------------- */

static inline bool
lab_send(int fd, struct wr *w) /* w begins with room for the length */
{
	const uint8_t *at = w->buf;
	size_t n = w->len;
	bool ok = true;

	wr_patch_u32(w, 0, (uint32_t)w->len - 4);
	ck_assert_int_eq(wr_err(w), 0);
	while (ok && n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		ok = sent > 0;
		if (ok) {
			at += sent;
			n -= (size_t)sent;
		}
	}
	wr_free(w);
	return ok;
}

static inline bool
lab_recv(int fd, void *p, size_t n)
{
	for (uint8_t *at = p; n > 0;) {
		ssize_t got = recv(fd, at, n, 0);

		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* A frame without its length; false: closed. */
static inline bool
lab_frame(int fd, struct wr *ret)
{
	uint8_t head[4], *room;
	uint32_t len;

	*ret = wr_new(LAB_FRAME_MAX);
	if (!lab_recv(fd, head, 4))
		return false;
	len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
	ck_assert_uint_le(len, LAB_FRAME_MAX);
	room = wr_room(ret, len + 1);
	if (!lab_recv(fd, room, len)) {
		wr_free(ret);
		return false;
	}
	wr_commit(ret, len);
	return true;
}

static inline struct wr
lab_begin(void)
{
	struct wr w = wr_new(LAB_FRAME_MAX + 4);

	wr_u32(&w, 0);
	return w;
}

/* --- the broker ---------------------------------------------------------------------------- */

static inline void
lab_control_answer(const struct request_header *h, struct wr *w)
{
	static const int16_t apis[][3] = {
		{API_METADATA, 2, 2}, {API_SASL_HANDSHAKE, 0, 1}, {API_VERSIONS, 0, 0}, {API_SASL_AUTHENTICATE, 0, 2}};

	if (h->key == API_VERSIONS) {
		wr_i16(w, 0);
		wr_i32(w, ARRAY_LEN(apis));
		for (size_t i = 0; i < ARRAY_LEN(apis); i++) {
			wr_i16(w, apis[i][0]);
			wr_i16(w, apis[i][1]);
			wr_i16(w, apis[i][0] == API_SASL_AUTHENTICATE ? lab.authenticate_max : apis[i][2]);
		}
		return;
	}
	wr_i32(w, 1);
	wr_i32(w, 1);
	wr_string(w, slice_str("127.0.0.1"));
	wr_i32(w, lab.port);
	wr_i16(w, -1);
	wr_string(w, slice_str("unit-cluster"));
	wr_i32(w, 1);
	wr_i32(w, 0);
}

static inline void
lab_handshake(struct lab_conn *c, const struct request_header *h, struct slice body, struct wr *w)
{
	struct slice mechanism;

	ck_assert_int_eq(auth_handshake_request_read(h->version, body, &mechanism), 0);
	atomic_fetch_add(&lab.handshakes, 1);
	c->logins++;
	if (c->logins > atomic_load(&lab.most_logins))
		atomic_store(&lab.most_logins, c->logins);
	if (c->logins == 2 && atomic_load(&lab.hold_handshake)) {
		sem_post(&lab.holding);
		lab_await(&lab.go);
	}
	if (c->client)
		sem_post(&lab.again);
	c->talking = slice_eq(mechanism, slice_str(lab.mechanism));
	c->raw = c->talking && h->version == 0;
	auth_handshake_response_write(c->talking ? 0 : AUTH_UNSUPPORTED_MECHANISM, &lab.mechanism, 1, w);
}

static inline bool
lab_believes(struct lab_conn *c, struct slice token)
{
	int from = atomic_load(&lab.refuse_from);

	if (c->logins <= atomic_load(&lab.hold)) {
		sem_post(&lab.holding);
		lab_await(&lab.go);
	}
	c->talking = false;
	c->in = slice_eq(token, slice_of(lab.token, lab.token_len)) && (from == 0 || c->logins < from);
	return c->in;
}

static inline void
lab_authenticate(struct lab_conn *c, const struct request_header *h, struct slice body, struct wr *w)
{
	struct auth_answer a = {0};
	struct slice token;

	ck_assert_int_eq(auth_request_read(h->version, body, &token), 0);
	if (lab_believes(c, token))
		a.lifetime_ms = atomic_load(&lab.lifetime_ms);
	else
		a = (struct auth_answer){.error = AUTH_FAILED, .message = slice_str("Invalid username or password")};
	auth_response_write(h->version, &a, w);
}

/* false: the connection ends, as a broker ends it. */
static inline bool
lab_answer(struct lab_conn *c, struct slice frame)
{
	struct wr w = lab_begin();
	struct request_header h;
	struct slice body;

	if (c->raw) {
		c->raw = false;
		if (lab_believes(c, frame))
			return lab_send(c->fd, &w);
		wr_free(&w);
		return false;
	}
	ck_assert_int_eq(request_header_read(frame, &h), 0);
	body = slice_of(frame.p + h.body_at, frame.n - h.body_at);
	response_header_write(h.key, h.version, h.correlation_id, &w);
	if (h.key == API_SASL_HANDSHAKE && lab.mechanism != NULL) {
		lab_handshake(c, &h, body, &w);
	} else if (h.key == API_SASL_AUTHENTICATE && c->talking) {
		lab_authenticate(c, &h, body, &w);
	} else if (h.key == API_VERSIONS) {
		lab_control_answer(&h, &w);
	} else if (c->talking || (lab.mechanism != NULL && !c->in)) {
		atomic_fetch_add(&lab.illegal, 1);
		wr_free(&w);
		return false;
	} else if (h.key == API_METADATA) {
		lab_control_answer(&h, &w);
	} else {
		atomic_fetch_add(&lab.echoes, 1);
		c->client = true;
		wr_slice_put(&w, body);
	}
	return lab_send(c->fd, &w);
}

static inline void *
lab_serve(void *arg)
{
	struct lab_conn *c = arg;
	struct wr frame;
	bool on = true;

	while (on && lab_frame(c->fd, &frame)) {
		on = lab_answer(c, wr_slice(&frame));
		wr_free(&frame);
	}
	shutdown(c->fd, SHUT_RDWR);
	return NULL;
}

static inline void *
lab_accept(void *arg UNUSED)
{
	int fd;

	while ((fd = accept(lab.fd, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&lab.mutex);
		ck_assert_uint_lt(lab.count, LAB_CONNS);
		lab.conns[lab.count] = (struct lab_conn){.fd = fd};
		ck_assert_int_eq(pthread_create(&lab.conns[lab.count].thread, NULL, lab_serve, &lab.conns[lab.count]), 0);
		lab.count++;
		pthread_mutex_unlock(&lab.mutex);
	}
	return NULL;
}

/* mechanism NULL: it takes no SASL. */
static inline void
lab_open(const char *mechanism)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	lab.mechanism = mechanism;
	lab.token = LAB_TOKEN;
	lab.token_len = sizeof(LAB_TOKEN) - 1;
	lab.authenticate_max = 2;
	sem_init(&lab.holding, 0, 0);
	sem_init(&lab.go, 0, 0);
	sem_init(&lab.again, 0, 0);
	pthread_mutex_init(&lab.mutex, NULL);
	lab.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(lab.fd, 0);
	ck_assert_int_eq(bind(lab.fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(lab.fd, 64), 0);
	ck_assert_int_eq(getsockname(lab.fd, (struct sockaddr *)&at, &len), 0);
	lab.port = ntohs(at.sin_port);
	ck_assert_int_eq(pthread_create(&lab.thread, NULL, lab_accept, NULL), 0);
}

static inline void
lab_close(void)
{
	shutdown(lab.fd, SHUT_RDWR);
	pthread_join(lab.thread, NULL);
	close(lab.fd);
	for (unsigned i = 0; i < lab.count; i++) {
		shutdown(lab.conns[i].fd, SHUT_RDWR);
		sem_post(&lab.go);
		sem_post(&lab.go);
	}
	for (unsigned i = 0; i < lab.count; i++) {
		pthread_join(lab.conns[i].thread, NULL);
		close(lab.conns[i].fd);
	}
}

/* --- the proxy -------------------------------------------------------------------------------- */

static inline struct proxy_settings
lab_settings(void)
{
	struct proxy_settings set = proxy_settings_default();

	(void)snprintf(lab_proxy.servers, sizeof(lab_proxy.servers), "127.0.0.1:%u", lab.port);
	set.bootstrap_port = 0;
	set.first_port = ports_reserve();
	set.last_port = (uint16_t)(set.first_port + 3);
	set.bootstrap_servers = lab_proxy.servers;
	set.max_frame = LAB_FRAME_MAX;
	return set;
}

static inline void
lab_note_port(void *arg UNUSED, const struct proxy_port *port)
{
	if (port->node_id == -1)
		lab_proxy.bootstrap = port->port;
}

static inline void *
lab_run(void *arg UNUSED)
{
	ck_assert_int_eq(loop_run(lab_proxy.loop), 0);
	return NULL;
}

static inline void
lab_proxy_open(const struct proxy_settings *set, const struct stage *const *stages, unsigned count)
{
	char why[256] = "";

	lab_proxy.loop = loop_new();
	ck_assert_ptr_nonnull(lab_proxy.loop);
	ck_assert_msg(proxy_new(lab_proxy.loop, set, stages, count, why, sizeof(why), &lab_proxy.proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(lab_proxy.proxy, why, sizeof(why)) == 0, "%s", why);
	proxy_ports(lab_proxy.proxy, lab_note_port, NULL);
	ck_assert_int_eq(pthread_create(&lab_proxy.thread, NULL, lab_run, NULL), 0);
}

static inline void
lab_stop(void *arg)
{
	loop_stop(arg);
}

static inline void
lab_proxy_close(void)
{
	ck_assert_int_eq(wake_post_fn(loop_wake(lab_proxy.loop), lab_stop, lab_proxy.loop), 0);
	pthread_join(lab_proxy.thread, NULL);
	proxy_free(lab_proxy.proxy);
	loop_free(lab_proxy.loop);
}

/* --- the client ---------------------------------------------------------------------------------- */

static inline int
lab_dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				 .sin_port = htons(lab_proxy.bootstrap)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	/* Who is let in and reset at once may be told so here already. */
	ck_assert(connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == ECONNRESET);
	return fd;
}

static inline bool
lab_ask(int fd, int16_t key, int16_t version, int32_t id, struct slice body)
{
	struct wr w = lab_begin();

	request_header_write(key, version, id, slice_str("unit"), &w);
	wr_slice_put(&w, body);
	return lab_send(fd, &w);
}

/* The body of the answer to `id`; the writer is the caller's. */
static inline struct slice
lab_answer_to(int fd, int16_t key, int16_t version, int32_t id, struct wr *frame)
{
	struct rd r;
	size_t at;

	ck_assert_msg(lab_frame(fd, frame), "closed before the answer to %d", id);
	r = rd_of(wr_slice(frame));
	ck_assert_int_eq(rd_i32(&r), id);
	ck_assert_int_eq(response_body_at(key, version, wr_slice(frame), &at), 0);
	return slice_of(frame->buf + at, frame->len - at);
}

static inline void
lab_want(int fd, int32_t id, const char *body)
{
	struct wr frame;

	ck_assert(slice_eq(lab_answer_to(fd, LAB_ECHO, 0, id, &frame), slice_str(body)));
	wr_free(&frame);
}

static inline void
lab_echo(int fd, int32_t id, const char *body)
{
	ck_assert(lab_ask(fd, LAB_ECHO, 0, id, slice_str(body)));
	lab_want(fd, id, body);
}

static inline void
lab_want_closed(int fd)
{
	struct wr frame;

	ck_assert(!lab_frame(fd, &frame));
	close(fd);
}

/* --- the proxy's own credentials -------------------------------------------------------------------- */

static atomic_int lab_not_now; /* so many times they are being fetched */
static const char *_Atomic lab_password = "sidecar-pw";

static inline int
lab_door_begin(void *arg UNUSED, const char *host, void **ret, char *why, size_t why_len)
{
	struct sasl_credentials c = {.username = slice_str("sidecar"), .password = slice_str(lab_password)};
	struct sasl *s;
	int err;

	ck_assert_str_eq(host, "127.0.0.1");
	if (atomic_load(&lab_not_now) > 0) {
		atomic_fetch_sub(&lab_not_now, 1);
		return ERR_NOT_NOW;
	}
	err = sasl_client_new("PLAIN", &c, &s, why, why_len);
	if (err == 0)
		*ret = s;
	return err;
}

static inline int
lab_door_step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	return sasl_step(talk, in, out, ret_done, why, why_len);
}

static inline void
lab_door_end(void *talk)
{
	sasl_free(talk);
}

static const struct login_door lab_door = {"PLAIN", NULL, lab_door_begin, lab_door_step, lab_door_end};

#endif
