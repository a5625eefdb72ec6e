/* topic: what is asked of a topic's records, and what came of it. */
#ifndef VERIFY_TOPIC_H
#define VERIFY_TOPIC_H

#include "verify/statements.h"
#include "verify/tally.h"

struct topic_bound {
	enum { TOPIC_BOUND_NONE, TOPIC_BOUND_OFFSET, TOPIC_BOUND_TIME } kind;
	int64_t value; /* an offset, or milliseconds since 1970 */
};

struct topic_partition {
	int32_t partition;
	int64_t from, to; /* what was judged */
	struct tally tally;
};

struct topic_report {
	const char *topic;
	const char *cluster_id;
	const char *topic_id;     /* of the statements that counted; empty: none */
	const char *id_unchecked; /* why the cluster didn't tell the id; NULL: it did */
	bool unattested_allowed;  /* by the policy */
	bool mirror;              /* the policy declares the topic to be one */
	bool gone;                /* statements are about it, and the cluster has no such topic */
	struct statements_count statements;
	struct topic_partition *partitions;
	size_t partition_count;
	struct tally sum;
};

#endif
