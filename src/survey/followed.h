/* followed: the statement topics that are read for verify.mode: is each there, and may the login read it? */
#ifndef SURVEY_FOLLOWED_H
#define SURVEY_FOLLOWED_H

#include "config/config.h"
#include "kafka/metadata.h"
#include "survey/mend.h"

/*
 * Those of verify.dbom.topics, without the one that this proxy's own statements go to; `there`: the cluster that answers
 * is another, where all of them count.  An answer to Metadata with the login's rights, or without (brokers before 2.3).
 */
void followed_check(const struct metadata *told, const struct config *c, bool there, const struct mend *m, struct findings *r);

/* Are the proxy's own statements among those that are read? */
bool followed_has_own(const struct config *c);

#endif
