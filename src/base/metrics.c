#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"

enum { TYPE_COUNTER, TYPE_GAUGE, TYPE_HISTOGRAM };

static const struct row {
	const char *name;
	const char *labels;
	const char *help;
	int type;
} rows[METRIC_COUNT] = {
#define COUNTER(id, name, labels, help) [id] = {name, labels, help, TYPE_COUNTER},
#define GAUGE(id, name, labels, help) [id] = {name, labels, help, TYPE_GAUGE},
#define HISTOGRAM(id, name, labels, help) [id] = {name, labels, help, TYPE_HISTOGRAM},
#include "base/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

/* Upper bounds in ns: 50 us doubling up to 26 s, then everything. */
enum { BUCKETS = 20, BUCKET_FIRST = 50000 };

/* Histograms are few; each has its place by its order among the rows. */
enum {
#define COUNTER(id, name, labels, help)
#define GAUGE(id, name, labels, help)
#define HISTOGRAM(id, name, labels, help) HIST_##id,
#include "base/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
	HIST_COUNT
};

static const int hist_of[METRIC_COUNT] = {
#define COUNTER(id, name, labels, help)
#define GAUGE(id, name, labels, help)
#define HISTOGRAM(id, name, labels, help) [id] = HIST_##id,
#include "base/metrics.def"
#undef COUNTER
#undef GAUGE
#undef HISTOGRAM
};

enum { API_KEYS = 128, API_VERSIONS = 24 };

/* Relaxed atomics cost what plain adds cost, and let another thread read. */
typedef _Atomic int64_t cell;

struct slab {
	struct slab *next;
	cell values[METRIC_COUNT]; /* of a histogram: the sum in ns */
	cell buckets[HIST_COUNT + 1][BUCKETS + 1];
	cell requests[API_KEYS][API_VERSIONS];
	cell requests_other;
};

static struct slab shared; /* of threads without one of their own */
static _Atomic(struct slab *) slabs = &shared;
static _Thread_local struct slab *mine;

static struct {
	int64_t (*fn)(void *arg);
	void *arg;
} gauges[METRIC_COUNT];
static pthread_mutex_t gauges_lock = PTHREAD_MUTEX_INITIALIZER;

int
metrics_thread_start(void)
{
	struct slab *s;

	if (mine != NULL)
		return 0;
	s = calloc(1, sizeof(*s));
	if (s == NULL)
		return ERR_NOMEM;
	/* A slab outlives its thread: what it counted stays counted. */
	s->next = atomic_load(&slabs);
	while (!atomic_compare_exchange_weak(&slabs, &s->next, s))
		continue;
	mine = s;
	return 0;
}

static inline struct slab *
slab_here(void)
{
	return mine != NULL ? mine : &shared;
}

static inline void
bump(cell *c, int64_t n)
{
	atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

void
metric_add(enum metric id, int64_t n)
{
	bump(&slab_here()->values[id], n);
}

void
metric_observe_ns(enum metric id, int64_t ns)
{
	struct slab *s = slab_here();
	uint64_t n = ns < 0 ? 0 : (uint64_t)ns / BUCKET_FIRST;
	unsigned b = n == 0 ? 0 : 64 - (unsigned)__builtin_clzll(n);

	INVARIANT(rows[id].type == TYPE_HISTOGRAM);
	bump(&s->values[id], ns < 0 ? 0 : ns);
	bump(&s->buckets[hist_of[id]][b < BUCKETS ? b : BUCKETS], 1);
}

void
metric_request(int16_t key, int16_t version)
{
	struct slab *s = slab_here();

	if (key >= 0 && key < API_KEYS && version >= 0 && version < API_VERSIONS)
		bump(&s->requests[key][version], 1);
	else
		bump(&s->requests_other, 1);
}

void
metric_gauge_fn(enum metric id, int64_t (*fn)(void *arg), void *arg)
{
	INVARIANT(rows[id].type == TYPE_GAUGE);
	(void)pthread_mutex_lock(&gauges_lock);
	gauges[id].fn = fn;
	gauges[id].arg = arg;
	(void)pthread_mutex_unlock(&gauges_lock);
}

static int64_t
sum(size_t offset)
{
	int64_t n = 0;

	for (struct slab *s = atomic_load(&slabs); s != NULL; s = s->next)
		n += atomic_load_explicit((cell *)(void *)((char *)s + offset), memory_order_relaxed);
	return n;
}

#define SUM(field) sum(offsetof(struct slab, field))

int64_t
metric_read(enum metric id)
{
	int64_t n;

	(void)pthread_mutex_lock(&gauges_lock);
	n = gauges[id].fn != NULL ? gauges[id].fn(gauges[id].arg)
				  : sum(offsetof(struct slab, values) + (size_t)id * sizeof(cell));
	(void)pthread_mutex_unlock(&gauges_lock);
	return n;
}

static void
seconds(struct wr *w, int64_t ns)
{
	wr_printf(w, "%lld.%09lld", (long long)(ns / 1000000000), (long long)(ns % 1000000000));
}

static void
render_histogram(struct wr *w, const struct row *r, enum metric id)
{
	const char *comma = r->labels[0] != '\0' ? "," : "";
	int64_t n = 0;

	for (unsigned b = 0; b <= BUCKETS; b++) {
		n += sum(offsetof(struct slab, buckets) +
			 ((size_t)hist_of[id] * (BUCKETS + 1) + b) * sizeof(cell));
		wr_printf(w, "%s_bucket{%s%sle=\"", r->name, r->labels, comma);
		if (b < BUCKETS)
			seconds(w, (int64_t)BUCKET_FIRST << b);
		else
			wr_text(w, "+Inf");
		wr_printf(w, "\"} %lld\n", (long long)n);
	}
	wr_printf(w, "%s_sum{%s} ", r->name, r->labels);
	seconds(w, metric_read(id));
	wr_printf(w, "\n%s_count{%s} %lld\n", r->name, r->labels, (long long)n);
}

static void
render_requests(struct wr *w, const char *(*api_name)(int16_t key))
{
	wr_text(w, "# HELP makoto_requests_total Requests from clients.\n# TYPE makoto_requests_total counter\n");
	for (int16_t key = 0; key < API_KEYS; key++) {
		for (int16_t v = 0; v < API_VERSIONS; v++) {
			int64_t n = sum(offsetof(struct slab, requests) +
					((size_t)key * API_VERSIONS + (size_t)v) * sizeof(cell));
			const char *name = api_name(key);

			if (n == 0)
				continue;
			wr_text(w, "makoto_requests_total{api=\"");
			if (name != NULL)
				wr_text(w, name);
			else
				wr_printf(w, "%d", key);
			wr_printf(w, "\",version=\"%d\"} %lld\n", v, (long long)n);
		}
	}
	wr_printf(w, "makoto_requests_total{api=\"other\",version=\"\"} %lld\n", (long long)SUM(requests_other));
}

void
metrics_render(struct wr *w, const char *(*api_name)(int16_t key))
{
	static const char *const types[] = {"counter", "gauge", "histogram"};
	const char *last = "";

	render_requests(w, api_name);
	for (enum metric id = 0; id < METRIC_COUNT; id++) {
		const struct row *r = &rows[id];

		if (strcmp(r->name, last) != 0)
			wr_printf(w, "# HELP %s %s\n# TYPE %s %s\n", r->name, r->help, r->name, types[r->type]);
		last = r->name;
		if (r->type == TYPE_HISTOGRAM)
			render_histogram(w, r, id);
		else if (r->labels[0] != '\0')
			wr_printf(w, "%s{%s} %lld\n", r->name, r->labels, (long long)metric_read(id));
		else
			wr_printf(w, "%s %lld\n", r->name, (long long)metric_read(id));
	}
}
