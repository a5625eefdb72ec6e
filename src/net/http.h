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

/*
 * Answers `path` (without a query): writes the body, sets *ret_type (borrowed), and
 * returns the status.
 */
typedef int http_answer_fn(void *arg, const char *path, struct wr *body, const char **ret_type);

/* Listens on HOST:PORT ([IPv6]:PORT; port 0: any).  0, ERR_CONFIG, ERR_IO, ERR_NOMEM; `why` says it in words. */
int http_listen(struct loop *l, const char *address, http_answer_fn *answer, void *arg, struct http **ret, char *why,
		size_t why_len) MUSTCHECK;
uint16_t http_port(const struct http *h);
void http_close(struct http *h); /* NULL is fine */

#endif
