#include "base/metrics.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/err.h"

enum { TYPE_COUNTER, TYPE_GAUGE, TYPE_HISTOGRAM };

enum { NS_A_SECOND = 1000000000, MS_A_SECOND = 1000 };

static const struct row {
	const char *name;
	const char *labels;
	const char *help;
	int type;
	int a_second; /* how many make a second on the page; 0: shown as they are */
} rows[METRIC_COUNT] = {
#define COUNTER(id, name, labels, help) [id] = {name, labels, help, TYPE_COUNTER, 0},
#define COUNTER_NS(id, name, labels, help) [id] = {name, labels, help, TYPE_COUNTER, NS_A_SECOND},
#define GAUGE(id, name, labels, help) [id] = {name, labels, help, TYPE_GAUGE, 0},
#define GAUGE_MS(id, name, labels, help) [id] = {name, labels, help, TYPE_GAUGE, MS_A_SECOND},
#define HISTOGRAM(id, name, labels, help) [id] = {name, labels, help, TYPE_HISTOGRAM, NS_A_SECOND},
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

/* A slab of one's own has one writer: a plain load and store, atomic only so that others may read. */
static inline void
bump(const struct slab *s, cell *c, int64_t n)
{
	if (s != &shared)
		atomic_store_explicit(c, atomic_load_explicit(c, memory_order_relaxed) + n, memory_order_relaxed);
	else
		atomic_fetch_add_explicit(c, n, memory_order_relaxed);
}

void
metric_add(enum metric id, int64_t n)
{
	struct slab *s = slab_here();

	bump(s, &s->values[id], n);
}

void
metric_observe_ns(enum metric id, int64_t ns)
{
	struct slab *s = slab_here();
	uint64_t n = ns <= 0 ? 0 : ((uint64_t)ns - 1) / BUCKET_FIRST; /* a bound belongs to what is below it */
	unsigned b = n == 0 ? 0 : 64 - (unsigned)__builtin_clzll(n);

	INVARIANT(rows[id].type == TYPE_HISTOGRAM);
	bump(s, &s->values[id], ns < 0 ? 0 : ns);
	bump(s, &s->buckets[hist_of[id]][b < BUCKETS ? b : BUCKETS], 1);
}

void
metric_request(int16_t key, int16_t version)
{
	struct slab *s = slab_here();

	if (key >= 0 && key < API_KEYS && version >= 0 && version < API_VERSIONS)
		bump(s, &s->requests[key][version], 1);
	else
		bump(s, &s->requests_other, 1);
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

struct slice
metric_label(enum metric id)
{
	const char *from = strchr(rows[id].labels, '"');

	if (from == NULL)
		return (struct slice){NULL, 0};
	from++;
	return slice_of(from, strcspn(from, "\""));
}

static void
seconds(struct wr *w, int64_t n, int a_second)
{
	wr_printf(w, "%s%lld.%0*lld", n < 0 ? "-" : "", llabs(n / a_second), a_second == NS_A_SECOND ? 9 : 3,
		  llabs(n % a_second));
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
			seconds(w, (int64_t)BUCKET_FIRST << b, NS_A_SECOND);
		else
			wr_text(w, "+Inf");
		wr_printf(w, "\"} %lld\n", (long long)n);
	}
	wr_printf(w, "%s_sum{%s} ", r->name, r->labels);
	seconds(w, metric_read(id), NS_A_SECOND);
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
		if (r->type == TYPE_HISTOGRAM) {
			render_histogram(w, r, id);
			continue;
		}
		wr_printf(w, r->labels[0] != '\0' ? "%s{%s} " : "%s%s ", r->name, r->labels);
		if (r->a_second != 0)
			seconds(w, metric_read(id), r->a_second);
		else
			wr_printf(w, "%lld", (long long)metric_read(id));
		wr_u8(w, '\n');
	}
}
