#include "attest/window.h"

struct window *
window_new(struct monotime now, int64_t wall_ms)
{
	struct window *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return NULL;
	w->opened_at = now;
	w->start_ms = wall_ms;
	list_init(&w->spans);
	return w;
}

void
window_add(struct window *w, struct span *s)
{
	INVARIANT(!w->closed && s->window == NULL);
	placement_ref(s->placement);
	s->window = w;
	list_append(&w->spans, &s->in_window);
	w->taken += s->count;
	w->awaiting++;
	if (s->placement->txn == PLACEMENT_TXN_OPEN)
		w->open_txns++;
}

void
window_drop(struct window *w, struct span *s)
{
	INVARIANT(s->window == w);
	list_remove(&w->spans, &s->in_window);
	s->window = NULL;
	if (s->placement->txn == PLACEMENT_TXN_OPEN && !s->stated)
		w->open_txns--;
	placement_unref(s->placement);
}

void
window_close(struct window *w, enum close_reason reason, struct monotime now, int64_t wall_ms)
{
	INVARIANT(!w->closed);
	w->closed = true;
	w->reason = reason;
	w->closed_at = now;
	w->end_ms = wall_ms < w->start_ms ? w->start_ms : wall_ms; /* a clock may be set back */
}

void
window_free(struct window *w)
{
	if (w == NULL)
		return;
	while (list_first(&w->spans) != NULL)
		window_drop(w, CONTAINER_OF(list_first(&w->spans), struct span, in_window));
	free(w);
}
