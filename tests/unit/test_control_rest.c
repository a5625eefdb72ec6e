/*
 * The control connection and scripted brokers, all on one loop and one thread: what is
 * waited for must come, and how often is counted.
 */
#include <unistd.h>

#include "base/log.h"
#include "base/rd.h"
#include "kafka/api.h"
#include "kafka/header.h"
#include "net/io.h"
#include "net/listen.h"
#include "proxy/control_internal.h"
#include "proxy/login.h"
#include "ports.h"
#include "suite.h"

#define FRAME_MAX ((uint32_t)1024 * 1024)

/* --- the brokers ---------------------------------------------------------------------- */

enum manner {
	GOOD,
	SILENT,       /* accepts, and no more */
	HOLDS,        /* greets, and keeps what it is asked then */
	LEAVES_EARLY, /* closes when it is asked for Metadata */
	LEAVES_LATE,  /* … after it answered */
	LEAVES_ASKED, /* … when it is asked for settings */
	LOGS_SLOWLY,  /* keeps what belongs to a login */
};

static struct broker {
	int fd;
	uint16_t port;
	struct loop_watch *watch;
	struct io *conn; /* the newest */
	enum manner manner;
	unsigned accepted, looks;
	int32_t ids[8]; /* HOLDS: of what it was asked on the newest connection */
	unsigned held;
	struct request_header login; /* LOGS_SLOWLY: the last, of so many */
	unsigned logins;
} brokers[2];

static size_t told = ARRAY_LEN(brokers); /* so many at most are brokers of the cluster */
static bool foreign;                     /* brokers[1] is another cluster's now */

static unsigned settings_len = 4;

static struct loop *loop;
static struct server servers[2]; /* the same brokers, as the control knows them */
static struct core core;

static void
answer(struct io *io, const struct request_header *h)
{
	bool other = foreign && io == brokers[1].conn;
	size_t n = core.server_count < told ? core.server_count : told;
	static const int16_t apis[][3] = {
		{API_METADATA, 2, 2}, {API_VERSIONS, 0, 0}, {API_DESCRIBE_CONFIGS, 1, 1}, {API_SASL_HANDSHAKE, 0, 1}, {API_SASL_AUTHENTICATE, 0, 1}};
	struct wr w = wr_new(4096);
	struct rope frame = {NULL, 0, 0, 0};

	wr_i32(&w, h->correlation_id);
	if (h->key == API_VERSIONS) {
		wr_i16(&w, 0);
		wr_i32(&w, (int32_t)ARRAY_LEN(apis));
		for (size_t i = 0; i < ARRAY_LEN(apis); i++)
			for (size_t k = 0; k < 3; k++)
				wr_i16(&w, apis[i][k]);
	} else if (h->key == API_DESCRIBE_CONFIGS) {
		for (unsigned i = 0; i < settings_len; i++)
			wr_u8(&w, 0);
	} else if (h->key == API_SASL_HANDSHAKE) {
		wr_i16(&w, 0);
		wr_i32(&w, 0); /* mechanisms */
	} else if (h->key == API_SASL_AUTHENTICATE) {
		wr_i16(&w, 0);
		wr_i16(&w, -1); /* no message */
		wr_i32(&w, 0);
		wr_i64(&w, 100); /* how long it lasts */
	} else {
		wr_i32(&w, (int32_t)n); /* brokers */
		for (size_t i = 0; i < n; i++) {
			wr_i32(&w, (int32_t)i);
			wr_string(&w, slice_str("127.0.0.1"));
			wr_i32(&w, other ? brokers[1].port : servers[i].port);
			wr_i16(&w, -1);
		}
		wr_string(&w, slice_str(other ? "other-cluster" : "unit-cluster"));
		wr_i32(&w, 1); /* controller */
		wr_i32(&w, 0); /* topics */
	}
	ck_assert_int_eq(rope_add_wr(&frame, &w), 0);
	ck_assert_int_eq(io_send_frame(io, &frame), 0);
}

static void
answer_held(struct broker *b)
{
	struct request_header h = {.key = API_METADATA};

	for (unsigned i = 0; i < b->held; i++) {
		h.correlation_id = b->ids[i];
		answer(b->conn, &h);
	}
	b->held = 0;
}

static void
leave(struct broker *b)
{
	io_finish(b->conn, 3600000, 3600000);
	b->conn = NULL;
}

static void
on_conn(void *arg, struct io *io, struct io_note *note)
{
	struct broker *b = arg;
	struct request_header h;

	switch (note->ev) {
	case IO_HEAD:
		note->take = IO_WHOLE;
		return;
	case IO_FRAME:
		ck_assert_int_eq(request_header_read(blob_slice(note->blob), &h), 0);
		b->looks += h.key == API_METADATA;
		if (b->manner == SILENT)
			return;
		if (b->manner == HOLDS && h.key == API_METADATA) {
			ck_assert_uint_lt(b->held, ARRAY_LEN(b->ids));
			b->ids[b->held++] = h.correlation_id;
			return;
		}
		if (b->manner == LOGS_SLOWLY && (h.key == API_SASL_HANDSHAKE || h.key == API_SASL_AUTHENTICATE)) {
			b->login = h;
			b->logins++;
			return;
		}
		if (b->manner == LEAVES_ASKED && h.key == API_DESCRIBE_CONFIGS) {
			leave(b);
			return;
		}
		if (b->manner != LEAVES_EARLY || h.key != API_METADATA)
			answer(io, &h);
		if ((b->manner == LEAVES_EARLY || b->manner == LEAVES_LATE) && h.key == API_METADATA)
			leave(b);
		return;
	case IO_EOF:
	case IO_FAIL:
	case IO_IDLE:
	case IO_DONE:
		if (b->conn == io)
			b->conn = NULL;
		io_close(io);
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
	struct broker *b = arg;
	int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)what;
	ck_assert_int_ge(fd, 0);
	b->accepted++;
	b->held = 0;
	b->conn = io_new(loop, fd, FRAME_MAX, on_conn, b);
	ck_assert_ptr_nonnull(b->conn);
}

static void
broker_open(struct broker *b)
{
	struct addr at;

	*b = (struct broker){0};
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(listen_open(&at, &b->fd), 0);
	at = addr_of_socket(b->fd);
	b->port = addr_port(&at);
	b->watch = loop_watch_new(loop, b->fd, LOOP_READ, on_connection, b);
	ck_assert_ptr_nonnull(b->watch);
}

static void
broker_close(struct broker *b)
{
	loop_watch_free(b->watch);
	io_close(b->conn);
	close(b->fd);
}

/* --- the control ---------------------------------------------------------------------- */

static struct reactor reactor;
static struct control *control;
static struct monotime now;

static void
on_opened(void *arg, int32_t node_id, uint16_t port, int fd)
{
	(void)arg;
	(void)node_id;
	(void)port;
	close(fd);
}

static void
setup(void)
{
	struct addr at;
	uint16_t first = ports_reserve();

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	memset(&core, 0, sizeof(core));
	memset(&reactor, 0, sizeof(reactor));
	core.set = proxy_settings_default();
	core.set.refresh_ms = 3600000;
	core.servers = servers;
	core.server_count = 1;
	core.main = loop_wake(loop);
	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	core.endpoints = endpoints_new(&at, first, (uint16_t)(first + 24), 0, NULL, on_opened, NULL);
	ck_assert_ptr_nonnull(core.endpoints);
	for (size_t i = 0; i < ARRAY_LEN(brokers); i++) {
		broker_open(&brokers[i]);
		servers[i] = (struct server){slice_str("127.0.0.1"), brokers[i].port};
	}
	reactor.core = &core;
	reactor.loop = loop;
	control = control_new(&reactor);
	ck_assert_ptr_nonnull(control);
	control_start(control);
}

static void
teardown(void)
{
	clock_set_for_tests(NULL, NULL);
	control_free(control);
	for (size_t i = 0; i < ARRAY_LEN(brokers); i++)
		broker_close(&brokers[i]);
	endpoints_free(core.endpoints);
	loop_free(loop);
}

static void
turn(void)
{
	ck_assert_int_eq(loop_turn(loop), 0);
}

static void
until_ready(void)
{
	while (control_unready(control) != NULL)
		turn();
}

/* How long it takes until broker b was connected to so often.  A slow machine only makes it longer. */
static int64_t
ms_until_accepted(const struct broker *b, unsigned count)
{
	struct monotime start = clock_now();

	while (b->accepted < count)
		turn();
	return monotime_since_ms(clock_now(), start);
}

/* --- an ask --------------------------------------------------------------------------- */

static struct {
	unsigned ended;
	int err;
} asked;

static void
body(void *arg, int16_t version, struct wr *w)
{
	(void)arg;
	(void)version;
	wr_i32(w, 0);
}

static void
on_asked(void *arg, int err, int16_t version, struct slice answer_body)
{
	(void)arg;
	(void)version;
	(void)answer_body;
	asked.ended++;
	asked.err = err;
}

static void
ask(void)
{
	ck_assert_int_eq(control_ask(control, API_METADATA, 2, 2, body, on_asked, NULL), 0);
}

static void
ask_settings(void)
{
	ck_assert_int_eq(control_ask(control, API_DESCRIBE_CONFIGS, 1, 1, body, on_asked, NULL), 0);
}

/* --- the tests ------------------------------------------------------------------------ */

START_TEST(learns)
{
	char cluster[64];

	until_ready();
	control_cluster_id(control, cluster, sizeof(cluster));
	ck_assert_str_eq(cluster, "unit-cluster");
	ck_assert_uint_eq(brokers[0].accepted, 1);
	ck_assert_uint_eq(brokers[0].looks, 1);
}
END_TEST

/* Each rest is longer than the one before, by chance by a half at most: 50, 100, 200, 400 ms at least. */
START_TEST(rests_when_metadata_never_comes)
{
	brokers[0].manner = LEAVES_EARLY;
	ck_assert_int_ge(ms_until_accepted(&brokers[0], 5), 50 + 100 + 200 + 400);
	ck_assert_str_eq(control_unready(control), "no broker answers");
	brokers[0].manner = GOOD;
	until_ready();
}
END_TEST

/* The broker that it told of is the same one: two connections a round. */
START_TEST(rests_when_connections_are_short)
{
	brokers[0].manner = LEAVES_LATE;
	ck_assert_int_ge(ms_until_accepted(&brokers[0], 7), 50 + 100 + 200);
}
END_TEST

/* One that served for a while and goes is replaced at once: what was known stays good. */
START_TEST(no_rest_after_a_long_connection)
{
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	until_ready();
	for (unsigned i = 2; i < 8; i++) {
		now.ns += INT64_C(3600) * 1000000000;
		leave(&brokers[0]);
		while (brokers[0].looks < i) {
			turn();
			ck_assert_ptr_null(control_unready(control));
		}
	}
}
END_TEST

/* However long it may be between two looks, the greeting has the time of a connect. */
START_TEST(silent_server)
{
	core.set.connect_ms = 100;
	core.server_count = 2;
	brokers[0].manner = SILENT;
	until_ready();
	ck_assert_uint_eq(brokers[0].accepted, 1);
}
END_TEST

/* A broker that hangs keeps its connections.  What it was asked the next one answers, long before anybody gives up. */
START_TEST(hangs)
{
	core.server_count = 2;
	until_ready();
	brokers[0].manner = HOLDS;
	ask();
	ask();
	while (asked.ended < 2)
		turn();
	ck_assert_int_eq(asked.err, 0);
	ck_assert_uint_eq(brokers[0].accepted, 1); /* not once more while there are others */
	ck_assert_uint_eq(brokers[1].accepted, 1);
	ck_assert_ptr_null(control_unready(control));
}
END_TEST

/* The only one that there is, and it is slow: it is asked anew once, and then has until the deadline. */
START_TEST(slow)
{
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	until_ready();
	brokers[0].manner = HOLDS;
	ask();
	while (brokers[0].held < 1)
		turn();
	now.ns += INT64_C(2000) * 1000000;
	ask(); /* and what is due is looked at */
	while (brokers[0].accepted < 2 || brokers[0].held < 3) /* with the look of the new connection */
		turn();
	now.ns += INT64_C(7000) * 1000000;
	ask();
	while (brokers[0].held < 4)
		turn();
	answer_held(&brokers[0]);
	while (asked.ended < 3)
		turn();
	ck_assert_int_eq(asked.err, 0);
	ck_assert_uint_eq(brokers[0].accepted, 2);
}
END_TEST

static int
talk_begin(void *arg, const char *host, void **ret_talk, char *why, size_t why_len)
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
	(void)why;
	(void)why_len;
	if (in.n == 0)
		wr_text(out, "token");
	*ret_done = true;
	return 0;
}

static void
talk_end(void *talk)
{
	(void)talk;
}

/* Whoever asks while the connection is logged in anew waits no longer than else, however long each step of that takes. */
START_TEST(asks_during_a_slow_login)
{
	static const struct login_door door = {"PLAIN", &core, talk_begin, talk_step, talk_end};

	core.set.login = &door;
	until_ready();
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	brokers[0].manner = LOGS_SLOWLY;
	while (brokers[0].logins < 1)
		turn();
	now.ns += INT64_C(1000) * 1000000;
	ask();
	for (int i = 0; i < 20; i++) {
		struct loop_task t = {.fn = talk_end};

		loop_next(loop, &t);
		turn();
	}
	now.ns += INT64_C(8000) * 1000000;
	answer(brokers[0].conn, &brokers[0].login);
	while (brokers[0].logins < 2)
		turn();
	ck_assert_uint_eq(asked.ended, 0);
	now.ns += INT64_C(2001) * 1000000;
	ask(); /* and what is due is looked at */
	while (asked.ended < 1)
		turn();
	ck_assert_int_eq(asked.err, ERR_TIMEOUT);
	while (brokers[0].accepted < 2) /* nor is this broker waited for any longer */
		turn();
}
END_TEST

/* Asks of 9 and 8.5 s before there was a connection, and both are with the broker now. */
static void
ask_early(void)
{
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	brokers[0].manner = HOLDS;
	ask();
	now.ns += INT64_C(500) * 1000000;
	ask();
	now.ns += INT64_C(8500) * 1000000;
	while (brokers[0].held < 3) /* with the look */
		turn();
	now.ns += INT64_C(1001) * 1000000;
	while (asked.ended < 1)
		turn();
	ck_assert_int_eq(asked.err, ERR_TIMEOUT);
	asked.err = 0;
}

/* Nobody waits for them any more.  That is no fault of the broker's, which has them since a second. */
START_TEST(late_ask)
{
	ask_early();
	now.ns += INT64_C(500) * 1000000;
	while (asked.ended < 2) /* each at its own time */
		turn();
	ck_assert_int_eq(asked.err, ERR_TIMEOUT);
	brokers[0].manner = GOOD;
	answer_held(&brokers[0]);
	ask();
	while (asked.ended < 3)
		turn();
	ck_assert_int_eq(asked.err, 0);
	until_ready();
	ck_assert_uint_eq(brokers[0].accepted, 1);
}
END_TEST

/* Two seconds after it was asked it is: the next one gets what anybody still waits for. */
START_TEST(late_ask_in_vain)
{
	ask_early();
	ask();
	while (brokers[0].held < 4)
		turn();
	ck_assert_uint_eq(brokers[0].accepted, 1);
	brokers[0].manner = GOOD;
	now.ns += INT64_C(1000) * 1000000;
	ask(); /* and what is due is looked at */
	while (asked.ended < 4)
		turn();
	ck_assert_int_eq(asked.err, 0);
	ck_assert_uint_eq(brokers[0].accepted, 2);
}
END_TEST

/* An answer that is too long is the asker's trouble: not the others', and no sign that the cluster is away. */
START_TEST(too_long_an_answer)
{
	core.set.max_frame = 2048;
	settings_len = 3000;
	until_ready();
	ask_settings();
	ask();
	for (unsigned ends = 1; ends <= 2; ends++) {
		while (asked.ended < ends) {
			turn();
			ck_assert_ptr_null(control_unready(control));
		}
		ck_assert_int_eq(asked.err, ends == 1 ? ERR_LIMIT : 0);
	}
	ck_assert_uint_eq(brokers[0].accepted, 3);
}
END_TEST

/* Two brokers can't be asked that: whoever asked hears of it before the time is up, and the others are answered. */
START_TEST(ends_connections)
{
	until_ready();
	brokers[0].manner = LEAVES_ASKED;
	ask_settings();
	ask();
	while (asked.ended < 1)
		turn();
	ck_assert_int_eq(asked.err, ERR_CLOSED);
	ck_assert_uint_eq(brokers[0].accepted, 2);
	while (asked.ended < 2)
		turn();
	ck_assert_int_eq(asked.err, 0);
}
END_TEST

/* A broker that the cluster tells no more: whoever has its address is not the cluster. */
START_TEST(gone_broker)
{
	char cluster[64];

	core.set.bootstrap_servers = "lab";
	core.server_count = 2;
	until_ready();
	told = 1;
	for (int i = 0; i < 5; i++) {
		unsigned looks = brokers[0].looks;

		control_refresh(control);
		while (brokers[0].looks == looks)
			turn();
	}
	foreign = true;
	core.server_count = 1; /* bootstrap.servers has the good one alone */
	now = clock_now();
	clock_set_for_tests(&now, NULL);
	for (unsigned round = 1; round <= 3; round++) {
		now.ns += INT64_C(3600) * 1000000000;
		leave(&brokers[0]);
		while (brokers[0].accepted + brokers[1].accepted == round)
			turn();
		ask();
		while (asked.ended < round)
			turn();
		ck_assert_uint_eq(brokers[1].accepted, 0);
	}
	control_cluster_id(control, cluster, sizeof(cluster));
	ck_assert_str_eq(cluster, "unit-cluster");
}
END_TEST

/* One that is told still, but answers from another cluster: nothing is learnt there, nor asked. */
START_TEST(taken_address)
{
	struct endpoint is;
	char cluster[64];

	core.set.bootstrap_servers = "lab";
	core.server_count = 2;
	until_ready();
	foreign = true;
	core.server_count = 1;
	now = clock_now();
	now.ns += INT64_C(3600) * 1000000000;
	clock_set_for_tests(&now, NULL);
	leave(&brokers[0]);
	while (brokers[1].accepted < 1)
		turn();
	ask();
	while (asked.ended < 1)
		turn();
	ck_assert_int_eq(asked.err, 0);
	ck_assert_uint_eq(brokers[1].looks, 1);
	ck_assert_uint_eq(brokers[0].accepted, 2);
	control_cluster_id(control, cluster, sizeof(cluster));
	ck_assert_str_eq(cluster, "unit-cluster");
	ck_assert_int_eq(endpoints_find(core.endpoints, 0, &is), 0);
	ck_assert_uint_eq(is.broker_port, brokers[0].port);
}
END_TEST

/* Two brokers, and a port for one of them: that is what is told, not that nobody answers. */
START_TEST(no_port)
{
	uint16_t first = ports_reserve();
	struct addr at;

	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	endpoints_free(core.endpoints);
	core.endpoints = endpoints_new(&at, first, first, 0, NULL, on_opened, NULL);
	ck_assert_ptr_nonnull(core.endpoints);
	ck_assert_str_eq(control_unready(control), "no broker answers");
	core.server_count = 2;
	while (brokers[0].looks == 0 || strcmp(control_unready(control), "no broker answers") == 0)
		turn();
	ck_assert_str_eq(control_unready(control), "listen.broker.ports has no free port for a broker");
	core.server_count = 1; /* it leaves the cluster */
	control_refresh(control);
	until_ready();
}
END_TEST

/* What was logged since the test began is in this file, and nothing of it is shown. */
static FILE *
log_into_file(void)
{
	FILE *f = tmpfile();

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(dup2(fileno(f), STDERR_FILENO), STDERR_FILENO);
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
	return f;
}

static unsigned
logged(FILE *f, const char *msg)
{
	unsigned n = 0;
	char line[4096];

	rewind(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, msg) != NULL;
	return n;
}

/* Each outage is told once, also while the proxy isn't ready for another reason. */
START_TEST(outages_are_told)
{
	int err = dup(STDERR_FILENO);
	FILE *f = log_into_file();
	uint16_t first = ports_reserve();
	struct addr at;

	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	endpoints_free(core.endpoints);
	core.endpoints = endpoints_new(&at, first, first, 0, NULL, on_opened, NULL);
	ck_assert_ptr_nonnull(core.endpoints);
	core.set.bootstrap_servers = "lab";
	core.server_count = 2;
	for (unsigned outage = 1; outage <= 2; outage++) {
		for (size_t i = 0; i < ARRAY_LEN(brokers); i++)
			brokers[i].manner = LEAVES_EARLY;
		if (outage > 1)
			leave(brokers[0].conn != NULL ? &brokers[0] : &brokers[1]);
		while (logged(f, "no broker of the cluster can be reached") < outage)
			turn();
		for (size_t i = 0; i < ARRAY_LEN(brokers); i++)
			brokers[i].manner = GOOD;
		while (strcmp(control_unready(control), "no broker answers") == 0)
			turn();
	}
	ck_assert_uint_eq(logged(f, "no broker of the cluster can be reached"), 2);
	ck_assert_int_eq(dup2(err, STDERR_FILENO), STDERR_FILENO);
	close(err);
	fclose(f);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("control_rest");
	TCase *t = tcase_create("control");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, learns);
	tcase_add_test(t, rests_when_metadata_never_comes);
	tcase_add_test(t, rests_when_connections_are_short);
	tcase_add_test(t, no_rest_after_a_long_connection);
	tcase_add_test(t, silent_server);
	tcase_add_test(t, hangs);
	tcase_add_test(t, slow);
	tcase_add_test(t, asks_during_a_slow_login);
	tcase_add_test(t, no_port);
	tcase_add_test(t, outages_are_told);
	tcase_add_test(t, late_ask);
	tcase_add_test(t, late_ask_in_vain);
	tcase_add_test(t, too_long_an_answer);
	tcase_add_test(t, ends_connections);
	tcase_add_test(t, gone_broker);
	tcase_add_test(t, taken_address);
	suite_add_tcase(s, t);
	return suite_run(s);
}
