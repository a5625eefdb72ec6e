/*
 * blob: counted bytes with one allocation; what frames travel in.
 *
 * The count is plain: a blob belongs to one thread.  Each holder has one
 * reference; a move is blob_take(), which leaves NULL behind.
 */
#ifndef BASE_BLOB_H
#define BASE_BLOB_H

#include "base/slice.h"

struct blob {
	unsigned refs;
	size_t len; /* content */
	size_t cap; /* room behind data */
	uint8_t *data;
	bool secret; /* wiped before it is given back */
};

/* A blob with one reference, no content and room for cap bytes; NULL when there is no memory. */
struct blob *blob_new(size_t cap) MUSTCHECK;

/* A blob that owns `buf` (from malloc) of n bytes.  On failure buf stays the caller's. */
struct blob *blob_own(uint8_t *buf, size_t n) MUSTCHECK;

/* Room for at least cap bytes.  0 or ERR_NOMEM. */
int blob_grow(struct blob *b, size_t cap) MUSTCHECK;

struct blob *blob_ref(struct blob *b);
void blob_unref(struct blob *b); /* NULL is fine */

static inline struct blob *
blob_take(struct blob **from)
{
	struct blob *b = *from;

	*from = NULL;
	return b;
}

static inline struct slice
blob_slice(const struct blob *b)
{
	return (struct slice){b->data, b->len};
}

#endif
