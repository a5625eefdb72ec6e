/*
 * metrics: counters that any thread may bump without a lock.
 *
 * metrics.def is the one table: name, type, labels, help.  Each thread has its
 * own slab (metrics_thread_start); readers sum the slabs.  A gauge is the sum of
 * what each thread added and took away.
 */
#ifndef BASE_METRICS_H
#define BASE_METRICS_H

#include "base/clock.h"
#include "base/wr.h"

enum metric {
#define COUNTER(id, name, labels, help) id,
#define GAUGE(id, name, labels, help) id,
#define HISTOGRAM(id, name, labels, help) id,
#include "base/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
	METRIC_COUNT
};

/* Gives the calling thread its slab.  Threads without one share one slab with atomics.  0 or ERR_NOMEM. */
int metrics_thread_start(void) MUSTCHECK;

void metric_add(enum metric id, int64_t n); /* counters and gauges */
void metric_observe_ns(enum metric id, int64_t ns); /* histograms, in seconds on the page */

/* One request of API `key` at `version` (out-of-range values are folded into one "other"). */
void metric_request(int16_t key, int16_t version);

/* A gauge whose value is asked when the page is made; from then on metric_add() on it is wrong. */
void metric_gauge_fn(enum metric id, int64_t (*fn)(void *arg), void *arg);

/* The sum over all threads; for tests and /status. */
int64_t metric_read(enum metric id);

/* What the table calls the value of its first label, for others who tell the same counts; empty: it has no label. */
struct slice metric_label(enum metric id);

/* The whole page in Prometheus text format 0.0.4.  `api_name` gives a key's name or NULL. */
void metrics_render(struct wr *w, const char *(*api_name)(int16_t key));

#endif
