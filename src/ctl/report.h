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

enum { REPORT_ISSUERS_MAX = 256 }; /* no policy has more */

struct report_issuers { /* by whose statements so many records were verified; names live with the policy.  Zeroed is empty */
	struct {
		const char *name;
		uint64_t records;
	} list[REPORT_ISSUERS_MAX];
	size_t count;
};

void report_issuers_add(struct report_issuers *to, const char *name, uint64_t records);

struct report {
	FILE *to; /* NULL: nothing is told, only counted */
	bool json;
	bool verbose; /* verified records, complete windows, expired members too */
	const char *topic;
	bool failed; /* something could not be told for want of memory */
	struct report_issuers issuers; /* of the findings since they were taken */
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
	const char *memory; /* "begins", "goes on"; NULL: there is none */
};

/* What came of it, as an exit code; and of a topic or of all, in one line of words. */
int report_code(const struct topic_report *t);
void report_outcome(struct wr *w, const struct tally *s, uint64_t allowed, size_t gone, int code);

struct report_notes {
	void (*say)(void *arg, const char *text); /* a line, which others wrote some of */
	void *arg;
};

/* What else there is to know of a topic. */
void report_notes(const struct report_notes *n, const struct report_about *about, const struct topic_report *t,
		  const struct report_issuers *issuers);

/* What came of a topic.  Gives the exit code. */
int report_topic(struct report *r, const struct report_about *about, const struct topic_report *t,
		 const struct report_issuers *issuers);

struct report_sum { /* zeroed is empty */
	struct tally tally;
	size_t topics, partitions, gone;
	uint64_t allowed; /* records that are unattested, where the policy allows that */
	int code; /* the worst */
	char cluster_id[64];
};

void report_sum_add(struct report_sum *s, const struct topic_report *t, int code);
void report_all(struct report *r, const struct report_about *about, const struct report_sum *s);

#endif
