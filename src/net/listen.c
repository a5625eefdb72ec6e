#include "net/listen.h"

#include <errno.h>
#include <unistd.h>

#define BACKLOG 1024 /* the kernel cuts it at net.core.somaxconn */

static int
failed(int fd)
{
	int code = errno;

	close(fd);
	errno = code;
	return ERR_IO;
}

static int
bound(const struct addr *at, int *ret_fd)
{
	static const int on = 1;
	int fd = socket(at->ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return ERR_IO;
	/* A restart must not wait for the old connections' TIME_WAIT. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0 ||
	    bind(fd, (const struct sockaddr *)&at->ss, at->len) != 0)
		return failed(fd);
	*ret_fd = fd;
	return 0;
}

int
listen_open(const struct addr *at, int *ret_fd)
{
	int fd, err = bound(at, &fd);

	if (err != 0)
		return err;
	if (listen(fd, BACKLOG) != 0)
		return failed(fd);
	*ret_fd = fd;
	return 0;
}

int
listen_try(const struct addr *at)
{
	int fd, err = bound(at, &fd);

	if (err == 0)
		close(fd);
	return err;
}
