#include "admin/probe.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/err.h"
#include "base/clock.h"
#include "base/text.h"
#include "base/wr.h"
#include "net/addr.h"

enum { ANSWER_MAX = 4096, LINE_MAX_SHOWN = 200 };

static int
dial(const char *host, uint16_t port, int wait_ms)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found = NULL;
	struct timeval wait = {wait_ms / 1000, wait_ms % 1000 * 1000};
	char number[8];
	int fd = -1;

	(void)snprintf(number, sizeof(number), "%u", port);
	/* an empty host and 0.0.0.0 both connect to this machine */
	if (getaddrinfo(host[0] == '\0' ? NULL : host, number, &hints, &found) != 0)
		return -1;
	for (struct addrinfo *a = found; a != NULL && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		/* SO_SNDTIMEO bounds connect() too (socket(7)) */
		if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)) != 0 ||
		    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)) != 0 || connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			int cause = errno;

			(void)close(fd);
			errno = cause;
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

/* All that comes until the other side closes, or `size` - 1 bytes, in time.  How many, or -1 with errno. */
static ssize_t
converse(int fd, const char *request, int wait_ms, char *answer, size_t size)
{
	size_t len = strlen(request), have = 0;
	struct monotime begun = clock_now();
	ssize_t n;

	for (size_t sent = 0; sent < len; sent += (size_t)n) {
		n = send(fd, request + sent, len - sent, MSG_NOSIGNAL);
		if (n < 0)
			return -1;
	}
	do {
		n = recv(fd, answer + have, size - 1 - have, 0);
		if (n < 0)
			return -1;
		have += (size_t)n;
		if (monotime_since_ms(clock_now(), begun) > wait_ms) { /* byte by byte it could go on for ever */
			errno = EAGAIN;
			return -1;
		}
	} while (n > 0 && have < size - 1);
	answer[have] = '\0';
	return (ssize_t)have;
}

int
probe_ask(const char *address, const char *path, int wait_ms, char *why, size_t why_len)
{
	struct wr shown = wr_new(LINE_MAX_SHOWN);
	char host[256], request[512], answer[ANSWER_MAX], *body;
	struct slice name;
	uint16_t port;
	ssize_t n;
	int fd, status;

	if (addr_split(slice_str(address), &name, &port) != 0 || name.n >= sizeof(host)) {
		(void)snprintf(why, why_len, "admin.listen: \"%s\": want HOST:PORT", address);
		return ERR_CONFIG;
	}
	memcpy(host, name.p, name.n);
	host[name.n] = '\0';
	(void)snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", path);
	errno = 0;
	fd = dial(host, port, wait_ms);
	n = fd < 0 ? -1 : converse(fd, request, wait_ms, answer, sizeof(answer));
	if (n < 0) {
		bool late = errno == EAGAIN || errno == EINPROGRESS;

		(void)snprintf(why, why_len, "%s%s: %s", address, path,
			       late ? "no answer in time" : errno != 0 ? strerror(errno) : "no such host");
		if (fd >= 0)
			(void)close(fd);
		return ERR_IO;
	}
	(void)close(fd);
	if (sscanf(answer, "HTTP/1.%*1[01] %3d", &status) != 1) {
		(void)snprintf(why, why_len, "%s%s: no HTTP answer: is that another program's port?", address, path);
		return ERR_IO;
	}
	body = strstr(answer, "\r\n\r\n");
	body = body == NULL ? answer + n : body + 4;
	body[strcspn(body, "\r\n")] = '\0';
	/* Whoever has that port while the proxy is down may answer anything. */
	text_escape(&shown, slice_str(body), "");
	(void)snprintf(why, why_len, "%s%s: %d %.*s", address, path, status, (int)shown.len, (const char *)shown.buf);
	wr_free(&shown);
	return status == 200 ? 0 : ERR_NOT_NOW;
}
