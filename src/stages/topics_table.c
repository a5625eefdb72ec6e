/* The table of topics: what was found, what passed by, and what isn't there. */
#include "stages/topics_internal.h"

struct miss {
	struct monotime at;
	int why;
};

bool
topics_key(const struct topic_ref *ref, struct topic_key *ret)
{
	struct slice s = ref->name.p != NULL ? ref->name : slice_of(ref->id, 16);

	if (s.n == 0 || s.n > TOPICS_NAME_MAX)
		return false;
	ret->bytes[0] = ref->name.p != NULL ? 'n' : 'i';
	memcpy(ret->bytes + 1, s.p, s.n);
	ret->len = 1 + s.n;
	return true;
}

int
topics_table_init(struct topics *t)
{
	t->by_name = map_new();
	t->by_id = map_new();
	t->misses = map_new();
	list_init(&t->by_use);
	return t->by_name == NULL || t->by_id == NULL || t->misses == NULL ? ERR_NOMEM : 0;
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
topics_table_free(struct topics *t)
{
	free_values(t->by_name);
	map_free(t->by_id);
	free_values(t->misses);
}

struct topic *
topics_get(const struct topics *t, const struct topic_key *key)
{
	return map_get(topic_key_by_id(key) ? t->by_id : t->by_name, topic_key_what(key));
}

void
topics_used(struct topics *t, struct topic *e)
{
	list_remove(&t->by_use, &e->in_use);
	list_append(&t->by_use, &e->in_use);
	e->unused = 0;
}

static void
forget_id(struct topics *t, struct topic *e)
{
	if (e->facts.has_id && map_get(t->by_id, slice_of(e->facts.id, 16)) == e)
		map_remove(t->by_id, slice_of(e->facts.id, 16));
	if (e->facts.has_id)
		atomic_fetch_add(&t->changes, 1);
	e->facts.has_id = false;
}

static void
drop(struct topics *t, struct topic *e)
{
	forget_id(t, e);
	list_remove(&t->by_use, &e->in_use);
	map_remove(t->by_name, topic_facts_name(&e->facts));
	free(e);
}

/* A topic of which no more than the name is known, if need be in the place of the one longest unused.  NULL: no memory. */
static struct topic *
add(struct topics *t, struct slice name)
{
	struct topic *e;

	if (name.n == 0 || name.n > TOPICS_NAME_MAX)
		return NULL;
	if (map_count(t->by_name) >= TOPICS_KEPT)
		drop(t, CONTAINER_OF(list_first(&t->by_use), struct topic, in_use));
	e = calloc(1, sizeof(*e));
	if (e == NULL || map_put(t->by_name, name, e) != 0) {
		free(e);
		return NULL;
	}
	memcpy(e->facts.name, name.p, name.n);
	e->facts.name_len = name.n;
	e->facts.max_bytes = TOPICS_DEFAULT_MAX_BYTES;
	e->facts.max_whole = e->told = TOPICS_UNTOLD;
	e->wanted = e->absent = -1;
	list_append(&t->by_use, &e->in_use);
	return e;
}

/* Who had the id is looked for anew. */
static bool
set_id(struct topics *t, struct topic *e, const uint8_t id[16])
{
	struct topic *other = map_get(t->by_id, slice_of(id, 16));

	if (other != NULL && other != e) {
		forget_id(t, other);
		other->complete = false;
	}
	if (map_put(t->by_id, slice_of(id, 16), e) != 0)
		return false;
	memcpy(e->facts.id, id, 16);
	e->facts.has_id = true;
	return true;
}

/* Another limit than before takes the place of what was learnt; no answer takes the place of nothing. */
static void
set_limit(struct topic *e, size_t told)
{
	if (told != TOPICS_UNTOLD && told != e->told) {
		e->told = told;
		e->facts.max_whole = TOPICS_UNTOLD;
	}
	e->facts.max_told = e->told != TOPICS_UNTOLD;
	e->facts.max_bytes = e->facts.max_told ? e->told : TOPICS_DEFAULT_MAX_BYTES;
}

static void
deny(struct denial *d)
{
	d->last = clock_now();
	if (d->first.ns == 0)
		d->first = d->last;
}

static bool
is_sure(const struct denial *d)
{
	return monotime_since_ms(d->last, d->first) >= TOPICS_LAG_MS;
}

void
topics_apply(struct topics *t, const struct topic_facts *found, struct topic_facts *ret_old)
{
	struct topic *e = map_get(t->by_name, topic_facts_name(found));

	if (e == NULL && (e = add(t, topic_facts_name(found))) == NULL)
		return;
	if (e->facts.has_id && (!found->has_id || memcmp(e->facts.id, found->id, 16) != 0)) {
		*ret_old = e->facts;
		forget_id(t, e);
		e->facts.since = clock_now();
		e->facts.max_whole = e->told = TOPICS_UNTOLD;
	}
	if (found->has_id && !e->facts.has_id && !set_id(t, e, found->id))
		return;
	e->facts.partitions = found->partitions;
	if (e->wanted >= found->partitions) {
		if (e->absent != found->partitions || monotime_since_ms(clock_now(), e->no_partition.last) >= 2 * TOPICS_MISS_MS)
			e->no_partition = (struct denial){0}; /* it may be there since */
		e->absent = found->partitions;
		deny(&e->no_partition);
	}
	e->wanted = -1;
	e->gone = (struct denial){0};
	set_limit(e, found->max_bytes);
	e->facts.time = found->time;
	e->facts.format = found->format;
	e->facts.compacted = found->compacted;
	if (!e->complete)
		topics_used(t, e); /* somebody wants it; else it is refreshed */
	e->complete = true;
	e->looked_at = clock_now();
}

bool
topics_apply_absence(struct topics *t, const struct topic_key *key, struct topic_facts *ret_old)
{
	struct topic *e = topics_get(t, key);

	if (e == NULL)
		return true;
	deny(&e->gone);
	if (!is_sure(&e->gone) || (e->heard_at.ns != 0 && monotime_since_ms(clock_now(), e->heard_at) < TOPICS_YOUNG_MS))
		return false;
	*ret_old = e->facts;
	drop(t, e);
	return true;
}

int
topics_denied(const struct topic *e, int32_t partition)
{
	struct monotime now = clock_now();

	if (e->complete && partition < 0)
		return ERR_REMOTE;
	if (e->complete && e->absent == e->facts.partitions && e->no_partition.last.ns != 0) {
		if (is_sure(&e->no_partition) && monotime_since_ms(now, e->no_partition.last) < TOPICS_MISS_MS)
			return ERR_REMOTE;
		if (!is_sure(&e->no_partition) && monotime_since_ms(now, e->no_partition.last) < TOPICS_LAG_MS)
			return ERR_AGAIN;
	}
	return e->gone.last.ns != 0 && monotime_since_ms(now, e->gone.last) < TOPICS_LAG_MS ? ERR_AGAIN : 0;
}

void
topics_note_miss(struct topics *t, const struct topic_key *key, int why)
{
	struct miss *m = map_get(t->misses, topic_key_slice(key));
	struct map *fresh;

	if (m == NULL && map_count(t->misses) >= TOPICS_MISSES_KEPT && (fresh = map_new()) != NULL) {
		free_values(t->misses);
		t->misses = fresh;
	}
	if (m == NULL && (m = calloc(1, sizeof(*m))) != NULL && map_put(t->misses, topic_key_slice(key), m) != 0) {
		free(m);
		m = NULL;
	}
	if (m == NULL)
		return; /* it will be asked for once more */
	m->at = clock_now();
	m->why = why;
}

static void
forget_miss(struct topics *t, const struct topic_ref *ref)
{
	struct topic_key key;

	if (topics_key(ref, &key))
		free(map_remove(t->misses, topic_key_slice(&key)));
}

int
topics_missed(struct topics *t, const struct topic_key *key)
{
	struct miss *m = map_get(t->misses, topic_key_slice(key));

	if (m == NULL)
		return 0;
	if (monotime_since_ms(clock_now(), m->at) < TOPICS_MISS_MS)
		return m->why;
	map_remove(t->misses, topic_key_slice(key));
	free(m);
	return 0;
}

/* --- what passes by --------------------------------------------------------------------- */

void
topics_hear(struct topics *t, struct slice name, const uint8_t id[16])
{
	struct topic *e = map_get(t->by_name, name), *other;

	if (e == NULL && (e = add(t, name)) == NULL)
		return; /* it will be looked for when it is needed */
	e->heard_at = clock_now();
	other = map_get(t->by_id, slice_of(id, 16));
	if (other == e)
		return;
	/* Deleted and made again, a broker lags, or it isn't true: our own look decides, about both. */
	if (other != NULL)
		other->complete = false;
	if (other != NULL || e->facts.has_id || e->complete) {
		e->complete = false;
		atomic_fetch_add(&t->changes, 1);
		return;
	}
	(void)!set_id(t, e, id);
	/* Whoever told this can be asked for the rest. */
	forget_miss(t, &(struct topic_ref){name, NULL});
	forget_miss(t, &(struct topic_ref){{NULL, 0}, id});
	t->silent = false;
}
