/*
 * rope: one message in pieces, so that bytes that nobody changed are not copied.
 *
 *   piece 0: our new head        piece 1: bytes 40..900 of the client's frame     piece 2: a new batch
 *
 * Each piece holds a reference on its blob.
 */
#ifndef BASE_ROPE_H
#define BASE_ROPE_H

#include "base/blob.h"
#include "base/wr.h"

struct rope_piece {
	struct blob *blob;
	size_t off;
	size_t len;
};

struct rope {
	struct rope_piece *pieces;
	size_t count;
	size_t cap;
	size_t total; /* bytes in all pieces */
};

/* Appends bytes off..off+len of `b`, with a reference of its own.  An empty piece is dropped.  0 or ERR_NOMEM. */
int rope_add(struct rope *r, struct blob *b, size_t off, size_t len) MUSTCHECK;

/* Appends all that `w` holds and takes its buffer; w is empty afterwards.  0, ERR_NOMEM, or w's error. */
int rope_add_wr(struct rope *r, struct wr *w) MUSTCHECK;

/* What is in it is wiped when its last reference goes. */
void rope_mark_secret(struct rope *r);

/* Moves everything out of `from`, which is empty afterwards. */
static inline struct rope
rope_take(struct rope *from)
{
	struct rope r = *from;

	*from = (struct rope){NULL, 0, 0, 0};
	return r;
}

void rope_clear(struct rope *r); /* drops all references; empty and usable afterwards */

#endif
