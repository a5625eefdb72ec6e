#include "proxy/refusals.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/map.h"

enum { REST_MIN_MS = 1000, REST_MAX_MS = 60000, BROKERS_MAX = 1000 };

struct rest {
	int64_t ms;
	struct monotime until;
	uint64_t turn; /* whose it is since the rest was over; 0: it isn't, or nobody's */
};

struct refusals {
	pthread_mutex_t mutex;
	struct map *map; /* broker → struct rest, which it owns */
	uint64_t turns;  /* that were given */
};

struct refusals *
refusals_new(void)
{
	struct refusals *r = calloc(1, sizeof(*r));

	if (r == NULL)
		return NULL;
	r->map = map_new();
	if (r->map == NULL) {
		free(r);
		return NULL;
	}
	(void)pthread_mutex_init(&r->mutex, NULL);
	return r;
}

void
refusals_free(struct refusals *r)
{
	struct slice key;
	size_t at = 0;
	void *rest;

	if (r == NULL)
		return;
	while (map_next(r->map, &at, &key, &rest))
		free(rest);
	map_free(r->map);
	(void)pthread_mutex_destroy(&r->mutex);
	free(r);
}

static void
begin(struct rest *rest)
{
	rest->until.ns = clock_now().ns + rest->ms * 1000000;
}

int64_t
refusals_wait_ms(struct refusals *r, const char *broker, uint64_t *ret_turn)
{
	struct rest *rest;
	int64_t wait = 0;

	*ret_turn = 0;
	if (r == NULL)
		return 0;
	(void)pthread_mutex_lock(&r->mutex);
	rest = map_get(r->map, slice_str(broker));
	if (rest != NULL) {
		int64_t left = monotime_since_ns(rest->until, clock_now());

		if (left > 0) {
			wait = (left + 999999) / 1000000;
		} else {
			rest->turn = *ret_turn = ++r->turns;
			begin(rest);
		}
	}
	(void)pthread_mutex_unlock(&r->mutex);
	return wait;
}

void
refusals_give_back(struct refusals *r, const char *broker, uint64_t turn)
{
	struct rest *rest;

	if (r == NULL || turn == 0)
		return;
	(void)pthread_mutex_lock(&r->mutex);
	rest = map_get(r->map, slice_str(broker));
	if (rest != NULL && rest->turn == turn) {
		rest->turn = 0;
		rest->until = clock_now();
	}
	(void)pthread_mutex_unlock(&r->mutex);
}

static struct rest *
add(struct refusals *r, const char *broker)
{
	struct rest *rest = map_count(r->map) < BROKERS_MAX ? calloc(1, sizeof(*rest)) : NULL;

	if (rest != NULL && map_put(r->map, slice_str(broker), rest) != 0) {
		free(rest);
		return NULL;
	}
	if (rest != NULL)
		rest->ms = REST_MIN_MS;
	return rest;
}

void
refusals_note(struct refusals *r, const char *broker)
{
	struct rest *rest;

	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->mutex);
	rest = map_get(r->map, slice_str(broker));
	if (rest == NULL) {
		rest = add(r, broker);
		if (rest != NULL)
			begin(rest);
	} else if (rest->turn != 0) { /* else many logins began at once, before any was refused */
		rest->ms = rest->ms * 2 < REST_MAX_MS ? rest->ms * 2 : REST_MAX_MS;
		rest->turn = 0;
		begin(rest);
	}
	(void)pthread_mutex_unlock(&r->mutex);
}

void
refusals_forget(struct refusals *r, const char *broker)
{
	if (r == NULL)
		return;
	(void)pthread_mutex_lock(&r->mutex);
	if (map_count(r->map) > 0)
		free(map_remove(r->map, slice_str(broker)));
	(void)pthread_mutex_unlock(&r->mutex);
}
