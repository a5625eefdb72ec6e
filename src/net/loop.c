#include "net/loop.h"

#include <errno.h>

#include "net/io.h"
#include "net/loop_internal.h"

struct loop {
	struct event_base *base;
	struct wake *wake;
	struct event wake_event;
	struct list tasks;
	struct io_shared *io;
	bool stop;
};

struct loop_timer {
	struct event ev;
	loop_fn *fn;
	void *arg;
};

struct loop_watch {
	struct event ev;
	struct loop *loop;
	loop_watch_fn *fn;
	void *arg;
	int fd;
	unsigned what;
};

struct loop_signal {
	struct event ev;
	loop_fn *fn;
	void *arg;
};

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	wake_run(l->wake);
}

struct loop *
loop_new(void)
{
	struct loop *l = calloc(1, sizeof(*l));
	struct event_config *cfg = NULL;

	if (l == NULL)
		return NULL;
	list_init(&l->tasks);
	l->wake = wake_new();
	if (l->wake == NULL)
		goto fail;
	cfg = event_config_new();
	if (cfg == NULL)
		goto fail;
	/* One thread, and nobody's environment variables choose the kernel interface. */
	event_config_set_flag(cfg, EVENT_BASE_FLAG_NOLOCK);
	event_config_set_flag(cfg, EVENT_BASE_FLAG_IGNORE_ENV);
	l->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (l->base == NULL)
		goto fail;
	event_assign(&l->wake_event, l->base, wake_fd(l->wake), EV_READ | EV_PERSIST, on_wake, l);
	if (event_add(&l->wake_event, NULL) != 0)
		goto fail;
	return l;
fail:
	if (l->base != NULL)
		event_base_free(l->base);
	wake_unref(l->wake);
	free(l);
	return NULL;
}

static void
run_tasks(struct loop *l)
{
	/* What a task queues waits for the next turn: work without end must not starve the sockets. */
	for (size_t n = l->tasks.count; n > 0 && l->tasks.count > 0; n--) {
		struct loop_task *t = CONTAINER_OF(list_pop(&l->tasks), struct loop_task, link);

		t->fn(t->arg);
	}
}

void
loop_free(struct loop *l)
{
	if (l == NULL)
		return;
	wake_close(l->wake);
	while (l->tasks.count > 0)
		run_tasks(l); /* closed connections wait there for their end */
	io_shared_free(l);
	event_del(&l->wake_event);
	event_base_free(l->base);
	wake_unref(l->wake);
	free(l);
}

int
loop_turn(struct loop *l)
{
	int flags = EVLOOP_ONCE | (l->tasks.count > 0 ? EVLOOP_NONBLOCK : 0);

	if (event_base_loop(l->base, flags) < 0)
		return ERR_IO;
	run_tasks(l);
	return 0;
}

int
loop_run(struct loop *l)
{
	int err = 0;

	while (!l->stop && err == 0)
		err = loop_turn(l);
	l->stop = false;
	return err;
}

void
loop_stop(struct loop *l)
{
	l->stop = true;
}

struct wake *
loop_wake(struct loop *l)
{
	return l->wake;
}

struct event_base *
loop_base(struct loop *l)
{
	return l->base;
}

struct io_shared **
loop_io_shared(struct loop *l)
{
	return &l->io;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct loop_timer *t = arg;

	(void)fd;
	(void)what;
	t->fn(t->arg);
}

struct loop_timer *
loop_timer_new(struct loop *l, loop_fn *fn, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->fn = fn;
	t->arg = arg;
	event_assign(&t->ev, l->base, -1, 0, on_timer, t);
	return t;
}

void
loop_timer_set(struct loop_timer *t, int64_t ms)
{
	struct timeval tv;

	if (ms < 0)
		ms = 0;
	tv = (struct timeval){ms / 1000, ms % 1000 * 1000};
	/* libevent makes room in its heap before it touches the timer: out of memory, it would not fire. */
	INVARIANT(event_add(&t->ev, &tv) == 0);
}

void
loop_timer_clear(struct loop_timer *t)
{
	if (t != NULL)
		event_del(&t->ev);
}

void
loop_timer_free(struct loop_timer *t)
{
	loop_timer_clear(t);
	free(t);
}

void
loop_next(struct loop *l, struct loop_task *t)
{
	if (!link_in_list(&t->link))
		list_append(&l->tasks, &t->link);
}

void
loop_cancel(struct loop *l, struct loop_task *t)
{
	if (link_in_list(&t->link))
		list_remove(&l->tasks, &t->link);
}

static void
on_watch(evutil_socket_t fd, short what, void *arg)
{
	struct loop_watch *w = arg;

	w->fn(w->arg, fd, ((what & EV_READ) != 0 ? LOOP_READ : 0) | ((what & EV_WRITE) != 0 ? LOOP_WRITE : 0));
}

static int
watch_arm(struct loop_watch *w, unsigned what)
{
	short ev = EV_PERSIST;

	if (w->what != 0)
		event_del(&w->ev);
	w->what = what;
	if (what == 0)
		return 0;
	if ((what & LOOP_READ) != 0)
		ev |= EV_READ;
	if ((what & LOOP_WRITE) != 0)
		ev |= EV_WRITE;
	event_assign(&w->ev, w->loop->base, w->fd, ev, on_watch, w);
	return event_add(&w->ev, NULL);
}

struct loop_watch *
loop_watch_new(struct loop *l, int fd, unsigned what, loop_watch_fn *fn, void *arg)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->loop = l;
	w->fd = fd;
	w->fn = fn;
	w->arg = arg;
	if (watch_arm(w, what) != 0) {
		free(w);
		return NULL;
	}
	return w;
}

void
loop_watch_set(struct loop_watch *w, unsigned what)
{
	/* The kernel knew this fd before and has room for it; going on unwatched would be a silent hang. */
	if (w->what != what)
		INVARIANT(watch_arm(w, what) == 0);
}

void
loop_watch_free(struct loop_watch *w)
{
	if (w == NULL)
		return;
	loop_watch_set(w, 0);
	free(w);
}

static void
on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct loop_signal *s = arg;

	(void)signo;
	(void)what;
	s->fn(s->arg);
}

struct loop_signal *
loop_signal_new(struct loop *l, int signo, loop_fn *fn, void *arg)
{
	struct loop_signal *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->fn = fn;
	s->arg = arg;
	evsignal_assign(&s->ev, l->base, signo, on_signal, s);
	if (event_add(&s->ev, NULL) != 0) {
		free(s);
		return NULL;
	}
	return s;
}

void
loop_signal_free(struct loop_signal *s)
{
	if (s == NULL)
		return;
	event_del(&s->ev);
	free(s);
}
