#include "attest/chain.h"

#include "base/log.h"
#include "base/metrics.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)
#define EARLIEST_MS INT64_C(1000000000000) /* 2001-09-09: no broker appends before; librdkafka's mock says 1000 */

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
	retries_init(&c->retries);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void
chain_free(struct chain *c)
{
	if (c == NULL)
		return;
	while (list_first(&c->windows) != NULL)
		window_free(CONTAINER_OF(list_pop(&c->windows), struct window, in_chain));
	retries_clear(&c->retries);
	head_clear(&c->head);
	pthread_mutex_destroy(&c->lock);
	free(c->topic);
	free(c);
}

struct who_table *
chain_who(const struct chain *c)
{
	return c->shared->who;
}

static struct window *
oldest(const struct chain *c)
{
	struct link *e = list_first(&c->windows);

	return e == NULL ? NULL : CONTAINER_OF(e, struct window, in_chain);
}

static struct monotime
after(struct monotime t, int64_t ms)
{
	return (struct monotime){t.ns + ms * 1000000};
}

/* The sealer may have something to do: it looks itself, in its own turn. */
static void
tell_sealer(struct chain *c)
{
	struct window *w = oldest(c);

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
	c->open = NULL;
	tell_sealer(c);
}

/* --- placing ------------------------------------------------------------------ */

static void
backlog_add(struct chain *c, int64_t members, int64_t batches)
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
	turns_at(c->shared->turns, &c->turn, after(now.mono, set->window_age_ms));
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
	if (rival != NULL) {
		placement_ref(rival);
		p->rival = rival;
		retries_forget(rival);
	}
	if (b->producer_id >= 0 && (err = retries_add(&c->retries, p)) != 0)
		goto fail;
	if (b->transactional && (err = txns_add(c->shared->txns, p, b->transactional_id)) != 0)
		goto fail;
	fill_windows(c, p, &spare, set, now);
	backlog_add(c, b->count, 1);
	*ret = (struct attempt){.placement = p, .members = p->members, .time = p->time};
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
	if (seen == NULL || b->fresh)
		return place_new(c, set, b, seen, now, ret);
	if (seen->life.state == MEMBER_PLACED)
		return ERR_EXISTS;
	return place_again(seen, ret);
}

/* --- settling ----------------------------------------------------------------- */

/* The batch's records are no members of its windows (any more). */
static void
leave_windows(struct chain *c, struct placement *p, bool unresolved)
{
	placement_ref(p);
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		INVARIANT(w != NULL && !p->span[i].stated);
		w->awaiting--;
		if (unresolved)
			w->unresolved += p->span[i].count;
		window_drop(w, &p->span[i]);
	}
	backlog_add(c, -p->count, -1);
	free(p->members);
	p->members = NULL;
	placement_unref(p);
	tell_sealer(c);
}

/* Its windows count the batch as unresolved, `reason` as unattested. */
static void
give_up(struct chain *c, struct placement *p, enum metric reason, const char *why)
{
	metric_add(reason, p->count);
	LOG_LIMITED(LOG_LEVEL_WARN, "attest", "records are left out of their window", LOG_S("cause", why),
		    LOG_S("topic", c->topic), LOG_I("partition", c->partition), LOG_I("records", p->count));
	member_step(&p->life, MEMBER_GIVE_UP);
	leave_windows(c, p, true);
}

/* Applies the end of an attempt that stored nothing, as far as we know. */
static void
apply(struct chain *c, const struct settings *set, struct placement *p, enum member_event event,
      struct chain_now now)
{
	enum member_state before = p->life.state;

	if (event == MEMBER_LOSE)
		p->lost_at = now.mono;
	member_step(&p->life, event);
	if (p->life.state == before)
		return;
	if (p->life.state == MEMBER_REFUSED) {
		retries_forget(p);
		leave_windows(c, p, false);
	} else if (p->life.state == MEMBER_UNKNOWN) {
		turns_at(c->shared->turns, &c->turn, after(p->lost_at, set->outcome_wait_ms));
	}
}

static void
end_attempt(struct attempt *a)
{
	placement_unref(a->placement);
	a->placement = NULL;
	a->members = NULL;
}

int
chain_forward(struct chain *c, struct attempt *a, enum header_mode mode, const uint8_t digest[32])
{
	struct placement *p = a->placement;

	(void)c;
	if (a->retry) {
		free(a->members);
		a->members = NULL;
		if (p->life.state == MEMBER_REFUSED || p->mode != mode || memcmp(p->digest, digest, 32) != 0) {
			end_attempt(a);
			return ERR_NOT_NOW;
		}
	} else {
		p->mode = mode;
		memcpy(p->digest, digest, sizeof(p->digest));
	}
	member_step(&p->life, MEMBER_FORWARD);
	return 0;
}

void
chain_withdraw(struct chain *c, struct attempt *a)
{
	struct placement *p = a->placement;

	if (a->retry) {
		free(a->members);
	} else {
		member_step(&p->life, MEMBER_WITHDRAW);
		retries_forget(p);
		leave_windows(c, p, false);
	}
	end_attempt(a);
}

static bool
has_greatest(const struct placement *p, int64_t timestamp)
{
	int64_t greatest = INT64_MIN;

	for (int32_t i = 0; p != NULL && p->members != NULL && i < p->count; i++)
		greatest = p->members[i].timestamp > greatest ? p->members[i].timestamp : greatest;
	return timestamp == greatest;
}

/*
 * Where records keep their own time, a broker that had a sequence before tells that batch's
 * greatest timestamp.  One that looks so is stored as another batch, of ours or not, or it
 * is the first of a topic whose type changed in that very millisecond: nobody knows.
 */
static bool
may_be_old(const struct attempt *a, const struct answer *answer, enum chains_time known)
{
	const struct placement *p = a->placement;

	return !a->retry && p->producer_id >= 0 && known == CHAINS_TIME_CREATE && answer->append_ms >= 0 &&
	       (has_greatest(p, answer->append_ms) || has_greatest(p->rival, answer->append_ms));
}

/*
 * What an answer shows of the topic's timestamp type.  LogAppendTimeMs is -1 on
 * CreateTime, but for a batch that the broker had before (UnifiedLog.append gives its
 * timestamp), so another value counts only when the batch is new.
 */
static enum chains_time
time_shown(const struct chain *c, const struct attempt *a, const struct answer *answer, struct chain_now now)
{
	bool is_new = a->placement->producer_id < 0 ||
		      (c->high_offset >= 0 && answer->base_offset > c->high_offset);
	int64_t off;

	if (answer->append_ms < EARLIEST_MS)
		return CHAINS_TIME_CREATE;
	if (__builtin_sub_overflow(answer->append_ms, now.wall_ms, &off) || off > DAY_MS || off < -DAY_MS)
		return CHAINS_TIME_UNKNOWN; /* no broker's clock */
	if (is_new && !a->retry)
		return CHAINS_TIME_APPEND;
	return CHAINS_TIME_UNKNOWN;
}

/* The broker had this sequence before, from a batch that we don't know: what is stored is not ours. */
static bool
is_foreign_duplicate(const struct chain *c, const struct attempt *a, const struct answer *answer,
		     enum chains_time known)
{
	const struct placement *p = a->placement;

	if (a->retry || p->producer_id < 0)
		return false;
	if (answer->base_offset <= c->head.high_offset)
		return true; /* an earlier run of this chain had that offset */
	return known == CHAINS_TIME_CREATE && answer->append_ms >= 0 &&
	       !(c->high_offset >= 0 && answer->base_offset > c->high_offset);
}

static void
note_time(struct chain *c, enum chains_time shown, struct chain_now now)
{
	if (shown == CHAINS_TIME_UNKNOWN || shown == c->time)
		return;
	if (c->time != CHAINS_TIME_UNKNOWN ||
	    (c->open != NULL && c->open->time != CHAINS_TIME_UNKNOWN && c->open->time != shown))
		chain_close(c, CLOSE_TIMESTAMP_TYPE, now);
	c->time = shown;
}

static bool
leaves_fit(const struct placement *p, enum chains_time time)
{
	/* Leaves bound to CreateTime have their unbound twins beside them. */
	if (p->time == CHAINS_TIME_APPEND && time != CHAINS_TIME_APPEND)
		return false;
	for (size_t i = 0; i < p->span_count; i++) {
		const struct window *w = p->span[i].window;

		if (w->time != CHAINS_TIME_UNKNOWN && w->time != time)
			return false;
	}
	return true;
}

static void
settle_at(struct chain *c, struct placement *p, const struct answer *answer, enum chains_time time)
{
	p->base_offset = answer->base_offset;
	p->append_ms = answer->append_ms;
	p->settled = ++c->settles;
	member_step(&p->life, MEMBER_ACKNOWLEDGE);
	for (size_t i = 0; i < p->span_count; i++) {
		struct window *w = p->span[i].window;

		w->awaiting--;
		w->members += p->span[i].count;
		w->time = time;
	}
	metric_add(METRIC_RECORDS_ATTESTED, p->count);
	tell_sealer(c);
}

static enum chains_outcome
stored(struct chain *c, const struct settings *set, struct attempt *a, const struct answer *answer,
       struct chain_now now)
{
	struct placement *p = a->placement;
	enum chains_time known = c->time != CHAINS_TIME_UNKNOWN ? c->time : p->time;
	bool may_be = may_be_old(a, answer, known);
	enum chains_time shown = may_be ? CHAINS_TIME_UNKNOWN : time_shown(c, a, answer, now);
	enum chains_time time = shown;

	/* The client sent one sequence with two contents, and the broker kept the first, which is a member. */
	if (p->rival != NULL && p->rival->base_offset == answer->base_offset) {
		metric_add(METRIC_RECORDS_DUPLICATE, p->count);
		apply(c, set, p, MEMBER_REFUSE, now);
		return CHAINS_DUPLICATE;
	}
	/* The client is told that it is stored, and so it is, but not as our copy. */
	if (p->life.state == MEMBER_FORWARDED && is_foreign_duplicate(c, a, answer, known)) {
		apply(c, set, p, MEMBER_LOSE, now);
		give_up(c, p, METRIC_RECORDS_DUPLICATE, "the broker had them before, in a batch of another run");
		return CHAINS_DUPLICATE;
	}
	if (p->life.state == MEMBER_FORWARDED && may_be) {
		apply(c, set, p, MEMBER_LOSE, now); /* another attempt may know */
		return CHAINS_OPEN;
	}
	note_time(c, shown, now);
	if (answer->base_offset + p->count - 1 > c->high_offset)
		c->high_offset = answer->base_offset + p->count - 1;
	if (p->life.state != MEMBER_FORWARDED) { /* another attempt told us before */
		member_step(&p->life, MEMBER_ACKNOWLEDGE);
		return CHAINS_KNOWN;
	}
	if (time == CHAINS_TIME_UNKNOWN)
		time = c->time != CHAINS_TIME_UNKNOWN ? c->time : p->time;
	/* The broker gave a time: on LogAppendTime, or to a batch that it had.  A guess could state a wrong leaf. */
	if (time == CHAINS_TIME_UNKNOWN || !leaves_fit(p, time)) {
		apply(c, set, p, MEMBER_LOSE, now);
		give_up(c, p, METRIC_RECORDS_TIMESTAMP_TYPE, "the topic's timestamp type is another, or not known");
		return CHAINS_UNFIT;
	}
	settle_at(c, p, answer, time);
	return CHAINS_STORED;
}

enum chains_outcome
chain_settle(struct chain *c, const struct settings *set, struct attempt *a, const struct answer *answer,
	     struct chain_now now)
{
	enum chains_outcome outcome = CHAINS_OPEN;

	switch (answers_mean(answer, a->placement->producer_id >= 0)) {
	case ANSWER_STORED:
		outcome = stored(c, set, a, answer, now);
		break;
	case ANSWER_REFUSED:
		apply(c, set, a->placement, MEMBER_REFUSE, now);
		outcome = CHAINS_REFUSED;
		break;
	case ANSWER_OPEN:
		apply(c, set, a->placement, MEMBER_LOSE, now);
		break;
	}
	end_attempt(a);
	return outcome;
}

void
chain_lost(struct chain *c, const struct settings *set, struct attempt *a, struct chain_now now)
{
	apply(c, set, a->placement, MEMBER_LOSE, now);
	end_attempt(a);
}

void
chain_txn_ended(struct chain *c, struct placement *p, bool committed)
{
	if (p->txn != PLACEMENT_TXN_OPEN)
		return;
	for (size_t i = 0; i < p->span_count; i++) {
		struct span *s = &p->span[i];

		if (s->window != NULL && !s->stated)
			s->window->open_txns--;
		if (!s->stated || s->txn != PLACEMENT_TXN_OPEN)
			continue;
		if (head_runs_add(&c->head.ended, (struct head_run){p->base_offset + s->first, s->count,
								     p->producer_id, p->producer_epoch, committed}) != 0)
			LOG_LIMITED(LOG_LEVEL_WARN, "attest", "no memory to note how a transaction ended",
				    LOG_S("topic", c->topic), LOG_I("partition", c->partition));
	}
	p->txn = committed ? PLACEMENT_TXN_COMMITTED : PLACEMENT_TXN_ABORTED;
	tell_sealer(c);
}

/* --- the sealer's side -------------------------------------------------------- */

static bool
is_doubtful(const struct placement *p)
{
	return p->life.state == MEMBER_UNKNOWN || (p->life.state == MEMBER_FORWARDED && p->life.doubt);
}

/* Gives up what was waited for long enough; the rest tells until when to wait. */
static void
give_up_overdue(struct chain *c, struct window *w, const struct settings *set, struct chain_now now)
{
	LIST_EACH(&w->spans, e) {
		struct placement *p = CONTAINER_OF(e, struct span, in_window)->placement;
		struct monotime until = after(p->lost_at, set->outcome_wait_ms);

		if (!is_doubtful(p))
			continue;
		if (c->shared->stopping || now.mono.ns >= until.ns)
			give_up(c, p, METRIC_RECORDS_UNRESOLVED, "their outcome is not known");
		else
			turns_at(c->shared->turns, &c->turn, until);
	}
}

static bool
is_complete(struct chain *c, struct window *w, const struct settings *set, struct chain_now now)
{
	struct monotime until;

	if (!w->closed)
		return false;
	if (w->awaiting > 0)
		give_up_overdue(c, w, set, now);
	if (w->awaiting > 0)
		return false;
	until = after(w->closed_at, set->transaction_wait_ms);
	if (w->open_txns == 0 || c->shared->stopping || now.mono.ns >= until.ns)
		return true;
	turns_at(c->shared->turns, &c->turn, until);
	return false;
}

static void
remove_oldest(struct chain *c)
{
	window_free(CONTAINER_OF(list_pop(&c->windows), struct window, in_chain));
}

/* From here on nothing about the window's members changes, so the sealer reads them without the mutex. */
static void
hand_over(struct chain *c, struct window *w)
{
	LIST_EACH(&w->spans, e) {
		struct span *s = CONTAINER_OF(e, struct span, in_window);
		struct placement *p = s->placement;

		s->stated = true;
		s->txn = p->txn;
		if (--p->unstated == 0)
			member_step(&p->life, MEMBER_STATE);
	}
	w->ended = c->head.ended.count < CHAIN_RUNS_MAX ? c->head.ended.count : CHAIN_RUNS_MAX;
	c->sealing = true;
}

struct window *
chain_turn(struct chain *c, const struct settings *set, struct chain_now now)
{
	struct window *w;

	if (c->open != NULL) {
		struct monotime due = after(c->open->opened_at, set->window_age_ms);

		if (c->shared->stopping)
			chain_close(c, CLOSE_SHUTDOWN, now);
		else if (now.mono.ns >= due.ns)
			chain_close(c, CLOSE_AGE, now);
		else
			turns_at(c->shared->turns, &c->turn, due);
	}
	if (c->sealing)
		return NULL;
	while ((w = oldest(c)) != NULL && is_complete(c, w, set, now)) {
		if (w->members > 0) {
			hand_over(c, w);
			return w;
		}
		c->head.empty_before++;
		metric_add(METRIC_WINDOWS_EMPTY, 1);
		remove_oldest(c);
	}
	return NULL;
}

static void
forget_ended(struct head_runs *r, size_t n)
{
	INVARIANT(n <= r->count);
	memmove(r->run, r->run + n, (r->count - n) * sizeof(r->run[0]));
	r->count -= n;
}

void
chain_published(struct chain *c, struct window *w, const uint8_t root[32], const uint8_t statement[32],
		size_t ended_told)
{
	struct head *h = &c->head;

	INVARIANT(c->sealing && w == oldest(c));
	if (h->length == 0)
		h->first_window = w->id;
	h->length++;
	h->last_window = w->id;
	h->empty_before = 0;
	memcpy(h->last_root, root, 32);
	memcpy(h->last_statement, statement, 32);
	if (ended_told > 0)
		forget_ended(&h->ended, ended_told);
	LIST_EACH(&w->spans, e) {
		struct span *s = CONTAINER_OF(e, struct span, in_window);
		struct placement *p = s->placement;

		backlog_add(c, -s->count, 0);
		if (--p->unpublished > 0)
			continue;
		backlog_add(c, 0, -1);
		member_step(&p->life, MEMBER_PUBLISH);
		free(p->members);
		p->members = NULL;
	}
	remove_oldest(c);
	c->sealing = false;
	if (oldest(c) != NULL)
		turns_now(c->shared->turns, &c->turn); /* its waits may have ended meanwhile */
}
