#include "proxy/upstream.h"

#include "base/metrics.h"
#include "proxy/listener.h"

struct upstream {
	struct reactor *reactor;
	int32_t node_id;
	upstream_fn *fn;
	void *arg;
	struct dial *dial;
	struct loop_task task; /* nothing to dial: tell in the next turn */
	size_t next, left;     /* bootstrap servers */
	struct endpoint node;
	char name[ENDPOINTS_HOST_MAX + 8];
};

void
upstream_cancel(struct upstream *u)
{
	if (u == NULL)
		return;
	dial_cancel(u->dial);
	loop_cancel(u->reactor->loop, &u->task);
	free(u);
}

static void
finish(struct upstream *u, int fd, const char *why)
{
	upstream_fn *fn = u->fn;
	void *arg = u->arg;
	char name[sizeof(u->name)];

	memcpy(name, u->name, sizeof(name));
	metric_add(fd >= 0 ? METRIC_UPSTREAM_CONNECTED : METRIC_UPSTREAM_ERRORS_CONNECT, 1);
	upstream_cancel(u);
	fn(arg, fd, name, why);
}

static void on_dialled(void *arg, int fd, const char *why);

static int
dial_next(struct upstream *u)
{
	const struct core *core = u->reactor->core;
	struct slice host = slice_str(u->node.host);
	uint16_t port = u->node.broker_port;

	if (u->node_id == LISTENER_BOOTSTRAP) {
		const struct server *s = &core->servers[u->next];

		u->next = (u->next + 1) % core->server_count;
		host = s->host;
		port = s->port;
	}
	u->left--;
	(void)snprintf(u->name, sizeof(u->name), "%.*s:%u", (int)host.n, (const char *)host.p, port);
	u->dial = dial_start(u->reactor->loop, core->resolver, host, port, core->set.connect_ms, on_dialled, u);
	return u->dial != NULL ? 0 : ERR_NOMEM;
}

static void
on_dialled(void *arg, int fd, const char *why)
{
	struct upstream *u = arg;

	u->dial = NULL;
	if (fd < 0 && u->left > 0 && dial_next(u) == 0)
		return;
	finish(u, fd, why);
}

static void
on_unknown(void *arg)
{
	finish(arg, -1, "the cluster has not told this broker's address yet");
}

struct upstream *
upstream_start(struct reactor *r, int32_t node_id, upstream_fn *fn, void *arg)
{
	struct upstream *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return NULL;
	u->reactor = r;
	u->node_id = node_id;
	u->fn = fn;
	u->arg = arg;
	u->left = 1;
	u->task = (struct loop_task){.fn = on_unknown, .arg = u};
	if (node_id == LISTENER_BOOTSTRAP) {
		u->left = r->core->server_count;
		u->next = r->next_server++ % r->core->server_count;
	} else if (endpoints_find(r->core->endpoints, node_id, &u->node) != 0) {
		(void)snprintf(u->name, sizeof(u->name), "broker %d", node_id);
		loop_next(r->loop, &u->task);
		return u;
	}
	if (dial_next(u) != 0) {
		free(u);
		return NULL;
	}
	return u;
}
