/*
 * answered: what a ledger's answer says of one partition's records.
 *
 *   answered_new ─► answered_record … (in ascending offset) ─► answered_end
 *
 * The verdicts are makoto/verdict.h's, of three instances: the windows of this partition, those of others that the
 * records name, and those of topics that the policy declares to be mirrored by the records'.  Pure.
 */
#ifndef VERIFY_ANSWERED_H
#define VERIFY_ANSWERED_H

#include "verify/ledger.h"

struct answered_conf { /* borrowed until answered_free() */
	const struct ledger_answer *answer;
	struct slice topic, topic_id, cluster_id; /* of the records */
	int32_t partition;
	/* Of the partition's own windows.  `record` and `behind` come for what the others decide, too. */
	struct verdict_options options;
	/* Does the records' topic mirror that one?  Then content verdicts suffice.  NULL: it mirrors none. */
	bool (*mirrors)(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic);
	void *mirrors_arg;
	/* The answer hasn't the window that the record names.  true: it was told what becomes of the record.  May be NULL. */
	bool (*unknown)(void *arg, const struct verdict_record *r, const struct triple *named);
};

struct answered;

/* 0 or ERR_NOMEM; chains and forks are told. */
int answered_new(const struct answered_conf *conf, struct answered **ret) MUSTCHECK;
void answered_free(struct answered *a); /* NULL is fine */

int answered_record(struct answered *a, const struct verdict_record *r) MUSTCHECK; /* 0 or ERR_NOMEM */
int answered_end(struct answered *a) MUSTCHECK;                                    /* 0 or ERR_NOMEM */

/* Is the statement about the records' partition? */
bool answered_is_home(const struct answered_conf *conf, const struct statement *s);

#endif
