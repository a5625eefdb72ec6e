#include "ctl/view.h"

#include <unistd.h>

#include "ctl/command.h"

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
	v->jobs[job].topic = t->topic;
	report_finding(&v->jobs[job], f);
}

void
view_partition(struct view *v, unsigned job)
{
	view_hide_bar(v);
	report_flush(&v->jobs[job]);
	(void)fflush(v->sums.to);
}

void
view_topic(struct view *v, const struct topic_report *t)
{
	view_hide_bar(v);
	report_sum_add(&v->sum, t, report_topic(&v->sums, &v->about, t));
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
	bool failed = v->sums.failed;

	view_hide_bar(v);
	for (unsigned i = 0; i < v->job_count; i++) {
		report_flush(&v->jobs[i]);
		failed |= v->jobs[i].failed;
	}
	if (several)
		report_all(&v->sums, &v->about, &v->sum);
	return failed || v->sums.failed ? EXIT_UNFINISHED : v->sum.code;
}
