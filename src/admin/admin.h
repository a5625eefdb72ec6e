/* admin: the page / for people, and /metrics, /healthz, /readyz and /status, over HTTP. */
#ifndef ADMIN_ADMIN_H
#define ADMIN_ADMIN_H

#include "net/http.h"

struct admin; /* opaque */

struct admin_doors {
	/* Ready?  When not, `why` gets a short text. */
	bool (*ready)(void *arg, char *why, size_t why_len);
	/* One JSON object. */
	void (*status)(void *arg, struct wr *w);
	/* A page (admin/overview.h), as it is now; asked for once a second at most, however often it is read. */
	void (*overview)(void *arg, struct wr *w);
	/* Names an API for makoto_requests_total, or NULL. */
	const char *(*api_name)(int16_t key);
	void *arg;
	/* Names that requests may have it by, beside addresses, localhost and the one listened on; borrowed. */
	const char *const *hosts;
	size_t host_count;
};

/* Listens on HOST:PORT.  0, ERR_CONFIG, ERR_IO, ERR_NOMEM; `why` says it in words. */
int admin_start(struct loop *l, const char *address, const struct admin_doors *doors, struct admin **ret, char *why,
		size_t why_len) MUSTCHECK;
uint16_t admin_port(const struct admin *a);
void admin_stop(struct admin *a); /* NULL is fine */

#endif
