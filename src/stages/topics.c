#include "stages/topics.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/log.h"
#include "base/map.h"
#include "base/metrics.h"
#include "base/text.h"
#include "kafka/api.h"
#include "kafka/configs.h"
#include "kafka/metadata.h"
#include "kafka/topics.h"

#define REFRESH_MS (5 * 60 * 1000)
#define MISS_MS 1000 /* how long "there is no such topic" is believed */
#define TOPICS_KEPT 100000
#define MISSES_KEPT 10000

/* Kafka's error codes for topics in Metadata. */
enum { UNKNOWN_TOPIC = 3, LEADER_NOT_AVAILABLE = 5, UNKNOWN_TOPIC_ID = 100 };

static const char *const settings_asked[] = {"max.message.bytes", "message.timestamp.type"};

struct topics {
	struct stage stage;
	struct chains *chains;
	struct topics_doors doors;

	pthread_mutex_t lock;
	struct map *by_name; /* → struct topic, which it owns */
	struct map *by_id;   /* → the same ones */
	struct map *looks;   /* key → struct look, under way */
	struct map *misses;  /* key → struct miss */
};

struct topic {
	struct topic_facts facts;
	bool complete; /* its settings were asked for too */
	struct monotime looked_at;
};

struct miss {
	struct monotime at;
};

/* A name or an id, as what is looked for. */
struct key {
	uint8_t bytes[1 + TOPICS_NAME_MAX];
	size_t len;
};

struct waiter {
	struct link link;
	struct ticket *ticket;
};

/* One question to the cluster: Metadata, then DescribeConfigs. */
struct look {
	struct topics *home;
	struct key key;
	struct list waiters;
	struct topic_facts found;
};

static struct slice
name_of(const struct topic_facts *f)
{
	return slice_of(f->name, f->name_len);
}

static struct slice
key_slice(const struct key *k)
{
	return slice_of(k->bytes, k->len);
}

static bool
is_zero(const uint8_t id[16])
{
	static const uint8_t zero[16];

	return memcmp(id, zero, sizeof(zero)) == 0;
}

/* false: no topic can have that name. */
static bool
make_key(struct slice name, const uint8_t id[16], struct key *ret)
{
	struct slice s = name.p != NULL ? name : slice_of(id, 16);

	if (s.n == 0 || s.n > TOPICS_NAME_MAX)
		return false;
	ret->bytes[0] = name.p != NULL ? 'n' : 'i';
	memcpy(ret->bytes + 1, s.p, s.n);
	ret->len = 1 + s.n;
	return true;
}

struct topics *
topics_new(struct chains *chains, const struct topics_doors *doors)
{
	struct topics *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->chains = chains;
	t->doors = *doors;
	t->by_name = map_new();
	t->by_id = map_new();
	t->looks = map_new();
	t->misses = map_new();
	if (t->by_name == NULL || t->by_id == NULL || t->looks == NULL || t->misses == NULL) {
		topics_free(t);
		return NULL;
	}
	return t;
}

static void
free_values(struct map *m)
{
	struct slice key;
	size_t at = 0;
	void *value;

	while (m != NULL && map_next(m, &at, &key, &value))
		free(value);
	map_free(m);
}

void
topics_free(struct topics *t)
{
	if (t == NULL)
		return;
	INVARIANT(t->looks == NULL || map_count(t->looks) == 0);
	free_values(t->by_name);
	map_free(t->by_id);
	map_free(t->looks);
	free_values(t->misses);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* --- the table, under the lock ------------------------------------------------------ */

static struct topic *
find(struct topics *t, struct slice name, const uint8_t id[16])
{
	return name.p != NULL ? map_get(t->by_name, name) : map_get(t->by_id, slice_of(id, 16));
}

/* A topic of which no more than the name is known.  NULL: no memory, or too many. */
static struct topic *
add(struct topics *t, struct slice name)
{
	struct topic *e;

	if (name.n == 0 || name.n > TOPICS_NAME_MAX || map_count(t->by_name) >= TOPICS_KEPT)
		return NULL;
	e = calloc(1, sizeof(*e));
	if (e == NULL || map_put(t->by_name, name, e) != 0) {
		free(e);
		return NULL;
	}
	memcpy(e->facts.name, name.p, name.n);
	e->facts.name_len = name.n;
	e->facts.max_bytes = TOPICS_DEFAULT_MAX_BYTES;
	return e;
}

static void
forget_id(struct topics *t, struct topic *e)
{
	if (e->facts.has_id && map_get(t->by_id, slice_of(e->facts.id, 16)) == e)
		map_remove(t->by_id, slice_of(e->facts.id, 16));
	e->facts.has_id = false;
}

static bool
set_id(struct topics *t, struct topic *e, const uint8_t id[16])
{
	if (map_put(t->by_id, slice_of(id, 16), e) != 0)
		return false;
	memcpy(e->facts.id, id, 16);
	e->facts.has_id = true;
	return true;
}

static void
note_miss(struct topics *t, const struct key *key)
{
	struct miss *m = map_get(t->misses, key_slice(key));
	struct map *fresh;

	if (m == NULL && map_count(t->misses) >= MISSES_KEPT && (fresh = map_new()) != NULL) {
		free_values(t->misses);
		t->misses = fresh;
	}
	if (m == NULL && (m = calloc(1, sizeof(*m))) != NULL && map_put(t->misses, key_slice(key), m) != 0) {
		free(m);
		m = NULL;
	}
	if (m != NULL)
		m->at = clock_now();
}

static bool
missed_lately(struct topics *t, const struct key *key)
{
	struct miss *m = map_get(t->misses, key_slice(key));

	if (m == NULL)
		return false;
	if (monotime_since_ms(clock_now(), m->at) < MISS_MS)
		return true;
	map_remove(t->misses, key_slice(key));
	free(m);
	return false;
}

/* --- looking -------------------------------------------------------------------------- */

static void
resume_all(struct list *waiters)
{
	struct link *e;

	while ((e = list_pop(waiters)) != NULL) {
		struct waiter *w = CONTAINER_OF(e, struct waiter, link);

		ticket_resume(w->ticket);
		free(w);
	}
}

/* What a look found becomes what is known.  `ret_old`: the topic that had the name before, if it is gone. */
static void
apply(struct topics *t, const struct topic_facts *found, struct topic_facts *ret_old)
{
	struct topic *e = map_get(t->by_name, name_of(found));

	if (e == NULL && (e = add(t, name_of(found))) == NULL)
		return;
	if (e->facts.has_id && (!found->has_id || memcmp(e->facts.id, found->id, 16) != 0)) {
		*ret_old = e->facts;
		forget_id(t, e);
	}
	if (found->has_id && !e->facts.has_id && !set_id(t, e, found->id))
		return;
	e->facts.max_bytes = found->max_bytes;
	e->facts.time = found->time;
	e->complete = true;
	e->looked_at = clock_now();
}

/* The cluster doesn't have it. */
static void
apply_absence(struct topics *t, const struct look *l, struct topic_facts *ret_old)
{
	struct slice what = slice_of(l->key.bytes + 1, l->key.len - 1);
	struct topic *e = map_get(l->key.bytes[0] == 'n' ? t->by_name : t->by_id, what);

	if (e == NULL)
		return;
	*ret_old = e->facts;
	forget_id(t, e);
	map_remove(t->by_name, name_of(&e->facts));
	free(e);
}

static bool
is_known(struct topics *t, const struct key *key)
{
	const struct topic *e = map_get(key->bytes[0] == 'n' ? t->by_name : t->by_id, slice_of(key->bytes + 1, key->len - 1));

	return e != NULL && e->complete;
}

enum found { FOUND, ABSENT, NO_ANSWER };

/* The look is over: everybody who waits for it goes on. */
static void
finish(struct look *l, enum found found)
{
	struct topics *t = l->home;
	struct topic_facts old = {0};

	pthread_mutex_lock(&t->lock);
	map_remove(t->looks, key_slice(&l->key));
	if (found == FOUND) {
		apply(t, &l->found, &old);
		if (!is_known(t, &l->key)) /* no room for it, or another topic was told: nobody asks again at once */
			note_miss(t, &l->key);
	} else {
		if (found == ABSENT)
			apply_absence(t, l, &old);
		note_miss(t, &l->key);
	}
	pthread_mutex_unlock(&t->lock);
	if (found == NO_ANSWER)
		metric_add(METRIC_TOPIC_LOOKUPS_FAILED, 1);
	if (old.has_id) {
		LOG_INFO("topics", "a topic was deleted", LOG_B("topic", name_of(&old)));
		chains_topic_gone(t->chains, name_of(&old), old.id);
	}
	resume_all(&l->waiters);
	free(l);
}

static void
learn_setting(void *arg, struct slice topic, int16_t error, struct slice name, struct slice value)
{
	struct topic_facts *f = arg;
	int64_t n;

	if (error != 0 || !slice_eq(topic, name_of(f)))
		LOG_DEBUG("topics", "a topic's settings are not known", LOG_B("topic", topic), LOG_I("error", error));
	else if (slice_eq(name, slice_str("message.timestamp.type")) && value.p != NULL)
		f->time = slice_eq(value, slice_str("LogAppendTime")) ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;
	else if (slice_eq(name, slice_str("max.message.bytes")) && value.p != NULL &&
		 text_parse_i64(value, &n) == 0 && n >= 0)
		f->max_bytes = (size_t)n;
}

/* Not being told is no failure: limits and timestamp type then show in answers to Produce. */
static void
got_settings(void *arg, int err, int16_t version, struct slice body)
{
	struct look *l = arg;

	if (err == 0)
		err = configs_read(version, body, learn_setting, &l->found);
	if (err != 0)
		LOG_DEBUG("topics", "a topic's settings are not known", LOG_B("topic", name_of(&l->found)),
			  LOG_S("cause", err_text(err)));
	finish(l, FOUND);
}

static void
ask_settings(void *arg, int16_t version, struct wr *w)
{
	struct look *l = arg;
	struct slice name = name_of(&l->found);

	configs_request_write(version, &name, 1, settings_asked, ARRAY_LEN(settings_asked), w);
}

static enum found
read_topic(struct look *l, int16_t version, struct slice body)
{
	struct metadata m;
	enum found found = ABSENT;

	if (metadata_read(version, body, &m) != 0)
		return NO_ANSWER;
	if (chains_set_cluster(l->home->chains, m.cluster_id) != 0)
		found = NO_ANSWER;
	if (m.topic_count != 1 || (m.topics[0].error != 0 && m.topics[0].error != LEADER_NOT_AVAILABLE)) {
		if (m.topic_count == 1 && m.topics[0].error != UNKNOWN_TOPIC && m.topics[0].error != UNKNOWN_TOPIC_ID)
			found = NO_ANSWER; /* we may not see it, or the cluster is in trouble */
	} else if (m.topics[0].name.n > 0 && m.topics[0].name.n <= TOPICS_NAME_MAX && found == ABSENT) {
		memcpy(l->found.name, m.topics[0].name.p, m.topics[0].name.n);
		l->found.name_len = m.topics[0].name.n;
		l->found.has_id = !is_zero(m.topics[0].id);
		memcpy(l->found.id, m.topics[0].id, 16);
		found = FOUND;
	}
	metadata_free(&m);
	return found;
}

static void
got_topic(void *arg, int err, int16_t version, struct slice body)
{
	struct look *l = arg;
	struct topics *t = l->home;
	enum found found = err != 0 ? NO_ANSWER : read_topic(l, version, body);

	if (found != FOUND) {
		finish(l, found);
		return;
	}
	metric_add(METRIC_TOPIC_LOOKUPS, 1);
	if (t->doors.ask(t->doors.arg, API_DESCRIBE_CONFIGS, CONFIGS_MIN, CONFIGS_MAX, ask_settings, got_settings,
			 l) != 0)
		finish(l, FOUND);
}

static void
ask_topic(void *arg, int16_t version, struct wr *w)
{
	struct look *l = arg;
	struct slice what = slice_of(l->key.bytes + 1, l->key.len - 1);
	uint8_t id[1][16];

	if (l->key.bytes[0] == 'n') {
		metadata_request_write(version, &what, NULL, 1, w);
	} else {
		memcpy(id[0], what.p, 16);
		metadata_request_write(version, NULL, (const uint8_t(*)[16])id, 1, w);
	}
}

/* Under the lock: a look that the caller starts when it has left it. */
static struct look *
look_new(struct topics *t, const struct key *key)
{
	struct look *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->home = t;
	l->key = *key;
	list_init(&l->waiters);
	l->found.max_bytes = TOPICS_DEFAULT_MAX_BYTES;
	if (map_put(t->looks, key_slice(key), l) != 0) {
		free(l);
		return NULL;
	}
	return l;
}

static void
look_start(struct look *l)
{
	struct topics *t = l->home;
	int16_t min = l->key.bytes[0] == 'n' ? METADATA_MIN : METADATA_BY_ID;

	metric_add(METRIC_TOPIC_LOOKUPS, 1);
	if (t->doors.ask(t->doors.arg, API_METADATA, min, METADATA_MAX, ask_topic, got_topic, l) != 0)
		finish(l, NO_ANSWER);
}

/* --- for the stages --------------------------------------------------------------------- */

int
topics_find(struct topics *t, struct slice name, const uint8_t id[16], struct topic_facts *ret)
{
	struct look *refresh = NULL;
	struct topic *e;
	struct key key;
	int err = 0;

	if (!make_key(name, id, &key))
		return ERR_REMOTE;
	pthread_mutex_lock(&t->lock);
	e = find(t, name, id);
	if (e != NULL && e->complete) {
		*ret = e->facts;
		if (monotime_since_ms(clock_now(), e->looked_at) >= REFRESH_MS &&
		    map_get(t->looks, key_slice(&key)) == NULL) {
			refresh = look_new(t, &key);
			e->looked_at = clock_now(); /* when it fails, the next time is a while later */
		}
	} else {
		err = missed_lately(t, &key) ? ERR_REMOTE : ERR_NOTFOUND;
	}
	pthread_mutex_unlock(&t->lock);
	if (refresh != NULL)
		look_start(refresh);
	return err;
}

void
topics_wait(struct topics *t, struct slice name, const uint8_t id[16], struct ticket *ticket)
{
	struct waiter *w = ticket == NULL ? NULL : calloc(1, sizeof(*w));
	struct look *l = NULL, *fresh = NULL;
	struct key key;

	if (make_key(name, id, &key) && (ticket == NULL || w != NULL)) {
		pthread_mutex_lock(&t->lock);
		l = map_get(t->looks, key_slice(&key));
		if (l == NULL)
			l = fresh = look_new(t, &key);
		if (l != NULL && w != NULL) {
			w->ticket = ticket;
			list_append(&l->waiters, &w->link);
		}
		pthread_mutex_unlock(&t->lock);
	}
	if (fresh != NULL)
		look_start(fresh);
	if (l == NULL) {
		free(w);
		if (ticket != NULL)
			ticket_resume(ticket);
	}
}

void
topics_doubt(struct topics *t, struct slice name, const uint8_t id[16])
{
	struct topic *e;

	pthread_mutex_lock(&t->lock);
	e = find(t, name, id);
	if (e != NULL && monotime_since_ms(clock_now(), e->looked_at) >= MISS_MS)
		e->complete = false;
	pthread_mutex_unlock(&t->lock);
}

void
topics_too_large(struct topics *t, struct slice name, size_t size)
{
	struct topic *e;

	pthread_mutex_lock(&t->lock);
	e = map_get(t->by_name, name);
	if (e != NULL && size > 0 && size <= e->facts.max_bytes)
		e->facts.max_bytes = size - 1;
	pthread_mutex_unlock(&t->lock);
}

/* --- the stage --------------------------------------------------------------------------- */

static int
learn(void *arg, struct slice name, const uint8_t id[16])
{
	struct topics *t = arg;
	struct topic *e = map_get(t->by_name, name);

	if (e == NULL && (e = add(t, name)) == NULL)
		return 0; /* it will be looked for when it is needed */
	if (!e->facts.has_id)
		(void)!set_id(t, e, id);
	else if (memcmp(e->facts.id, id, 16) != 0)
		e->complete = false; /* deleted and made again, or a broker lags: our own look decides */
	return 0;
}

static bool
wants_response(void *self, int16_t key, int16_t version)
{
	(void)self;
	return topics_in(key, version);
}

static enum stage_verdict
response(void *self, struct exchange *x)
{
	struct topics *t = self;
	int err;

	pthread_mutex_lock(&t->lock);
	err = topics_learn(exchange_key(x), exchange_version(x), exchange_body(x), learn, t);
	pthread_mutex_unlock(&t->lock);
	if (err != 0)
		LOG_LIMITED(LOG_LEVEL_WARN, "topics", "an answer could not be read",
			    LOG_S("api", api_name(exchange_key(x))), LOG_I("version", exchange_version(x)),
			    LOG_S("cause", err_text(err)));
	return STAGE_PASS;
}

const struct stage *
topics_stage(struct topics *t)
{
	t->stage = (struct stage){
		.name = "topics",
		.self = t,
		.wants_response = wants_response,
		.response = response,
	};
	return &t->stage;
}
