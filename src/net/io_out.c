/* The output queue: a ring of pieces of blobs, written with as few system calls as possible. */
#include <errno.h>

#include "net/io_internal.h"

#define IOVECS 256 /* small frames fill a TLS record, or save a system call */

static struct out_piece *
piece_at(struct io *io, size_t i)
{
	return &io->q[(io->q_first + i) & (io->q_cap - 1)];
}

/* What the marks are compared with: many pieces of few bytes are much memory, too. */
static size_t
held(const struct io *io)
{
	return io->queued + io->q_count * IO_PIECE;
}

static int
queue_reserve(struct io *io, size_t more)
{
	size_t cap = io->q_cap > 0 ? io->q_cap : 8;
	struct out_piece *q;

	if (more <= io->q_cap - io->q_count)
		return 0;
	while (cap - io->q_count < more)
		cap *= 2;
	q = malloc(cap * sizeof(*q));
	if (q == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < io->q_count; i++)
		q[i] = *piece_at(io, i);
	free(io->q);
	io->q = q;
	io->q_cap = cap;
	io->q_first = 0;
	return 0;
}

static void
queue_push(struct io *io, struct out_piece p)
{
	*piece_at(io, io->q_count) = p;
	io->q_count++;
	io->q_fresh++;
}

/* Takes n bytes that went out off the front. */
static void
queue_sent(struct io *io, size_t n)
{
	io->queued -= n;
	while (n > 0) {
		struct out_piece *p = piece_at(io, 0);

		if (n < p->len) {
			p->off += n;
			p->len -= n;
			break;
		}
		n -= p->len;
		blob_unref(p->blob);
		io->q_first = (io->q_first + 1) & (io->q_cap - 1);
		io->q_count--;
	}
	if (io->q_fresh > io->q_count)
		io->q_fresh = io->q_count;
	if (io->q_count == 0 && io->q_cap > 32) {
		free(io->q);
		io->q = NULL;
		io->q_cap = io->q_first = 0;
	}
}

/* Appends p's bytes to the piece before it, when that one's blob is ours alone and has room. */
static bool
settle_into(struct out_piece *before, struct out_piece *p)
{
	struct blob *b = before->blob;

	if (b == NULL || b->refs > 1 || before->off + before->len != b->len || b->cap - b->len < p->len)
		return false;
	memcpy(b->data + b->len, p->blob->data + p->off, p->len);
	b->secret |= p->blob->secret;
	b->len += p->len;
	before->len += p->len;
	blob_unref(p->blob);
	return true;
}

/* Gives p a place of its own when it is a small part of what it lies in, so that few bytes don't hold much memory. */
static void
move_out(struct out_piece *p)
{
	struct blob *b;

	if (p->blob == NULL || p->len > IO_SCRATCH / 2 || p->len >= p->blob->cap / 2 || p->blob->cap <= IO_SMALL)
		return;
	b = blob_new(p->len < IO_SMALL ? IO_SMALL : p->len);
	if (b == NULL)
		return; /* it stays where it is: more memory held, nothing lost */
	memcpy(b->data, p->blob->data + p->off, p->len);
	b->len = p->len;
	b->secret = p->blob->secret;
	blob_unref(p->blob);
	p->blob = b;
	p->off = 0;
}

/* What could not be written at once stays longer: the new pieces, and the first, of which only a part went. */
static void
settle(struct io *io)
{
	size_t kept = io->q_count - io->q_fresh;

	if (kept > 0)
		move_out(piece_at(io, 0));
	for (size_t i = kept; i < io->q_count; i++) {
		struct out_piece p = *piece_at(io, i);
		bool small = p.blob != NULL && p.len <= IO_SCRATCH / 2 && p.len < p.blob->cap / 2;

		if (small && kept > 0 && settle_into(piece_at(io, kept - 1), &p))
			continue;
		move_out(&p);
		*piece_at(io, kept++) = p;
	}
	io->q_count = kept;
	io->q_fresh = 0;
}

void
io_out_clear(struct io *io)
{
	for (size_t i = 0; i < io->q_count; i++)
		blob_unref(piece_at(io, i)->blob);
	free(io->q);
	io->q = NULL;
	io->q_first = io->q_count = io->q_cap = io->q_fresh = io->queued = 0;
}

/* Writes what the kernel takes.  Asks to be told of room only when it took less than all. */
void
io_out_flush(struct io *io)
{
	if (!io->up && io->stream->start != NULL)
		return; /* it waits for the handshake */
	while (io->q_count > 0) {
		struct iovec iov[IOVECS];
		size_t want = 0;
		ssize_t n;
		int count = 0;

		for (size_t i = 0; i < io->q_count && count < IOVECS; i++) {
			struct out_piece *p = piece_at(io, i);
			uint8_t *from = p->blob != NULL ? p->blob->data : p->own;

			iov[count++] = (struct iovec){from + p->off, p->len};
			want += p->len;
		}
		n = io->stream->writev(io, iov, count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			io_broken(io);
			return;
		}
		if (n > 0) {
			io->bytes_out += (uint64_t)n;
			io->active = clock_now();
			queue_sent(io, (size_t)n);
		}
		if (n < 0 || (size_t)n < want) {
			io_watch_write(io, !io->write_on_read);
			break;
		}
	}
	if (io->q_count == 0) {
		io_watch_write(io, io->read_on_write);
		if (io->finishing) {
			if (!io->stream->shut(io))
				io_watch_write(io, true);
			else if (io->peer_done)
				io_end(io, (struct io_note){.ev = IO_DONE});
			return;
		}
	} else {
		settle(io);
	}
	if (io->is_high && held(io) <= io->low) {
		io->is_high = false;
		if (!io->finishing)
			io_emit(io, &(struct io_note){.ev = IO_LOW});
	}
}

void
io_out_flush_all(struct io_shared *s)
{
	struct link *e;

	while ((e = list_pop(&s->dirty)) != NULL) {
		struct io *io = CONTAINER_OF(e, struct io, dirty);

		if (io->ended)
			continue;
		if (io->writing)
			settle(io); /* the kernel has no room; it will say when */
		else
			io_out_flush(io);
	}
}

void
io_enter(struct io_shared *s)
{
	s->depth++;
}

void
io_leave(struct io_shared *s)
{
	s->depth--;
	io_out_flush_all(s);
}

static void
queued_more(struct io *io, size_t n)
{
	io->queued += n;
	if (held(io) > io->high)
		io->is_high = true;
	if (!link_in_list(&io->dirty))
		list_append(&io->shared->dirty, &io->dirty);
	if (io->shared->depth == 0)
		loop_next(io->loop, &io->shared->flush);
}

int
io_send(struct io *io, struct blob *b, size_t off, size_t len)
{
	struct out_piece *last;
	int err;

	if (io->closed || io->ended || len == 0)
		return 0;
	last = io->q_count > 0 ? piece_at(io, io->q_count - 1) : NULL;
	/* Relayed frames that lie side by side go out as one. */
	if (last != NULL && last->blob == b && last->off + last->len == off) {
		last->len += len;
		io->q_fresh += io->q_fresh == 0;
		queued_more(io, len);
		return 0;
	}
	err = queue_reserve(io, 1);
	if (err != 0)
		return err;
	queue_push(io, (struct out_piece){.blob = blob_ref(b), .off = off, .len = len});
	queued_more(io, len);
	return 0;
}

int
io_send_frame(struct io *io, struct rope *frame)
{
	struct out_piece prefix = {.len = 4};
	size_t total = frame->total;
	int err;

	if (total > INT32_MAX)
		return ERR_LIMIT;
	if (io->closed || io->ended) {
		rope_clear(frame);
		return 0;
	}
	err = queue_reserve(io, frame->count + 1);
	if (err != 0)
		return err;
	for (int i = 0; i < 4; i++)
		prefix.own[i] = (uint8_t)(total >> (24 - 8 * i));
	queue_push(io, prefix);
	for (size_t i = 0; i < frame->count; i++) {
		struct rope_piece *p = &frame->pieces[i];

		queue_push(io, (struct out_piece){.blob = blob_take(&p->blob), .off = p->off, .len = p->len});
	}
	rope_clear(frame);
	queued_more(io, total + 4);
	return 0;
}
