/*
 * spool: room for much that is written once and kept until the end.
 *
 *   │ memory, up to a limit │ a file without a name, mapped: the kernel may write it out and drop it │
 *
 * What was given stays where it is; nothing is given back before all is.
 */
#ifndef VERIFY_SPOOL_H
#define VERIFY_SPOOL_H

#include "base/base.h"
#include "base/err.h"

struct spool;

/* `dir`: where the file will be, once it is needed; borrowed.  NULL: no memory. */
struct spool *spool_new(const char *dir, size_t in_memory) MUSTCHECK;
void spool_free(struct spool *s); /* NULL is fine */

/* n zeroed bytes, aligned for anything.  0; ERR_NOMEM; ERR_IO: the file can't be made, or be made larger (errno). */
int spool_take(struct spool *s, size_t n, void **ret) MUSTCHECK;

/* A copy of n bytes; NULL when n is 0. */
int spool_copy(struct spool *s, const void *from, size_t n, void **ret) MUSTCHECK;

#endif
