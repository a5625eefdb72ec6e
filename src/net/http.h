/*
 * http: a small server for GET requests, for the admin page.  On one loop's thread.
 *
 * Not for the hostile internet: it listens on the loopback by default, takes small
 * requests only, and closes a connection after its answer.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "base/wr.h"
#include "net/loop.h"

struct http; /* opaque */

/* What goes with a body; borrowed, and preset for plain text that may do nothing. */
struct http_meta {
	const char *type;   /* Content-Type */
	const char *policy; /* Content-Security-Policy: what a browser lets a page do */
};

/* Answers `path` (without a query): writes the body, changes *meta, and returns the status. */
typedef int http_answer_fn(void *arg, const char *path, struct wr *body, struct http_meta *meta);

/* Listens on HOST:PORT ([IPv6]:PORT; port 0: any).  0, ERR_CONFIG, ERR_IO, ERR_NOMEM; `why` says it in words. */
int http_listen(struct loop *l, const char *address, http_answer_fn *answer, void *arg, struct http **ret, char *why,
		size_t why_len) MUSTCHECK;

/*
 * A request that names another host than the one listened on, an address, localhost or one of these (borrowed) gets 421:
 * net/http_host.h.  One that names none is answered, no browser sends it.
 */
void http_set_hosts(struct http *h, const char *const *names, size_t count);
uint16_t http_port(const struct http *h);
void http_close(struct http *h); /* NULL is fine */

#endif
