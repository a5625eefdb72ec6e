/*
 * ports: a block of ports on 127.0.0.1 that no other test takes while this process lives,
 * for what must be told a range.  Below the ports that the system gives to connections.
 *
 * The block's name is bound as an abstract UNIX socket: no file is left, and the end of
 * the process gives it back.
 */
#ifndef TESTS_UNIT_PORTS_H
#define TESTS_UNIT_PORTS_H

#include <check.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { PORTS_FIRST = 10000, PORTS_LAST = 19999, PORTS_BLOCK = 25 };

static inline bool
ports_are_free(int first)
{
	bool all = true;

	for (int i = 0; i < PORTS_BLOCK && all; i++) {
		struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)(first + i)),
					 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), 0);
		all = bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0;
		close(fd);
	}
	return all;
}

/* The first of PORTS_BLOCK ports; the same ones for the whole process. */
static inline uint16_t
ports_reserve(void)
{
	static int reserved;
	int blocks = (PORTS_LAST - PORTS_FIRST + 1) / PORTS_BLOCK;
	int fd;

	if (reserved != 0)
		return (uint16_t)reserved;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(fd, 0);
	for (int i = 0; i < blocks; i++) {
		struct sockaddr_un at = {.sun_family = AF_UNIX};
		int first = PORTS_FIRST + (getpid() + i) % blocks * PORTS_BLOCK;
		int n = snprintf(at.sun_path + 1, sizeof(at.sun_path) - 1, "makoto-unit-ports-%d", first);

		if (!ports_are_free(first) ||
		    bind(fd, (struct sockaddr *)&at, (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)n)) != 0)
			continue;
		reserved = first; /* the socket stays open on purpose */
		return (uint16_t)first;
	}
	ck_abort_msg("every block of ports is taken");
}

#endif
