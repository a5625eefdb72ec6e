#include "proxy/proxy.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "net/listen.h"
#include "proxy/control_internal.h"
#include "proxy/listener.h"
#include "proxy/tunnel.h"

struct proxy {
	struct loop *loop;
	struct core core;
	struct addr at; /* where the ports are */
	struct servers servers; /* core's point into it */
	struct reactor *reactors;
	unsigned reactor_count; /* of those that were initialised */
	struct acceptor *acceptor;
	struct control *control;
	struct tunnels *tunnels;
	uint16_t bootstrap_port;
	int bootstrap_fd;

	loop_fn *drained;
	void *drained_arg;
	struct loop_timer *deadline, *step;
	struct monotime deadline_at, step_at; /* when they fire */
	struct loop_task done;
	struct link *draining; /* the listener whose sessions drain; NULL: not yet */
	bool closed;           /* every port is */
	unsigned step_ms;      /* how long one port may keep the next from its turn */
};

struct proxy_settings
proxy_settings_default(void)
{
	return (struct proxy_settings){
		.listen_address = "127.0.0.1",
		.bootstrap_port = 9092,
		.first_port = 19092,
		.last_port = 19191,
		.advertised_host = "127.0.0.1",
		.threads = 1,
		.max_connections = 1000,
		.max_frame = 100u * 1024 * 1024,
		.idle_ms = 600000,
		.connect_ms = 10000,
		.unread_ms = 30000, /* the default of request.timeout.ms: by then Kafka's clients have given up */
		.drain_ms = 5000,
		.drain_step_ms = 1000,
		.refresh_ms = 60000,
	};
}

/* --- a broker's port --------------------------------------------------------------------- */

struct opened {
	struct wake_call call;
	struct proxy *proxy;
	int32_t node_id;
	uint16_t port;
	int fd; /* -1: the port passes on */
};

static void
on_opened(void *arg)
{
	struct opened o = *(struct opened *)arg;

	free(arg);
	if (o.fd < 0) {
		acceptor_pass_on(o.proxy->acceptor, o.port, o.node_id);
		return;
	}
	if (atomic_load(&o.proxy->core.draining)) {
		(void)close(o.fd); /* met just before */
		return;
	}
	if (acceptor_add(o.proxy->acceptor, o.node_id, o.port, o.fd) != 0) {
		LOG_ERROR("proxy", "no memory to accept on a broker's port", LOG_I("node", o.node_id));
		return;
	}
	metric_add(METRIC_BROKER_PORTS, 1);
	LOG_INFO("proxy", "a broker has its port", LOG_I("node", o.node_id), LOG_I("port", o.port));
}

/* On whichever thread met the broker; accepting is reactor 0's.  Until then the kernel's backlog holds connections. */
static void
port_opened(void *arg, int32_t node_id, uint16_t port, int fd)
{
	struct proxy *p = arg;
	struct opened *o = malloc(sizeof(*o));

	if (o != NULL) {
		*o = (struct opened){{NULL, on_opened, o}, p, node_id, port, fd};
		if (wake_post(p->core.main, &o->call) == 0)
			return;
	}
	free(o);
	if (fd >= 0)
		(void)close(fd);
	LOG_ERROR("proxy", "a broker's port can't be served", LOG_I("node", node_id), LOG_I("port", port));
}

int
proxy_advertise(void *proxy, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	struct proxy *p = proxy;
	uint16_t ours;
	bool differs;
	int err = endpoints_hear(p->core.endpoints, node_id, host, port, &ours, &differs);

	if (err == 0 && differs)
		control_refresh(p->control);
	if (err == ERR_LIMIT) {
		LOG_LIMITED(LOG_LEVEL_ERROR, "proxy", "no port of listen.broker.ports is left for a broker; make the range larger",
			    LOG_I("node", node_id), LOG_I("first", p->core.set.first_port),
			    LOG_I("last", p->core.set.last_port));
		if (control_unready(p->control) == NULL) /* else it looks again and again by itself */
			control_refresh(p->control);
	}
	if (err != 0)
		return err;
	*ret_host = slice_str(p->core.set.advertised_host);
	*ret_port = ours;
	return 0;
}

/* --- setting up ------------------------------------------------------------------------------ */

static int
bind_bootstrap(struct proxy *p, char *why, size_t why_len)
{
	struct addr at = p->at;
	struct addr bound;
	char text[ADDR_TEXT_MAX];

	addr_set_port(&at, p->core.set.bootstrap_port);
	if (listen_open(&at, &p->bootstrap_fd) != 0) {
		(void)snprintf(why, why_len, "can't listen on %s: %s", addr_text(&at, text), strerror(errno));
		return ERR_IO;
	}
	bound = addr_of_socket(p->bootstrap_fd);
	p->bootstrap_port = addr_port(&bound);
	return 0;
}

static void on_session_gone(void *arg);
static void on_deadline(void *arg);
static void on_step(void *arg);
static void on_done(void *arg);

static int
build(struct proxy *p, const struct stage *const *stages, unsigned count)
{
	unsigned threads = p->core.set.threads;

	p->core.main = loop_wake(p->loop);
	p->core.session_gone = on_session_gone;
	p->core.arg = p;
	p->done = (struct loop_task){.fn = on_done, .arg = p};
	p->deadline = loop_timer_new(p->loop, on_deadline, p);
	p->step = loop_timer_new(p->loop, on_step, p);
	p->core.resolver = resolver_new();
	p->core.endpoints = endpoints_new(&p->at, p->core.set.first_port, p->core.set.last_port, p->bootstrap_port,
					  p->core.set.state_dir, port_opened, p);
	p->core.refusals = refusals_new();
	p->reactors = calloc(threads, sizeof(*p->reactors));
	if (p->deadline == NULL || p->step == NULL || p->core.resolver == NULL || p->core.endpoints == NULL ||
	    p->core.refusals == NULL || p->reactors == NULL)
		return ERR_NOMEM;
	for (; p->reactor_count < threads; p->reactor_count++) {
		unsigned i = p->reactor_count;
		int err = reactor_init(&p->reactors[i], &p->core, i, i == 0 ? p->loop : NULL, stages, count);

		if (err != 0)
			return err;
	}
	p->acceptor = acceptor_new(&p->core, p->reactors, threads);
	p->control = control_new(&p->reactors[0]);
	p->tunnels = tunnels_new(&p->reactors[0]);
	return p->acceptor == NULL || p->control == NULL || p->tunnels == NULL ? ERR_NOMEM : 0;
}

int
proxy_new(struct loop *loop, const struct proxy_settings *set, const struct stage *const *stages, unsigned count,
	  char *why, size_t why_len, struct proxy **ret_proxy)
{
	struct proxy *p = calloc(1, sizeof(*p));
	int err;

	if (p == NULL) {
		(void)snprintf(why, why_len, "%s", err_text(ERR_NOMEM));
		return ERR_NOMEM;
	}
	p->loop = loop;
	p->core.set = *set;
	p->bootstrap_fd = -1;
	transport_init(&p->core.transport);
	if (addr_parse(set->listen_address, 0, &p->at) != 0) {
		(void)snprintf(why, why_len, "listen.address: \"%s\": want a numeric address", set->listen_address);
		err = ERR_CONFIG;
		goto fail;
	}
	err = servers_read(set->bootstrap_servers, &p->servers, why, why_len);
	if (err != 0)
		goto fail;
	p->core.servers = p->servers.list;
	p->core.server_count = p->servers.count;
	err = bind_bootstrap(p, why, why_len);
	if (err == ERR_IO)
		goto fail;
	if (err == 0)
		err = build(p, stages, count);
	if (err != 0) {
		(void)snprintf(why, why_len, "%s", err_text(err));
		goto fail;
	}
	*ret_proxy = p;
	return 0;

fail:
	proxy_free(p);
	return err;
}

int
proxy_tunnel(struct proxy *p, int fd, const char *host, uint16_t port)
{
	return tunnels_open(p->tunnels, fd, host, port);
}

void
proxy_set_tls(struct proxy *p, struct tls_context *clients, struct tls_context *brokers)
{
	transport_set(&p->core.transport, clients, brokers);
}

int
proxy_start(struct proxy *p, char *why, size_t why_len)
{
	int err = acceptor_add(p->acceptor, LISTENER_BOOTSTRAP, p->bootstrap_port, p->bootstrap_fd);

	p->bootstrap_fd = -1;
	for (unsigned i = 1; i < p->reactor_count && err == 0; i++)
		err = reactor_start(&p->reactors[i]);
	if (err != 0) {
		(void)snprintf(why, why_len, "can't start: %s", err == ERR_IO ? strerror(errno) : err_text(err));
		return err;
	}
	endpoints_load(p->core.endpoints);
	control_start(p->control);
	return 0;
}

void
proxy_free(struct proxy *p)
{
	if (p == NULL)
		return;
	if (p->core.endpoints != NULL)
		endpoints_stop(p->core.endpoints);
	for (unsigned i = p->reactor_count; i-- > 0;)
		reactor_stop(&p->reactors[i]);
	control_free(p->control);
	tunnels_free(p->tunnels);
	acceptor_free(p->acceptor);
	for (unsigned i = p->reactor_count; i-- > 0;)
		reactor_fini(&p->reactors[i]);
	resolver_free(p->core.resolver);
	endpoints_free(p->core.endpoints);
	refusals_free(p->core.refusals);
	transport_fini(&p->core.transport);
	loop_timer_free(p->deadline);
	loop_timer_free(p->step);
	if (p->done.fn != NULL)
		loop_cancel(p->loop, &p->done);
	if (p->bootstrap_fd >= 0)
		(void)close(p->bootstrap_fd);
	free(p->reactors);
	servers_clear(&p->servers);
	free(p);
}

/* --- draining -------------------------------------------------------------------------------------- */

static void
drain_listener(struct proxy *p, struct listener *l, bool kill)
{
	for (unsigned i = 0; i < p->reactor_count; i++)
		reactor_drain(&p->reactors[i], l, kill);
}

static unsigned
connections_of(struct link *e)
{
	return atomic_load(&CONTAINER_OF(e, struct listener, link)->connections);
}

static void
check_drained(struct proxy *p)
{
	if (p->drained != NULL && p->closed && atomic_load(&p->core.connections) == 0)
		loop_next(p->loop, &p->done);
}

/* The timer fires in so long, or when it would have fired anyway (*at, unless that is 0). */
static void
set_sooner(struct loop_timer *t, struct monotime *at, int64_t ms)
{
	struct monotime now = clock_now();
	int64_t end = now.ns + ms * 1000000, left;

	if (at->ns == 0 || end < at->ns)
		at->ns = end;
	left = (at->ns - now.ns + 999999) / 1000000;
	loop_timer_set(t, left > 0 ? left : 0);
}

/*
 * Closes the next port and drains its sessions, when the one before is empty or had its
 * time.  Clients that lose a broker turn to the others, whose ports are still open: to
 * them it looks like a rolling restart.  A port that nobody uses takes no time.
 */
static void
drain_next(struct proxy *p)
{
	struct list *all = acceptor_list(p->acceptor);
	struct link *e = p->draining == NULL ? all->head.next : p->draining->next;

	for (; e != &all->head; e = e->next) {
		struct listener *l = CONTAINER_OF(e, struct listener, link);

		p->draining = e;
		acceptor_close_port(l);
		LOG_INFO("proxy", "a port is closed", LOG_I("port", l->port), LOG_I("node", l->node_id),
			 LOG_I("connections", connections_of(e)));
		if (connections_of(e) == 0)
			continue;
		drain_listener(p, l, false);
		p->step_at.ns = 0;
		set_sooner(p->step, &p->step_at, p->step_ms);
		return;
	}
	p->closed = true;
	check_drained(p);
}

static void
on_step(void *arg)
{
	drain_next(arg);
}

static void
on_session_gone(void *arg)
{
	struct proxy *p = arg;

	if (p->drained == NULL)
		return;
	if (p->closed)
		check_drained(p);
	else if (p->draining != NULL && connections_of(p->draining) == 0)
		drain_next(p);
}

static void
on_deadline(void *arg)
{
	struct proxy *p = arg;

	LOG_WARN("proxy", "connections that did not end in time are closed",
		 LOG_I("connections", atomic_load(&p->core.connections)));
	acceptor_close(p->acceptor);
	p->closed = true;
	loop_timer_clear(p->step);
	LIST_EACH(acceptor_list(p->acceptor), e)
		drain_listener(p, CONTAINER_OF(e, struct listener, link), true);
	check_drained(p);
}

static void
on_done(void *arg)
{
	struct proxy *p = arg;
	loop_fn *done = p->drained;

	loop_timer_clear(p->deadline);
	loop_timer_clear(p->step);
	p->drained = NULL;
	if (done != NULL)
		done(p->drained_arg);
}

void
proxy_drain(struct proxy *p, unsigned deadline_ms, loop_fn *done, void *arg)
{
	bool first = !atomic_exchange(&p->core.draining, true);
	int64_t share;

	if (!first && p->deadline_at.ns <= clock_now().ns)
		return; /* the end is here */
	set_sooner(p->deadline, &p->deadline_at, deadline_ms);
	/* Every port has its turn before the deadline, however many there are. */
	share = monotime_since_ms(p->deadline_at, clock_now()) / ((int64_t)acceptor_list(p->acceptor)->count + 1);
	p->step_ms = share < p->core.set.drain_step_ms ? (unsigned)share : p->core.set.drain_step_ms;
	if (!first) {
		if (!p->closed)
			set_sooner(p->step, &p->step_at, p->step_ms);
		return;
	}
	p->drained = done;
	p->drained_arg = arg;
	endpoints_stop(p->core.endpoints);
	drain_next(p);
}

/* --- telling ------------------------------------------------------------------------------------------ */

const char *
proxy_unready(const struct proxy *p)
{
	return atomic_load(&p->core.draining) ? "stopping" : control_unready(p->control);
}

void
proxy_cluster_id(const struct proxy *p, char *ret, size_t len)
{
	control_cluster_id(p->control, ret, len);
}

struct control *
proxy_control(struct proxy *p)
{
	return p->control;
}

void
proxy_ports(struct proxy *p, void (*fn)(void *arg, const struct proxy_port *port), void *arg)
{
	LIST_EACH(acceptor_list(p->acceptor), e) {
		const struct listener *l = CONTAINER_OF(e, struct listener, link);
		struct endpoint broker = {0};
		struct proxy_port port = {.node_id = l->node_id, .port = l->port, .host = ""};

		if (l->node_id != LISTENER_BOOTSTRAP && endpoints_find(p->core.endpoints, l->node_id, &broker) == 0) {
			port.host = broker.host;
			port.broker_port = broker.broker_port;
		}
		port.connections = atomic_load(&l->connections);
		fn(arg, &port);
	}
}

unsigned
proxy_connections(const struct proxy *p)
{
	return atomic_load(&p->core.connections);
}
