/* A chain, and where a batch is placed in its windows. */
#include "attest/chain_internal.h"
#include "attest/chain_journal.h"
#include "attest/chain_taken.h"
#include "attest/outgoing.h"

#include "base/metrics.h"

struct chain *
chain_new(struct chain_shared *shared, struct slice topic, const uint8_t *topic_id, int32_t partition,
	  const struct chain_id *id)
{
	struct chain *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->topic = strndup((const char *)topic.p, topic.n);
	if (c->topic == NULL) {
		free(c);
		return NULL;
	}
	c->shared = shared;
	c->has_topic_id = topic_id != NULL;
	if (topic_id != NULL)
		memcpy(c->topic_id, topic_id, sizeof(c->topic_id));
	c->partition = partition;
	c->id = *id;
	c->head = head_begin();
	c->high_offset = -1;
	list_init(&c->windows);
	list_init(&c->untold);
	list_init(&c->outgoing);
	list_init(&c->asked);
	retries_init(&c->retries);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
chain_free(struct chain *c)
{
	struct link *e;

	if (c == NULL)
		return;
	while (list_first(&c->windows) != NULL)
		window_free(CONTAINER_OF(list_pop(&c->windows), struct window, in_chain));
	chain_taken_end(c);
	retries_clear(&c->retries);
	while ((e = list_pop(&c->untold)) != NULL)
		placement_unref(CONTAINER_OF(e, struct span, in_window)->placement);
	while ((e = list_pop(&c->outgoing)) != NULL)
		outgoing_free(CONTAINER_OF(e, struct outgoing, link));
	head_clear(&c->head);
	covered_clear(&c->covered);
	covered_clear(&c->guessed);
	covered_clear(&c->given);
	covered_clear(&c->again);
	covered_clear(&c->freed);
	pthread_mutex_destroy(&c->lock);
	free(c->topic);
	free(c->collector_id);
	free(c);
}

struct who_table *
chain_who(const struct chain *c)
{
	return c->shared->who;
}

struct window *
chain_oldest(const struct chain *c)
{
	struct link *e = list_first(&c->windows);

	return e == NULL ? NULL : CONTAINER_OF(e, struct window, in_chain);
}

void
chain_insert_window(struct chain *c, struct window *w)
{
	struct link *at = &c->windows.head;

	while (at->prev != &c->windows.head && CONTAINER_OF(at->prev, struct window, in_chain)->id > w->id)
		at = at->prev;
	list_insert_before(&c->windows, at, &w->in_chain);
}

void
chain_tell_sealer(struct chain *c)
{
	struct window *w = chain_oldest(c);

	if (w != NULL && !c->sealing && w->closed && w->awaiting == 0)
		turns_now(c->shared->turns, &c->turn);
}

void
chain_close(struct chain *c, enum close_reason reason, struct chain_now now)
{
	if (c->open == NULL)
		return;
	window_close(c->open, reason, now.mono, now.wall_ms);
	metric_add(METRIC_WINDOWS_OPEN, -1);
	chain_journal_closed(c, c->open);
	c->open = NULL;
	chain_tell_sealer(c);
}

/* --- placing ------------------------------------------------------------------ */

void
chain_backlog_add(struct chain *c, int64_t members, int64_t batches)
{
	atomic_fetch_add_explicit(&c->shared->backlog, members, memory_order_relaxed);
	atomic_fetch_add_explicit(&c->shared->batches, batches, memory_order_relaxed);
}

/* What leaves are to be bound to; unknown when nothing or two things are known. */
static enum chains_time
time_to_bind(const struct chain *c, const struct chains_batch *b)
{
	if (c->time == CHAINS_TIME_UNKNOWN || c->time == b->time)
		return b->time;
	return b->time == CHAINS_TIME_UNKNOWN ? c->time : CHAINS_TIME_UNKNOWN;
}

static void
drop_windows(struct list *windows)
{
	while (list_first(windows) != NULL)
		window_free(CONTAINER_OF(list_pop(windows), struct window, in_chain));
}

/* `n` windows for later.  0 or ERR_NOMEM. */
static int
make_windows(size_t n, struct chain_now now, struct list *ret)
{
	for (size_t i = 0; i < n; i++) {
		struct window *w = window_new(now.mono, now.wall_ms);

		if (w == NULL) {
			drop_windows(ret);
			return ERR_NOMEM;
		}
		list_append(ret, &w->in_chain);
	}
	return 0;
}

static void
open_window(struct chain *c, struct list *spare, const struct settings *set, struct chain_now now)
{
	struct window *w = CONTAINER_OF(list_pop(spare), struct window, in_chain);

	w->id = c->head.next_window++;
	list_append(&c->windows, &w->in_chain);
	c->open = w;
	metric_add(METRIC_WINDOWS_OPEN, 1);
	turns_at(c->shared->turns, &c->turn, chain_after(now.mono, set->window_age_ms));
}

/* Puts the spans of `p` into the open window and as many more as it takes. */
static void
fill_windows(struct chain *c, struct placement *p, struct list *spare, const struct settings *set,
	     struct chain_now now)
{
	int32_t first = 0;

	for (size_t i = 0; i < p->span_count; i++) {
		struct span *s = &p->span[i];
		int32_t room;

		if (c->open == NULL)
			open_window(c, spare, set, now);
		room = set->window_records - c->open->taken;
		s->first = first;
		s->count = p->count - first < room ? p->count - first : room;
		first += s->count;
		p->windows[i] = (struct rewrite_span){.window_id = c->open->id, .count = (uint32_t)s->count};
		window_add(c->open, s);
		if (c->open->taken >= set->window_records || c->open->spans.count >= CHAIN_RUNS_MAX)
			chain_close(c, CLOSE_RECORDS, now);
	}
	INVARIANT(first == p->count && list_first(spare) == NULL);
}

static int
place_new(struct chain *c, const struct settings *set, const struct chains_batch *b, struct placement *rival,
	  struct chain_now now, struct attempt *ret)
{
	struct chains_batch bound = *b;
	struct placement *p = NULL;
	struct list spare;
	int32_t room, rest;
	size_t more;
	int err = ERR_NOMEM;

	list_init(&spare);
	if (c->open != NULL && monotime_since_ms(now.mono, c->open->opened_at) >= set->window_age_ms)
		chain_close(c, CLOSE_AGE, now);
	if (c->open != NULL && c->open->taken >= set->window_records)
		chain_close(c, CLOSE_RECORDS, now); /* a reload made windows smaller */
	room = c->open == NULL ? 0 : set->window_records - c->open->taken;
	rest = b->count > room ? b->count - room : 0;
	more = (size_t)((rest + (int64_t)set->window_records - 1) / set->window_records);

	bound.time = time_to_bind(c, b);
	p = placement_new(c, &bound, more + (room > 0));
	if (p == NULL || (p->members = calloc((size_t)b->count, sizeof(p->members[0]))) == NULL)
		goto fail;
	if (make_windows(more, now, &spare) != 0)
		goto fail;
	if (b->producer_id >= 0 && (err = retries_add(&c->retries, p)) != 0)
		goto fail;
	if (b->transactional && (err = txns_add(c->shared->txns, p, b->transactional_id)) != 0)
		goto fail;
	if (rival != NULL) { /* only now that nothing can fail: its own retry may still come */
		placement_ref(rival);
		p->rival = rival;
		if (member_is_resolved(&rival->life) && rival->life.state != MEMBER_GIVEN_UP)
			retries_forget(rival);
		else
			retries_lose(rival); /* the broker may have that one, and say so to this */
	}
	p->contended = rival != NULL || retries_is_lost(p);
	p->contended_untimed = (rival != NULL && rival->untimed) || retries_is_lost_untimed(p);
	fill_windows(c, p, &spare, set, now);
	p->reach = c->high_offset > c->head.high_offset ? c->high_offset : c->head.high_offset;
	chain_backlog_add(c, b->count, 1);
	*ret = (struct attempt){
		.placement = p, .members = p->members, .time = p->time, .transactional_id = b->transactional_id};
	return 0;
fail:
	drop_windows(&spare);
	if (p != NULL)
		retries_forget(p);
	placement_unref(p);
	return err;
}

/* Sent before: the same windows again.  What it holds is compared before it goes out. */
static int
place_again(struct placement *p, struct attempt *ret)
{
	struct member *members = calloc((size_t)p->count, sizeof(*members));

	if (members == NULL)
		return ERR_NOMEM;
	placement_ref(p);
	*ret = (struct attempt){.placement = p, .members = members, .retry = true, .time = p->time};
	return 0;
}

/* A retry is no more than what is there. */
static bool
is_too_much(const struct chain *c, const struct settings *set, const struct chains_batch *b)
{
	const struct chain_shared *s = c->shared;

	return atomic_load_explicit(&s->backlog, memory_order_relaxed) +
		       CHAIN_BATCH_WEIGHT * atomic_load_explicit(&s->batches, memory_order_relaxed) + b->count >
	       set->backlog_records;
}

/*
 * Which of them an answer is about nobody could tell, if it weren't remembered.  But for those whose statements are final
 * the log can: their offsets were given (chain_settle.c).
 */
static bool
has_room_beside(struct placement *seen)
{
	if (placement_forget_rivals(seen) < PLACEMENT_RIVALS_MAX)
		return true;
	if (!placement_forget_final_rival(seen))
		return false;
	retries_lose_rival(seen, true);
	return true;
}

int
chain_place(struct chain *c, const struct settings *set, const struct chains_batch *b, struct chain_now now,
	    struct attempt *ret)
{
	struct placement *seen;

	INVARIANT(b->count > 0 && set->window_records > 0);
	/* Asked under the mutex: whoever stops us looks at the chain behind this. */
	if (c->shared->stopping)
		return ERR_NOT_NOW;
	seen = retries_find(&c->retries, b->producer_id, b->producer_epoch, b->base_sequence, b->count);
	if (seen == NULL || b->fresh) {
		if (seen != NULL && !has_room_beside(seen))
			return ERR_EXISTS;
		return is_too_much(c, set, b) ? ERR_LIMIT : place_new(c, set, b, seen, now, ret);
	}
	if (seen->life.state == MEMBER_PLACED)
		return ERR_EXISTS;
	return place_again(seen, ret);
}
