#include "net/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static struct addr
local(uint16_t port)
{
	struct addr a;

	ck_assert_int_eq(addr_parse("127.0.0.1", port, &a), 0);
	return a;
}

static int
dial(const struct addr *to)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, (const struct sockaddr *)&to->ss, to->len), 0);
	return fd;
}

START_TEST(accepts)
{
	struct addr at = local(0), own;
	int fd = -1, client, accepted;

	ck_assert_int_eq(listen_open(&at, &fd), 0);
	ck_assert(fcntl(fd, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	ck_assert_int_eq(accept(fd, NULL, NULL), -1); /* nobody came, and it doesn't wait */
	ck_assert(errno == EAGAIN || errno == EWOULDBLOCK);
	own = addr_of_socket(fd);
	client = dial(&own);
	accepted = accept(fd, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	close(accepted), close(client), close(fd);
}
END_TEST

/* A port that is taken is refused with the cause; once free it is had again, old connections or not. */
START_TEST(taken)
{
	struct addr at = local(0), own;
	int fd = -1, second = 77, client, accepted;

	ck_assert_int_eq(listen_open(&at, &fd), 0);
	own = addr_of_socket(fd);
	ck_assert_int_eq(listen_open(&own, &second), ERR_IO);
	ck_assert_int_eq(errno, EADDRINUSE);
	ck_assert_int_eq(second, 77);
	ck_assert_int_eq(listen_try(&own), ERR_IO);
	ck_assert_int_eq(errno, EADDRINUSE);
	client = dial(&own);
	accepted = accept(fd, NULL, NULL);
	ck_assert_int_ge(accepted, 0);
	close(accepted); /* first, so that TIME_WAIT is on the port's side */
	close(client);
	close(fd);
	ck_assert_int_eq(listen_open(&own, &second), 0);
	close(second);
}
END_TEST

START_TEST(refused)
{
	struct addr unknown = {.ss = {.ss_family = AF_UNSPEC}, .len = sizeof(struct sockaddr_storage)}, at;
	int fd = 77;

	ck_assert_int_eq(listen_open(&unknown, &fd), ERR_IO);
	ck_assert_int_eq(errno, EAFNOSUPPORT);
	/* TEST-NET-1 (RFC 5737) is no address of this machine. */
	ck_assert_int_eq(addr_parse("192.0.2.1", 0, &at), 0);
	ck_assert_int_eq(listen_open(&at, &fd), ERR_IO);
	ck_assert_int_eq(errno, EADDRNOTAVAIL);
	ck_assert_int_eq(fd, 77);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("listen");
	TCase *t = tcase_create("listen");

	tcase_add_test(t, accepts);
	tcase_add_test(t, taken);
	tcase_add_test(t, refused);
	suite_add_tcase(s, t);
	return suite_run(s);
}
