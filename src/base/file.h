/* file: whole files, read and written. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/err.h"
#include "base/wr.h"

/*
 * Appends what is in the file, "-": on standard input; w's max bounds it.  0; or ERR_IO, ERR_LIMIT (there is more),
 * ERR_NOMEM, and `why` has the path and the reason.
 */
int file_read(const char *path, struct wr *w, char *why, size_t why_len) MUSTCHECK;

/* dir/name has these bytes, or what it had before.  0; or ERR_IO, ERR_NOMEM, and `why` says so. */
int file_write(const char *dir, const char *name, struct slice bytes, char *why, size_t why_len) MUSTCHECK;

#endif
