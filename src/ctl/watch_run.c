/* One thread: the group is asked for what is ours, and each partition of it has its turn. */
#include "ctl/watch_internal.h"

#include <signal.h>

#include "base/file.h"
#include "base/text.h"
#include "ctl/safe.h"
#include "verify/dbom_row.h"

enum {
	POLL_MS = 100,
	SLICE_MS = 2000, /* so long records are read in one turn */
	METRICS_MS = 5000,
	METRICS_MAX = 64 << 20,
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number UNUSED)
{
	stopped = 1;
}

void
watch_run_warn(struct watch *w, const char *what, const char *why)
{
	char text[WATCH_WHY_MAX];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	if (watch_warn_is_due(&w->warned, text, watch_now_ms()))
		safe_line(stderr, "makotoctl %s: %s", w->c->name, text);
}

static void
on_problem(void *arg, const char *why)
{
	struct watch *w = arg;

	watch_run_warn(w, w->o->to, why);
}

/* --- turns -------------------------------------------------------------------------------- */

static void
write_metrics(struct watch *w)
{
	struct wr text = wr_new(METRICS_MAX);
	struct watch_gauge *gauges;
	size_t n = 0;
	char why[WATCH_WHY_MAX];

	w->metrics_ms = watch_now_ms() + METRICS_MS;
	if (w->o->metrics == NULL)
		return;
	for (const struct share *s = w->shares; s != NULL; s = s->next)
		n += s->meant;
	if ((gauges = calloc(n + 1, sizeof(*gauges))) == NULL) {
		watch_run_warn(w, w->o->metrics, "out of memory");
		return;
	}
	n = 0;
	for (const struct share *s = w->shares; s != NULL; s = s->next)
		if (s->meant)
			gauges[n++] = (struct watch_gauge){.topic = s->topic,
							   .partition = s->partition,
							   .judged_to = s->vigil == NULL ? -1 : vigil_at(s->vigil),
							   .lag = s->vigil == NULL ? -1 : vigil_lag(s->vigil),
							   .judged_ms = s->judged_ms};
	watch_metrics_write(&text, w->o->group, &w->counts, gauges, n);
	if (wr_err(&text) != 0)
		watch_run_warn(w, w->o->metrics, "out of memory");
	else if (file_replace(w->o->metrics, 0644, wr_slice(&text), why, sizeof(why)) != 0)
		watch_run_warn(w, "--metrics-file", why);
	wr_free(&text);
	free(gauges);
}

static void
poll_group(struct watch *w, int timeout_ms)
{
	if (group_poll(w->group, timeout_ms) != 0)
		watch_run_warn(w, "the group", group_why(w->group));
	w->served_ms = watch_now_ms();
	if (w->served_ms >= w->metrics_ms)
		write_metrics(w);
}

static bool
is_ending(const struct watch *w)
{
	return w->is_ending || stopped != 0;
}

int
watch_run_serve(struct watch *w)
{
	if (watch_now_ms() - w->served_ms >= POLL_MS)
		poll_group(w, 0);
	return w->is_lost ? ERR_NOT_NOW : is_ending(w) ? ERR_CLOSED : 0;
}

/* While records are read. */
static int
on_read(void *arg)
{
	struct watch *w = arg;
	int err = watch_run_serve(w);

	return err == 0 && watch_now_ms() - w->turn_ms > SLICE_MS ? ERR_LIMIT : err;
}

static void
loop(struct watch *w)
{
	struct share *s = NULL;

	while (!is_ending(w)) {
		poll_group(w, s != NULL ? 0 : POLL_MS);
		if ((s = watch_share_next(w, watch_now_ms())) != NULL)
			watch_share_turn(w, s);
	}
}

/* --- its life ------------------------------------------------------------------------------------ */

static int
trusts(void *arg, struct published *p, enum verdict_trust *ret)
{
	const struct watch *w = arg;
	int err = published_check(p, w->o->policy);

	if (err == 0)
		*ret = p->trust;
	return err;
}

static int
unreached(const struct watch *w, const struct consumer *from, int err)
{
	return err == ERR_TIMEOUT ? way_failed(w->way, w->c, consumer_why(from))
				  : command_failed(w->c, "%s", err == ERR_NOMEM ? "out of memory" : consumer_why(from));
}

/* The cluster is there, and has the statement topics.  EXIT_OK or an exit code. */
static int
reach(struct watch *w)
{
	struct consumer_conf here = way_consumer(w->way, &w->o->way.props, false), there = way_consumer(w->way, &w->o->way.props, true);
	char why[WATCH_WHY_MAX], topic[DBOM_ROW_NAME];
	struct consumer *statements = NULL;
	struct slice id;
	int32_t n;
	int err, code = EXIT_OK;

	here.queue_kib = "16384";
	if ((err = consumer_open(&here, &w->consumer, why, sizeof(why))) != 0 || (err = consumer_open(&there, &statements, why, sizeof(why))) != 0)
		return err == ERR_CONFIG ? command_misused(w->c, "%s", why) : command_failed(w->c, "%s", why);
	if ((err = consumer_cluster_id(w->consumer, &id)) != 0)
		code = unreached(w, w->consumer, err);
	for (int32_t i = 0; code == EXIT_OK && dbom_row_place(w->o->topics.dbom_topic, i * DBOM_ROW_PARTITIONS, topic, &n) == 0; i++)
		if ((err = consumer_partitions(statements, topic, &n)) != 0)
			code = unreached(w, statements, err);
	consumer_close(statements);
	if (code == EXIT_OK)
		snprintf(w->cluster_id, sizeof(w->cluster_id), "%.*s", (int)id.n, (const char *)id.p);
	return code;
}

static int
open_all(struct watch *w)
{
	char **topics = text_list_of(slice_str(w->o->topics.dbom_topic));
	const char *const *props = args_props_list(&w->o->way.props);
	struct consumer_conf there = way_consumer(w->way, &w->o->way.props, true);
	struct ledger_conf lc = {.bootstrap = there.bootstrap,
				 .props = props,
				 .detour = w->way->detour,
				 .topics = (const char *const *)topics,
				 .cluster_id = slice_str(w->cluster_id),
				 .trusts = trusts,
				 .arg = w};
	struct group_conf gc = {.bootstrap = w->way->bootstrap,
				.name = w->o->group,
				.topics = w->o->patterns,
				.props = props,
				.detour = w->way->detour,
				.timeout_ms = args_props_timeout_ms(&w->o->way.props),
				.assigned = watch_share_assigned,
				.revoked = watch_share_revoked,
				.arg = w};
	struct watch_tell_conf tc = {.lines = stdout,
				     .json = w->o->json,
				     .topic = w->o->to,
				     .bootstrap = w->way->bootstrap,
				     .props = props,
				     .detour = w->way->detour,
				     .problem = on_problem,
				     .arg = w};
	char why[WATCH_WHY_MAX];
	int err;

	w->vigil = (struct vigil_conf){.consumer = w->consumer,
				       .policy = w->o->policy,
				       .cluster_id = w->cluster_id,
				       .dbom_topic = w->way->dbom_names,
				       .wait_ms = w->o->wait_ms,
				       .tick = on_read,
				       .arg = w};
	snprintf(why, sizeof(why), "out of memory");
	err = topics == NULL ? ERR_NOMEM : ledger_new(&lc, &w->ledger, why, sizeof(why));
	text_list_free(topics);
	if (err != 0 || (err = watch_tell_open(&tc, &w->tell, why, sizeof(why))) != 0 ||
	    (err = group_open(&gc, &w->group, why, sizeof(why))) != 0)
		return err == ERR_CONFIG ? command_misused(w->c, "%s", why) : command_failed(w->c, "%s", why);
	w->vigil.ledger = w->ledger;
	return EXIT_OK;
}

static void
close_all(struct watch *w)
{
	while (w->shares != NULL) {
		struct share *s = w->shares;

		w->shares = s->next;
		watch_share_free(s);
	}
	group_close(w->group);
	watch_tell_close(w->tell);
	ledger_free(w->ledger);
	consumer_close(w->consumer);
	topic_id_hang_up(w->ids);
}

int
watch_run(const struct command *c, const struct watch_options *o, const struct way *way)
{
	struct sigaction stop = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND}; /* who asks twice doesn't wait */
	struct watch w = {.c = c, .o = o, .way = way};
	int code = reach(&w);

	if (code == EXIT_OK && (code = open_all(&w)) == EXIT_OK) {
		(void)sigaction(SIGINT, &stop, NULL);
		(void)sigaction(SIGTERM, &stop, NULL);
		loop(&w);
		write_metrics(&w);
		code = w.violation ? EXIT_VIOLATION : w.unfinished ? EXIT_UNFINISHED : EXIT_OK;
	}
	close_all(&w);
	return code;
}
