/*
 * A message in pieces.
 *
 *   client's frame   head │ field: prefix, batch │ field: prefix, batch │ tail
 *                     │             ▼ rewritten              │ stays
 *   to the broker    head'│  prefix', batch'     │ ─────── the client's own bytes ───────
 */
#include "stages/attest_pieces.h"

enum { SMALL = 16 * 1024 }; /* smaller is copied into its neighbour, larger travels on its own */

void
attest_pieces_begin(struct attest_pieces *m, struct exchange *x)
{
	*m = (struct attest_pieces){.x = x, .body = exchange_body(x), .head = wr_new(SIZE_MAX / 2)};
}

void
attest_pieces_clear(struct attest_pieces *m)
{
	rope_clear(&m->rope);
	wr_free(&m->head);
}

static int
head_to_rope(struct attest_pieces *m)
{
	return m->head.len > 0 ? rope_add_wr(&m->rope, &m->head) : wr_err(&m->head);
}

/* The client's own bytes up to `to`. */
static int
keep_until(struct attest_pieces *m, size_t to)
{
	size_t n = to - m->copied;
	int err = 0;

	if (n < SMALL) {
		wr_bytes(&m->head, m->body.p + m->copied, n);
		err = wr_err(&m->head);
	} else if ((err = head_to_rope(m)) == 0) {
		err = rope_add(&m->rope, exchange_frame(m->x), exchange_body_at(m->x) + m->copied, n);
	}
	m->copied = to;
	return err;
}

int
attest_pieces_small(struct attest_pieces *m, size_t at, size_t len, struct slice bytes)
{
	int err = keep_until(m, at);

	wr_slice_put(&m->head, bytes);
	m->copied = at + len;
	return err != 0 ? err : wr_err(&m->head);
}

int
attest_pieces_put(struct attest_pieces *m, size_t at, size_t len, struct slice prefix, struct wr *w)
{
	int err = attest_pieces_small(m, at, len, prefix);

	if (err == 0 && w->len < SMALL) {
		wr_slice_put(&m->head, wr_slice(w));
		err = wr_err(&m->head);
	} else if (err == 0 && (err = head_to_rope(m)) == 0) {
		err = rope_add_wr(&m->rope, w);
	}
	return err;
}

int
attest_pieces_end(struct attest_pieces *m)
{
	int err = keep_until(m, m->body.n);

	return err != 0 ? err : head_to_rope(m);
}
