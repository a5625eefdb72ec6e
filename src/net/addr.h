/* addr: network addresses as values, and HOST:PORT texts. */
#ifndef NET_ADDR_H
#define NET_ADDR_H

#include <sys/socket.h>

#include "base/err.h"
#include "base/slice.h"

struct addr {
	struct sockaddr_storage ss;
	socklen_t len;
};

#define ADDR_TEXT_MAX 64

/* A numeric IPv4 or IPv6 address (no brackets) and a port.  0 or ERR_MALFORMED. */
int addr_parse(const char *host, uint16_t port, struct addr *ret_addr) MUSTCHECK;

/* HOST:PORT or [IPv6]:PORT as brokers and users write it; the host keeps no brackets.  0 or ERR_MALFORMED. */
int addr_split(struct slice text, struct slice *ret_host, uint16_t *ret_port) MUSTCHECK;

/* "127.0.0.1:9092", "[::1]:9092", "?" for what is neither, into out[ADDR_TEXT_MAX]; returns out. */
char *addr_text(const struct addr *a, char *out);

uint16_t addr_port(const struct addr *a);
void addr_set_port(struct addr *a, uint16_t port);

/* The other and the own end of a connected or bound socket; len 0 when the kernel won't say. */
struct addr addr_of_peer(int fd);
struct addr addr_of_socket(int fd);

#endif
