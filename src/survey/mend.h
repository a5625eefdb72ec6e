/* mend: the command of Kafka's own tools that gives what is missing, ready for a POSIX shell. */
#ifndef SURVEY_MEND_H
#define SURVEY_MEND_H

#include "survey/findings.h"

/* Kafka's number of an operation is its bit in what Metadata tells (KIP-430). */
enum mend_right {
	MEND_READ = 1 << 3,
	MEND_WRITE = 1 << 4,
	MEND_CREATE = 1 << 5,
	MEND_ALTER = 1 << 7,
	MEND_DESCRIBE = 1 << 8,
	MEND_DESCRIBE_CONFIGS = 1 << 10,
	MEND_IDEMPOTENT_WRITE = 1 << 12,
};

struct mend {
	const char *bootstrap; /* HOST:PORT,… */
	const char *principal; /* "User:sidecar" */
	bool secured; /* whoever runs it needs a configuration: --command-config admin.properties */
};

enum mend_resource { MEND_CLUSTER, MEND_TOPICS, MEND_PREFIXES };

/* Gives the rights on the topics of these names, or that begin with them; the names don't count for the cluster. */
void mend_rights(const struct mend *m, unsigned rights, enum mend_resource on, const struct slice *names, size_t count,
		 struct findings *r);

/* Makes the topic; partitions and replicas -1: the brokers' default.  `settings`: name, value, …, NULL. */
void mend_topic(const struct mend *m, const char *topic, int64_t partitions, int64_t replicas, const char *const *settings,
		struct findings *r);

/* Changes settings of the topic: "name=value,…". */
void mend_settings(const struct mend *m, const char *topic, const char *settings, struct findings *r);

/* "Read and Write", into out. */
char *mend_names(unsigned rights, char *out, size_t len);

#endif
