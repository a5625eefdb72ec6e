/*
 * A partition for which answers wait has one watch, and that at most one call of the ledger's to come, however
 * many wait and however often: the ledger can't be told that nobody waits any more.
 *
 *   exchange ─► hold ─► waiter … ─► watch ◄── the ledger knows more
 */
#include "stages/verify_internal.h"

struct watch {
	struct verify *home;
	bool called_for; /* the ledger will call */
	struct list waiters;
	size_t key_len;
	uint8_t key[];
};

struct waiter {
	struct link link; /* in its watch; in none: that was called */
	struct link of;   /* in its hold */
	struct watch *watch;
	struct verify_hold *hold;
};

struct verify_hold {
	struct ticket *ticket; /* under the lock; NULL: resumed */
	struct list all;
};

struct verify_hold *
verify_hold_begin(struct exchange *x, unsigned ms)
{
	struct verify_hold *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	list_init(&h->all);
	h->ticket = exchange_hold(x, ms);
	if (h->ticket == NULL) {
		free(h);
		return NULL;
	}
	return h;
}

/* Under the lock. */
static void
drop_unused(struct verify *v, struct watch *w)
{
	if (w->called_for || list_first(&w->waiters) != NULL)
		return;
	(void)map_remove(v->watches, slice_of(w->key, w->key_len));
	free(w);
}

/* The ledger's call, on a thread of its own. */
static void
on_more(void *arg)
{
	struct watch *w = arg;
	struct verify *v = w->home;
	struct link *l;

	pthread_mutex_lock(&v->lock);
	w->called_for = false;
	while ((l = list_pop(&w->waiters)) != NULL) {
		struct waiter *waiter = CONTAINER_OF(l, struct waiter, link);

		waiter->watch = NULL;
		if (waiter->hold->ticket != NULL)
			ticket_resume(waiter->hold->ticket);
		waiter->hold->ticket = NULL;
	}
	drop_unused(v, w);
	pthread_mutex_unlock(&v->lock);
}

/* Under the lock.  NULL: no memory. */
static struct watch *
watch_of(struct verify *v, const struct ledger_want *want)
{
	uint8_t key[4 + 256];
	size_t n = want->topic.n < sizeof(key) - 4 ? want->topic.n : sizeof(key) - 4;
	struct watch *w;

	memcpy(key, &want->partition, 4);
	if (n > 0)
		memcpy(key + 4, want->topic.p, n);
	n += 4;
	w = map_get(v->watches, slice_of(key, n));
	if (w != NULL || (w = calloc(1, sizeof(*w) + n)) == NULL)
		return w;
	w->home = v;
	list_init(&w->waiters);
	w->key_len = n;
	memcpy(w->key, key, n);
	if (map_put(v->watches, slice_of(key, n), w) != 0) {
		free(w);
		return NULL;
	}
	return w;
}

int
verify_hold_ask(struct verify *v, struct verify_hold *h, const struct ledger_want *want, struct ledger_answer *ret)
{
	struct waiter *m = calloc(1, sizeof(*m));
	struct watch *w;
	bool call;
	int err;

	if (m == NULL)
		return ERR_NOMEM;
	pthread_mutex_lock(&v->lock);
	w = watch_of(v, want);
	if (w == NULL) {
		pthread_mutex_unlock(&v->lock);
		free(m);
		return ERR_NOMEM;
	}
	m->watch = w;
	m->hold = h;
	list_append(&w->waiters, &m->link);
	list_append(&h->all, &m->of);
	call = !w->called_for;
	w->called_for = true;
	pthread_mutex_unlock(&v->lock);
	/* Waits from before the answer on: what comes behind it is not missed. */
	err = v->doors.ask(v->doors.arg, want, call ? on_more : NULL, call ? w : NULL, ret);
	if (err != 0 && call) {
		pthread_mutex_lock(&v->lock);
		w->called_for = false; /* our waiter keeps it alive */
		pthread_mutex_unlock(&v->lock);
	}
	return err;
}

void
verify_hold_end(struct verify *v, struct verify_hold *h)
{
	struct ticket *t;
	struct link *l;

	if (h == NULL)
		return;
	pthread_mutex_lock(&v->lock);
	while ((l = list_pop(&h->all)) != NULL) {
		struct waiter *m = CONTAINER_OF(l, struct waiter, of);

		if (m->watch != NULL) {
			list_remove(&m->watch->waiters, &m->link);
			drop_unused(v, m->watch);
		}
		free(m);
	}
	t = h->ticket;
	h->ticket = NULL;
	pthread_mutex_unlock(&v->lock);
	if (t != NULL)
		ticket_resume(t); /* it is owed one; nobody waits on it */
	free(h);
}

void
verify_hold_free(struct verify *v)
{
	struct slice key;
	size_t at = 0;
	void *w;

	while (v->watches != NULL && map_next(v->watches, &at, &key, &w))
		free(w);
	map_free(v->watches);
}
