/*
 * What passes is judged behind the client's back: a copy of the records waits until the ledger knows what
 * there is to know of them, for verify.hold.max at most.
 *
 *   reactor ─► copy ─► queue ─► thread: judge ─┬─► counted, and a violation has its line
 *                                              └─► waits, looked at again and again
 */
#include <errno.h>
#include <time.h>

#include "base/log.h"
#include "stages/verify_internal.h"

/* Copies beyond so many bytes aren't made, and are counted as not judged. */
enum { QUEUE_MAX = 64 << 20 };
enum { LOOK_AGAIN_MS = 200 };

struct item {
	struct link link;
	struct monotime since;
	bool by_id;
	uint8_t id[16];
	char name[TOPICS_NAME_MAX + 1];
	size_t name_len;
	int32_t partition;
	int64_t offset; /* what is before it was counted */
	int64_t log_start;
	bool unordered; /* a share group's */
	size_t at, len;
	uint8_t records[];
};

struct verify_observer {
	struct verify *home;
	struct judge *judge; /* the thread's */
	pthread_t thread;
	bool running;

	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool stop;
	struct list fresh;
	size_t bytes; /* of all items */
};

struct verify_observer *
verify_observe_new(struct verify *v)
{
	struct verify_observer *o = calloc(1, sizeof(*o));
	pthread_condattr_t attr;

	if (o == NULL)
		return NULL;
	o->home = v;
	list_init(&o->fresh);
	pthread_mutex_init(&o->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&o->cond, &attr);
	pthread_condattr_destroy(&attr);
	o->judge = judge_new((size_t)v->config->attest_max_plain_bytes);
	if (o->judge == NULL) {
		verify_observe_free(o);
		return NULL;
	}
	return o;
}

static void
drop(struct verify_observer *o, struct item *i)
{
	pthread_mutex_lock(&o->lock);
	o->bytes -= i->len;
	pthread_mutex_unlock(&o->lock);
	free(i);
}

static void
drop_all(struct verify_observer *o, struct list *items)
{
	struct link *l;

	while ((l = list_pop(items)) != NULL)
		drop(o, CONTAINER_OF(l, struct item, link));
}

void
verify_observe_free(struct verify_observer *o)
{
	if (o == NULL)
		return;
	verify_observe_stop(o);
	drop_all(o, &o->fresh);
	judge_free(o->judge);
	pthread_cond_destroy(&o->cond);
	pthread_mutex_destroy(&o->lock);
	free(o);
}

/* --- the reactors ------------------------------------------------------------------------ */

static void
copy(struct verify_observer *o, const struct fetch_part *p, int64_t offset, bool unordered)
{
	size_t room = p->records.n;
	struct item *i;
	bool fits;

	pthread_mutex_lock(&o->lock);
	fits = !o->stop && room <= QUEUE_MAX - o->bytes;
	if (fits)
		o->bytes += room;
	pthread_mutex_unlock(&o->lock);
	i = fits ? malloc(sizeof(*i) + room) : NULL;
	if (i == NULL) {
		metric_add(METRIC_VERIFY_NOT_JUDGED, (int64_t)room);
		pthread_mutex_lock(&o->lock);
		o->bytes -= fits ? room : 0;
		pthread_mutex_unlock(&o->lock);
		return;
	}
	memset(i, 0, sizeof(*i));
	i->since = clock_now();
	i->by_id = p->at.by_id;
	memcpy(i->id, p->at.topic_id, sizeof(i->id));
	if (p->at.topic.n > 0 && p->at.topic.n <= TOPICS_NAME_MAX) {
		memcpy(i->name, p->at.topic.p, p->at.topic.n);
		i->name_len = p->at.topic.n;
	}
	i->partition = p->at.partition;
	i->offset = offset;
	i->log_start = p->log_start;
	i->unordered = unordered;
	i->len = room;
	memcpy(i->records, p->records.p, room);
	pthread_mutex_lock(&o->lock);
	list_append(&o->fresh, &i->link);
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->lock);
}

void
verify_observe_answer(struct verify *v, struct exchange *x, struct verify_state *s)
{
	struct config *config = verify_config(v);
	struct fetch_response r;

	if (fetch_response_read(exchange_version(x), exchange_body(x), &r) == 0) {
		fetches_answer(verify_session_of(v, x)->fetches, s->asked, &r);
		for (size_t i = 0; i < r.count; i++) {
			const struct fetch_part *p = &r.parts[i];
			int64_t offset;

			if (p->error == 0 && p->records.n > 0 && fetches_offset(s->asked, &p->at, &offset) &&
			    (p->at.by_id || !verify_leaves_out(config, p->at.topic)))
				copy(v->observer, p, offset, false);
		}
		fetch_response_free(&r);
	}
	config_unref(config);
}

/* What a member doesn't acquire it doesn't see, but for what stands between. */
void
verify_observe_share(struct verify *v, struct exchange *x)
{
	struct share_response r;

	if (share_fetch_response_read(exchange_version(x), exchange_body(x), &r) != 0)
		return;
	for (size_t i = 0; i < r.count && r.error == 0; i++) {
		const struct share_part *p = &r.parts[i];

		if (p->fetch.error == 0 && p->fetch.records.n > 0 && p->first >= 0)
			copy(v->observer, &p->fetch, p->first, true);
	}
	share_fetch_response_free(&r);
}

/* --- the thread --------------------------------------------------------------------------- */

static bool
is_stopped(struct verify_observer *o)
{
	bool stopped;

	pthread_mutex_lock(&o->lock);
	stopped = o->stop;
	pthread_mutex_unlock(&o->lock);
	return stopped;
}

/* What is decided of it is counted.  true: all is. */
static bool
count(struct verify_observer *o, struct item *i, const struct verify_place *place, bool over)
{
	const struct judge_batch *b;
	size_t n;

	b = judge_batches(o->judge, &n);
	for (size_t k = 0; k < n; k++) {
		struct verify_counts counts = {0};

		if (b[k].end == JUDGE_WAIT && !over)
			return false;
		verify_counts_add(&counts, &b[k]);
		verify_counts_tell(&counts);
		if (b[k].end == JUDGE_STOP)
			verify_log_stop(o->home, place->facts, i->partition, &b[k]);
		i->at += b[k].bytes.n;
		i->offset = b[k].last + 1;
		/* Those behind one that waits were not read, where there is an order. */
		if (b[k].end == JUDGE_WAIT && !place->c.unordered)
			return k + 1 == n;
	}
	return true;
}

/* true: it is done with. */
static bool
look(struct verify_observer *o, struct item *i, const struct config *config)
{
	struct topic_ref ref = {i->by_id ? (struct slice){NULL, 0} : slice_of(i->name, i->name_len), i->id};
	bool over = monotime_since_ms(clock_now(), i->since) >= config->verify_hold_max;
	struct verify_place place;
	struct topic_facts facts;
	struct ledger_want want;
	bool done, whole;
	size_t before;
	int err;

	err = topics_find(o->home->topics, &ref, i->partition, &facts);
	if (err == ERR_NOTFOUND)
		topics_wait(o->home->topics, &ref, 1, NULL);
	if (err != 0) {
		if (over)
			metric_add(METRIC_VERIFY_NOT_JUDGED, (int64_t)(i->len - i->at));
		return over;
	}
	if (verify_leaves_out(config, slice_of(facts.name, facts.name_len)))
		return true;
	do {
		before = i->at;
		verify_place_fill(o->home, config, &facts, i->partition, &place);
		place.c.records = slice_of(i->records + i->at, i->len - i->at);
		place.c.fetch_offset = i->offset;
		place.c.log_start = i->log_start;
		place.c.unordered = i->unordered && over; /* none that waits is passed before */
		if (judge_open(o->judge, &place.c, &want) != 0)
			return false;
		done = want.from == want.to;
		if (!done && (err = verify_judge(o->home, o->judge, &want, NULL, &whole)) == 0)
			done = count(o, i, &place, over);
		judge_close(o->judge);
	} while (err == 0 && !done && over && i->at > before && !is_stopped(o));
	return done;
}

static void
look_at_all(struct verify_observer *o, struct list *waiting)
{
	struct config *config = verify_config(o->home);

	LIST_EACH(waiting, e) {
		struct item *i = CONTAINER_OF(e, struct item, link);

		if (is_stopped(o))
			break;
		if (!look(o, i, config))
			continue;
		list_remove(waiting, e);
		drop(o, i);
	}
	config_unref(config);
}

/* Until something fresh is there, or what waits is to be looked at again.  Under the lock. */
static void
sleep_on(struct verify_observer *o, bool waiting)
{
	struct timespec t;

	if (!waiting) {
		(void)pthread_cond_wait(&o->cond, &o->lock);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_nsec += LOOK_AGAIN_MS * 1000000L;
	if (t.tv_nsec >= 1000000000L) {
		t.tv_nsec -= 1000000000L;
		t.tv_sec++;
	}
	while (!o->stop && list_first(&o->fresh) == NULL && pthread_cond_timedwait(&o->cond, &o->lock, &t) != ETIMEDOUT)
		;
}

static void *
run(void *arg)
{
	struct verify_observer *o = arg;
	struct list waiting;
	struct link *l;

	(void)!metrics_thread_start(); /* else it shares a slab */
	list_init(&waiting);
	pthread_mutex_lock(&o->lock);
	while (!o->stop) {
		while ((l = list_pop(&o->fresh)) != NULL)
			list_append(&waiting, l);
		pthread_mutex_unlock(&o->lock);
		look_at_all(o, &waiting);
		pthread_mutex_lock(&o->lock);
		if (!o->stop && list_first(&o->fresh) == NULL)
			sleep_on(o, list_first(&waiting) != NULL);
	}
	pthread_mutex_unlock(&o->lock);
	drop_all(o, &waiting);
	return NULL;
}

int
verify_observe_start(struct verify_observer *o)
{
	if (pthread_create(&o->thread, NULL, run, o) != 0)
		return ERR_NOMEM;
	o->running = true;
	return 0;
}

void
verify_observe_stop(struct verify_observer *o)
{
	if (o == NULL)
		return;
	pthread_mutex_lock(&o->lock);
	o->stop = true;
	pthread_cond_signal(&o->cond);
	pthread_mutex_unlock(&o->lock);
	if (o->running)
		pthread_join(o->thread, NULL);
	o->running = false;
}
