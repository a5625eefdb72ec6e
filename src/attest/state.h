/*
 * state: the directory that survives a restart (docs/STATE.md).
 *
 *   lock             held while a proxy runs; says which process
 *   instance         32 hex digits: the instance id of the run; and which file this is
 *   journal.*        what a run writes ahead (attest/journal.h)
 *   heads            where every chain stands; written by a clean stop, taken by the next start
 *   heads.taken      the heads that the running (or crashed) process started from
 *   signing.pem, signing.pub.pem   the key made at first start (the caller's)
 *
 *   start:  the files are a copy                → a new instance: the original may live, or have lived on
 *           heads are there and whole           → the same instance, its chains go on
 *           no heads, the journal is whole      → the same instance, its windows are finished
 *           otherwise                           → a new instance: continuity can't be proved
 *
 * Heads and journal count for the instance that `instance` names, and no other: what a start leaves that
 * was killed amid putting them aside may look whole.
 */
#ifndef ATTEST_STATE_H
#define ATTEST_STATE_H

#include "attest/heads.h"

struct recovery; /* attest/recovery.h */

struct state;

enum state_start {
	STATE_FIRST,   /* an empty directory */
	STATE_CLEAN,   /* the last run stopped cleanly */
	STATE_CRASHED, /* it did not; its journal tells */
	STATE_UNCLEAN, /* it did not, and nothing tells */
	STATE_TORN,    /* heads or journal are there, but can't be relied on: state_why() */
	STATE_COPIED,  /* the directory is a copy, or was restored */
};

/*
 * Makes `dir` if it is missing (0700), locks it, reads what is there, changes nothing
 * else yet.  An error's text goes to `why`: ERR_EXISTS (another proxy, with its process
 * id), ERR_IO, ERR_NOMEM.
 */
int state_open(const char *dir, struct state **ret, char *why, size_t why_len) MUSTCHECK;

/* What a start would find in a directory that is there: no lock, nothing is made, nothing changes.  ERR_IO, ERR_NOMEM. */
int state_look(const char *dir, struct state **ret, char *why, size_t why_len) MUSTCHECK;

/* Unlocks; the files stay as they are.  NULL is fine. */
void state_close(struct state *s);

const char *state_dir(const struct state *s);
int state_dir_fd(const struct state *s);
const uint8_t *state_boot(const struct state *s); /* 16 bytes: the machine's present run */
enum state_start state_start(const struct state *s);
const char *state_why(const struct state *s); /* why it is torn; "" */
const uint8_t *state_instance(const struct state *s); /* 16 bytes: of the old run, or a new one */

/* Moves what a clean stop left to `ret`, or it is empty; what a crash left stays the state's, or NULL. */
void state_take_heads(struct state *s, struct heads *ret);
struct recovery *state_recovery(const struct state *s);

/*
 * Before a journal is begun that doesn't go on with one that is there: behind heads that one is told in
 * them and goes, else it is put aside (old.journal.*), in place of another, and the new instance is named first
 * where an old one is.  0 or ERR_IO.
 */
int state_set_aside(struct state *s, char *why, size_t why_len) MUSTCHECK;

/*
 * Right before the first record can be attested, and behind the journal's first entries: from here
 * the journal counts, and the heads of the last run don't.
 */
int state_begin(struct state *s, char *why, size_t why_len) MUSTCHECK;

/* A clean stop: the heads, on disk for good.  `heads` stays the caller's; its instance id is set. */
int state_end(struct state *s, struct heads *heads, char *why, size_t why_len) MUSTCHECK;

#endif
