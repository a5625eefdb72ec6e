/* reactor: a thread with a loop and the sessions on it. */
#ifndef PROXY_REACTOR_H
#define PROXY_REACTOR_H

#include <pthread.h>
#include <stdatomic.h>

#include "net/resolve.h"
#include "proxy/endpoints.h"
#include "proxy/pipeline.h"
#include "proxy/proxy.h"
#include "proxy/refusals.h"
#include "proxy/servers.h"
#include "proxy/transport.h"

struct listener;

/* What all reactors share.  Set up before they start; the transport and the atomics aside, it doesn't change. */
struct core {
	struct proxy_settings set;
	const struct server *servers;
	size_t server_count;
	struct resolver *resolver;
	struct endpoints *endpoints;
	struct refusals *refusals; /* NULL: every login is tried */
	struct transport transport;
	atomic_uint connections;
	struct wake *main; /* reactor 0's */
	void (*session_gone)(void *arg); /* posted to main after a session ended while draining */
	/*
	 * A search for a broker failed, or (mechanism not NULL) the login there, or a tunnel's connection broke.
	 * On the reactor's thread.  NULL: a login that fails is logged, and who searches knows the rest.
	 */
	void (*unreached)(void *arg, const char *broker, const char *mechanism, const char *why);
	void *arg;
	atomic_bool draining;
};

struct reactor {
	struct core *core;
	unsigned index;
	struct loop *loop; /* reactor 0: the caller's */
	struct pipeline pipeline;
	struct list sessions;
	atomic_uint connections;
	unsigned next_server; /* where the next bootstrap session starts to dial */
	pthread_t thread;
	bool running;
};

/* Reactor 0 is given its loop, the others make their own.  0, ERR_NOMEM or ERR_IO. */
int reactor_init(struct reactor *r, struct core *core, unsigned index, struct loop *loop,
		 const struct stage *const *stages, unsigned count) MUSTCHECK;

/* Starts the thread of a reactor other than 0.  0, or ERR_IO with errno. */
int reactor_start(struct reactor *r) MUSTCHECK;

/* Closes all sessions and ends the thread. */
void reactor_stop(struct reactor *r);
void reactor_fini(struct reactor *r);

/* Serves fd on r's thread; from reactor 0's thread.  Takes fd. */
void reactor_adopt(struct reactor *r, struct listener *from, int fd);

/* Drains the sessions that came through `from`, or kills them.  From reactor 0's thread. */
void reactor_drain(struct reactor *r, struct listener *from, bool kill);

#endif
