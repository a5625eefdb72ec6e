/*
 * collectors: the names that a state directory's proxy had (attest.collector.id), in its file `collectors`, one a line, newest last.
 *
 * A chain's id is made with its collector's name, and so is each of its statements.  What a crash left is finished under the
 * name that it began with, whatever the next start's is.
 */
#ifndef ATTEST_COLLECTORS_H
#define ATTEST_COLLECTORS_H

#include "base/err.h"

enum { COLLECTORS_MAX_BYTES = 64 * 1024 }; /* of the file: thousands of names as people give them */

/* Zeroed is empty. */
struct collectors {
	char **name; /* newest last */
	size_t count, cap;
	size_t used; /* so many of them, the last, since it was read: those stay */
};

/* What the file has; one that is torn, or is something else, counts for nothing, and is warned of.  0, ERR_IO or ERR_NOMEM. */
int collectors_read(int dir_fd, struct collectors *ret) MUSTCHECK;

/* It is the newest, and is kept.  `name` may be one of them.  0 or ERR_NOMEM. */
int collectors_use(struct collectors *c, const char *name) MUSTCHECK;

/*
 * On disk for good, as far as there is room for the newest.  0, ERR_IO, ERR_NOMEM; ERR_LIMIT: those that were used don't have
 * room, and the file stays as it is.
 */
int collectors_write(int dir_fd, const struct collectors *c) MUSTCHECK;

void collectors_clear(struct collectors *c);

#endif
