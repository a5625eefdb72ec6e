/*
 * watch_metrics: what audit counts, as a file for the Prometheus node exporter's textfile collector.
 *
 * Counters are of this process, gauges of the partitions that are its share now: what all processes of the group have
 * is all partitions, each once.
 */
#ifndef CTL_WATCH_METRICS_H
#define CTL_WATCH_METRICS_H

#include "base/wr.h"
#include "ctl/watch_json.h"

struct watch_counts { /* zeroed is empty */
	uint64_t verdicts[VERDICT_COUNT];
	uint64_t outcomes[WATCH_VIOLATION + 1]; /* of windows, or parts of them */
	uint64_t findings[WINDOW_FINDINGS];
	uint64_t unjudged; /* offsets that retention took before */
	uint64_t again; /* ranges that were maybe told before */
};

struct watch_gauge {
	const char *topic;
	int32_t partition;
	int64_t judged_to; /* -1: not known yet, and so are the others */
	int64_t lag;
	int64_t judged_ms; /* when something was judged, or there was nothing to judge */
};

void watch_metrics_count(struct watch_counts *c, const struct vigil_found *f, bool again);
void watch_metrics_write(struct wr *w, const char *group, const struct watch_counts *c, const struct watch_gauge *gauges, size_t n);

#endif
