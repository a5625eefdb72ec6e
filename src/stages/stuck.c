#include "stages/stuck.h"

#include <pthread.h>

#include "base/list.h"
#include "base/map.h"

enum { KEY_MAX = 12 + 256 };

struct entry {
	struct link link; /* oldest first */
	struct monotime since;
	int64_t upto;
	bool told;
	size_t key_len;
	uint8_t key[KEY_MAX];
};

struct stuck {
	pthread_mutex_t lock;
	size_t most;
	struct map *map; /* → struct entry, which it owns */
	struct list list;
};

struct stuck *
stuck_new(size_t most)
{
	struct stuck *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	pthread_mutex_init(&s->lock, NULL);
	list_init(&s->list);
	s->most = most;
	s->map = map_new();
	if (s->map == NULL) {
		stuck_free(s);
		return NULL;
	}
	return s;
}

static void
drop(struct stuck *s, struct entry *e)
{
	(void)map_remove(s->map, slice_of(e->key, e->key_len));
	list_remove(&s->list, &e->link);
	free(e);
}

void
stuck_free(struct stuck *s)
{
	struct link *l;

	if (s == NULL)
		return;
	while ((l = list_first(&s->list)) != NULL)
		drop(s, CONTAINER_OF(l, struct entry, link));
	map_free(s->map);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static size_t
key_of(const struct stuck_place *p, uint8_t key[KEY_MAX])
{
	size_t n = p->topic.n < KEY_MAX - 12 ? p->topic.n : KEY_MAX - 12;

	memcpy(key, &p->partition, 4);
	memcpy(key + 4, &p->offset, 8);
	if (n > 0)
		memcpy(key + 12, p->topic.p, n);
	return 12 + n;
}

static struct entry *
find(const struct stuck *s, const struct stuck_place *p)
{
	uint8_t key[KEY_MAX];
	size_t n = key_of(p, key);

	return map_get(s->map, slice_of(key, n));
}

/* NULL: no memory. */
static struct entry *
find_or_add(struct stuck *s, const struct stuck_place *p)
{
	struct entry *e = find(s, p);

	if (e != NULL)
		return e;
	if ((e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	e->key_len = key_of(p, e->key);
	e->since = clock_now();
	e->upto = -1;
	if (map_put(s->map, slice_of(e->key, e->key_len), e) != 0) {
		free(e);
		return NULL;
	}
	list_append(&s->list, &e->link);
	if (s->list.count > s->most)
		drop(s, CONTAINER_OF(list_first(&s->list), struct entry, link));
	return e;
}

int64_t
stuck_waited(struct stuck *s, const struct stuck_place *p, int64_t max_ms)
{
	const struct entry *e;
	int64_t upto = -1;

	pthread_mutex_lock(&s->lock);
	e = find(s, p);
	if (e != NULL && monotime_since_ms(clock_now(), e->since) >= max_ms)
		upto = e->upto;
	pthread_mutex_unlock(&s->lock);
	return upto;
}

void
stuck_note(struct stuck *s, const struct stuck_place *p, int64_t upto)
{
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find_or_add(s, p);
	if (e != NULL && e->upto < 0)
		e->upto = upto;
	pthread_mutex_unlock(&s->lock);
}

bool
stuck_tell(struct stuck *s, const struct stuck_place *p)
{
	bool first = true;
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find_or_add(s, p);
	if (e != NULL) {
		first = !e->told;
		e->told = true;
	}
	pthread_mutex_unlock(&s->lock);
	return first;
}

void
stuck_pass(struct stuck *s, const struct stuck_place *p)
{
	struct entry *e;

	pthread_mutex_lock(&s->lock);
	e = find(s, p);
	if (e != NULL)
		drop(s, e);
	pthread_mutex_unlock(&s->lock);
}
