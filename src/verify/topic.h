/*
 * topic: verifies a topic, or a part of it, on a cluster.
 *
 *   statement topic ─► statements ─┐
 *                                  ├─► join, one partition after the other ─► findings, report
 *   records ───────────────────────┘
 *
 * Statements are read first: what is stated while records are read counts as pending.
 */
#ifndef VERIFY_TOPIC_H
#define VERIFY_TOPIC_H

#include "verify/join.h"

struct topic_bound {
	enum { TOPIC_BOUND_NONE, TOPIC_BOUND_OFFSET, TOPIC_BOUND_TIME } kind;
	int64_t value; /* an offset, or milliseconds since 1970 */
};

struct topic_conf {
	const char *bootstrap;
	const char *const *props; /* librdkafka's; or NULL */
	struct detour *detour;    /* how brokers are reached; NULL: librdkafka dials them itself */
	int timeout_ms;           /* for each answer of the cluster */
	const char *topic;
	int32_t partition;           /* -1: all */
	struct topic_bound from, to; /* `to` is not included */
	const char *dbom_topic;
	bool read_committed;
	const struct trust *trust;
	bool accept_unsigned;
	struct slice topic_id; /* 22 characters, empty: the cluster has none */
	bool topic_id_known;
	int64_t now_ms;

	void (*found)(void *arg, const struct finding *f);
	void (*progress)(void *arg, const char *what, uint64_t done, uint64_t total); /* or NULL */
	void *arg;
};

struct topic_partition {
	int32_t partition;
	int64_t from, to; /* what was judged */
	struct tally tally;
};

struct topic_report {
	char cluster_id[64];
	char topic_id[64]; /* of the statements that counted; empty: none */
	struct statements_count statements;
	struct topic_partition *partitions;
	size_t partition_count;
	struct tally sum;
};

/*
 * 0, or why it could not be finished: ERR_NOTFOUND (a topic or partition isn't there),
 * ERR_TIMEOUT, ERR_REMOTE, ERR_CONFIG, ERR_NOMEM; `why` says it in words.  Release with
 * topic_report_clear().
 */
int topic_verify(const struct topic_conf *conf, struct topic_report *ret, char *why, size_t why_len) MUSTCHECK;
void topic_report_clear(struct topic_report *r);

#endif
