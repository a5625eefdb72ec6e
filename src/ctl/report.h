/*
 * report: what verification found, for people or for programs.
 *
 * For programs: a JSON object on a line for each finding, then one that sums up.  For
 * people: findings as they come, runs of like ones in one line; then a table.
 */
#ifndef CTL_REPORT_H
#define CTL_REPORT_H

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

struct report_about {
	const char *bootstrap;
	const char *dbom_topic;
	bool read_committed;
	size_t keys;             /* that are trusted */
	const char *id_unchecked; /* why the topic's id is not known; NULL: it is */
};

/* The end of it.  Gives the exit code. */
int report_end(struct report *r, const struct report_about *about, const struct topic_report *result);

#endif
