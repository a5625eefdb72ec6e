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
	tcase_add_test(t, nobody_there);
	tcase_add_test(t, ends_with_its_login);
	tcase_add_test(t, closed_with_the_proxy);
	suite_add_tcase(s, t);
	return suite_run(s);
}
