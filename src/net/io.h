/*
 * io: one framed connection.  A frame is a big-endian length and as many bytes.
 *
 *   in    socket ─► scratch (one per loop) ─┬─► IO_CHUNK  a relayed frame, handed on as it arrives
 *                                           └─► IO_FRAME  a whole frame, grown as bytes really arrive
 *   out   pieces of blobs ─► writev ─► socket
 *
 * The socket is the kernel's, or TLS over it (io_new_tls), which owners need not know.
 * An idle connection holds no buffer.  io_pause() and io_resume() are the only flow
 * control; who sends watches io_queued() and gets IO_LOW.  A struct io belongs to one
 * loop and its thread.
 */
#ifndef NET_IO_H
#define NET_IO_H

#include "base/clock.h"
#include "base/rope.h"
#include "net/addr.h"
#include "net/loop.h"
#include "net/tls.h"

struct io; /* opaque */

enum io_event {
	IO_UP,     /* usable; first event, in a turn after io_new(), or after the handshake */
	IO_HEAD,   /* a frame begins: set note->take */
	IO_FRAME,  /* a whole frame: note->blob; blob_take() it or it goes */
	IO_CHUNK,  /* bytes off..off+len of note->blob, the frame's length prefix included; borrowed */
	IO_LOW,    /* the output fell to the low mark after it was over the high mark */
	IO_EOF,    /* the peer sends no more; IO_EOF, IO_IDLE and IO_FAIL leave only io_close() to do */
	IO_HANGUP, /* after io_tell_hangup(): while it is paused the peer closed its end, or is gone */
	IO_IDLE,   /* no byte moved for the time of io_set_idle() */
	IO_FAIL,   /* broken: note->why, note->err */
	IO_DONE,   /* after io_finish(): all was sent and the peer closed, or its time is over */
};

enum io_take {
	IO_WHOLE, /* IO_FRAME when it is all there */
	IO_RELAY, /* IO_CHUNK as it comes */
	IO_MORE,  /* IO_HEAD again with at least note->need bytes, or the whole frame if that is shorter */
	IO_STOP,  /* not now: the owner paused this io; IO_HEAD again after io_resume() */
};

enum io_why {
	IO_WHY_SYSTEM, /* note->err is an errno */
	IO_WHY_LENGTH, /* note->frame_len is negative or over the maximum */
	IO_WHY_NOMEM,
	IO_WHY_CUT, /* end of stream inside a frame */
	IO_WHY_TLS, /* note->text says what; it stays until the end of the turn */
};

struct io_note {
	enum io_event ev;
	uint32_t frame_len; /* IO_HEAD, IO_CHUNK, IO_FAIL with IO_WHY_LENGTH: as on the wire */
	struct slice head;  /* IO_HEAD: what is there of the frame, without its length; IO_HEAD_MIN bytes or all */
	struct blob *blob;
	size_t off, len;
	bool last; /* IO_CHUNK: the frame ends with it */
	enum io_take take;
	size_t need;
	enum io_why why;
	int err;
	const char *text;
};

#define IO_HEAD_MIN 10       /* key, version, correlation id, length of the client id */
#define IO_HEAD_MAX 65536    /* note->need at most */

typedef void io_fn(void *arg, struct io *io, struct io_note *note);

/* Takes the connected fd, also on failure.  NULL: no memory. */
struct io *io_new(struct loop *l, int fd, uint32_t max_frame, io_fn *fn, void *arg) MUSTCHECK;

/*
 * The same over TLS; the context's side (server or client) is this end's.  A client checks
 * that the server's certificate is for `host`, a name or a numeric address; a server gives
 * NULL.  IO_UP comes after the handshake, or IO_FAIL with IO_WHY_TLS, in the context's time.
 * A server whose client says nothing at all and closes gets IO_EOF.
 */
struct io *io_new_tls(struct loop *l, int fd, uint32_t max_frame, struct tls_context *tls, const char *host, io_fn *fn,
		      void *arg) MUSTCHECK;

/* Whom the other end's certificate names; it was verified.  NULL: plaintext, or it showed none. */
struct io_tls_peer {
	const char *subject; /* RFC 2253 */
	const char *names;   /* alternative names, "DNS:kafka-1, IP:10.0.0.7" or "" */
	int64_t until;       /* when the certificate ends, in seconds since 1970; 0: it doesn't say */
};
const struct io_tls_peer *io_tls_peer(const struct io *io);

/* From now on the maximum is for whole frames only.  What is relayed needs no memory, and may be as long as `max`, at most INT32_MAX. */
void io_relay_up_to(struct io *io, uint32_t max);

/* From here on events go to another owner, also what is left of a callback's input. */
void io_set_owner(struct io *io, io_fn *fn, void *arg);

/* No callback afterwards; memory goes at the end of the turn.  NULL is fine. */
void io_close(struct io *io);

/* The same, and the peer is told by a reset: what it has not read yet is lost, and it knows that this was no orderly end. */
void io_reset(struct io *io);

/*
 * Reads no more (what comes is dropped), sends what is queued and waits for the peer to
 * close, then IO_DONE: at the latest when the peer took nothing for linger_ms, or after deadline_ms.
 */
void io_finish(struct io *io, unsigned linger_ms, unsigned deadline_ms);

/* Reading; a new io reads. Nestable it is not. */
void io_pause(struct io *io);
void io_resume(struct io *io);
bool io_paused(const struct io *io);

/*
 * From now on the owner hears of a peer that hangs up while reading is paused: IO_HANGUP,
 * once in a pause.  What the peer sent before is still to be read.
 */
void io_tell_hangup(struct io *io);

/*
 * Queues output.  It is written when the current callback's input is worked off, or at
 * the end of the turn.  0 or ERR_NOMEM (nothing was queued).
 */
int io_send(struct io *io, struct blob *b, size_t off, size_t len) MUSTCHECK; /* takes a reference of its own */
int io_send_frame(struct io *io, struct rope *frame) MUSTCHECK; /* puts the length in front; takes the rope on success */

size_t io_queued(const struct io *io); /* bytes not yet given to the kernel */
void io_set_marks(struct io *io, size_t high, size_t low); /* 80 and 40 KiB until then; each piece counts as some bytes more */
bool io_is_high(const struct io *io); /* over the high mark and IO_LOW is to come */

/* IO_IDLE when nothing moved in either direction for ms; 0: never.  0 or ERR_NOMEM. */
int io_set_idle(struct io *io, unsigned ms) MUSTCHECK;

uint64_t io_bytes_in(const struct io *io);
uint64_t io_bytes_out(const struct io *io);
const struct addr *io_peer(const struct io *io);

/* Frees what the loop's connections share.  By loop_free(). */
void io_shared_free(struct loop *l);

#endif
