/*
 * Questions to the cluster, each about many topics: Metadata, then DescribeConfigs for
 * those that are there.
 *
 *   topics_wait ─► look ─► line ─► got_topics ─► got_settings ─► finish ─► the table, then the tickets
 */
#include "base/log.h"
#include "base/metrics.h"
#include "base/text.h"
#include "kafka/api.h"
#include "kafka/configs.h"
#include "kafka/metadata.h"
#include "stages/topics_internal.h"

enum {
	LOOK_MAX = TOPICS_AT_ONCE,
	FEW = 32, /* who asks for more has to wait for others who do */
	REFRESH_PARTITIONS = 10000, /* one question of the refresh is about; an answer of less than 1 MB */
};

/*
 * Questions under way.  They share a connection, on which a broker works one off after the
 * other: more would only stand before the next one that matters.
 */
static const unsigned most_under_way[LOOK_KINDS] = {[LOOK_FEW] = 4, [LOOK_MANY] = 1, [LOOK_REFRESH] = 1};

/* Kafka's error codes for topics in Metadata. */
enum { UNKNOWN_TOPIC = 3, LEADER_NOT_AVAILABLE = 5, UNKNOWN_TOPIC_ID = 100 };

static const char *const settings_asked[] = {"max.message.bytes", "message.timestamp.type", "message.format.version",
					     "cleanup.policy"};

/* A ticket, and how many topics it waits for. */
struct waiting {
	struct link link; /* when it waits for none any more */
	struct ticket *ticket;
	size_t left;
};

struct waiter {
	struct link link;
	struct waiting *of;
};

enum found { NO_ANSWER, ABSENT, FOUND };

/* One topic of a question. */
struct asked {
	struct look *of;
	struct topic_key key;
	struct list waiters;
	enum found found;
	struct topic_facts facts; /* found; in the end: of the topic that is gone */
	bool gone;
};

struct look {
	struct link link; /* in home->line, then in home->looks */
	struct topics *home;
	enum look_kind kind;
	struct monotime started; /* it was asked then */
	bool by_id;
	size_t count, room;
	size_t hint; /* of settings: where the last topic was */
	struct asked asked[];
};

/* --- the end ---------------------------------------------------------------------------- */

static void
let_go(struct waiting *w, struct list *done)
{
	if (--w->left == 0)
		list_append(done, &w->link);
}

static void
resume(struct list *done)
{
	struct link *e;

	while ((e = list_pop(done)) != NULL) {
		struct waiting *w = CONTAINER_OF(e, struct waiting, link);

		ticket_resume(w->ticket);
		free(w);
	}
}

/* Under the lock. */
static void
settle(struct topics *t, struct asked *a, struct list *done)
{
	struct topic_facts old = {0};
	struct link *e;

	map_remove(t->asked, topic_key_slice(&a->key));
	if (a->found == FOUND) {
		const struct topic *known;

		topics_apply(t, &a->facts, &old);
		known = topics_get(t, &a->key);
		if (known == NULL || !known->complete) /* no room for it: nobody asks again at once */
			topics_note_miss(t, &a->key, ERR_NOT_NOW);
	} else {
		if (a->found == NO_ANSWER)
			topics_note_miss(t, &a->key, ERR_NOT_NOW);
		else if (topics_apply_absence(t, &a->key, &old))
			topics_note_miss(t, &a->key, ERR_REMOTE);
	}
	a->gone = old.has_id;
	a->facts = old;
	while ((e = list_pop(&a->waiters)) != NULL) {
		struct waiter *w = CONTAINER_OF(e, struct waiter, link);

		let_go(w->of, done);
		free(w);
	}
}

bool
topics_silent(const struct topics *t)
{
	struct link *e = list_first(&t->looks);
	struct monotime now = clock_now(), since = t->heard_at;

	if (t->silent && monotime_since_ms(now, t->silent_at) < TOPICS_SILENT_MS)
		return true;
	if (e == NULL)
		return false;
	if (CONTAINER_OF(e, struct look, link)->started.ns > since.ns)
		since = CONTAINER_OF(e, struct look, link)->started;
	return monotime_since_ms(now, since) >= TOPICS_WAIT_MS;
}

/* A question got no answer, or one that shows that there are answers. */
static void
note_silence(struct topics *t, bool silent)
{
	pthread_mutex_lock(&t->lock);
	t->silent = silent;
	t->silent_at = clock_now();
	if (!silent)
		t->heard_at = t->silent_at;
	pthread_mutex_unlock(&t->lock);
}

/* The question is over: everybody who waits for it goes on. */
static void
finish(struct look *l)
{
	struct topics *t = l->home;
	bool failed = false;
	struct list done;

	list_init(&done);
	pthread_mutex_lock(&t->lock);
	list_remove(&t->looks, &l->link);
	t->under_way[l->kind]--;
	for (size_t i = 0; i < l->count; i++) {
		failed |= l->asked[i].found == NO_ANSWER;
		settle(t, &l->asked[i], &done);
	}
	pthread_mutex_unlock(&t->lock);
	if (failed)
		metric_add(METRIC_TOPIC_LOOKUPS_FAILED, 1);
	for (size_t i = 0; i < l->count; i++) {
		const struct topic_facts *gone = &l->asked[i].facts;

		if (!l->asked[i].gone)
			continue;
		LOG_INFO("topics", "a topic was deleted", LOG_B("topic", topic_facts_name(gone)));
		chains_topic_gone(t->chains, topic_facts_name(gone), gone->id);
	}
	resume(&done);
	free(l);
}

/* --- settings ------------------------------------------------------------------------------ */

/* Answers keep the order of questions, but for topics that we may not see. */
static struct asked *
find_by_name(struct look *l, struct slice name)
{
	for (size_t i = 0; i < l->count; i++) {
		size_t at = (l->hint + i) % l->count;

		if (l->asked[at].found == FOUND && slice_eq(topic_facts_name(&l->asked[at].facts), name)) {
			l->hint = at;
			return &l->asked[at];
		}
	}
	return NULL;
}

/* Of "0.10.2-IV0", "0.9.0.X", "2.8-IV1": batches came with 0.11, timestamps with 0.10. */
static enum topics_format
format_of(struct slice version)
{
	int64_t minor = 0;
	size_t at = 2;

	if (version.n < 3 || memcmp(version.p, "0.", 2) != 0)
		return TOPICS_FORMAT_BATCHES;
	for (; at < version.n && version.p[at] >= '0' && version.p[at] <= '9' && minor < 100; at++)
		minor = minor * 10 + (version.p[at] - '0');
	return minor >= 11 ? TOPICS_FORMAT_BATCHES : minor == 10 ? TOPICS_FORMAT_V1 : TOPICS_FORMAT_V0;
}

static void
learn_setting(void *arg, struct slice topic, int16_t error, struct slice name, struct slice value)
{
	struct asked *a = find_by_name(arg, topic);
	int64_t n;

	if (error != 0)
		LOG_DEBUG("topics", "a topic's settings are not known", LOG_B("topic", topic), LOG_I("error", error));
	if (error != 0 || a == NULL || value.p == NULL)
		return;
	if (slice_eq(name, slice_str("message.timestamp.type")))
		a->facts.time = slice_eq(value, slice_str("LogAppendTime")) ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	else if (slice_eq(name, slice_str("max.message.bytes")) && text_parse_i64(value, &n) == 0 && n >= 0)
		a->facts.max_bytes = (size_t)n;
	else if (slice_eq(name, slice_str("message.format.version")))
		a->facts.format = format_of(value);
	else if (slice_eq(name, slice_str("cleanup.policy")))
		a->facts.compacted = text_glob("*compact*", value);
}

/* Not being told is no failure: limits and timestamp type then show in answers to Produce. */
static void
got_settings(void *arg, int err, int16_t version, struct slice body)
{
	struct look *l = arg;
	struct topics *t = l->home;

	if (err == 0)
		note_silence(t, false);
	if (err == 0)
		err = configs_read(version, body, learn_setting, l);
	if (err != 0)
		LOG_DEBUG("topics", "topics' settings are not known", LOG_I("topics", l->count),
			  LOG_S("cause", err_text(err)));
	finish(l);
	topics_look_on(t);
}

static void
ask_settings(void *arg, int16_t version, struct wr *w)
{
	const struct look *l = arg;
	struct slice names[LOOK_MAX];
	size_t n = 0;

	for (size_t i = 0; i < l->count; i++)
		if (l->asked[i].found == FOUND)
			names[n++] = topic_facts_name(&l->asked[i].facts);
	configs_request_write(version, names, n, settings_asked, ARRAY_LEN(settings_asked), w);
}

/* --- topics ---------------------------------------------------------------------------------- */

static bool
is_zero(const uint8_t id[16])
{
	static const uint8_t zero[16];

	return memcmp(id, zero, sizeof(zero)) == 0;
}

/* The one of this question that the answer speaks of, or NULL. */
static struct asked *
find_asked(struct look *l, const struct metadata_topic *m)
{
	struct topics *t = l->home;
	struct topic_ref ref = {l->by_id ? (struct slice){NULL, 0} : m->name, m->id};
	struct topic_key key;
	struct asked *a;

	if ((!l->by_id && m->name.p == NULL) || !topics_key(&ref, &key))
		return NULL;
	pthread_mutex_lock(&t->lock);
	a = map_get(t->asked, topic_key_slice(&key));
	if (a != NULL && a->of != l)
		a = NULL;
	pthread_mutex_unlock(&t->lock);
	return a;
}

static void
read_topic(struct asked *a, const struct metadata_topic *m)
{
	if (m->error == UNKNOWN_TOPIC || m->error == UNKNOWN_TOPIC_ID)
		a->found = ABSENT;
	if (m->error != 0 && m->error != LEADER_NOT_AVAILABLE)
		return; /* we may not see it, or the cluster is in trouble */
	if (m->name.n == 0 || m->name.n > TOPICS_NAME_MAX)
		return;
	memcpy(a->facts.name, m->name.p, m->name.n);
	a->facts.name_len = m->name.n;
	a->facts.has_id = !is_zero(m->id);
	memcpy(a->facts.id, m->id, 16);
	a->facts.partitions = m->partitions;
	a->found = FOUND;
}

/* How many are there. */
static size_t
read_topics(struct look *l, int16_t version, struct slice body)
{
	struct metadata m;
	size_t found = 0;

	if (metadata_read(version, body, &m) != 0)
		return 0;
	if (chains_set_cluster(l->home->chains, m.cluster_id) == 0) {
		for (size_t i = 0; i < m.topic_count; i++) {
			struct asked *a = find_asked(l, &m.topics[i]);

			if (a != NULL)
				read_topic(a, &m.topics[i]);
		}
	}
	metadata_free(&m);
	for (size_t i = 0; i < l->count; i++)
		found += l->asked[i].found == FOUND;
	return found;
}

static void
got_topics(void *arg, int err, int16_t version, struct slice body)
{
	struct look *l = arg;
	struct topics *t = l->home;

	if (err == 0 || err == ERR_TIMEOUT || err == ERR_CLOSED) /* others tell of the question, not of the cluster */
		note_silence(t, err != 0);
	if (err == 0 && read_topics(l, version, body) > 0) {
		metric_add(METRIC_TOPIC_LOOKUPS, 1);
		if (t->doors.ask(t->doors.arg, API_DESCRIBE_CONFIGS, CONFIGS_MIN, CONFIGS_MAX, ask_settings, got_settings,
				 l) == 0)
			return;
	}
	finish(l);
	topics_look_on(t);
}

static void
ask_topics(void *arg, int16_t version, struct wr *w)
{
	const struct look *l = arg;
	struct slice names[LOOK_MAX];
	uint8_t ids[LOOK_MAX][16];

	for (size_t i = 0; i < l->count; i++) {
		names[i] = topic_key_what(&l->asked[i].key);
		if (l->by_id)
			memcpy(ids[i], names[i].p, 16);
	}
	metadata_request_write(version, names, l->by_id ? (const uint8_t(*)[16])ids : NULL, l->count, w);
}

/* The first in the line whose kind has its turn: it is under way now. */
static struct look *
next_look(struct topics *t)
{
	struct look *found = NULL;

	pthread_mutex_lock(&t->lock);
	LIST_EACH(&t->line, e) {
		struct look *l = CONTAINER_OF(e, struct look, link);

		if (t->under_way[l->kind] < most_under_way[l->kind]) {
			found = l;
			break;
		}
	}
	if (found != NULL) {
		list_remove(&t->line, &found->link);
		list_append(&t->looks, &found->link);
		t->under_way[found->kind]++;
		found->started = clock_now();
		if (t->gathering[found->by_id] == found)
			t->gathering[found->by_id] = NULL;
	}
	pthread_mutex_unlock(&t->lock);
	return found;
}

static void
start(struct look *l)
{
	struct topics *t = l->home;

	metric_add(METRIC_TOPIC_LOOKUPS, 1);
	if (t->doors.ask(t->doors.arg, API_METADATA, l->by_id ? METADATA_BY_ID : METADATA_MIN, METADATA_MAX, ask_topics,
			 got_topics, l) != 0) {
		note_silence(t, true);
		finish(l);
	}
}

void
topics_look_on(struct topics *t)
{
	struct look *l;

	while ((l = next_look(t)) != NULL)
		start(l);
}

/* --- the beginning, under the lock ------------------------------------------------------------ */

static struct look *
look_new(struct topics *t, enum look_kind kind, bool by_id, size_t room)
{
	bool gathers = kind == LOOK_FEW && t->under_way[LOOK_FEW] >= most_under_way[LOOK_FEW];
	struct look *l;

	if (room > LOOK_MAX || gathers)
		room = LOOK_MAX;
	l = calloc(1, sizeof(*l) + room * sizeof(l->asked[0]));
	if (l == NULL)
		return NULL;
	l->home = t;
	l->kind = kind;
	l->by_id = by_id;
	l->room = room;
	list_append(&t->line, &l->link);
	if (gathers)
		t->gathering[by_id] = l;
	return l;
}

/* NULL: no memory. */
static struct asked *
look_add(struct look *l, const struct topic_key *key)
{
	struct asked *a = &l->asked[l->count];

	a->of = l;
	a->key = *key;
	a->facts.max_bytes = TOPICS_UNTOLD;
	list_init(&a->waiters);
	if (map_put(l->home->asked, topic_key_slice(key), a) != 0)
		return NULL;
	l->count++;
	return a;
}

/* It asks for nothing. */
static void
look_drop(struct look *l)
{
	list_remove(&l->home->line, &l->link);
	if (l->home->gathering[l->by_id] == l)
		l->home->gathering[l->by_id] = NULL;
	free(l);
}

/*
 * In a question that there is already, or in *last, the one that was made last for the same asker; if need
 * be, in a new one, which has room for as many.  NULL: no memory.
 */
static struct asked *
ask(struct topics *t, const struct topic_key *key, enum look_kind kind, size_t room, struct look **last)
{
	struct asked *a = map_get(t->asked, topic_key_slice(key));
	bool by_id = topic_key_by_id(key);
	struct look *l = *last;

	if (a != NULL)
		return a;
	if (kind == LOOK_FEW && t->gathering[by_id] != NULL)
		l = t->gathering[by_id];
	if (l == NULL || l->count == l->room || l->by_id != by_id)
		l = look_new(t, kind, by_id, room);
	if (l == NULL)
		return NULL;
	a = look_add(l, key);
	*last = l->count > 0 ? l : NULL;
	if (l->count == 0)
		look_drop(l);
	return a;
}

bool
topics_look_again(struct topics *t, const struct topic_key *key)
{
	struct look *last = NULL;

	return map_get(t->asked, topic_key_slice(key)) == NULL && ask(t, key, LOOK_FEW, 1, &last) != NULL;
}

static void
wait_for(struct asked *a, struct waiting *of)
{
	struct waiter *w = calloc(1, sizeof(*w));

	if (w == NULL)
		return;
	w->of = of;
	of->left++;
	list_append(&a->waiters, &w->link);
}

void
topics_wait(struct topics *t, const struct topic_ref *refs, size_t count, struct ticket *ticket)
{
	struct waiting *w = ticket == NULL ? NULL : calloc(1, sizeof(*w));
	enum look_kind kind = count > FEW ? LOOK_MANY : LOOK_FEW;
	struct look *last = NULL;
	struct list done;

	if (ticket != NULL && w == NULL) {
		ticket_resume(ticket);
		return;
	}
	if (count > TOPICS_AT_ONCE)
		count = TOPICS_AT_ONCE;
	list_init(&done);
	if (w != NULL)
		*w = (struct waiting){.ticket = ticket, .left = 1};
	pthread_mutex_lock(&t->lock);
	for (size_t i = 0; i < count; i++) {
		struct topic_key key;
		struct asked *a;

		if (topics_key(&refs[i], &key) && (a = ask(t, &key, kind, count - i, &last)) != NULL && w != NULL)
			wait_for(a, w);
	}
	if (w != NULL)
		let_go(w, &done);
	pthread_mutex_unlock(&t->lock);
	topics_look_on(t);
	resume(&done);
}

/* How many topics are in use; those that aren't any more are not known well enough any more. */
static size_t
age(struct topics *t)
{
	size_t n = 0;

	for (struct link *e = list_last(&t->by_use); e != NULL; e = list_before(&t->by_use, e)) {
		struct topic *topic = CONTAINER_OF(e, struct topic, in_use);

		if (topic->unused > TOPICS_UNUSED)
			break; /* so are all before it */
		if (++topic->unused > TOPICS_UNUSED)
			topic->complete = false;
		n += topic->complete;
	}
	return n;
}

/* How many of the topics from here on, which are in use, one question is about. */
static size_t
fitting(struct topics *t, struct link *e)
{
	int64_t partitions = 0;
	size_t n = 0;

	for (; e != NULL && n < LOOK_MAX; e = list_before(&t->by_use, e)) {
		const struct topic *topic = CONTAINER_OF(e, struct topic, in_use);

		partitions += topic->complete ? topic->facts.partitions : 0;
		if (n > 0 && partitions > REFRESH_PARTITIONS)
			break;
		n += topic->complete;
	}
	return n;
}

void
topics_refresh(struct topics *t)
{
	struct look *last = NULL;
	size_t left, room = 0;

	pthread_mutex_lock(&t->lock);
	left = age(t);
	for (struct link *e = list_last(&t->by_use); left > 0; e = list_before(&t->by_use, e)) {
		const struct topic *topic = CONTAINER_OF(e, struct topic, in_use);
		struct topic_ref ref = {topic_facts_name(&topic->facts), NULL};
		struct topic_key key;

		if (!topic->complete || !topics_key(&ref, &key))
			continue;
		if (room == 0) {
			room = fitting(t, e);
			last = NULL;
		}
		(void)ask(t, &key, LOOK_REFRESH, room--, &last); /* without memory the next time */
		left--;
	}
	pthread_mutex_unlock(&t->lock);
	topics_look_on(t);
}
