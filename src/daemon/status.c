/* What /readyz, /status and the gauges say. */
#include "attest/journal_space.h"
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "makoto/json_write.h"
#include "verify/ledger.h"

static void
put_text(struct wr *w, const char *name, const char *text)
{
	wr_printf(w, "\"%s\":", name);
	json_write_text(w, slice_str(text));
}

bool
app_is_ready(void *arg, char *why, size_t why_len)
{
	const struct app *a = arg;
	const char *unready = a->phase == APP_DRAINING || a->phase == APP_SEALING ? "stopping" : proxy_unready(a->proxy);

	if (unready != NULL)
		(void)snprintf(why, why_len, "%s", unready);
	return unready == NULL;
}

struct ports {
	struct wr *w;
	bool any;
};

static void
put_port(void *arg, const struct proxy_port *p)
{
	struct ports *x = arg;

	wr_text(x->w, x->any ? ",{" : "{");
	x->any = true;
	wr_printf(x->w, "\"port\":%u,\"connections\":%u", p->port, p->connections);
	if (p->node_id >= 0) {
		wr_printf(x->w, ",\"node\":%d,", p->node_id);
		put_text(x->w, "broker", p->host);
		wr_printf(x->w, ",\"brokerPort\":%u", p->broker_port);
	}
	wr_u8(x->w, '}');
}

void
app_status(void *arg, struct wr *w)
{
	struct app *a = arg;
	struct chains_numbers n;
	struct ports ports = {w, false};
	char why[128] = "", cluster[256], instance[33];
	bool ready = app_is_ready(a, why, sizeof(why));

	for (int i = 0; i < 16; i++)
		(void)snprintf(instance + 2 * i, 3, "%02x", state_instance(a->state)[i]);
	proxy_cluster_id(a->proxy, cluster, sizeof(cluster));
	chains_count(a->chains, &n);
	wr_u8(w, '{');
	put_text(w, "version", MAKOTO_VERSION);
	wr_printf(w, ",\"ready\":%s,", ready ? "true" : "false");
	put_text(w, "why", why);
	wr_printf(w, ",\"uptimeSeconds\":%lld,", (long long)(monotime_since_ms(clock_now(), a->started) / 1000));
	put_text(w, "instance", instance);
	wr_u8(w, ',');
	put_text(w, "keyId", a->key_id);
	wr_u8(w, ',');
	put_text(w, "clusterId", cluster);
	wr_printf(w, ",\"connections\":%u,\"ports\":[", proxy_connections(a->proxy));
	proxy_ports(a->proxy, put_port, &ports);
	wr_printf(w,
		  "],\"chains\":%zu,\"windows\":%zu,\"unpublishedRecords\":%lld,\"oldestUnpublishedMs\":%lld,"
		  "\"recordsAttested\":%lld,\"windowsPublished\":%lld",
		  n.chains, n.windows, (long long)n.unpublished, (long long)n.oldest_closed_ms,
		  (long long)metric_read(METRIC_RECORDS_ATTESTED), (long long)metric_read(METRIC_WINDOWS_PUBLISHED));
	app_verify_status(a, w);
	wr_text(w, "}\n");
}

static struct chains_numbers
numbers(void *arg)
{
	struct app *a = arg;
	struct chains_numbers n;

	chains_count(a->chains, &n);
	return n;
}

static int64_t
oldest_unpublished(void *arg)
{
	return numbers(arg).oldest_closed_ms;
}

static int64_t
unpublished_windows(void *arg)
{
	return (int64_t)numbers(arg).windows;
}

static int64_t
chain_count(void *arg)
{
	return (int64_t)numbers(arg).chains;
}

static int64_t
is_ready(void *arg)
{
	char why[64];

	return app_is_ready(arg, why, sizeof(why));
}

struct journal_numbers {
	uint64_t segments, bytes;
	bool failing;
};

/* All zero until it is begun. */
static struct journal_numbers
journal_numbers(void *arg)
{
	struct app *a = arg;
	struct journal_numbers n = {0};

	if (a->journal != NULL)
		journal_count(a->journal, &n.segments, &n.bytes, &n.failing);
	return n;
}

static int64_t
journal_bytes(void *arg)
{
	return (int64_t)journal_numbers(arg).bytes;
}

static int64_t
journal_max_bytes(void *arg)
{
	const struct app *a = arg;

	return a->config->state_max_bytes;
}

static int64_t
journal_segments(void *arg)
{
	return (int64_t)journal_numbers(arg).segments;
}

static int64_t
journal_failing(void *arg)
{
	return journal_numbers(arg).failing;
}

static struct ledger_stats
ledger_numbers(void *arg)
{
	struct app *a = arg;
	struct ledger *l = atomic_load(&a->ledger);
	struct ledger_stats s = {0};

	if (l != NULL)
		ledger_stats(l, &s);
	return s;
}

static int64_t
verify_current(void *arg)
{
	return ledger_numbers(arg).current;
}

static int64_t
verify_waiting(void *arg)
{
	return (int64_t)ledger_numbers(arg).waiting;
}

static int64_t
verify_memory(void *arg)
{
	struct ledger_stats s = ledger_numbers(arg);

	return (int64_t)(s.window_bytes + s.index_bytes);
}

void
app_gauges(struct app *a, bool on)
{
	static const struct {
		enum metric id;
		int64_t (*fn)(void *arg);
	} all[] = {
		{METRIC_READY, is_ready},
		{METRIC_CHAINS, chain_count},
		{METRIC_WINDOWS_UNPUBLISHED, unpublished_windows},
		{METRIC_OLDEST_UNPUBLISHED_MS, oldest_unpublished},
		{METRIC_JOURNAL_BYTES, journal_bytes},
		{METRIC_JOURNAL_MAX_BYTES, journal_max_bytes},
		{METRIC_JOURNAL_SEGMENTS, journal_segments},
		{METRIC_JOURNAL_FAILING, journal_failing},
		{METRIC_VERIFY_CURRENT, verify_current},
		{METRIC_VERIFY_WAITING, verify_waiting},
		{METRIC_VERIFY_MEMORY, verify_memory},
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		metric_gauge_fn(all[i].id, on ? all[i].fn : NULL, on ? a : NULL);
}
