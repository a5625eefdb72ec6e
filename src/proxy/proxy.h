/*
 * proxy: the whole of listeners, reactors, sessions and the control connection.
 *
 *   proxy_new ─► proxy_start ─► (loop_run) … proxy_drain ─► done() ─► proxy_free
 *
 * The caller's loop is reactor 0: it accepts, and carries the control connection.
 * Reactors 1 and up are threads of the proxy's own.  All calls are made on the
 * caller's loop thread, but for those that say "any thread".
 */
#ifndef PROXY_PROXY_H
#define PROXY_PROXY_H

#include "net/loop.h"
#include "net/tls.h"
#include "proxy/control.h"
#include "proxy/stage.h"

struct proxy; /* opaque */
struct login_door; /* proxy/login.h */

/* Strings are borrowed until proxy_free(). */
struct proxy_settings {
	const char *listen_address;    /* numeric, e.g. 127.0.0.1 or ::1 */
	uint16_t bootstrap_port;       /* 0: any free one, see proxy_ports() */
	uint16_t first_port;           /* of the brokers' ports */
	uint16_t last_port;            /* inclusive */
	const char *advertised_host;   /* what clients are told to dial */
	const char *bootstrap_servers; /* HOST:PORT,… of the real cluster */
	const char *state_dir;         /* where the file `endpoints` is kept; NULL: nowhere */
	unsigned threads;              /* reactors, at least 1 */
	unsigned max_connections;
	uint32_t max_frame;        /* bytes of a request, or of an answer that must be opened */
	unsigned idle_ms;          /* a connection on which nothing moved for so long closes; 0: never */
	unsigned connect_ms;       /* for one attempt to connect to a broker */
	const struct login_door *login; /* the proxy's own login, on its own connection; NULL: none */
	bool login_for_clients;    /* and on every other */
	bool demand_login;         /* clients may only ask for ApiVersions and log in until a stage admits them */
	unsigned unread_ms;        /* how long in sum a client may leave answers untaken in front of one that stages await */
	unsigned drain_ms;         /* how long a session that ends waits for the answers that are due */
	unsigned drain_step_ms;    /* draining: how long one port's sessions keep the next from its turn, at most */
	unsigned refresh_ms;       /* between two looks at the cluster's brokers */
};

/* The defaults of everything that has one. */
struct proxy_settings proxy_settings_default(void);

/*
 * Stages in the order of requests; array and stages are borrowed until proxy_free().
 * *ret_why gets a text that names what is wrong.  0, ERR_CONFIG (an address that can't
 * be understood), ERR_NOMEM, ERR_IO.
 */
int proxy_new(struct loop *loop, const struct proxy_settings *set, const struct stage *const *stages,
	      unsigned count, char *why, size_t why_len, struct proxy **ret_proxy) MUSTCHECK;

/* What new connections speak from now on; NULL: plaintext, as before the first call.  Any thread. */
void proxy_set_tls(struct proxy *p, struct tls_context *clients, struct tls_context *brokers);

/* Binds the bootstrap port and the known brokers' ports, starts the threads.  0, or an error told in `why`. */
int proxy_start(struct proxy *p, char *why, size_t why_len) MUSTCHECK;

/*
 * Port by port, bootstrap first: it closes, no new request of its connections is read, what
 * is in flight is answered, they close; the ports behind it are served until their turn.  At
 * the deadline the rest is closed.  `done` is called once, in a later turn.  Calling again
 * brings the deadline nearer, and the next port's turn; it moves neither away.
 */
void proxy_drain(struct proxy *p, unsigned deadline_ms, loop_fn *done, void *arg);

/* Ends threads, closes what is open.  NULL is fine. */
void proxy_free(struct proxy *p);

/*
 * A broker that the cluster told of: learns its address and gives the one that
 * clients get instead, opening its port when it has none.  Any thread; the shape of
 * kafka/addresses.h's addresses_map_fn, with a struct proxy for arg.  ret_host stays
 * valid until proxy_free().  0, ERR_LIMIT (no port is left), ERR_IO, ERR_NOMEM.
 */
int proxy_advertise(void *proxy, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host,
		    int32_t *ret_port) MUSTCHECK;

/* NULL: a broker has answered, and every known broker's port is open.  Else why not, a constant.  Any thread. */
const char *proxy_unready(const struct proxy *p);

/* The cluster's id as text, "" until it is known.  Any thread. */
void proxy_cluster_id(const struct proxy *p, char *ret, size_t len);

struct control *proxy_control(struct proxy *p);

/*
 * A connection of this program's own to a broker, dialled and logged in as the proxy's are, from
 * `fd`, which is taken also on failure.  Any thread.  0, ERR_NOMEM, ERR_CLOSED.
 */
int proxy_tunnel(struct proxy *p, int fd, const char *host, uint16_t port) MUSTCHECK;

/* For /status: every open port.  Calls fn in order of ports; node -1 is bootstrap. */
struct proxy_port {
	int32_t node_id;
	uint16_t port;
	const char *host; /* of the real broker; "" when not known */
	uint16_t broker_port;
	unsigned connections;
};
void proxy_ports(struct proxy *p, void (*fn)(void *arg, const struct proxy_port *port), void *arg);

unsigned proxy_connections(const struct proxy *p); /* any thread */

#endif
