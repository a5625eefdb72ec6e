/*
 * signing: threads that wait for a remote signer, so that nobody else does.
 *
 * Several at once, since what one signature takes is mostly the way there and back.
 */
#ifndef ATTEST_SIGNING_H
#define ATTEST_SIGNING_H

#include "base/list.h"
#include "keys/signer.h"

struct signing; /* opaque */

enum { SIGNING_WHY_MAX = 768 };

/* A message until it is signed; the asker's memory, untouched while it is asked. */
struct signing_task {
	struct link link;
	struct wr message;
	struct wr sig; /* when err is 0 */
	int err;       /* as signer_sign(); ERR_CLOSED: stopped before its turn */
	char why[SIGNING_WHY_MAX];
};

/* The signer is borrowed until signing_stop().  NULL: no memory, no thread, no descriptor. */
struct signing *signing_start(struct signer *signer) MUSTCHECK;

/* Readable while something may be done. */
int signing_fd(const struct signing *s);

void signing_ask(struct signing *s, struct signing_task *t);

/* One that is done, in any order; NULL: none. */
struct signing_task *signing_done(struct signing *s);

/* Ends the threads, and what they wait for; then all that was asked is done. */
void signing_stop(struct signing *s);
void signing_free(struct signing *s); /* stopped, and nothing is left; NULL is fine */

#endif
