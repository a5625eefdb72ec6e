/*
 * An answer that goes to the client while it comes, under the eyes of one stage, which
 * may keep its end back and put as many other bytes in its place.
 *
 *   broker ─► length, header │ body: ─► stage ─┬─► as it is ─► client
 *                                              └─► kept; replaced when all is there
 */
#include "base/metrics.h"
#include "kafka/header.h"
#include "proxy/session_internal.h"

int
session_stream_begin(struct session *s, const struct exchange *x, struct io_note *note)
{
	size_t body_at;
	int err = response_body_at(x->key, x->version, note->head, &body_at);

	if (err == ERR_SHORT && note->head.n < note->frame_len && note->head.n < IO_HEAD_MAX) {
		note->take = IO_MORE;
		note->need = note->head.n < IO_HEAD_MAX / 2 ? note->head.n * 2 : IO_HEAD_MAX;
		return 0;
	}
	if (err != 0)
		return ERR_MALFORMED;
	note->take = IO_RELAY;
	s->answer = ANSWER_WATCHED;
	s->head_left = 4 + body_at;
	s->body_left = note->frame_len - body_at;
	return 0;
}

static int
send_piece(struct session *s, struct blob *b, size_t off, size_t len)
{
	metric_add(METRIC_BYTES_TO_CLIENTS, (int64_t)len);
	return io_send(s->client, b, off, len);
}

void
session_stream_chunk(struct session *s, struct exchange *x, const struct io_note *note)
{
	size_t head = note->len < s->head_left ? note->len : s->head_left;
	struct slice piece = slice_of(note->blob->data + note->off + head, note->len - head);
	size_t pass = 0;
	int err;

	s->head_left -= head;
	s->body_left -= piece.n;
	if ((piece.n > 0 || note->last) && pipeline_stream(x, piece, s->body_left, &pass) != PIPELINE_ON) {
		session_withheld(s, x);
		return;
	}
	err = send_piece(s, note->blob, note->off, head + pass);
	for (size_t i = 0; i < x->body.count && err == 0; i++)
		err = send_piece(s, x->body.pieces[i].blob, x->body.pieces[i].off, x->body.pieces[i].len);
	if (err != 0) {
		session_kill(s);
		return;
	}
	if (!note->last)
		return;
	session_answered(s, x);
	session_flush_answers(s);
}
