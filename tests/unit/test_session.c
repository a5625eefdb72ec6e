/*
 * A session's ends: client, proxy and broker on one loop and one thread, so that what
 * happens in which order is the test's to say.
 *
 * The client's sockets don't block; waiting is turning the loop until what must come has come.
 */
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "net/io.h"
#include "net/listen.h"
#include "proxy/login.h"
#include "proxy/proxy.h"
#include "suite.h"

/* What the stage does with which API; the versions are those without tags. */
enum {
	RELAY = 12,       /* Heartbeat: no stage wants it */
	HOLD = 11,        /* JoinGroup: the request is held */
	PAUSE = 13,       /* LeaveGroup: it is held for pause_ms */
	HOLD_ANSWER = 14, /* SyncGroup: its answer is held */
	ANSWER = 10,      /* FindCoordinator: the stage answers */
	REFUSE = 16,      /* ListGroups: the stage closes */
	WITHHOLD = 15,    /* DescribeGroups: the stage closes on the answer */
};

enum { HOUR_MS = 3600000, FRAME_MAX = 1024 * 1024 };

static struct loop *loop;
static struct proxy *proxy;
static struct proxy_settings settings;
static uint16_t port;
static char servers[64];
static char why[256];

static void
nothing(void *arg)
{
	(void)arg;
}

/* One turn that doesn't wait. */
static void
turn(void)
{
	struct loop_task t = {.fn = nothing};

	loop_next(loop, &t);
	ck_assert_int_eq(loop_turn(loop), 0);
}

/* --- the broker: it answers when it is told to ------------------------------------------ */

static struct {
	int fd;
	uint16_t port;
	struct loop_watch *watch;
	struct list conns;
	struct io *session; /* the connection on which a client's request came last */
	bool stalls;        /* reads no more after a client's first request */
	unsigned requests;
} broker;

struct conn {
	struct link link;
	struct io *io;
};

static void
conn_close(struct conn *c)
{
	if (broker.session == c->io)
		broker.session = NULL;
	io_close(c->io);
	list_remove(&broker.conns, &c->link);
	free(c);
}

static void
on_broker(void *arg, struct io *io, struct io_note *note)
{
	struct request_header h;

	switch (note->ev) {
	case IO_HEAD:
		note->take = IO_WHOLE;
		return;
	case IO_FRAME:
		ck_assert_int_eq(request_header_read(blob_slice(note->blob), &h), 0);
		if (!slice_eq(h.client_id, slice_str("unit")))
			return; /* the proxy's own connection learns nothing here */
		broker.session = io;
		broker.requests++;
		if (broker.stalls)
			io_pause(io);
		return;
	case IO_EOF:
	case IO_FAIL:
	case IO_IDLE:
	case IO_DONE:
		conn_close(arg);
		return;
	case IO_UP:
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		return;
	}
}

static void
on_connection(void *arg, int listen_fd, unsigned what)
{
	struct conn *c = calloc(1, sizeof(*c));
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)arg;
	(void)what;
	ck_assert(c != NULL && fd >= 0);
	c->io = io_new(loop, fd, FRAME_MAX, on_broker, c);
	ck_assert_ptr_nonnull(c->io);
	list_append(&broker.conns, &c->link);
}

static void
broker_open(void)
{
	struct addr at;

	memset(&broker, 0, sizeof(broker));
	list_init(&broker.conns);
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(listen_open(&at, &broker.fd), 0);
	at = addr_of_socket(broker.fd);
	broker.port = addr_port(&at);
	broker.watch = loop_watch_new(loop, broker.fd, LOOP_READ, on_connection, NULL);
	ck_assert_ptr_nonnull(broker.watch);
}

static void
broker_close(void)
{
	LIST_EACH(&broker.conns, e)
		conn_close(CONTAINER_OF(e, struct conn, link));
	loop_watch_free(broker.watch);
	if (broker.fd >= 0)
		close(broker.fd);
}

/* Waits until the broker got `count` requests in all. */
static void
until_requests(unsigned count)
{
	while (broker.requests < count)
		turn();
	ck_assert_uint_eq(broker.requests, count);
}

static void
reply(int32_t id, const char *body)
{
	struct wr w = wr_new(FRAME_MAX);
	struct rope frame = {NULL, 0, 0, 0};

	wr_i32(&w, id);
	wr_text(&w, body);
	ck_assert_int_eq(rope_add_wr(&frame, &w), 0);
	ck_assert_int_eq(io_send_frame(broker.session, &frame), 0);
}

static void
broker_leaves(void)
{
	io_finish(broker.session, HOUR_MS, HOUR_MS);
}

static void
broker_resets(void)
{
	io_reset(broker.session);
	LIST_EACH(&broker.conns, e)
		if (CONTAINER_OF(e, struct conn, link)->io == broker.session)
			conn_close(CONTAINER_OF(e, struct conn, link));
}

/* --- the stage -------------------------------------------------------------------------- */

static struct {
	struct ticket *ticket; /* of the exchange held last */
	unsigned held, losses, unsent;
} seen;

static unsigned pause_ms = 1;

static const struct stage stage;

static enum stage_verdict
hold(struct exchange *x)
{
	if (exchange_state(x, &stage) != NULL)
		return STAGE_PASS;
	seen.ticket = exchange_hold(x, HOUR_MS);
	ck_assert_ptr_nonnull(seen.ticket);
	seen.held++;
	exchange_set_state(x, &stage, &seen);
	return STAGE_HOLD;
}

static void
until_held(void)
{
	unsigned held = seen.held;

	while (seen.held == held)
		turn();
}

static bool
wants_request(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key != RELAY && key != API_VERSIONS && key != API_METADATA;
}

static enum stage_verdict
on_request(void *self, struct exchange *x)
{
	struct wr w = wr_new(64);
	struct rope r = {NULL, 0, 0, 0};

	(void)self;
	switch (exchange_key(x)) {
	case HOLD:
	case API_PRODUCE:
		return hold(x);
	case PAUSE:
		if (exchange_state(x, &stage) != NULL) {
			ck_assert(!exchange_timed_out(x));
			return STAGE_PASS;
		}
		exchange_set_state(x, &stage, &seen);
		seen.held++;
		ck_assert_int_eq(exchange_pause(x, pause_ms), 0);
		return STAGE_HOLD;
	case ANSWER:
		wr_text(&w, "from the stage");
		ck_assert_int_eq(rope_add_wr(&r, &w), 0);
		exchange_answer(x, &r);
		return STAGE_ANSWER;
	case REFUSE:
		return STAGE_CLOSE;
	default:
		return STAGE_PASS;
	}
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key == HOLD_ANSWER || key == WITHHOLD;
}

static enum stage_verdict
on_response(void *self, struct exchange *x)
{
	(void)self;
	return exchange_key(x) == HOLD_ANSWER ? hold(x) : STAGE_CLOSE;
}

static void
on_lost(void *self, struct exchange *x)
{
	(void)self;
	seen.losses++;
	seen.unsent += exchange_is_unsent(x);
}

static const struct stage stage = {
	.name = "unit",
	.self = &seen,
	.wants_request = wants_request,
	.request = on_request,
	.wants_response = wants_response,
	.response = on_response,
	.lost = on_lost,
};

static const struct stage *const stages[] = {&stage};

/* --- the proxy -------------------------------------------------------------------------- */

static void
note_port(void *arg, const struct proxy_port *p)
{
	(void)arg;
	if (p->node_id < 0)
		port = p->port;
}

static void
open_proxy(void)
{
	ck_assert_msg(proxy_new(loop, &settings, stages, 1, why, sizeof(why), &proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(proxy, why, sizeof(why)) == 0, "%s", why);
	proxy_ports(proxy, note_port, NULL);
}

static void
setup(void)
{
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	memset(&seen, 0, sizeof(seen));
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	broker_open();
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
	settings = proxy_settings_default();
	settings.bootstrap_port = 0;
	settings.bootstrap_servers = servers;
	settings.max_frame = FRAME_MAX;
	settings.idle_ms = HOUR_MS;
	settings.drain_ms = HOUR_MS;
}

static void
teardown(void)
{
	proxy_free(proxy);
	broker_close();
	loop_free(loop);
}

static void
until_no_connections(void)
{
	while (proxy_connections(proxy) > 0)
		turn();
}

/* --- the client ------------------------------------------------------------------------- */

static int
dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0); /* the backlog takes it */
	return fd;
}

static void
send_all(int fd, const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, p, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent < 0) {
			ck_assert_int_eq(errno, EAGAIN);
			turn();
			continue;
		}
		p += sent;
		n -= (size_t)sent;
	}
}

static void
ask_n(int fd, int16_t key, int32_t id, const void *body, size_t n)
{
	struct wr w = wr_new(FRAME_MAX);

	wr_u32(&w, 0);
	request_header_write(key, 0, id, slice_str("unit"), &w);
	wr_bytes(&w, body, n);
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(wr_err(&w), 0);
	send_all(fd, w.buf, w.len);
	wr_free(&w);
}

static void
ask(int fd, int16_t key, int32_t id, const char *body)
{
	ask_n(fd, key, id, body, strlen(body));
}

/* How many of n bytes come before the end of the stream. */
static size_t
receive(int fd, uint8_t *p, size_t n)
{
	size_t got = 0;

	while (got < n) {
		ssize_t r = recv(fd, p + got, n - got, MSG_DONTWAIT);

		if (r == 0 || (r < 0 && errno != EAGAIN))
			break;
		if (r > 0)
			got += (size_t)r;
		else
			turn();
	}
	return got;
}

static void
want(int fd, int32_t id, const char *body)
{
	uint8_t frame[256] = {0};
	size_t n = 8 + strlen(body);
	struct rd r = rd_of(slice_of(frame, n));

	ck_assert_uint_eq(receive(fd, frame, n), n);
	ck_assert_int_eq(rd_i32(&r), (int32_t)n - 4);
	ck_assert_int_eq(rd_i32(&r), id);
	ck_assert_int_eq(memcmp(frame + 8, body, n - 8), 0);
}

/* The end of the stream, and nothing before it. */
static void
want_end(int fd)
{
	uint8_t byte;

	ck_assert_uint_eq(receive(fd, &byte, 1), 0);
	close(fd);
	until_no_connections();
}

/* --- ends ------------------------------------------------------------------------------- */

/* Of what is behind the answer that is missing nothing may go out: it would be out of order. */
START_TEST(stage_withholds_an_answer)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, WITHHOLD, 1, "");
	ask(fd, ANSWER, 2, "");
	ask(fd, RELAY, 3, "");
	until_requests(2);
	reply(1, "not for clients");
	want_end(fd);
	ck_assert_int_eq(metric_read(METRIC_UPSTREAM_ERRORS_PROTOCOL), 0);
	ck_assert_int_eq(metric_read(METRIC_ANSWERS_WITHHELD), 1);
}
END_TEST

/* The limit is for what needs memory: an answer that must be opened. */
START_TEST(answers_over_the_limit)
{
	enum { BODY = 100000 };
	uint8_t *frame = malloc(BODY + 8);
	struct rope r;
	struct blob *b;
	int fd;

	ck_assert_ptr_nonnull(frame);
	settings.max_frame = BODY;
	open_proxy();
	for (int i = 0; i < 2; i++) {
		fd = dial();
		ask(fd, i == 0 ? RELAY : HOLD_ANSWER, 5, "");
		until_requests((unsigned)i + 1);
		b = blob_new(BODY + 4);
		ck_assert_ptr_nonnull(b);
		b->len = BODY + 4;
		memset(b->data, 'b', b->len);
		memcpy(b->data, "\0\0\0\5", 4);
		r = (struct rope){NULL, 0, 0, 0};
		ck_assert_int_eq(rope_add(&r, b, 0, b->len), 0);
		ck_assert_int_eq(io_send_frame(broker.session, &r), 0);
		if (i == 0) {
			ck_assert_uint_eq(receive(fd, frame, BODY + 8), BODY + 8);
			ck_assert_int_eq(memcmp(frame + 4, b->data, b->len), 0);
			close(fd);
			until_no_connections();
			ck_assert_int_eq(metric_read(METRIC_UPSTREAM_ERRORS_PROTOCOL), 0);
		} else {
			want_end(fd);
			ck_assert_int_eq(metric_read(METRIC_UPSTREAM_ERRORS_PROTOCOL), 1);
		}
		blob_unref(b);
	}
	free(frame);
}
END_TEST

START_TEST(broker_errs_before_an_own_answer)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "");
	ask(fd, ANSWER, 2, "");
	until_requests(1);
	reply(7, "an answer to no request");
	want_end(fd);
	ck_assert_int_eq(metric_read(METRIC_UPSTREAM_ERRORS_PROTOCOL), 1);
	ck_assert_int_eq(metric_read(METRIC_ANSWERS_WITHHELD), 0);
}
END_TEST

START_TEST(kept_answers_go_out)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, HOLD_ANSWER, 1, "");
	ask(fd, ANSWER, 2, "");
	ask(fd, RELAY, 3, "");
	until_requests(2);
	reply(1, "held");
	until_held();
	broker_leaves();
	ticket_resume(seen.ticket);
	want(fd, 1, "held");
	want(fd, 2, "from the stage");
	want_end(fd);
}
END_TEST

/* Nobody has to resume it, and its end is no time-out. */
START_TEST(pauses)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, PAUSE, 1, "");
	ask(fd, RELAY, 2, "");
	until_requests(2);
	reply(1, "after a moment");
	reply(2, "behind it");
	want(fd, 1, "after a moment");
	want(fd, 2, "behind it");
}
END_TEST

START_TEST(leaves_while_paused)
{
	int fd;

	pause_ms = HOUR_MS;
	open_proxy();
	fd = dial();
	ask(fd, PAUSE, 1, "");
	until_held();
	close(fd);
	until_no_connections();
	ck_assert_uint_eq(seen.losses, 1);
}
END_TEST

/* What is held may be held for long: the session's end has a deadline of its own. */
START_TEST(held_answer_past_the_deadline)
{
	int fd;

	settings.drain_ms = 1;
	open_proxy();
	fd = dial();
	ask(fd, HOLD_ANSWER, 1, "");
	ask(fd, ANSWER, 2, "");
	until_requests(1);
	reply(1, "held");
	until_held();
	ask(fd, REFUSE, 3, "");
	want_end(fd);
	ck_assert_uint_eq(seen.losses, 2); /* of the first and the third, … */
	ck_assert_uint_eq(seen.unsent, 1); /* … which no broker has seen */
	ticket_resume(seen.ticket);
}
END_TEST

START_TEST(refused_behind_a_silent_broker)
{
	int fd;

	settings.drain_ms = 1;
	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "never answered");
	until_requests(1);
	ask(fd, REFUSE, 2, "");
	want_end(fd);
}
END_TEST

/* --- clients that hang up while they are not read ----------------------------------------- */

START_TEST(leaves_a_held_request)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, HOLD, 1, "");
	until_held();
	ask(fd, RELAY, 2, "behind the one that never went out");
	close(fd);
	until_no_connections();
	ck_assert_uint_eq(seen.losses, 1);
	ck_assert_uint_eq(seen.unsent, 1);
	ck_assert_uint_eq(broker.requests, 0);
	ticket_resume(seen.ticket);
}
END_TEST

/* Who asks for no answer may leave at once: the request still goes out. */
START_TEST(leaves_a_held_request_without_answer)
{
	static const uint8_t acks0[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	int fd;

	open_proxy();
	fd = dial();
	ask_n(fd, API_PRODUCE, 1, acks0, sizeof(acks0));
	until_held();
	close(fd);
	for (int i = 0; i < 20; i++)
		turn();
	ck_assert_uint_eq(proxy_connections(proxy), 1);
	ticket_resume(seen.ticket);
	until_requests(1);
	until_no_connections();
}
END_TEST

static int
no_talk(void *arg, const char *host, void **ret_talk, char *text, size_t len)
{
	(void)host;
	(void)text;
	(void)len;
	*ret_talk = arg;
	return 0;
}

static int
say_nothing(void *talk, struct slice in, struct wr *out, bool *ret_done, char *text, size_t len)
{
	(void)talk;
	(void)in;
	(void)text;
	(void)len;
	wr_text(out, "x");
	*ret_done = true;
	return 0;
}

/* The broker here answers no login: the client's connection to it never comes to be. */
static void
open_proxy_without_end(void)
{
	static const struct login_door door = {"PLAIN", &seen, no_talk, say_nothing, nothing};

	settings.login = &door;
	settings.login_for_clients = true;
	settings.connect_ms = HOUR_MS;
	open_proxy();
}

/* Nobody would hear the answer: its broker isn't waited for. */
START_TEST(leaves_before_its_broker_is_there)
{
	int fd;

	open_proxy_without_end();
	fd = dial();
	ask(fd, RELAY, 1, "never answered");
	while (broker.conns.count < 2)
		turn();
	close(fd);
	until_no_connections();
}
END_TEST

/* This asks for no answer. */
START_TEST(leaves_something_before_its_broker_is_there)
{
	static const uint8_t acks0[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	int fd;

	open_proxy_without_end();
	fd = dial();
	ask_n(fd, API_PRODUCE, 1, acks0, sizeof(acks0));
	while (broker.conns.count < 2)
		turn();
	close(fd);
	for (int i = 0; i < 20; i++)
		turn();
	ck_assert_uint_eq(proxy_connections(proxy), 1);
}
END_TEST

START_TEST(leaves_behind_a_stalled_broker)
{
	uint8_t frame[65536] = {0, 0, 0xff, 0xfc, 0, RELAY, 0, 0, 0, 0, 0, 1, 0, 4, 'u', 'n', 'i', 't'};
	size_t at = 0;
	int fd;

	settings.drain_ms = 1;
	broker.stalls = true;
	open_proxy();
	fd = dial();
	while (metric_read(METRIC_PAUSES_CLIENT) == 0) {
		ssize_t sent = send(fd, frame + at, sizeof(frame) - at, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent > 0)
			at = (at + (size_t)sent) % sizeof(frame);
		turn();
	}
	close(fd);
	until_no_connections();
}
END_TEST

START_TEST(leaves_while_its_session_ends)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "never answered");
	until_requests(1);
	ask(fd, REFUSE, 2, "");
	while (seen.losses == 0)
		turn();
	close(fd);
	until_no_connections();
}
END_TEST

/* --- strangers ------------------------------------------------------------------------------ */

static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";

/* Where a login is demanded, nobody is dialled for who doesn't begin one. */
START_TEST(knocks_before_a_demanded_login)
{
	int fd[4];

	settings.demand_login = true;
	open_proxy();
	while (broker.conns.count < 1)
		turn(); /* the proxy's own */
	fd[0] = dial();
	fd[1] = dial();
	send_all(fd[1], (const uint8_t *)http, sizeof(http) - 1);
	fd[2] = dial();
	ask(fd[2], RELAY, 1, "before the login");
	for (int i = 1; i < 3; i++) {
		uint8_t byte;

		ck_assert_uint_eq(receive(fd[i], &byte, 1), 0);
		close(fd[i]);
	}
	for (int i = 0; i < 20; i++)
		turn();
	ck_assert_uint_eq(proxy_connections(proxy), 1);
	ck_assert_uint_eq(broker.conns.count, 1);
	fd[3] = dial();
	ask(fd[3], API_VERSIONS, 1, "");
	until_requests(1);
	ck_assert_uint_eq(broker.conns.count, 2);
	reply(1, "");
	want(fd[3], 1, "");
	close(fd[0]);
	close(fd[3]);
	until_no_connections();
}
END_TEST

/* --- clients that don't read ---------------------------------------------------------------- */

enum { MUCH = 16 * 1024 * 1024 };

/* An answer that is more than client, proxy and kernel hold. */
static void
reply_much(int32_t id)
{
	struct rope r = {NULL, 0, 0, 0};
	struct blob *b = blob_new(MUCH);

	ck_assert_ptr_nonnull(b);
	b->len = MUCH;
	memset(b->data, 'm', b->len);
	for (int i = 0; i < 4; i++)
		b->data[i] = (uint8_t)((uint32_t)id >> (24 - 8 * i));
	ck_assert_int_eq(rope_add(&r, b, 0, b->len), 0);
	ck_assert_int_eq(io_send_frame(broker.session, &r), 0);
	blob_unref(b);
}

static void
until_full(void)
{
	while (metric_read(METRIC_PAUSES_BROKER) == 0)
		turn();
}

/* Behind what it doesn't take is an answer for a stage: that one learns of it all the same. */
START_TEST(reads_nothing_before_an_awaited_answer)
{
	int fd;

	settings.unread_ms = 1;
	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "");
	ask(fd, HOLD_ANSWER, 2, "");
	until_requests(2);
	reply_much(1);
	reply(2, "awaited");
	until_held();
	ck_assert_int_eq(metric_read(METRIC_CLIENT_ERRORS_UNREAD), 1);
	ck_assert_uint_eq(seen.losses, 0);
	ticket_resume(seen.ticket);
	until_no_connections();
	close(fd);
}
END_TEST

/* An answer that nobody awaits may be left for as long as the client likes. */
START_TEST(reads_late_what_nobody_awaits)
{
	uint8_t *p = malloc(MUCH + 4);
	struct monotime full;
	int fd;

	ck_assert_ptr_nonnull(p);
	settings.unread_ms = 1;
	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "");
	until_requests(1);
	reply_much(1);
	until_full();
	full = clock_now();
	while (monotime_since_ms(clock_now(), full) < 20)
		turn();
	ck_assert_uint_eq(receive(fd, p, MUCH + 4), MUCH + 4);
	ck_assert_int_eq(metric_read(METRIC_CLIENT_ERRORS_UNREAD), 0);
	free(p);
	close(fd);
	until_no_connections();
}
END_TEST

/* --- how a broker that is lost looks to its client ---------------------------------------- */

static int
end_of(int fd)
{
	uint8_t b;
	ssize_t n;

	while ((n = recv(fd, &b, 1, MSG_DONTWAIT)) < 0 && errno == EAGAIN)
		turn();
	ck_assert_int_le(n, 0);
	n = n < 0 ? errno : 0;
	close(fd);
	until_no_connections();
	return (int)n;
}

START_TEST(is_reset_without_its_broker)
{
	int fd;

	open_proxy();
	loop_watch_free(broker.watch);
	close(broker.fd);
	broker.watch = NULL;
	broker.fd = -1;
	fd = dial();
	ask(fd, RELAY, 1, "");
	ck_assert_int_eq(end_of(fd), ECONNRESET);
}
END_TEST

START_TEST(is_reset_as_its_broker_does)
{
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "");
	until_requests(1);
	broker_resets();
	ck_assert_int_eq(end_of(fd), ECONNRESET);
	broker.requests = 0;
	fd = dial();
	ask(fd, RELAY, 1, "");
	until_requests(1);
	broker_leaves();
	ck_assert_int_eq(end_of(fd), 0);
}
END_TEST

/* A reset would take with it what the client has not read yet. */
START_TEST(is_not_reset_behind_an_answer)
{
	uint8_t b;
	int fd;

	open_proxy();
	fd = dial();
	ask(fd, RELAY, 1, "");
	ask(fd, RELAY, 2, "");
	until_requests(2);
	reply(1, "the first");
	while (recv(fd, &b, 1, MSG_DONTWAIT | MSG_PEEK) < 1)
		turn();
	broker_resets();
	want(fd, 1, "the first");
	ck_assert_int_eq(end_of(fd), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("session");
	TCase *t = tcase_create("session");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, stage_withholds_an_answer);
	tcase_add_test(t, answers_over_the_limit);
	tcase_add_test(t, broker_errs_before_an_own_answer);
	tcase_add_test(t, kept_answers_go_out);
	tcase_add_test(t, pauses);
	tcase_add_test(t, leaves_while_paused);
	tcase_add_test(t, held_answer_past_the_deadline);
	tcase_add_test(t, refused_behind_a_silent_broker);
	tcase_add_test(t, leaves_a_held_request);
	tcase_add_test(t, leaves_a_held_request_without_answer);
	tcase_add_test(t, leaves_before_its_broker_is_there);
	tcase_add_test(t, leaves_something_before_its_broker_is_there);
	tcase_add_test(t, leaves_behind_a_stalled_broker);
	tcase_add_test(t, leaves_while_its_session_ends);
	tcase_add_test(t, knocks_before_a_demanded_login);
	tcase_add_test(t, reads_nothing_before_an_awaited_answer);
	tcase_add_test(t, reads_late_what_nobody_awaits);
	tcase_add_test(t, is_reset_without_its_broker);
	tcase_add_test(t, is_reset_as_its_broker_does);
	tcase_add_test(t, is_not_reset_behind_an_answer);
	suite_add_tcase(s, t);
	return suite_run(s);
}
