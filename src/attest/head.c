#include "attest/head.h"

struct head
head_begin(void)
{
	struct head h = {0};

	h.next_window = 1;
	h.dbom_partition = -1;
	h.high_offset = -1;
	return h;
}

void
head_clear(struct head *h)
{
	free(h->ended.run);
	free(h->open.run);
	*h = head_begin();
}

int
head_runs_add(struct head_runs *r, struct head_run run)
{
	size_t cap = r->cap == 0 ? 8 : r->cap * 2;
	struct head_run *p;

	if (r->count == r->cap) {
		p = reallocarray(r->run, cap, sizeof(*p));
		if (p == NULL)
			return ERR_NOMEM;
		r->run = p;
		r->cap = cap;
	}
	r->run[r->count++] = run;
	return 0;
}
