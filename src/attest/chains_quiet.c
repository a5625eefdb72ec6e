#include "attest/chains_internal.h"

/* Clients try a batch for two to five minutes, if nobody told them another time. */
enum { QUIET_MS = 600000 };

int
chains_quiet(struct chains *c)
{
	struct monotime now = clock_now();
	int64_t passed = monotime_since_ms(now, c->quiet_since);
	struct slice key;
	size_t at = 0;
	void *value;

	if (c->quiet_since.ns != 0 && passed < QUIET_MS)
		return (int)(QUIET_MS - passed);
	c->quiet_since = now;
	pthread_rwlock_rdlock(&c->lock);
	while (map_next(c->map, &at, &key, &value)) {
		struct chain *chain = value;

		pthread_mutex_lock(&chain->lock);
		retries_forget_quiet(&chain->retries);
		pthread_mutex_unlock(&chain->lock);
	}
	pthread_rwlock_unlock(&c->lock);
	return QUIET_MS;
}
