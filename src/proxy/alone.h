/*
 * alone: what reaches brokers, for a program that has no proxy: one reactor without sessions, and
 * all that upstream asks of it.
 */
#ifndef PROXY_ALONE_H
#define PROXY_ALONE_H

#include "proxy/gate.h"
#include "proxy/reactor.h"

struct alone {
	struct servers servers;
	struct core core;
	struct reactor reactor;
	struct loop *loop;
};

/*
 * `unreached` as in struct core.  Zeroed before; alone_fini() also on failure.  0; ERR_CONFIG (a server
 * that can't be understood), ERR_NOMEM, ERR_IO, with `why`.
 */
int alone_init(struct alone *a, const struct gate_conf *conf,
	       void (*unreached)(void *arg, const char *broker, const char *mechanism, const char *why), void *arg, char *why,
	       size_t why_len) MUSTCHECK;
void alone_fini(struct alone *a); /* nothing is under way on its loop any more */

#endif
