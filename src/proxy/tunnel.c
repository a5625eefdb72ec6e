#include "proxy/tunnel.h"

#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "proxy/upstream.h"

/*
 * librdkafka's messages are shorter (receive.message.max.bytes), and a TLS alert, read as the length of one, is
 * longer: so that is told from an answer.
 */
enum { LENGTH_MAX = 256 * 1024 * 1024 };

struct tunnels {
	struct reactor *reactor;
	struct list list;
};

struct tunnel {
	struct link link;
	struct wake_call call;
	struct loop_task end;
	struct tunnels *all;
	int fd; /* until it is an io */
	struct io *user, *broker;
	struct upstream *search;
	struct login *login;
	struct loop_timer *timer; /* the login's end */
	char host[ENDPOINTS_HOST_MAX];
	uint16_t port;
};

static void
on_end(void *arg)
{
	free(arg);
}

/* A callback of this tunnel may be on the stack. */
static void
close_tunnel(struct tunnel *t, const char *why)
{
	if (!link_in_list(&t->link))
		return;
	LOG_DEBUG("tunnel", "closed", LOG_S("broker", t->host), LOG_S("why", why));
	list_remove(&t->all->list, &t->link);
	upstream_cancel(t->search);
	io_close(t->user);
	io_close(t->broker);
	login_free(t->login);
	loop_timer_free(t->timer);
	t->end = (struct loop_task){.fn = on_end, .arg = t};
	loop_next(t->all->reactor->loop, &t->end);
}

/* Reads on each side while the other takes what was read. */
static void
flow(struct tunnel *t)
{
	if (!link_in_list(&t->link))
		return;
	if (t->broker == NULL || io_is_high(t->broker))
		io_pause(t->user);
	else
		io_resume(t->user);
	if (t->broker != NULL && io_is_high(t->user))
		io_pause(t->broker);
	else if (t->broker != NULL)
		io_resume(t->broker);
}

/* The broker's side failed: who has no log of its own is told, else it is logged. */
static void
tell(const struct tunnel *t, const char *why)
{
	const struct core *core = t->all->reactor->core;
	char name[sizeof(t->host) + 8];

	(void)snprintf(name, sizeof(name), "%s:%u", t->host, t->port);
	if (core->unreached != NULL)
		core->unreached(core->arg, name, NULL, why);
	else
		LOG_LIMITED(LOG_LEVEL_WARN, "tunnel", "a connection for statements ends", LOG_S("broker", name),
			    LOG_S("cause", why));
}

/* A side is through. */
static void
ended(struct tunnel *t, const struct io *io, const struct io_note *note)
{
	const char *why = "its user is through";

	if (io == t->broker) {
		/* A broker closes idle connections: that is no news to a log. */
		bool idle = note->ev == IO_EOF && io_bytes_in(io) > 0 && t->all->reactor->core->unreached == NULL;

		why = note->ev == IO_EOF && t->login == NULL ? "closed by the broker: does this port want a login?" : upstream_why(note);
		if (!idle)
			tell(t, why);
	}
	close_tunnel(t, why);
}

static void
on_io(void *arg, struct io *io, struct io_note *note)
{
	struct tunnel *t = arg;
	struct io *to = io == t->user ? t->broker : t->user;

	switch (note->ev) {
	case IO_UP:
	case IO_LOW:
	case IO_HANGUP:
		break;
	case IO_HEAD:
		note->take = to != NULL ? IO_RELAY : IO_STOP;
		break;
	case IO_CHUNK:
		if (io_send(to, note->blob, note->off, note->len) != 0)
			close_tunnel(t, "out of memory");
		break;
	case IO_FRAME:
		break;
	case IO_EOF:
	case IO_IDLE:
	case IO_FAIL:
	case IO_DONE:
		ended(t, io, note);
		break;
	}
	flow(t);
}

static void
on_time(void *arg)
{
	close_tunnel(arg, "the login is about to end");
}

static void
on_upstream(void *arg, struct io *io, struct login *login, const char *broker UNUSED, const char *why)
{
	struct tunnel *t = arg;
	int64_t ms = login != NULL ? login_again_ms(login) : -1;

	t->search = NULL;
	if (io == NULL) {
		if (t->all->reactor->core->unreached == NULL) /* which the search has told */
			tell(t, why);
		close_tunnel(t, why);
		return;
	}
	io_set_owner(io, on_io, t);
	io_relay_up_to(io, LENGTH_MAX);
	t->broker = io;
	t->login = login;
	if (ms >= 0) {
		t->timer = loop_timer_new(t->all->reactor->loop, on_time, t);
		if (t->timer == NULL) {
			close_tunnel(t, "out of memory");
			return;
		}
		loop_timer_set(t->timer, ms);
	}
	flow(t);
}

static void
on_open(void *arg)
{
	struct tunnel *t = arg;
	struct reactor *r = t->all->reactor;

	list_append(&t->all->list, &t->link);
	t->user = io_new(r->loop, t->fd, r->core->set.max_frame, on_io, t);
	if (t->user != NULL)
		io_relay_up_to(t->user, LENGTH_MAX);
	if (t->user != NULL)
		t->search = upstream_start_at(r, t->host, t->port, true, on_upstream, t);
	if (t->search == NULL)
		close_tunnel(t, "out of memory");
	else
		flow(t);
}

int
tunnels_open(struct tunnels *all, int fd, const char *host, uint16_t port)
{
	struct tunnel *t = calloc(1, sizeof(*t));
	int err = t == NULL ? ERR_NOMEM : 0;

	if (err == 0) {
		t->all = all;
		t->fd = fd;
		t->port = port;
		(void)snprintf(t->host, sizeof(t->host), "%s", host);
		t->call = (struct wake_call){NULL, on_open, t};
		err = wake_post(all->reactor->core->main, &t->call);
	}
	if (err != 0) {
		(void)close(fd);
		free(t);
	}
	return err;
}

struct tunnels *
tunnels_new(struct reactor *r)
{
	struct tunnels *all = calloc(1, sizeof(*all));

	if (all == NULL)
		return NULL;
	all->reactor = r;
	list_init(&all->list);
	return all;
}

void
tunnels_free(struct tunnels *all)
{
	if (all == NULL)
		return;
	wake_run(all->reactor->core->main); /* those that are on their way here */
	LIST_EACH(&all->list, e)
		close_tunnel(CONTAINER_OF(e, struct tunnel, link), "the proxy stops");
	free(all);
}
