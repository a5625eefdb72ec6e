/*
 * endpoints: the brokers, and the port of ours that stands for each.
 *
 *   node 3 at kafka-3.example:9092   ◄─►   127.0.0.1:19095
 *
 * Safe from any thread; a mutex is held for a look-up, and while a new broker's
 * port is bound, not while the file is written.  The file keeps a node's port across restarts, for the same cluster.
 */
#ifndef PROXY_ENDPOINTS_H
#define PROXY_ENDPOINTS_H

#include "base/err.h"
#include "base/slice.h"
#include "net/addr.h"

struct endpoints; /* opaque */

#define ENDPOINTS_HOST_MAX 256 /* with NUL; a DNS name has at most 253 characters (RFC 1035 §2.3.4) */

struct endpoint {
	int32_t node_id;
	uint16_t port;         /* ours; 0: none yet */
	uint16_t broker_port;  /* the cluster's */
	char host[ENDPOINTS_HOST_MAX];
};

/*
 * A port was opened; the listening fd is the callee's.  -1: the port that is open stands
 * for this broker from now on.  On the thread that met the broker, without locks.
 */
typedef void endpoints_opened_fn(void *arg, int32_t node_id, uint16_t port, int fd);

/*
 * Ports first..last at the address of `at`, but never `reserved`.  `dir` (may be NULL) is
 * where the file `endpoints` is.  NULL: no memory.
 */
struct endpoints *endpoints_new(const struct addr *at, uint16_t first, uint16_t last, uint16_t reserved,
				const char *dir, endpoints_opened_fn *opened, void *arg) MUSTCHECK;
void endpoints_free(struct endpoints *e); /* NULL is fine */

/*
 * Reads the file and opens the ports of the brokers in it.  What can't be read or opened
 * is logged and left out: the broker gets a port when it is met.  The brokers' addresses
 * count from when they are met, or endpoints_look() said that the cluster is the file's.
 */
void endpoints_load(struct endpoints *e);

/*
 * A Metadata that tells every broker came from this cluster (n == 0: it has no id); its
 * brokers are met next.  What is known of another cluster is forgotten.  A broker that
 * neither this Metadata nor the one before tells may lose its port to another one.
 */
void endpoints_look(struct endpoints *e, struct slice cluster_id);

/* Is this the id of another cluster than the one that is known?  No id is nobody's. */
bool endpoints_other(struct endpoints *e, struct slice cluster_id);

/* A connection to this port of ours was opened (1) or closed (-1). */
void endpoints_count(struct endpoints *e, uint16_t port, int by);

/*
 * A broker that the cluster told of: notes its address, opens its port if need be.  When
 * the range is used up it gets one of a broker that is no more and has no connections.
 * 0; ERR_LIMIT: no port of the range is left; ERR_IO: no socket, errno; ERR_MALFORMED: no
 * such node id, host or port can be; ERR_NOMEM.
 */
int endpoints_meet(struct endpoints *e, int32_t node_id, struct slice host, int32_t port, uint16_t *ret_port)
	MUSTCHECK;

/*
 * The same of an answer that passes by, which may come from a broker that is another cluster's by now: where a look
 * told another address lately, that stays, and *ret_differs says that it is time to look.
 */
int endpoints_hear(struct endpoints *e, int32_t node_id, struct slice host, int32_t port, uint16_t *ret_port,
		   bool *ret_differs) MUSTCHECK;

/*
 * A broker by its id.  0 or ERR_NOTFOUND, also when its address is not known yet, or may be somebody else's by now:
 * neither the last look nor the one before told of it, nor anybody since.
 */
int endpoints_find(struct endpoints *e, int32_t node_id, struct endpoint *ret) MUSTCHECK;

/*
 * The i-th broker whose address is known and that the last look, the one before, or anybody
 * since told of, in order of node ids: of others the address may be somebody else's by now.
 * false: there are fewer.
 */
bool endpoints_at(struct endpoints *e, size_t i, struct endpoint *ret);

/* Opens no more ports: endpoints_meet() of a new broker is ERR_CLOSED. */
void endpoints_stop(struct endpoints *e);

#endif
