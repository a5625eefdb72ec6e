#include "proxy/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "net/addr.h"

#define ACCEPTS_PER_TURN 64
#define RESERVES 8
#define REST_MS 200 /* how long accepting rests when there is no descriptor to refuse with either */

struct acceptor {
	struct core *core;
	struct reactor *reactors;
	unsigned count;
	struct list listeners;
	/*
	 * Out of descriptors, accept() fails and the connection stays readable: a spin.  Some
	 * are kept back to accept such a connection, and close it.  Whenever that is done
	 * another thread may be faster, and have that one for as long as its connection lasts.
	 */
	int reserve[RESERVES];
	unsigned reserves;
	struct loop_timer *rest;
};

static void
watch_all(struct acceptor *a, unsigned what)
{
	LIST_EACH(&a->listeners, e) {
		struct listener *l = CONTAINER_OF(e, struct listener, link);

		if (l->watch != NULL)
			loop_watch_set(l->watch, what);
	}
}

/* As many as there are to be had. */
static void
fill_reserve(struct acceptor *a)
{
	while (a->reserves < RESERVES) {
		int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			return;
		a->reserve[a->reserves++] = fd;
	}
}

static void
on_rested(void *arg)
{
	struct acceptor *a = arg;

	fill_reserve(a);
	watch_all(a, LOOP_READ);
}

static void
rest(struct acceptor *a)
{
	watch_all(a, 0);
	loop_timer_set(a->rest, REST_MS);
}

/* Accepts one connection with a descriptor of the reserve, and closes it. */
static void
refuse_one(struct acceptor *a, int listen_fd, int code)
{
	int fd;

	LOG_LIMITED(LOG_LEVEL_WARN, "listener", "a connection can't be accepted", LOG_S("error", strerror(code)));
	metric_add(METRIC_CONNECTIONS_REFUSED_FILES, 1);
	if (a->reserves == 0) {
		rest(a);
		return;
	}
	close(a->reserve[--a->reserves]);
	fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	fill_reserve(a);
}

static void
hand_over(struct acceptor *a, struct listener *l, int fd)
{
	struct reactor *best = &a->reactors[0];

	if (atomic_load(&a->core->connections) >= a->core->set.max_connections) {
		close(fd);
		metric_add(METRIC_CONNECTIONS_REFUSED_LIMIT, 1);
		LOG_LIMITED(LOG_LEVEL_WARN, "listener", "a connection over listen.max.connections is closed",
			    LOG_I("connections", a->core->set.max_connections));
		return;
	}
	for (unsigned i = 1; i < a->count; i++)
		if (atomic_load(&a->reactors[i].connections) < atomic_load(&best->connections))
			best = &a->reactors[i];
	reactor_adopt(best, l, fd);
}

static void
on_readable(void *arg, int listen_fd, unsigned what)
{
	struct listener *l = arg;

	(void)what;
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		int fd = accept4(listen_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			hand_over(l->acceptor, l, fd);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			refuse_one(l->acceptor, listen_fd, errno);
		else if (errno == EINTR || errno == ECONNABORTED)
			continue;
		return;
	}
}

struct acceptor *
acceptor_new(struct core *core, struct reactor *reactors, unsigned count)
{
	struct acceptor *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->core = core;
	a->reactors = reactors;
	a->count = count;
	list_init(&a->listeners);
	fill_reserve(a);
	a->rest = loop_timer_new(reactors[0].loop, on_rested, a);
	if (a->reserves == 0 || a->rest == NULL) {
		acceptor_free(a);
		return NULL;
	}
	return a;
}

void
acceptor_close_port(struct listener *l)
{
	if (l->watch == NULL)
		return;
	loop_watch_free(l->watch);
	l->watch = NULL;
	close(l->fd);
}

void
acceptor_close(struct acceptor *a)
{
	loop_timer_clear(a->rest);
	LIST_EACH(&a->listeners, e)
		acceptor_close_port(CONTAINER_OF(e, struct listener, link));
}

void
acceptor_free(struct acceptor *a)
{
	struct link *e;

	if (a == NULL)
		return;
	acceptor_close(a);
	while ((e = list_pop(&a->listeners)) != NULL)
		free(CONTAINER_OF(e, struct listener, link));
	loop_timer_free(a->rest);
	while (a->reserves > 0)
		close(a->reserve[--a->reserves]);
	free(a);
}

static bool
is_before(const struct listener *a, const struct listener *b)
{
	if ((a->node_id == LISTENER_BOOTSTRAP) != (b->node_id == LISTENER_BOOTSTRAP))
		return a->node_id == LISTENER_BOOTSTRAP;
	return a->port < b->port;
}

int
acceptor_add(struct acceptor *a, int32_t node_id, uint16_t port, int fd)
{
	struct listener *l = calloc(1, sizeof(*l));
	struct link *at = a->listeners.head.next;

	if (l == NULL) {
		close(fd);
		return ERR_NOMEM;
	}
	l->acceptor = a;
	l->fd = fd;
	l->node_id = node_id;
	l->port = port;
	l->watch = loop_watch_new(a->reactors[0].loop, fd, LOOP_READ, on_readable, l);
	if (l->watch == NULL) {
		close(fd);
		free(l);
		return ERR_NOMEM;
	}
	while (at != &a->listeners.head && is_before(CONTAINER_OF(at, struct listener, link), l))
		at = at->next;
	list_insert_before(&a->listeners, at, &l->link);
	return 0;
}

void
acceptor_pass_on(struct acceptor *a, uint16_t port, int32_t node_id)
{
	LIST_EACH(&a->listeners, e) {
		struct listener *l = CONTAINER_OF(e, struct listener, link);

		if (l->port == port && l->node_id != LISTENER_BOOTSTRAP)
			l->node_id = node_id;
	}
}

struct list *
acceptor_list(struct acceptor *a)
{
	return &a->listeners;
}
