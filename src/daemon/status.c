/* What /readyz, /status and the gauges say. */
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "makoto/json_write.h"

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

int64_t
app_oldest_unpublished(void *arg)
{
	return numbers(arg).oldest_closed_ms;
}

int64_t
app_unpublished_windows(void *arg)
{
	return (int64_t)numbers(arg).windows;
}

int64_t
app_chain_count(void *arg)
{
	return (int64_t)numbers(arg).chains;
}

int64_t
app_ready_gauge(void *arg)
{
	char why[64];

	return app_is_ready(arg, why, sizeof(why));
}
