#include "attest/retries.h"

#include "attest/placement.h"

/* Brokers know a producer's last five batches (ProducerStateEntry.NUM_BATCHES_TO_RETAIN). */
#define BATCHES_KEPT 8
#define PRODUCERS_KEPT 256

struct retries_producer {
	struct link by_use;
	struct retries *home;
	int64_t producer_id;
	struct list batches; /* placements, oldest first */
	bool proven;         /* a batch of `proven_epoch` is stored, and the first one that is has this sequence */
	int16_t proven_epoch;
	int32_t proven_sequence;
	bool lost; /* up to this sequence of `lost_epoch` there is one that is remembered no more, and may be stored */
	int16_t lost_epoch;
	int32_t lost_sequence;
	bool lost_untimed; /* one of them may have no time */
};

static struct slice
key_of(const int64_t *producer_id)
{
	return slice_of(producer_id, sizeof(*producer_id));
}

void
retries_init(struct retries *r)
{
	r->producers = NULL;
	list_init(&r->by_use);
}

static void
forget(struct retries_producer *q, struct placement *p)
{
	list_remove(&q->batches, &p->in_producer);
	p->producer = NULL;
	placement_unref(p);
}

static void
producer_free(struct retries_producer *q)
{
	while (list_first(&q->batches) != NULL)
		forget(q, CONTAINER_OF(list_first(&q->batches), struct placement, in_producer));
	list_remove(&q->home->by_use, &q->by_use);
	map_remove(q->home->producers, key_of(&q->producer_id));
	free(q);
}

void
retries_clear(struct retries *r)
{
	LIST_EACH(&r->by_use, e)
		producer_free(CONTAINER_OF(e, struct retries_producer, by_use));
	map_free(r->producers);
	r->producers = NULL;
}

struct placement *
retries_find(struct retries *r, int64_t producer_id, int16_t epoch, int32_t base_sequence, int32_t count)
{
	struct retries_producer *q;

	if (producer_id < 0 || r->producers == NULL)
		return NULL;
	q = map_get(r->producers, key_of(&producer_id));
	if (q == NULL)
		return NULL;
	LIST_EACH(&q->batches, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_producer);

		if (p->producer_epoch == epoch && p->base_sequence == base_sequence && p->count == count)
			return p;
	}
	return NULL;
}

/* Sequences go from 0 to INT32_MAX and begin again. */
static uint32_t
ahead_of(int32_t sequence, int32_t other)
{
	return ((uint32_t)sequence - (uint32_t)other) & INT32_MAX;
}

static bool
is_behind(int32_t sequence, int32_t other)
{
	uint32_t ahead = ahead_of(sequence, other);

	return ahead != 0 && ahead <= INT32_MAX / 2;
}

/* No client waits for the other's answer any more; and sequences go round. */
static bool
is_long_behind(int32_t sequence, int32_t other)
{
	return is_behind(sequence, other) && ahead_of(sequence, other) > INT32_MAX / 4;
}

static void
note_lost(struct retries_producer *q, const struct placement *p, bool is_untimed)
{
	int32_t last = (int32_t)(((uint32_t)p->base_sequence + (uint32_t)p->count - 1) & INT32_MAX);

	if (!q->lost || p->producer_epoch > q->lost_epoch)
		q->lost_untimed = false;
	if (!q->lost || p->producer_epoch > q->lost_epoch ||
	    (p->producer_epoch == q->lost_epoch && is_behind(last, q->lost_sequence))) {
		q->lost = true;
		q->lost_epoch = p->producer_epoch;
		q->lost_sequence = last;
	}
	q->lost_untimed |= is_untimed && p->producer_epoch == q->lost_epoch;
}

static void
lose(struct retries_producer *q, struct placement *p)
{
	note_lost(q, p, p->untimed || p->life.state == MEMBER_PLACED); /* its records may not be there yet */
	forget(q, p);
}

/* Forgets what nobody asks for any more: all but the last few whose outcome is known, or was given up. */
static void
trim_batches(struct retries_producer *q)
{
	LIST_EACH(&q->batches, e) {
		struct placement *p = CONTAINER_OF(e, struct placement, in_producer);

		if (q->batches.count <= BATCHES_KEPT)
			break;
		if (p->life.state == MEMBER_GIVEN_UP)
			lose(q, p);
		else if (member_is_resolved(&p->life))
			forget(q, p);
	}
}

static bool
is_idle(const struct retries_producer *q)
{
	LIST_EACH(&q->batches, e) {
		if (!member_is_resolved(&CONTAINER_OF(e, struct placement, in_producer)->life))
			return false;
	}
	return true;
}

static void
trim_producers(struct retries *r)
{
	LIST_EACH(&r->by_use, e) {
		struct retries_producer *q = CONTAINER_OF(e, struct retries_producer, by_use);

		if (r->by_use.count <= PRODUCERS_KEPT)
			break;
		if (is_idle(q))
			producer_free(q);
	}
}

static struct retries_producer *
producer_new(struct retries *r, int64_t producer_id)
{
	struct retries_producer *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return NULL;
	q->home = r;
	q->producer_id = producer_id;
	list_init(&q->batches);
	if (map_put(r->producers, key_of(&producer_id), q) != 0) {
		free(q);
		return NULL;
	}
	list_append(&r->by_use, &q->by_use);
	return q;
}

/* At the end; what a journal tells of, in its place by number, since it may have been written anew behind younger ones. */
static void
insert(struct retries_producer *q, struct placement *p)
{
	struct link *at = &q->batches.head;

	while (p->number != 0 && at->prev != &q->batches.head &&
	       CONTAINER_OF(at->prev, struct placement, in_producer)->number > p->number)
		at = at->prev;
	list_insert_before(&q->batches, at, &p->in_producer);
}

int
retries_add(struct retries *r, struct placement *p)
{
	struct retries_producer *q;

	INVARIANT(p->producer_id >= 0 && p->producer == NULL);
	if (r->producers == NULL && (r->producers = map_new()) == NULL)
		return ERR_NOMEM;
	q = map_get(r->producers, key_of(&p->producer_id));
	if (q == NULL && (q = producer_new(r, p->producer_id)) == NULL)
		return ERR_NOMEM;
	list_remove(&r->by_use, &q->by_use);
	list_append(&r->by_use, &q->by_use);
	insert(q, p);
	p->producer = q;
	placement_ref(p);
	trim_batches(q);
	trim_producers(r);
	return 0;
}

void
retries_prove(const struct placement *p)
{
	struct retries_producer *q = p->producer;

	if (q != NULL && q->lost && is_long_behind(p->base_sequence, q->lost_sequence))
		q->lost = false;
	if (q == NULL || (q->proven && q->proven_epoch == p->producer_epoch && is_behind(p->base_sequence, q->proven_sequence)))
		return;
	q->proven = true;
	q->proven_epoch = p->producer_epoch;
	q->proven_sequence = p->base_sequence;
}

bool
retries_is_proven(const struct placement *p)
{
	const struct retries_producer *q = p->producer;

	return q != NULL && q->proven && q->proven_epoch == p->producer_epoch && is_behind(p->base_sequence, q->proven_sequence);
}

void
retries_forget(struct placement *p)
{
	if (p->producer != NULL)
		forget(p->producer, p);
}

void
retries_lose(struct placement *p)
{
	if (p->producer != NULL)
		lose(p->producer, p);
}

void
retries_lose_rival(const struct placement *p, bool is_untimed)
{
	if (p->producer != NULL)
		note_lost(p->producer, p, is_untimed);
}

bool
retries_is_lost(const struct placement *p)
{
	const struct retries_producer *q = p->producer;

	return q != NULL && q->lost && q->lost_epoch == p->producer_epoch && !is_behind(p->base_sequence, q->lost_sequence);
}

bool
retries_is_lost_untimed(const struct placement *p)
{
	return retries_is_lost(p) && p->producer->lost_untimed;
}
