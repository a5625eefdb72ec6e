/* What a run remembers of the one before, and for the next. */
#include "verify/examination_internal.h"

/* Of another cluster's statements all would be gone. */
static int
open_statements(struct examination *a, struct recall *m)
{
	struct consumer *c = examiner_statements(a->first);
	char here[sizeof(m->dbom_cluster_id)];
	struct slice id;
	int err = consumer_cluster_id(c, &id);

	if (err == ERR_NOMEM)
		return examination_say(a, err);
	if (err != 0) {
		snprintf(a->why, a->why_len, "%s", consumer_why(c));
		return err;
	}
	snprintf(here, sizeof(here), "%.*s", (int)id.n, (const char *)id.p);
	if (m->count > 0 && m->dbom_cluster_id[0] != '\0' && strcmp(m->dbom_cluster_id, here) != 0) {
		snprintf(a->why, a->why_len, "what is remembered is of statements of cluster \"%s\", and these are of \"%s\"",
			 m->dbom_cluster_id, here);
		return ERR_CONFIG;
	}
	memcpy(m->dbom_cluster_id, here, sizeof(here));
	return 0;
}

int
examination_recall_open(struct examination *a)
{
	struct recall *m = a->conf->memory;
	int err;

	if (m == NULL)
		return 0;
	if (m->count > 0 && strcmp(m->cluster_id, a->cluster_id) != 0) {
		snprintf(a->why, a->why_len, "what is remembered is of cluster \"%s\", and this is \"%s\"", m->cluster_id,
			 a->cluster_id);
		return ERR_CONFIG;
	}
	if ((err = open_statements(a, m)) != 0)
		return err;
	snprintf(m->cluster_id, sizeof(m->cluster_id), "%s", a->cluster_id);
	recall_sort(m);
	return 0;
}

static bool
is_task(const struct examination *a, const struct examination_topic *t, int32_t partition)
{
	for (size_t i = 0; i < a->task_count; i++)
		if (a->tasks[i].topic == t && t->report.partitions[a->tasks[i].at].partition == partition)
			return true;
	return false;
}

struct on_gone {
	struct examination *a;
	struct examination_topic *topic;
};

static void
on_gone(void *arg, const struct finding *f)
{
	const struct on_gone *x = arg;

	x->a->conf->found(x->a->conf->arg, 0, &x->topic->report, f);
}

/* Partitions that no examiner will look at: those that are gone, and those that were judged before (of which it is told already). */
void
examination_recall_rest(struct examination *a, struct examination_topic *t)
{
	struct recall *m = a->conf->memory;
	struct on_gone x = {a, t};
	int32_t last = -1;

	for (size_t i = 0; i < m->count; i++) {
		const struct remembered *r = m->list[i];
		struct recall_about about = {.topic = t->name, .topic_id = t->report.topic_id, .partition = r->partition};
		struct tally told = {0};

		if (strcmp(r->topic, t->name) != 0 || r->partition == last ||
		    (a->conf->partition >= 0 && r->partition != a->conf->partition))
			continue;
		last = r->partition;
		if (r->partition >= t->cluster_partitions) {
			about.gone = true;
			recall_judge(m, &about, on_gone, &x, &t->report.sum);
		} else if (!is_task(a, t, r->partition)) {
			about.log_end = INT64_MAX;
			about.stated = statements_of(t->statements, r->partition, &about.count);
			recall_judge(m, &about, NULL, NULL, &told);
		}
	}
}

int
examination_recall_see(struct examination *a, const struct examination_topic *t)
{
	for (size_t i = 0; i < t->report.partition_count; i++) {
		struct recall_about about = {.topic = t->name,
					     .topic_id = t->report.topic_id,
					     .partition = t->report.partitions[i].partition};
		int err;

		about.stated = statements_of(t->statements, about.partition, &about.count);
		if ((err = recall_see(a->conf->memory, &about)) != 0)
			return examination_say(a, err);
	}
	return 0;
}
