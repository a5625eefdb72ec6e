/*
 * A paused connection whose peer hangs up.  What the peer sent before lies unread in
 * front of the end, so that reading can't tell.
 *
 * libevent's EV_CLOSED would not do: of a connection that is reset the kernel says
 * EPOLLERR, which libevent takes for readable and writable.  With neither watched the loop
 * would spin.  So paused connections are in an epoll of their own, which says a thing once
 * (EPOLLONESHOT) and which the loop watches as it does any descriptor.
 */
#include <sys/epoll.h>
#include <unistd.h>

#include "net/io_internal.h"

#define PER_TURN 64

static void
on_hangups(evutil_socket_t fd, short what, void *arg)
{
	struct io_shared *s = arg;
	struct epoll_event events[PER_TURN];
	int n = epoll_wait(fd, events, PER_TURN, 0);

	(void)what;
	io_enter(s);
	for (int i = 0; i < n; i++) {
		/* A connection that an owner closed meanwhile is freed at the end of the turn. */
		struct io *io = events[i].data.ptr;

		if (!io->hangup_armed)
			continue;
		io_hangup_watch(io, false);
		io_emit(io, &(struct io_note){.ev = IO_HANGUP});
	}
	io_leave(s);
}

static int
open_hangups(struct io_shared *s)
{
	if (s->hangups >= 0)
		return 0;
	s->hangups = epoll_create1(EPOLL_CLOEXEC);
	if (s->hangups < 0)
		return ERR_IO;
	event_assign(&s->hangup_event, loop_base(s->loop), s->hangups, EV_READ | EV_PERSIST, on_hangups, s);
	if (event_add(&s->hangup_event, NULL) == 0)
		return 0;
	close(s->hangups);
	s->hangups = -1;
	return ERR_NOMEM;
}

void
io_hangup_watch(struct io *io, bool on)
{
	struct epoll_event e = {.events = EPOLLRDHUP | EPOLLONESHOT, .data.ptr = io};

	if (!io->tells_hangup || io->hangup_armed == on)
		return;
	/* Where it can't be watched (no memory, no descriptor) the idle timer ends the connection. */
	if (on && (open_hangups(io->shared) != 0 || epoll_ctl(io->shared->hangups, EPOLL_CTL_ADD, io->fd, &e) != 0))
		return;
	if (!on)
		(void)epoll_ctl(io->shared->hangups, EPOLL_CTL_DEL, io->fd, NULL);
	io->hangup_armed = on;
}

void
io_hangup_free(struct io_shared *s)
{
	if (s->hangups < 0)
		return;
	event_del(&s->hangup_event);
	close(s->hangups);
	s->hangups = -1;
}
