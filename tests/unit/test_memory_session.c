/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: over the
 * life of a client's connection through the proxy, from accept to the last answer.
 *
 * Whatever happens: the client gets its answers, in order and whole, or what it got of them
 * ends with the connection; the next client finds everything in order; nothing leaks.
 * Client, proxy and broker are on one loop and one thread, so that calls come in the same
 * order each time.
 */
#include "failing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "kafka/header.h"
#include "net/io.h"
#include "net/listen.h"
#include "proxy/proxy.h"
#include "suite.h"

/* What the stage does with which API; the versions are those without tags. */
enum { RELAY = 12, HOLD = 11, HOLD_ANSWER = 14, ANSWER = 10, REPLACE = 16, RAISE = 0 };

/* RAISE goes out at a version whose headers have tags, and its answer back at the client's, whose haven't. */
enum { LOW = 7, HIGH = 13 };

enum { HOUR_MS = 3600000, FRAME_MAX = 1024 * 1024, LARGE = 200000, REQUESTS = 8 };

/* What a client asks, and what it must get; of LARGE bytes what doesn't say. */
static const struct {
	int16_t key;
	const char *answer;
} script[REQUESTS] = {{RELAY, "relayed"}, {ANSWER, "from the stage"}, {HOLD, "held"},      {HOLD_ANSWER, "answer held"},
		      {REPLACE, "replaced"}, {RELAY, NULL},            {HOLD_ANSWER, NULL},
			{RAISE, "lowered"}};

static struct loop *loop;
static struct proxy *proxy;
static char servers[64], why[256];
static uint16_t port;

static void
nothing(void *arg)
{
	(void)arg;
}

/* One turn that doesn't wait.  Only here, and not in the test's own callbacks, memory fails. */
static void
turn(bool fails)
{
	struct loop_task t = {.fn = nothing};
	int err;

	loop_next(loop, &t);
	failing.armed = fails;
	err = loop_turn(loop);
	failing.armed = false;
	ck_assert_int_eq(err, 0);
}

/* --- the broker answers at once ------------------------------------------------------------- */

static struct {
	int fd;
	uint16_t port;
	struct loop_watch *watch;
	struct list conns;
} broker;

struct conn {
	struct link link;
	struct io *io;
};

static void
conn_close(struct conn *c)
{
	io_close(c->io);
	list_remove(&broker.conns, &c->link);
	free(c);
}

/* LARGE bytes, made once: they go around thousands of times. */
static struct slice
large(bool request)
{
	static uint8_t bytes[2][LARGE];
	uint8_t *b = bytes[request];

	if (b[1] == 0)
		for (size_t i = 0; i < LARGE; i++)
			b[i] = (uint8_t)(i * (request ? 1 : 7));
	return slice_of(b, LARGE);
}

static void
reply(struct io *io, int32_t id)
{
	const char *text = script[id].key == RAISE ? "raised" : script[id].answer;
	struct wr w = wr_new(FRAME_MAX);
	struct rope frame = {NULL, 0, 0, 0};

	response_header_write(script[id].key, script[id].key == RAISE ? HIGH : 0, id, &w);
	if (text != NULL)
		wr_text(&w, text);
	else
		wr_slice_put(&w, large(false));
	ck_assert_int_eq(rope_add_wr(&frame, &w), 0);
	ck_assert_int_eq(io_send_frame(io, &frame), 0);
}

static void
on_broker(void *arg, struct io *io, struct io_note *note)
{
	bool fails = failing.armed;
	struct request_header h;

	failing.armed = false;
	switch (note->ev) {
	case IO_HEAD:
		note->take = IO_WHOLE;
		break;
	case IO_FRAME:
		ck_assert_int_eq(request_header_read(blob_slice(note->blob), &h), 0);
		ck_assert(h.key != RAISE || h.version == HIGH);
		if (slice_eq(h.client_id, slice_str("unit"))) /* the proxy's own connection learns nothing here */
			reply(io, h.correlation_id);
		break;
	case IO_EOF:
	case IO_FAIL:
	case IO_IDLE:
	case IO_DONE:
		conn_close(arg);
		break;
	case IO_UP:
	case IO_CHUNK:
	case IO_LOW:
	case IO_HANGUP:
		break;
	}
	failing.armed = fails;
}

static void
on_connection(void *arg, int listen_fd, unsigned what)
{
	bool fails = failing.armed;
	struct conn *c;
	int fd;

	(void)arg;
	(void)what;
	failing.armed = false;
	c = calloc(1, sizeof(*c));
	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	ck_assert(c != NULL && fd >= 0);
	c->io = io_new(loop, fd, FRAME_MAX, on_broker, c);
	ck_assert_ptr_nonnull(c->io);
	list_append(&broker.conns, &c->link);
	failing.armed = fails;
}

static void
broker_open(void)
{
	struct addr at;

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
	close(broker.fd);
}

/* --- the stage, which may lack memory too ------------------------------------------------------ */

static struct ticket *ticket;
static const struct stage stage;

static bool
wants_request(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key == HOLD || key == ANSWER || key == REPLACE || key == HOLD_ANSWER || key == RAISE;
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	(void)version;
	return key == HOLD_ANSWER || key == RAISE;
}

static enum stage_verdict
hold(struct exchange *x)
{
	if (exchange_state(x, &stage) != NULL) {
		exchange_set_state(x, &stage, NULL);
		return STAGE_PASS;
	}
	if ((ticket = exchange_hold(x, HOUR_MS)) == NULL)
		return STAGE_CLOSE;
	exchange_set_state(x, &stage, &ticket);
	return STAGE_HOLD;
}

/* The version is told twice: the later header counts, and the first is gone. */
static enum stage_verdict
say_at(struct exchange *x, int16_t version, const char *text)
{
	struct wr w = wr_new(64);
	struct rope r = {NULL, 0, 0, 0};

	wr_text(&w, text);
	if (rope_add_wr(&r, &w) != 0 || exchange_set_version(x, version) != 0 || exchange_set_version(x, version) != 0) {
		wr_free(&w);
		rope_clear(&r);
		return STAGE_CLOSE;
	}
	exchange_replace(x, &r);
	return STAGE_REPLACE;
}

static enum stage_verdict
on_request(void *self, struct exchange *x)
{
	struct wr w = wr_new(64);
	struct rope r = {NULL, 0, 0, 0};
	int16_t key = exchange_key(x);

	(void)self;
	if (key == HOLD)
		return hold(x);
	if (key == HOLD_ANSWER)
		return STAGE_PASS;
	if (key == RAISE)
		return say_at(x, HIGH, "by id");
	wr_text(&w, "from the stage");
	if (rope_add_wr(&r, &w) != 0) {
		wr_free(&w);
		rope_clear(&r);
		return STAGE_CLOSE;
	}
	if (key == ANSWER)
		exchange_answer(x, &r);
	else
		exchange_replace(x, &r);
	return key == ANSWER ? STAGE_ANSWER : STAGE_REPLACE;
}

static enum stage_verdict
on_response(void *self, struct exchange *x)
{
	(void)self;
	return exchange_key(x) == RAISE ? say_at(x, LOW, "lowered") : hold(x);
}

static void
on_lost(void *self, struct exchange *x)
{
	(void)self;
	exchange_set_state(x, &stage, NULL);
}

static const struct stage stage = {
	.name = "unit",
	.self = &ticket,
	.wants_request = wants_request,
	.request = on_request,
	.wants_response = wants_response,
	.response = on_response,
	.lost = on_lost,
};

static const struct stage *const stages[] = {&stage};

/* --- the client ----------------------------------------------------------------------------------- */

static uint8_t got[REQUESTS * (LARGE + 8)];
static size_t got_len;

static int
dial(void)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0); /* the backlog takes it */
	return fd;
}

static struct wr
request_of(int32_t id)
{
	struct wr w = wr_new(FRAME_MAX);

	wr_u32(&w, 0);
	request_header_write(script[id].key, script[id].key == RAISE ? LOW : 0, id, slice_str("unit"), &w);
	if (script[id].key == RAISE) { /* no transaction, acks=1 */
		wr_i16(&w, -1);
		wr_i16(&w, 1);
		wr_i32(&w, 0);
		wr_i32(&w, 0);
	}
	if (script[id].answer == NULL)
		wr_slice_put(&w, large(true));
	wr_patch_u32(&w, 0, (uint32_t)w.len - 4);
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

/* Takes what there is.  false: the stream ended. */
static bool
take(int fd)
{
	ssize_t n;

	while (got_len < sizeof(got) && (n = recv(fd, got + got_len, sizeof(got) - got_len, MSG_DONTWAIT)) != 0) {
		if (n < 0)
			return errno == EAGAIN;
		got_len += (size_t)n;
	}
	return false;
}

/* The answers as a client must get them. */
static struct wr
all_answers(void)
{
	struct wr w = wr_new(sizeof(got) + 1);

	for (int32_t id = 0; id < REQUESTS; id++) {
		const char *text = script[id].answer;

		wr_u32(&w, 4 + (text != NULL ? (uint32_t)strlen(text) : LARGE));
		wr_i32(&w, id);
		if (text != NULL)
			wr_text(&w, text);
		else
			wr_slice_put(&w, large(false));
	}
	ck_assert_int_eq(wr_err(&w), 0);
	return w;
}

static void
resume(void)
{
	struct ticket *t = ticket;

	ticket = NULL;
	if (t != NULL)
		ticket_resume(t);
}

/* All is asked at once; is all answered?  Else the connection ends behind a part of it. */
static bool
talk(bool fails)
{
	struct wr out = wr_new(REQUESTS * FRAME_MAX), want = all_answers();
	size_t sent = 0;
	int fd = dial();
	bool open = true, whole;

	got_len = 0;
	ticket = NULL;
	for (int32_t id = 0; id < REQUESTS; id++) {
		struct wr w = request_of(id);

		wr_slice_put(&out, wr_slice(&w));
		wr_free(&w);
	}
	while (open && got_len < want.len) {
		ssize_t more = sent < out.len ? send(fd, out.buf + sent, out.len - sent, MSG_NOSIGNAL | MSG_DONTWAIT) : 0;

		if (more > 0)
			sent += (size_t)more;
		turn(fails);
		resume();
		open = take(fd);
	}
	ck_assert_uint_le(got_len, want.len);
	ck_assert_int_eq(memcmp(got, want.buf, got_len), 0);
	whole = got_len == want.len;
	wr_free(&out);
	wr_free(&want);
	close(fd);
	while (proxy_connections(proxy) > 0) {
		turn(false);
		resume();
	}
	resume(); /* of a session that is no more */
	return whole;
}

/* --- lives ---------------------------------------------------------------------------------------------- */

static void
note_port(void *arg, const struct proxy_port *p)
{
	(void)arg;
	if (p->node_id < 0)
		port = p->port;
}

static void
begin(void)
{
	static struct proxy_settings settings;

	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	broker_open();
	(void)snprintf(servers, sizeof(servers), "127.0.0.1:%u", broker.port);
	settings = proxy_settings_default();
	settings.bootstrap_port = 0;
	settings.bootstrap_servers = servers;
	settings.max_frame = FRAME_MAX;
	settings.idle_ms = settings.drain_ms = HOUR_MS;
	ck_assert_msg(proxy_new(loop, &settings, stages, 1, why, sizeof(why), &proxy) == 0, "%s", why);
	ck_assert_msg(proxy_start(proxy, why, sizeof(why)) == 0, "%s", why);
	proxy_ports(proxy, note_port, NULL);
}

static void
end(void)
{
	proxy_free(proxy);
	broker_close();
	loop_free(loop);
}

static void
all_lives(bool lasting)
{
	uint64_t n = 0;
	bool answered;

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	do {
		int64_t alive = failing.live;

		begin();
		failing_begin(++n, lasting);
		answered = talk(true);
		ck_assert(answered || failing.failed > 0);
		/* The daemon lives. */
		ck_assert(talk(false));
		end();
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
	} while (failing.failed > 0);
	ck_assert(answered);
	ck_assert_uint_gt(n, 50);
}

START_TEST(one_call)
{
	all_lives(false);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_lives(true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_session");
	TCase *t = tcase_create("memory_session");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
