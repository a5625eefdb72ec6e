/* What io.c, io_in.c and io_out.c share. */
#ifndef NET_IO_INTERNAL_H
#define NET_IO_INTERNAL_H

#include <sys/uio.h>

#include "net/io.h"
#include "net/loop_internal.h"

/*
 * What a connection holds besides whole frames is bounded, whatever its peers do: output up
 * to the high mark and, before its owner stops whoever it comes from, one scratch more, in
 * which also lies what was received behind it.  A piece of output fills half of the memory
 * that it lies in (io_out.c), so that is 2 * IO_HIGH + IO_SCRATCH, less than 256 KiB.
 */
#define IO_SCRATCH ((size_t)80 * 1024)
#define IO_HIGH IO_SCRATCH /* so that no single chunk pauses anybody */
#define IO_PIECE ((size_t)128) /* what a piece costs besides its bytes */
#define IO_SMALL ((size_t)4096) /* what is cheaper to copy than to keep in a large blob */

_Static_assert(2 * IO_HIGH + IO_SCRATCH <= 256 * 1024, "what the documents say");
_Static_assert(IO_SCRATCH >= 4 + IO_HEAD_MAX + IO_SMALL, "a header must fit, and more be readable behind it");

/*
 * What bytes go through.  readv and writev are as the system's; EPROTO: the stream itself is
 * broken, and why() says it.  A stream may hold bytes that the kernel won't announce
 * (io->more), read only when it can write (io->read_on_write), and the reverse.
 */
struct stream {
	bool (*start)(struct io *io); /* goes on with what comes before IO_UP: true when it is through; NULL: nothing */
	ssize_t (*readv)(struct io *io, struct iovec *iov, int n);
	ssize_t (*writev)(struct io *io, struct iovec *iov, int n); /* less than all: EAGAIN would be next */
	bool (*shut)(struct io *io); /* says that no more will be sent; false: again when there is room */
	const char *(*why)(struct io *io);
	void (*close)(struct io *io);
	void (*free)(struct io *io); /* later: what texts of events were in */
};

struct io_shared {
	struct loop *loop;
	struct blob *scratch;
	struct list dirty; /* connections with output that nobody tried to write yet */
	struct loop_task flush;
	unsigned depth; /* of handlers that flush when they are through */
	int hangups;    /* an epoll of the paused connections; -1: not needed yet */
	struct event hangup_event;
};

struct out_piece {
	struct blob *blob; /* NULL: the bytes are in own */
	size_t off;
	size_t len;
	uint8_t own[4];
};

struct io {
	struct loop *loop;
	struct io_shared *shared;
	const struct stream *stream;
	struct io_tls *tls; /* of that stream */
	io_fn *fn;
	void *arg;
	int fd;
	uint32_t max_frame;
	uint32_t max_relayed;
	struct event rd;
	struct event wr;
	struct loop_task task;
	struct addr peer;
	bool up, paused, closed, ended, finishing;
	bool peer_done;        /* finishing: its end of stream came before our output was out */
	bool reading, writing; /* the events are armed */
	bool tells_hangup, hangup_armed;
	bool more, read_on_write, write_on_read; /* see struct stream */

	/* in */
	struct blob *stash;
	size_t stash_off;
	size_t stash_len;
	size_t need;         /* of the next frame's first bytes, before IO_HEAD */
	struct blob *frame;  /* a whole frame in the making */
	uint32_t frame_len;
	uint64_t relay_left; /* of a relayed frame and its prefix */

	/* out: a ring */
	struct out_piece *q;
	size_t q_first, q_count, q_cap;
	size_t q_fresh; /* the newest pieces, which may still point into scratch */
	size_t queued;
	size_t high, low;
	bool is_high;
	struct link dirty;

	struct loop_timer *idle;
	unsigned idle_ms;
	struct monotime active;
	struct loop_timer *linger; /* of io_finish(); again and again while the peer takes bytes */
	unsigned linger_ms;
	size_t linger_left; /* bytes that the peer had not taken at the last look */
	struct monotime finish_by;
	uint64_t bytes_in, bytes_out;
};

/* io.c */
struct io *io_create(struct loop *l, int fd, uint32_t max_frame, const struct stream *stream, io_fn *fn, void *arg) MUSTCHECK;
void io_emit(struct io *io, struct io_note *note);
void io_end(struct io *io, struct io_note note); /* the last event but IO_DONE */
void io_fail(struct io *io, enum io_why why, int err);
void io_broken(struct io *io); /* after readv or writev: errno, or the stream's own words */
void io_watch_read(struct io *io, bool on);
void io_watch_write(struct io *io, bool on);
struct blob *io_scratch(struct io_shared *s); /* free to be overwritten; NULL: no memory */

/* io_hangup.c */
void io_hangup_watch(struct io *io, bool on);
void io_hangup_free(struct io_shared *s);

/* io_in.c */
bool io_in_receive(struct io *io, unsigned *frames, size_t *budget); /* true: there may be more to receive */
void io_in_consume(struct io *io, struct blob *b, size_t off, size_t len, unsigned *frames);
bool io_in_waits(const struct io *io); /* what is stashed is not enough to go on */
void io_in_drop_stash(struct io *io);

/* io_out.c */
void io_out_flush(struct io *io);
void io_out_flush_all(struct io_shared *s);
void io_out_clear(struct io *io);
void io_enter(struct io_shared *s); /* output waits … */
void io_leave(struct io_shared *s); /* … until here */

#endif
