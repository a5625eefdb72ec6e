/*
 * examination: verifies topics, or parts of them, on a cluster.
 *
 *   statement topic ─► statements ─► which topics, which partitions ─┬─► examiner, a thread ─┬─► findings, reports
 *                                                                    └─► examiner, a thread ─┘
 *
 * Statements are read first, once for all: what is stated while records are read counts as pending.
 */
#ifndef VERIFY_EXAMINATION_H
#define VERIFY_EXAMINATION_H

#include "verify/examiner.h"
#include "verify/selection.h"

enum { EXAMINATION_JOBS_MAX = 64, EXAMINATION_TOPIC_ID = 22 };

struct examination_id {
	char text[EXAMINATION_TOPIC_ID + 1]; /* empty where the cluster has none */
	const char *unknown;           /* why it can't be told; NULL: it is */
};

struct examination_conf { /* borrowed */
	struct examiner_conf examiner; /* but its queue_kib; and its dbom_topic is that of topics' */
	struct selection topics;
	int32_t partition; /* -1: all */
	struct recall *memory; /* what was seen the last time, and behind a run that ends well, this time; or NULL */
	unsigned jobs;     /* partitions at a time; 0 is 1 */
	const char *spool_dir; /* for statements that are too much for memory */

	/* The ids of all these topics; ret is zeroed. */
	void (*topic_ids)(void *arg, const char *const *topics, size_t count, struct examination_id *ret);

	/* These are called one at a time.  `job` (below `jobs`) stays the same while a partition is judged. */
	void (*found)(void *arg, unsigned job, const struct topic_report *t, const struct finding *f);
	/* May be NULL: was this partition judged before?  Then *ret is what came of it. */
	bool (*known)(void *arg, const struct topic_report *t, int32_t partition, struct topic_partition *ret);
	/* A partition is judged.  0, or an error that ends it all; `why` says it. */
	int (*settled)(void *arg, unsigned job, const struct topic_report *t, const struct topic_partition *p, char *why,
		       size_t why_len);
	/* May be NULL.  A partition could not be judged to its end: nothing more comes of it. */
	void (*unsettled)(void *arg, unsigned job, const struct topic_report *t);
	/* All partitions of a topic are: topics come in the order of their names. */
	void (*reported)(void *arg, const struct topic_report *t);
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total); /* or NULL */
	void *arg;
};

/*
 * 0, or why it could not be finished: ERR_NOTFOUND (a topic or partition isn't there, or nothing is like a glob),
 * ERR_TIMEOUT, ERR_REMOTE, ERR_CONFIG (the memory is of another cluster, too), ERR_IO, ERR_NOMEM; `why` says it in words.
 */
int examination_run(const struct examination_conf *conf, char *why, size_t why_len) MUSTCHECK;

#endif
