#include "ctl/view.h"

#include <unistd.h>

#include "ctl/command.h"

struct view_issuers {
	struct view_issuers *next;
	const struct topic_report *topic;
	struct report_issuers sum;
};

int
view_open(struct view *v, FILE *to, bool json, bool verbose, unsigned jobs)
{
	if ((v->jobs = calloc(jobs, sizeof(*v->jobs))) == NULL)
		return ERR_NOMEM;
	v->job_count = jobs;
	v->sums = (struct report){.to = to, .json = json, .verbose = verbose};
	for (unsigned i = 0; i < jobs; i++)
		v->jobs[i] = v->sums;
	v->has_bar = isatty(STDERR_FILENO) != 0;
	return 0;
}

void
view_close(struct view *v)
{
	for (struct view_issuers *i = v->issuers, *next; i != NULL; i = next) {
		next = i->next;
		free(i);
	}
	v->issuers = NULL;
	free(v->jobs);
	v->jobs = NULL;
}

void
view_hide_bar(struct view *v)
{
	if (v->bar)
		fprintf(stderr, "\r%*s\r", 70, "");
	v->bar = false;
}

void
view_finding(struct view *v, unsigned job, const struct topic_report *t, const struct finding *f)
{
	view_hide_bar(v);
	v->violation |= f->about_record ? verdict_is_violation(f->verdict) : window_finding_is_violation(f->window);
	v->jobs[job].topic = t->topic;
	report_finding(&v->jobs[job], f);
}

/* The job's issuers become the topic's. */
static int
take_issuers(struct view *v, struct report_issuers *from, const struct topic_report *t)
{
	struct view_issuers *i = v->issuers;

	if (from->count == 0)
		return 0;
	while (i != NULL && i->topic != t)
		i = i->next;
	if (i == NULL) {
		if ((i = calloc(1, sizeof(*i))) == NULL)
			return ERR_NOMEM;
		i->topic = t;
		i->next = v->issuers;
		v->issuers = i;
	}
	for (size_t k = 0; k < from->count; k++)
		report_issuers_add(&i->sum, from->list[k].name, from->list[k].records);
	memset(from, 0, sizeof(*from));
	return 0;
}

void
view_rest(struct view *v, unsigned job)
{
	view_hide_bar(v);
	report_flush(&v->jobs[job]);
	if (v->sums.to != NULL)
		(void)fflush(v->sums.to);
}

int
view_partition(struct view *v, unsigned job, const struct topic_report *t)
{
	view_rest(v, job);
	return take_issuers(v, &v->jobs[job].issuers, t);
}

void
view_topic(struct view *v, const struct topic_report *t)
{
	static const struct report_issuers none;
	struct view_issuers **at = &v->issuers, *i;

	view_hide_bar(v);
	while (*at != NULL && (*at)->topic != t)
		at = &(*at)->next;
	i = *at;
	report_sum_add(&v->sum, t, report_topic(&v->sums, &v->about, t, i == NULL ? &none : &i->sum));
	if (i != NULL) {
		*at = i->next;
		free(i);
	}
}

void
view_progress(struct view *v, const char *what, uint64_t done, uint64_t total)
{
	enum { WIDTH = 30 };
	double part = total == 0 || done >= total ? 1 : (double)done / (double)total;
	int filled = (int)(part * WIDTH);

	if (!v->has_bar)
		return;
	v->bar = true;
	fprintf(stderr, "\r%-10s [%.*s%*s] %3d%%", what, filled, "##############################", WIDTH - filled, "",
		(int)(part * 100));
}

int
view_end(struct view *v, bool several)
{
	int code = v->sum.code;

	view_hide_bar(v);
	for (unsigned i = 0; i < v->job_count; i++)
		v->unfinished |= v->jobs[i].failed;
	if (several && !v->unfinished)
		report_all(&v->sums, &v->about, &v->sum);
	v->unfinished |= v->sums.failed;
	/* Its topic may have no sum. */
	if (v->unfinished && v->violation)
		code = EXIT_VIOLATION;
	return command_worse(code, v->unfinished ? EXIT_UNFINISHED : EXIT_OK);
}
