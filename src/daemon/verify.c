/*
 * What consumers see: the policy, the ledger and the stage, and how they come to know each other.
 *
 * Statements are of a cluster, which is known when a broker answers: until then there is no ledger, and records wait.
 */
#include <unistd.h>

#include "base/log.h"
#include "base/metrics.h"
#include "daemon/app_internal.h"
#include "makoto/json_write.h"

enum { OK = 0, FAILED = 1, CONFIG = 2 };

static struct policy *
policy_of(struct app *a)
{
	struct policy *p;

	pthread_mutex_lock(&a->policy_lock);
	p = policy_ref(a->policy);
	pthread_mutex_unlock(&a->policy_lock);
	return p;
}

/* --- doors ----------------------------------------------------------------------------- */

static int
ask(void *arg, const struct ledger_want *want, void (*notify)(void *arg), void *notify_arg, struct ledger_answer *ret)
{
	struct app *a = arg;
	struct ledger *l = atomic_load(&a->ledger);

	return l == NULL ? ERR_NOT_NOW : ledger_ask(l, want, notify, notify_arg, ret);
}

static void
release(void *arg, struct ledger_answer *answer)
{
	struct app *a = arg;

	ledger_release(atomic_load(&a->ledger), answer);
}

static bool
denies_unattested(void *arg, struct slice topic)
{
	struct policy *p = policy_of(arg);
	bool allows = policy_allows_unattested(p, topic);

	policy_unref(p);
	return !allows;
}

static bool
mirrors(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic)
{
	struct policy *p = policy_of(arg);
	bool is = policy_mirrors(p, topic, of_cluster, of_topic);

	policy_unref(p);
	return is;
}

static void
cluster_id(void *arg, char *ret, size_t len)
{
	struct app *a = arg;

	chains_cluster(a->chains, ret, len);
}

static int
trusts(void *arg, struct published *p, enum verdict_trust *ret)
{
	struct policy *policy = policy_of(arg);
	int err = published_check(p, policy);

	policy_unref(policy);
	if (err == 0)
		*ret = p->trust;
	return err;
}

/* --- the beginning ------------------------------------------------------------------------ */

/* What is wrong is told with the whole path: which the working directory is, nobody sees who reads a log. */
int
app_verify_load(const struct config *c, struct policy **ret, char *why, size_t why_len)
{
	const char *given = c->verify_policy;
	char path[2 * 4096], here[4096];

	*ret = NULL;
	if (c->verify_mode == 0)
		return 0;
	if (given[0] == '/' || getcwd(here, sizeof(here)) == NULL ||
	    (size_t)snprintf(path, sizeof(path), "%s/%s", strcmp(here, "/") == 0 ? "" : here, given) >= sizeof(path))
		return policy_load(given, ret, why, why_len);
	return policy_load(path, ret, why, why_len);
}

int
app_verify_open(struct app *a)
{
	struct verify_doors doors = {a, ask, release, denies_unattested, mirrors, cluster_id};
	char why[1024];
	int err;

	if (a->config->verify_mode == 0)
		return OK;
	err = app_verify_load(a->config, &a->policy, why, sizeof(why));
	if (err != 0) {
		LOG_ERROR("app", "can't start", LOG_S("cause", why));
		return err == ERR_NOMEM ? FAILED : CONFIG;
	}
	a->verify = verify_new(&doors, a->topics, a->config);
	if (a->verify == NULL || verify_start(a->verify) != 0) {
		LOG_ERROR("app", "out of memory");
		return FAILED;
	}
	return OK;
}

void
app_verify_begin(struct app *a)
{
	const char *props[APP_PROPS_MAX];
	struct config_list read = config_dbom_topics(a->config);
	struct ledger_conf conf = {.bootstrap = config_dbom_servers(a->config),
				   .props = props,
				   .detour = a->detour,
				   .memory = (size_t)a->config->verify_memory_bytes,
				   .trusts = trusts,
				   .arg = a};
	struct ledger *l;
	const char **topics;
	char id[256], why[512] = "out of memory";

	if (a->verify == NULL || atomic_load(&a->ledger) != NULL || !chains_has_cluster(a->chains))
		return;
	chains_cluster(a->chains, id, sizeof(id));
	conf.cluster_id = slice_str(id);
	app_tls_props(a->config, props);
	if ((topics = calloc(read.count + 1, sizeof(*topics))) != NULL)
		memcpy(topics, read.items, read.count * sizeof(*topics));
	conf.topics = topics;
	if (topics != NULL && ledger_new(&conf, &l, why, sizeof(why)) == 0)
		atomic_store(&a->ledger, l);
	else
		LOG_LIMITED(LOG_LEVEL_ERROR, "app", "statements can't be read; tried again", LOG_S("cause", why));
	free(topics);
}

void
app_verify_close(struct app *a)
{
	verify_stop(a->verify);
	ledger_free(atomic_load(&a->ledger));
	verify_free(a->verify);
	policy_unref(a->policy);
}

/* --- while it runs -------------------------------------------------------------------------- */

void
app_verify_apply(struct app *a, struct config *c, struct policy *fresh)
{
	struct ledger *l = atomic_load(&a->ledger);
	struct policy *old;

	if (a->verify == NULL)
		return;
	pthread_mutex_lock(&a->policy_lock);
	old = a->policy;
	a->policy = fresh;
	pthread_mutex_unlock(&a->policy_lock);
	policy_unref(old);
	if (l != NULL)
		ledger_trust_changed(l);
	verify_set_config(a->verify, c);
}

/* By the same names as makoto_verify_records_total. */
static void
put_verdicts(struct wr *w)
{
	_Static_assert((int)METRIC_VERIFY_MISSING == (int)METRIC_VERIFY_VERIFIED + (int)VERDICT_COUNT, "a row for each verdict");
	_Static_assert((int)METRIC_VERIFY_SKIPPED == (int)METRIC_VERIFY_BREAK + 1, "and the last of what is wrong with windows");

	wr_text(w, ",\"verdicts\":{");
	for (enum metric id = METRIC_VERIFY_VERIFIED; id <= METRIC_VERIFY_BREAK; id++) {
		wr_text(w, id == METRIC_VERIFY_VERIFIED ? "" : ",");
		json_write_text(w, metric_label(id));
		wr_printf(w, ":%lld", (long long)metric_read(id));
	}
	wr_u8(w, '}');
}

void
app_verify_status(struct app *a, struct wr *w)
{
	static const char *const modes[] = {"off", "observe", "enforce"};
	struct ledger *l = atomic_load(&a->ledger);
	struct ledger_stats s = {0};

	wr_printf(w, ",\"verify\":{\"mode\":\"%s\"", modes[a->config->verify_mode]);
	if (l != NULL) {
		ledger_stats(l, &s);
		wr_printf(w, ",\"current\":%s,\"statements\":%llu,\"untrusted\":%llu,\"windows\":%zu,\"bytes\":%zu,\"waiting\":%zu",
			  s.current ? "true" : "false", (unsigned long long)(s.followed + s.found),
			  (unsigned long long)s.untrusted, s.windows, s.window_bytes + s.index_bytes, s.waiting);
		wr_text(w, ",\"why\":");
		json_write_text(w, slice_str(s.why));
	}
	put_verdicts(w);
	wr_printf(w, ",\"stops\":%lld,\"held\":%lld}", (long long)metric_read(METRIC_VERIFY_STOPS),
		  (long long)metric_read(METRIC_VERIFY_HELD));
}
