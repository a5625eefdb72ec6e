#include "verify/statements.h"

#include "base/map.h"
#include "verify/kept.h"

struct partition {
	const struct verdict_window **list; /* each the head of a struct kept */
	size_t count, cap;
};

struct statements_topic {
	struct statements *all;
	char *name;
	int32_t number;
	struct statements_count count;
	struct partition *partitions;
	size_t partition_count;
	struct slice id; /* that was given, or found; the spool's */
};

struct statements {
	struct statements_conf conf;
	uint64_t unreadable, other;
	struct statements_topic **topics;
	size_t topic_count, topic_cap;
	struct map *by_name; /* name → struct statements_topic */
	struct places places;
};

struct statements *
statements_new(const struct statements_conf *conf)
{
	struct statements *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->conf = *conf;
	if ((s->by_name = map_new()) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static void
topic_free(struct statements_topic *t)
{
	for (size_t i = 0; i < t->partition_count; i++)
		free(t->partitions[i].list);
	free(t->partitions);
	free(t->name);
	free(t);
}

void
statements_free(struct statements *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->topic_count; i++)
		topic_free(s->topics[i]);
	free(s->topics);
	free(s->places.list);
	map_free(s->by_name);
	free(s);
}

static int
grow(void *list, size_t count, size_t *cap, size_t size)
{
	void **at = list;
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *p;

	if (count < *cap)
		return 0;
	if ((p = reallocarray(*at, more, size)) == NULL)
		return ERR_NOMEM;
	*at = p;
	*cap = more;
	return 0;
}

static int
add_place(struct statements *s, const struct published *p, int32_t partition, int64_t offset, const char *why)
{
	return places_add(&s->places, &(struct place){p->chain, p->window_id, offset, partition, -1, -1, why, p->by_known_key});
}

static struct partition *
partition_at(struct statements_topic *t, int32_t partition)
{
	size_t want = (size_t)partition + 1;
	struct partition *more;

	if (want > t->partition_count) {
		if ((more = reallocarray(t->partitions, want, sizeof(*more))) == NULL)
			return NULL;
		memset(more + t->partition_count, 0, (want - t->partition_count) * sizeof(*more));
		t->partitions = more;
		t->partition_count = want;
	}
	return &t->partitions[partition];
}

static int
add_kept(struct statements_topic *t, const struct published *p, int32_t partition, int64_t offset, struct slice manifest)
{
	struct partition *part = partition_at(t, p->statement->partition);
	struct kept *k;
	int err;

	if (part == NULL)
		return ERR_NOMEM;
	if ((err = kept_make(t->all->conf.spool, p, manifest, &k)) != 0 ||
	    (err = grow(&part->list, part->count, &part->cap, sizeof(*part->list))) != 0)
		return err;
	k->partition = partition;
	k->offset = offset;
	part->list[part->count++] = &k->w;
	t->count.trusted++;
	return 0;
}

static struct statements_topic *
find_topic(const struct statements *s, struct slice name)
{
	return map_get(s->by_name, name);
}

static int
topic_of(struct statements *s, struct slice name, struct statements_topic **ret)
{
	struct statements_topic *t = find_topic(s, name);
	int err;

	if (t != NULL) {
		*ret = t;
		return 0;
	}
	if ((err = grow(&s->topics, s->topic_count, &s->topic_cap, sizeof(struct statements_topic *))) != 0)
		return err;
	if ((t = calloc(1, sizeof(*t))) == NULL || (t->name = strndup((const char *)name.p, name.n)) == NULL ||
	    (err = map_put(s->by_name, name, t)) != 0) {
		if (t != NULL)
			topic_free(t);
		return ERR_NOMEM;
	}
	t->all = s;
	t->number = (int32_t)s->topic_count;
	s->topics[s->topic_count++] = t;
	*ret = t;
	return 0;
}

enum { PARTITIONS_MAX = 1000000 }; /* more than any cluster has; a statement that tells more is no reason to allocate */

/* Is it about a topic whose records will be judged? */
static bool
wanted(const struct statements *s, const struct statement *st)
{
	return slice_eq(st->cluster_id, s->conf.cluster_id) && st->topic.n > 0 &&
	       (s->conf.wanted == NULL || s->conf.wanted(s->conf.wanted_arg, st->topic)) &&
	       (s->conf.partition < 0 || st->partition == s->conf.partition) && st->partition < PARTITIONS_MAX;
}

/* About a wanted topic: only that is worth the price of a signature. */
static int
add_wanted(struct statements *s, struct published *p, int32_t partition, int64_t offset, struct slice manifest)
{
	struct statements_topic *t;
	int err = published_check(p, s->conf.policy);

	if (err != 0 || (err = topic_of(s, p->statement->topic, &t)) != 0)
		return err;
	if (p->trust != TRUST_NONE)
		return add_kept(t, p, partition, offset, manifest);
	t->count.untrusted++;
	memcpy(t->count.untrusted_keyid, p->keyid, sizeof(p->keyid));
	t->count.untrusted_why = p->why;
	return add_place(s, p, partition, offset, p->why);
}

int
statements_add(struct statements *s, int32_t partition, int64_t offset, struct slice key, struct slice value,
	       struct slice manifest)
{
	struct published p;
	int err = published_read(key, value, &p);

	if (err == ERR_NOTFOUND)
		return 0;
	if (err != 0)
		return err;
	if (p.state == PUBLISHED_UNREADABLE) {
		s->unreadable++;
		err = add_place(s, &p, partition, offset, "the statement that it names doesn't verify");
	} else if (!wanted(s, p.statement)) {
		s->other++;
		err = add_place(s, &p, partition, offset, NULL);
	} else {
		err = add_wanted(s, &p, partition, offset, manifest);
	}
	published_clear(&p);
	return err;
}

size_t
statements_topics(const struct statements *s)
{
	return s->topic_count;
}

const char *
statements_topic_name(const struct statements *s, size_t i)
{
	return s->topics[i]->count.trusted + s->topics[i]->count.other_topic_id > 0 ? s->topics[i]->name : NULL;
}

/* --- all are there -------------------------------------------------------------------- */

struct entry {
	const struct verdict_window *w;
	size_t at; /* in the list */
};

static int
by_hash(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int c = memcmp(x->w->sha256, y->w->sha256, SHA256_LEN);

	return c != 0 ? c : (x->at > y->at) - (x->at < y->at);
}

/* A statement that was published again is one: the first. */
static int
merge_again(struct statements_topic *t, struct partition *p)
{
	struct entry *list = calloc(p->count + 1, sizeof(*list));
	size_t first = 0, stay = 0;

	if (list == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < p->count; i++)
		list[i] = (struct entry){p->list[i], i};
	qsort(list, p->count, sizeof(*list), by_hash);
	for (size_t i = 1; i < p->count; i++) {
		if (memcmp(list[i].w->sha256, list[first].w->sha256, SHA256_LEN) != 0) {
			first = i;
			continue;
		}
		kept_merge(kept_of(list[first].w), kept_of(list[i].w));
		p->list[list[i].at] = NULL;
	}
	free(list);
	for (size_t i = 0; i < p->count; i++)
		if (p->list[i] != NULL)
			p->list[stay++] = p->list[i];
	t->count.trusted -= p->count - stay;
	p->count = stay;
	return 0;
}

/* Nobody could tell the topic's id: that of the statement that was settled last, or empty when it has none. */
static struct slice
latest_id(const struct statements_topic *t)
{
	const struct statement *last = NULL;

	for (size_t i = 0; i < t->partition_count; i++)
		for (size_t k = 0; k < t->partitions[i].count; k++) {
			const struct statement *x = t->partitions[i].list[k]->statement;

			if (last == NULL || x->settled_ms > last->settled_ms)
				last = x;
		}
	return last == NULL || last->topic_id.p == NULL ? slice_str("") : last->topic_id;
}

/* Of those about an earlier topic of that name only the places stay. */
static int
give_up_others(struct statements_topic *t, struct partition *p)
{
	size_t stay = 0;
	int err;

	/* Nothing is let go before all have a place: the list stays whole should there be no memory. */
	for (size_t k = 0; k < p->count; k++) {
		const struct kept *x = kept_of(p->list[k]);
		const struct place place = {x->s.chain, x->s.window_id, x->offset, x->partition, -1, -1, NULL, false};

		if (!slice_eq(x->s.topic_id, t->id) && (err = places_add(&t->all->places, &place)) != 0)
			return err;
	}
	for (size_t k = 0; k < p->count; k++)
		if (slice_eq(p->list[k]->statement->topic_id, t->id))
			p->list[stay++] = p->list[k];
	t->count.trusted -= p->count - stay;
	t->count.other_topic_id += p->count - stay;
	p->count = stay;
	return 0;
}

int
statements_topic(struct statements *s, const char *name, struct slice id, struct statements_topic **ret)
{
	struct statements_topic *t;
	int err = topic_of(s, slice_str(name), &t);

	if (err != 0 || (err = kept_slice(s->conf.spool, id.p == NULL ? latest_id(t) : id, &t->id)) != 0)
		return err;
	for (size_t i = 0; i < t->partition_count; i++)
		if ((err = merge_again(t, &t->partitions[i])) != 0 || (err = give_up_others(t, &t->partitions[i])) != 0)
			return err;
	*ret = t;
	return 0;
}

/* Who judges another partition may meet their records too. */
static int
add_kept_places(struct statements_topic *t)
{
	for (size_t i = 0; i < t->partition_count; i++)
		for (size_t n = 0; n < t->partitions[i].count; n++) {
			const struct kept *k = kept_of(t->partitions[i].list[n]);
			const struct place place = {k->s.chain,   k->s.window_id, k->offset, k->partition,
						    t->number, k->s.partition, NULL, false};
			int err = places_add(&t->all->places, &place);

			if (err != 0)
				return err;
		}
	return 0;
}

int
statements_done(struct statements *s)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < s->topic_count; i++)
		err = add_kept_places(s->topics[i]);
	places_sort(&s->places);
	return err;
}

const struct verdict_window *const *
statements_of(const struct statements_topic *t, int32_t partition, size_t *ret_count)
{
	if (partition < 0 || (size_t)partition >= t->partition_count) {
		*ret_count = 0;
		return NULL;
	}
	*ret_count = t->partitions[partition].count;
	return t->partitions[partition].list;
}

const struct place *
statements_elsewhere(const struct statements_topic *t, int32_t partition, const struct chain_id *chain,
		     uint64_t window_id, size_t *ret_count)
{
	return places_find(&t->all->places, t->number, partition, chain, window_id, ret_count);
}

bool
statements_later_elsewhere(const struct statements_topic *t, int32_t partition, const struct chain_id *chain,
			   uint64_t window_id)
{
	return places_later(&t->all->places, t->number, partition, chain, window_id);
}

struct statements_count
statements_count(const struct statements_topic *t)
{
	struct statements_count c = t->count;

	c.unreadable = t->all->unreadable;
	c.other = t->all->other;
	return c;
}

struct slice
statements_topic_id(const struct statements_topic *t)
{
	return t->id;
}
