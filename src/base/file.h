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

/*
 * The file has these bytes, or what it had before, also when the power fails.  `mode` is of a new one, less the umask.
 * 0; or ERR_IO, ERR_NOMEM, and `why` has the path and the reason.
 */
int file_replace(const char *path, unsigned mode, struct slice bytes, char *why, size_t why_len) MUSTCHECK;

/* The same of dir/name, for everybody to read. */
int file_write(const char *dir, const char *name, struct slice bytes, char *why, size_t why_len) MUSTCHECK;

/* All of it, however many writes that takes.  0, or ERR_IO: errno has it. */
int file_write_all(int fd, struct slice s) MUSTCHECK;

/*
 * Begins a program: a standard descriptor that whoever started it has closed (`>&-`) is held, so that no file or socket
 * gets its number, and with it what is printed.  Writing to it fails as it does to one that is closed.
 */
void file_hold_standard(void);

#endif
