/* kept: a statement cut down to what verdicts need of it, without the JSON that it was read from; all of it in a spool. */
#ifndef VERIFY_KEPT_H
#define VERIFY_KEPT_H

#include "makoto/verdict.h"
#include "verify/published.h"
#include "verify/spool.h"

struct kept {
	struct verdict_window w; /* first: who has a pointer to it has one to this */
	struct statement s;
	int32_t partition; /* where it stands in the statement topic, the first time */
	int64_t offset;
};

static inline struct kept *
kept_of(const struct verdict_window *w)
{
	return (struct kept *)(uintptr_t)w;
}

/* Of one that counts; where it stands is still to be set.  0, ERR_NOMEM, or ERR_IO (the spool has no room). */
int kept_make(struct spool *spool, const struct published *p, struct slice manifest, struct kept **ret) MUSTCHECK;

/*
 * The same statement again: no fork, and nothing new but maybe a signature or a
 * manifest that the first lacked.
 */
void kept_merge(struct kept *k, const struct kept *again);

/* A copy; a null slice stays null, and an empty one empty.  As kept_make(). */
int kept_slice(struct spool *spool, struct slice from, struct slice *to) MUSTCHECK;

#endif
