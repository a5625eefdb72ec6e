#include "kafka/patch.h"

enum { SMALL_PIECE = 16 * 1024 }; /* smaller is copied into its neighbour, larger travels on its own */

static int
head_to_rope(struct patch *p)
{
	return p->head.len > 0 ? rope_add_wr(&p->rope, &p->head) : wr_err(&p->head);
}

int
patch_put(struct patch *p, struct slice s)
{
	uintptr_t from = (uintptr_t)p->frame->data, at = (uintptr_t)s.p;
	bool ours = at >= from && at - from < p->frame->len;
	int err;

	if (!ours || s.n < SMALL_PIECE) {
		wr_slice_put(&p->head, s);
		return wr_err(&p->head);
	}
	if ((err = head_to_rope(p)) != 0)
		return err;
	return rope_add(&p->rope, p->frame, (size_t)(s.p - p->frame->data), s.n);
}

int
patch_end(struct patch *p, int err, struct rope *ret)
{
	if (err == 0)
		err = head_to_rope(p);
	wr_free(&p->head);
	if (err != 0)
		rope_clear(&p->rope);
	else
		*ret = rope_take(&p->rope);
	return err;
}
