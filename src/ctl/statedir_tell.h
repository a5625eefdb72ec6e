/* statedir_tell: what was found in a state directory, for people or for programs. */
#ifndef CTL_STATEDIR_TELL_H
#define CTL_STATEDIR_TELL_H

#include "ctl/statedir.h"

/* For people; `windows`: each of those without a published statement, too. */
void statedir_tell(const struct statedir *d, bool windows, FILE *to);

/* One JSON object on a line.  0, or ERR_NOMEM or ERR_LIMIT, and nothing of it was written. */
int statedir_json(const struct statedir *d, int exit_code, FILE *to) MUSTCHECK;

/* What the next start does, in one sentence without its end. */
void statedir_next_start(const struct statedir *d, struct wr *w);

#endif
