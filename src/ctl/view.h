/* view: what a verification shows while it runs: findings and sums on stdout, and under them a bar on stderr. */
#ifndef CTL_VIEW_H
#define CTL_VIEW_H

#include "ctl/report.h"

struct view {
	struct report_about about;
	struct report *jobs; /* one for each partition that is judged at a time */
	unsigned job_count;
	struct report sums;
	struct view_issuers *issuers; /* of topics that are not whole yet */
	struct report_sum sum;
	bool violation;  /* one was found */
	bool unfinished; /* not all is judged, or something could not be told */
	bool has_bar; /* stderr is a terminal */
	bool bar;     /* it is on the screen */
};

/* to NULL: only the bar is shown. */
int view_open(struct view *v, FILE *to, bool json, bool verbose, unsigned jobs) MUSTCHECK; /* 0 or ERR_NOMEM */
void view_close(struct view *v);

void view_finding(struct view *v, unsigned job, const struct topic_report *t, const struct finding *f);
/* It is judged.  0 or ERR_NOMEM. */
int view_partition(struct view *v, unsigned job, const struct topic_report *t) MUSTCHECK;
/* It can't be judged to its end: what was found of it is told. */
void view_rest(struct view *v, unsigned job);
void view_topic(struct view *v, const struct topic_report *t);
void view_progress(struct view *v, const char *what, uint64_t done, uint64_t total);

/*
 * The end of it, with a sum of all topics where it isn't one that was named, but for what is unfinished.  Gives the exit code.
 */
int view_end(struct view *v, bool several);
void view_hide_bar(struct view *v);

#endif
