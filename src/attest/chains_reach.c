#include "attest/chains_internal.h"

int64_t
chains_reach(const struct attempt *a)
{
	struct chain *chain = a->placement->chain;
	int64_t reach;

	pthread_mutex_lock(&chain->lock);
	reach = chain->high_offset;
	pthread_mutex_unlock(&chain->lock);
	return reach;
}
