#include "net/dial.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/listen.h"
#include "tests/unit/name_server.h"
#include "tests/unit/suite.h"

enum { LONG = 600000 }; /* a time-out that no test waits for */

static struct loop *loop;
static struct resolver *resolver;
static struct {
	unsigned count;
	int fd;
	bool named;
	char why[128];
	char peer[ADDR_TEXT_MAX];
} got;

static void
setup(void)
{
	names_setup();
	loop = loop_new();
	resolver = resolver_new();
	ck_assert(loop != NULL && resolver != NULL);
	memset(&got, 0, sizeof(got));
	got.fd = -1;
}

static void
teardown(void)
{
	if (got.fd >= 0)
		close(got.fd);
	resolver_free(resolver);
	loop_free(loop);
	clock_set_for_tests(NULL, NULL);
}

static void
on_dialed(void *arg, int fd, bool named, const char *why)
{
	ck_assert_ptr_eq(arg, &got);
	got.count++;
	got.fd = fd;
	got.named = named;
	(void)snprintf(got.why, sizeof(got.why), "%s", why);
	if (fd >= 0) {
		struct addr peer = addr_of_peer(fd);

		(void)addr_text(&peer, got.peer);
	}
}

static struct dial *
dial(const char *host, uint16_t port, unsigned timeout_ms)
{
	struct dial *d = dial_start(loop, resolver, slice_str(host), port, timeout_ms, on_dialed, &got);

	ck_assert_ptr_nonnull(d);
	ck_assert_uint_eq(got.count, 0); /* in a later turn, never inside */
	return d;
}

static void
finish(void)
{
	while (got.count == 0)
		ck_assert_int_eq(loop_turn(loop), 0);
	ck_assert_uint_eq(got.count, 1);
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* Turns that don't wait. */
static void
turn(void)
{
	for (int i = 0; i < 8; i++) {
		struct loop_task t = {.fn = nothing};

		loop_next(loop, &t);
		ck_assert_int_eq(loop_turn(loop), 0);
	}
}

static int
listener(const char *host, uint16_t port, uint16_t *ret_port)
{
	struct addr at;
	int fd;

	ck_assert_int_eq(addr_parse(host, port, &at), 0);
	ck_assert_int_eq(listen_open(&at, &fd), 0);
	at = addr_of_socket(fd);
	*ret_port = addr_port(&at);
	return fd;
}

/* A port that nobody listens at, kept from others by a socket that is only bound. */
static int
closed_port(uint16_t *ret_port)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct addr at;

	ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at.ss, at.len), 0);
	at = addr_of_socket(fd);
	*ret_port = addr_port(&at);
	return fd;
}

/* A port whose queue is full: the kernel answers no connection any more.  fds[0] is the listener. */
static void
full_port(int fds[4], uint16_t *ret_port)
{
	struct pollfd p;
	struct addr at;

	fds[0] = closed_port(ret_port);
	ck_assert_int_eq(listen(fds[0], 0), 0);
	at = addr_of_socket(fds[0]);
	for (int i = 1; i < 4; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		(void)connect(fds[i], (struct sockaddr *)&at.ss, at.len);
	}
	p = (struct pollfd){fds[0], POLLIN, 0};
	ck_assert_int_eq(poll(&p, 1, -1), 1);
}

static void
close_all(int fds[4])
{
	for (int i = 0; i < 4; i++)
		close(fds[i]);
}

/* --- the socket is there ------------------------------------------------------------------- */

START_TEST(address)
{
	char want[ADDR_TEXT_MAX];
	uint16_t port;
	int fd = listener("127.0.0.1", 0, &port);

	(void)dial("127.0.0.1", port, LONG);
	finish();
	ck_assert_int_ge(got.fd, 0);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	ck_assert_str_eq(got.peer, want);
	ck_assert(fcntl(got.fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(got.fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_str_eq(names_asked(), ""); /* numbers need no name server */
	turn();
	ck_assert_uint_eq(got.count, 1);
	close(fd);
}
END_TEST

/* A name's addresses in turn; one that refuses is passed over. */
START_TEST(name)
{
	char want[ADDR_TEXT_MAX];
	uint16_t port;
	int fd = listener("127.0.0.1", 0, &port);

	(void)dial("127.0.0.2,127.0.0.3,127.0.0.1", port, LONG);
	finish();
	ck_assert_int_ge(got.fd, 0);
	(void)snprintf(want, sizeof(want), "127.0.0.1:%u", port);
	ck_assert_str_eq(got.peer, want);
	close(fd);
}
END_TEST

/* A name longer than any address in numbers is asked for as a whole. */
START_TEST(long_name)
{
	static const char host[] = "127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,127.0.0.8,127.0.0.1";
	uint16_t port;
	int fd = listener("127.0.0.1", 0, &port);

	ck_assert_uint_gt(strlen(host), ADDR_TEXT_MAX);
	(void)dial(host, port, LONG); /* the eighth is the last that is tried */
	finish();
	ck_assert_int_ge(got.fd, 0);
	close(fd);
}
END_TEST

START_TEST(too_many_addresses)
{
	uint16_t port;
	int fd = listener("127.0.0.1", 0, &port);

	(void)dial("127.0.0.2,127.0.0.3,127.0.0.4,127.0.0.5,127.0.0.6,127.0.0.7,127.0.0.8,127.0.0.9,127.0.0.1", port, LONG);
	finish();
	ck_assert_int_eq(got.fd, -1);
	ck_assert_str_eq(got.why, "Connection refused");
	ck_assert(got.named);
	close(fd);
}
END_TEST

/* The first address is silent: it has its share of the time, then the next is tried. */
START_TEST(silent_address)
{
	struct monotime start = {1000000000}, late = {start.ns + (LONG - 20) * (int64_t)1000000};
	char want[ADDR_TEXT_MAX];
	uint16_t port;
	int fds[4], fd;

	full_port(fds, &port);
	fd = listener("127.0.0.2", port, &port);
	clock_set_for_tests(&start, NULL);
	(void)dial("127.0.0.1,127.0.0.2", port, LONG);
	clock_set_for_tests(&late, NULL);
	ck_assert_int_eq(loop_turn(loop), 0); /* the answer: the first address gets 10 of 20 ms */
	clock_set_for_tests(&start, NULL);
	ck_assert_uint_eq(got.count, 0);
	finish();
	ck_assert_int_ge(got.fd, 0);
	(void)snprintf(want, sizeof(want), "127.0.0.2:%u", port);
	ck_assert_str_eq(got.peer, want);
	close(fd);
	close_all(fds);
}
END_TEST

/* --- it is not ------------------------------------------------------------------------------- */

START_TEST(refused)
{
	static const char *const hosts[] = {"127.0.0.1", "127.0.0.1,127.0.0.2"};
	uint16_t port;
	int fd = closed_port(&port);

	(void)dial(hosts[_i], port, LONG);
	finish();
	ck_assert_int_eq(got.fd, -1);
	ck_assert_str_eq(got.why, "Connection refused");
	ck_assert(got.named);
	close(fd);
}
END_TEST

START_TEST(no_such_name)
{
	(void)dial(_i == 0 ? "noname" : "again", 1, LONG);
	finish();
	ck_assert_int_eq(got.fd, -1);
	ck_assert_str_eq(got.why, gai_strerror(_i == 0 ? EAI_NONAME : EAI_AGAIN));
	ck_assert(!got.named);
}
END_TEST

START_TEST(silent_name_server)
{
	(void)dial("wait,127.0.0.1", 1, 5);
	names_wait(); /* what is given up before it was asked never is */
	finish();
	ck_assert_int_eq(got.fd, -1);
	ck_assert_str_eq(got.why, "the name server does not answer");
	ck_assert(!got.named);
	names_release();
	resolver_free(resolver);
	resolver = NULL;
	turn(); /* an answer that comes after all is nobody's */
	ck_assert_uint_eq(got.count, 1);
}
END_TEST

START_TEST(timed_out)
{
	uint16_t port;
	int fds[4];

	full_port(fds, &port);
	(void)dial(_i == 0 ? "127.0.0.1" : "127.0.0.1,127.0.0.1,127.0.0.1", port, 30);
	finish();
	ck_assert_int_eq(got.fd, -1);
	/* Of a name whose answer took the whole time, the name server is to blame. */
	ck_assert(strcmp(got.why, "timed out") == 0 || _i == 1);
	ck_assert(got.named == (strcmp(got.why, "timed out") == 0));
	close_all(fds);
}
END_TEST

/* --- nobody wants it any more ----------------------------------------------------------------- */

START_TEST(cancelled)
{
	uint16_t port;
	int fds[4], fd = listener("127.0.0.1", 0, &port);
	struct dial *d;

	dial_cancel(NULL);
	dial_cancel(dial("127.0.0.1", port, LONG)); /* at once */
	turn();
	d = dial("wait,127.0.0.1", port, LONG); /* while its name is asked for */
	names_wait();
	dial_cancel(d);
	names_release();
	turn();
	close(fd);
	full_port(fds, &port);
	d = dial("127.0.0.1", port, LONG); /* while it connects */
	turn();
	dial_cancel(d);
	turn();
	ck_assert_uint_eq(got.count, 0);
	close_all(fds);
}
END_TEST

static struct dial *other;

static void
on_first(void *arg, int fd, bool named, const char *why)
{
	on_dialed(arg, fd, named, why);
	dial_cancel(other);
}

/* One that ends may take another with it, also when that one's turn is next. */
START_TEST(cancelled_by_another)
{
	uint16_t port;
	int fd = listener("127.0.0.1", 0, &port);

	ck_assert_ptr_nonnull(
		dial_start(loop, resolver, slice_str("127.0.0.1"), port, LONG, on_first, &got));
	other = dial("127.0.0.1", port, LONG);
	finish();
	turn();
	ck_assert_uint_eq(got.count, 1);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dial");
	TCase *t = tcase_create("dial");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, address);
	tcase_add_test(t, name);
	tcase_add_test(t, long_name);
	tcase_add_test(t, too_many_addresses);
	tcase_add_test(t, silent_address);
	tcase_add_loop_test(t, refused, 0, 2);
	tcase_add_loop_test(t, no_such_name, 0, 2);
	tcase_add_test(t, silent_name_server);
	tcase_add_loop_test(t, timed_out, 0, 2);
	tcase_add_test(t, cancelled);
	tcase_add_test(t, cancelled_by_another);
	suite_add_tcase(s, t);
	return suite_run(s);
}
