/*
 * A proxy between this test's thread (blocking sockets) and a fake broker of threads.
 *
 *   test thread ──► proxy: loop thread (reactor 0), reactor 1 ──► broker's threads
 *
 * Waiting is always for something that must come: a byte, an end, a semaphore.
 */
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "proxy/proxy.h"
#include "ports.h"
#include "suite.h"

/* What the stage does with which API; the versions are those without tags. */
enum {
	RELAY = 12,       /* Heartbeat: no stage wants it */
	HOLD = 11,        /* JoinGroup: the request is held */
	HOLD_ANSWER = 14, /* SyncGroup: its answer is held */
	ANSWER = 10,      /* FindCoordinator: the stage answers */
	REFUSE = 16,      /* ListGroups: the stage closes */
	REPLACE = 15,     /* DescribeGroups: both messages are replaced */
	SWALLOW = 13,     /* LeaveGroup: the client gets no answer */
};

/* The first byte of a request's body tells the broker what to do. */
enum {
	ECHO = 'e',
	WAIT = 'w',  /* for broker_release(), then echo */
	LEAVE = 'x', /* close without an answer */
	HALF = 'h',  /* half an answer, then close */
	LAST = 'l',  /* echo, then close */
	WRONG = 'o', /* another correlation id */
	SHORT = 't', /* HOLD: with a time of 1 ms; echo */
};

#define FRAME_MAX ((uint32_t)8 * 1024 * 1024)

/* --- blocking sockets ---------------------------------------------------------------- */

static void
await(sem_t *s)
{
	while (sem_wait(s) != 0)
		ck_assert_int_eq(errno, EINTR);
}

static int
bound(uint16_t *ret_port)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(fd, 128), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

/* -1: refused. */
static int
try_dial(uint16_t port)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	/* Who is let in and reset at once may be told so here already. */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0 || errno == ECONNRESET)
		return fd;
	close(fd);
	return -1;
}

static int
dial(uint16_t port)
{
	int fd = try_dial(port);

	ck_assert_int_ge(fd, 0);
	return fd;
}

static bool
send_all(int fd, const void *p, size_t n)
{
	const uint8_t *at = p;

	while (n > 0) {
		ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);

		if (sent <= 0)
			return false;
		at += sent;
		n -= (size_t)sent;
	}
	return true;
}

/* false: the other end closed, one way or the other. */
static bool
receive_all(int fd, void *p, size_t n)
{
	uint8_t *at = p;

	while (n > 0) {
		ssize_t got = recv(fd, at, n, 0);

		if (got <= 0)
			return false;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* A frame without its length, from malloc; p == NULL: closed. */
static struct slice
receive_frame(int fd)
{
	uint8_t head[4];
	uint32_t len;
	uint8_t *p;

	if (!receive_all(fd, head, 4))
		return slice_of(NULL, 0);
	len = (uint32_t)head[0] << 24 | (uint32_t)head[1] << 16 | (uint32_t)head[2] << 8 | head[3];
	ck_assert_uint_le(len, FRAME_MAX);
	p = malloc(len + 1);
	ck_assert_ptr_nonnull(p);
	if (receive_all(fd, p, len))
		return slice_of(p, len);
	free(p);
	return slice_of(NULL, 0);
}

static void
free_frame(struct slice frame)
{
	union {
		const uint8_t *in;
		uint8_t *out;
	} p = {frame.p};

	free(p.out);
}

static bool
send_framed(int fd, struct wr *w)
{
	bool ok;

	wr_patch_u32(w, 0, (uint32_t)w->len - 4);
	ck_assert_int_eq(wr_err(w), 0);
	ok = send_all(fd, w->buf, w->len);
	wr_free(w);
	return ok;
}

/* --- the broker ------------------------------------------------------------------------ */

#define CONNS_MAX 256

static struct broker {
	int fd;
	uint16_t port;
	pthread_t thread;
	pthread_mutex_t mutex; /* of what follows */
	bool stopping;
	unsigned count;
	struct conn {
		int fd;
		pthread_t thread;
	} conns[CONNS_MAX];
	sem_t came;    /* once for each request of a client */
	sem_t release; /* for WAIT */
	atomic_uint requests;
} broker;

static void
answer_control(const struct request_header *h, struct wr *w)
{
	if (h->key == API_VERSIONS) {
		wr_i16(w, 0);
		wr_i32(w, 2);
		for (int i = 0; i < 2; i++) {
			wr_i16(w, i == 0 ? API_METADATA : API_VERSIONS);
			wr_i16(w, i == 0 ? 2 : 0);
			wr_i16(w, i == 0 ? 2 : 0);
		}
		return;
	}
	wr_i32(w, 1); /* brokers */
	wr_i32(w, 1);
	wr_string(w, slice_str("127.0.0.1"));
	wr_i32(w, broker.port);
	wr_i16(w, -1);
	wr_string(w, slice_str("unit-cluster"));
	wr_i32(w, 1); /* controller */
	wr_i32(w, 0); /* topics */
}

/* false: the connection ends. */
static bool
answer(int fd, struct slice frame)
{
	struct wr w = wr_new(FRAME_MAX + 16);
	struct request_header h;
	bool control;
	uint8_t what;

	ck_assert_int_eq(request_header_read(frame, &h), 0);
	control = h.key == API_VERSIONS || h.key == API_METADATA;
	what = control ? ECHO : frame.p[h.body_at];
	if (!control) {
		atomic_fetch_add(&broker.requests, 1);
		sem_post(&broker.came);
	}
	if (what == LEAVE)
		return false;
	if (what == WAIT)
		await(&broker.release);
	wr_u32(&w, 0);
	wr_i32(&w, h.correlation_id + (what == WRONG));
	if (control)
		answer_control(&h, &w);
	else
		wr_bytes(&w, frame.p + h.body_at, frame.n - h.body_at);
	if (what == HALF) {
		wr_patch_u32(&w, 0, (uint32_t)w.len + 100);
		send_all(fd, w.buf, w.len);
		wr_free(&w);
		return false;
	}
	return send_framed(fd, &w) && what != LAST;
}

static void *
serve(void *arg)
{
	struct conn *c = arg;
	struct slice frame = {NULL, 0};
	bool on = true;

	while (on && (frame = receive_frame(c->fd)).p != NULL) {
		on = answer(c->fd, frame);
		free_frame(frame);
	}
	shutdown(c->fd, SHUT_RDWR); /* closed when the broker ends: its number must stay taken until then */
	return NULL;
}

static void *
accept_all(void *arg)
{
	int fd;

	(void)arg;
	while ((fd = accept(broker.fd, NULL, NULL)) >= 0) {
		struct conn *c;

		pthread_mutex_lock(&broker.mutex);
		ck_assert_uint_lt(broker.count, CONNS_MAX);
		c = &broker.conns[broker.count++];
		c->fd = fd;
		ck_assert_int_eq(pthread_create(&c->thread, NULL, serve, c), 0);
		pthread_mutex_unlock(&broker.mutex);
	}
	return NULL;
}

static void
broker_open(void)
{
	broker.fd = bound(&broker.port);
	broker.count = 0;
	pthread_mutex_init(&broker.mutex, NULL);
	sem_init(&broker.came, 0, 0);
	sem_init(&broker.release, 0, 0);
	ck_assert_int_eq(pthread_create(&broker.thread, NULL, accept_all, NULL), 0);
}

static void
broker_close(void)
{
	shutdown(broker.fd, SHUT_RDWR);
	pthread_join(broker.thread, NULL);
	close(broker.fd);
	for (unsigned i = 0; i < broker.count; i++) {
		shutdown(broker.conns[i].fd, SHUT_RDWR);
		sem_post(&broker.release);
	}
	for (unsigned i = 0; i < broker.count; i++) {
		pthread_join(broker.conns[i].thread, NULL);
		close(broker.conns[i].fd);
	}
}

/* --- the stage --------------------------------------------------------------------------- */

#define TICKETS_MAX 4096

static struct {
	pthread_mutex_t mutex;
	struct ticket *tickets[TICKETS_MAX];
	unsigned first, end;
	sem_t held; /* once for each ticket */
	sem_t lost;
	atomic_uint timed_out, losses, requests, answers;
	atomic_int states; /* per reactor */
} seen;

static const struct stage stage;

static void
put_ticket(struct ticket *t)
{
	pthread_mutex_lock(&seen.mutex);
	ck_assert_uint_lt(seen.end, TICKETS_MAX);
	seen.tickets[seen.end++] = t;
	pthread_mutex_unlock(&seen.mutex);
	sem_post(&seen.held);
}

static enum stage_verdict
hold(struct exchange *x, unsigned ms)
{
	struct ticket *t = exchange_hold(x, ms);

	ck_assert_ptr_nonnull(t);
	exchange_set_state(x, &stage, &seen);
	put_ticket(t);
	return STAGE_HOLD;
}

/* The next held exchange's ticket; waits for it. */
static struct ticket *
ticket(void)
{
	struct ticket *t;

	await(&seen.held);
	pthread_mutex_lock(&seen.mutex);
	t = seen.tickets[seen.first++];
	pthread_mutex_unlock(&seen.mutex);
	return t;
}

static struct rope
rope_of(const char *text)
{
	struct rope r = {NULL, 0, 0, 0};
	struct wr w = wr_new(1024);

	wr_text(&w, text);
	ck_assert_int_eq(rope_add_wr(&r, &w), 0);
	return r;
}

static bool
stage_wants_request(void *self, int16_t key, int16_t version)
{
	ck_assert_ptr_eq(self, &seen);
	ck_assert_int_eq(version, 0);
	return key != RELAY && key != API_VERSIONS && key != API_METADATA;
}

static enum stage_verdict
stage_request(void *self, struct exchange *x)
{
	struct rope r;

	(void)self;
	atomic_fetch_add(&seen.requests, 1);
	ck_assert_ptr_eq(exchange_reactor_state(x, &stage), &seen.states);
	switch (exchange_key(x)) {
	case HOLD:
		if (exchange_state(x, &stage) == NULL)
			return hold(x, exchange_body(x).p[0] == SHORT ? 1 : 3600000);
		if (exchange_timed_out(x))
			atomic_fetch_add(&seen.timed_out, 1);
		return STAGE_PASS;
	case ANSWER:
		ck_assert(slice_eq(exchange_client_id(x), slice_str("unit")));
		r = rope_of("from the stage");
		exchange_answer(x, &r);
		return STAGE_ANSWER;
	case REFUSE:
		return STAGE_CLOSE;
	case REPLACE:
		r = rope_of("e replaced");
		exchange_replace(x, &r);
		return STAGE_REPLACE;
	case SWALLOW:
		exchange_swallow(x);
		return STAGE_PASS;
	default:
		return STAGE_PASS;
	}
}

static bool
stage_wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key == HOLD_ANSWER || key == REPLACE;
}

static enum stage_verdict
stage_response(void *self, struct exchange *x)
{
	struct rope r;

	(void)self;
	atomic_fetch_add(&seen.answers, 1);
	if (exchange_key(x) == HOLD_ANSWER)
		return exchange_state(x, &stage) == NULL ? hold(x, 3600000) : STAGE_PASS;
	ck_assert(slice_eq(exchange_body(x), slice_str("e replaced")));
	r = rope_of("and back");
	exchange_replace(x, &r);
	return STAGE_REPLACE;
}

static void
stage_lost(void *self, struct exchange *x)
{
	(void)self;
	(void)x;
	atomic_fetch_add(&seen.losses, 1);
	sem_post(&seen.lost);
}

static void *
stage_reactor_new(void *self, unsigned reactor)
{
	(void)self;
	(void)reactor;
	atomic_fetch_add(&seen.states, 1);
	return &seen.states;
}

static void
stage_reactor_free(void *self, void *state)
{
	(void)self;
	ck_assert_ptr_eq(state, &seen.states);
	atomic_fetch_sub(&seen.states, 1);
}

static const struct stage stage = {
	.name = "unit",
	.self = &seen,
	.wants_request = stage_wants_request,
	.request = stage_request,
	.wants_response = stage_wants_response,
	.response = stage_response,
	.lost = stage_lost,
	.reactor_new = stage_reactor_new,
	.reactor_free = stage_reactor_free,
};

static const struct stage *const stages[] = {&stage};

/* --- the proxy ------------------------------------------------------------------------------ */

static struct loop *loop;
static struct proxy *proxy;
static pthread_t loop_thread;
static uint16_t bootstrap;
static char servers[64];
static char why[256];
static bool running;

static void *
run_loop(void *arg)
{
	(void)arg;
	ck_assert_int_eq(loop_run(loop), 0);
	return NULL;
}

struct request {
	loop_fn *fn;
	void *arg;
	sem_t done;
};

static void
on_request(void *arg)
{
	struct request *r = arg;

	r->fn(r->arg);
	sem_post(&r->done);
}

/* Runs fn on the loop's thread and waits for it. */
static void
on_loop(loop_fn *fn, void *arg)
{
	struct request r = {.fn = fn, .arg = arg};

	sem_init(&r.done, 0, 0);
	ck_assert_int_eq(wake_post_fn(loop_wake(loop), on_request, &r), 0);
	await(&r.done);
}

struct ports {
	uint16_t bootstrap, broker;
};

static void
note_port(void *arg, const struct proxy_port *port)
{
	struct ports *ports = arg;

	if (port->node_id == -1) {
		ports->bootstrap = port->port;
		ck_assert_str_eq(port->host, "");
		return;
	}
	ck_assert_int_eq(port->node_id, 1);
	ck_assert_str_eq(port->host, "127.0.0.1");
	ck_assert_uint_eq(port->broker_port, broker.port);
	ports->broker = port->port;
}

static void
note_ports(void *arg)
{
	proxy_ports(proxy, note_port, arg);
}

static struct proxy_settings
settings(void)
{
	struct proxy_settings set = proxy_settings_default();

	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
	set.bootstrap_port = 0;
	set.first_port = ports_reserve();
	set.last_port = (uint16_t)(set.first_port + 24);
	set.bootstrap_servers = servers;
	set.threads = 2;
	set.max_frame = FRAME_MAX;
	return set;
}

static void
proxy_open(const struct proxy_settings *set)
{
	struct ports ports = {0};

	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_msg(proxy_new(loop, set, stages, 1, why, sizeof(why), &proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(proxy, why, sizeof(why)) == 0, "%s", why);
	ck_assert_int_eq(pthread_create(&loop_thread, NULL, run_loop, NULL), 0);
	running = true;
	on_loop(note_ports, &ports);
	bootstrap = ports.bootstrap;
	ck_assert_uint_ne(bootstrap, 0);
}

static void
stop_loop(void *arg)
{
	loop_stop(arg);
}

static void
proxy_close(void)
{
	if (!running)
		return;
	running = false;
	on_loop(stop_loop, loop);
	pthread_join(loop_thread, NULL);
	proxy_free(proxy);
	loop_free(loop);
	proxy = NULL;
	loop = NULL;
}

static void
setup(void)
{
	struct proxy_settings set;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	pthread_mutex_init(&seen.mutex, NULL);
	sem_init(&seen.held, 0, 0);
	sem_init(&seen.lost, 0, 0);
	broker_open();
	set = settings();
	proxy_open(&set);
	ck_assert_int_eq(atomic_load(&seen.states), 2);
}

static void
teardown(void)
{
	proxy_close();
	broker_close();
	ck_assert_int_eq(atomic_load(&seen.states), 0);
}

/* Another proxy than setup()'s. */
static void
reopen(const struct proxy_settings *set)
{
	proxy_close();
	proxy_open(set);
}

/* --- the client -------------------------------------------------------------------------------- */

static void
ask_n(int fd, int16_t key, int32_t id, const void *body, size_t n)
{
	struct wr w = wr_new(FRAME_MAX + 64);

	wr_u32(&w, 0);
	request_header_write(key, 0, id, slice_str("unit"), &w);
	wr_bytes(&w, body, n);
	ck_assert(send_framed(fd, &w));
}

static void
ask(int fd, int16_t key, int32_t id, const char *body)
{
	ask_n(fd, key, id, body, strlen(body));
}

static void
want_n(int fd, int32_t id, const void *body, size_t n)
{
	struct slice frame = receive_frame(fd);
	struct rd r;

	ck_assert_msg(frame.p != NULL, "closed before the answer to %d", id);
	r = rd_of(frame);
	ck_assert_int_eq(rd_i32(&r), id);
	ck_assert_uint_eq(rd_left(&r), n);
	ck_assert_int_eq(memcmp(r.p, body, n), 0);
	free_frame(frame);
}

static void
want(int fd, int32_t id, const char *body)
{
	want_n(fd, id, body, strlen(body));
}

/* Nothing more comes; our end closes too. */
static void
want_closed(int fd)
{
	uint8_t byte;

	ck_assert(!receive_all(fd, &byte, 1));
	close(fd);
}

static void
want_served(uint16_t port)
{
	int fd = dial(port);

	ask(fd, RELAY, 77, "e still there?");
	want(fd, 77, "e still there?");
	close(fd);
}

/* --- messages pass ------------------------------------------------------------------------------- */

START_TEST(passes)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "e one");
	want(fd, 1, "e one");
	ask(fd, RELAY, -2, "e two");
	want(fd, -2, "e two");
	close(fd);
	ck_assert_uint_eq(atomic_load(&seen.requests), 0);
}
END_TEST

START_TEST(passes_large)
{
	size_t n = 5000000;
	uint8_t *body = malloc(n);
	int fd = dial(bootstrap);

	ck_assert_ptr_nonnull(body);
	for (size_t i = 0; i < n; i++)
		body[i] = (uint8_t)(i * 7 + i / 4096);
	body[0] = ECHO;
	ask_n(fd, RELAY, 1, body, n);
	want_n(fd, 1, body, n);
	body[0] = ECHO;
	ask_n(fd, HOLD_ANSWER, 2, body, n); /* as whole frames */
	ticket_resume(ticket());
	want_n(fd, 2, body, n);
	close(fd);
	free(body);
}
END_TEST

START_TEST(byte_by_byte)
{
	struct wr w = wr_new(1024);
	int fd = dial(bootstrap);

	wr_u32(&w, 0);
	request_header_write(RELAY, 0, 9, slice_str("unit"), &w);
	wr_text(&w, "e slowly");
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	for (size_t i = 0; i < w.len; i++)
		ck_assert(send_all(fd, w.buf + i, 1));
	wr_free(&w);
	want(fd, 9, "e slowly");
	close(fd);
}
END_TEST

/* Whatever the stage does with some of them, answers keep the order of the requests. */
START_TEST(keeps_order)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "w first");
	ask(fd, ANSWER, 2, "e");
	ask(fd, REPLACE, 3, "e");
	ask(fd, RELAY, 4, "e fourth");
	ask(fd, ANSWER, 5, "e");
	await(&broker.came);
	sem_post(&broker.release);
	want(fd, 1, "w first");
	want(fd, 2, "from the stage");
	want(fd, 3, "and back");
	want(fd, 4, "e fourth");
	want(fd, 5, "from the stage");
	close(fd);
	ck_assert_uint_eq(atomic_load(&broker.requests), 3);
}
END_TEST

START_TEST(many_in_flight)
{
	enum { MANY = 3000 }; /* more than a session holds */
	int fd = dial(bootstrap);

	for (int i = 0; i < MANY; i++)
		ask(fd, i % 7 == 3 ? ANSWER : RELAY, i, "e");
	for (int i = 0; i < MANY; i++)
		want(fd, i, i % 7 == 3 ? "from the stage" : "e");
	close(fd);
}
END_TEST

START_TEST(brokers_own_port)
{
	struct proxy_settings set = settings();
	struct slice host;
	struct ports ports = {0};
	char cluster[64];
	int32_t port = 0;

	while (proxy_unready(proxy) != NULL)
		sched_yield();
	proxy_cluster_id(proxy, cluster, sizeof(cluster));
	ck_assert_str_eq(cluster, "unit-cluster");
	/* A broker that is known already: the same port, from any thread. */
	ck_assert_int_eq(proxy_advertise(proxy, 1, slice_str("127.0.0.1"), broker.port, &host, &port), 0);
	ck_assert(slice_eq(host, slice_str("127.0.0.1")));
	ck_assert_int_ge(port, set.first_port);
	ck_assert_int_le(port, set.last_port);
	want_served((uint16_t)port);
	on_loop(note_ports, &ports);
	ck_assert_int_eq(ports.broker, port);
	ck_assert_uint_eq(ports.bootstrap, bootstrap);
}
END_TEST

/* --- stages -------------------------------------------------------------------------------------- */

START_TEST(stage_answers)
{
	int fd = dial(bootstrap);

	ask(fd, ANSWER, 5, "e");
	want(fd, 5, "from the stage");
	ask(fd, RELAY, 6, "e");
	want(fd, 6, "e");
	close(fd);
	ck_assert_uint_eq(atomic_load(&broker.requests), 1);
	ck_assert_uint_eq(atomic_load(&seen.losses), 0);
}
END_TEST

START_TEST(stage_holds_a_request)
{
	int fd = dial(bootstrap);
	struct ticket *t;

	ask(fd, HOLD, 1, "e held");
	ask(fd, RELAY, 2, "e behind it");
	t = ticket();
	ck_assert_uint_eq(atomic_load(&broker.requests), 0);
	ticket_resume(t);
	want(fd, 1, "e held");
	want(fd, 2, "e behind it");
	close(fd);
	ck_assert_uint_eq(atomic_load(&seen.requests), 2); /* the same callback again */
	ck_assert_uint_eq(atomic_load(&seen.timed_out), 0);
}
END_TEST

START_TEST(stage_holds_an_answer)
{
	int fd = dial(bootstrap);

	ask(fd, HOLD_ANSWER, 1, "e held");
	ask(fd, RELAY, 2, "e behind it");
	ask(fd, ANSWER, 3, "e");
	ticket_resume(ticket());
	want(fd, 1, "e held");
	want(fd, 2, "e behind it");
	want(fd, 3, "from the stage");
	close(fd);
	ck_assert_uint_eq(atomic_load(&seen.answers), 2);
	ck_assert_uint_eq(atomic_load(&seen.losses), 0); /* of HOLD_ANSWER and ANSWER; RELAY it never saw */
}
END_TEST

START_TEST(hold_times_out)
{
	int fd = dial(bootstrap);
	struct ticket *t;

	ask(fd, HOLD, 1, "t not resumed");
	t = ticket();
	want(fd, 1, "t not resumed");
	ck_assert_uint_eq(atomic_load(&seen.timed_out), 1);
	ticket_resume(t); /* too late, harmless */
	ask(fd, RELAY, 2, "e");
	want(fd, 2, "e");
	close(fd);
}
END_TEST

START_TEST(client_leaves_a_hold)
{
	int fd = dial(bootstrap);
	struct ticket *request, *late;

	/* One session waits for the answer that its stage wants; the other ends with its client. */
	ask(fd, HOLD_ANSWER, 1, "e");
	late = ticket();
	close(fd);
	fd = dial(bootstrap);
	ask(fd, HOLD, 1, "e");
	request = ticket();
	close(fd);
	proxy_close(); /* with both held */
	ck_assert_uint_eq(atomic_load(&seen.losses), 2);
	ck_assert_uint_eq(atomic_load(&broker.requests), 1);
	ticket_resume(request); /* the session and its loop are gone */
	ticket_resume(late);
}
END_TEST

START_TEST(stage_refuses)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "w before");
	ask(fd, REFUSE, 2, "e");
	ask(fd, RELAY, 3, "e never seen");
	await(&seen.lost);
	sem_post(&broker.release);
	want(fd, 1, "w before");
	want_closed(fd);
	ck_assert_uint_eq(atomic_load(&broker.requests), 1);
}
END_TEST

START_TEST(stage_swallows)
{
	int fd = dial(bootstrap);

	ask(fd, SWALLOW, 1, "e");
	ask(fd, RELAY, 2, "e seen");
	want(fd, 2, "e seen");
	close(fd);
	ck_assert_uint_eq(atomic_load(&broker.requests), 2);
}
END_TEST

/* --- ends ------------------------------------------------------------------------------------------- */

START_TEST(broker_dies)
{
	static const char *const how[] = {"x", "h", "o"};
	int fd;

	for (size_t i = 0; i < ARRAY_LEN(how); i++) {
		uint8_t rest[4096];

		fd = dial(bootstrap);
		ask(fd, RELAY, 1, "e");
		ask(fd, ANSWER, 2, "e");
		ask(fd, RELAY, 3, how[i]);
		want(fd, 1, "e");
		want(fd, 2, "from the stage");
		ck_assert(!receive_all(fd, rest, sizeof(rest))); /* at most a half of it, then the end */
		close(fd);
	}
	want_served(bootstrap);
}
END_TEST

/* What came before the broker's end goes out, when its turn comes. */
START_TEST(broker_dies_behind_a_hold)
{
	int fd = dial(bootstrap);

	ask(fd, HOLD_ANSWER, 1, "l the last");
	ticket_resume(ticket());
	want(fd, 1, "l the last");
	want_closed(fd);
	ck_assert_uint_eq(atomic_load(&seen.losses), 0);
}
END_TEST

START_TEST(broker_dies_idle)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "l and gone");
	want(fd, 1, "l and gone");
	want_closed(fd);
}
END_TEST

START_TEST(broker_unreachable)
{
	struct proxy_settings set = settings();
	uint16_t port;
	int taken = bound(&port);

	close(taken); /* nobody listens */
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", port);
	reopen(&set);
	want_closed(dial(bootstrap));
	ck_assert_ptr_nonnull(proxy_unready(proxy));
	/* The second server is tried when the first refuses. */
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u, 127.0.0.1:%u", port, broker.port);
	reopen(&set);
	want_served(bootstrap);
	want_served(bootstrap);
}
END_TEST

START_TEST(no_kafka)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{"\x00\x80\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14},         /* one more than the maximum */
		{"\x7f\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14},
		{"\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00", 14},         /* negative */
		{"\x80\x00\x00\x00", 4},
		{"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11},                     /* TLS */
		{"GET / HTTP/1.1\r\n\r\n", 18},
		{"\x00\x00\x00\x00", 4},                                                  /* no header at all */
		{"\x00\x00\x00\x03\x00\x0c\x00", 7},
		{"\x00\x00\x00\x0a\xff\xff\x00\x00\x00\x00\x00\x01\xff\xff", 14},         /* key -1 */
		{"\x00\x00\x00\x0a\x00\x0c\x00\x00\x00\x00\x00\x01\x7f\xff", 14},         /* a client id beyond the frame */
		{"\x00\x00\x00\x0a\x00\x0b\x00\x00\x00\x00\x00\x01\xff\xfe", 14},         /* of length -2, for a stage */
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		int fd = dial(bootstrap);

		ask(fd, RELAY, 1, "e"); /* the broker is connected */
		want(fd, 1, "e");
		ck_assert(send_all(fd, bad[i].bytes, bad[i].n));
		want_closed(fd);
		fd = dial(bootstrap);
		ck_assert(send_all(fd, bad[i].bytes, bad[i].n));
		want_closed(fd);
	}
	ck_assert_uint_eq(atomic_load(&broker.requests), ARRAY_LEN(bad));
	want_served(bootstrap);
}
END_TEST

START_TEST(max_connections)
{
	struct proxy_settings set = settings();
	struct slice frame = {NULL, 0};
	int a, b;

	set.max_connections = 2;
	reopen(&set);
	a = dial(bootstrap);
	b = dial(bootstrap);
	ask(a, RELAY, 1, "e");
	want(a, 1, "e");
	ask(b, RELAY, 1, "e");
	want(b, 1, "e");
	ck_assert_uint_eq(proxy_connections(proxy), 2);
	want_closed(dial(bootstrap));
	ck_assert_uint_eq(proxy_connections(proxy), 2);
	ask(a, RELAY, 2, "e");
	want(a, 2, "e");
	close(a);
	while (frame.p == NULL) { /* until a's place is free */
		static const uint8_t heartbeat[] = {0, 0, 0, 11, 0, RELAY, 0, 0, 0, 0, 0, 5, 0xff, 0xff, ECHO};
		int c = dial(bootstrap);

		if (send_all(c, heartbeat, sizeof(heartbeat)))
			frame = receive_frame(c);
		close(c);
	}
	free_frame(frame);
	close(b);
}
END_TEST

START_TEST(idle_client)
{
	struct proxy_settings set = settings();

	set.idle_ms = 1;
	reopen(&set);
	want_closed(dial(bootstrap));
}
END_TEST

/* --- draining ------------------------------------------------------------------------------------------ */

static sem_t drained;
static atomic_uint drains;

static void
on_drained(void *arg)
{
	ck_assert_ptr_eq(arg, &drained);
	atomic_fetch_add(&drains, 1);
	sem_post(&drained);
}

static void
drain(void *arg)
{
	proxy_drain(proxy, *(unsigned *)arg, on_drained, &drained);
}

static void
start_drain(unsigned ms)
{
	sem_init(&drained, 0, 0);
	on_loop(drain, &ms);
}

START_TEST(drains_unused)
{
	start_drain(3600000);
	await(&drained);
	ck_assert_int_lt(try_dial(bootstrap), 0);
	ck_assert_ptr_nonnull(proxy_unready(proxy));
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

START_TEST(drains_in_flight)
{
	int a = dial(bootstrap), b = dial(bootstrap), idle = dial(bootstrap);

	ask(idle, RELAY, 1, "e");
	want(idle, 1, "e");
	await(&broker.came);
	ask(a, RELAY, 1, "w answered");
	ask(b, HOLD_ANSWER, 2, "w answered too");
	await(&broker.came);
	await(&broker.came);
	start_drain(3600000);
	ck_assert_int_lt(try_dial(bootstrap), 0);
	want_closed(idle);
	sem_post(&broker.release);
	sem_post(&broker.release);
	want(a, 1, "w answered");
	want_closed(a);
	ticket_resume(ticket());
	want(b, 2, "w answered too");
	want_closed(b);
	await(&drained);
	ck_assert_uint_eq(proxy_connections(proxy), 0);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

static uint16_t
brokers_port(void)
{
	struct ports ports = {0};

	while (proxy_unready(proxy) != NULL)
		sched_yield();
	on_loop(note_ports, &ports);
	ck_assert_uint_ne(ports.broker, 0);
	return ports.broker;
}

/* What a rolling restart looks like: the next port is served, new clients too, until it is its turn. */
START_TEST(drains_port_by_port)
{
	struct proxy_settings set = settings();
	int first, second, late;
	uint16_t port;

	set.drain_step_ms = 3600000;
	reopen(&set);
	port = brokers_port();
	first = dial(bootstrap);
	second = dial(port);
	ask(second, RELAY, 1, "e");
	want(second, 1, "e");
	await(&broker.came);
	ask(first, RELAY, 1, "w answered");
	await(&broker.came);
	start_drain(4 * 3600000);
	ck_assert_int_lt(try_dial(bootstrap), 0);
	ask(second, RELAY, 2, "e still served");
	want(second, 2, "e still served");
	late = dial(port);
	ask(late, RELAY, 3, "e moved here");
	want(late, 3, "e moved here");
	ck_assert_uint_eq(atomic_load(&drains), 0);
	sem_post(&broker.release);
	want(first, 1, "w answered");
	want_closed(first);
	want_closed(second);
	want_closed(late);
	ck_assert_int_lt(try_dial(port), 0);
	await(&drained);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

/* A client that waits long keeps the other ports from their turn for a step, no longer. */
START_TEST(drains_past_a_slow_port)
{
	struct proxy_settings set = settings();
	int first, second;

	set.drain_step_ms = 1;
	reopen(&set);
	second = dial(brokers_port());
	first = dial(bootstrap);
	ask(second, RELAY, 1, "e");
	want(second, 1, "e");
	await(&broker.came);
	ask(first, RELAY, 1, "w answered");
	await(&broker.came);
	start_drain(3600000);
	want_closed(second);
	ck_assert_uint_eq(atomic_load(&drains), 0);
	sem_post(&broker.release);
	want(first, 1, "w answered");
	want_closed(first);
	await(&drained);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

/* With no time left for a step each, all ports are closed in the time that there is: answers still come. */
START_TEST(drain_told_to_hurry)
{
	struct proxy_settings set = settings();
	int first, second;

	set.drain_step_ms = 3600000;
	reopen(&set);
	second = dial(brokers_port());
	first = dial(bootstrap);
	ask(second, RELAY, 1, "e");
	want(second, 1, "e");
	await(&broker.came);
	ask(first, RELAY, 1, "w never answered");
	await(&broker.came);
	start_drain(4 * 3600000);
	start_drain(1);
	want_closed(second);
	want_closed(first);
	await(&drained);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

START_TEST(drain_deadline)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "w never answered");
	await(&broker.came);
	start_drain(3600000);
	start_drain(1); /* shortens it */
	want_closed(fd);
	await(&drained);
	ck_assert_uint_eq(proxy_connections(proxy), 0);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

/* A later end is none: neither the deadline nor the next port's turn moves away. */
START_TEST(drain_told_again)
{
	int fd = dial(bootstrap);

	ask(fd, RELAY, 1, "w never answered");
	await(&broker.came);
	start_drain(1000);
	start_drain(3600000);
	want_closed(fd);
	await(&drained);
	proxy_close();
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

static struct monotime times[2];

static void
set_time(void *arg)
{
	clock_set_for_tests(arg, NULL);
}

START_TEST(drain_told_again_within_a_step)
{
	struct proxy_settings set = settings();
	int first, second;

	times[0] = clock_now();
	times[1].ns = times[0].ns + INT64_C(3600000) * 1000000 - 1000000;
	set.drain_step_ms = 3600000;
	reopen(&set);
	second = dial(brokers_port());
	first = dial(bootstrap);
	ask(second, RELAY, 1, "e");
	want(second, 1, "e");
	await(&broker.came);
	ask(first, RELAY, 1, "w answered");
	await(&broker.came);
	on_loop(set_time, &times[0]);
	start_drain(20 * 3600000u);
	on_loop(set_time, &times[1]); /* a step takes an hour, and a millisecond is left of it */
	start_drain(20 * 3600000u);
	want_closed(second);
	ck_assert_uint_eq(atomic_load(&drains), 0);
	sem_post(&broker.release);
	want(first, 1, "w answered");
	want_closed(first);
	await(&drained);
	proxy_close();
	clock_set_for_tests(NULL, NULL);
	ck_assert_uint_eq(atomic_load(&drains), 1);
}
END_TEST

/* --- many at once, for the thread sanitizer ----------------------------------------------------------------- */

enum { CLIENTS = 24, ROUNDS = 40 };

static void *
client(void *arg)
{
	int fd = dial(bootstrap);

	(void)arg;
	for (int32_t i = 0; i < ROUNDS; i++) {
		ask(fd, RELAY, 4 * i, "e relayed");
		ask(fd, i % 5 == 0 ? HOLD_ANSWER : RELAY, 4 * i + 1, "e now and then held");
		ask(fd, ANSWER, 4 * i + 2, "e");
		ask(fd, i % 3 == 0 ? HOLD : RELAY, 4 * i + 3, "t briefly");
		want(fd, 4 * i, "e relayed");
		want(fd, 4 * i + 1, "e now and then held");
		want(fd, 4 * i + 2, "from the stage");
		want(fd, 4 * i + 3, "t briefly");
	}
	close(fd);
	return NULL;
}

static void *
resume_all(void *arg)
{
	(void)arg;
	for (;;) {
		struct ticket *t = ticket();

		if (t == NULL)
			return NULL;
		ticket_resume(t);
	}
}

START_TEST(many_clients)
{
	pthread_t clients[CLIENTS], resumer;

	ck_assert_int_eq(pthread_create(&resumer, NULL, resume_all, NULL), 0);
	for (int i = 0; i < CLIENTS; i++)
		ck_assert_int_eq(pthread_create(&clients[i], NULL, client, NULL), 0);
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(clients[i], NULL);
	put_ticket(NULL); /* behind all others: no more come */
	pthread_join(resumer, NULL);
	ck_assert_uint_eq(atomic_load(&broker.requests), CLIENTS * ROUNDS * 3);
}
END_TEST

/* --- starting ------------------------------------------------------------------------------------------------- */

START_TEST(says_why_not)
{
	struct proxy_settings set = settings();
	struct loop *l = loop_new();
	struct proxy *p;
	char port[16];

	ck_assert_ptr_nonnull(l);
	set.bootstrap_port = bootstrap; /* the other proxy's */
	ck_assert_int_eq(proxy_new(l, &set, stages, 1, why, sizeof(why), &p), ERR_IO);
	(void)snprintf(port, sizeof(port), "127.0.0.1:%u", bootstrap);
	ck_assert_msg(strstr(why, port) != NULL && strstr(why, "in use") != NULL, "%s", why);
	set.bootstrap_port = 0;
	set.listen_address = "localhost";
	ck_assert_int_eq(proxy_new(l, &set, stages, 1, why, sizeof(why), &p), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "\"localhost\""));
	set.listen_address = "127.0.0.1";
	set.bootstrap_servers = "127.0.0.1:9092,nonsense";
	ck_assert_int_eq(proxy_new(l, &set, stages, 1, why, sizeof(why), &p), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "\"nonsense\""));
	set.bootstrap_servers = " ,";
	ck_assert_int_eq(proxy_new(l, &set, stages, 1, why, sizeof(why), &p), ERR_CONFIG);
	ck_assert_ptr_nonnull(strstr(why, "empty"));
	/* One that is never started can be freed; so can none. */
	set.bootstrap_servers = servers;
	ck_assert_int_eq(proxy_new(l, &set, stages, 1, why, sizeof(why), &p), 0);
	proxy_free(p);
	proxy_free(NULL);
	loop_free(l);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("proxy");
	TCase *t = tcase_create("proxy");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, passes);
	tcase_add_test(t, passes_large);
	tcase_add_test(t, byte_by_byte);
	tcase_add_test(t, keeps_order);
	tcase_add_test(t, many_in_flight);
	tcase_add_test(t, brokers_own_port);
	tcase_add_test(t, stage_answers);
	tcase_add_test(t, stage_holds_a_request);
	tcase_add_test(t, stage_holds_an_answer);
	tcase_add_test(t, hold_times_out);
	tcase_add_test(t, client_leaves_a_hold);
	tcase_add_test(t, stage_refuses);
	tcase_add_test(t, stage_swallows);
	tcase_add_test(t, broker_dies);
	tcase_add_test(t, broker_dies_behind_a_hold);
	tcase_add_test(t, broker_dies_idle);
	tcase_add_test(t, broker_unreachable);
	tcase_add_test(t, no_kafka);
	tcase_add_test(t, max_connections);
	tcase_add_test(t, idle_client);
	tcase_add_test(t, drains_unused);
	tcase_add_test(t, drains_in_flight);
	tcase_add_test(t, drains_port_by_port);
	tcase_add_test(t, drains_past_a_slow_port);
	tcase_add_test(t, drain_told_to_hurry);
	tcase_add_test(t, drain_deadline);
	tcase_add_test(t, drain_told_again);
	tcase_add_test(t, drain_told_again_within_a_step);
	tcase_add_test(t, many_clients);
	tcase_add_test(t, says_why_not);
	suite_add_tcase(s, t);
	return suite_run(s);
}
