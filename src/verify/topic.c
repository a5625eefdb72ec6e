#include "verify/topic.h"

#include <time.h>

#include "verify/reader.h"

enum { PROGRESS_EVERY = 4096 };

struct verification {
	const struct topic_conf *conf;
	struct consumer *statements_from; /* reads what is not committed too; free for single look-ups later */
	struct consumer *records_from;
	struct statements *statements;
	struct slice cluster_id;
	char *why;
	size_t why_len;

	/* The partition that is being judged. */
	int32_t partition;
	int64_t low, high, from, to;
	int64_t end; /* high, or behind it what is not committed yet */
	struct join *join;
	struct reader_headers headers;
	int64_t read_from, read_to;
	unsigned count;
};

static int
say(struct verification *g, const struct consumer *c, int err)
{
	if (err != 0)
		snprintf(g->why, g->why_len, "%s", err == ERR_NOMEM ? "out of memory" : consumer_why(c));
	return err;
}

static int
open_one(struct verification *g, bool committed, struct consumer **ret)
{
	struct consumer_conf cc = {.bootstrap = g->conf->bootstrap,
				   .props = g->conf->props,
				   .detour = g->conf->detour,
				   .read_committed = committed,
				   .timeout_ms = g->conf->timeout_ms};

	return consumer_open(&cc, ret, g->why, g->why_len);
}

/* --- the statement topic ------------------------------------------------------------ */

static int
on_statement(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value, struct slice manifest)
{
	struct verification *g = arg;

	return statements_add(g->statements, partition, offset, key, value, manifest);
}

static void
on_statements_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct verification *g = arg;

	if (g->conf->progress != NULL)
		g->conf->progress(g->conf->arg, "statements", done, total);
}

static int
read_statements(struct verification *g)
{
	struct statements_conf sc = {.trust = g->conf->trust,
				     .accept_unsigned = g->conf->accept_unsigned,
				     .cluster_id = g->cluster_id,
				     .topic = slice_str(g->conf->topic),
				     .topic_id = g->conf->topic_id,
				     .topic_id_known = g->conf->topic_id_known,
				     .partition = g->conf->partition};
	int err;

	if ((g->statements = statements_new(&sc)) == NULL)
		return say(g, g->statements_from, ERR_NOMEM);
	if ((err = reader_statements(g->statements_from, g->conf->dbom_topic, on_statement, on_statements_progress,
				     g)) != 0)
		return say(g, g->statements_from, err);
	return say(g, g->statements_from, statements_done(g->statements));
}

struct giving {
	elsewhere_give_fn *give;
	void *to;
};

static int
on_fetched(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value, struct slice manifest)
{
	const struct giving *x = arg;

	(void)partition;
	(void)offset;
	return x->give(x->to, key, value, manifest);
}

static int
fetch(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to)
{
	struct verification *g = arg;
	struct giving x = {give, to};

	return say(g, g->statements_from,
		   reader_statement_at(g->statements_from, g->conf->dbom_topic, partition, offset, on_fetched, &x));
}

/* --- one partition ------------------------------------------------------------------ */

static int
on_uncommitted(void *arg, const struct consumer_record *r)
{
	(void)r;
	*(bool *)arg = true;
	return 0;
}

static int
uncommitted(void *arg, int64_t offset, bool *ret_there)
{
	struct verification *g = arg;

	return say(g, g->statements_from, consumer_read(g->statements_from, g->conf->topic, g->partition, offset,
							offset + 1, on_uncommitted, ret_there));
}

static void
on_finding(void *arg, const struct finding *f)
{
	const struct verification *g = arg;

	g->conf->found(g->conf->arg, f);
}

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct verification *g = arg;
	struct verdict_record v = {r->offset, r->timestamp, r->key, r->value, NULL, r->header_count};
	int err;

	if ((err = reader_headers_of(&g->headers, r)) != 0)
		return err;
	v.headers = g->headers.list;
	if (g->conf->progress != NULL && g->count++ % PROGRESS_EVERY == 0)
		g->conf->progress(g->conf->arg, "records", (uint64_t)(r->offset - g->read_from),
				  (uint64_t)(g->read_to - g->read_from));
	return join_record(g->join, &v);
}

/* Behind the last record that a statement about the partition lists. */
static int64_t
stated_end(const struct verification *g)
{
	const struct verdict_window *const *list;
	int64_t end = 0;
	size_t n;

	list = statements_of(g->statements, g->partition, &n);
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
find_ends(struct verification *g)
{
	enum { TRIES = 20, PAUSE_MS = 100 };
	const struct timespec pause = {0, PAUSE_MS * 1000000L};
	int64_t low, stated = stated_end(g);
	int err;

	for (int i = 0; i < TRIES; i++) {
		err = consumer_watermarks(g->statements_from, g->conf->topic, g->partition, &low, &g->end);
		if (err != 0)
			return say(g, g->statements_from, err);
		if (g->end >= stated)
			break;
		(void)nanosleep(&pause, NULL);
	}
	err = consumer_watermarks(g->records_from, g->conf->topic, g->partition, &g->low, &g->high);
	return say(g, g->records_from, err);
}

/* The offset of a bound; `none` where there is no bound, `never` where everything is older. */
static int
offset_of(struct verification *g, const struct topic_bound *b, int64_t none, int64_t never, int64_t *ret)
{
	int err;

	if (b->kind != TOPIC_BOUND_TIME) {
		*ret = b->kind == TOPIC_BOUND_NONE ? none : b->value;
		return 0;
	}
	err = consumer_offset_at(g->records_from, g->conf->topic, g->partition, b->value, ret);
	if (err != ERR_NOTFOUND)
		return say(g, g->records_from, err);
	*ret = never;
	return 0;
}

/*
 * Where nothing else is asked for, members below the log's start (retention) and behind
 * its end (a tail that was cut off) are judged too; but not those behind a transaction
 * that is open, who reads committed records can't see yet.
 */
static int
find_bounds(struct verification *g)
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

/* Does a statement about one of these partitions have what it takes to judge compaction? */
static bool
has_keys(struct verification *g, int32_t first, int32_t end)
{
	for (int32_t p = first; p < end; p++) {
		size_t n;
		const struct verdict_window *const *list = statements_of(g->statements, p, &n);

		for (size_t i = 0; i < n; i++)
			if (list[i]->statement->manifest == MANIFEST_LEAF_KEY)
				return true;
	}
	return false;
}

/*
 * Whether the cleaner may have been there; asked only where the answer matters.  Who may
 * not ask must assume it.
 */
static bool
is_compacted(struct verification *g, int32_t first, int32_t end)
{
	char policy[128];

	if (!has_keys(g, first, end))
		return false;
	if (consumer_topic_config(g->statements_from, g->conf->topic, "cleanup.policy", policy, sizeof(policy)) != 0)
		return true;
	return strstr(policy, "compact") != NULL;
}

static int
judge_partition(struct verification *g, bool compacted, struct topic_partition *ret)
{
	struct join_conf jc = {.partition = g->partition,
			       .from = g->from,
			       .to = g->to,
			       .log_start = g->low,
			       .log_end = g->high,
			       .read_committed = g->conf->read_committed,
			       .compacted = compacted,
			       .uncommitted = uncommitted,
			       .found = on_finding,
			       .arg = g};
	int64_t low, high;
	int err;

	jc.elsewhere = (struct elsewhere_conf){.statements = g->statements,
					       .trust = g->conf->trust,
					       .accept_unsigned = g->conf->accept_unsigned,
					       .dbom_topic = slice_str(g->conf->dbom_topic),
					       .now_ms = g->conf->now_ms,
					       .pending_max_ms = JOIN_PENDING_MAX_MS,
					       .fetch = fetch,
					       .fetch_arg = g};
	if ((err = join_new(&jc, &g->join)) != 0)
		return say(g, g->records_from, err);
	join_range(g->join, &g->read_from, &g->read_to);
	if ((err = consumer_read(g->records_from, g->conf->topic, g->partition, g->read_from, g->read_to, on_record,
				 g)) != 0) {
		/* What a callback could not do, it said itself. */
		if (g->why[0] == '\0')
			(void)say(g, g->records_from, err);
		goto out;
	}
	/* Retention goes on while we read. */
	if ((err = consumer_watermarks(g->statements_from, g->conf->topic, g->partition, &low, &high)) != 0) {
		(void)say(g, g->statements_from, err);
		goto out;
	}
	if ((err = join_end(g->join, low)) != 0) {
		if (g->why[0] == '\0')
			(void)say(g, g->statements_from, err);
		goto out;
	}
	*ret = (struct topic_partition){g->partition, g->from > g->low ? g->from : g->low,
					 g->to < g->high ? g->to : g->high, *join_tally(g->join)};
out:
	join_free(g->join);
	g->join = NULL;
	return err;
}

static int
judge_all(struct verification *g, struct topic_report *r)
{
	int32_t n, first = 0;
	bool compacted;
	int err;

	if ((err = consumer_partitions(g->records_from, g->conf->topic, &n)) != 0)
		return say(g, g->records_from, err);
	if (g->conf->partition >= n) {
		snprintf(g->why, g->why_len, "%s: no partition %d, it has %d", g->conf->topic, g->conf->partition, n);
		return ERR_NOTFOUND;
	}
	if (g->conf->partition >= 0) {
		first = g->conf->partition;
		n = first + 1;
	}
	g->partition = first;
	compacted = is_compacted(g, first, n);
	if ((r->partitions = calloc((size_t)(n - first), sizeof(*r->partitions))) == NULL)
		return say(g, g->records_from, ERR_NOMEM);
	for (; g->partition < n; g->partition++) {
		struct topic_partition *p = &r->partitions[r->partition_count];

		if ((err = find_bounds(g)) != 0 || (err = judge_partition(g, compacted, p)) != 0)
			return err;
		r->partition_count++;
		tally_add(&r->sum, &p->tally);
		statements_forget(g->statements, g->partition);
	}
	return 0;
}

int
topic_verify(const struct topic_conf *conf, struct topic_report *ret, char *why, size_t why_len)
{
	struct verification g = {.conf = conf, .why = why, .why_len = why_len};
	struct topic_report r = {.partitions = NULL};
	struct slice id;
	int err;

	why[0] = '\0';
	if ((err = open_one(&g, false, &g.statements_from)) != 0 ||
	    (err = open_one(&g, conf->read_committed, &g.records_from)) != 0)
		goto out;
	why[0] = '\0';
	if ((err = say(&g, g.statements_from, consumer_cluster_id(g.statements_from, &g.cluster_id))) != 0 ||
	    (err = read_statements(&g)) != 0 || (err = judge_all(&g, &r)) != 0)
		goto out;
	snprintf(r.cluster_id, sizeof(r.cluster_id), "%.*s", (int)g.cluster_id.n, (const char *)g.cluster_id.p);
	id = statements_topic_id(g.statements);
	snprintf(r.topic_id, sizeof(r.topic_id), "%.*s", (int)id.n, id.n == 0 ? "" : (const char *)id.p);
	r.statements = *statements_count(g.statements);
	*ret = r;
out:
	if (err != 0)
		topic_report_clear(&r);
	free(g.headers.list);
	statements_free(g.statements);
	consumer_close(g.records_from);
	consumer_close(g.statements_from);
	return err;
}

void
topic_report_clear(struct topic_report *r)
{
	free(r->partitions);
	*r = (struct topic_report){.partitions = NULL};
}
