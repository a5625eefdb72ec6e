/* web: one HTTP request at a time, by libcurl, on a thread that may wait. */
#ifndef CLOUD_WEB_H
#define CLOUD_WEB_H

#include <stdatomic.h>

#include "base/err.h"
#include "base/wr.h"

struct web; /* opaque: a connection that is kept from one request to the next; of one thread at a time */

struct web *web_new(void) MUSTCHECK; /* NULL: no memory */
void web_free(struct web *w);        /* NULL is fine */

struct web_request {
	struct web *over; /* NULL: a connection for this request alone */
	const char *method; /* GET, PUT, POST */
	const char *url;    /* http or https; nothing is followed elsewhere */
	const char *const *headers; /* "Name: value", …, NULL; or NULL */
	const char *user, *password; /* Basic; or NULL */
	struct slice body;           /* of POST */
	const char *ca_file;         /* NULL: the system's */
	bool local;                  /* a link-local service: no web proxy is asked */
	unsigned timeout_ms;
	const atomic_bool *stop; /* becomes true: give up; or NULL */
};

/*
 * The body of an answer with status 200, at most what ret has room for.  ERR_REMOTE: another
 * status, and ret has that answer's body; ERR_IO: no answer; ERR_CLOSED: told to stop; ERR_NOMEM.  `why` says it without
 * what was sent.
 */
int web_ask(const struct web_request *q, struct wr *ret, char *why, size_t why_len) MUSTCHECK;

#endif
