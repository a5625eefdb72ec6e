/* From "a broker for this session" to a connection that is up. */
#include "proxy/upstream.h"

#include <check.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/wr.h"
#include "kafka/api.h"
#include "kafka/auth.h"
#include "kafka/header.h"
#include "net/io.h"
#include "proxy/listener.h"
#include "name_server.h"
#include "pki.h"
#include "ports.h"
#include "suite.h"

enum { SERVERS = 3 };

static struct core core;
static struct reactor reactor;
static struct server servers[SERVERS];
static int listening[SERVERS];

static void
on_opened(void *arg, int32_t node_id, uint16_t port, int fd)
{
	(void)arg;
	(void)node_id;
	(void)port;
	close(fd);
}

static int
bound(uint16_t *ret_port, bool listens)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	if (listens)
		ck_assert_int_eq(listen(fd, 64), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &len), 0);
	*ret_port = ntohs(at.sin_port);
	return fd;
}

static void
setup(void)
{
	struct addr at;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	names_setup();
	memset(&core, 0, sizeof(core));
	memset(&reactor, 0, sizeof(reactor));
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	core.set.connect_ms = 30000;
	core.set.max_frame = 65536;
	core.servers = servers;
	core.server_count = SERVERS;
	core.resolver = resolver_new();
	core.endpoints = endpoints_new(&at, ports_reserve(), (uint16_t)(ports_reserve() + PORTS_BLOCK - 1), 0, NULL, on_opened, NULL);
	ck_assert(core.resolver != NULL && core.endpoints != NULL);
	for (int i = 0; i < SERVERS; i++) {
		servers[i].host = slice_str("127.0.0.1");
		listening[i] = bound(&servers[i].port, true);
	}
	reactor.core = &core;
	reactor.loop = loop_new();
	ck_assert_ptr_nonnull(reactor.loop);
}

static void
teardown(void)
{
	resolver_free(core.resolver);
	endpoints_free(core.endpoints);
	loop_free(reactor.loop);
	for (int i = 0; i < SERVERS; i++)
		close(listening[i]);
}

struct result {
	unsigned calls;
	struct io *io;
	char broker[300], why[200];
};

static void
on_done(void *arg, struct io *io, struct login *login, const char *broker, const char *why)
{
	struct result *r = arg;

	ck_assert_ptr_null(login);
	r->calls++;
	r->io = io;
	(void)snprintf(r->broker, sizeof(r->broker), "%s", broker);
	(void)snprintf(r->why, sizeof(r->why), "%s", io != NULL ? "" : why);
}

static struct result
searched(int32_t node_id, bool log_in)
{
	struct result r = {0};
	struct upstream *u = upstream_start(&reactor, node_id, log_in, on_done, &r);

	ck_assert_ptr_nonnull(u);
	ck_assert_uint_eq(r.calls, 0); /* in a later turn */
	while (r.calls == 0)
		ck_assert_int_eq(loop_turn(reactor.loop), 0);
	ck_assert_uint_eq(r.calls, 1);
	return r;
}

static struct result
dialled(int32_t node_id)
{
	return searched(node_id, false);
}

static void
ck_dialled(int32_t node_id, uint16_t port)
{
	struct result r = dialled(node_id);
	char want[64], peer[ADDR_TEXT_MAX];

	ck_assert_msg(r.io != NULL, "%s", r.why);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	ck_assert_str_eq(r.broker, want);
	ck_assert_str_eq(addr_text(io_peer(r.io), peer), want);
	io_close(r.io);
}

/* From another one each time. */
START_TEST(bootstrap_in_turn)
{
	for (int i = 0; i < 2 * SERVERS; i++)
		ck_dialled(LISTENER_BOOTSTRAP, servers[i % SERVERS].port);
}
END_TEST

START_TEST(the_next_server)
{
	close(listening[0]);
	listening[0] = bound(&servers[0].port, false);
	ck_dialled(LISTENER_BOOTSTRAP, servers[1].port);
	reactor.next_server = SERVERS - 1; /* and around the corner */
	close(listening[2]);
	listening[2] = bound(&servers[2].port, false);
	ck_dialled(LISTENER_BOOTSTRAP, servers[1].port);
}
END_TEST

START_TEST(none_answers)
{
	struct result r;
	char want[64];

	for (int i = 0; i < SERVERS; i++) {
		close(listening[i]);
		listening[i] = bound(&servers[i].port, false);
	}
	r = dialled(LISTENER_BOOTSTRAP);
	ck_assert_ptr_null(r.io);
	ck_assert_uint_gt(strlen(r.why), 0);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u", servers[SERVERS - 1].port); /* the last that was tried */
	ck_assert_str_eq(r.broker, want);
}
END_TEST

START_TEST(a_broker)
{
	struct result r = dialled(4);
	uint16_t ours;

	/* Its port was open from an earlier run, and the cluster hasn't spoken yet. */
	ck_assert_ptr_null(r.io);
	ck_assert_str_eq(r.broker, "broker 4");
	ck_assert_ptr_nonnull(strstr(r.why, "not told"));
	ck_assert_int_eq(endpoints_meet(core.endpoints, 4, slice_str("127.0.0.1"), servers[1].port, &ours), 0);
	ck_dialled(4, servers[1].port);
	/* It moved. */
	ck_assert_int_eq(endpoints_meet(core.endpoints, 4, slice_str("127.0.0.1"), servers[2].port, &ours), 0);
	ck_dialled(4, servers[2].port);
	/* It is down: another broker is not it. */
	close(listening[2]);
	listening[2] = bound(&servers[2].port, false);
	ck_assert_int_eq(endpoints_meet(core.endpoints, 4, slice_str("127.0.0.1"), servers[2].port, &ours), 0);
	r = dialled(4);
	ck_assert_ptr_null(r.io);
}
END_TEST

static void
mark(void *arg)
{
	*(bool *)arg = true;
}

/* Neither a dial that is under way nor the answer "unknown". */
START_TEST(cancelled)
{
	struct result r = {0};
	bool done = false;
	struct upstream *a = upstream_start(&reactor, LISTENER_BOOTSTRAP, false, on_done, &r),
			*b = upstream_start(&reactor, 99, false, on_done, &r);

	ck_assert(a != NULL && b != NULL);
	upstream_cancel(a);
	upstream_cancel(b);
	upstream_cancel(NULL);
	ck_assert_int_eq(wake_post_fn(loop_wake(reactor.loop), mark, &done), 0);
	while (!done)
		ck_assert_int_eq(loop_turn(reactor.loop), 0);
	ck_dialled(LISTENER_BOOTSTRAP, servers[1].port); /* behind it */
	ck_assert_uint_eq(r.calls, 0);
}
END_TEST

static int
talk_new(void *arg, const char *host, void **ret_talk, char *why, size_t why_len)
{
	(void)host;
	(void)why;
	(void)why_len;
	*ret_talk = arg;
	return 0;
}

static int
talk_step(void *talk, struct slice in, struct wr *out, bool *ret_done, char *why, size_t why_len)
{
	(void)talk;
	(void)in;
	(void)why;
	(void)why_len;
	wr_text(out, "token");
	*ret_done = true;
	return 0;
}

static void
talk_end(void *talk)
{
	(void)talk;
}

static void
turn(void)
{
	struct loop_task t = {.fn = talk_end};

	loop_next(reactor.loop, &t);
	ck_assert_int_eq(loop_turn(reactor.loop), 0);
}

/* A byte from time to time is no answer: the login has one time for all of it. */
START_TEST(a_login_byte_by_byte)
{
	static const uint8_t frame[10000] = {0, 0, 0xff, 0};
	const struct login_door door = {"PLAIN", &core, talk_new, talk_step, talk_end};
	struct result r = {0};
	struct monotime last = clock_now();
	struct upstream *u;
	size_t sent = 0;
	struct pollfd knock = {listening[0], POLLIN, 0};
	int fd;

	core.set.login = &door;
	core.set.connect_ms = 100;
	core.server_count = 1;
	u = upstream_start(&reactor, LISTENER_BOOTSTRAP, true, on_done, &r);
	ck_assert_ptr_nonnull(u);
	while (poll(&knock, 1, 0) == 0)
		turn();
	fd = accept(listening[0], NULL, NULL);
	ck_assert_int_ge(fd, 0);
	while (r.calls == 0) {
		turn();
		if (monotime_since_ms(clock_now(), last) < 1)
			continue;
		last = clock_now();
		ck_assert_uint_lt(sent, sizeof(frame)); /* ten seconds at least */
		if (send(fd, frame + sent, 1, MSG_NOSIGNAL) == 1)
			sent++;
	}
	ck_assert_ptr_null(r.io);
	ck_assert_uint_gt(strlen(r.why), 0);
	close(fd);
}
END_TEST

/* --- a broker that refused a login ----------------------------------------------------------- */

static const struct login_door plain = {"PLAIN", &core, talk_new, talk_step, talk_end};
static struct monotime now;

/* There is one server, it refused a login, and its rest is over. */
static void
rested(void)
{
	char name[64];

	now = clock_now();
	clock_set_for_tests(&now, NULL);
	core.set.login = &plain;
	core.server_count = 1;
	core.refusals = refusals_new();
	ck_assert_ptr_nonnull(core.refusals);
	(void)snprintf(name, sizeof(name), "127.0.0.1:%u", servers[0].port);
	refusals_note(core.refusals, name);
	now.ns += INT64_C(1000000000);
}

static void
rested_end(void)
{
	refusals_free(core.refusals);
	clock_set_for_tests(NULL, NULL);
}

static bool
may_try(void)
{
	char name[64];
	uint64_t unused;

	(void)snprintf(name, sizeof(name), "127.0.0.1:%u", servers[0].port);
	return refusals_wait_ms(core.refusals, name, &unused) == 0;
}

/* Those whose login was never asked for, since there was no connection. */
START_TEST(the_turn_of_who_is_refused)
{
	close(listening[0]);
	listening[0] = bound(&servers[0].port, false);
	rested();
	for (int i = 0; i < 3; i++) {
		struct result r = searched(LISTENER_BOOTSTRAP, true);

		ck_assert_str_eq(r.why, "Connection refused");
	}
	ck_assert(may_try());
	rested_end();
}
END_TEST

/* The broker's end of a connection that the search made. */
static int
accepted(void)
{
	struct pollfd knock = {listening[0], POLLIN, 0};
	int fd;

	while (poll(&knock, 1, 0) == 0)
		turn();
	fd = accept(listening[0], NULL, NULL);
	ck_assert_int_ge(fd, 0);
	return fd;
}

START_TEST(the_turn_of_who_leaves)
{
	struct result r = {0};
	struct upstream *u;

	rested();
	u = upstream_start(&reactor, LISTENER_BOOTSTRAP, true, on_done, &r);
	ck_assert_ptr_nonnull(u);
	ck_assert(!may_try());
	upstream_cancel(u); /* at once */
	u = upstream_start(&reactor, LISTENER_BOOTSTRAP, true, on_done, &r);
	ck_assert_ptr_nonnull(u);
	close(accepted());
	ck_assert(!may_try());
	upstream_cancel(u); /* on the way */
	ck_assert(may_try());
	ck_assert_uint_eq(r.calls, 0);
	rested_end();
}
END_TEST

/* The broker's turn: the next request is answered with `body`.  The search may end by it. */
static void
answer(int fd, const struct wr *body)
{
	struct pollfd p = {fd, POLLIN, 0};
	struct request_header h;
	struct wr w = wr_new(4096);
	uint8_t frame[4096];
	ssize_t n;

	while (poll(&p, 1, 0) == 0)
		turn();
	n = recv(fd, frame, sizeof(frame), 0);
	ck_assert_int_gt(n, 4);
	ck_assert_int_eq(request_header_read(slice_of(frame + 4, (size_t)n - 4), &h), 0);
	wr_u32(&w, 0);
	response_header_write(h.key, h.version, h.correlation_id, &w);
	wr_slice_put(&w, wr_slice(body));
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert_int_eq(send(fd, w.buf, w.len, MSG_NOSIGNAL), (ssize_t)w.len);
	wr_free(&w);
}

/* A broker that lets a login come to the mechanism's first message, which lies in front of it. */
static int
led_on(void)
{
	static const int16_t apis[][3] = {{API_SASL_HANDSHAKE, 0, 1}, {API_SASL_AUTHENTICATE, 0, 2}};
	static const char *const mechanism[] = {"PLAIN"};
	struct wr versions = wr_new(64), handshake = wr_new(64);
	struct pollfd said = {accepted(), POLLIN, 0};

	wr_i16(&versions, 0);
	wr_i32(&versions, ARRAY_LEN(apis));
	for (size_t i = 0; i < ARRAY_LEN(apis); i++)
		for (size_t j = 0; j < 3; j++)
			wr_i16(&versions, apis[i][j]);
	auth_handshake_response_write(0, mechanism, 1, &handshake);
	answer(said.fd, &versions);
	answer(said.fd, &handshake);
	while (poll(&said, 1, 0) == 0)
		turn();
	wr_free(&versions);
	wr_free(&handshake);
	return said.fd;
}

/* Whose password the broker has seen and not judged: it may have counted it. */
START_TEST(the_turn_of_who_said_something)
{
	struct result r = {0};
	struct upstream *u;
	int fd;

	rested();
	u = upstream_start(&reactor, LISTENER_BOOTSTRAP, true, on_done, &r);
	ck_assert_ptr_nonnull(u);
	fd = led_on();
	if (_i == 0)
		upstream_cancel(u);
	close(fd);
	while (_i == 1 && r.calls == 0)
		turn();
	ck_assert(!may_try());
	rested_end();
}
END_TEST

/* --- what is counted --------------------------------------------------------------------------- */

static int64_t
errors(void)
{
	int64_t n = 0;

	for (int m = METRIC_UPSTREAM_ERRORS_CONNECT; m <= METRIC_UPSTREAM_ERRORS_LOGIN; m++)
		n += metric_read((enum metric)m);
	return n;
}

static void
ck_counted(enum metric why)
{
	ck_assert_int_eq(metric_read(why), 1);
	ck_assert_int_eq(errors(), 1);
	ck_assert_int_eq(metric_read(METRIC_UPSTREAM_CONNECTED), 0);
}

/* The last address's reason, once for a search. */
START_TEST(counts_no_connection)
{
	static const struct {
		const char *last;
		enum metric why;
	} cases[] = {
		{"127.0.0.1", METRIC_UPSTREAM_ERRORS_CONNECT},
		{"127.0.0.2,127.0.0.1", METRIC_UPSTREAM_ERRORS_CONNECT},
		{"noname", METRIC_UPSTREAM_ERRORS_RESOLVE},
		{"again", METRIC_UPSTREAM_ERRORS_RESOLVE},
	};
	struct result r;

	for (int i = 0; i < SERVERS; i++) {
		close(listening[i]);
		listening[i] = bound(&servers[i].port, false);
	}
	servers[SERVERS - 1].host = slice_str(cases[_i].last);
	r = dialled(LISTENER_BOOTSTRAP);
	ck_assert_ptr_null(r.io);
	ck_counted(cases[_i].why);
}
END_TEST

START_TEST(counts_a_silent_name_server)
{
	core.set.connect_ms = 5;
	core.server_count = 1;
	servers[0].host = slice_str("wait");
	ck_assert_ptr_null(dialled(LISTENER_BOOTSTRAP).io);
	ck_counted(METRIC_UPSTREAM_ERRORS_RESOLVE);
	names_release();
}
END_TEST

/* A broker that speaks no TLS, or says nothing. */
START_TEST(counts_a_failed_handshake)
{
	struct tls_client_conf conf = {.any_name = true, .handshake_ms = _i == 0 ? 0 : 5};
	struct tls_context *tls;
	struct result r = {0};
	struct pki_cert ca;
	char why[256];
	int fd;

	pki_open();
	ca = pki_make("ca", NULL, NULL, -1, 1);
	conf.ca = ca.cert_path;
	ck_assert_msg(tls_client_new(&conf, &tls, why, sizeof(why)) == 0, "%s", why);
	transport_init(&core.transport);
	transport_set(&core.transport, NULL, tls);
	tls_unref(tls);
	core.server_count = 1;
	ck_assert_ptr_nonnull(upstream_start(&reactor, LISTENER_BOOTSTRAP, false, on_done, &r));
	fd = accepted();
	if (_i == 0)
		ck_assert_int_eq(send(fd, "no TLS here", 11, MSG_NOSIGNAL), 11);
	while (r.calls == 0)
		turn();
	ck_assert_ptr_null(r.io);
	ck_counted(METRIC_UPSTREAM_ERRORS_TLS);
	close(fd);
	transport_fini(&core.transport);
	pki_free(&ca);
	pki_close();
}
END_TEST

/* Refused in words, or by the connection's end, or not in time. */
START_TEST(counts_a_login_once)
{
	struct auth_answer no = {.error = AUTH_FAILED, .message = slice_str("no")};
	struct wr w = wr_new(256);
	struct result r = {0};
	uint8_t token[256];
	int fd;

	core.set.login = &plain;
	core.server_count = 1;
	if (_i == 2)
		core.set.connect_ms = 100;
	ck_assert_ptr_nonnull(upstream_start(&reactor, LISTENER_BOOTSTRAP, true, on_done, &r));
	fd = _i == 2 ? accepted() : led_on();
	auth_response_write(2, &no, &w);
	if (_i == 0)
		answer(fd, &w);
	if (_i == 1) { /* read, or the end would be a reset */
		ck_assert_int_gt(recv(fd, token, sizeof(token), 0), 4);
		shutdown(fd, SHUT_WR);
	}
	while (r.calls == 0)
		turn();
	ck_assert_ptr_null(r.io);
	ck_counted(METRIC_UPSTREAM_ERRORS_LOGIN);
	close(fd);
	wr_free(&w);
}
END_TEST

/* No address is known, or it rests: nothing was dialled, nothing failed. */
START_TEST(counts_nothing_undialled)
{
	ck_assert_ptr_null(dialled(4).io);
	rested();
	ck_assert(may_try()); /* and somebody does */
	ck_assert_ptr_nonnull(strstr(searched(LISTENER_BOOTSTRAP, true).why, "the next try"));
	ck_assert_int_eq(errors(), 0);
	rested_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("upstream");
	TCase *t = tcase_create("upstream");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, bootstrap_in_turn);
	tcase_add_test(t, the_next_server);
	tcase_add_test(t, none_answers);
	tcase_add_test(t, a_broker);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, a_login_byte_by_byte);
	tcase_add_test(t, the_turn_of_who_is_refused);
	tcase_add_test(t, the_turn_of_who_leaves);
	tcase_add_loop_test(t, the_turn_of_who_said_something, 0, 2);
	tcase_add_loop_test(t, counts_no_connection, 0, 4);
	tcase_add_test(t, counts_a_silent_name_server);
	tcase_add_loop_test(t, counts_a_failed_handshake, 0, 2);
	tcase_add_loop_test(t, counts_a_login_once, 0, 3);
	tcase_add_test(t, counts_nothing_undialled);
	suite_add_tcase(s, t);
	return suite_run(s);
}
