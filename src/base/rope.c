#include "base/rope.h"

int
rope_add(struct rope *r, struct blob *b, size_t off, size_t len)
{
	INVARIANT(off <= b->len && len <= b->len - off);
	if (len == 0)
		return 0;
	if (r->count == r->cap) {
		size_t cap = r->cap == 0 ? 8 : r->cap * 2;
		struct rope_piece *pieces = realloc(r->pieces, cap * sizeof(*pieces));

		if (pieces == NULL)
			return ERR_NOMEM;
		r->pieces = pieces;
		r->cap = cap;
	}
	r->pieces[r->count++] = (struct rope_piece){blob_ref(b), off, len};
	r->total += len;
	return 0;
}

int
rope_add_wr(struct rope *r, struct wr *w)
{
	struct blob *b;
	int err = wr_err(w);

	if (err != 0)
		return err;
	if (w->len == 0)
		return 0;
	b = blob_own(w->buf, w->len);
	if (b == NULL)
		return ERR_NOMEM;
	b->cap = w->cap;
	*w = wr_new(w->max); /* the blob has the buffer now */
	err = rope_add(r, b, 0, b->len);
	blob_unref(b);
	return err;
}

void
rope_mark_secret(struct rope *r)
{
	for (size_t i = 0; i < r->count; i++)
		r->pieces[i].blob->secret = true;
}

void
rope_clear(struct rope *r)
{
	for (size_t i = 0; i < r->count; i++)
		blob_unref(r->pieces[i].blob);
	free(r->pieces);
	*r = (struct rope){NULL, 0, 0, 0};
}
