/*
 * slice: borrowed bytes.  Owns nothing; is valid while what it points into is.
 * Never stored in a struct that outlives those bytes.  {NULL, 0} is empty; where
 * null and empty differ (Kafka's nullable fields) p == NULL means null.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <string.h>

#include "base/base.h"

struct slice {
	const uint8_t *p;
	size_t n;
};

static inline struct slice
slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}

static inline struct slice
slice_str(const char *s)
{
	return (struct slice){(const uint8_t *)s, strlen(s)};
}

/* Same length and bytes; null equals empty. */
static inline bool
slice_eq(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

#endif
