/*
 * clock: time.  Monotonic time is a struct so that it can't be added to anything
 * else by accident; wall time is milliseconds since 1970, as in Kafka.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/base.h"

struct monotime {
	int64_t ns;
};

struct monotime clock_now(void);
int64_t clock_wall_ms(void);

static inline int64_t
monotime_since_ns(struct monotime later, struct monotime earlier)
{
	return later.ns - earlier.ns;
}

static inline int64_t
monotime_since_ms(struct monotime later, struct monotime earlier)
{
	return (later.ns - earlier.ns) / 1000000;
}

/* Tests set the time; NULL gives the real clock back. */
void clock_set_for_tests(const struct monotime *mono, const int64_t *wall_ms);

#endif
