#include "attest/issued.h"

#include <pthread.h>
#include <stdlib.h>

/* Brokers give ids in blocks of a thousand, one after another: they spread by themselves. */
#define PLACES 4096

struct issued {
	pthread_mutex_t lock;
	struct issued_id {
		int64_t producer_id;
		int16_t epoch;
	} place[PLACES];
};

struct issued *
issued_new(void)
{
	struct issued *i = malloc(sizeof(*i));

	if (i == NULL)
		return NULL;
	pthread_mutex_init(&i->lock, NULL);
	for (size_t k = 0; k < PLACES; k++)
		i->place[k] = (struct issued_id){-1, 0};
	return i;
}

void
issued_free(struct issued *i)
{
	if (i == NULL)
		return;
	pthread_mutex_destroy(&i->lock);
	free(i);
}

void
issued_note(struct issued *i, int64_t producer_id, int16_t epoch)
{
	if (producer_id < 0)
		return;
	pthread_mutex_lock(&i->lock);
	i->place[producer_id % PLACES] = (struct issued_id){producer_id, epoch};
	pthread_mutex_unlock(&i->lock);
}

bool
issued_has(struct issued *i, int64_t producer_id, int16_t epoch)
{
	const struct issued_id *id;
	bool has;

	if (producer_id < 0)
		return false;
	pthread_mutex_lock(&i->lock);
	id = &i->place[producer_id % PLACES];
	has = id->producer_id == producer_id && epoch >= id->epoch;
	pthread_mutex_unlock(&i->lock);
	return has;
}

void
issued_forget(struct issued *i, int64_t producer_id)
{
	struct issued_id *id;

	if (producer_id < 0)
		return;
	pthread_mutex_lock(&i->lock);
	id = &i->place[producer_id % PLACES];
	if (id->producer_id == producer_id)
		id->producer_id = -1;
	pthread_mutex_unlock(&i->lock);
}
