/*
 * list: an intrusive, doubly linked list that knows its length.
 *
 * An element embeds a struct link and is in at most one list through it.  A
 * zeroed link is in no list; list_init() makes an empty list.
 */
#ifndef BASE_LIST_H
#define BASE_LIST_H

#include "base/base.h"

struct link {
	struct link *next;
	struct link *prev;
};

struct list {
	struct link head;
	size_t count;
};

static inline void
list_init(struct list *l)
{
	l->head.next = l->head.prev = &l->head;
	l->count = 0;
}

static inline bool
link_in_list(const struct link *e)
{
	return e->next != NULL;
}

static inline void
list_insert_before(struct list *l, struct link *at, struct link *e)
{
	INVARIANT(!link_in_list(e));
	e->next = at;
	e->prev = at->prev;
	at->prev->next = e;
	at->prev = e;
	l->count++;
}

static inline void
list_append(struct list *l, struct link *e)
{
	list_insert_before(l, &l->head, e);
}

static inline void
list_prepend(struct list *l, struct link *e)
{
	list_insert_before(l, l->head.next, e);
}

static inline void
list_remove(struct list *l, struct link *e)
{
	INVARIANT(link_in_list(e) && l->count > 0);
	e->next->prev = e->prev;
	e->prev->next = e->next;
	e->next = e->prev = NULL;
	l->count--;
}

static inline struct link *
list_first(const struct list *l)
{
	return l->count == 0 ? NULL : l->head.next;
}

static inline struct link *
list_last(const struct list *l)
{
	return l->count == 0 ? NULL : l->head.prev;
}

/* The one before e, or NULL. */
static inline struct link *
list_before(const struct list *l, const struct link *e)
{
	return e->prev == &l->head ? NULL : e->prev;
}

static inline struct link *
list_pop(struct list *l)
{
	struct link *e = list_first(l);

	if (e != NULL)
		list_remove(l, e);
	return e;
}

/* Walks the list; the current element may be removed while there. */
#define LIST_EACH(l, e)                                                                            \
	for (struct link *e = (l)->head.next, *e##_next = e->next; e != &(l)->head;                \
	     e = e##_next, e##_next = e->next)

#endif
