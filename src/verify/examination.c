#include "verify/examination_internal.h"

#include <errno.h>

#include "verify/reader.h"

enum { SPOOL_IN_MEMORY = 64 << 20, QUEUE_KIB = 65536, QUEUE_KIB_LEAST = 8192 };

int
examination_say(struct examination *a, int err)
{
	if (err == ERR_NOMEM)
		snprintf(a->why, a->why_len, "out of memory");
	else if (err != 0)
		snprintf(a->why, a->why_len, "%s", consumer_why(examiner_consumer(a->first)));
	return err;
}

/* --- the statement topic --------------------------------------------------------------- */

bool
examination_wanted(void *arg, struct slice topic)
{
	const struct examination *a = arg;

	return a->conf->topics.count == 0 || selection_match(&a->conf->topics, topic);
}

static int
on_statement(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value, struct slice manifest)
{
	struct examination *a = arg;
	int err = statements_add(a->statements, partition, offset, key, value, manifest);

	if (err == ERR_IO)
		snprintf(a->why, a->why_len, "%s: %s; statements that are too much for memory go there, or where TMPDIR says",
			 a->conf->spool_dir, strerror(errno));
	return err;
}

static void
on_statements_progress(void *arg, uint64_t done, uint64_t total)
{
	const struct examination *a = arg;

	a->conf->progress(a->conf->arg, "statements", done, total);
}

static int
read_statements(struct examination *a)
{
	struct statements_conf sc = {.policy = a->conf->examiner.policy,
				     .cluster_id = slice_str(a->cluster_id),
				     .wanted = examination_wanted,
				     .wanted_arg = a,
				     .partition = a->conf->partition};
	struct consumer *c = examiner_statements(a->first);
	int err;

	if ((a->spool = spool_new(a->conf->spool_dir, SPOOL_IN_MEMORY)) == NULL)
		return examination_say(a, ERR_NOMEM);
	sc.spool = a->spool;
	if ((a->statements = statements_new(&sc)) == NULL)
		return examination_say(a, ERR_NOMEM);
	err = reader_statements(c, a->conf->topics.dbom_topic, on_statement,
				a->conf->progress == NULL ? NULL : on_statements_progress, a);
	if (err == 0 || err == ERR_IO || err == ERR_NOMEM)
		return err == ERR_IO ? err : examination_say(a, err);
	snprintf(a->why, a->why_len, "%s", consumer_why(c));
	return err;
}

/* --- what is to be done ---------------------------------------------------------------------- */

/* Does a statement about one of the partitions have what it takes to judge compaction? */
static bool
has_keys(const struct examination_topic *t)
{
	for (size_t i = 0; i < t->report.partition_count; i++) {
		size_t n;
		const struct verdict_window *const *list = statements_of(t->statements, t->report.partitions[i].partition, &n);

		for (size_t k = 0; k < n; k++)
			if (list[k]->statement->manifest == MANIFEST_LEAF_KEY)
				return true;
	}
	return false;
}

/*
 * Whether the cleaner may have been there; asked only where the answer matters.  Who may
 * not ask must assume it.
 */
static bool
is_compacted(const struct examination *a, const struct examination_topic *t)
{
	char policy[128];

	if (!has_keys(t))
		return false;
	if (consumer_topic_config(examiner_consumer(a->first), t->name, "cleanup.policy", policy, sizeof(policy)) != 0)
		return true;
	return strstr(policy, "compact") != NULL;
}

static int
add_task(struct examination *a, struct examination_topic *t, size_t at)
{
	if (a->task_count == a->task_cap) {
		size_t cap = a->task_cap == 0 ? 64 : a->task_cap * 2;
		struct examination_task *more = reallocarray(a->tasks, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		a->tasks = more;
		a->task_cap = cap;
	}
	a->tasks[a->task_count++] = (struct examination_task){t, at};
	t->left++;
	return 0;
}

static int
plan_topic(struct examination *a, struct examination_topic *t)
{
	struct topic_report *r = &t->report;
	bool one = a->conf->partition >= 0;
	size_t n = t->cluster_partitions == 0 ? 0 : one ? 1 : (size_t)t->cluster_partitions;
	struct slice id = {NULL, 0};
	int err;

	*r = (struct topic_report){.topic = t->name, .cluster_id = a->cluster_id, .gone = t->cluster_partitions == 0};
	r->unattested_allowed = policy_allows_unattested(a->conf->examiner.policy, slice_str(t->name));
	r->mirror = policy_is_mirror(a->conf->examiner.policy, slice_str(t->name));
	r->id_unchecked = r->gone ? "it is gone" : t->id.unknown;
	if (r->id_unchecked == NULL)
		id = slice_str(t->id.text);
	if ((err = statements_topic(a->statements, t->name, id, &t->statements)) != 0 ||
	    (r->partitions = calloc(n + 1, sizeof(*r->partitions))) == NULL)
		return examination_say(a, err != 0 ? err : ERR_NOMEM);
	r->topic_id = (const char *)statements_topic_id(t->statements).p;
	r->statements = statements_count(t->statements);
	r->partition_count = n;
	for (size_t i = 0; i < n; i++) {
		struct topic_partition *p = &r->partitions[i];
		int32_t number = one ? a->conf->partition : (int32_t)i;

		if (a->conf->known != NULL && a->conf->known(a->conf->arg, r, number, p))
			continue;
		*p = (struct topic_partition){.partition = number};
		if ((err = add_task(a, t, i)) != 0)
			return examination_say(a, err);
	}
	t->compacted = is_compacted(a, t);
	return 0;
}

/* All at once: a connection for each topic would be many. */
static int
ask_ids(struct examination *a)
{
	const char **names = calloc(a->topic_count, sizeof(*names));
	struct examination_id *ids = calloc(a->topic_count, sizeof(*ids));
	size_t n = 0;

	if (names != NULL && ids != NULL) {
		for (size_t i = 0; i < a->topic_count; i++)
			if (a->topics[i].cluster_partitions > 0)
				names[n++] = a->topics[i].name;
		if (n > 0)
			a->conf->topic_ids(a->conf->arg, names, n, ids);
		n = 0;
		for (size_t i = 0; i < a->topic_count; i++)
			if (a->topics[i].cluster_partitions > 0)
				a->topics[i].id = ids[n++];
	}
	free(names);
	free(ids);
	return examination_say(a, names == NULL || ids == NULL ? ERR_NOMEM : 0);
}

static int
plan(struct examination *a)
{
	int err = ask_ids(a);

	if (err != 0)
		return err;
	for (size_t i = 0; i < a->topic_count; i++)
		if ((err = plan_topic(a, &a->topics[i])) != 0)
			return err;
	return examination_say(a, statements_done(a->statements));
}

static int
work(struct examination *a)
{
	bool remembers = a->conf->memory != NULL;
	int err;

	for (size_t i = 0; remembers && i < a->topic_count; i++)
		examination_recall_rest(a, &a->topics[i]);
	err = examination_work(a);
	for (size_t i = 0; remembers && err == 0 && i < a->topic_count; i++)
		err = examination_recall_see(a, &a->topics[i]);
	return err;
}

int
examination_run(const struct examination_conf *conf, char *why, size_t why_len)
{
	struct examination a = {.conf = conf, .examiner = conf->examiner, .why = why, .why_len = why_len};
	unsigned jobs = conf->jobs < 1 ? 1 : conf->jobs;
	char queue[16];
	struct slice id;
	int err;

	(void)snprintf(queue, sizeof(queue), "%d",
		       QUEUE_KIB / (int)jobs > QUEUE_KIB_LEAST ? QUEUE_KIB / (int)jobs : QUEUE_KIB_LEAST);
	a.examiner.queue_kib = queue;
	a.examiner.dbom_topic = conf->topics.dbom_topic;
	why[0] = '\0';
	if ((err = examiner_open(&a.examiner, &a.first, why, why_len)) != 0 ||
	    (err = examination_say(&a, consumer_cluster_id(examiner_consumer(a.first), &id))) != 0)
		goto out;
	snprintf(a.cluster_id, sizeof(a.cluster_id), "%.*s", (int)id.n, (const char *)id.p);
	if ((err = examination_recall_open(&a)) != 0 || (err = examination_ask_topics(&a)) != 0 ||
	    (err = read_statements(&a)) != 0 || (err = examination_add_stated(&a)) != 0 ||
	    (err = examination_add_remembered(&a)) != 0 || (err = examination_choose(&a)) != 0 || (err = plan(&a)) != 0)
		goto out;
	err = work(&a);
out:
	for (size_t i = 0; i < a.topic_count; i++)
		examination_topic_clear(&a.topics[i]);
	free(a.topics);
	free(a.tasks);
	statements_free(a.statements);
	spool_free(a.spool);
	examiner_close(a.first);
	return err;
}
