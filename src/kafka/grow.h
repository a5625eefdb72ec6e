/* grow: an array of what a reader finds; its memory stays within what the message's bytes allow. */
#ifndef KAFKA_GROW_H
#define KAFKA_GROW_H

#include <stdlib.h>

#include "base/rd.h"

struct grow {
	void *items; /* the owner's to free */
	size_t count, cap;
};

/* The next item, zeroed; NULL: the reader has the error, ERR_LIMIT behind `most` of them, or ERR_NOMEM. */
static inline void *
grow_add(struct rd *r, struct grow *g, size_t size, size_t most)
{
	if (r->err != 0)
		return NULL;
	if (g->count == most) {
		rd_fail(r, ERR_LIMIT);
		return NULL;
	}
	if (g->count == g->cap) {
		size_t cap = g->cap == 0 ? 8 : g->cap * 2;
		void *items = reallocarray(g->items, cap, size);

		if (items == NULL) {
			rd_fail(r, ERR_NOMEM);
			return NULL;
		}
		g->items = items;
		g->cap = cap;
	}
	return memset((uint8_t *)g->items + g->count++ * size, 0, size);
}

#endif
