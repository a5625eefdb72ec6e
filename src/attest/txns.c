#include "attest/txns.h"

#include <pthread.h>

#include "attest/chain.h"
#include "attest/late.h"
#include "attest/placement.h"
#include "attest/turns.h"
#include "base/map.h"

/* Where a transaction hangs, nothing behind it in its partition is told: more aren't kept for that; half are for what no end will tell. */
enum { ASKED_MAX = 16384, ASKED_STATED_MAX = ASKED_MAX / 2 };

/*
 * When the log is asked.  Behind an end: markers are written a moment later; then each time twice that, since where another
 * transaction hangs it may take hours.  What is only stated as open will most often end here: seldom, and all of a time at once.
 */
enum { ASK_MS = 50, ASK_AGAIN_MS = 200, ASK_FIRST_MS = 100, ASK_STATED_MS = 10000, ASK_DOUBLINGS = 9, ASK_STATED_DOUBLINGS = 3, NO_PLACE_MS = 1000 };

struct txns {
	pthread_mutex_t lock;
	struct map *by_producer; /* producer id → struct txn */
	uint64_t next_ticket;
	struct turns *looks; /* NULL: nobody reads the log */
	size_t asked;        /* of all producers */
	struct late *late;   /* whose EndTxn may come late */
};

/* A producer that has placements in transactions. */
struct txn {
	int64_t producer_id;
	struct list placements; /* in order of tickets */
	struct list passed;     /* an end passed behind them that isn't surely theirs: the log alone tells */
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
	t->late = late_new();
	if (t->by_producer == NULL || t->late == NULL) {
		map_free(t->by_producer);
		late_free(t->late);
		free(t);
		return NULL;
	}
	pthread_mutex_init(&t->lock, NULL);
	t->next_ticket = 1; /* 0 is of an earlier run */
	return t;
}

void
txns_read_back(struct txns *t, struct turns *looks)
{
	t->looks = looks;
}

static void
txn_free(struct txn *x)
{
	free((void *)(uintptr_t)x->id.p);
	free(x);
}

static void
drop_all(struct list *placements)
{
	struct link *e;

	while ((e = list_pop(placements)) != NULL) {
		CONTAINER_OF(e, struct placement, in_txn)->takes_part = false;
		placement_unref(CONTAINER_OF(e, struct placement, in_txn));
	}
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

		drop_all(&x->placements);
		drop_all(&x->passed); /* their chains go with them */
		txn_free(x);
	}
	map_free(t->by_producer);
	late_free(t->late);
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
	list_init(&x->passed);
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
	if (x->placements.count > 0 || x->passed.count > 0)
		return;
	map_remove(t->by_producer, key_of(&x->producer_id));
	txn_free(x);
}

/* Under the lock: from then on it is asked for. */
static void
book(struct txns *t, struct placement *p, int64_t ms)
{
	p->ask_ns = clock_now().ns + ms * INT64_C(1000000);
	if (!p->passed)
		p->ask_ns += ASK_STATED_MS * INT64_C(1000000) - p->ask_ns % (ASK_STATED_MS * INT64_C(1000000));
	turns_at(t->looks, &p->chain->look, (struct monotime){p->ask_ns});
}

/* Likewise, behind one more time. */
static void
book_again(struct txns *t, struct placement *p)
{
	unsigned tries = p->tries++, most = p->passed ? ASK_DOUBLINGS : ASK_STATED_DOUBLINGS;

	book(t, p, (int64_t)(p->passed ? ASK_FIRST_MS : ASK_STATED_MS) << (tries < most ? tries : most));
}

/*
 * False: there is no room, nobody reads, or nothing in the log tells.  Who is being placed may turn out to have no headers:
 * then it is asked for once it has a place, in vain, and given up.
 */
static bool
ask(struct txns *t, struct placement *p, bool passed)
{
	if (t->looks == NULL || p->mode == HEADERS_NONE)
		return false;
	if (!p->asked && t->asked >= (passed ? ASKED_MAX : ASKED_STATED_MAX))
		return false;
	if (!p->asked) {
		t->asked++;
		list_append(&p->chain->asked, &p->in_asked);
	}
	p->asked = true;
	p->passed = passed;
	p->tries = p->failed = 0;
	book(t, p, passed ? ASK_MS : 0);
	return true;
}

static void
unask(struct txns *t, struct placement *p)
{
	if (!p->asked)
		return;
	t->asked--;
	p->asked = false;
	list_remove(&p->chain->asked, &p->in_asked);
}

/* Likewise: out of all lists.  The reference is the caller's. */
static void
take_out(struct txns *t, struct txn *x, struct placement *p)
{
	unask(t, p);
	list_remove(p->passed ? &x->passed : &x->placements, &p->in_txn);
	p->passed = p->takes_part = false;
}

void
txns_ask(struct txns *t, struct placement *p)
{
	pthread_mutex_lock(&t->lock);
	if (p->takes_part && !p->asked)
		(void)ask(t, p, false);
	pthread_mutex_unlock(&t->lock);
}

int
txns_restore(struct txns *t, struct placement *p, struct slice transactional_id)
{
	struct txn *x;
	int err = ERR_NOMEM;

	pthread_mutex_lock(&t->lock);
	late_note(t->late, p->producer_id, p->producer_epoch);
	x = find_or_make(t, p->producer_id);
	if (x != NULL && (err = learn_id(x, transactional_id)) == 0) {
		placement_ref(p);
		p->txn_ticket = 0;
		p->takes_part = true;
		if (ask(t, p, true))
			list_append(&x->passed, &p->in_txn);
		else
			list_prepend(&x->placements, &p->in_txn);
	} else if (x != NULL) {
		drop_if_empty(t, x);
	}
	pthread_mutex_unlock(&t->lock);
	return err;
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

void
txns_stored(struct txns *t, struct placement *p, bool stored)
{
	pthread_mutex_lock(&t->lock);
	p->txn_stored = stored ? t->next_ticket++ : 0;
	pthread_mutex_unlock(&t->lock);
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

bool
txns_leave(struct txns *t, struct placement *p)
{
	bool left;

	pthread_mutex_lock(&t->lock);
	left = p->takes_part;
	if (left) {
		struct txn *x = map_get(t->by_producer, key_of(&p->producer_id));

		take_out(t, x, p);
		drop_if_empty(t, x);
	}
	pthread_mutex_unlock(&t->lock);
	if (left)
		placement_unref(p);
	return left;
}

/* Of an earlier run, and nobody knows yet that it is of this cluster, whose producer ids are meant. */
static bool
is_elsewhere(const struct placement *p)
{
	return p->chain->waiting;
}

void
txns_out(struct txns *t, int64_t producer_id, int16_t epoch)
{
	pthread_mutex_lock(&t->lock);
	late_out(t->late, producer_id, epoch);
	pthread_mutex_unlock(&t->lock);
}

void
txns_in(struct txns *t, int64_t producer_id, int16_t epoch, bool lost)
{
	pthread_mutex_lock(&t->lock);
	late_in(t->late, producer_id, epoch, lost);
	pthread_mutex_unlock(&t->lock);
}

void
txns_lost(struct txns *t, int64_t producer_id, int16_t epoch)
{
	pthread_mutex_lock(&t->lock);
	late_note(t->late, producer_id, epoch);
	pthread_mutex_unlock(&t->lock);
}

/*
 * Does it end the placement's transaction, or another one's of that producer?  Where they share an epoch, a batch that
 * nobody knew to be in the log when the end went out may have been appended behind its marker, in the next one.
 */
static bool
is_its_end(const struct txns_end *end, const struct placement *p)
{
	if (p->producer_epoch != end->epoch || p->txn_ticket >= end->mark)
		return false;
	if (end->since == 0)
		return !p->shares_epoch;
	return p->txn_ticket >= end->since && 0 < p->txn_stored && p->txn_stored < end->mark;
}

/* Under the lock: moves what is below the mark; the entry goes when it is empty.  No `end`: nobody knows how they ended. */
static void
take(struct txns *t, struct txn *x, uint64_t mark, const struct txns_end *end, struct list *ret, struct list *ret_left)
{
	LIST_EACH(&x->placements, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);
		bool ends;

		if (p->txn_ticket >= mark)
			break;
		if (is_elsewhere(p))
			continue;
		ends = end != NULL && is_its_end(end, p);
		if (!ends && ask(t, p, true)) {
			list_remove(&x->placements, e);
			list_append(&x->passed, e);
			continue;
		}
		take_out(t, x, p);
		list_append(ends ? ret : ret_left, e);
	}
	x->ending = false;
	drop_if_empty(t, x);
}

/* Under the lock: likewise of those that an end passed behind, perhaps on another connection of a pool: only an epoch of its own tells. */
static void
take_passed(struct txns *t, struct txn *x, const struct txns_end *end, struct list *ret)
{
	LIST_EACH(&x->passed, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		if (is_elsewhere(p) || !is_its_end(end, p))
			continue;
		take_out(t, x, p);
		list_append(ret, e);
	}
}

/* Under the lock: perhaps it was this end that the log waits for.  Of some, at most, since an end may come each millisecond. */
static void
ask_soon(struct txns *t, struct txn *x)
{
	int64_t soon_ns = clock_now().ns + ASK_AGAIN_MS * INT64_C(1000000);
	size_t n = 0;

	LIST_EACH(&x->passed, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		if (n++ == 64)
			break;
		if (p->ask_ns > soon_ns)
			book(t, p, ASK_AGAIN_MS);
	}
}

void
txns_end(struct txns *t, int64_t producer_id, const struct txns_end *end, struct list *ret, struct list *ret_left)
{
	struct txn *x;
	bool sure;

	pthread_mutex_lock(&t->lock);
	sure = end->since == 0 || !late_has(t->late, producer_id, end->epoch);
	x = map_get(t->by_producer, key_of(&producer_id));
	if (x != NULL) {
		if (end->since == 0)
			take_passed(t, x, end, ret);
		ask_soon(t, x);
		take(t, x, end->mark, sure ? end : NULL, ret, ret_left);
	}
	pthread_mutex_unlock(&t->lock);
}

/* While an EndTxn is out only the log could tell whether that was it. */
static bool
is_of(const struct txns *t, const struct txn *x, struct slice transactional_id, uint64_t mark)
{
	if ((x->ending && t->looks == NULL) || x->id.n == 0 || !slice_eq(x->id, transactional_id))
		return false;
	LIST_EACH(&x->placements, e) {
		const struct placement *p = CONTAINER_OF(e, struct placement, in_txn);

		if (!is_elsewhere(p))
			return p->txn_ticket < mark;
	}
	return false;
}

bool
txns_fence(struct txns *t, struct slice transactional_id, uint64_t mark, struct list *ret_left)
{
	struct txn *found = NULL;
	struct slice key;
	size_t at = 0;
	void *value;

	pthread_mutex_lock(&t->lock);
	while (found == NULL && map_next(t->by_producer, &at, &key, &value)) {
		struct txn *x = value;

		if (is_of(t, x, transactional_id, mark))
			found = x;
	}
	if (found != NULL)
		take(t, found, mark, NULL, NULL, ret_left);
	pthread_mutex_unlock(&t->lock);
	return found != NULL;
}

static bool
has_place(const struct placement *p)
{
	return (p->life.state == MEMBER_SETTLED || p->life.state == MEMBER_STATED || p->life.state == MEMBER_FINAL) &&
	       !p->elsewhere;
}

size_t
txns_asked(struct txns *t, struct chain *chain, struct placement **ret, size_t max)
{
	int64_t now_ns = clock_now().ns, next_ns = INT64_MAX;
	size_t n = 0;

	pthread_mutex_lock(&t->lock);
	LIST_EACH(&chain->asked, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_asked);

		if (p->ask_ns > now_ns || n == max) {
			next_ns = p->ask_ns < next_ns ? p->ask_ns : next_ns;
		} else if (!has_place(p)) {
			book(t, p, NO_PLACE_MS);
		} else {
			book_again(t, p); /* unless this time tells */
			placement_ref(p);
			ret[n++] = p;
		}
	}
	if (next_ns < INT64_MAX)
		turns_at(t->looks, &chain->look, (struct monotime){next_ns});
	pthread_mutex_unlock(&t->lock);
	return n;
}

/* Under the lock: the log won't tell.  Its own end may, as long as none passed behind it.  True: it is out of all lists. */
static bool
give_up(struct txns *t, struct placement *p)
{
	struct txn *x = map_get(t->by_producer, key_of(&p->producer_id));

	if (!p->passed) {
		unask(t, p);
		return false;
	}
	take_out(t, x, p);
	drop_if_empty(t, x);
	return true;
}

unsigned
txns_failed(struct txns *t, struct placement *p, bool failed)
{
	unsigned times;

	pthread_mutex_lock(&t->lock);
	times = p->failed = failed ? p->failed + 1 : 0;
	pthread_mutex_unlock(&t->lock);
	return times;
}

bool
txns_untold(struct txns *t, struct placement *p)
{
	bool left;

	pthread_mutex_lock(&t->lock);
	left = p->takes_part && give_up(t, p);
	pthread_mutex_unlock(&t->lock);
	if (left)
		placement_unref(p);
	return left;
}

size_t
txns_give_up(struct txns *t, struct chain *chain)
{
	struct link *e;
	size_t n = 0;

	pthread_mutex_lock(&t->lock);
	while ((e = list_first(&chain->asked)) != NULL) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_asked);

		if (!give_up(t, p))
			continue;
		placement_unref(p);
		n++;
	}
	pthread_mutex_unlock(&t->lock);
	return n;
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
		LIST_EACH(&((struct txn *)value)->passed, e)
			fn(arg, CONTAINER_OF(e, struct placement, in_txn));
	}
	pthread_mutex_unlock(&t->lock);
}
