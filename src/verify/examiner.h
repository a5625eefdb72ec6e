/*
 * examiner: partitions of topics on a cluster, one after the other; for one thread.
 *
 *   statements ─┐
 *               ├─► join ─► findings, tally
 *   records ────┘
 */
#ifndef VERIFY_EXAMINER_H
#define VERIFY_EXAMINER_H

#include "rdkafka/consumer.h"
#include "verify/join.h"
#include "verify/recall.h"
#include "verify/topic.h"

struct examiner_conf { /* borrowed */
	const char *bootstrap;
	const char *const *props; /* librdkafka's; or NULL */
	struct detour *detour;    /* how brokers are reached; NULL: librdkafka dials them itself */
	int timeout_ms;           /* for each answer of the cluster */
	const char *queue_kib;    /* as a consumer's */
	struct topic_bound from, to; /* `to` is not included */
	const char *dbom_topic;     /* where the statements are: one, or several with commas between */
	const char *dbom_names;     /* what headers may call it; NULL: that */
	const char *dbom_bootstrap; /* the cluster that has them; NULL: the same */
	bool read_committed;
	bool hops; /* look at what the windows of earlier hops say, too */
	const struct policy *policy;
	int64_t now_ms;
};

struct examiner_task {
	const char *topic;
	const struct statements_topic *statements;
	int32_t partition;
	bool compacted; /* the topic's cleanup policy */
	struct recall *memory; /* or NULL */
	void (*found)(void *arg, const struct finding *f);
	int (*progress)(void *arg, uint64_t done, uint64_t total); /* of the records; ERR_NOT_NOW ends it */
	void *arg;
};

struct examiner;

/* 0, ERR_CONFIG, ERR_NOMEM; this and all the others say in `why` what failed.  Nothing is asked of the cluster yet. */
int examiner_open(const struct examiner_conf *conf, struct examiner **ret, char *why, size_t why_len) MUSTCHECK;
void examiner_close(struct examiner *j); /* NULL is fine */

/* Reads what is not committed too; free for other questions while no partition is judged. */
struct consumer *examiner_consumer(struct examiner *j);
struct consumer *examiner_statements(struct examiner *j); /* of the cluster of the statements; the same where it is no other */

/* 0; ERR_TIMEOUT, ERR_REMOTE, ERR_NOMEM; or ERR_NOT_NOW: progress ended it. */
int examiner_partition(struct examiner *j, const struct examiner_task *task, struct topic_partition *ret, char *why,
		    size_t why_len) MUSTCHECK;

#endif
