/*
 * librdkafka asks for a socket, then for its connection, in two calls, and may close it in
 * between: until then the far end waits in a list.
 */
#include "rdkafka/detour_internal.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/list.h"
#include "base/text.h"

enum { HOST_MAX = 256 };

struct detour {
	detour_dial_fn *dial;
	void *arg;
	pthread_mutex_t lock;
	struct list pairs;
	bool refuses;
	unsigned owners;
};

struct pair {
	struct link link;
	int near, far;
};

struct detour *
detour_new(detour_dial_fn *dial, void *arg)
{
	struct detour *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->dial = dial;
	d->arg = arg;
	d->owners = 1;
	(void)pthread_mutex_init(&d->lock, NULL);
	list_init(&d->pairs);
	return d;
}

/* The far end of `near`, not ours any more; -1: none. */
static int
take_far(struct detour *d, int near)
{
	int far = -1;

	(void)pthread_mutex_lock(&d->lock);
	LIST_EACH(&d->pairs, e) {
		struct pair *p = CONTAINER_OF(e, struct pair, link);

		if (p->near != near)
			continue;
		far = p->far;
		list_remove(&d->pairs, e);
		free(p);
		break;
	}
	(void)pthread_mutex_unlock(&d->lock);
	return far;
}

void
detour_refuse(struct detour *d)
{
	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	d->refuses = true;
	(void)pthread_mutex_unlock(&d->lock);
}

void
detour_keep(struct detour *d)
{
	(void)pthread_mutex_lock(&d->lock);
	d->owners++;
	(void)pthread_mutex_unlock(&d->lock);
}

void
detour_free(struct detour *d)
{
	bool is_last;
	struct link *e;

	if (d == NULL)
		return;
	(void)pthread_mutex_lock(&d->lock);
	is_last = --d->owners == 0;
	(void)pthread_mutex_unlock(&d->lock);
	if (!is_last)
		return;
	while ((e = list_pop(&d->pairs)) != NULL) {
		(void)close(CONTAINER_OF(e, struct pair, link)->far);
		free(CONTAINER_OF(e, struct pair, link));
	}
	(void)pthread_mutex_destroy(&d->lock);
	free(d);
}

int
detour_split(const char *name, char *ret_host, size_t len, uint16_t *ret_port)
{
	size_t n = strcspn(name, "/");
	const char *colon = memrchr(name, ':', n);
	size_t host = colon != NULL ? (size_t)(colon - name) : 0;
	int64_t port;

	if (colon == NULL || text_parse_i64(slice_of(colon + 1, n - host - 1), &port) != 0 || port < 1 || port > 65535)
		return ERR_MALFORMED;
	if (host >= 2 && name[0] == '[' && name[host - 1] == ']') {
		name++;
		host -= 2;
	}
	if (host == 0 || host >= len)
		return ERR_MALFORMED;
	(void)snprintf(ret_host, len, "%.*s", (int)host, name);
	*ret_port = (uint16_t)port;
	return 0;
}

/* --- librdkafka's threads ------------------------------------------------------------------- */

static int
on_socket(int domain UNUSED, int type UNUSED, int protocol UNUSED, void *opaque)
{
	struct detour *d = opaque;
	struct pair *p = calloc(1, sizeof(*p));
	int fds[2];

	if (p == NULL)
		return -1;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) != 0) {
		free(p);
		return -1;
	}
	p->near = fds[0];
	p->far = fds[1];
	(void)pthread_mutex_lock(&d->lock);
	list_append(&d->pairs, &p->link);
	(void)pthread_mutex_unlock(&d->lock);
	return fds[0];
}

/* Takes fd.  Under the lock: detour_refuse() doesn't return while somebody dials. */
static int
dial(struct detour *d, int fd, const char *host, uint16_t port)
{
	int err = ERR_CLOSED;

	(void)pthread_mutex_lock(&d->lock);
	if (d->refuses)
		(void)close(fd);
	else
		err = d->dial(d->arg, fd, host, port);
	(void)pthread_mutex_unlock(&d->lock);
	return err;
}

static int
on_connect(int fd, const struct sockaddr *addr UNUSED, int len UNUSED, const char *id, void *opaque)
{
	struct detour *d = opaque;
	int far = take_far(d, fd);
	char host[HOST_MAX];
	uint16_t port;

	if (far < 0)
		return ENOTCONN;
	if (detour_split(id, host, sizeof(host), &port) != 0) {
		(void)close(far);
		return EADDRNOTAVAIL;
	}
	return dial(d, far, host, port) == 0 ? 0 : ECONNREFUSED;
}

static int
on_close(int fd, void *opaque)
{
	int far = take_far(opaque, fd);

	if (far >= 0)
		(void)close(far);
	return close(fd);
}

void
detour_take(struct detour *d, rd_kafka_conf_t *conf)
{
	(void)rd_kafka_conf_set(conf, "socket.nagle.disable", "false", NULL, 0); /* of TCP, which a pair isn't */
	rd_kafka_conf_set_opaque(conf, d);
	rd_kafka_conf_set_socket_cb(conf, on_socket);
	rd_kafka_conf_set_connect_cb(conf, on_connect);
	rd_kafka_conf_set_closesocket_cb(conf, on_close);
}
