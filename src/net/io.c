/*
 *   recv ─► [ scratch: one per loop, shared by its connections ]
 *              │ frame boundary: IO_HEAD asks the owner
 *              ├─ relay: IO_CHUNK lends pieces of scratch; what the other side can't take at once is moved out of it
 *              └─ whole: copied once into the frame's blob; its rest is received straight into it
 *
 * What was received but may not be handed on yet (a pause, a header cut in two) is the stash:
 * a small copy, or the rest of a scratch, which the loop then replaces.
 */
#include "net/io.h"

#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "net/io_internal.h"

#define BURST ((size_t)512 * 1024) /* bytes of one connection in one turn, then the others' turn */
#define FRAMES_PER_TURN 64         /* likewise, for frames so small that bytes don't tell */

static ssize_t
plain_readv(struct io *io, struct iovec *iov, int n)
{
	return readv(io->fd, iov, n);
}

static ssize_t
plain_writev(struct io *io, struct iovec *iov, int n)
{
	struct msghdr m = {.msg_iov = iov, .msg_iovlen = (size_t)n};

	return sendmsg(io->fd, &m, MSG_NOSIGNAL);
}

static bool
plain_shut(struct io *io)
{
	(void)shutdown(io->fd, SHUT_WR);
	return true;
}

static void
plain_close(struct io *io)
{
	close(io->fd);
}

static const struct stream plain = {
	.readv = plain_readv, .writev = plain_writev, .shut = plain_shut, .close = plain_close};

/* --- what the connections of a loop share ---------------------------------------- */

static void
on_flush_task(void *arg)
{
	io_out_flush_all(arg);
}

static struct io_shared *
shared_of(struct loop *l)
{
	struct io_shared **at = loop_io_shared(l);

	if (*at != NULL)
		return *at;
	*at = calloc(1, sizeof(**at));
	if (*at == NULL)
		return NULL;
	(*at)->loop = l;
	(*at)->hangups = -1;
	(*at)->flush = (struct loop_task){.fn = on_flush_task, .arg = *at};
	list_init(&(*at)->dirty);
	return *at;
}

void
io_shared_free(struct loop *l)
{
	struct io_shared **at = loop_io_shared(l);

	if (*at == NULL)
		return;
	INVARIANT((*at)->dirty.count == 0);
	loop_cancel(l, &(*at)->flush);
	io_hangup_free(*at);
	blob_unref((*at)->scratch);
	free(*at);
	*at = NULL;
}

/* The scratch, free to be overwritten; NULL when there is no memory. */
struct blob *
io_scratch(struct io_shared *s)
{
	if (s->scratch != NULL && s->scratch->refs > 1) {
		blob_unref(s->scratch);
		s->scratch = NULL;
	}
	if (s->scratch == NULL)
		s->scratch = blob_new(IO_SCRATCH);
	return s->scratch;
}

/* --- events ---------------------------------------------------------------------- */

void
io_emit(struct io *io, struct io_note *note)
{
	if (!io->closed)
		io->fn(io->arg, io, note);
}

void
io_watch_read(struct io *io, bool on)
{
	if (io->reading == on)
		return;
	if (on && event_add(&io->rd, NULL) != 0)
		return; /* no memory: the idle timer ends the connection */
	if (!on)
		event_del(&io->rd);
	io->reading = on;
}

void
io_watch_write(struct io *io, bool on)
{
	if (io->writing == on)
		return;
	if (on && event_add(&io->wr, NULL) != 0)
		return;
	if (!on)
		event_del(&io->wr);
	io->writing = on;
}

/* The last event but IO_DONE; what it says stays true. */
void
io_end(struct io *io, struct io_note note)
{
	if (io->closed || io->ended)
		return;
	io->ended = true;
	io_hangup_watch(io, false);
	io_watch_read(io, false);
	io_watch_write(io, false);
	if (io->finishing)
		note = (struct io_note){.ev = IO_DONE};
	io_emit(io, &note);
}

void
io_fail(struct io *io, enum io_why why, int err)
{
	io_end(io, (struct io_note){.ev = IO_FAIL, .why = why, .err = err});
}

void
io_broken(struct io *io)
{
	const char *text = errno == EPROTO && io->stream->why != NULL ? io->stream->why(io) : NULL;

	if (text != NULL)
		io_end(io, (struct io_note){.ev = IO_FAIL, .why = IO_WHY_TLS, .text = text});
	else
		io_fail(io, IO_WHY_SYSTEM, errno);
}

/* --- handlers ---------------------------------------------------------------------- */

static void
receive(struct io *io)
{
	struct io_shared *s = io->shared;
	unsigned frames = FRAMES_PER_TURN;
	size_t budget = BURST;
	bool more = true;

	while (more && budget > 0 && !io->closed && !io->ended) {
		/* The watch outlives a short pause, which so costs no system call. */
		if (io->paused && !io->finishing) {
			io_watch_read(io, io->write_on_read);
			io_hangup_watch(io, true);
			break;
		}
		if (!io_in_waits(io))
			break; /* the task is on its way */
		io_enter(s);
		more = io_in_receive(io, &frames, &budget);
		io_leave(s);
	}
	/* The others' turn; the kernel won't call again for what the stream has already. */
	if (io->more && !io->paused && !io->closed && !io->ended)
		loop_next(io->loop, &io->task);
}

/* On to IO_UP. */
static void
start(struct io *io)
{
	if (io->stream->start != NULL) {
		if (!io->stream->start(io))
			return;
		io->more = true; /* frames may have come on the heels of the handshake */
		loop_next(io->loop, &io->task);
	}
	io->up = true;
	io_watch_read(io, !io->paused);
	io_hangup_watch(io, io->paused);
	io_watch_write(io, false);
	io_emit(io, &(struct io_note){.ev = IO_UP});
	if (!io->closed && !io->ended && io->q_count > 0)
		io_out_flush(io);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct io *io = arg;
	struct io_shared *s = io->shared;

	(void)fd;
	(void)what;
	io_enter(s);
	if (!io->up && !io->finishing) {
		start(io);
	} else {
		if (io->write_on_read) {
			io->write_on_read = false;
			io_out_flush(io);
		}
		receive(io);
	}
	io_leave(s);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct io *io = arg;
	struct io_shared *s = io->shared;

	(void)fd;
	(void)what;
	io_enter(s);
	if (!io->up && !io->finishing) {
		start(io);
	} else {
		if (io->read_on_write) {
			io->read_on_write = false;
			receive(io);
		}
		if (!io->closed && !io->ended)
			io_out_flush(io);
	}
	io_leave(s);
}

static void
io_free(struct io *io)
{
	if (io->stream->free != NULL)
		io->stream->free(io);
	free(io->q);
	free(io);
}

static void
on_task(void *arg)
{
	struct io *io = arg;
	struct io_shared *s = io->shared;
	unsigned frames = FRAMES_PER_TURN;

	if (io->closed) {
		io_free(io);
		return;
	}
	if (io->finishing && io->linger == NULL)
		io_end(io, (struct io_note){.ev = IO_DONE});
	if (io->ended || io->finishing)
		return;
	io_enter(s);
	if (!io->up) {
		start(io);
	} else {
		if (!io->paused && io->stash != NULL) {
			struct blob *b = blob_ref(io->stash); /* a pause may replace the stash by a copy of its rest */

			io_in_consume(io, b, io->stash_off, io->stash_len, &frames);
			blob_unref(b);
		}
		if (io->more)
			receive(io);
	}
	io_leave(s);
}

static void
on_idle(void *arg)
{
	struct io *io = arg;
	int64_t left = io->idle_ms - monotime_since_ms(clock_now(), io->active);

	if (left > 0)
		loop_timer_set(io->idle, left);
	else
		io_end(io, (struct io_note){.ev = IO_IDLE});
}

/* Bytes that the peer has not taken yet: ours, and the kernel's of this connection. */
static size_t
untaken(const struct io *io)
{
	int n = 0;

	(void)ioctl(io->fd, SIOCOUTQ, &n);
	return io->queued + (n > 0 ? (size_t)n : 0);
}

static void
on_linger(void *arg)
{
	struct io *io = arg;
	int64_t left_ms = monotime_since_ms(io->finish_by, clock_now());
	size_t left = untaken(io);

	if (left >= io->linger_left || left_ms <= 0) {
		io_end(io, (struct io_note){.ev = IO_DONE});
		return;
	}
	io->linger_left = left;
	loop_timer_set(io->linger, io->linger_ms < left_ms ? io->linger_ms : left_ms);
}

/* --- for owners -------------------------------------------------------------------- */

struct io *
io_create(struct loop *l, int fd, uint32_t max_frame, const struct stream *stream, io_fn *fn, void *arg)
{
	static const int on = 1;
	struct io_shared *s = shared_of(l);
	struct io *io = s != NULL ? calloc(1, sizeof(*io)) : NULL;

	if (io == NULL) {
		close(fd);
		return NULL;
	}
	io->loop = l;
	io->shared = s;
	io->stream = stream;
	io->fn = fn;
	io->arg = arg;
	io->fd = fd;
	io->max_frame = io->max_relayed = max_frame;
	io->high = IO_HIGH;
	io->low = IO_HIGH / 2;
	io->active = clock_now();
	io->peer = addr_of_peer(fd);
	io->task = (struct loop_task){.fn = on_task, .arg = io};
	event_assign(&io->rd, loop_base(l), fd, EV_READ | EV_PERSIST, on_readable, io);
	event_assign(&io->wr, loop_base(l), fd, EV_WRITE | EV_PERSIST, on_writable, io);
	/* Not every socket is TCP (tests use pairs); what can't be set isn't needed there. */
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
	loop_next(l, &io->task);
	return io;
}

struct io *
io_new(struct loop *l, int fd, uint32_t max_frame, io_fn *fn, void *arg)
{
	return io_create(l, fd, max_frame, &plain, fn, arg);
}

void
io_set_owner(struct io *io, io_fn *fn, void *arg)
{
	io->fn = fn;
	io->arg = arg;
}

void
io_close(struct io *io)
{
	if (io == NULL || io->closed)
		return;
	io->closed = true;
	io_hangup_watch(io, false);
	io_watch_read(io, false);
	io_watch_write(io, false);
	loop_timer_free(io->idle);
	loop_timer_free(io->linger);
	io->idle = io->linger = NULL;
	if (link_in_list(&io->dirty))
		list_remove(&io->shared->dirty, &io->dirty);
	io_out_clear(io);
	io_in_drop_stash(io);
	blob_unref(blob_take(&io->frame));
	io->stream->close(io);
	/* A handler of this connection may be on the stack. */
	loop_next(io->loop, &io->task);
}

void
io_reset(struct io *io)
{
	static const struct linger none = {.l_onoff = 1};

	if (io != NULL && !io->closed)
		(void)setsockopt(io->fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
	io_close(io);
}

void
io_finish(struct io *io, unsigned linger_ms, unsigned deadline_ms)
{
	if (io->closed || io->finishing)
		return;
	io->finishing = true;
	io_hangup_watch(io, false);
	io_in_drop_stash(io);
	blob_unref(blob_take(&io->frame));
	io->relay_left = 0;
	io->linger = loop_timer_new(io->loop, on_linger, io);
	io->linger_ms = linger_ms < deadline_ms ? linger_ms : deadline_ms;
	io->linger_left = untaken(io);
	io->finish_by.ns = clock_now().ns + (int64_t)deadline_ms * 1000000;
	if (io->linger != NULL)
		loop_timer_set(io->linger, io->linger_ms);
	else
		loop_next(io->loop, &io->task); /* no memory to wait with */
	/*
	 * Closing with unread input makes the kernel send RST, which would destroy what the
	 * peer has not read yet.  So: our end first, then read until theirs comes.
	 */
	io_watch_read(io, true);
	if (!io->up && io->stream->start != NULL)
		io_out_clear(io); /* nobody could read it */
	if (io->q_count == 0 && !io->stream->shut(io))
		io_watch_write(io, true);
}

void
io_pause(struct io *io)
{
	io->paused = true;
}

void
io_resume(struct io *io)
{
	if (!io->paused || io->closed || io->ended)
		return;
	io->paused = false;
	if (!io->up)
		return;
	io_hangup_watch(io, false);
	io_watch_read(io, true);
	if (!io_in_waits(io) || io->more)
		loop_next(io->loop, &io->task);
}

bool
io_paused(const struct io *io)
{
	return io->paused;
}

void
io_tell_hangup(struct io *io)
{
	io->tells_hangup = true;
}

size_t
io_queued(const struct io *io)
{
	return io->queued;
}

void
io_set_marks(struct io *io, size_t high, size_t low)
{
	io->high = high;
	io->low = low;
}

bool
io_is_high(const struct io *io)
{
	return io->is_high;
}

int
io_set_idle(struct io *io, unsigned ms)
{
	loop_timer_free(io->idle);
	io->idle = NULL;
	io->idle_ms = ms;
	if (ms == 0)
		return 0;
	io->idle = loop_timer_new(io->loop, on_idle, io);
	if (io->idle == NULL)
		return ERR_NOMEM;
	loop_timer_set(io->idle, ms);
	return 0;
}

void
io_relay_up_to(struct io *io, uint32_t max)
{
	io->max_relayed = max;
}

uint64_t
io_bytes_in(const struct io *io)
{
	return io->bytes_in;
}

uint64_t
io_bytes_out(const struct io *io)
{
	return io->bytes_out;
}

const struct addr *
io_peer(const struct io *io)
{
	return &io->peer;
}
