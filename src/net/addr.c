#include "net/addr.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>

/* The sockaddrs are copied in and out: a pointer cast would promise more alignment than there is. */

int
addr_parse(const char *host, uint16_t port, struct addr *ret_addr)
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
	struct addr a = {0};

	if (inet_pton(AF_INET, host, &v4.sin_addr) == 1) {
		memcpy(&a.ss, &v4, sizeof(v4));
		a.len = sizeof(v4);
	} else if (inet_pton(AF_INET6, host, &v6.sin6_addr) == 1) {
		memcpy(&a.ss, &v6, sizeof(v6));
		a.len = sizeof(v6);
	} else {
		return ERR_MALFORMED;
	}
	*ret_addr = a;
	return 0;
}

int
addr_split(struct slice text, struct slice *ret_host, uint16_t *ret_port)
{
	struct slice host;
	unsigned long port = 0;
	size_t colon = text.n;

	while (colon > 0 && text.p[colon - 1] != ':')
		colon--;
	if (colon == 0 || text.n - colon == 0 || text.n - colon > 5)
		return ERR_MALFORMED;
	for (size_t i = colon; i < text.n; i++) {
		if (text.p[i] < '0' || text.p[i] > '9')
			return ERR_MALFORMED;
		port = port * 10 + (unsigned long)(text.p[i] - '0');
	}
	if (port == 0 || port > UINT16_MAX)
		return ERR_MALFORMED;
	host = slice_of(text.p, colon - 1);
	if (host.n >= 2 && host.p[0] == '[' && host.p[host.n - 1] == ']')
		host = slice_of(host.p + 1, host.n - 2);
	else if (host.n > 0 && memchr(host.p, ':', host.n) != NULL)
		return ERR_MALFORMED; /* IPv6 needs its brackets, else the port is a guess */
	if (host.n == 0)
		return ERR_MALFORMED;
	*ret_host = host;
	*ret_port = (uint16_t)port;
	return 0;
}

char *
addr_text(const struct addr *a, char *out)
{
	char ip[INET6_ADDRSTRLEN];

	if (a->len != 0 && a->ss.ss_family == AF_INET) {
		struct sockaddr_in v4;

		memcpy(&v4, &a->ss, sizeof(v4));
		if (inet_ntop(AF_INET, &v4.sin_addr, ip, sizeof(ip)) != NULL) {
			(void)snprintf(out, ADDR_TEXT_MAX, "%s:%u", ip, ntohs(v4.sin_port));
			return out;
		}
	} else if (a->len != 0 && a->ss.ss_family == AF_INET6) {
		struct sockaddr_in6 v6;

		memcpy(&v6, &a->ss, sizeof(v6));
		if (inet_ntop(AF_INET6, &v6.sin6_addr, ip, sizeof(ip)) != NULL) {
			(void)snprintf(out, ADDR_TEXT_MAX, "[%s]:%u", ip, ntohs(v6.sin6_port));
			return out;
		}
	}
	(void)snprintf(out, ADDR_TEXT_MAX, "?");
	return out;
}

/* Both families keep the port at the same place, in network order (RFC 3493 §3.3). */
_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port), "port");

uint16_t
addr_port(const struct addr *a)
{
	uint16_t port;

	if (a->len == 0 || (a->ss.ss_family != AF_INET && a->ss.ss_family != AF_INET6))
		return 0;
	memcpy(&port, (const char *)&a->ss + offsetof(struct sockaddr_in, sin_port), sizeof(port));
	return ntohs(port);
}

void
addr_set_port(struct addr *a, uint16_t port)
{
	port = htons(port);
	memcpy((char *)&a->ss + offsetof(struct sockaddr_in, sin_port), &port, sizeof(port));
}

static struct addr
ask(int fd, int (*get)(int, struct sockaddr *, socklen_t *))
{
	struct addr a = {.len = sizeof(a.ss)};

	if (get(fd, (struct sockaddr *)&a.ss, &a.len) != 0 || a.len > sizeof(a.ss))
		a.len = 0;
	return a;
}

struct addr
addr_of_peer(int fd)
{
	return ask(fd, getpeername);
}

struct addr
addr_of_socket(int fd)
{
	return ask(fd, getsockname);
}
