/*
 *   tail     at the ends of the statement topics, from TAIL_BEFORE_MS before its start on: what comes is seen at once
 *   finder   asks for the ends, twice a second; looks up times; reads where the plan says, and plans after each batch
 *
 * When memory fails, a record is read again: what isn't taken isn't said to be read.
 */
#include "base/clock.h"
#include "verify/ledger_internal.h"

enum {
	BEAT_MS = 500,
	PARTITIONS_MS = 10000, /* so often it is asked whether there are more of them */
	TAIL_BEFORE_MS = 5000,
	TAIL_BATCH = 16,
	FINDER_BATCH = 64,
	NEAR = 256,     /* offsets: read over rather than sought */
	AGAIN_MS = 200, /* the same place is not read from sooner */
	TURN_MS = 250,  /* then it is another want's */
	SHORT_WAIT_MS = 50,
	MISSED_MAX = 5, /* a statement that was there and can't be read again is looked for anew */
};

static void
say(struct ledger *l, const struct follower *f)
{
	(void)pthread_mutex_lock(&l->lock);
	l->said = true;
	snprintf(l->stats.why, sizeof(l->stats.why), "%s", follower_why(f));
	(void)pthread_mutex_unlock(&l->lock);
}

static struct spart *
spart_of(struct ledger *l, const struct follower_event *e)
{
	struct spart *sp;

	(void)pthread_mutex_lock(&l->lock);
	sp = e->partition < l->stopics[e->topic].count ? l->stopics[e->topic].list[e->partition] : NULL;
	(void)pthread_mutex_unlock(&l->lock);
	return sp;
}

/* --- the tail --------------------------------------------------------------------------- */

static void
on_tail(void *arg, const struct follower_event *e)
{
	struct ledger *l = arg;
	struct spart *sp = spart_of(l, e);
	uint64_t gen = UINT64_MAX;
	struct sighting seen;
	int err = 0;

	if (sp == NULL) {
		follower_stop(l->tail, e->topic, e->partition);
		return;
	}
	if (e->kind == FOLLOWER_RECORD)
		err = ledger_take(l, sp, e, INT64_MAX, &gen, &seen);
	(void)pthread_mutex_lock(&l->lock);
	if (!sp->following) {
		/* Its place changed meanwhile: it will be read from there. */
	} else if (e->kind == FOLLOWER_GONE) {
		sp->following = sp->follow_known = false;
	} else if (err != 0) {
		sp->following = false;
		sp->follow_from = e->offset;
	} else {
		int64_t to = e->kind == FOLLOWER_RECORD ? e->offset + 1 : e->offset;

		if (gen == UINT64_MAX)
			gen = l->gen;
		if (to > sp->follow_at) {
			ledger_spans_read(sp, sp->follow_at, to, gen, INT64_MIN);
			sp->follow_at = to;
		}
		l->stats.followed += e->kind == FOLLOWER_RECORD;
	}
	(void)pthread_mutex_unlock(&l->lock);
	if (err != 0)
		follower_stop(l->tail, e->topic, e->partition);
}

static void
follow_new(struct ledger *l)
{
	for (size_t t = 0; t < l->topic_count; t++)
		for (int32_t p = 0;; p++) {
			struct spart *sp = spart_of(l, &(struct follower_event){.topic = t, .partition = p});
			int64_t from;
			bool start;

			if (sp == NULL)
				break;
			(void)pthread_mutex_lock(&l->lock);
			start = sp->follow_known && !sp->following;
			from = sp->follow_from;
			(void)pthread_mutex_unlock(&l->lock);
			if (!start)
				continue;
			if (follower_read(l->tail, t, p, from) != 0) {
				say(l, l->tail);
				continue;
			}
			(void)pthread_mutex_lock(&l->lock);
			sp->follow_at = sp->follow_heard = from;
			sp->following = true;
			(void)pthread_mutex_unlock(&l->lock);
		}
}

void *
ledger_read_tail(void *arg)
{
	struct ledger *l = arg;

	(void)pthread_setname_np(pthread_self(), "ledger-tail");
	while (!atomic_load(&l->ending)) {
		follow_new(l);
		follower_wait(l->tail, BEAT_MS);
		while (!atomic_load(&l->ending) && follower_take(l->tail, TAIL_BATCH, on_tail, l) > 0)
			ledger_tell(l, false);
		ledger_tell(l, false);
	}
	return NULL;
}

/* --- what the cluster says ------------------------------------------------------------------ */

static void
stop(struct ledger *l, struct spart *sp)
{
	if (sp->reading)
		follower_stop(l->finder, sp->topic, sp->partition);
	sp->reading = false;
}

/* The log was made anew, or cut off: what was read there is of another one. */
static void
begin_anew(struct ledger *l, struct spart *sp)
{
	ledger_index_remove_of(l, sp, INT64_MIN, INT64_MAX, REMOVE_COPIED);
	ledger_index_remove_of(l, sp, INT64_MIN, INT64_MAX, REMOVE_ALL);
	sp->span_count = sp->time_count = 0;
	sp->surveyed = sp->low;
	sp->following = sp->follow_known = false;
	sp->follow_at = sp->follow_heard = 0;
	sp->cut = 0;
	sp->anew++;
}

/* The topic was created again with fewer: nothing of the others is there any more. */
static void
leave_partitions(struct ledger *l, struct stopic *t, int32_t count)
{
	for (int32_t p = count; p < t->count; p++) {
		struct spart *sp = t->list[p];

		stop(l, sp);
		(void)pthread_mutex_lock(&l->lock);
		begin_anew(l, sp);
		sp->low = sp->high = sp->surveyed = 0;
		sp->need = -1;
		(void)pthread_mutex_unlock(&l->lock);
	}
}

static int
add_partitions(struct ledger *l, size_t topic, int32_t count)
{
	struct stopic *t = &l->stopics[topic];
	struct spart **more;

	leave_partitions(l, t, count);
	(void)pthread_mutex_lock(&l->lock);
	if (count > t->have && (more = reallocarray(t->list, (size_t)count, sizeof(*more))) != NULL) {
		t->list = more;
		while (t->have < count) {
			struct spart *sp = calloc(1, sizeof(*sp));

			if (sp == NULL)
				break;
			sp->topic = topic;
			sp->partition = t->have;
			sp->sought = -1;
			t->list[t->have++] = sp;
		}
	}
	t->count = count < t->have ? count : t->have;
	(void)pthread_mutex_unlock(&l->lock);
	return t->count == count ? 0 : ERR_NOMEM;
}

static void
set_ends(struct ledger *l, struct stopic *t, const int64_t *low, const int64_t *high)
{
	for (int32_t p = 0; p < t->count; p++) {
		struct spart *sp = t->list[p];

		if (low[p] > sp->low) /* a copy elsewhere takes the place of what retention took */
			ledger_index_remove_of(l, sp, INT64_MIN, low[p], REMOVE_COPIED);
		sp->low = low[p];
		sp->high = high[p];
		if (sp->surveyed < sp->low)
			sp->surveyed = sp->low;
		/* Also when the tail, which may have found that its place is gone, doesn't follow any more. */
		if (sp->follow_heard <= sp->high)
			sp->cut = 0;
		else if (sp->cut++ > 0) /* a new leader may need a moment to know how far it goes */
			begin_anew(l, sp);
	}
}

/* Where the tail begins: at what was published a little before now. */
static void
set_starts(struct stopic *t, int64_t ms, const int64_t *at)
{
	for (int32_t p = 0; p < t->count; p++) {
		struct spart *sp = t->list[p];

		if (sp->follow_known || sp->cut > 0)
			continue;
		sp->follow_from = at[p] < 0 ? sp->high : at[p];
		sp->follow_known = true;
		ledger_spans_time(sp, ms, sp->follow_from);
	}
}

static int
hear(struct ledger *l, size_t topic)
{
	struct stopic *t = &l->stopics[topic];
	int64_t *low, *high, *at, ms = clock_wall_ms() - TAIL_BEFORE_MS;
	bool starts = false;
	int32_t n = t->count;
	int err;

	if ((l->partitions_ms <= ledger_now_ms() || n == 0) && (err = follower_partitions(l->finder, topic, &n)) != 0)
		return err;
	if ((err = add_partitions(l, topic, n)) != 0)
		return err;
	if ((low = calloc(3 * (size_t)n, sizeof(*low))) == NULL)
		return ERR_NOMEM;
	high = low + n;
	at = high + n;
	(void)pthread_mutex_lock(&l->lock);
	for (int32_t p = 0; p < n; p++)
		t->list[p]->follow_heard = t->list[p]->follow_at;
	(void)pthread_mutex_unlock(&l->lock);
	if ((err = follower_ends(l->finder, topic, n, low, high)) != 0)
		goto out;
	(void)pthread_mutex_lock(&l->lock);
	set_ends(l, t, low, high);
	for (int32_t p = 0; p < n; p++)
		starts = starts || !t->list[p]->follow_known;
	(void)pthread_mutex_unlock(&l->lock);
	if (!starts)
		goto out;
	if ((err = follower_offsets_at(l->finder, topic, ms, n, at)) != 0)
		goto out;
	(void)pthread_mutex_lock(&l->lock);
	set_starts(t, ms, at);
	(void)pthread_mutex_unlock(&l->lock);
	follower_wake(l->tail);
out:
	free(low);
	return err;
}

static void
beat(struct ledger *l)
{
	int64_t now = ledger_now_ms();
	int err = 0;

	if (now < l->beat_ms)
		return;
	for (size_t t = 0; err == 0 && t < l->topic_count; t++)
		err = hear(l, t);
	if (l->partitions_ms <= now)
		l->partitions_ms = now + PARTITIONS_MS;
	l->beat_ms = ledger_now_ms() + BEAT_MS;
	if (err != 0) {
		l->partitions_ms = 0;
		say(l, l->finder);
		return;
	}
	(void)pthread_mutex_lock(&l->lock);
	l->heard_ms = now;
	if (!l->said) /* from the last time to this one */
		l->stats.why[0] = '\0';
	l->said = false;
	(void)pthread_mutex_unlock(&l->lock);
}

static bool
look_up_time(struct ledger *l, int64_t ms)
{
	bool all = true;

	for (size_t topic = 0; topic < l->topic_count; topic++) {
		struct stopic *t = &l->stopics[topic];
		int64_t *at = calloc((size_t)t->count + 1, sizeof(*at));
		int err = at == NULL ? ERR_NOMEM : t->count == 0 ? ERR_NOT_NOW
						: follower_offsets_at(l->finder, topic, ms, t->count, at);

		(void)pthread_mutex_lock(&l->lock);
		/* Nothing was that young: all was older that was heard of before. */
		for (int32_t p = 0; err == 0 && p < t->count; p++)
			ledger_spans_time(t->list[p], ms, at[p] < 0 ? t->list[p]->high : at[p]);
		(void)pthread_mutex_unlock(&l->lock);
		free(at);
		if (err != 0 && err != ERR_NOMEM && err != ERR_NOT_NOW)
			say(l, l->finder);
		all = all && err == 0;
	}
	return all;
}

/* --- the finder --------------------------------------------------------------------------- */

/* The oldest of the last CALM statements, each counted once, however often it was published. */
static int64_t
calm_of(struct spart *sp, const struct sighting *seen)
{
	int64_t oldest = INT64_MAX;

	for (size_t i = 0; i < CALM && i < sp->ring_count; i++)
		if (sp->ring[i].hash == seen->hash)
			return INT64_MIN;
	sp->ring[sp->ring_count++ % CALM] = *seen;
	if (sp->ring_count < CALM)
		return INT64_MIN;
	for (size_t i = 0; i < CALM; i++)
		if (sp->ring[i].ms < oldest)
			oldest = sp->ring[i].ms;
	return oldest;
}

/* The last was younger than what is looked for: whether the next are, too, has to be known of each. */
static bool
counts(const struct spart *sp)
{
	return sp->ring_count > 0 && sp->ring[(sp->ring_count - 1) % CALM].ms > sp->calm_ms;
}

/*
 * All from `from` to before `to` was read.  Where an entry's body was looked for in vain the entry isn't what it was: that
 * is sure where nothing stands any more; else who looked for it may have gone meanwhile.
 */
static void
read_over(struct ledger *l, struct spart *sp, int64_t from, int64_t to, bool stands)
{
	if (!sp->need_body || sp->need < from || sp->need >= to)
		return;
	sp->missed_times = sp->missed == sp->need ? sp->missed_times + 1 : 1;
	sp->missed = sp->need;
	if (!stands || sp->missed_times > MISSED_MAX)
		ledger_index_remove_of(l, sp, sp->need, sp->need + 1, REMOVE_LACKING);
}

static void
on_found(void *arg, const struct follower_event *e)
{
	struct ledger *l = arg;
	struct spart *sp = spart_of(l, e);
	uint64_t gen = UINT64_MAX;
	struct sighting seen;
	int64_t to = e->offset, calm = INT64_MIN;

	if (sp == NULL || !sp->reading)
		return;
	if (e->kind == FOLLOWER_GONE) {
		l->beat_ms = 0; /* where does it begin now? */
		sp->reading = false;
		return;
	}
	if (e->kind == FOLLOWER_RECORD) {
		if (ledger_take(l, sp, e, counts(sp) ? INT64_MIN : sp->calm_ms, &gen, &seen) != 0) {
			stop(l, sp);
			return;
		}
		if (seen.ms != INT64_MIN)
			calm = calm_of(sp, &seen);
		to++;
	}
	(void)pthread_mutex_lock(&l->lock);
	read_over(l, sp, sp->at, e->offset, false);
	read_over(l, sp, e->offset, to, true);
	ledger_spans_read(sp, sp->at, to, gen == UINT64_MAX ? l->gen : gen, calm);
	l->stats.found += e->kind == FOLLOWER_RECORD;
	(void)pthread_mutex_unlock(&l->lock);
	sp->at = to;
	if (e->kind == FOLLOWER_END)
		stop(l, sp);
}

static void
go_to(struct ledger *l, struct spart *sp, int64_t offset, int64_t now)
{
	uint64_t gen;

	(void)pthread_mutex_lock(&l->lock);
	gen = l->gen;
	(void)pthread_mutex_unlock(&l->lock);
	if (offset == sp->sought && gen == sp->sought_gen && now - sp->sought_ms < AGAIN_MS)
		return;
	if (follower_read(l->finder, sp->topic, sp->partition, offset) != 0) {
		sp->reading = false;
		say(l, l->finder);
		return;
	}
	(void)pthread_mutex_lock(&l->lock);
	sp->sought = offset;
	sp->sought_ms = now;
	sp->sought_gen = gen;
	l->stats.seeks++;
	(void)pthread_mutex_unlock(&l->lock);
	sp->reading = true;
	sp->at = offset;
	sp->ring_count = 0;
}

/* As the plan says; is anything being read, or to be read shortly? */
static bool
act(struct ledger *l)
{
	int64_t now = ledger_now_ms();
	bool busy = false;

	for (size_t t = 0; t < l->topic_count; t++)
		for (int32_t p = 0; p < l->stopics[t].count; p++) {
			struct spart *sp = l->stopics[t].list[p];

			if (sp->need < 0)
				stop(l, sp);
			else if (!sp->reading || sp->at > sp->need || sp->need - sp->at > NEAR)
				go_to(l, sp, sp->need, now);
			busy = busy || sp->need >= 0;
		}
	return busy;
}

/* Nobody's search keeps all others waiting. */
static void
rotate(struct ledger *l)
{
	struct link *first = list_first(&l->wants);
	int64_t now = ledger_now_ms();

	if (first == NULL || now - l->rotate_ms < TURN_MS)
		return;
	l->rotate_ms = now;
	list_remove(&l->wants, first);
	list_append(&l->wants, first);
}

void *
ledger_read_finder(void *arg)
{
	struct ledger *l = arg;

	(void)pthread_setname_np(pthread_self(), "ledger-finder");
	while (!atomic_load(&l->ending)) {
		int64_t time_ms, wait;
		bool again;

		beat(l);
		(void)pthread_mutex_lock(&l->lock);
		rotate(l);
		ledger_plan_all(l, &time_ms);
		(void)pthread_mutex_unlock(&l->lock);
		again = time_ms != INT64_MIN && look_up_time(l, time_ms);
		wait = act(l) ? SHORT_WAIT_MS : l->beat_ms - ledger_now_ms();
		ledger_tell(l, false);
		if (time_ms != INT64_MIN && wait > SHORT_WAIT_MS)
			wait = SHORT_WAIT_MS;
		if (!again && wait > 0)
			follower_wait(l->finder, (int)wait);
		(void)follower_take(l->finder, FINDER_BATCH, on_found, l);
	}
	return NULL;
}
