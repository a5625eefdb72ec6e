#include "attest/txns.h"

#include <pthread.h>

#include "attest/chain.h"
#include "attest/placement.h"
#include "base/map.h"

struct txns {
	pthread_mutex_t lock;
	struct map *by_producer; /* producer id → struct txn */
	uint64_t next_ticket;
};

/* A producer that has placements in transactions. */
struct txn {
	int64_t producer_id;
	struct list placements; /* in order of tickets */
	bool ending;            /* EndTxn went out and its answer didn't say "done" yet */
	struct slice id;        /* transactional; its own copy.  Empty: of an earlier run, whose heads don't tell it */
};

static struct slice
key_of(const int64_t *producer_id)
{
	return slice_of(producer_id, sizeof(*producer_id));
}

struct txns *
txns_new(void)
{
	struct txns *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->by_producer = map_new();
	if (t->by_producer == NULL) {
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->next_ticket = 1; /* 0 is of an earlier run */
	return t;
}

static void
txn_free(struct txn *x)
{
	free((void *)(uintptr_t)x->id.p);
	free(x);
}

void
txns_free(struct txns *t)
{
	struct slice key;
	size_t at = 0;
	void *value;

	if (t == NULL)
		return;
	while (map_next(t->by_producer, &at, &key, &value)) {
		struct txn *x = value;

		LIST_EACH(&x->placements, e) {
			list_remove(&x->placements, e);
			CONTAINER_OF(e, struct placement, in_txn)->takes_part = false;
			placement_unref(CONTAINER_OF(e, struct placement, in_txn));
		}
		txn_free(x);
	}
	map_free(t->by_producer);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

static struct txn *
txn_new(struct txns *t, int64_t producer_id)
{
	struct txn *x = calloc(1, sizeof(*x));

	if (x == NULL)
		return NULL;
	x->producer_id = producer_id;
	list_init(&x->placements);
	if (map_put(t->by_producer, key_of(&producer_id), x) != 0) {
		free(x);
		return NULL;
	}
	return x;
}

static int
learn_id(struct txn *x, struct slice transactional_id)
{
	uint8_t *copy;

	if (x->id.n > 0 || transactional_id.n == 0)
		return 0;
	copy = malloc(transactional_id.n);
	if (copy == NULL)
		return ERR_NOMEM;
	memcpy(copy, transactional_id.p, transactional_id.n);
	x->id = slice_of(copy, transactional_id.n);
	return 0;
}

static struct txn *
find_or_make(struct txns *t, int64_t producer_id)
{
	struct txn *x = map_get(t->by_producer, key_of(&producer_id));

	return x != NULL ? x : txn_new(t, producer_id);
}

static void
drop_if_empty(struct txns *t, struct txn *x)
{
	if (x->placements.count > 0)
		return;
	map_remove(t->by_producer, key_of(&x->producer_id));
	txn_free(x);
}

int
txns_restore(struct txns *t, struct placement *p)
{
	struct txn *x;

	pthread_mutex_lock(&t->lock);
	x = find_or_make(t, p->producer_id);
	if (x != NULL) {
		placement_ref(p);
		p->txn_ticket = 0;
		p->takes_part = true;
		list_prepend(&x->placements, &p->in_txn);
	}
	pthread_mutex_unlock(&t->lock);
	return x == NULL ? ERR_NOMEM : 0;
}

int
txns_add(struct txns *t, struct placement *p, struct slice transactional_id)
{
	struct txn *x;
	int err = ERR_NOMEM;

	pthread_mutex_lock(&t->lock);
	x = find_or_make(t, p->producer_id);
	if (x != NULL && (err = learn_id(x, transactional_id)) == 0) {
		placement_ref(p);
		p->txn_ticket = t->next_ticket++;
		p->takes_part = true;
		list_append(&x->placements, &p->in_txn);
	} else if (x != NULL) {
		drop_if_empty(t, x);
	}
	pthread_mutex_unlock(&t->lock);
	return err;
}

uint64_t
txns_mark(struct txns *t)
{
	uint64_t mark;

	pthread_mutex_lock(&t->lock);
	mark = t->next_ticket;
	pthread_mutex_unlock(&t->lock);
	return mark;
}

void
txns_ending(struct txns *t, int64_t producer_id)
{
	struct txn *x;

	pthread_mutex_lock(&t->lock);
	x = map_get(t->by_producer, key_of(&producer_id));
	if (x != NULL)
		x->ending = true;
	pthread_mutex_unlock(&t->lock);
}

void
txns_leave(struct txns *t, struct placement *p)
{
	bool left;

	pthread_mutex_lock(&t->lock);
	left = p->takes_part;
	if (left) {
		struct txn *x = map_get(t->by_producer, key_of(&p->producer_id));

		p->takes_part = false;
		list_remove(&x->placements, &p->in_txn);
		drop_if_empty(t, x);
	}
	pthread_mutex_unlock(&t->lock);
	if (left)
		placement_unref(p);
}

/* Of an earlier run, and nobody knows yet that it is of this cluster, whose producer ids are meant. */
static bool
is_elsewhere(const struct placement *p)
{
	return p->chain->waiting;
}

/* Under the lock: moves what is below the mark; the entry goes when it is empty. */
static void
take(struct txns *t, struct txn *x, uint64_t mark, struct list *ret)
{
	LIST_EACH(&x->placements, e) {
		if (CONTAINER_OF(e, struct placement, in_txn)->txn_ticket >= mark)
			break;
		if (is_elsewhere(CONTAINER_OF(e, struct placement, in_txn)))
			continue;
		list_remove(&x->placements, e);
		CONTAINER_OF(e, struct placement, in_txn)->takes_part = false;
		list_append(ret, e);
	}
	x->ending = false;
	drop_if_empty(t, x);
}

void
txns_end(struct txns *t, int64_t producer_id, uint64_t mark, struct list *ret)
{
	struct txn *x;

	pthread_mutex_lock(&t->lock);
	x = map_get(t->by_producer, key_of(&producer_id));
	if (x != NULL)
		take(t, x, mark, ret);
	pthread_mutex_unlock(&t->lock);
}

static bool
is_of(const struct txn *x, struct slice transactional_id, uint64_t mark)
{
	if (x->ending || x->id.n == 0 || !slice_eq(x->id, transactional_id))
		return false;
	LIST_EACH(&x->placements, e) {
		const struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		if (!is_elsewhere(p))
			return p->txn_ticket < mark;
	}
	return false;
}

bool
txns_fence(struct txns *t, struct slice transactional_id, uint64_t mark, struct list *ret)
{
	struct txn *found = NULL;
	struct slice key;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&t->lock);
	while (found == NULL && map_next(t->by_producer, &at, &key, &value)) {
		struct txn *x = value;

		if (is_of(x, transactional_id, mark))
			found = x;
	}
	if (found != NULL)
		take(t, found, mark, ret);
	pthread_mutex_unlock(&t->lock);
	return found != NULL;
}

int
txns_id(struct txns *t, int64_t producer_id, struct wr *ret)
{
	struct txn *x;

	pthread_mutex_lock(&t->lock);
	x = map_get(t->by_producer, key_of(&producer_id));
	if (x != NULL)
		wr_slice_put(ret, x->id);
	pthread_mutex_unlock(&t->lock);
	return wr_err(ret);
}

void
txns_each(struct txns *t, void (*fn)(void *arg, struct placement *p), void *arg)
{
	struct slice key;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&t->lock);
	while (map_next(t->by_producer, &at, &key, &value)) {
		LIST_EACH(&((struct txn *)value)->placements, e)
			fn(arg, CONTAINER_OF(e, struct placement, in_txn));
	}
	pthread_mutex_unlock(&t->lock);
}
