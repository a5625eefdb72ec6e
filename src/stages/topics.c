#include "stages/topics.h"

#include "base/log.h"
#include "kafka/api.h"
#include "kafka/topics.h"
#include "stages/topics_internal.h"

struct topics *
topics_new(struct chains *chains, const struct topics_doors *doors)
{
	struct topics *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	pthread_mutex_init(&t->lock, NULL);
	t->chains = chains;
	t->doors = *doors;
	t->asked = map_new();
	list_init(&t->looks);
	list_init(&t->line);
	if (topics_table_init(t) != 0 || t->asked == NULL) {
		topics_free(t);
		return NULL;
	}
	return t;
}

void
topics_free(struct topics *t)
{
	if (t == NULL)
		return;
	INVARIANT(t->asked == NULL || map_count(t->asked) == 0);
	topics_table_free(t);
	map_free(t->asked);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

/* --- for the stages --------------------------------------------------------------------- */

/* The next look is for this partition.  One under way may be older than the partition is. */
static void
want(struct topics *t, struct topic *e, int32_t partition)
{
	struct topic_key name, id;

	if (topics_key(&(struct topic_ref){topic_facts_name(&e->facts), NULL}, &name) &&
	    topics_key(&(struct topic_ref){{NULL, 0}, e->facts.id}, &id) &&
	    map_get(t->asked, topic_key_slice(&name)) == NULL && map_get(t->asked, topic_key_slice(&id)) == NULL &&
	    partition > e->wanted)
		e->wanted = partition;
}

int
topics_find(struct topics *t, const struct topic_ref *ref, int32_t partition, struct topic_facts *ret)
{
	struct topic_key key;
	bool look = false;
	struct topic *e;
	int err = 0;

	if (!topics_key(ref, &key))
		return ERR_REMOTE;
	pthread_mutex_lock(&t->lock);
	e = topics_get(t, &key);
	if (e != NULL && e->complete && partition >= 0 && partition < e->facts.partitions) {
		*ret = e->facts;
		topics_used(t, e);
	} else if ((err = e == NULL ? 0 : topics_denied(e, partition)) == 0 && (err = topics_missed(t, &key)) == 0) {
		err = ERR_NOTFOUND;
		if (e != NULL)
			want(t, e, partition);
		if (topics_silent(t)) {
			err = ERR_NOT_NOW;
			if (list_first(&t->looks) == NULL) /* one question finds out when the silence ends */
				look = topics_look_again(t, &key);
		}
	}
	pthread_mutex_unlock(&t->lock);
	if (look)
		topics_look_on(t);
	return err;
}

bool
topics_name(struct topics *t, const uint8_t id[16], char ret[TOPICS_NAME_MAX + 1])
{
	const struct topic *e;

	pthread_mutex_lock(&t->lock);
	e = map_get(t->by_id, slice_of(id, 16));
	if (e != NULL)
		memcpy(ret, e->facts.name, e->facts.name_len + 1);
	pthread_mutex_unlock(&t->lock);
	return e != NULL;
}

void
topics_doubt(struct topics *t, const struct topic_ref *ref)
{
	struct topic_key key;
	struct topic *e;

	if (!topics_key(ref, &key))
		return;
	pthread_mutex_lock(&t->lock);
	e = topics_get(t, &key);
	if (e != NULL && monotime_since_ms(clock_now(), e->looked_at) >= TOPICS_MISS_MS)
		e->complete = false;
	pthread_mutex_unlock(&t->lock);
}

unsigned
topics_changes(const struct topics *t)
{
	return atomic_load(&t->changes);
}

void
topics_refused(struct topics *t, struct slice name, const uint8_t id[16])
{
	struct topic *e;

	pthread_mutex_lock(&t->lock);
	e = map_get(t->by_name, name);
	if (e != NULL && e->facts.has_id && memcmp(e->facts.id, id, sizeof(e->facts.id)) == 0) {
		e->complete = false;
		atomic_fetch_add(&t->changes, 1);
	}
	pthread_mutex_unlock(&t->lock);
}

void
topics_too_large(struct topics *t, struct slice name, size_t size, size_t whole)
{
	struct topic *e;
	size_t most;

	pthread_mutex_lock(&t->lock);
	e = map_get(t->by_name, name);
	if (e != NULL && whole > 0 && size <= e->facts.max_bytes) {
		most = whole - 1 < e->facts.max_bytes ? whole - 1 : e->facts.max_bytes;
		if (most < e->facts.max_whole)
			e->facts.max_whole = most;
	}
	pthread_mutex_unlock(&t->lock);
}

/* --- the stage --------------------------------------------------------------------------- */

/* Pairs that passed by, until the lock is taken for all of them: an answer may have a hundred thousand. */
struct heard {
	struct topics *home;
	size_t count;
	struct {
		struct slice name;
		const uint8_t *id;
	} pair[256];
};

static void
hear_all(struct heard *h)
{
	pthread_mutex_lock(&h->home->lock);
	for (size_t i = 0; i < h->count; i++)
		topics_hear(h->home, h->pair[i].name, h->pair[i].id);
	pthread_mutex_unlock(&h->home->lock);
	h->count = 0;
}

static int
learn(void *arg, struct slice name, const uint8_t id[16])
{
	struct heard *h = arg;

	if (h->count == ARRAY_LEN(h->pair))
		hear_all(h);
	h->pair[h->count].name = name; /* in the answer, as the id */
	h->pair[h->count++].id = id;
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
	struct heard heard; /* 6 KB, not all of which is to be zeroed */
	int err;

	heard.home = self;
	heard.count = 0;
	err = topics_learn(exchange_key(x), exchange_version(x), exchange_body(x), learn, &heard);
	hear_all(&heard);
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
