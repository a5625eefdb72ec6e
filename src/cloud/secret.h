/* secret: bytes that are wiped before their memory is given back. */
#ifndef CLOUD_SECRET_H
#define CLOUD_SECRET_H

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

/* A file with one secret is no larger; tokens and keys are far smaller. */
#define SECRET_FILE_MAX 65536

/* Zeroed is empty.  Behind the n bytes stands a NUL. */
struct secret {
	uint8_t *p;
	size_t n;
};

/* Replaces what was there by a copy.  0 or ERR_NOMEM. */
int secret_set(struct secret *s, struct slice from) MUSTCHECK;
void secret_clear(struct secret *s);

static inline struct slice
secret_slice(const struct secret *s)
{
	return slice_of(s->p, s->n);
}

/*
 * The content of a file without the newline at its end, replacing what was there.
 * ERR_IO, ERR_LIMIT, ERR_NOMEM; `why` says it with the path.
 */
int secret_read(struct secret *s, const char *path, char *why, size_t why_len) MUSTCHECK;

/* Wipes and frees what a writer holds. */
void secret_wipe(struct wr *w);

/* Takes as long whatever differs. */
bool secret_equal(const void *a, const void *b, size_t n);

#endif
