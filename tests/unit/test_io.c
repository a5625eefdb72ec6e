#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/io_internal.h"
#include "suite.h"

enum { MAX_FRAME = 4 * 1024 * 1024 };

/* What came, as text: "up head:5 frame:hello eof ", and what the owner answers. */
static struct {
	char log[4096];
	enum io_take take;
	size_t need, pause_at, frames;
	bool pause_head; /* pauses at each head, but takes the frame */
	struct wr chunks;
	size_t last;     /* chunks that ended a frame */
	bool quiet;      /* no heads and frames in the log */
	bool close_in;   /* at the first frame */
	bool finish_in, finish_at_head; /* the same, io_finish() */
	struct blob *kept;
	bool ended;
} got;

static struct loop *loop;
static struct io *io;
static int peer;

static void say(const char *fmt, ...) PRINTF(1, 2);

static void
say(const char *fmt, ...)
{
	size_t n = strlen(got.log);
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(got.log + n, sizeof(got.log) - n, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(strlen(got.log), sizeof(got.log) - 1);
}

static void
on_io(void *arg, struct io *from, struct io_note *note)
{
	static const char *const why[] = {"system", "length", "nomem", "cut"};

	ck_assert_ptr_eq(arg, &got);
	ck_assert_ptr_eq(from, io);
	ck_assert(!got.ended); /* nothing after the end */
	switch (note->ev) {
	case IO_UP:
		say("up ");
		break;
	case IO_HEAD:
		if (!got.quiet)
			say("head:%u ", note->frame_len);
		ck_assert_uint_le(note->head.n, note->frame_len);
		ck_assert(note->head.n >= IO_HEAD_MIN || note->head.n == note->frame_len);
		note->take = got.take;
		note->need = got.need;
		if (got.take == IO_MORE && (note->head.n >= got.need || note->head.n == note->frame_len))
			note->take = IO_WHOLE;
		if (got.take == IO_STOP || got.pause_head)
			io_pause(io);
		if (got.finish_at_head)
			io_finish(io, 3600000, 3600000);
		break;
	case IO_FRAME:
		got.frames++;
		ck_assert_uint_eq(note->blob->len, note->frame_len);
		if (!got.quiet)
			say("frame:%.*s ", (int)note->blob->len, (const char *)note->blob->data);
		if (got.close_in) {
			got.kept = blob_take(&note->blob);
			io_close(io);
			io = NULL; /* its memory goes with the turn */
			return;
		}
		if (got.frames == got.pause_at)
			io_pause(io);
		if (got.finish_in)
			io_finish(io, 3600000, 3600000);
		break;
	case IO_CHUNK:
		wr_bytes(&got.chunks, note->blob->data + note->off, note->len);
		got.last += note->last;
		break;
	case IO_LOW:
		say("low ");
		break;
	case IO_HANGUP:
		say("hangup ");
		break;
	case IO_EOF:
	case IO_IDLE:
	case IO_DONE:
		say(note->ev == IO_EOF ? "eof " : note->ev == IO_IDLE ? "idle " : "done ");
		got.ended = true;
		break;
	case IO_FAIL:
		say("fail:%s ", why[note->why]);
		got.ended = true;
		break;
	}
}

static void
setup(void)
{
	int fds[2];

	memset(&got, 0, sizeof(got));
	got.chunks = wr_new(64 * 1024 * 1024);
	loop = loop_new();
	ck_assert_ptr_nonnull(loop);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	peer = fds[1];
	io = io_new(loop, fds[0], MAX_FRAME, on_io, &got);
	ck_assert_ptr_nonnull(io);
}

static void
teardown(void)
{
	io_close(io);
	loop_free(loop);
	if (peer >= 0)
		close(peer);
	wr_free(&got.chunks);
	blob_unref(got.kept);
}

static void
nothing(void *arg)
{
	(void)arg;
}

/* As many turns as one thing after another may need; none of them waits. */
static void
turn(void)
{
	for (int i = 0; i < 8; i++) {
		struct loop_task t = {.fn = nothing};

		loop_next(loop, &t);
		ck_assert_int_eq(loop_turn(loop), 0);
	}
}

static void
put(const void *p, size_t n)
{
	ck_assert_int_eq(write(peer, p, n), (ssize_t)n);
}

static void
put_frame(const char *text)
{
	size_t n = strlen(text);
	uint8_t head[4] = {0, 0, (uint8_t)(n >> 8), (uint8_t)n};

	put(head, 4);
	put(text, n);
}

/* Writes what the socket takes and turns, until all n bytes are through. */
static void
pour(const uint8_t *p, size_t n)
{
	while (n > 0) {
		ssize_t sent = write(peer, p, n);

		if (sent > 0) {
			p += sent;
			n -= (size_t)sent;
		} else {
			ck_assert_int_eq(errno, EAGAIN);
		}
		turn();
	}
}

/* Appends what there is to read. */
static bool
drain(struct wr *w)
{
	for (;;) {
		uint8_t *room = wr_room(w, 65536);
		ssize_t n;

		ck_assert_ptr_nonnull(room);
		n = read(peer, room, 65536);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		wr_commit(w, (size_t)n);
	}
}

static void
want(const char *log)
{
	ck_assert_str_eq(got.log, log);
	got.log[0] = '\0';
}

/* --- in ---------------------------------------------------------------------------------- */

START_TEST(whole_frames)
{
	put_frame("hello");
	want(""); /* nothing inside io_new() */
	turn();
	want("up head:5 frame:hello ");
	put_frame("");
	put_frame("and a longer one than a head");
	turn();
	want("head:0 frame: head:28 frame:and a longer one than a head ");
	close(peer);
	peer = -1;
	turn();
	want("eof ");
}
END_TEST

/* The first owner gives the connection away at its first frame; the rest of the same bytes is the second's. */
static void
on_io_of_another(void *arg, struct io *from, struct io_note *note)
{
	ck_assert_ptr_eq(arg, &got.frames);
	if (note->ev == IO_HEAD)
		note->take = IO_WHOLE;
	if (note->ev == IO_FRAME)
		say("other:%.*s ", (int)note->blob->len, (const char *)note->blob->data);
	if (note->ev == IO_EOF)
		say("other-eof ");
	ck_assert_ptr_eq(from, io);
}

static void
give_away(void *arg, struct io *from, struct io_note *note)
{
	on_io(arg, from, note);
	if (note->ev == IO_FRAME)
		io_set_owner(io, on_io_of_another, &got.frames);
}

START_TEST(changes_its_owner)
{
	io_set_owner(io, give_away, &got);
	put("\0\0\0\3one\0\0\0\3two\0\0\0\5th", 20);
	turn();
	want("up head:3 frame:one other:two ");
	put("ree", 3);
	turn();
	want("other:three ");
	close(peer);
	peer = -1;
	turn();
	want("other-eof ");
}
END_TEST

START_TEST(byte_by_byte)
{
	static const char text[] = "\0\0\0\x0fsomething whole\0\0\0\2ok";

	turn();
	for (size_t i = 0; i + 1 < sizeof(text); i++) {
		put(text + i, 1);
		turn();
	}
	want("up head:15 frame:something whole head:2 frame:ok ");
}
END_TEST

START_TEST(more_of_the_head)
{
	got.take = IO_MORE;
	got.need = 20;
	put("\0\0\0\x1e" "0123456789", 14);
	turn();
	want("up head:30 ");
	put("01234", 5);
	turn();
	want(""); /* not enough yet */
	put("56789", 5);
	turn();
	want("head:30 ");
	put("0123456789", 10);
	turn();
	want("frame:012345678901234567890123456789 ");
	got.need = 100; /* more than the frame has: all of it will do */
	put_frame("short but whole");
	turn();
	ck_assert_ptr_nonnull(strstr(got.log, "frame:short but whole "));
}
END_TEST

START_TEST(relayed)
{
	got.take = IO_RELAY;
	put_frame("one that is relayed");
	put("\0\0\0\x14" "0123456789", 14);
	turn();
	want("up head:19 head:20 ");
	ck_assert_uint_eq(got.last, 1);
	put("0123456789", 10);
	turn();
	ck_assert_uint_eq(got.last, 2);
	ck_assert_uint_eq(got.chunks.len, 4 + 19 + 4 + 20); /* lengths included */
	ck_assert_int_eq(memcmp(got.chunks.buf, "\0\0\0\x13one that is relayed\0\0\0\x14" "01234567890123456789", 47), 0);
	ck_assert_uint_eq(io_bytes_in(io), 47);
}
END_TEST

START_TEST(large)
{
	size_t n = 3000000;
	uint8_t *frame = malloc(n + 4);

	ck_assert_ptr_nonnull(frame);
	for (size_t i = 0; i < n; i++)
		frame[4 + i] = (uint8_t)(i * 31 + i / 65536);
	for (int i = 0; i < 4; i++)
		frame[i] = (uint8_t)(n >> (24 - 8 * i));
	got.quiet = true;
	got.take = IO_RELAY;
	pour(frame, n + 4);
	ck_assert_uint_eq(got.last, 1);
	ck_assert_uint_eq(got.chunks.len, n + 4);
	ck_assert_int_eq(memcmp(got.chunks.buf, frame, n + 4), 0);
	got.take = IO_WHOLE;
	got.close_in = true;
	pour(frame, n + 4);
	ck_assert_uint_eq(got.frames, 1);
	ck_assert_uint_eq(got.kept->len, n);
	ck_assert_int_eq(memcmp(got.kept->data, frame + 4, n), 0);
	free(frame);
}
END_TEST

START_TEST(lengths)
{
	static const char *const bad[] = {"\xff\xff\xff\xff", "\x80\0\0\0", "\0\x40\0\1", "\x7f\xff\xff\xff", "\x16\x03\x01\0"};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (i > 0) {
			teardown();
			setup();
		}
		put(bad[i], 4);
		turn();
		want("up fail:length ");
	}
}
END_TEST

/* Whole frames cost memory; what is relayed costs none, whatever its size. */
START_TEST(lengths_when_relayed)
{
	static const uint8_t bytes[] = {0, 0x40, 0, 1, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'};

	io_relay_up_to(io, INT32_MAX);
	got.take = IO_RELAY;
	put(bytes, sizeof(bytes));
	turn();
	want("up head:4194305 ");
	ck_assert_uint_eq(got.chunks.len, sizeof(bytes));
	teardown();
	setup();
	io_relay_up_to(io, INT32_MAX);
	put(bytes, sizeof(bytes));
	turn();
	want("up head:4194305 fail:length ");
	teardown();
	setup();
	io_relay_up_to(io, INT32_MAX);
	got.take = IO_RELAY;
	put("\x80\0\0\0" "0123456789", 14);
	turn();
	want("up fail:length ");
}
END_TEST

START_TEST(largest)
{
	put("\0\x40\0\0" "0123456789", 14); /* no fault, and no memory for what has not come */
	turn();
	want("up head:4194304 ");
}
END_TEST

START_TEST(cut)
{
	static const struct {
		const char *bytes;
		size_t n;
	} parts[] = {{"\0", 1}, {"\0\0\0\5", 4}, {"\0\0\0\5hell", 8}, {"\0\0\0\x20" "0123456789abc", 17}};

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (i > 0) {
			teardown();
			setup();
		}
		put(parts[i].bytes, parts[i].n);
		turn();
		close(peer);
		peer = -1;
		turn();
		ck_assert_ptr_nonnull(strstr(got.log, "fail:cut "));
	}
}
END_TEST

START_TEST(pauses)
{
	got.pause_at = 2;
	put_frame("1");
	put_frame("2");
	put_frame("3");
	put_frame("4");
	turn();
	want("up head:1 frame:1 head:1 frame:2 ");
	ck_assert(io_paused(io));
	turn();
	want("");
	io_resume(io);
	want(""); /* not from inside the call */
	turn();
	want("head:1 frame:3 head:1 frame:4 ");
	io_pause(io);
	put_frame("5");
	turn();
	want("");
	io_resume(io);
	turn();
	want("head:1 frame:5 ");
}
END_TEST

START_TEST(stops_at_a_head)
{
	got.take = IO_STOP;
	put_frame("not now");
	put_frame("nor this");
	turn();
	want("up head:7 ");
	turn();
	want("");
	got.take = IO_WHOLE;
	io_resume(io);
	turn();
	want("head:7 frame:not now head:8 frame:nor this ");
}
END_TEST

/* The rest of a frame that was taken waits, however short it is; what comes later comes behind it. */
START_TEST(pauses_inside_a_short_frame)
{
	static const char *const texts[] = {"a", "bc", "def", "long enough to have a head"};
	char log[64];

	turn();
	want("up ");
	got.pause_head = true;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		put_frame(texts[i]);
		turn();
		(void)snprintf(log, sizeof(log), "head:%zu ", strlen(texts[i]));
		want(log);
		put_frame("z");
		io_resume(io);
		turn();
		(void)snprintf(log, sizeof(log), "frame:%s head:1 ", texts[i]);
		want(log);
		io_resume(io);
		turn();
		want("frame:z ");
	}
}
END_TEST

/* What it sent before it hung up comes when reading goes on, and then the end. */
START_TEST(hangs_up_in_a_pause)
{
	io_tell_hangup(io);
	turn();
	io_pause(io);
	put_frame("before");
	turn();
	want("up ");
	close(peer);
	peer = -1;
	turn();
	want("hangup ");
	turn();
	want(""); /* once */
	io_resume(io);
	turn();
	want("head:6 frame:before eof ");
}
END_TEST

/* The kernel tells of an error at any time: it is heard of once, and only where it was asked for. */
START_TEST(is_reset_in_a_pause)
{
	for (int i = 0; i < 2; i++) {
		int fds[2];
		struct linger at_once = {1, 0};
		struct addr at;
		int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

		io_close(io);
		turn();
		got.log[0] = '\0';
		ck_assert_int_eq(addr_parse("127.0.0.1", 0, &at), 0);
		ck_assert_int_eq(bind(listener, (struct sockaddr *)&at.ss, at.len), 0);
		ck_assert_int_eq(listen(listener, 1), 0);
		at = addr_of_socket(listener);
		fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		ck_assert_int_eq(connect(fds[0], (struct sockaddr *)&at.ss, at.len), 0);
		fds[1] = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		ck_assert_int_ge(fds[1], 0);
		close(listener);
		io = io_new(loop, fds[1], MAX_FRAME, on_io, &got);
		ck_assert_ptr_nonnull(io);
		if (i == 1)
			io_tell_hangup(io);
		turn();
		io_pause(io);
		ck_assert_int_eq(send(fds[0], "\0\0\0\1x", 5, 0), 5);
		turn();
		ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
		close(fds[0]);
		turn();
		want(i == 0 ? "up " : "up hangup ");
		turn();
		want("");
	}
}
END_TEST

/* Frames so small that bytes don't tell: the others get their turn, and none is lost. */
START_TEST(many_small)
{
	uint8_t frames[5 * 4000] = {0};

	for (size_t i = 0; i < sizeof(frames); i += 5)
		frames[i + 3] = 1;
	got.quiet = true;
	pour(frames, sizeof(frames));
	for (int i = 0; i < 20; i++)
		turn();
	ck_assert_uint_eq(got.frames, 4000);
}
END_TEST

START_TEST(closed_inside)
{
	got.close_in = true;
	put_frame("first");
	put_frame("second");
	turn();
	want("up head:5 frame:first ");
	ck_assert_uint_eq(got.kept->len, 5); /* taken: it stays */
	ck_assert_int_eq(memcmp(got.kept->data, "first", 5), 0);
	ck_assert_int_eq(send(peer, "x", 1, MSG_NOSIGNAL), -1);
}
END_TEST

/* Whatever came in the same breath is dropped, and so is what comes later. */
START_TEST(finished_inside)
{
	got.finish_in = _i == 0;
	got.finish_at_head = _i > 0;
	got.take = _i == 2 ? IO_RELAY : IO_WHOLE;
	put_frame("first");
	put_frame("second");
	turn();
	put_frame("third");
	turn();
	want(_i == 0 ? "up head:5 frame:first " : "up head:5 ");
	ck_assert_uint_eq(got.chunks.len, 0);
	close(peer);
	peer = -1;
	turn();
	want("done ");
}
END_TEST

/* --- out ----------------------------------------------------------------------------------- */

static struct blob *
text_blob(const char *text)
{
	struct blob *b = blob_new(strlen(text));

	ck_assert_ptr_nonnull(b);
	memcpy(b->data, text, strlen(text));
	b->len = strlen(text);
	return b;
}

START_TEST(sends)
{
	struct wr w = wr_new(1 << 20);
	struct rope frame = {NULL, 0, 0, 0};
	struct blob *b = text_blob("0123456789");

	turn();
	ck_assert_int_eq(io_send(io, b, 0, 4), 0);
	ck_assert_int_eq(io_send(io, b, 4, 2), 0); /* side by side */
	ck_assert_int_eq(io_send(io, b, 0, 1), 0);
	ck_assert_int_eq(io_send(io, b, 0, 0), 0);
	ck_assert_int_eq(rope_add(&frame, b, 8, 2), 0);
	ck_assert_int_eq(rope_add(&frame, b, 0, 3), 0);
	ck_assert_int_eq(io_send_frame(io, &frame), 0);
	ck_assert_uint_eq(frame.count, 0); /* taken */
	ck_assert_int_eq(io_send_frame(io, &frame), 0);
	blob_unref(b);
	ck_assert_uint_eq(io_queued(io), 7 + 4 + 5 + 4);
	turn();
	ck_assert_uint_eq(io_queued(io), 0);
	ck_assert(drain(&w));
	ck_assert_uint_eq(w.len, 20);
	ck_assert_int_eq(memcmp(w.buf, "0123450\0\0\0\5" "89012\0\0\0\0", 20), 0);
	ck_assert_uint_eq(io_bytes_out(io), 20);
	wr_free(&w);
}
END_TEST

/* A peer that doesn't read: the queue grows over the mark, then IO_LOW when it fell. */
START_TEST(marks)
{
	enum { PIECE = 1000, PIECES = 4000 };
	struct wr w = wr_new(1 << 24);
	struct blob *b = blob_new(65536);

	ck_assert_ptr_nonnull(b);
	turn();
	io_set_marks(io, 1000000, 100000);
	for (int i = 0; i < PIECES; i++) { /* like relayed bytes: pieces of a larger blob that is used again */
		if (b->refs > 1) {
			blob_unref(b);
			b = blob_new(65536);
			ck_assert_ptr_nonnull(b);
		}
		memset(b->data, 'a' + i % 26, PIECE);
		ck_assert_int_eq(io_send(io, b, 0, PIECE), 0);
		if (i % 10 == 0)
			turn();
	}
	blob_unref(b);
	turn();
	ck_assert(io_is_high(io));
	want("up ");
	while (io_queued(io) > 0) {
		ck_assert(drain(&w));
		turn();
	}
	ck_assert(drain(&w));
	want("low ");
	ck_assert(!io_is_high(io));
	ck_assert_uint_eq(w.len, PIECE * PIECES);
	for (size_t i = 0; i < w.len; i++)
		ck_assert(w.buf[i] == 'a' + i / PIECE % 26);
	wr_free(&w);
}
END_TEST

/* Bytes of the blobs that the output lies in. */
static size_t
lies_in(const struct io *of)
{
	size_t n = 0;

	for (size_t i = 0; i < of->q_count; i++) {
		const struct blob *b = of->q[(of->q_first + i) & (of->q_cap - 1)].blob;
		bool again = b == NULL;

		for (size_t k = 0; k < i && !again; k++)
			again = of->q[(of->q_first + k) & (of->q_cap - 1)].blob == b;
		n += again ? 0 : b->cap;
	}
	return n + of->q_cap * sizeof(of->q[0]);
}

/* Relayed pieces of every size, and a peer that takes as many bytes as it likes, when it likes. */
START_TEST(holds_little)
{
	static uint8_t taken[IO_SCRATCH];
	struct wr w = wr_new(1 << 24);
	struct blob *b = blob_new(IO_SCRATCH);
	uint32_t dice = 12345;
	size_t most = 0, queued = 0, got_bytes = 0;
	ssize_t n;

	turn();
	for (int round = 0; round < 20000; round++) {
		size_t at = 0, len;

		/* One receive: the scratch is used again only when nobody points into it. */
		if (b->refs > 1) {
			blob_unref(b);
			b = blob_new(IO_SCRATCH);
		}
		ck_assert_ptr_nonnull(b);
		b->len = b->cap;
		memset(b->data, round & 0xff, b->cap);
		while (!io_is_high(io) && at < b->cap) {
			dice = dice * 1664525 + 1013904223;
			len = (dice >> 8) % (round % 3 == 0 ? 100 : round % 3 == 1 ? 5000 : b->cap) + 1;
			len = len < b->cap - at ? len : b->cap - at;
			ck_assert_int_eq(io_send(io, b, at, len), 0);
			queued += len;
			at += len + 1; /* not side by side */
			if (dice % 16 == 0)
				break;
		}
		turn();
		got.log[0] = '\0';
		most = lies_in(io) > most ? lies_in(io) : most;
		dice = dice * 1664525 + 1013904223;
		n = recv(peer, taken, (dice >> 8) % (round / 1000 % 2 == 0 ? 300 : IO_SCRATCH) + 1, MSG_DONTWAIT);
		got_bytes += n > 0 ? (size_t)n : 0;
	}
	ck_assert(most > IO_HIGH);
	ck_assert_uint_le(most, 2 * IO_HIGH + IO_SCRATCH);
	while (io_queued(io) > 0) {
		ck_assert(drain(&w));
		turn();
	}
	ck_assert(drain(&w));
	ck_assert_uint_eq(got_bytes + w.len, queued);
	wr_free(&w);
	blob_unref(b);
}
END_TEST

START_TEST(peer_is_gone)
{
	struct blob *b = text_blob("to nobody");

	turn();
	io_pause(io);
	close(peer);
	peer = -1;
	ck_assert_int_eq(io_send(io, b, 0, b->len), 0);
	turn();
	want("up fail:system ");
	ck_assert_int_eq(io_send(io, b, 0, b->len), 0); /* no fault: it goes nowhere */
	turn();
	blob_unref(b);
}
END_TEST

/* --- the end --------------------------------------------------------------------------------- */

START_TEST(finishes)
{
	struct wr w = wr_new(1 << 20);
	struct blob *b = text_blob("the last words");

	turn();
	ck_assert_int_eq(io_send(io, b, 0, b->len), 0);
	blob_unref(b);
	io_finish(io, 3600000, 3600000);
	put_frame("dropped");
	turn();
	want("up ");
	ck_assert(!drain(&w)); /* the words, and the end */
	ck_assert_uint_eq(w.len, 14);
	wr_free(&w);
	close(peer);
	peer = -1;
	turn();
	want("done ");
}
END_TEST

START_TEST(finishes_in_time)
{
	turn();
	io_finish(io, 1, 3600000);
	while (!got.ended) /* the peer does nothing */
		ck_assert_int_eq(loop_turn(loop), 0);
	want("up done ");
}
END_TEST

enum { ANSWER = 3000000 }; /* more than a socket holds */

static void
queue_answer(void)
{
	struct blob *b = blob_new(ANSWER);

	ck_assert_ptr_nonnull(b);
	memset(b->data, 'a', ANSWER);
	b->len = ANSWER;
	turn();
	ck_assert_int_eq(io_send(io, b, 0, ANSWER), 0);
	blob_unref(b);
	turn(); /* the socket is full */
}

/* Reads what there is, then lets a turn pass: no turn sees a peer that took nothing since the last. */
static void
read_slowly(struct wr *w)
{
	struct loop_task t = {.fn = nothing};

	while (!got.ended && drain(w)) {
		loop_next(loop, &t);
		ck_assert_int_eq(loop_turn(loop), 0);
		if (link_in_list(&t.link))
			loop_cancel(loop, &t);
	}
}

/* The time to linger is over in every turn, but bytes move. */
START_TEST(finishes_slowly)
{
	struct wr w = wr_new(1 << 24);

	queue_answer();
	io_finish(io, 0, 3600000);
	read_slowly(&w);
	ck_assert(!drain(&w));
	ck_assert_uint_eq(w.len, ANSWER);
	wr_free(&w);
}
END_TEST

START_TEST(finishes_slowly_past_its_deadline)
{
	struct monotime now = clock_now();
	struct wr w = wr_new(1 << 24);

	queue_answer();
	clock_set_for_tests(&now, NULL);
	io_finish(io, 0, 10000);
	now.ns += INT64_C(10001) * 1000000;
	read_slowly(&w);
	clock_set_for_tests(NULL, NULL);
	ck_assert(got.ended);
	ck_assert_uint_lt(w.len, ANSWER);
	wr_free(&w);
}
END_TEST

START_TEST(idles)
{
	turn();
	ck_assert_int_eq(io_set_idle(io, 3600000), 0);
	ck_assert_int_eq(io_set_idle(io, 0), 0);
	ck_assert_int_eq(io_set_idle(io, 1), 0);
	while (!got.ended)
		ck_assert_int_eq(loop_turn(loop), 0);
	want("up idle ");
}
END_TEST

/* Closed before its first turn: no event at all. */
START_TEST(closed_at_once)
{
	put_frame("x");
	io_close(io);
	io_close(io);
	io_close(NULL);
	turn();
	io = NULL;
	want("");
}
END_TEST

START_TEST(freed_with_output)
{
	struct blob *b = text_blob("never sent");

	ck_assert_int_eq(io_send(io, b, 0, b->len), 0);
	blob_unref(b);
	/* teardown() closes it with the loop */
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("io");
	TCase *t = tcase_create("io");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, whole_frames);
	tcase_add_test(t, changes_its_owner);
	tcase_add_test(t, byte_by_byte);
	tcase_add_test(t, more_of_the_head);
	tcase_add_test(t, relayed);
	tcase_add_test(t, large);
	tcase_add_test(t, lengths);
	tcase_add_test(t, lengths_when_relayed);
	tcase_add_test(t, largest);
	tcase_add_test(t, cut);
	tcase_add_test(t, pauses);
	tcase_add_test(t, stops_at_a_head);
	tcase_add_test(t, pauses_inside_a_short_frame);
	tcase_add_test(t, hangs_up_in_a_pause);
	tcase_add_test(t, is_reset_in_a_pause);
	tcase_add_test(t, many_small);
	tcase_add_test(t, closed_inside);
	tcase_add_loop_test(t, finished_inside, 0, 3);
	tcase_add_test(t, sends);
	tcase_add_test(t, marks);
	tcase_add_test(t, holds_little);
	tcase_add_test(t, peer_is_gone);
	tcase_add_test(t, finishes);
	tcase_add_test(t, finishes_in_time);
	tcase_add_test(t, finishes_slowly);
	tcase_add_test(t, finishes_slowly_past_its_deadline);
	tcase_add_test(t, idles);
	tcase_add_test(t, closed_at_once);
	tcase_add_test(t, freed_with_output);
	suite_add_tcase(s, t);
	return suite_run(s);
}
