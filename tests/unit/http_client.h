/* A client for tests of what speaks HTTP, on the server's own loop. */
#ifndef TESTS_UNIT_HTTP_CLIENT_H
#define TESTS_UNIT_HTTP_CLIENT_H

#include <check.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wr.h"
#include "net/addr.h"
#include "net/loop.h"

static inline int
http_dial(uint16_t port)
{
	struct addr to;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(addr_parse("127.0.0.1", port, &to), 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&to.ss, to.len), 0);
	return fd;
}

static inline void
http_readable(void *arg, int fd, unsigned what)
{
	ck_assert_uint_eq(what, LOOP_READ);
	*(int *)arg = fd;
}

/* Turns the loop until the server closes; what it sent is the caller's. */
static inline char *
http_receive(struct loop *loop, int fd)
{
	struct wr w = wr_new(1 << 24);
	int ready = -1;
	struct loop_watch *watch = loop_watch_new(loop, fd, LOOP_READ, http_readable, &ready);
	ssize_t n = 1;

	ck_assert_ptr_nonnull(watch);
	while (n > 0) {
		ck_assert_int_eq(loop_turn(loop), 0);
		if (ready < 0)
			continue;
		ready = -1;
		ck_assert_ptr_nonnull(wr_room(&w, 65536));
		n = read(fd, w.buf + w.len, 65536);
		if (n > 0)
			wr_commit(&w, (size_t)n);
	}
	loop_watch_free(watch);
	close(fd);
	wr_u8(&w, '\0');
	return (char *)w.buf;
}

static inline char *
http_exchange(struct loop *loop, uint16_t port, const char *request)
{
	int fd = http_dial(port);

	ck_assert_int_eq(write(fd, request, strlen(request)), (ssize_t)strlen(request));
	return http_receive(loop, fd);
}

static inline void
ck_begins(const char *text, const char *want)
{
	ck_assert_msg(strncmp(text, want, strlen(want)) == 0, "want \"%s\", got \"%s\"", want, text);
}

static inline void
ck_ends(const char *text, const char *want)
{
	size_t n = strlen(text), m = strlen(want);

	ck_assert_msg(n >= m && strcmp(text + n - m, want) == 0, "want \"...%s\", got \"%s\"", want, text);
}

#endif
