/*
 * librdkafka destroys no handle while a commit waits for its coordinator, and gives that up when session.timeout.ms is over.
 */
#include "rdkafka/ending_internal.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "rdkafka/detour_internal.h"

enum { WAIT_S = 2 };

struct ending {
	rd_kafka_t *rk;
	struct detour *detour;
};

static void
destroy(const struct ending *e)
{
	rd_kafka_destroy_flags(e->rk, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
	detour_free(e->detour);
}

static void *
run(void *arg)
{
	destroy(arg);
	free(arg);
	return NULL;
}

void
ending_behind(rd_kafka_t *rk, struct detour *detour)
{
	struct ending here = {rk, detour}, *e = malloc(sizeof(*e));
	struct timespec until;
	pthread_t thread;

	if (detour != NULL)
		detour_keep(detour);
	if (e != NULL)
		*e = here;
	if (e == NULL || pthread_create(&thread, NULL, run, e) != 0) {
		free(e);
		destroy(&here);
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += WAIT_S;
	if (pthread_clockjoin_np(thread, NULL, CLOCK_MONOTONIC, &until) != 0)
		(void)pthread_detach(thread);
}
