#include "base/clock.h"

#include <stdatomic.h>
#include <time.h>

/* Tests set them while other threads tell the time. */
static const struct monotime *_Atomic test_mono;
static const int64_t *_Atomic test_wall;

struct monotime
clock_now(void)
{
	const struct monotime *set = atomic_load_explicit(&test_mono, memory_order_acquire);
	struct timespec ts;

	if (set != NULL)
		return *set;
	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (struct monotime){(int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec};
}

int64_t
clock_wall_ms(void)
{
	const int64_t *set = atomic_load_explicit(&test_wall, memory_order_acquire);
	struct timespec ts;

	if (set != NULL)
		return *set;
	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void
clock_set_for_tests(const struct monotime *mono, const int64_t *wall_ms)
{
	atomic_store_explicit(&test_mono, mono, memory_order_release);
	atomic_store_explicit(&test_wall, wall_ms, memory_order_release);
}
