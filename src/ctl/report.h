/*
 * report: what verification found, for people or for programs.
 *
 *   a report for each partition that is judged at a time ─► report_finding … ─► report_flush
 *   another for the sums                                 ─► report_topic, for each topic ─► report_all
 *
 * For programs: a JSON object on a line for each finding, then one that sums up.  For
 * people: findings as they come, runs of like ones in one line; then a table.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

#include "verify/join.h"
#include "verify/topic.h"

struct report {
	FILE *to;
	bool json;
	bool verbose; /* verified records, complete windows, expired members too */
	const char *topic;
	bool failed; /* something could not be told for want of memory */
	/* The findings that will share a line. */
	bool held;
	struct finding first;
	int64_t last_offset;
};

void report_finding(struct report *r, const struct finding *f);
void report_flush(struct report *r); /* no finding follows that could share a line */

struct report_about {
	const char *bootstrap;
	const char *dbom_topic;
	bool read_committed;
	size_t keys; /* that are trusted */
};

/* What came of a topic.  Gives the exit code. */
int report_topic(struct report *r, const struct report_about *about, const struct topic_report *t);

struct report_sum { /* zeroed is empty */
	struct tally tally;
	size_t topics, partitions, gone;
	int code; /* the worst */
	char cluster_id[64];
};

void report_sum_add(struct report_sum *s, const struct topic_report *t, int code);
void report_all(struct report *r, const struct report_about *about, const struct report_sum *s);

#endif
