/*
 * findings: what a survey found, a line for each check, and behind it what mends it.
 *
 *   ok    topic makoto.dbom: 3 partitions, retention for ever
 *   fail  topics to attest: orders: the login lacks Read
 *         kafka-acls.sh --bootstrap-server kafka:9092 --add …
 *
 * Lines that begin with spaces are commands, and nothing else is.
 */
#ifndef SURVEY_FINDINGS_H
#define SURVEY_FINDINGS_H

#include "base/wr.h"

enum findings_level { FINDINGS_OK, FINDINGS_WARN, FINDINGS_FAIL };

struct findings {
	struct wr out; /* what was not taken yet; wr_free() it */
	unsigned warned, failed;
};

/* `what` and the text are made harmless for a terminal: anybody may have written a part of them. */
void findings_line(struct findings *r, enum findings_level level, const char *what, const char *fmt, ...) PRINTF(4, 5);

/* A command, one line, as mend.h makes them. */
void findings_command(struct findings *r, struct slice command);

/* The last line. */
void findings_end(struct findings *r);

#endif
