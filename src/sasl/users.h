/*
 * users: who may log in at our own listener: a file with a line for each.
 *
 *   name:pbkdf2-sha256$100000$SALT$HASH        base64; lines that begin with # and empty ones are comments
 *
 * Passwords are checked on a thread of their own, since a hash takes long on purpose.  The
 * file is read again when it changed; one that can't be used leaves the old one in force.
 */
#ifndef SASL_USERS_H
#define SASL_USERS_H

#include <stdatomic.h>

#include "base/err.h"
#include "base/slice.h"
#include "base/wr.h"

struct users; /* opaque; safe from any thread */

/* Reads the file and starts the thread.  ERR_CONFIG, ERR_IO, ERR_NOMEM, told in `why` with the line. */
int users_open(const char *path, struct users **ret, char *why, size_t why_len) MUSTCHECK;
void users_close(struct users *u); /* checks that wait end with no; NULL is fine */

/* The end of a check, on the users' thread. */
typedef void users_fn(void *arg, bool good);

/*
 * Copies name and password.  0: fn will be called, once; ERR_NOMEM, also when too many wait.
 * When *gone is true before its turn comes it isn't looked at, and the end is no; it must
 * stay until then.  NULL: it stays wanted.
 */
int users_check(struct users *u, struct slice name, struct slice password, const atomic_bool *gone, users_fn *fn,
		void *arg) MUSTCHECK;

/* Is the file good?  As users_open(). */
int users_check_file(const char *path, char *why, size_t why_len) MUSTCHECK;

/* A line of the file, with its newline.  0, ERR_CONFIG (a name with a colon, or the like), ERR_CRYPTO, ERR_NOMEM. */
int users_line(struct slice name, struct slice password, struct wr *ret, char *why, size_t why_len) MUSTCHECK;

#endif
