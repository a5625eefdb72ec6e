#include "attest/late.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"

/* How long bytes may be under way: as TCP tries; where the sender is gone, what its kernel had. */
enum { SENT_MS = 15 * 60 * 1000, GONE_MS = 60 * 1000, MOST = 4096 };

struct late {
	struct map *by_producer; /* producer id → struct one */
	int64_t any_ns;          /* until then each may be */
};

struct one {
	int64_t producer_id;
	int16_t epoch;
	int64_t until_ns;
};

static struct slice
key_of(const int64_t *producer_id)
{
	return slice_of(producer_id, sizeof(*producer_id));
}

static int64_t
in_ns(int64_t ms)
{
	return clock_now().ns + ms * INT64_C(1000000);
}

struct late *
late_new(void)
{
	struct late *l = calloc(1, sizeof(*l));

	if (l != NULL && (l->by_producer = map_new()) == NULL) {
		free(l);
		return NULL;
	}
	return l;
}

void
late_free(struct late *l)
{
	struct slice key;
	size_t at = 0;
	void *value;

	if (l == NULL)
		return;
	while (map_next(l->by_producer, &at, &key, &value))
		free(value);
	map_free(l->by_producer);
	free(l);
}

static void
forget_some(struct late *l)
{
	int64_t now_ns = clock_now().ns;
	struct one *over[64];
	struct slice key;
	size_t n;
	void *value;

	do {
		n = 0;
		for (size_t at = 0; n < ARRAY_LEN(over) && map_next(l->by_producer, &at, &key, &value);)
			if (((struct one *)value)->until_ns <= now_ns)
				over[n++] = value;
		for (size_t i = 0; i < n; i++) {
			map_remove(l->by_producer, key_of(&over[i]->producer_id));
			free(over[i]);
		}
	} while (n == ARRAY_LEN(over));
}

static bool
note(struct late *l, int64_t producer_id, int16_t epoch)
{
	const struct one one = {producer_id, epoch, in_ns(SENT_MS)};
	struct one *o = map_get(l->by_producer, key_of(&producer_id));

	if (o != NULL) {
		*o = one;
		return true;
	}
	if (map_count(l->by_producer) >= MOST)
		forget_some(l);
	if (map_count(l->by_producer) >= MOST || (o = malloc(sizeof(*o))) == NULL)
		return false;
	*o = one;
	if (map_put(l->by_producer, key_of(&o->producer_id), o) == 0)
		return true;
	free(o);
	return false;
}

void
late_note(struct late *l, int64_t producer_id, int16_t epoch)
{
	if (!note(l, producer_id, epoch))
		l->any_ns = in_ns(SENT_MS);
}

void
late_note_any(struct late *l)
{
	int64_t until_ns = in_ns(GONE_MS);

	if (until_ns > l->any_ns)
		l->any_ns = until_ns;
}

bool
late_has(const struct late *l, int64_t producer_id, int16_t epoch)
{
	const struct one *o = map_get(l->by_producer, key_of(&producer_id));
	int64_t now_ns = clock_now().ns;

	return now_ns < l->any_ns || (o != NULL && o->epoch == epoch && now_ns < o->until_ns);
}
