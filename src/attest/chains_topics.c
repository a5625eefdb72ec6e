#include "attest/chains_topics.h"

#include "attest/chains.h"
#include "attest/chains_internal.h"

/* Under the chain's mutex. */
static void
add(struct chains_topic *t, const struct chain *chain, struct monotime now)
{
	const struct chain_glance *g = &chain->glance;
	struct monotime closed = chains_oldest_closed(chain);
	int64_t ms = closed.ns == INT64_MAX ? 0 : monotime_since_ms(now, closed);

	t->partitions++;
	t->attested += g->attested;
	t->rate_milli += rate_milli(&g->rate, now);
	t->left_out += g->left_out;
	t->waiting += chain->outgoing.count + chain->windows.count - (chain->open != NULL ? 1 : 0);
	t->oldest_ms = ms > t->oldest_ms ? ms : t->oldest_ms;
	if (g->published_ms > t->published_ms) {
		t->partition = chain->partition;
		t->window = g->window;
		t->records = g->records;
		t->published_ms = g->published_ms;
	}
}

/* A place for each topic, by its number; without a name where there is nothing to tell.  0 or ERR_NOMEM. */
static int
gather(struct chains *c, struct chains_topic **ret, size_t *ret_count)
{
	struct monotime now = clock_now();
	struct chains_topic *topic;
	struct slice key;
	size_t at = 0, count;
	void *value;

	pthread_rwlock_rdlock(&c->lock);
	count = map_count(c->numbers);
	topic = calloc(count + 1, sizeof(*topic));
	while (topic != NULL && map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;
		struct chains_topic *t = &topic[chain->topic_number];

		pthread_mutex_lock(&chain->lock);
		/* A topic that was deleted is of interest until all of it is stated. */
		if (!chain->gone || chain->windows.count + chain->outgoing.count > 0) {
			t->name = chain->topic;
			add(t, chain, now);
		}
		pthread_mutex_unlock(&chain->lock);
	}
	pthread_rwlock_unlock(&c->lock);
	*ret_count = count;
	*ret = topic;
	return topic == NULL ? ERR_NOMEM : 0;
}

static bool
is_in_need(const struct chains_topic *t)
{
	return t->oldest_ms >= CHAINS_TOPICS_LATE_MS || t->left_out > 0;
}

static bool
is_before(const struct chains_topic *a, const struct chains_topic *b)
{
	if (is_in_need(a) != is_in_need(b))
		return is_in_need(a);
	if (is_in_need(a) && a->oldest_ms != b->oldest_ms)
		return a->oldest_ms > b->oldest_ms;
	if (a->rate_milli != b->rate_milli)
		return a->rate_milli > b->rate_milli;
	if (a->attested != b->attested)
		return a->attested > b->attested;
	return strcmp(a->name, b->name) < 0;
}

/* Into its place among the first ones, unless they are before it and as many as there may be. */
static void
choose(struct chains_topics *first, size_t max, const struct chains_topic *t)
{
	size_t i = first->count;

	while (i > 0 && is_before(t, &first->topic[i - 1]))
		i--;
	if (i == max)
		return;
	first->count += first->count < max ? 1 : 0;
	memmove(&first->topic[i + 1], &first->topic[i], (first->count - 1 - i) * sizeof(*t));
	first->topic[i] = *t;
}

int
chains_topics(struct chains *c, size_t max, struct chains_topics *ret)
{
	struct chains_topics first = {.topic = calloc(max + 1, sizeof(*first.topic))};
	struct chains_topic *all = NULL;
	size_t count;

	if (first.topic == NULL || gather(c, &all, &count) != 0) {
		free(first.topic);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < count; i++) {
		if (all[i].name == NULL)
			continue;
		first.total++;
		first.waiting += all[i].waiting;
		first.rate_milli += all[i].rate_milli;
		choose(&first, max, &all[i]);
	}
	free(all);
	*ret = first;
	return 0;
}

void
chains_topics_clear(struct chains_topics *t)
{
	free(t->topic);
	*t = (struct chains_topics){0};
}
