/* What the page for people is made of (admin/overview.h), gathered from those who know. */
#include "admin/overview.h"
#include "attest/chains_topics.h"
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "kafka/schema.h"
#include "makoto/verdict.h"

/* Of conf/prometheus/alerts.yaml, MakotoRecordsUnattested: those that nobody wanted attested, and what is no loss, are left out. */
static const struct {
	enum metric id;
	const char *reason;
} reasons[] = {
	{METRIC_RECORDS_BACKLOG, "backlog"},
	{METRIC_RECORDS_JOURNAL, "journal"},
	{METRIC_RECORDS_UNRESOLVED, "unresolved"},
	{METRIC_RECORDS_TOPIC_UNKNOWN, "topic-unknown"},
	{METRIC_RECORDS_LIMIT, "limit"},
	{METRIC_RECORDS_NO_MEMORY, "no-memory"},
	{METRIC_RECORDS_STOPPING, "stopping"},
	{METRIC_RECORDS_LEGACY, "legacy-format"},
	{METRIC_RECORDS_CODEC, "codec"},
	{METRIC_RECORDS_CRC, "crc"},
	{METRIC_RECORDS_MALFORMED, "malformed"},
	{METRIC_RECORDS_TIMESTAMP_TYPE, "timestamp-type"},
	{METRIC_RECORDS_ANOTHER_TOPIC, "another-topic"},
};
_Static_assert(ARRAY_LEN(reasons) <= OVERVIEW_COUNTS_MAX, "the page has room for each");
_Static_assert((int)VERDICT_COUNT + 2 <= (int)OVERVIEW_COUNTS_MAX, "likewise");
_Static_assert((int)OVERVIEW_LATE_MS == (int)CHAINS_TOPICS_LATE_MS, "what is late comes first");

static void
put_unattested(struct overview *o)
{
	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		o->unattested[o->unattested_count++] = (struct overview_count){reasons[i].reason, metric_read(reasons[i].id), false};
	o->passed = metric_read(METRIC_RECORDS_EXCLUDED) + metric_read(METRIC_RECORDS_DISABLED);
}

static const struct {
	enum window_finding finding;
	enum metric id;
} findings[] = {
	{WINDOW_MISSING, METRIC_VERIFY_MISSING}, {WINDOW_OFFSET_REUSED, METRIC_VERIFY_REUSED}, {WINDOW_GAP, METRIC_VERIFY_GAP},
	{WINDOW_FORK, METRIC_VERIFY_FORK},	 {WINDOW_BREAK, METRIC_VERIFY_BREAK},
};

static void
put_verdicts(struct overview *o)
{
	for (int v = 0; v < VERDICT_COUNT; v++)
		o->verdicts[o->verdict_count++] =
			(struct overview_count){verdict_name((enum verdict)v), metric_read((enum metric)(METRIC_VERIFY_VERIFIED + v)),
						verdict_is_violation((enum verdict)v)};
	for (size_t i = 0; i < ARRAY_LEN(findings); i++)
		o->verdicts[o->verdict_count++] =
			(struct overview_count){window_finding_name(findings[i].finding), metric_read(findings[i].id), true};
	o->stops = metric_read(METRIC_VERIFY_STOPS);
	o->skipped = metric_read(METRIC_VERIFY_SKIPPED);
}

/* --- when what is bad grew last ------------------------------------------------------------------- */

static int64_t
unattested(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(reasons); i++)
		n += metric_read(reasons[i].id);
	return n;
}

static int64_t
violations(void)
{
	int64_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(findings); i++)
		n += metric_read(findings[i].id);
	for (int v = 0; v < VERDICT_COUNT; v++)
		n += verdict_is_violation((enum verdict)v) ? metric_read((enum metric)(METRIC_VERIFY_VERIFIED + v)) : 0;
	return n;
}

static void
note_growth(int64_t now, int64_t *seen, int64_t *grew_ms)
{
	if (now > *seen)
		*grew_ms = clock_wall_ms();
	*seen = now;
}

void
app_overview_look(struct app *a)
{
	note_growth(violations(), &a->seen.violations, &a->seen.violation_ms);
	note_growth(unattested(), &a->seen.unattested, &a->seen.unattested_ms);
}

/* --- the parts of the proxy ------------------------------------------------------------------- */

static void
put_port(void *arg, const struct proxy_port *p)
{
	struct overview *o = arg;
	struct overview_port *to = &o->ports[o->port_count];

	if (o->port_total++ >= OVERVIEW_PORTS_MAX)
		return;
	o->port_count++;
	*to = (struct overview_port){
		.port = p->port, .node = p->node_id, .broker_port = p->broker_port, .connections = p->connections};
	(void)snprintf(to->host, sizeof(to->host), "%s", p->host);
}

static void
put_topics(struct overview *o, const struct chains_topics *all)
{
	for (size_t i = 0; i < all->count; i++) {
		const struct chains_topic *t = &all->topic[i];

		o->topics[i] = (struct overview_topic){
			.name = t->name,	   .partitions = t->partitions, .waiting = t->waiting,
			.attested = t->attested,   .rate_milli = t->rate_milli, .left_out = t->left_out,
			.oldest_ms = t->oldest_ms, .partition = t->partition,	.window = t->window,
			.records = t->records,	   .published_ms = t->published_ms};
	}
	o->topic_count = all->count;
	o->topic_total = all->total;
	o->waiting = all->waiting;
	o->rate_milli = all->rate_milli;
}

static int
put_chains(struct overview *o, struct app *a)
{
	struct chains_topics topics = {0};
	struct chains_numbers n;
	int err = chains_topics(a->chains, OVERVIEW_TOPICS_MAX, &topics);

	if (err != 0)
		return err;
	put_topics(o, &topics);
	chains_topics_clear(&topics); /* the names are the chains' */
	chains_count(a->chains, &n);
	o->earlier = n.waiting;
	o->oldest_ms = n.oldest_closed_ms;
	o->unpublished_records = n.unpublished;
	return 0;
}

static void
put_ledger(struct overview *o, struct app *a, struct ledger_stats *stats)
{
	struct ledger *l = atomic_load(&a->ledger);

	o->verify = (enum overview_verify)a->config->verify_mode;
	if (l != NULL)
		ledger_stats(l, stats);
	o->statements_current = stats->current;
	o->statements_why = stats->why;
}

void
app_overview(void *arg, struct wr *w)
{
	struct app *a = arg;
	struct overview *o = calloc(1, sizeof(*o));
	struct settings *set = chains_settings(a->chains);
	struct ledger_stats stats = {0};
	char why[128] = "", cluster[256], instance[33];

	if (o == NULL || put_chains(o, a) != 0) {
		w->err = ERR_NOMEM;
		settings_unref(set);
		free(o);
		return;
	}
	for (int i = 0; i < 16; i++)
		(void)snprintf(instance + 2 * i, 3, "%02x", state_instance(a->state)[i]);
	proxy_cluster_id(a->proxy, cluster, sizeof(cluster));
	o->now_ms = clock_wall_ms();
	o->started_ms = o->now_ms - monotime_since_ms(clock_now(), a->started);
	o->version = MAKOTO_VERSION;
	o->kafka_version = schema_kafka_version;
	o->cluster = cluster;
	o->instance = instance;
	o->collector = set->collector_id;
	o->statement_topic = a->config->attest_dbom_topic;
	o->names = a->config->admin_names;
	o->stopping = a->phase == APP_DRAINING || a->phase == APP_SEALING;
	o->ready = app_is_ready(a, why, sizeof(why));
	o->unready = why;
	o->attesting = a->config->attest_enabled;
	o->connections = proxy_connections(a->proxy);
	proxy_ports(a->proxy, put_port, o);
	o->attested = metric_read(METRIC_RECORDS_ATTESTED);
	o->published = metric_read(METRIC_WINDOWS_PUBLISHED);
	o->windows_open = metric_read(METRIC_WINDOWS_OPEN);
	o->publish_failures = metric_read(METRIC_PUBLISH_FAILURES);
	o->sign_failures = metric_read(METRIC_SIGN_FAILURES);
	put_unattested(o);
	put_verdicts(o);
	put_ledger(o, a, &stats);
	app_overview_look(a);
	o->violation_ms = a->seen.violation_ms;
	o->unattested_ms = a->seen.unattested_ms;
	o->level = set->level;
	o->key_id = a->key_id;
	o->key_ms = a->signer != NULL ? signer_written_s(a->signer) * 1000 : 0;
	o->client_certificate_ends_s = metric_read(METRIC_TLS_ENDS_CLIENT);
	o->broker_certificate_ends_s = metric_read(METRIC_TLS_ENDS_BROKER);
	o->recent_count = recent_copy(o->recent);
	overview_write(o, w);
	settings_unref(set);
	free(o);
}
