/*
 * holder: which process holds a state directory's lock, asked without taking it.
 *
 * The kernel's list of locks (/proc/locks) tells it; processes that can't be seen from here (another
 * container) are not in it.
 */
#ifndef ATTEST_HOLDER_H
#define ATTEST_HOLDER_H

#include <stdio.h>
#include <sys/stat.h>

#include "base/base.h"

struct holder {
	enum { HOLDER_NONE, HOLDER_SOME, HOLDER_UNKNOWN } is;
	long pid;      /* of the holder, when there is one */
	long said;     /* the file's text: who took the lock last; 0: nothing that is a process id */
	bool has_file;
};

struct holder holder_of(int dir_fd);

/* Of a list of locks: does one hold the file?  Gives the process id, or 0.  `said`: where file systems disagree on the device. */
long holder_in(FILE *locks, const struct stat *file, long said);

#endif
