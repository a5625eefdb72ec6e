/* file: a small file's bytes, whole. */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/wr.h"

/* Appends the file; w's max bounds it.  0; ERR_IO with `why`: the path and the reason; ERR_NOMEM, with `why` too. */
int file_read(const char *path, struct wr *w, char *why, size_t why_len) MUSTCHECK;

#endif
