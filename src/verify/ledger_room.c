/*
 * Bodies, and which of them gives way: the one that was given the longest ago; what is wanted now goes in anyway, what is
 * read ahead only into half of the room, and there the nearer in place of what is farther on in its partition.
 */
#include "verify/ledger_internal.h"

enum {
	AHEAD_IDLE_MS = 30000, /* read ahead, and nobody came for it */
	FARTHER_LOOK = 64,     /* bodies read ahead that are looked at for one that is farther on */
};

void
ledger_room_detach(struct ledger *l, struct entry *e)
{
	struct body *b = e->body;

	if (b == NULL)
		return;
	list_remove(b->is_ahead ? &l->ahead : &l->used, &b->link);
	if (b->is_ahead)
		l->ahead_bytes -= b->bytes;
	l->body_bytes -= b->bytes;
	l->body_count--;
	b->entry = NULL;
	e->body = NULL;
	ledger_body_put(b);
}

/* The one that was given the longest ago and that no answer holds: what it has would not be free otherwise. */
static bool
evict_used(struct ledger *l, bool needed)
{
	LIST_EACH(&l->used, link) {
		struct body *b = CONTAINER_OF(link, struct body, link);

		const struct entry *e = b->entry;

		if (b->refs > 1 || (!needed && ledger_need_wants(l, e->part, &e->chain->id, e->window_id, e->first, e->last)))
			continue;
		ledger_room_detach(l, b->entry);
		return true;
	}
	return false;
}

/* The one at the end of those that were read ahead: it is needed last. */
static bool
evict_ahead(struct ledger *l)
{
	if (l->ahead.count == 0)
		return false;
	ledger_room_detach(l, CONTAINER_OF(list_last(&l->ahead), struct body, link)->entry);
	return true;
}

/*
 * One that was read ahead and is of offsets of p behind those; NULL: none.  A search goes farther than who asks, and
 * the tail is far ahead of who reads old records: what they keep must not leave that without what comes next.
 */
static struct entry *
farther_ahead(const struct ledger *l, const struct lpart *p, int64_t first)
{
	struct link *at = l->ahead.head.prev;

	for (size_t i = 0; i < FARTHER_LOOK && at != &l->ahead.head; i++, at = at->prev) {
		struct entry *e = CONTAINER_OF(at, struct body, link)->entry;

		if (e->part == p && e->first > first)
			return e;
	}
	return NULL;
}

bool
ledger_room_for(struct ledger *l, const struct lpart *p, int64_t first, size_t bytes, bool wanted)
{
	int64_t before = ledger_now_ms() - AHEAD_IDLE_MS;

	while (l->ahead.count > 0) {
		struct body *b = CONTAINER_OF(list_first(&l->ahead), struct body, link);

		if (b->since_ms >= before)
			break;
		ledger_room_detach(l, b->entry);
	}
	while (!wanted && l->ahead_bytes + bytes > l->body_max / 2) {
		struct entry *e = farther_ahead(l, p, first);

		if (e == NULL)
			return false;
		ledger_room_detach(l, e);
	}
	while (l->body_bytes + bytes > l->body_max)
		if (!evict_used(l, false) && !(wanted && (evict_ahead(l) || evict_used(l, true))))
			return wanted;
	return true;
}

void
ledger_room_attach(struct ledger *l, struct entry *e, struct body *b, bool is_ahead)
{
	INVARIANT(e->body == NULL);
	e->body = b;
	e->body_bytes = b->bytes;
	b->entry = e;
	b->is_ahead = is_ahead;
	b->since_ms = ledger_now_ms();
	if (is_ahead && farther_ahead(l, e->part, e->first) != NULL)
		list_prepend(&l->ahead, &b->link); /* they go before it does */
	else
		list_append(is_ahead ? &l->ahead : &l->used, &b->link);
	if (is_ahead)
		l->ahead_bytes += b->bytes;
	l->body_bytes += b->bytes;
	l->body_count++;
}

void
ledger_room_use(struct ledger *l, struct body *b)
{
	list_remove(b->is_ahead ? &l->ahead : &l->used, &b->link);
	if (b->is_ahead)
		l->ahead_bytes -= b->bytes;
	b->is_ahead = false;
	list_append(&l->used, &b->link);
}
