/* Receiving and framing: scratch, stash, relayed and whole frames.  io.c has the picture. */
#include <errno.h>

#include "net/io_internal.h"

#define FIRST_ROOM ((size_t)64 * 1024) /* what a frame gets before more of it has come */

void
io_in_drop_stash(struct io *io)
{
	blob_unref(io->stash);
	io->stash = NULL;
	io->stash_off = io->stash_len = 0;
}

/* Keeps len bytes of b for later, b being scratch or the stash itself. */
static void
stash_put(struct io *io, struct blob *b, size_t off, size_t len)
{
	struct blob *keep = b;

	if (len == 0) {
		io_in_drop_stash(io);
		return;
	}
	if (len <= IO_SMALL && b->cap > IO_SMALL) {
		keep = blob_new(len);
		if (keep == NULL) {
			io_fail(io, IO_WHY_NOMEM, 0);
			return;
		}
		memcpy(keep->data, b->data + off, len);
		keep->len = len;
		off = 0;
	} else {
		blob_ref(keep);
	}
	io_in_drop_stash(io);
	io->stash = keep;
	io->stash_off = off;
	io->stash_len = len;
}

/* Room for at least one more byte of the frame: as much again as has come, never more than it says. */
static int
frame_room(struct io *io)
{
	size_t cap = io->frame->cap;

	if (io->frame->len < cap)
		return 0;
	cap = cap < FIRST_ROOM ? FIRST_ROOM : cap * 2;
	return blob_grow(io->frame, cap < io->frame_len ? cap : io->frame_len);
}

static int
refuse_length(struct io *io, uint32_t frame_len)
{
	io_end(io, (struct io_note){.ev = IO_FAIL, .why = IO_WHY_LENGTH, .frame_len = frame_len});
	return -1;
}

/* A frame begins at p: the owner says how to take it.  Returns bytes consumed, or -1 to stop here. */
static int
begin(struct io *io, const uint8_t *p, size_t len)
{
	uint32_t frame_len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	size_t there = len - 4 < frame_len ? len - 4 : frame_len;
	size_t need = io->need > IO_HEAD_MIN ? io->need : IO_HEAD_MIN;
	struct io_note note = {.ev = IO_HEAD, .frame_len = frame_len};
	size_t room;

	if (frame_len > INT32_MAX || frame_len > io->max_relayed)
		return refuse_length(io, frame_len);
	if (there < (need < frame_len ? need : frame_len))
		return -1;
	note.head = slice_of(p + 4, there);
	note.take = IO_RELAY;
	io_emit(io, &note);
	if (io->closed || io->finishing)
		return -1;
	switch (note.take) {
	case IO_STOP:
		return -1;
	case IO_MORE:
		INVARIANT(there < frame_len && note.need > there && note.need <= IO_HEAD_MAX);
		io->need = note.need;
		return -1;
	case IO_WHOLE:
		if (frame_len > io->max_frame)
			return refuse_length(io, frame_len);
		/* What is here already, or a first room: a promise of bytes is no reason to allocate. */
		room = there > FIRST_ROOM ? there : FIRST_ROOM;
		io->frame = blob_new(frame_len < room ? frame_len : room);
		if (io->frame == NULL) {
			io_fail(io, IO_WHY_NOMEM, 0);
			return -1;
		}
		io->frame_len = frame_len;
		io->need = 0;
		return 4;
	case IO_RELAY:
		io->relay_left = (uint64_t)frame_len + 4;
		io->frame_len = frame_len;
		io->need = 0;
		return 0;
	}
	return -1;
}

static bool
frame_complete(struct io *io)
{
	struct io_note note = {.ev = IO_FRAME, .frame_len = io->frame_len};

	if (io->frame == NULL || io->frame->len < io->frame_len)
		return false;
	note.blob = blob_take(&io->frame);
	io_emit(io, &note);
	blob_unref(note.blob);
	return true;
}

/* Works off len bytes at b->data + off; what must wait is stashed. */
void
io_in_consume(struct io *io, struct blob *b, size_t off, size_t len, unsigned *frames)
{
	while (!io->closed && !io->ended && !io->finishing && !io->paused) {
		size_t n;

		if (io->frame != NULL) {
			n = io->frame_len - io->frame->len;
			n = n < len ? n : len;
			if (n > 0 && (frame_room(io) != 0 || blob_grow(io->frame, io->frame->len + n) != 0)) {
				io_fail(io, IO_WHY_NOMEM, 0);
				break;
			}
			memcpy(io->frame->data + io->frame->len, b->data + off, n);
			io->frame->len += n;
			off += n;
			len -= n;
			if (!frame_complete(io))
				break;
		} else if (io->relay_left > 0) {
			struct io_note note = {.ev = IO_CHUNK, .frame_len = io->frame_len, .blob = b, .off = off};

			if (len == 0)
				break;
			note.len = len < io->relay_left ? len : (size_t)io->relay_left;
			io->relay_left -= note.len;
			note.last = io->relay_left == 0;
			off += note.len;
			len -= note.len;
			io_emit(io, &note);
		} else {
			int used;

			if (len < 4)
				break;
			if (*frames == 0) {
				loop_next(io->loop, &io->task); /* the others' turn */
				break;
			}
			used = begin(io, b->data + off, len);
			if (used < 0)
				break;
			--*frames;
			off += (size_t)used;
			len -= (size_t)used;
		}
	}
	if (!io->closed && !io->ended && !io->finishing)
		stash_put(io, b, off, len);
}

/* Can the stash be worked on, or does it wait for more bytes? */
bool
io_in_waits(const struct io *io)
{
	const uint8_t *p;
	uint32_t frame_len;
	size_t need;

	if (io->stash == NULL)
		return true;
	if (io->frame != NULL || io->relay_left > 0)
		return false; /* a single byte is enough, and must not be overtaken by what is received next */
	if (io->stash_len < 4)
		return true;
	p = io->stash->data + io->stash_off;
	frame_len = (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	need = io->need > IO_HEAD_MIN ? io->need : IO_HEAD_MIN;
	return io->stash_len - 4 < (need < frame_len ? need : frame_len);
}

/* One receive.  Returns true when there may be more to receive. */
bool
io_in_receive(struct io *io, unsigned *frames, size_t *budget)
{
	struct blob *scratch = io_scratch(io->shared);
	struct iovec iov[2];
	size_t want = 0;
	size_t before, into;
	ssize_t n;
	int count = 0;

	if (scratch == NULL || (io->frame != NULL && frame_room(io) != 0)) {
		io_fail(io, IO_WHY_NOMEM, 0);
		return false;
	}
	if (io->frame != NULL) {
		size_t room = io->frame->cap - io->frame->len;
		size_t left = io->frame_len - io->frame->len;

		iov[count++] = (struct iovec){io->frame->data + io->frame->len, room < left ? room : left};
		want += iov[0].iov_len;
	}
	before = io->frame == NULL ? io->stash_len : 0;
	if (before > 0)
		memcpy(scratch->data, io->stash->data + io->stash_off, before);
	iov[count++] = (struct iovec){scratch->data + before, scratch->cap - before};
	want += scratch->cap - before;
	do
		n = io->stream->readv(io, iov, count);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		if (errno != EAGAIN)
			io_broken(io);
		return false;
	}
	if (n == 0 && io->finishing && io->q_count > 0) {
		io->peer_done = true; /* it may still be reading */
		io_watch_read(io, false);
		return false;
	}
	if (n == 0) {
		if (io->frame != NULL || io->relay_left > 0 || io->stash_len > 0)
			io_fail(io, IO_WHY_CUT, 0);
		else
			io_end(io, (struct io_note){.ev = IO_EOF});
		return false;
	}
	io->bytes_in += (uint64_t)n;
	io->active = clock_now();
	*budget -= (size_t)n < *budget ? (size_t)n : *budget;
	into = 0;
	if (io->frame != NULL) {
		into = (size_t)n < iov[0].iov_len ? (size_t)n : iov[0].iov_len;
		io->frame->len += into;
		(void)frame_complete(io);
	} else {
		io_in_drop_stash(io);
	}
	if (io->finishing)
		return (size_t)n == want;
	scratch->len = before + (size_t)n - into;
	io_in_consume(io, scratch, 0, scratch->len, frames);
	return (size_t)n == want || io->more;
}
