/*
 * One thread: the group is asked for what is ours, and each partition of it is given a step in turn.
 *
 *   judged ─► "telling up to N" is committed ─► told ─► N is committed
 *
 * A process that dies in the middle leaves that note, so that who goes on marks what was maybe told before.
 */
#include "ctl/watch.h"

#include <inttypes.h>
#include <signal.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/safe.h"
#include "ctl/watch_metrics.h"
#include "ctl/watch_tell.h"
#include "rdkafka/group.h"

enum {
	IDLE_MS = 200,      /* a partition that had nothing to judge is looked at again */
	AFTER_ERROR_MS = 1000,
	POLL_MS = 100,
	METRICS_MS = 5000,
	WARN_MS = 30000, /* about the same thing */
	WHY_MAX = 700,
	METRICS_MAX = 64 << 20,
};

struct share { /* a partition that is ours */
	struct share *next;
	char topic[256], topic_id[TOPIC_ID_TEXT + 1];
	int32_t partition;
	bool meant;            /* else a glob means it that passes over it */
	struct vigil_begin at; /* where it begins, while there is no vigil */
	struct vigil *vigil;
	int64_t again_to;      /* below it things were maybe told before */
	int64_t due_ms;        /* monotonic: the next step */
	int64_t judged_ms;
};

struct watch {
	const struct command *c;
	const struct watch_options *o;
	const struct way *way;
	struct consumer *consumer;
	struct ledger *ledger;
	struct group *group;
	struct watch_tell *tell;
	struct vigil_conf vigil;
	char cluster_id[256];
	struct share *shares;
	struct watch_counts counts;
	int64_t metrics_ms;
	bool violation, unfinished;
	char warned[WHY_MAX];
	int64_t warned_ms;
};

static volatile sig_atomic_t stopped;

static void
on_signal(int number UNUSED)
{
	stopped = 1;
}

static bool
is_stopped(void *arg UNUSED)
{
	return stopped != 0;
}

static int64_t
now_ms(void)
{
	return clock_now().ns / 1000000;
}

/* What goes wrong is tried again, and said: not each time. */
static void
warn_of(struct watch *w, const char *what, const char *why)
{
	char text[WHY_MAX];

	snprintf(text, sizeof(text), "%s: %s", what, why);
	if (strcmp(text, w->warned) == 0 && now_ms() - w->warned_ms < WARN_MS)
		return;
	memcpy(w->warned, text, sizeof(text));
	w->warned_ms = now_ms();
	safe_line(stderr, "makotoctl %s: %s", w->c->name, text);
}

static void
on_problem(void *arg, const char *why)
{
	struct watch *w = arg;

	warn_of(w, w->o->to, why);
}

/* --- shares ------------------------------------------------------------------------------- */

static struct vigil_begin
begin_at(int64_t offset)
{
	return (struct vigil_begin){{TOPIC_BOUND_OFFSET, offset}, true};
}

static void
on_assigned(void *arg, const char *topic, int32_t partition, int64_t offset, const char *note)
{
	struct watch *w = arg;
	struct share *s = calloc(1, sizeof(*s)), **at = &w->shares;

	if (s == NULL) {
		warn_of(w, topic, "out of memory");
		w->unfinished = true;
		stopped = 1;
		return;
	}
	snprintf(s->topic, sizeof(s->topic), "%s", topic);
	s->partition = partition;
	s->meant = selection_match(&w->o->topics, slice_str(topic)) && (w->o->to == NULL || strcmp(topic, w->o->to) != 0);
	s->at = offset >= 0 ? begin_at(offset) : (struct vigil_begin){w->o->from, false};
	s->again_to = watch_json_noted(note);
	while (*at != NULL)
		at = &(*at)->next;
	*at = s;
	if (s->meant && offset >= 0)
		safe_line(stderr, "makotoctl %s: %s/%d is ours, from offset %" PRId64 " on", w->c->name, topic, (int)partition, offset);
	else if (s->meant)
		safe_line(stderr, "makotoctl %s: %s/%d is ours, and nothing of it is judged", w->c->name, topic, (int)partition);
}

static void
on_revoked(void *arg, const char *topic, int32_t partition)
{
	struct watch *w = arg;

	for (struct share **at = &w->shares; *at != NULL; at = &(*at)->next) {
		struct share *s = *at;

		if (s->partition != partition || strcmp(s->topic, topic) != 0)
			continue;
		if (s->meant)
			safe_line(stderr, "makotoctl %s: %s/%d is another's, or nobody's", w->c->name, topic, (int)partition);
		*at = s->next;
		vigil_free(s->vigil);
		free(s);
		return;
	}
}

/* The cleaner may have been there; who may not ask must assume it. */
static bool
is_compacted(const struct watch *w, const char *topic)
{
	char policy[128];

	return consumer_topic_config(w->consumer, topic, "cleanup.policy", policy, sizeof(policy)) != 0 ||
	       strstr(policy, "compact") != NULL;
}

/* 0 or an error, which was said. */
static int
ask_id(struct watch *w, const struct share *s, char ret[TOPIC_ID_TEXT + 1])
{
	const char *name = s->topic, *why;
	struct topic_id id = {0};
	char what[300];

	why = way_topic_ids(w->way, &w->o->way.props, &name, 1, &id);
	if (why == NULL && id.err != 0)
		why = err_text(id.err);
	if (why == NULL) {
		memcpy(ret, id.text, TOPIC_ID_TEXT + 1);
		return 0;
	}
	snprintf(what, sizeof(what), "the id of topic %s can't be had", s->topic);
	warn_of(w, what, why);
	return ERR_REMOTE;
}

/* A topic's statements are those of its id: without it, they could be of one that was deleted.  0 or an error, which was said. */
static int
open_share(struct watch *w, struct share *s)
{
	int err = ask_id(w, s, s->topic_id);

	if (err == 0 && (err = vigil_new(&w->vigil, s->topic, s->topic_id, s->partition, is_compacted(w, s->topic), &s->at, &s->vigil)) != 0)
		warn_of(w, s->topic, "out of memory");
	return err;
}

/* The next step opens it there. */
static void
begin_anew(struct share *s, struct vigil_begin at)
{
	s->at = at;
	s->again_to = -1;
	vigil_free(s->vigil);
	s->vigil = NULL;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int
commit(struct watch *w, const struct share *s, int64_t offset, const char *note)
{
	int err = group_commit(w->group, s->topic, s->partition, offset, note);

	if (err != 0 && err != ERR_NOT_NOW)
		warn_of(w, s->topic, err == ERR_NOMEM ? "out of memory" : group_why(w->group));
	return err;
}

static bool
is_violated(const struct vigil_found *f)
{
	for (size_t i = 0; i < f->run_count; i++)
		if (watch_json_outcome_of(&f->runs[i]) == WATCH_VIOLATION)
			return true;
	return false;
}

/* 0: it is told, and noted; else it is judged again, from `at` on. */
static int
tell(struct watch *w, struct share *s, const struct vigil_found *f, int64_t at)
{
	struct watch_json_about about = {.topic = s->topic, .topic_id = s->topic_id, .judged_ms = clock_wall_ms(),
					 .again = f->from < s->again_to};
	char note[GROUP_NOTE_MAX];
	int err;

	watch_json_note(s->again_to > f->to ? s->again_to : f->to, note, sizeof(note));
	if ((f->run_count > 0 || f->window_count > 0) && (err = commit(w, s, at, note)) != 0)
		return err;
	w->violation = w->violation || is_violated(f);
	err = watch_tell_found(w->tell, &about, f, is_stopped, NULL);
	if (err == 0)
		err = watch_tell_flush(w->tell, is_stopped, NULL);
	if (err == ERR_IO) {
		warn_of(w, "standard output", "what was found can't be written");
		w->unfinished = true;
		stopped = 1;
	}
	if (s->again_to < f->to)
		s->again_to = f->to; /* of what is below, until that is committed */
	if (err != 0)
		return err;
	err = commit(w, s, f->to, s->again_to > f->to ? note : "");
	if (err == 0) /* else it is judged, and counted, again */
		watch_metrics_count(&w->counts, f, about.again);
	return err;
}

/* --- steps --------------------------------------------------------------------------------------- */

static const char *
cause(const struct watch *w, int err)
{
	return err == ERR_NOMEM	  ? "out of memory"
	       : err == ERR_LIMIT ? "the statements about what is next to be judged are too many, or too large, to be kept in memory"
				  : consumer_why(w->consumer);
}

/* Why nothing is judged though there is something: the statement topic can't be read. */
static void
warn_of_ledger(struct watch *w, const struct share *s)
{
	struct ledger_stats stats;

	if (vigil_lag(s->vigil) <= 0)
		return;
	ledger_stats(w->ledger, &stats);
	if (stats.why[0] != '\0' && !stats.current)
		warn_of(w, w->o->topics.dbom_topic, stats.why);
}

/* What was judged is gone with the topic that it was in; the one of that name now is another, and is judged from its start. */
static int
tell_remade(struct watch *w, struct share *s, int64_t judged_to)
{
	struct vigil_run run = {.f = {.window = WINDOW_RECORDS_GONE, .partition = s->partition, .why = "the topic was made again", .issuer = ""},
				.last_offset = judged_to - 1};
	struct vigil_found f = {.newest_ms = -1, .tally = {.windows_with[WINDOW_RECORDS_GONE] = 1}, .runs = &run, .run_count = 1};
	/* Noted at its start at once: where the old one was judged to says nothing of this one. */
	int err = judged_to > 0 ? tell(w, s, &f, 0) : 0;

	if (err == 0)
		begin_anew(s, (struct vigil_begin){.judged = false});
	return err;
}

/* Before anything bad is told of a topic: is it the one that its statements are looked for?  0, or an error. */
static int
tell_sure(struct watch *w, struct share *s, const struct vigil_found *f)
{
	char id[TOPIC_ID_TEXT + 1];
	int err;

	if (f->run_count > 0 && (err = ask_id(w, s, id)) != 0)
		return err;
	if (f->run_count > 0 && strcmp(id, s->topic_id) != 0)
		return tell_remade(w, s, vigil_at(s->vigil));
	if ((err = tell(w, s, f, vigil_at(s->vigil))) != 0)
		return err;
	if (f->from == f->to) /* the log was cut short */
		begin_anew(s, begin_at(f->to));
	else
		vigil_done(s->vigil);
	return 0;
}

/* true: there may be more to do at once. */
static bool
step(struct watch *w, struct share *s)
{
	const struct vigil_found *f;
	int err;

	s->due_ms = now_ms() + AFTER_ERROR_MS;
	if (s->vigil == NULL && open_share(w, s) != 0)
		return false;
	err = vigil_step(s->vigil, now_ms(), clock_wall_ms(), &f);
	if (err == ERR_NOT_NOW) {
		if (vigil_lag(s->vigil) == 0)
			s->judged_ms = clock_wall_ms();
		warn_of_ledger(w, s);
		s->due_ms = now_ms() + IDLE_MS;
		return false;
	}
	if (err != 0) {
		warn_of(w, s->topic, cause(w, err));
		return false;
	}
	if ((err = tell_sure(w, s, f)) != 0) {
		s->due_ms = now_ms() + (err == ERR_NOT_NOW ? IDLE_MS : AFTER_ERROR_MS);
		return false;
	}
	s->judged_ms = clock_wall_ms();
	s->due_ms = 0;
	return true;
}

static void
write_metrics(struct watch *w)
{
	struct wr text = wr_new(METRICS_MAX);
	struct watch_gauge *gauges;
	size_t n = 0;
	char why[WHY_MAX];

	w->metrics_ms = now_ms() + METRICS_MS;
	if (w->o->metrics == NULL)
		return;
	for (const struct share *s = w->shares; s != NULL; s = s->next)
		n += s->meant;
	if ((gauges = calloc(n + 1, sizeof(*gauges))) == NULL) {
		warn_of(w, w->o->metrics, "out of memory");
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
		warn_of(w, w->o->metrics, "out of memory");
	else if (file_replace(w->o->metrics, 0644, wr_slice(&text), why, sizeof(why)) != 0)
		warn_of(w, "--metrics-file", why);
	wr_free(&text);
	free(gauges);
}

static void
loop(struct watch *w)
{
	bool more = false;

	while (!stopped) {
		if (group_poll(w->group, more ? 0 : POLL_MS) != 0)
			warn_of(w, "the group", group_why(w->group));
		more = false;
		for (struct share *s = w->shares; s != NULL && !stopped; s = s->next)
			if (s->meant && s->due_ms <= now_ms())
				more = step(w, s) || more;
		if (now_ms() >= w->metrics_ms)
			write_metrics(w);
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

/* The cluster is there, and has the statement topic.  EXIT_OK or an exit code. */
static int
reach(struct watch *w)
{
	struct consumer_conf cc = {.bootstrap = w->way->bootstrap,
				   .props = args_props_list(&w->o->way.props),
				   .detour = w->way->detour,
				   .timeout_ms = args_props_timeout_ms(&w->o->way.props),
				   .queue_kib = "16384"};
	char why[WHY_MAX];
	struct slice id;
	int32_t n;
	int err;

	if ((err = consumer_open(&cc, &w->consumer, why, sizeof(why))) != 0)
		return err == ERR_CONFIG ? command_misused(w->c, "%s", why) : command_failed(w->c, "%s", why);
	if ((err = consumer_cluster_id(w->consumer, &id)) != 0 ||
	    (err = consumer_partitions(w->consumer, w->o->topics.dbom_topic, &n)) != 0)
		return err == ERR_TIMEOUT ? way_failed(w->way, w->c, consumer_why(w->consumer))
					  : command_failed(w->c, "%s", cause(w, err));
	snprintf(w->cluster_id, sizeof(w->cluster_id), "%.*s", (int)id.n, (const char *)id.p);
	return EXIT_OK;
}

static int
open_all(struct watch *w)
{
	const char *topics[] = {w->o->topics.dbom_topic, NULL};
	const char *const *props = args_props_list(&w->o->way.props);
	struct ledger_conf lc = {.bootstrap = w->way->bootstrap,
				 .props = props,
				 .detour = w->way->detour,
				 .topics = topics,
				 .cluster_id = slice_str(w->cluster_id),
				 .trusts = trusts,
				 .arg = w};
	struct group_conf gc = {.bootstrap = w->way->bootstrap,
				.name = w->o->group,
				.topics = w->o->patterns,
				.props = props,
				.detour = w->way->detour,
				.timeout_ms = args_props_timeout_ms(&w->o->way.props),
				.assigned = on_assigned,
				.revoked = on_revoked,
				.arg = w};
	struct watch_tell_conf tc = {.lines = stdout,
				     .json = w->o->json,
				     .topic = w->o->to,
				     .bootstrap = w->way->bootstrap,
				     .props = props,
				     .detour = w->way->detour,
				     .problem = on_problem,
				     .arg = w};
	char why[WHY_MAX];
	int err;

	w->vigil = (struct vigil_conf){.consumer = w->consumer,
				       .policy = w->o->policy,
				       .cluster_id = w->cluster_id,
				       .dbom_topic = w->o->topics.dbom_topic,
				       .wait_ms = w->o->wait_ms};
	if ((err = ledger_new(&lc, &w->ledger, why, sizeof(why))) != 0 ||
	    (err = watch_tell_open(&tc, &w->tell, why, sizeof(why))) != 0 ||
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
		vigil_free(s->vigil);
		free(s);
	}
	group_close(w->group);
	watch_tell_close(w->tell);
	ledger_free(w->ledger);
	consumer_close(w->consumer);
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
