/*
 * attest_facts: what must be known of a Produce request's topics before its batches can be attested.
 */
#ifndef STAGES_ATTEST_FACTS_H
#define STAGES_ATTEST_FACTS_H

#include "config/config.h"
#include "kafka/produce.h"
#include "stages/topics.h"

/* One request; all is borrowed. */
struct attest_facts {
	struct topics *topics;
	const struct config *config;
	const struct produce_request *req;
	const bool *twice; /* by part: it is passed over; NULL: none is */
};

/* Facts about the part's topic, which has that partition; else an error of topics_find(). */
int attest_facts_of(const struct attest_facts *q, const struct produce_part *p, struct topic_facts *ret) MUSTCHECK;

/* A name that passed by with the part's id is enough to know that a topic is not to be attested. */
bool attest_facts_excluded(const struct attest_facts *q, const struct produce_part *p);

/*
 * Does every part that may be attested have its facts?  Otherwise what hasn't is asked for, many at once, and the
 * exchange is held; however often, TOPICS_WAIT_MS in all.  STAGE_PASS: go on with what is known; STAGE_HOLD;
 * STAGE_CLOSE: no memory.
 */
enum stage_verdict attest_facts_wait(const struct attest_facts *q, struct exchange *x) MUSTCHECK;

#endif
