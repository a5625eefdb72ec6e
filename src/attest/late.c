#include "attest/late.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"

/* So long bytes may be under way, as TCP tries. */
enum { SENT_MS = 15 * 60 * 1000, MOST = 4096 };

struct late {
	struct map *ones; /* key → struct one */
	int64_t any_ns;   /* until then each may be */
};

/*
 * Each epoch has its own: who sends an EndTxn may claim any, and one that is refused makes none before it void.  What is
 * late of an epoch that is truly over harms nothing, as no EndTxn of that one succeeds any more.
 */
struct key {
	int64_t producer_id;
	int64_t epoch; /* without a hole */
};

struct one {
	struct key key;
	unsigned out;     /* of its EndTxns that have no answer yet */
	int64_t until_ns; /* until then one may be late */
};

static struct slice
slice_of_key(const struct key *k)
{
	return slice_of(k, sizeof(*k));
}

/* NULL: there is none. */
static struct one *
find(const struct late *l, int64_t producer_id, int16_t epoch)
{
	return map_get(l->ones, slice_of_key(&(struct key){producer_id, epoch}));
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

	if (l != NULL && (l->ones = map_new()) == NULL) {
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
	while (map_next(l->ones, &at, &key, &value))
		free(value);
	map_free(l->ones);
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
		for (size_t at = 0; n < ARRAY_LEN(over) && map_next(l->ones, &at, &key, &value);) {
			struct one *o = value;

			if (o->out == 0 && o->until_ns <= now_ns)
				over[n++] = o;
		}
		for (size_t i = 0; i < n; i++) {
			map_remove(l->ones, slice_of_key(&over[i]->key));
			free(over[i]);
		}
	} while (n == ARRAY_LEN(over));
}

/* NULL: there is no room. */
static struct one *
find_or_make(struct late *l, int64_t producer_id, int16_t epoch)
{
	struct one *o = find(l, producer_id, epoch);

	if (o != NULL)
		return o;
	if (map_count(l->ones) >= MOST)
		forget_some(l);
	if (map_count(l->ones) >= MOST || (o = malloc(sizeof(*o))) == NULL)
		return NULL;
	*o = (struct one){.key = {producer_id, epoch}};
	if (map_put(l->ones, slice_of_key(&o->key), o) == 0)
		return o;
	free(o);
	return NULL;
}

void
late_out(struct late *l, int64_t producer_id, int16_t epoch)
{
	struct one *o = find_or_make(l, producer_id, epoch);

	if (o == NULL) {
		l->any_ns = in_ns(SENT_MS);
		return;
	}
	if (o->out++ > 0)
		o->until_ns = in_ns(SENT_MS);
}

void
late_in(struct late *l, int64_t producer_id, int16_t epoch, bool lost)
{
	struct one *o = find(l, producer_id, epoch);

	if (o == NULL && lost)
		l->any_ns = in_ns(SENT_MS); /* there was no room for it when it went out: its bytes may be under way from now on */
	if (o == NULL)
		return;
	if (o->out > 0)
		o->out--;
	if (lost)
		o->until_ns = in_ns(SENT_MS);
	else if (o->out == 0 && o->until_ns <= clock_now().ns) {
		map_remove(l->ones, slice_of_key(&o->key));
		free(o);
	}
}

void
late_note(struct late *l, int64_t producer_id, int16_t epoch)
{
	late_out(l, producer_id, epoch);
	late_in(l, producer_id, epoch, true);
}

bool
late_has(const struct late *l, int64_t producer_id, int16_t epoch)
{
	const struct one *o = find(l, producer_id, epoch);
	int64_t now_ns = clock_now().ns;

	return now_ns < l->any_ns || (o != NULL && now_ns < o->until_ns);
}
