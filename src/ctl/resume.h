/*
 * resume: what a run of verify has judged so far, so that the next one goes on from there.
 *
 *   {"format":"makoto-kafka-resume/2","options":"<SHA-256 of what was asked for>","nowMs":1700000000000}
 *   {"clusterId":"…","topicId":"…","topic":"…","partition":0,"from":0,"to":70,"counts":[70,…]}      a line for each partition
 *
 * A line is written when its partition is judged; one that a crash cut off counts for nothing.  A run that
 * ends removes the file.  FILE is locked from opening to closing.  By whose statements records were verified is told of
 * those that this run judged.
 */
#ifndef CTL_RESUME_H
#define CTL_RESUME_H

#include "digest/sha256.h"
#include "verify/topic.h"

struct resume; /* opaque */

/*
 * Reads the file or begins it.  *now_ms: when a run of these options began, its time; else what it was.
 * 0; ERR_CONFIG: no such file (and it stays as it is), or other options; ERR_NOT_NOW: another run has it; ERR_IO, ERR_NOMEM; `why` says it.
 */
int resume_open(const char *path, const uint8_t options[SHA256_LEN], int64_t *now_ms, struct resume **ret, char *why,
		size_t why_len) MUSTCHECK;
void resume_close(struct resume *r); /* NULL is fine */

/* Is this the path, too, of the file? */
bool resume_is(const struct resume *r, const char *path);

/* Was it judged, when the topic was the same? */
bool resume_known(const struct resume *r, const struct topic_report *t, int32_t partition, struct topic_partition *ret);

/* It is.  0, ERR_IO, ERR_NOMEM. */
int resume_add(struct resume *r, const struct topic_report *t, const struct topic_partition *p, char *why,
	       size_t why_len) MUSTCHECK;

/* All is judged: the file is emptied and removed.  0; ERR_IO and `why`. */
int resume_end(struct resume *r, char *why, size_t why_len) MUSTCHECK;

#endif
