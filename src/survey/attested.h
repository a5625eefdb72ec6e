/* attested: may the login see and read back the topics whose records are attested? */
#ifndef SURVEY_ATTESTED_H
#define SURVEY_ATTESTED_H

#include "config/config.h"
#include "kafka/metadata.h"
#include "survey/mend.h"

struct attested {
	const struct metadata *seen;  /* every topic that the login may see, and its rights on each and on the cluster */
	const struct metadata *named; /* those that attest.topics names without a glob, asked for by name; NULL: none */
	bool writes; /* clients produce with the proxy's login */
	bool relaxed; /* brokers let whoever may write to a topic write once (from 2.8 on) */
};

/* Is it a name, and no glob? */
bool attested_is_name(const char *glob);

void attested_check(const struct attested *a, const struct config *c, const struct mend *m, struct findings *r);

/* The right to write each record once, which statements want of the cluster. */
void attested_check_cluster(const struct attested *a, const struct mend *m, struct findings *r);

#endif
