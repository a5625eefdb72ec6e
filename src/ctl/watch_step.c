/*
 * A partition's step.
 *
 *   judged ─► "telling up to N" is committed ─► told ─► N is committed, and tried again until it is
 *
 * A process that dies in the middle leaves that note, so that who goes on marks what was maybe told before.  With it stands
 * the topic's id: an offset says nothing of another topic of that name.
 */
#include "ctl/watch_internal.h"

#include "ctl/safe.h"

enum { WHOLE_TRY = 8, SHORT_TRY_MS = 2000 };
enum { RECORDS_ALL = 1 << 21, RECORDS_MIN = 1024 }; /* that wait to be judged, of all partitions and of one: 24 bytes each */

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

	why = way_topic_ids(w->way, &w->o->way.props, &name, 1, &w->ids, &id);
	if (why == NULL && id.err != 0)
		why = err_text(id.err);
	if (why == NULL) {
		memcpy(ret, id.text, TOPIC_ID_TEXT + 1);
		return 0;
	}
	snprintf(what, sizeof(what), "the id of topic %s can't be had", s->topic);
	watch_run_warn(w, what, why);
	return ERR_REMOTE;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int
commit(struct watch *w, const struct share *s, int64_t offset, int64_t telling_to)
{
	char note[GROUP_NOTE_MAX];
	int err;

	watch_json_note(s->then == THEN_REMADE && s->is_told ? "" : s->topic_id, telling_to, note, sizeof(note));
	err = group_commit(w->group, s->topic, s->partition, offset, note);
	if (err != 0 && err != ERR_NOT_NOW)
		watch_run_warn(w, s->topic, err == ERR_NOMEM ? "out of memory" : group_why(w->group));
	return err;
}

/* What was told is committed, and what follows is next.  Else it is tried again, and not told again. */
static int
settle(struct watch *w, struct share *s)
{
	/* What stands there after a cut, or in another topic, was never told. */
	int err = commit(w, s, s->told_to, s->then == THEN_ON && s->again_to > s->told_to ? s->again_to : -1);

	if (err != 0)
		return err;
	s->is_told = false;
	if (s->then != THEN_ON)
		watch_share_begin(s, s->then == THEN_CUT ? watch_share_at(s->told_to) : (struct vigil_begin){.judged = false});
	s->judged_ms = clock_wall_ms();
	return 0;
}

static bool
is_violated(const struct vigil_found *f)
{
	for (size_t i = 0; i < f->run_count; i++)
		if (watch_json_outcome_of(&f->runs[i]) == WATCH_VIOLATION)
			return true;
	return false;
}

/* While it isn't told yet. */
static int
meanwhile(void *arg)
{
	struct watch *w = arg;

	if (w->o->to != NULL && watch_now_ms() - w->telling_ms > WATCH_WARN_MS)
		watch_run_warn(w, w->o->to, "it takes nothing; until it does, nothing else is judged");
	return watch_run_serve(w);
}

/*
 * 0: it is told, and committed; else it is judged again, from `at` on, unless it waits to be committed.  That records are gone
 * is about what is below `at`; so far its note reaches, then.
 */
static int
tell(struct watch *w, struct share *s, const struct vigil_found *f, int64_t at, enum watch_then then)
{
	int64_t from = then == THEN_ON ? f->from : at - 1, to = then == THEN_ON ? f->to : at;
	struct watch_json_about about = {.topic = s->topic, .topic_id = s->topic_id, .judged_ms = clock_wall_ms(),
					 .again = from < s->again_to};
	int err;

	s->then = then;
	w->telling_ms = watch_now_ms();
	if ((f->run_count > 0 || f->window_count > 0) && (err = commit(w, s, at, s->again_to > to ? s->again_to : to)) != 0)
		return err;
	w->violation = w->violation || is_violated(f);
	err = watch_tell_found(w->tell, &about, f, meanwhile, w);
	if (err == 0)
		err = watch_tell_flush(w->tell, meanwhile, w);
	if (err == ERR_IO) {
		watch_run_warn(w, "standard output", "what was found can't be written");
		w->unfinished = w->is_ending = true;
	}
	if (s->again_to < to)
		s->again_to = to; /* of what is below, until that is committed */
	if (err != 0)
		return err;
	watch_metrics_count(&w->counts, f, about.again);
	s->is_told = true;
	s->told_to = f->to;
	if (then == THEN_ON)
		vigil_done(s->vigil); /* until it is committed nothing more is judged */
	return settle(w, s);
}

/* What was judged is gone with the topic that it was in; the one of that name now is another, and is judged from its start. */
static int
tell_remade(struct watch *w, struct share *s, int64_t judged_to)
{
	struct vigil_run run = {.f = {.window = WINDOW_RECORDS_GONE, .partition = s->partition, .why = "the topic was made again", .issuer = ""},
				.last_offset = judged_to - 1};
	struct vigil_found f = {.newest_ms = -1, .tally = {.windows_with[WINDOW_RECORDS_GONE] = 1}, .runs = &run, .run_count = 1};

	/* Until that is told the old one's place and id stay noted, so that whoever has it next tells it; then the new one's start is. */
	if (judged_to > 0)
		return tell(w, s, &f, judged_to, THEN_REMADE);
	watch_share_begin(s, (struct vigil_begin){.judged = false});
	return 0;
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
	return tell(w, s, f, vigil_at(s->vigil), f->from == f->to ? THEN_CUT : THEN_ON); /* CUT: the log was cut short */
}

/* --- the step ---------------------------------------------------------------------------------- */

/* A topic's statements are those of its id: without it, they could be of one that was deleted.  0 or an error, which was said. */
static int
open_share(struct watch *w, struct share *s)
{
	char id[TOPIC_ID_TEXT + 1];
	int err = ask_id(w, s, id);

	if (err != 0)
		return err;
	/* Nobody had it when that happened. */
	if (s->noted_id[0] != '\0' && id[0] != '\0' && strcmp(s->noted_id, id) != 0) {
		memcpy(s->topic_id, s->noted_id, sizeof(s->topic_id));
		return (err = tell_remade(w, s, s->at.from.value)) != 0 ? err : ERR_NOT_NOW;
	}
	memcpy(s->topic_id, id, sizeof(s->topic_id));
	if ((err = vigil_new(&w->vigil, s->topic, s->topic_id, s->partition, is_compacted(w, s->topic), &s->at, &s->vigil)) != 0)
		watch_run_warn(w, s->topic, "out of memory");
	return err;
}

/* Who failed is mostly tried for a moment, so that the others wait for no more than that; and so is who may fail, too. */
static int
patience(const struct watch *w, const struct share *s)
{
	int all = args_props_timeout_ms(&w->o->way.props);
	bool is_whole = s->failures == 0 ? w->turn_ms >= w->careful_ms : s->failures % WHOLE_TRY == 0;

	return is_whole || all < SHORT_TRY_MS ? all : SHORT_TRY_MS;
}

/* All have the same. */
static size_t
allowed(const struct watch *w)
{
	size_t n = 0;

	for (const struct share *s = w->shares; s != NULL; s = s->next)
		n += s->meant;
	return n * RECORDS_MIN >= RECORDS_ALL ? RECORDS_MIN : RECORDS_ALL / (n == 0 ? 1 : n);
}

static const char *
cause(const struct watch *w, int err)
{
	return err == ERR_NOMEM	  ? "out of memory"
	       : err == ERR_LIMIT ? "what is stated about the next offset alone is too much to be kept in memory"
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
		watch_run_warn(w, w->o->topics.dbom_topic, stats.why);
}

int
watch_step(struct watch *w, struct share *s)
{
	const struct vigil_found *f;
	int err;

	if (s->is_told)
		return settle(w, s);
	consumer_wait(w->consumer, patience(w, s));
	if (s->vigil == NULL && (err = open_share(w, s)) != 0)
		return err;
	vigil_allow(s->vigil, allowed(w));
	err = vigil_step(s->vigil, watch_now_ms(), clock_wall_ms(), &f);
	if (err == 0) {
		if ((err = tell_sure(w, s, f)) != 0)
			vigil_forget(s->vigil); /* it may take long until that is better, and for all partitions at once */
		return err;
	}
	if (err == ERR_NOT_NOW) {
		if (vigil_lag(s->vigil) == 0)
			s->judged_ms = clock_wall_ms();
		warn_of_ledger(w, s);
	} else if (err != ERR_CLOSED) {
		watch_run_warn(w, s->topic, cause(w, err));
	}
	return err;
}
