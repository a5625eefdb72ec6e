/*
 * attest_pieces: a request's body made anew, out of what stays and what was written in its place.
 *
 * Bytes that stay are pieces of the client's frame; a new batch travels in the buffer that it was made in.  Only what
 * is small is copied, so that a piece is worth its place.  Places are told in ascending order.
 */
#ifndef STAGES_ATTEST_PIECES_H
#define STAGES_ATTEST_PIECES_H

#include "proxy/stage.h"

struct attest_pieces {
	struct exchange *x;
	struct slice body;
	struct rope rope;
	struct wr head; /* small things that follow each other */
	size_t copied;  /* of the body: what stands before is in the rope */
};

void attest_pieces_begin(struct attest_pieces *m, struct exchange *x);
void attest_pieces_clear(struct attest_pieces *m);

/* Puts these few bytes in the place of `len` of the body at `at`.  0 or an error of memory; so do the next. */
int attest_pieces_small(struct attest_pieces *m, size_t at, size_t len, struct slice bytes) MUSTCHECK;

/* The same with what the writer has, which is taken when it is large: the writer may be empty afterwards. */
int attest_pieces_put(struct attest_pieces *m, size_t at, size_t len, struct slice prefix, struct wr *w) MUSTCHECK;

/* What is left of the body stays; m->rope is the whole. */
int attest_pieces_end(struct attest_pieces *m) MUSTCHECK;

#endif
