/* servers: kafka.bootstrap.servers, taken apart. */
#ifndef PROXY_SERVERS_H
#define PROXY_SERVERS_H

#include "base/err.h"
#include "base/slice.h"

struct server { /* a bootstrap server of the real cluster */
	struct slice host;
	uint16_t port;
};

struct servers {
	struct server *list;
	size_t count;
	char *text; /* that the hosts point into */
};

/* "HOST:PORT, …", at least one.  0; ERR_CONFIG: `why` says which can't be understood; ERR_NOMEM. */
int servers_read(const char *text, struct servers *ret, char *why, size_t why_len) MUSTCHECK;
void servers_clear(struct servers *s);

#endif
