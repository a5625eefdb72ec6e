#include "base/rate.h"

enum { SLOT_MS = RATE_SECONDS * 1000 };

#define COUNT_MAX (INT64_MAX / SLOT_MS / 2000) /* of a half minute: that the sums below are numbers */

static int64_t
ms_of(struct monotime t)
{
	return t.ns / 1000000;
}

void
rate_add(struct rate *r, struct monotime at, int64_t n)
{
	int64_t slot = ms_of(at) / SLOT_MS;

	if (slot > r->slot) {
		r->before = slot == r->slot + 1 ? r->now : 0;
		r->now = 0;
		r->slot = slot;
	}
	r->now = n > COUNT_MAX - r->now ? COUNT_MAX : r->now + n;
}

int64_t
rate_milli(const struct rate *r, struct monotime at)
{
	int64_t slot = ms_of(at) / SLOT_MS, left = SLOT_MS - ms_of(at) % SLOT_MS, now = r->now, before = r->before;

	if (slot > r->slot) {
		before = slot == r->slot + 1 ? now : 0;
		now = 0;
	}
	return (now * 1000 + before * left * 1000 / SLOT_MS) / RATE_SECONDS;
}
