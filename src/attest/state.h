/*
 * state: the directory that survives a restart.
 *
 *   lock             held while a proxy runs; says which process
 *   instance         32 hex digits: the instance id of the run
 *   heads            where every chain stands; written by a clean stop, taken by the next start
 *   heads.taken      the heads that the running (or crashed) process started from
 *   signing.pem, signing.pub.pem   the key made at first start (the caller's)
 *
 *   start:  heads is there and whole     → the same instance, its chains go on
 *           otherwise                    → a new instance: continuity can't be proved
 */
#ifndef ATTEST_STATE_H
#define ATTEST_STATE_H

#include "attest/heads.h"

struct state;

enum state_start {
	STATE_FIRST,   /* an empty directory */
	STATE_CLEAN,   /* the last run stopped cleanly */
	STATE_UNCLEAN, /* it did not: no heads */
	STATE_TORN,    /* there are heads, but they can't be read */
};

/*
 * Makes `dir` if it is missing (0700), locks it, reads what is there, changes nothing
 * else yet.  An error's text goes to `why`: ERR_EXISTS (another proxy, with its process
 * id), ERR_IO, ERR_NOMEM.
 */
int state_open(const char *dir, struct state **ret, char *why, size_t why_len) MUSTCHECK;

/* Unlocks; the files stay as they are.  NULL is fine. */
void state_close(struct state *s);

const char *state_dir(const struct state *s);
enum state_start state_start(const struct state *s);
const uint8_t *state_instance(const struct state *s); /* 16 bytes: of the old run, or a new one */

/*
 * Right before the first record can be attested: from here a crash is noticed at the
 * next start.  The heads of the last run move to `ret`, or it is empty.
 */
int state_begin(struct state *s, struct heads *ret, char *why, size_t why_len) MUSTCHECK;

/* A clean stop: the heads, on disk for good.  `heads` stays the caller's; its instance id is set. */
int state_end(struct state *s, struct heads *heads, char *why, size_t why_len) MUSTCHECK;

#endif
