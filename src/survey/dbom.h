/* dbom: is the statement topic, or its absence, what statements need? */
#ifndef SURVEY_DBOM_H
#define SURVEY_DBOM_H

#include "config/config.h"
#include "survey/mend.h"

/* What the topic is made with, and should be kept at: name, value, …, NULL. */
extern const char *const dbom_settings[];

struct dbom {
	int16_t error; /* Metadata's; DBOM_UNASKED: nobody could be asked */
	int32_t partitions;
	int32_t rights; /* of the login: METADATA_UNTOLD, or bits of mend.h */
	/* It is not there: */
	bool creation_asked;
	int16_t creation_error; /* what a CreateTopics that only validates got */
	char creation_text[256];
	/* It is there: */
	bool settings_told;
	int16_t settings_error; /* DescribeConfigs' */
	char cleanup_policy[64];
	int64_t retention_ms, retention_bytes; /* -1: for ever */
	int64_t max_message_bytes;
};

enum { DBOM_NONE = 3 /* UNKNOWN_TOPIC_OR_PARTITION */, DBOM_FORBIDDEN = 29 /* TOPIC_AUTHORIZATION_FAILED */, DBOM_THERE_NOW = 36 };

/* A fact of DescribeConfigs; others are passed over. */
void dbom_setting(struct dbom *d, struct slice name, struct slice value);

void dbom_check(const struct dbom *d, const struct config *c, const struct mend *m, struct findings *r);

#endif
