/*
 * collectors: the names that a state directory's proxy had (attest.collector.id), in its file `collectors`, one a line, newest last.
 *
 * A chain's id is made with its collector's name, and so is each of its statements.  What a crash left is finished under the
 * name that it began with, whatever the next start's is.
 */
#ifndef ATTEST_COLLECTORS_H
#define ATTEST_COLLECTORS_H

#include "base/err.h"

enum { COLLECTORS_MAX = 16, COLLECTORS_MAX_BYTES = 64 * 1024 };

/* Zeroed is empty. */
struct collectors {
	char *name[COLLECTORS_MAX]; /* newest last */
	size_t count;
};

/* What the file has; one that is torn, or is something else, counts for nothing, and is warned of.  0, ERR_IO or ERR_NOMEM. */
int collectors_read(int dir_fd, struct collectors *ret) MUSTCHECK;

/* It is the newest, and the oldest makes room.  `name` may be one of them.  0 or ERR_NOMEM. */
int collectors_use(struct collectors *c, const char *name) MUSTCHECK;

/* On disk for good, as far as there is room for the newest.  0, ERR_IO or ERR_NOMEM. */
int collectors_write(int dir_fd, const struct collectors *c) MUSTCHECK;

void collectors_clear(struct collectors *c);

#endif
