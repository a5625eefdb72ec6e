/* listener: the ports that clients connect to, and who gets what they accept.  Of reactor 0's thread. */
#ifndef PROXY_LISTENER_H
#define PROXY_LISTENER_H

#include "proxy/reactor.h"

#define LISTENER_BOOTSTRAP (-1) /* the node id of the port that stands for any broker */

struct acceptor; /* opaque: all listeners together */

struct listener {
	struct link link;
	struct acceptor *acceptor;
	struct loop_watch *watch; /* NULL: closed */
	int fd;
	_Atomic int32_t node_id; /* any thread; changes when the port passes to another broker */
	uint16_t port;
	atomic_uint connections; /* any thread */
};

/* Accepts for these reactors.  NULL: no memory, or no file descriptor to keep in reserve. */
struct acceptor *acceptor_new(struct core *core, struct reactor *reactors, unsigned count) MUSTCHECK;
void acceptor_free(struct acceptor *a); /* after the sessions are gone; NULL is fine */

/* Accepts on the listening fd, which is taken even on failure.  0 or ERR_NOMEM. */
int acceptor_add(struct acceptor *a, int32_t node_id, uint16_t port, int fd) MUSTCHECK;

/* The port stands for another broker from now on. */
void acceptor_pass_on(struct acceptor *a, uint16_t port, int32_t node_id);

/* Closes listening sockets, one or all; the listeners stay for their sessions. */
void acceptor_close_port(struct listener *l);
void acceptor_close(struct acceptor *a);

/* All listeners, in order of ports, bootstrap first. */
struct list *acceptor_list(struct acceptor *a);

#endif
