#include "proxy/reactor.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "proxy/listener.h"
#include "proxy/session.h"

int
reactor_init(struct reactor *r, struct core *core, unsigned index, struct loop *loop,
	     const struct stage *const *stages, unsigned count)
{
	int err;

	r->core = core;
	r->index = index;
	list_init(&r->sessions);
	r->next_server = index; /* so that reactors don't all start with the first server */
	err = pipeline_init(&r->pipeline, stages, count, index);
	if (err != 0)
		return err;
	r->loop = loop != NULL ? loop : loop_new();
	if (r->loop == NULL) {
		pipeline_fini(&r->pipeline);
		return ERR_IO;
	}
	return 0;
}

static void *
reactor_main(void *arg)
{
	struct reactor *r = arg;

	if (metrics_thread_start() != 0)
		LOG_WARN("reactor", "no memory for this thread's own metrics: it shares a slower set");
	if (loop_run(r->loop) != 0)
		LOG_ERROR("reactor", "the event loop ended", LOG_I("reactor", r->index));
	return NULL;
}

int
reactor_start(struct reactor *r)
{
	sigset_t all, old;
	int err;

	/* Signals are for the thread that has the loop which takes them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&r->thread, NULL, reactor_main, r);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (err != 0) {
		errno = err;
		return ERR_IO;
	}
	r->running = true;
	return 0;
}

static void
kill_all(struct reactor *r)
{
	LIST_EACH(&r->sessions, e)
		session_kill(session_of_link(e));
}

static void
on_stop(void *arg)
{
	struct reactor *r = arg;

	kill_all(r);
	loop_stop(r->loop);
}

void
reactor_stop(struct reactor *r)
{
	struct wake_call stop = {NULL, on_stop, r};

	if (!r->running) {
		if (r->loop != NULL)
			kill_all(r);
		return;
	}
	INVARIANT(wake_post(loop_wake(r->loop), &stop) == 0);
	pthread_join(r->thread, NULL);
	r->running = false;
}

void
reactor_fini(struct reactor *r)
{
	if (r->loop == NULL)
		return;
	if (r->index > 0)
		loop_free(r->loop);
	r->loop = NULL;
	pipeline_fini(&r->pipeline);
}

struct handover {
	struct wake_call call;
	struct reactor *reactor;
	struct listener *from;
	int fd;
};

static void
serve(struct reactor *r, struct listener *from, int fd)
{
	if (session_start(r, from, fd) == 0)
		return;
	LOG_LIMITED(LOG_LEVEL_WARN, "reactor", "no memory for a connection; it is closed");
	metric_add(METRIC_CLIENT_ERRORS_NOMEM, 1);
	session_count(r, from, -1);
}

static void
on_handover(void *arg)
{
	struct handover h = *(struct handover *)arg;

	free(arg);
	serve(h.reactor, h.from, h.fd);
}

void
reactor_adopt(struct reactor *r, struct listener *from, int fd)
{
	struct handover *h;

	session_count(r, from, 1);
	if (r->index == 0) {
		serve(r, from, fd);
		return;
	}
	h = malloc(sizeof(*h));
	if (h != NULL) {
		*h = (struct handover){{NULL, on_handover, h}, r, from, fd};
		if (wake_post(loop_wake(r->loop), &h->call) == 0)
			return;
	}
	free(h);
	close(fd);
	session_count(r, from, -1);
}

struct drain {
	struct wake_call call;
	struct reactor *reactor;
	struct listener *from;
	bool kill;
};

static void
on_drain(void *arg)
{
	struct drain d = *(struct drain *)arg;

	free(arg);
	LIST_EACH(&d.reactor->sessions, e) {
		struct session *s = session_of_link(e);

		if (session_from(s) != d.from)
			continue;
		if (d.kill)
			session_kill(s);
		else
			session_drain(s, "the proxy stops");
	}
}

void
reactor_drain(struct reactor *r, struct listener *from, bool kill)
{
	struct drain *d = malloc(sizeof(*d));

	/* Without memory the sessions end with the reactor. */
	if (d == NULL)
		return;
	*d = (struct drain){{NULL, on_drain, d}, r, from, kill};
	if (wake_post(loop_wake(r->loop), &d->call) != 0)
		free(d);
}
