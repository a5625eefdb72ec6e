/* What the files of examination share: which topics, what is to be done, threads that do it, what is remembered. */
#ifndef VERIFY_EXAMINATION_INTERNAL_H
#define VERIFY_EXAMINATION_INTERNAL_H

#include "verify/examination.h"

struct examination_topic {
	struct topic_report report; /* its partitions are in their order; of gone ones there are none */
	char *name;
	struct examination_id id; /* of one that is there */
	int32_t cluster_partitions; /* 0: the cluster has no such topic */
	bool meant; /* else it is only there */
	struct statements_topic *statements;
	bool compacted;
	size_t left; /* partitions that are not judged yet */
};

struct examination_task {
	struct examination_topic *topic;
	size_t at; /* in the report's partitions */
};

struct examination {
	const struct examination_conf *conf;
	struct examiner_conf examiner;
	struct examiner *first; /* its consumer asks what is asked of the cluster before partitions are judged */
	struct spool *spool;
	struct statements *statements;
	char cluster_id[64];
	struct examination_topic *topics; /* by name */
	size_t topic_count, topic_cap;
	struct examination_task *tasks;
	size_t task_count, task_cap;
	char *why;
	size_t why_len;
};

/* Says what failed of what was asked of the cluster; gives err. */
int examination_say(struct examination *a, int err);

/* examination_topics.c: each 0 or an error, which was said. */
bool examination_wanted(void *examination, struct slice topic);
int examination_ask_topics(struct examination *a) MUSTCHECK;
int examination_add_stated(struct examination *a) MUSTCHECK;
int examination_add_remembered(struct examination *a) MUSTCHECK;
int examination_choose(struct examination *a) MUSTCHECK; /* by name, each once, and only those that are meant */
void examination_topic_clear(struct examination_topic *t);

/* examination_recall.c: nothing without a memory. */
int examination_recall_open(struct examination *a) MUSTCHECK;
void examination_recall_rest(struct examination *a, struct examination_topic *t); /* the partitions that no examiner will look at */
int examination_recall_see(struct examination *a, const struct examination_topic *t) MUSTCHECK;

/* Judges what the tasks say, and has each topic reported.  0 or an error. */
int examination_work(struct examination *a) MUSTCHECK;

#endif
