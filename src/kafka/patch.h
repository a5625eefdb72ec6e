/*
 * patch: a message anew, in which some stretches are others.
 *
 *   frame    ── kept ──│ old │── kept ──            pieces of the frame itself, without a copy, where they are long
 *   rope     ── kept ──│ new bytes │── kept ──
 *
 * Small pieces that follow each other are copied together.
 */
#ifndef KAFKA_PATCH_H
#define KAFKA_PATCH_H

#include "base/rope.h"

struct patch {
	struct blob *frame; /* borrowed */
	struct rope rope;
	struct wr head; /* new bytes, and small pieces, that are not in the rope yet */
};

static inline struct patch
patch_of(struct blob *frame)
{
	return (struct patch){.frame = frame, .head = wr_new(SIZE_MAX / 2)};
}

/* Goes on with `s`, which may lie in the frame.  0 or ERR_NOMEM.  New bytes are written to `head`. */
int patch_put(struct patch *p, struct slice s) MUSTCHECK;

/* Takes what there is, all is released; err: what was met before, upon which nothing is given.  0 or an error. */
int patch_end(struct patch *p, int err, struct rope *ret) MUSTCHECK;

#endif
