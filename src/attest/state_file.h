/* state_file: the small files of the state directory, read and written as a whole.  Private to attest/. */
#ifndef ATTEST_STATE_FILE_H
#define ATTEST_STATE_FILE_H

#include "base/err.h"
#include "base/wr.h"

/* All of a file.  0, ERR_NOTFOUND, ERR_LIMIT, ERR_NOMEM, ERR_IO. */
int state_file_read(int dir_fd, const char *name, struct wr *w) MUSTCHECK;

/* Where and when a file was made; nobody can give another file the same. */
struct state_birth {
	unsigned long long inode;
	long long seconds, nanoseconds; /* 0 where the file system doesn't tell */
};

int state_file_birth(int fd, struct state_birth *ret) MUSTCHECK; /* 0 or ERR_IO */

/*
 * The file is whole under its name, or not there at all, whenever power fails.  With `born`, a line
 * that says which file it is comes behind the content.  0 or ERR_IO.
 */
int state_file_write(int dir_fd, const char *name, struct slice content, bool born) MUSTCHECK;

#endif
