/* Which topics: those that are named, those that the cluster has, those that statements are about, those that were seen. */
#include "verify/examination_internal.h"

static int
add_topic(struct examination *a, const char *name, int32_t partitions, bool meant)
{
	struct examination_topic *t;

	if (a->topic_count == a->topic_cap) {
		size_t cap = a->topic_cap == 0 ? 16 : a->topic_cap * 2;
		struct examination_topic *more = reallocarray(a->topics, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		a->topics = more;
		a->topic_cap = cap;
	}
	t = &a->topics[a->topic_count];
	memset(t, 0, sizeof(*t));
	if ((t->name = strdup(name)) == NULL)
		return ERR_NOMEM;
	t->cluster_partitions = partitions;
	t->meant = meant;
	a->topic_count++;
	return 0;
}

static int
on_topic(void *arg, const char *name, int32_t partitions)
{
	struct examination *a = arg;
	bool meant = a->conf->topics.count > 0;

	/* Without patterns every topic may turn out to be one that statements are about. */
	return examination_wanted(a, slice_str(name)) ? add_topic(a, name, partitions, meant) : 0;
}

/* Those that are named must be there; the rest is what the cluster has. */
int
examination_ask_topics(struct examination *a)
{
	const struct selection *p = &a->conf->topics;
	bool globs = p->count == 0;
	int32_t n;
	int err;

	for (size_t i = 0; i < p->count; i++) {
		if (selection_is_glob(p->patterns[i])) {
			globs = true;
			continue;
		}
		if ((err = consumer_partitions(examiner_consumer(a->first), p->patterns[i], &n)) != 0 ||
		    (err = add_topic(a, p->patterns[i], n, true)) != 0)
			return examination_say(a, err);
		if (a->conf->partition >= n) {
			snprintf(a->why, a->why_len, "%s: no partition %d, it has %d", p->patterns[i], a->conf->partition, n);
			return ERR_NOTFOUND;
		}
	}
	return globs ? examination_say(a, consumer_topics(examiner_consumer(a->first), on_topic, a)) : 0;
}

/* Statements may be about topics that the cluster has no more. */
int
examination_add_stated(struct examination *a)
{
	for (size_t i = 0; i < statements_topics(a->statements); i++) {
		const char *name = statements_topic_name(a->statements, i);
		int err = name == NULL ? 0 : add_topic(a, name, 0, true);

		if (err != 0)
			return examination_say(a, err);
	}
	return 0;
}

/* What was seen the last time may be gone without a trace. */
int
examination_add_remembered(struct examination *a)
{
	const struct recall *m = a->conf->memory;

	for (size_t i = 0; m != NULL && i < m->count; i++) {
		const struct remembered *r = m->list[i];
		bool meant = examination_wanted(a, slice_str(r->topic)) && (a->conf->partition < 0 || r->partition == a->conf->partition);
		int err;

		/* They are sorted. */
		if (!meant || (i > 0 && a->topic_count > 0 && strcmp(a->topics[a->topic_count - 1].name, r->topic) == 0))
			continue;
		if ((err = add_topic(a, r->topic, 0, true)) != 0)
			return examination_say(a, err);
	}
	return 0;
}

static int
by_name(const void *x, const void *y)
{
	const struct examination_topic *s = x, *t = y;
	int c = strcmp(s->name, t->name);

	/* Of two the one that the cluster has comes first. */
	return c != 0 ? c : (s->cluster_partitions < t->cluster_partitions) - (s->cluster_partitions > t->cluster_partitions);
}

void
examination_topic_clear(struct examination_topic *t)
{
	free(t->report.partitions);
	free(t->name);
}

/* Has it a partition that is asked for, or had it one? */
static bool
has_partition(const struct examination *a, const struct examination_topic *t)
{
	return t->cluster_partitions == 0 || a->conf->partition < t->cluster_partitions;
}

/* By name, each once, and only those that are meant. */
int
examination_choose(struct examination *a)
{
	size_t keep = 0, left = 0;

	if (a->topic_count > 0)
		qsort(a->topics, a->topic_count, sizeof(*a->topics), by_name);
	for (size_t i = 0; i < a->topic_count; i++) {
		if (keep > 0 && strcmp(a->topics[keep - 1].name, a->topics[i].name) == 0) {
			a->topics[keep - 1].meant |= a->topics[i].meant;
			examination_topic_clear(&a->topics[i]);
		} else {
			a->topics[keep++] = a->topics[i];
		}
	}
	for (size_t i = 0; i < keep; i++) {
		if (a->topics[i].meant && has_partition(a, &a->topics[i]))
			a->topics[left++] = a->topics[i];
		else
			examination_topic_clear(&a->topics[i]);
	}
	a->topic_count = left;
	if (left > 0)
		return 0;
	snprintf(a->why, a->why_len, "%s%s", a->conf->topics.count > 0 ? "the cluster has no such topic" : "no trusted statement in ",
		 a->conf->topics.count > 0 ? "" : a->conf->topics.dbom_topic);
	return ERR_NOTFOUND;
}
