/* What the files of audit share: which topics, what is to be done, threads that do it, what is remembered. */
#ifndef VERIFY_AUDIT_INTERNAL_H
#define VERIFY_AUDIT_INTERNAL_H

#include "verify/audit.h"

struct audit_topic {
	struct topic_report report; /* its partitions are in their order; of gone ones there are none */
	char *name;
	struct audit_id id; /* of one that is there */
	int32_t cluster_partitions; /* 0: the cluster has no such topic */
	bool meant; /* else it is only there */
	struct statements_topic *statements;
	bool compacted;
	size_t left; /* partitions that are not judged yet */
};

struct audit_task {
	struct audit_topic *topic;
	size_t at; /* in the report's partitions */
};

struct audit {
	const struct audit_conf *conf;
	struct examiner_conf examiner;
	struct examiner *first; /* its consumer asks what is asked of the cluster before partitions are judged */
	struct spool *spool;
	struct statements *statements;
	char cluster_id[64];
	struct audit_topic *topics; /* by name */
	size_t topic_count, topic_cap;
	struct audit_task *tasks;
	size_t task_count, task_cap;
	char *why;
	size_t why_len;
};

/* Says what failed of what was asked of the cluster; gives err. */
int audit_say(struct audit *a, int err);

/* audit_topics.c: each 0 or an error, which was said. */
bool audit_wanted(void *audit, struct slice topic);
int audit_ask_topics(struct audit *a) MUSTCHECK;
int audit_add_stated(struct audit *a) MUSTCHECK;
int audit_add_remembered(struct audit *a) MUSTCHECK;
int audit_choose(struct audit *a) MUSTCHECK; /* by name, each once, and only those that are meant */
void audit_topic_clear(struct audit_topic *t);

/* audit_recall.c: nothing without a memory. */
int audit_recall_open(struct audit *a) MUSTCHECK;
void audit_recall_rest(struct audit *a, struct audit_topic *t); /* the partitions that no examiner will look at */
int audit_recall_see(struct audit *a, const struct audit_topic *t) MUSTCHECK;

/* Judges what the tasks say, and has each topic reported.  0 or an error. */
int audit_work(struct audit *a) MUSTCHECK;

#endif
