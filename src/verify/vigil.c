#include "verify/vigil_internal.h"

enum { ASK_TIMES = 4 };

int
vigil_new(const struct vigil_conf *conf, const char *topic, const char *topic_id, int32_t partition, bool compacted,
	  const struct vigil_begin *begin, struct vigil **ret)
{
	struct vigil *v = calloc(1, sizeof(*v));

	if (v == NULL || (v->stretch = stretch_new()) == NULL) {
		free(v);
		return ERR_NOMEM;
	}
	v->conf = *conf;
	snprintf(v->topic, sizeof(v->topic), "%s", topic);
	snprintf(v->topic_id, sizeof(v->topic_id), "%s", topic_id);
	v->partition = partition;
	v->compacted = compacted;
	v->begin = *begin;
	v->high = v->stuck_at = -1;
	patience_begin(&v->patience, conf->wait_ms);
	*ret = v;
	return 0;
}

void
vigil_forget(struct vigil *v)
{
	answered_free(v->answered);
	v->answered = NULL;
	if (v->has_answer)
		ledger_release(v->conf.ledger, &v->answer);
	v->has_answer = false;
	free(v->windows);
	free(v->runs);
	v->windows = NULL;
	v->runs = NULL;
	v->run_cap = 0;
	v->found = (struct vigil_found){.newest_ms = -1};
	memset(v->told, 0, sizeof(v->told));
	v->behind = 0;
	v->too_many = false;
	v->err = 0;
}

void
vigil_free(struct vigil *v)
{
	if (v == NULL)
		return;
	vigil_forget(v);
	stretch_free(v->stretch);
	free(v->headers.list);
	free(v->early);
	free(v);
}

void
vigil_allow(struct vigil *v, size_t records)
{
	stretch_allow(v->stretch, records);
}

int64_t
vigil_at(const struct vigil *v)
{
	return v->begun ? v->from : -1;
}

int64_t
vigil_lag(const struct vigil *v)
{
	return v->high < 0 ? -1 : v->high > v->from ? v->high - v->from : 0;
}

/* --- reading -------------------------------------------------------------------------------- */

/* What the consumer has, as verdicts take it. */
static int
record_of(struct vigil *v, const struct consumer_record *r, struct verdict_record *ret)
{
	int err = reader_headers_of(&v->headers, r);

	if (err == 0)
		*ret = (struct verdict_record){r->offset, r->timestamp, r->key, r->value, v->headers.list, r->header_count};
	return err;
}

static int
tick(const struct vigil *v)
{
	return v->conf.tick == NULL ? 0 : v->conf.tick(v->conf.arg);
}

static int
on_scanned(void *arg, const struct consumer_record *r)
{
	struct vigil *v = arg;
	struct verdict_record record;
	int err = record_of(v, r, &record);

	if (err == 0)
		err = stretch_record(v->stretch, &record);
	return err != 0 ? err : tick(v);
}

static int
on_judged(void *arg, const struct consumer_record *r)
{
	struct vigil *v = arg;
	struct verdict_record record;
	int err = record_of(v, r, &record);

	if (err != 0)
		return err;
	if (r->offset >= v->found.from && r->offset < v->found.to) {
		if (v->found.tally.records++ == 0)
			v->first = r->offset;
		v->found.newest_ms = r->timestamp;
	}
	if ((err = answered_record(v->answered, &record)) != 0 || (err = v->err) != 0)
		return err;
	err = tick(v);
	return err == ERR_LIMIT ? 0 : err;
}

static int
begin(struct vigil *v)
{
	const struct topic_bound *b = &v->begin.from;
	int err;

	v->from = b->kind == TOPIC_BOUND_OFFSET && (b->value > v->low || v->begin.judged) ? b->value : v->low;
	if (b->kind == TOPIC_BOUND_TIME) {
		err = consumer_offset_at(v->conf.consumer, v->topic, v->partition, b->value, &v->from);
		if (err != 0)
			return err;
		if (v->from == INT64_MAX) /* all is older */
			v->from = v->high;
	}
	v->begun = true;
	stretch_begin(v->stretch, v->from);
	return 0;
}

/* The log's ends, and the records that came since.  0, ERR_NOT_NOW: there are none, or what a consumer fails with. */
static int
look(struct vigil *v, int64_t now_ms)
{
	int64_t end, low, high;
	int err = consumer_watermarks(v->conf.consumer, v->topic, v->partition, &low, &high);

	if (err != 0)
		return err;
	v->low = low;
	v->high = high;
	if (!v->begun && (err = begin(v)) != 0)
		return err;
	patience_saw(&v->patience, high, now_ms);
	if (stretch_read_end(v->stretch) > high) /* the log was cut short: what is left of it is read anew */
		stretch_begin(v->stretch, v->from);
	if (v->from >= high)
		return v->from > high && v->begin.judged ? 0 : ERR_NOT_NOW;
	end = stretch_read_end(v->stretch);
	if (stretch_is_full(v->stretch) || end >= high)
		return 0;
	err = consumer_read(v->conf.consumer, v->topic, v->partition, end > low ? end : low, high, on_scanned, v);
	if (err == 0)
		stretch_read_to(v->stretch, high);
	return err == ERR_LIMIT ? 0 : err;
}

/* --- asking ---------------------------------------------------------------------------------- */

static bool
mirrors(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic)
{
	const struct vigil *v = arg;

	return policy_mirrors(v->conf.policy, topic, of_cluster, of_topic);
}

static int
ask_once(struct vigil *v, int64_t wall_ms)
{
	struct ledger_want want = {.topic = slice_str(v->topic), .topic_id = slice_str(v->topic_id), .partition = v->partition};
	int err;

	if (v->has_answer)
		ledger_release(v->conf.ledger, &v->answer);
	v->has_answer = false;
	stretch_want(v->stretch, wall_ms, &want);
	if ((err = ledger_ask(v->conf.ledger, &want, NULL, NULL, &v->answer)) == 0)
		v->has_answer = true;
	return err;
}

/* A whole answer, with all that is to be known.  0, ERR_NOT_NOW, ERR_NOMEM, or ERR_LIMIT: there never is, for want of memory. */
static int
ask_all(struct vigil *v, int64_t wall_ms)
{
	bool lacks = true;
	int err;

	v->about = (struct answered_conf){.answer = &v->answer,
					  .topic = slice_str(v->topic),
					  .topic_id = slice_str(v->topic_id),
					  .cluster_id = slice_str(v->conf.cluster_id),
					  .partition = v->partition,
					  .mirrors = mirrors,
					  .mirrors_arg = v};
	for (int i = 0; i < ASK_TIMES && lacks; i++) {
		if ((err = ask_once(v, wall_ms)) != 0 || (err = stretch_lacks(v->stretch, &v->about, &lacks)) != 0)
			return err;
		if (v->answer.too_large)
			return ERR_LIMIT;
		if (!v->answer.whole)
			return ERR_NOT_NOW;
	}
	return lacks ? ERR_NOT_NOW : 0;
}

/* About as much as there is room for. */
static int
ask(struct vigil *v, int64_t wall_ms)
{
	int err;

	while ((err = ask_all(v, wall_ms)) == ERR_LIMIT)
		if (!stretch_halve(v->stretch, stretch_read_end(v->stretch)))
			break;
	if (err != ERR_LIMIT)
		return err;
	if (v->stuck_at == v->from)
		return ERR_NOT_NOW;
	v->stuck_at = v->from;
	return ERR_LIMIT;
}

/* --- judging ---------------------------------------------------------------------------------- */

/* A window without a right manifest is judged as a whole, or not at all: what is to be read for it. */
static void
range(const struct vigil *v, int64_t *ret_from, int64_t *ret_to)
{
	*ret_from = v->found.from;
	*ret_to = v->found.to;
	for (size_t i = 0; i < v->answer.count; i++) {
		const struct verdict_window *w = &v->answer.windows[i]->w;
		const struct vigil_window *window = vigil_told_window_of(v, w->statement);

		if (window == NULL || !window->part || w->manifest.p != NULL)
			continue;
		if (w->statement->first_offset < *ret_from)
			*ret_from = w->statement->first_offset;
		if (w->statement->last_offset >= *ret_to)
			*ret_to = w->statement->last_offset + 1;
	}
	if (*ret_from < v->low)
		*ret_from = v->low;
	if (*ret_to > v->high)
		*ret_to = v->high;
}

static int
judge(struct vigil *v, int64_t wall_ms)
{
	int64_t from, to, low, high;
	int err;

	v->about.options = (struct verdict_options){.dbom_topic = slice_str(v->conf.dbom_topic),
						    .now_ms = wall_ms,
						    .pending_max_ms = JOIN_PENDING_MAX_MS,
						    .log_start = v->low,
						    .from = v->found.from,
						    .to = v->found.to,
						    .live = true,
						    .unattested_allowed = policy_allows_unattested(v->conf.policy, slice_str(v->topic)),
						    .compacted = v->compacted,
						    .arg = v,
						    .record = vigil_told_record,
						    .behind = vigil_told_behind,
						    .absent = vigil_told_absent,
						    .window = vigil_told_window};
	if ((err = vigil_told_windows(v)) != 0 || (err = vigil_told_make_room(v)) != 0 || (err = answered_new(&v->about, &v->answered)) != 0)
		return err;
	range(v, &from, &to);
	if ((err = consumer_read(v->conf.consumer, v->topic, v->partition, from, to, on_judged, v)) != 0)
		return err;
	/* Retention goes on while we read. */
	if ((err = consumer_watermarks(v->conf.consumer, v->topic, v->partition, &low, &high)) != 0)
		return err;
	v->found.log_start = low;
	vigil_told_unjudged(v);
	if ((err = answered_end(v->answered)) != 0)
		return err;
	vigil_told_sort(v);
	return v->err;
}

/* The log ends before what was judged: its end was lost, or cut off, or the topic is another one. */
static void
tell_gone(struct vigil *v)
{
	struct finding f = {.window = WINDOW_RECORDS_GONE, .partition = v->partition, .offset = v->high, .issuer = "",
			    .why = "the log ends before records that were judged"};

	v->found = (struct vigil_found){.from = v->high, .to = v->high, .high = v->high, .log_start = v->low, .newest_ms = -1};
	vigil_told_run(v, &f, v->from - 1);
	v->found.tally.windows_with[WINDOW_RECORDS_GONE]++;
}

/* Once more, and less, where that is ERR_LIMIT. */
static int
step(struct vigil *v, int64_t now_ms, int64_t wall_ms)
{
	int64_t end;
	int err;

	if ((err = ask(v, wall_ms)) != 0 || (err = stretch_end(v->stretch, &v->about, patience_due(&v->patience, now_ms), &end)) != 0)
		return err;
	if (end <= v->from)
		return ERR_NOT_NOW;
	v->found.from = v->from;
	v->found.to = v->first = end;
	v->found.high = v->high;
	v->found.log_start = v->low;
	return judge(v, wall_ms);
}

int
vigil_step(struct vigil *v, int64_t now_ms, int64_t wall_ms, const struct vigil_found **ret)
{
	int64_t end;
	int err;

	vigil_forget(v);
	if ((err = look(v, now_ms)) != 0)
		return err;
	if (v->from > v->high) {
		tell_gone(v);
		*ret = &v->found;
		return v->err;
	}
	while ((err = step(v, now_ms, wall_ms)) != 0) {
		bool again = v->too_many;

		end = v->found.to;
		vigil_forget(v);
		if (!again || !stretch_halve(v->stretch, end))
			return err;
	}
	*ret = &v->found;
	return 0;
}

void
vigil_done(struct vigil *v)
{
	vigil_told_done(v);
	v->from = v->found.to;
	v->begin.judged = true;
	stretch_judged(v->stretch, v->from);
	vigil_forget(v);
}
