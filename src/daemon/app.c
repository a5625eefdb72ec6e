/*
 *   start   state and key ─► chains ─► stages ─► ports bound ─► admin ─► sealer ─► heads taken ─► proxy accepts
 *           ─► ready when a broker answers.  What can fail comes before the heads are taken: a start that
 *           fails leaves the chains to the next one.
 *   stop    SIGTERM ─► proxy drains ─► windows close ─► statements published ─► heads saved ─► exit
 */
#include "daemon/app.h"

#include <inttypes.h>
#include <sched.h>
#include <signal.h>

#include "admin/sdnotify.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "daemon/cores.h"
#include "daemon/exposure.h"
#include "daemon/files.h"
#include "kafka/api.h"
#include "stages/versions.h"

enum { TICK_STARTING_MS = 50, TICK_READY_MS = 1000, HURRY_MS = 1000 };
enum { OK = 0, FAILED = 1, CONFIG = 2 };

/* --- doors between rooms that don't know each other ------------------------------------- */

static int
ask(void *arg, int16_t key, int16_t min, int16_t max, topics_body_fn *body, topics_done_fn *done, void *done_arg)
{
	struct app *a = arg;

	return control_ask(proxy_control(a->proxy), key, min, max, body, done, done_arg);
}

static void
ask_sure(void *arg, struct sure_ask *ask)
{
	struct app *a = arg;

	topics_sure(a->topics, ask);
}

static int
advertise(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host, int32_t *ret_port)
{
	struct app *a = arg;

	return proxy_advertise(a->proxy, node_id, host, port, ret_host, ret_port);
}

/* --- stopping ---------------------------------------------------------------------------------- */

/* Where the chains stand, for the next start. */
static int
save_heads(struct app *a)
{
	struct heads heads = {0};
	char why[512];
	int err = chains_heads_save(a->chains, &heads);

	if (err != 0)
		(void)snprintf(why, sizeof(why), "%s", err_text(err));
	else
		err = state_end(a->state, &heads, why, sizeof(why));
	if (err != 0)
		LOG_ERROR("app", "the heads can't be saved; the next start takes the chains from the journal", LOG_S("cause", why));
	heads_clear(&heads);
	return err;
}

/* Every window is published, or the time is over. */
static void
end(struct app *a)
{
	size_t left = sealer_stop(a->sealer, 0);
	struct chains_numbers n;

	a->sealer = NULL;
	readback_stop(a->readback);
	a->readback = NULL;
	a->code = OK;
	if (left > 0) {
		LOG_ERROR("app", "stopped with windows whose statements are not published; the next start goes on with them",
			  LOG_I("windows", left));
		app_end_journal(a, false);
		a->code = FAILED;
	} else if (chains_count(a->chains, &n), n.waiting > 0) {
		LOG_WARN("app", "stopped; windows of an earlier run wait in the journal until their cluster is reached",
			 LOG_I("windows", n.waiting));
		app_end_journal(a, false);
		a->code = FAILED;
	} else if (save_heads(a) != 0) {
		app_end_journal(a, false);
		a->code = FAILED;
	} else {
		app_end_journal(a, true);
		LOG_INFO("app", "stopped", LOG_I("windows_published", metric_read(METRIC_WINDOWS_PUBLISHED)),
			 LOG_I("records_attested", metric_read(METRIC_RECORDS_ATTESTED)));
	}
	loop_stop(a->loop);
}

static void
check_sealed(struct app *a)
{
	struct chains_numbers n;

	chains_count(a->chains, &n);
	if (n.windows == 0 || clock_now().ns >= a->stop_deadline.ns)
		end(a);
	else
		loop_timer_set(a->tick, TICK_STARTING_MS);
}

/* No connection is left: nothing is placed any more. */
static void
on_drained(void *arg)
{
	struct app *a = arg;

	a->phase = APP_SEALING;
	chains_stop(a->chains);
	LOG_INFO("app", "no connection is left; open windows are stated",
		 LOG_I("ms-left", monotime_since_ms(a->stop_deadline, clock_now())));
	check_sealed(a);
}

/* The end comes so soon, or when it would have come anyway. */
static void
stop_within(struct app *a, int64_t ms)
{
	int64_t at = clock_now().ns + ms * 1000000;

	if (a->stop_deadline.ns == 0 || at < a->stop_deadline.ns)
		a->stop_deadline.ns = at;
	readback_end_by(a->readback, a->stop_deadline);
}

static void
on_terminate(void *arg)
{
	struct app *a = arg;
	int64_t timeout = a->config->shutdown_timeout;

	if (a->phase >= APP_DRAINING) {
		LOG_WARN("app", "told to stop again: hurrying");
		stop_within(a, a->phase == APP_DRAINING ? 2 * HURRY_MS : HURRY_MS);
		if (a->phase == APP_DRAINING)
			proxy_drain(a->proxy, HURRY_MS, on_drained, a);
		return;
	}
	LOG_INFO("app", "stopping: connections end, open windows are stated",
		 LOG_I("connections", proxy_connections(a->proxy)));
	a->phase = APP_DRAINING;
	(void)sdnotify("STOPPING=1");
	stop_within(a, timeout);
	/* A third is for the statements, however long connections would like to stay. */
	proxy_drain(a->proxy, (unsigned)(timeout - timeout / 3), on_drained, a);
}

/* --- reloading ------------------------------------------------------------------------------------ */

static void
apply(struct app *a, struct config *fresh, struct settings *settings, struct app_tls *tls, struct policy *policy)
{
	app_tls_apply(a, tls);
	chains_set_settings(a->chains, settings);
	settings_unref(settings);
	attest_set_config(a->attest, fresh);
	app_verify_apply(a, fresh, policy);
	log_setup((enum log_level)fresh->log_level, (enum log_format)fresh->log_format);
	config_unref(a->config);
	a->config = fresh;
}

/*
 * RELOADING=1 and READY=1 are about a service that was ready once and isn't stopping, ready or not at the
 * moment: else the second would announce what isn't so, or take STOPPING=1 back.  With the time a manager
 * can tell which reload has begun (Type=notify-reload, systemd.service(5)).
 */
static void
tell_reloading(const struct app *a, bool begun)
{
	char text[64];

	if (a->phase != APP_READY && a->phase != APP_UNREADY)
		return;
	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%" PRId64, clock_now().ns / 1000);
	(void)sdnotify(begun ? text : "READY=1");
}

static void
on_hangup(void *arg)
{
	struct app *a = arg;
	struct settings *settings = NULL;
	struct policy *policy = NULL;
	struct app_tls tls;
	struct config *fresh;
	char why[1024], keys[1024] = "";

	tell_reloading(a, true);
	if (config_load(a->options->file, a->options->overrides, a->options->count, &fresh, why, sizeof(why)) != 0) {
		LOG_ERROR("app", "the configuration was not reloaded, the old one stays", LOG_S("cause", why));
		metric_add(METRIC_RELOADS_FAILED, 1);
	} else if (app_tls_load(fresh, &tls, why, sizeof(why)) != 0) {
		LOG_ERROR("app", "the configuration was not reloaded, the old one stays", LOG_S("cause", why));
		metric_add(METRIC_RELOADS_FAILED, 1);
		config_unref(fresh);
	} else if (app_verify_load(fresh, &policy, why, sizeof(why)) != 0) {
		LOG_ERROR("app", "the configuration was not reloaded, the old one stays", LOG_S("cause", why));
		metric_add(METRIC_RELOADS_FAILED, 1);
		app_tls_clear(&tls);
		config_unref(fresh);
	} else if (config_needs_restart(a->config, fresh, keys, sizeof(keys)) || (settings = app_settings(a, fresh)) == NULL) {
		/* All or nothing: what holds is what a file said, that of now or that of before. */
		LOG_ERROR("app", "the configuration was not reloaded, the old one stays",
			  LOG_S("cause", keys[0] != '\0' ? "keys changed that need a restart, and so none was taken" : "out of memory"),
			  LOG_S("keys", keys));
		metric_add(METRIC_RELOADS_FAILED, 1);
		app_tls_clear(&tls);
		policy_unref(policy);
		config_unref(fresh);
	} else {
		apply(a, fresh, settings, &tls, policy);
		LOG_INFO("app", "the configuration was reloaded");
		metric_add(METRIC_RELOADS, 1);
	}
	tell_reloading(a, false);
}

/* --- readiness ------------------------------------------------------------------------------------- */

struct line {
	char text[64];
};

static void
note_bootstrap(void *arg, const struct proxy_port *p)
{
	struct line *l = arg;

	if (p->node_id < 0)
		(void)snprintf(l->text, sizeof(l->text), "%u", p->port);
}

/* One line that a person or a script waits for; it stands apart from the log's format. */
static void
say_ready(struct app *a)
{
	struct line port = {""};
	char cluster[256], admin[32] = "-";
	bool v6 = strchr(a->config->listen_address, ':') != NULL;

	proxy_ports(a->proxy, note_bootstrap, &port);
	proxy_cluster_id(a->proxy, cluster, sizeof(cluster));
	if (a->admin != NULL)
		(void)snprintf(admin, sizeof(admin), "%u", admin_port(a->admin));
	fprintf(stderr, "ready bootstrap=%s%s%s:%s cluster=%s key=%s admin=%s\n", v6 ? "[" : "", a->config->listen_address,
		v6 ? "]" : "", port.text, cluster[0] != '\0' ? cluster : "-", a->key_id[0] != '\0' ? a->key_id : "-", admin);
	(void)sdnotify("READY=1");
}

enum { PLAIN_ID_MAX = 64 }; /* Kafka's own have 22 characters */

/* What a run that crashed left goes on from here, whether a client comes or not. */
static void
note_cluster(struct app *a)
{
	char id[256];

	if (chains_has_cluster(a->chains))
		return;
	proxy_cluster_id(a->proxy, id, sizeof(id));
	if (strchr(id, '?') != NULL || strlen(id) > PLAIN_ID_MAX)
		return; /* perhaps shown in another way than it is: asking for a client's topic will tell */
	if (chains_set_cluster(a->chains, slice_str(id)) != 0)
		LOG_WARN("app", "no memory for the chains of the last run; tried again");
}

static void
on_tick(void *arg)
{
	struct app *a = arg;
	const char *unready;
	bool ready;

	app_overview_look(a);
	if (a->phase == APP_SEALING) {
		check_sealed(a);
		return;
	}
	if (a->phase == APP_DRAINING)
		return;
	unready = proxy_unready(a->proxy);
	ready = unready == NULL;
	if (ready) {
		note_cluster(a);
		app_verify_begin(a);
	}
	if (ready && a->phase == APP_STARTING)
		say_ready(a);
	else if (ready && a->phase == APP_UNREADY)
		LOG_INFO("app", "ready again");
	else if (!ready && a->phase == APP_READY)
		LOG_WARN("app", "not ready", LOG_S("cause", unready));
	if (ready || a->phase != APP_STARTING)
		a->phase = ready ? APP_READY : APP_UNREADY;
	loop_timer_set(a->tick, a->phase == APP_STARTING ? TICK_STARTING_MS : TICK_READY_MS);
}

static void
on_refresh(void *arg)
{
	struct app *a = arg;

	topics_refresh(a->topics);
	loop_timer_set(a->refresh, a->config->kafka_metadata_refresh);
}

static void
on_watchdog(void *arg)
{
	struct app *a = arg;

	(void)sdnotify("WATCHDOG=1");
	loop_timer_set(a->watchdog, sdnotify_watchdog_ms());
}

/* --- starting ------------------------------------------------------------------------------------------ */

/* So many reactors when nobody says how many. */
static unsigned
cores(void)
{
	cpu_set_t set;
	unsigned n = sched_getaffinity(0, sizeof(set), &set) == 0 ? (unsigned)CPU_COUNT(&set) : 1;

	n = cores_granted("", n);
	return n < 1 ? 1 : n > 4 ? 4 : n;
}

static int
open_attesting(struct app *a)
{
	struct topics_doors doors = {a, ask};
	struct settings *settings = app_settings(a, a->config);

	a->chains = settings == NULL ? NULL : chains_new(settings);
	a->topics = a->chains == NULL ? NULL : topics_new(a->chains, &doors);
	a->attest = a->topics == NULL ? NULL : attest_new(a->chains, a->topics, a->config);
	a->addresses = addresses_new(advertise, a);
	settings_unref(settings); /* the chains have their own reference */
	if (a->attest == NULL || a->addresses == NULL || chains_read_back(a->chains) != 0 ||
	    chains_sure_begin(a->chains) != 0) {
		LOG_ERROR("app", "out of memory");
		return FAILED;
	}
	return OK;
}

static int
open_proxy(struct app *a)
{
	const struct config *c = a->config;
	struct proxy_settings set = proxy_settings_default();
	struct app_tls tls;
	unsigned count = 4;
	char why[1024];
	int err;

	if (app_tls_load(c, &tls, why, sizeof(why)) != 0) {
		LOG_ERROR("app", "can't start", LOG_S("cause", why));
		return CONFIG;
	}

	set.listen_address = c->listen_address;
	set.bootstrap_port = (uint16_t)c->listen_bootstrap_port;
	set.first_port = c->listen_broker_ports.first;
	set.last_port = c->listen_broker_ports.last;
	set.advertised_host = c->listen_advertised_host;
	set.bootstrap_servers = c->kafka_bootstrap_servers;
	set.state_dir = state_dir(a->state);
	set.threads = c->threads > 0 ? (unsigned)c->threads : cores();
	set.max_connections = (unsigned)c->listen_max_connections;
	set.max_frame = (uint32_t)c->listen_max_frame_bytes;
	set.idle_ms = (unsigned)c->listen_idle_timeout;
	set.connect_ms = (unsigned)c->kafka_connect_timeout;
	set.refresh_ms = (unsigned)c->kafka_metadata_refresh;
	app_login_settings(a, &set);
	a->stages[0] = versions_stage();
	a->stages[1] = login_stage_of(a->login);
	a->stages[2] = topics_stage(a->topics);
	a->stages[3] = attest_stage(a->attest);
	if (a->verify != NULL)
		a->stages[count++] = verify_stage(a->verify);
	a->stages[count++] = addresses_stage(a->addresses);
	err = proxy_new(a->loop, &set, a->stages, count, why, sizeof(why), &a->proxy);
	if (err != 0) {
		LOG_ERROR("app", "can't start", LOG_S("cause", why));
		app_tls_clear(&tls);
		return err == ERR_CONFIG ? CONFIG : FAILED;
	}
	app_tls_apply(a, &tls);
	return OK;
}

static int
open_sealer(struct app *a)
{
	const char *props[APP_PROPS_MAX];
	struct sealer_conf conf = {
		.chains = a->chains,
		.signer = a->signer,
		.bootstrap = a->config->kafka_bootstrap_servers,
		.props = props,
		.topic = a->config->attest_dbom_topic,
		.detour = a->detour,
		.ask = ask_sure,
		.ask_arg = a,
		.create_partitions = (int)a->config->attest_dbom_partitions,
		.create_replication = (int)a->config->attest_dbom_replication,
	};
	struct readback_conf rb = {
		.chains = a->chains,
		.bootstrap = a->config->kafka_bootstrap_servers,
		.props = props,
		.detour = a->detour,
		.dbom_topic = a->config->attest_dbom_topic,
		.signer = a->signer,
	};
	char why[512];

	app_tls_props(a->config, props);
	if (sealer_start(&conf, &a->sealer, why, sizeof(why)) == 0 && readback_start(&rb, &a->readback, why, sizeof(why)) == 0)
		return OK;
	LOG_ERROR("app", "the sealer can't start", LOG_S("cause", why));
	return FAILED;
}

static int
open_admin(struct app *a)
{
	struct admin_doors doors = {.ready = app_is_ready, .status = app_status, .overview = app_overview, .api_name = api_name, .arg = a,
				    .hosts = (const char *const *)a->config->admin_hosts.items,
				    .host_count = a->config->admin_hosts.count};
	char why[512];
	int err;

	app_gauges(a, true);
	if (a->config->admin_listen[0] == '\0')
		return OK;
	err = admin_start(a->loop, a->config->admin_listen, &doors, &a->admin, why, sizeof(why));
	if (err == 0)
		return OK;
	LOG_ERROR("app", "admin.listen", LOG_S("cause", why));
	return err == ERR_CONFIG ? CONFIG : FAILED;
}

/* From here records are attested, and a stop that isn't clean ends the chains. */
static int
start_attesting(struct app *a)
{
	char why[512];
	int code = app_open_journal(a);

	if (code != OK)
		return code;
	if (proxy_start(a->proxy, why, sizeof(why)) == 0)
		return OK;
	LOG_ERROR("app", "can't start", LOG_S("cause", why));
	app_end_journal(a, save_heads(a) == 0);
	return FAILED;
}

static int
open_loop(struct app *a)
{
	a->loop = loop_new();
	if (a->loop == NULL)
		return FAILED;
	a->tick = loop_timer_new(a->loop, on_tick, a);
	a->watchdog = loop_timer_new(a->loop, on_watchdog, a);
	a->refresh = loop_timer_new(a->loop, on_refresh, a);
	a->tls_look = loop_timer_new(a->loop, app_tls_look, a);
	a->signals[0] = loop_signal_new(a->loop, SIGTERM, on_terminate, a);
	a->signals[1] = loop_signal_new(a->loop, SIGINT, on_terminate, a);
	a->signals[2] = loop_signal_new(a->loop, SIGHUP, on_hangup, a);
	if (a->tick == NULL || a->watchdog == NULL || a->refresh == NULL || a->tls_look == NULL || a->signals[0] == NULL || a->signals[1] == NULL ||
	    a->signals[2] == NULL)
		return FAILED;
	return OK;
}

static void
close_all(struct app *a)
{
	if (a->sealer != NULL)
		(void)sealer_stop(a->sealer, 0);
	readback_stop(a->readback);
	admin_stop(a->admin);
	app_gauges(a, false);
	detour_refuse(a->detour); /* the ledger lives on, and would dial through the proxy */
	proxy_free(a->proxy);
	app_tls_clear(&a->tls);
	attest_free(a->attest);
	app_verify_close(a);
	topics_free(a->topics);
	addresses_free(a->addresses);
	app_login_close(a);
	chains_free(a->chains);
	journal_close(a->journal); /* statements that wait in it know it until then */
	for (size_t i = 0; i < ARRAY_LEN(a->signals); i++)
		loop_signal_free(a->signals[i]);
	loop_timer_free(a->tick);
	loop_timer_free(a->watchdog);
	loop_timer_free(a->refresh);
	loop_timer_free(a->tls_look);
	loop_free(a->loop);
	signer_free(a->signer);
	state_close(a->state);
	config_unref(a->config);
}

int
app_run(const struct options *options, struct config *config)
{
	struct app a = {.options = options, .config = config_ref(config), .code = FAILED, .started = clock_now(),
			.policy_lock = PTHREAD_MUTEX_INITIALIZER};
	int code;

	(void)signal(SIGPIPE, SIG_IGN);
	if (metrics_thread_start() != 0)
		return FAILED;
	LOG_INFO("app", "starting", LOG_S("version", MAKOTO_VERSION), LOG_S("cluster", config->kafka_bootstrap_servers));
	exposure_warn(config);
	files_raise_limit((size_t)config->listen_max_connections,
			  (size_t)(config->listen_broker_ports.last - config->listen_broker_ports.first) + 1);
	code = app_open_state(&a);
	if (code == OK)
		code = open_attesting(&a);
	if (code == OK)
		code = app_login_open(&a);
	if (code == OK)
		code = app_verify_open(&a);
	if (code == OK)
		code = open_loop(&a);
	if (code == OK)
		code = open_proxy(&a);
	if (code == OK)
		code = open_admin(&a);
	if (code == OK)
		code = open_sealer(&a);
	if (code == OK)
		code = start_attesting(&a);
	if (code == OK) {
		loop_timer_set(a.tick, TICK_STARTING_MS);
		loop_timer_set(a.refresh, config->kafka_metadata_refresh);
		if (sdnotify_watchdog_ms() > 0)
			loop_timer_set(a.watchdog, sdnotify_watchdog_ms());
		code = loop_run(a.loop) == 0 ? a.code : FAILED;
	}
	close_all(&a);
	return code;
}
