/* questions: what a survey asks a broker, by a caller that has reached it.  0, or as caller_ask() and the answer's reader. */
#ifndef SURVEY_QUESTIONS_H
#define SURVEY_QUESTIONS_H

#include "config/config.h"
#include "kafka/metadata.h"
#include "proxy/caller.h"
#include "survey/dbom.h"

/* An answer to Metadata, and the bytes that it points into.  questions_clear() it, also after an error. */
struct questions_told {
	struct blob *body;
	struct metadata metadata;
	bool rights; /* with what the login may do */
};

/*
 * Every topic that the login may see; or of a configuration the statement topic and those that attest.topics
 * names.  Where nobody tells rights (brokers before 2.3): the brokers; the statement topic.
 */
int questions_topics(struct caller *c, struct config *of, struct questions_told *ret) MUSTCHECK;
/* The statement topics that are read for verify.mode. */
int questions_followed(struct caller *c, struct config *of, struct questions_told *ret) MUSTCHECK;
void questions_clear(struct questions_told *t);

int questions_settings(struct caller *c, const char *topic, struct dbom *d) MUSTCHECK;

/* Could the statement topic be created?  Nothing is. */
int questions_creation(struct caller *c, const struct config *config, struct dbom *d) MUSTCHECK;

int questions_time(struct caller *c, int64_t *ret_ms) MUSTCHECK;

#endif
