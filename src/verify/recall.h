/*
 * recall: what a verifier saw the last time, so that it finds out when that is gone.
 *
 * Kafka alone can't show that the end of a history was cut off, records and statements together, or that
 * all of it was made anew.  Of each chain the highest statement is remembered: it holds the hash of the
 * one before, and so it stands for all of them.
 *
 *   recall_put … ─► recall_sort ─► recall_judge, for each partition, from any thread ─► recall_see, for each
 */
#ifndef VERIFY_RECALL_H
#define VERIFY_RECALL_H

#include "verify/join.h"

enum { RECALL_TOPIC_MAX = 249, RECALL_TOPIC_ID = 22, RECALL_CLUSTER_MAX = 63 };

struct remembered {
	struct chain_id chain;
	uint64_t window_id;         /* of the highest statement */
	uint8_t sha256[SHA256_LEN]; /* of its bytes */
	int64_t end;                /* behind the last record that the chain's statements list */
	char topic[RECALL_TOPIC_MAX + 1];
	char topic_id[RECALL_TOPIC_ID + 1];
	int32_t partition;
	bool disputed; /* something was found: it stays as it is, to be found again */
};

struct recall { /* zeroed is empty; recall_clear() */
	char cluster_id[RECALL_CLUSTER_MAX + 1];
	char dbom_cluster_id[RECALL_CLUSTER_MAX + 1]; /* where the statements are; empty: not known */
	struct remembered **list;
	size_t count, cap;
	struct map *by_chain;
};

void recall_clear(struct recall *m);

/* 0, ERR_EXISTS (that chain is there already), ERR_NOMEM. */
int recall_put(struct recall *m, const struct remembered *r) MUSTCHECK;

/* By topic and partition. */
void recall_sort(struct recall *m);

struct recall_about {
	const char *topic, *topic_id;
	int32_t partition;
	int64_t log_end; /* INT64_MAX: isn't looked at */
	bool gone;       /* there is no such topic, or partition, any more */
	const struct verdict_window *const *stated; /* the trusted statements, in the order of publication */
	size_t count;
};

/* Tells what is gone or replaced, and counts it in `tally`.  found may be NULL; a finding's `why` lives for the call. */
void recall_judge(struct recall *m, const struct recall_about *a, void (*found)(void *arg, const struct finding *f),
		  void *arg, struct tally *tally);

/* Remembers what is stated about the partition.  0 or ERR_NOMEM. */
int recall_see(struct recall *m, const struct recall_about *a) MUSTCHECK;

#endif
