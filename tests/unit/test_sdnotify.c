#include <check.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "admin/sdnotify.h"
#include "base/err.h"
#include "base/slice.h"

/* A service manager: a bound datagram socket whose name is in the environment. */
static int
manager(const char *name)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_uint_lt(strlen(name), sizeof(at.sun_path));
	memcpy(at.sun_path, name, strlen(name));
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&at,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))), 0);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", name, 1), 0);
	return fd;
}

static void
ck_told(int fd, const char *want)
{
	char got[256];
	ssize_t n = recv(fd, got, sizeof(got), MSG_DONTWAIT);

	ck_assert_int_eq(n, (ssize_t)strlen(want));
	ck_assert_mem_eq(got, want, strlen(want));
}

START_TEST(socket_with_a_path)
{
	char dir[] = "/tmp/makoto-test-XXXXXX", path[64];
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/notify", dir);
	fd = manager(path);
	ck_assert_int_eq(sdnotify("READY=1\nSTATUS=fine"), 0);
	ck_told(fd, "READY=1\nSTATUS=fine");
	ck_assert_int_eq(sdnotify("STOPPING=1"), 0);
	ck_told(fd, "STOPPING=1");
	close(fd);
	ck_assert_int_eq(sdnotify("WATCHDOG=1"), ERR_IO); /* the manager is gone */
	unlink(path);
	rmdir(dir);
}
END_TEST

START_TEST(abstract_socket)
{
	char name[64];
	int fd;

	(void)snprintf(name, sizeof(name), "@makoto-test-%d", (int)getpid());
	fd = manager(name);
	ck_assert_int_eq(sdnotify("READY=1"), 0);
	ck_told(fd, "READY=1");
	close(fd);
}
END_TEST

START_TEST(nobody_asked)
{
	char big[200];

	memset(big, 'x', sizeof(big) - 1);
	big[0] = '/';
	big[sizeof(big) - 1] = '\0';
	ck_assert_int_eq(unsetenv("NOTIFY_SOCKET"), 0);
	ck_assert_int_eq(sdnotify("READY=1"), ERR_NOTFOUND);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "", 1), 0);
	ck_assert_int_eq(sdnotify("READY=1"), ERR_NOTFOUND);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", "vsock:2:1234", 1), 0); /* of a virtual machine's manager */
	ck_assert_int_eq(sdnotify("READY=1"), ERR_NOTFOUND);
	ck_assert_int_eq(setenv("NOTIFY_SOCKET", big, 1), 0);
	ck_assert_int_eq(sdnotify("READY=1"), ERR_NOTFOUND);
}
END_TEST

START_TEST(watchdog)
{
	char pid[32];

	ck_assert_int_eq(unsetenv("WATCHDOG_USEC"), 0);
	ck_assert_int_eq(unsetenv("WATCHDOG_PID"), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 0);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "30000000", 1), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 15000);
	(void)snprintf(pid, sizeof(pid), "%d", (int)getpid());
	ck_assert_int_eq(setenv("WATCHDOG_PID", pid, 1), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 15000);
	ck_assert_int_eq(setenv("WATCHDOG_PID", "1", 1), 0); /* meant for another process */
	ck_assert_int_eq(sdnotify_watchdog_ms(), 0);
	ck_assert_int_eq(unsetenv("WATCHDOG_PID"), 0);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "1", 1), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 1);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "soon", 1), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 0);
	ck_assert_int_eq(setenv("WATCHDOG_USEC", "-5", 1), 0);
	ck_assert_int_eq(sdnotify_watchdog_ms(), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("sdnotify");
	TCase *t = tcase_create("sdnotify");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, socket_with_a_path);
	tcase_add_test(t, abstract_socket);
	tcase_add_test(t, nobody_asked);
	tcase_add_test(t, watchdog);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
