/* reached: how far librdkafka has read a partition, out of what it tells of itself (its STATISTICS.md). */
#ifndef RDKAFKA_REACHED_H
#define RDKAFKA_REACHED_H

#include "base/base.h"
#include "base/slice.h"

/*
 * The next offset that a client asks the partition's leader for: what stands below was given to its queue, or passed over.
 * `json` is one of its "stats" events; -1: that doesn't say.
 */
int64_t reached_offset(struct slice json, const char *topic, int32_t partition);

#endif
