/* The program's own connections through the proxy's way to the brokers. */
#include "sasl_lab.h"

static void
open_all(void)
{
	struct proxy_settings set;

	lab_open("PLAIN");
	set = lab_settings();
	set.login = &lab_door;
	lab_proxy_open(&set, NULL, 0);
}

static int
tunnel(const char *host, uint16_t port)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	ck_assert_int_eq(proxy_tunnel(lab_proxy.proxy, fds[1], host, port), 0);
	return fds[0];
}

START_TEST(logged_in_and_relayed)
{
	static char large[100000];
	int fd;

	open_all();
	memset(large, 'x', sizeof(large) - 1);
	fd = tunnel("127.0.0.1", lab.port);
	lab_echo(fd, 1, "hello");
	for (int i = 0; i < 20; i++)
		ck_assert(lab_ask(fd, LAB_ECHO, 0, i, slice_str("pipelined")));
	for (int i = 0; i < 20; i++)
		lab_want(fd, i, "pipelined");
	lab_echo(fd, 2, large);
	close(fd);
	lab_proxy_close();
	lab_close();
	ck_assert_int_eq(atomic_load(&lab.illegal), 0);
}
END_TEST

/* The limit of frames is the clients': what only passes needs no memory. */
START_TEST(longer_than_a_frame_of_clients)
{
	static char large[100000];
	struct proxy_settings set;
	int fd;

	lab_open("PLAIN");
	set = lab_settings();
	set.login = &lab_door;
	set.max_frame = 10000;
	lab_proxy_open(&set, NULL, 0);
	memset(large, 'x', sizeof(large) - 1);
	fd = tunnel("127.0.0.1", lab.port);
	lab_echo(fd, 1, large);
	close(fd);
	lab_proxy_close();
	lab_close();
}
END_TEST

/* What is written on stderr meanwhile. */
static int log_fd, log_old;

static void
log_begin(void)
{
	char path[] = "/tmp/makoto-tunnel-XXXXXX";

	log_fd = mkstemp(path);
	ck_assert_int_ge(log_fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	log_old = dup(STDERR_FILENO);
	ck_assert_int_ge(dup2(log_fd, STDERR_FILENO), 0);
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
}

static void
log_end(char *ret, size_t len)
{
	ssize_t n = pread(log_fd, ret, len - 1, 0);

	ck_assert_int_ge(n, 0);
	ret[n] = '\0';
	ck_assert_int_ge(dup2(log_old, STDERR_FILENO), 0);
	close(log_old);
	close(log_fd);
}

/* librdkafka knows no more than that a socket closed. */
START_TEST(the_cause_is_logged)
{
	char text[4096];
	int fd;

	open_all();
	log_begin();
	fd = tunnel("127.0.0.1", 1);
	lab_want_closed(fd);
	fd = tunnel("127.0.0.1", lab.port);
	lab_echo(fd, 1, "hello");
	close(fd);
	lab_proxy_close();
	log_end(text, sizeof(text));
	lab_close();
	ck_assert_ptr_nonnull(strstr(text, "where=tunnel"));
	ck_assert_ptr_nonnull(strstr(text, "broker=127.0.0.1:1 "));
	ck_assert_ptr_nonnull(strstr(text, "refused"));
	ck_assert_ptr_null(strstr(strstr(text, "where=tunnel") + 1, "where=tunnel")); /* nothing of the other */
}
END_TEST

/* Without a login the first that comes is an answer to librdkafka: what can't be one is told from it. */
START_TEST(a_port_that_speaks_tls)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), broker, fd;
	struct proxy_settings set;
	char text[4096];

	lab_open(NULL);
	set = lab_settings();
	lab_proxy_open(&set, NULL, 0);
	log_begin();
	ck_assert_int_ge(listening, 0);
	ck_assert_int_eq(bind(listening, (struct sockaddr *)&at, sizeof(at)), 0);
	ck_assert_int_eq(listen(listening, 1), 0);
	ck_assert_int_eq(getsockname(listening, (struct sockaddr *)&at, &len), 0);
	fd = tunnel("127.0.0.1", ntohs(at.sin_port));
	broker = accept(listening, NULL, NULL);
	ck_assert_int_ge(broker, 0);
	ck_assert_int_eq(send(broker, "\x15\x03\x03\0\2\2\x46", 7, MSG_NOSIGNAL), 7);
	lab_want_closed(fd);
	close(broker);
	close(listening);
	lab_proxy_close();
	log_end(text, sizeof(text));
	lab_close();
	ck_assert_ptr_nonnull(strstr(text, "speaks TLS"));
}
END_TEST

START_TEST(nobody_there)
{
	int fd;

	open_all();
	fd = tunnel("127.0.0.1", 1);
	lab_want_closed(fd);
	lab_password = "wrong";
	fd = tunnel("127.0.0.1", lab.port);
	lab_want_closed(fd);
	lab_proxy_close();
	lab_close();
}
END_TEST

/* Before the broker ends the login the tunnel closes, for its user to come again. */
START_TEST(ends_with_its_login)
{
	int fd;

	open_all();
	atomic_store(&lab.lifetime_ms, 100);
	fd = tunnel("127.0.0.1", lab.port);
	lab_want_closed(fd);
	atomic_store(&lab.lifetime_ms, 0);
	fd = tunnel("127.0.0.1", lab.port);
	lab_echo(fd, 1, "again");
	close(fd);
	lab_proxy_close();
	lab_close();
}
END_TEST

START_TEST(closed_with_the_proxy)
{
	int fd;

	open_all();
	fd = tunnel("127.0.0.1", lab.port);
	lab_echo(fd, 1, "hello");
	(void)tunnel("127.0.0.1", lab.port); /* may be under way still */
	lab_proxy_close();
	lab_want_closed(fd);
	lab_close();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("tunnel");
	TCase *t = tcase_create("tunnel");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, logged_in_and_relayed);
	tcase_add_test(t, longer_than_a_frame_of_clients);
	tcase_add_test(t, the_cause_is_logged);
	tcase_add_test(t, a_port_that_speaks_tls);
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, ends_with_its_login);
	tcase_add_test(t, closed_with_the_proxy);
	suite_add_tcase(s, t);
	return suite_run(s);
}
