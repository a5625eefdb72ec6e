#include "verify/examiner.h"

#include <time.h>

#include "verify/hops.h"
#include "verify/reader.h"

enum { PROGRESS_EVERY = 4096 };

struct examiner {
	const struct examiner_conf *conf;
	struct consumer *beside; /* reads what is not committed too; free for single look-ups while records are read */
	struct consumer *statements_from; /* that, or another cluster's */
	struct consumer *records_from;
	struct reader_headers headers;
	char *why;
	size_t why_len;

	/* The partition that is being judged. */
	const struct examiner_task *task;
	int64_t low, high, from, to;
	int64_t end; /* high, or behind it what is not committed yet */
	struct join *join;
	struct hops *hops; /* or NULL */
	int64_t read_from, read_to;
	unsigned count;
};

static int
say(struct examiner *g, const struct consumer *c, int err)
{
	if (err != 0)
		snprintf(g->why, g->why_len, "%s", err == ERR_NOMEM ? "out of memory" : consumer_why(c));
	return err;
}

static int
open_one(const struct examiner_conf *conf, const char *bootstrap, bool committed, struct consumer **ret, char *why, size_t why_len)
{
	struct consumer_conf cc = {.bootstrap = bootstrap,
				   .props = conf->props,
				   .detour = conf->detour,
				   .read_committed = committed,
				   .timeout_ms = conf->timeout_ms,
				   .queue_kib = conf->queue_kib};

	return consumer_open(&cc, ret, why, why_len);
}

int
examiner_open(const struct examiner_conf *conf, struct examiner **ret, char *why, size_t why_len)
{
	struct examiner *g = calloc(1, sizeof(*g));
	int err;

	if (g == NULL) {
		snprintf(why, why_len, "out of memory");
		return ERR_NOMEM;
	}
	g->conf = conf;
	if ((err = open_one(conf, conf->bootstrap, false, &g->beside, why, why_len)) != 0 ||
	    (err = open_one(conf, conf->bootstrap, conf->read_committed, &g->records_from, why, why_len)) != 0 ||
	    (err = conf->dbom_bootstrap == NULL ? 0 : open_one(conf, conf->dbom_bootstrap, false, &g->statements_from, why, why_len)) != 0) {
		examiner_close(g);
		return err;
	}
	if (g->statements_from == NULL)
		g->statements_from = g->beside;
	why[0] = '\0';
	*ret = g;
	return 0;
}

void
examiner_close(struct examiner *g)
{
	if (g == NULL)
		return;
	free(g->headers.list);
	consumer_close(g->records_from);
	if (g->statements_from != g->beside)
		consumer_close(g->statements_from);
	consumer_close(g->beside);
	free(g);
}

struct consumer *
examiner_consumer(struct examiner *g)
{
	return g->beside;
}

struct consumer *
examiner_statements(struct examiner *g)
{
	return g->statements_from;
}

/* --- what a verdict asks for --------------------------------------------------------- */

struct giving {
	elsewhere_give_fn *give;
	void *to;
};

static int
on_fetched(void *arg, int32_t partition UNUSED, int64_t offset UNUSED, struct slice key, struct slice value,
	   struct slice manifest)
{
	const struct giving *x = arg;

	return x->give(x->to, key, value, manifest);
}

static int
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	struct examiner *g = arg;
	struct giving x = {give, to};

	return say(g, g->statements_from,
		   reader_statement_at(g->statements_from, g->conf->dbom_topic, partition, offset, on_fetched, &x));
}

static int
on_uncommitted(void *arg, const struct consumer_record *r UNUSED)
{
	*(bool *)arg = true;
	return 0;
}

static int
uncommitted(void *arg, int64_t offset, bool *ret_there)
{
	struct examiner *g = arg;

	return say(g, g->beside, consumer_read(g->beside, g->task->topic, g->task->partition, offset,
							offset + 1, on_uncommitted, ret_there));
}

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct examiner *g = arg;
	struct verdict_record v = {r->offset, r->timestamp, r->key, r->value, NULL, r->header_count};
	int err;

	if ((err = reader_headers_of(&g->headers, r)) != 0)
		return err;
	v.headers = g->headers.list;
	if (g->task->progress != NULL && g->count++ % PROGRESS_EVERY == 0 &&
	    (err = g->task->progress(g->task->arg, (uint64_t)(r->offset - g->read_from),
				     (uint64_t)(g->read_to - g->read_from))) != 0)
		return err;
	if (g->hops != NULL && v.offset >= g->from && v.offset < g->to && (err = hops_record(g->hops, &v)) != 0)
		return err;
	return join_record(g->join, &v);
}

static void
on_hop_changed(void *arg, const struct hops_changed *c)
{
	const struct examiner *g = arg;
	struct finding f = {.window = WINDOW_HOP_CHANGED, .partition = g->task->partition, .offset = c->offset, .why = c->why,
			    .hop = c->hop, .issuer = c->issuer, .has_window = c->chain != NULL, .window_id = c->window_id};

	if (c->chain != NULL)
		f.chain = *c->chain;
	g->task->found(g->task->arg, &f);
}

static int
open_hops(struct examiner *g)
{
	struct hops_conf hc = {.statements = g->task->statements,
			       .partition = g->task->partition,
			       .policy = g->conf->policy,
			       .fetch = fetch,
			       .fetch_arg = g,
			       .changed = on_hop_changed,
			       .arg = g};

	if (!g->conf->hops)
		return 0;
	g->hops = hops_new(&hc);
	return g->hops == NULL ? ERR_NOMEM : 0;
}

/* --- what is there, and what of it is asked for ---------------------------------------- */

/* Behind the last record that a statement about the partition lists. */
static int64_t
stated_end(const struct examiner *g)
{
	const struct verdict_window *const *list;
	int64_t end = 0;
	size_t n;

	list = statements_of(g->task->statements, g->task->partition, &n);
	for (size_t i = 0; i < n; i++)
		if (list[i]->statement->last_offset >= end)
			end = list[i]->statement->last_offset + 1;
	return end;
}

/*
 * The log's ends.  Statements were read before, so what they list was acknowledged; with
 * acks=1 the high watermark may need a moment to follow.  What is not there then is gone.
 */
static int
find_ends(struct examiner *g)
{
	enum { TRIES = 20, PAUSE_MS = 100 };
	const struct timespec pause = {0, PAUSE_MS * 1000000L};
	int64_t low, stated = stated_end(g);
	int err;

	for (int i = 0; i < TRIES; i++) {
		err = consumer_watermarks(g->beside, g->task->topic, g->task->partition, &low, &g->end);
		if (err != 0)
			return say(g, g->beside, err);
		if (g->end >= stated)
			break;
		(void)nanosleep(&pause, NULL);
	}
	err = consumer_watermarks(g->records_from, g->task->topic, g->task->partition, &g->low, &g->high);
	return say(g, g->records_from, err);
}

/* The offset of a bound; `none` where there is no bound, `never` where everything is older. */
static int
offset_of(struct examiner *g, const struct topic_bound *b, int64_t none, int64_t never, int64_t *ret)
{
	int err;

	if (b->kind != TOPIC_BOUND_TIME) {
		*ret = b->kind == TOPIC_BOUND_NONE ? none : b->value;
		return 0;
	}
	err = consumer_offset_at(g->records_from, g->task->topic, g->task->partition, b->value, ret);
	if (err == 0 && *ret == INT64_MAX)
		*ret = never;
	return say(g, g->records_from, err);
}

/*
 * Where nothing else is asked for, members below the log's start (retention) and behind
 * its end (a tail that was cut off) are judged too; but not those behind a transaction
 * that is open, who reads committed records can't see yet.
 */
static int
find_bounds(struct examiner *g)
{
	int64_t last = INT64_MAX;
	int err = find_ends(g);

	if (err != 0)
		return err;
	if (g->high < g->end)
		last = g->high;
	if ((err = offset_of(g, &g->conf->from, 0, g->high, &g->from)) != 0 ||
	    (err = offset_of(g, &g->conf->to, last, last, &g->to)) != 0)
		return err;
	if (g->to > last)
		g->to = last;
	if (g->from > g->to)
		g->from = g->to;
	return 0;
}

/* --- a partition ------------------------------------------------------------------------ */

/* What a callback could not do, it said itself; or it was asked to end. */
static int
read_failed(struct examiner *g, const struct consumer *c, int err)
{
	if (err != ERR_NOT_NOW && g->why[0] == '\0')
		(void)say(g, c, err);
	return err;
}

/* What was there the last time. */
static void
judge_memory(struct examiner *g, struct tally *tally)
{
	struct recall_about about = {.topic = g->task->topic,
				     .topic_id = (const char *)statements_topic_id(g->task->statements).p,
				     .partition = g->task->partition,
				     .log_end = g->end};

	about.stated = statements_of(g->task->statements, g->task->partition, &about.count);
	recall_judge(g->task->memory, &about, g->task->found, g->task->arg, tally);
}

static int
read_records(struct examiner *g, struct topic_partition *ret)
{
	int64_t low, high;
	int err;

	join_range(g->join, &g->read_from, &g->read_to);
	err = consumer_read(g->records_from, g->task->topic, g->task->partition, g->read_from, g->read_to, on_record, g);
	if (err != 0)
		return read_failed(g, g->records_from, err);
	/* Retention goes on while we read. */
	err = consumer_watermarks(g->beside, g->task->topic, g->task->partition, &low, &high);
	if (err != 0)
		return say(g, g->beside, err);
	if ((err = join_end(g->join, low)) != 0)
		return read_failed(g, g->beside, err);
	*ret = (struct topic_partition){g->task->partition, g->from > g->low ? g->from : g->low,
					g->to < g->high ? g->to : g->high, *join_tally(g->join)};
	return 0;
}

int
examiner_partition(struct examiner *g, const struct examiner_task *task, struct topic_partition *ret, char *why, size_t why_len)
{
	struct join_conf jc = {.partition = task->partition,
			       .read_committed = g->conf->read_committed,
			       .compacted = task->compacted,
			       .uncommitted = uncommitted,
			       .uncommitted_arg = g,
			       .found = task->found,
			       .arg = task->arg};
	int err;

	g->task = task;
	g->why = why;
	g->why_len = why_len;
	g->why[0] = '\0';
	g->count = 0;
	if ((err = find_bounds(g)) != 0)
		return err;
	jc.from = g->from;
	jc.to = g->to;
	jc.log_start = g->low;
	jc.log_end = g->high;
	jc.elsewhere = (struct elsewhere_conf){.statements = task->statements,
					       .policy = g->conf->policy,
					       .topic = slice_str(task->topic),
					       .dbom_topic = slice_str(g->conf->dbom_names != NULL ? g->conf->dbom_names : g->conf->dbom_topic),
					       .now_ms = g->conf->now_ms,
					       .pending_max_ms = JOIN_PENDING_MAX_MS,
					       .fetch = fetch,
					       .fetch_arg = g};
	if ((err = join_new(&jc, &g->join)) != 0 || (err = open_hops(g)) != 0)
		(void)say(g, g->records_from, err);
	else
		err = read_records(g, ret);
	if (err == 0 && g->hops != NULL)
		hops_tally(g->hops, &ret->tally);
	if (err == 0 && task->memory != NULL)
		judge_memory(g, &ret->tally);
	hops_free(g->hops);
	g->hops = NULL;
	join_free(g->join);
	g->join = NULL;
	return err;
}
