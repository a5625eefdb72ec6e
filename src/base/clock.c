#include "base/clock.h"

#include <time.h>

static const struct monotime *test_mono;
static const int64_t *test_wall;

struct monotime
clock_now(void)
{
	struct timespec ts;

	if (test_mono != NULL)
		return *test_mono;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct monotime){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

int64_t
clock_wall_ms(void)
{
	struct timespec ts;

	if (test_wall != NULL)
		return *test_wall;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_set_for_tests(const struct monotime *mono, const int64_t *wall_ms)
{
	test_mono = mono;
	test_wall = wall_ms;
}
