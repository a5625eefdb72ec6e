/*
 * turns: which chains the sealer has to look at, now or at a time.
 *
 * A reactor that makes a window complete says turns_now(); one that starts a wait
 * (a window's age, a transaction's end, a lost outcome) says turns_at().  The sealer
 * sleeps on turns_fd() until the time that turns_next() gave, and takes one chain
 * after another.  Safe from any thread; taken under a chain's mutex, so nothing in
 * here calls out.
 */
#ifndef ATTEST_TURNS_H
#define ATTEST_TURNS_H

#include "base/clock.h"
#include "base/list.h"

struct turns;

/* Embedded in what takes turns; zeroed is right. */
struct turn {
	struct link link;
	enum { TURN_IDLE, TURN_WAITS, TURN_NOW } place;
	int64_t due_ns;
};

struct turns *turns_new(void) MUSTCHECK; /* NULL: no memory, or no descriptor */
void turns_free(struct turns *t);

void turns_now(struct turns *t, struct turn *turn);

/* Due at this time, or earlier if it was already due earlier. */
void turns_at(struct turns *t, struct turn *turn, struct monotime due);

/* One that is due, taken out; or NULL and in *ret_wait_ms how long nothing is (-1: for ever). */
struct turn *turns_next(struct turns *t, struct monotime now, int *ret_wait_ms);

/* All that wait become due: settings changed, or we stop. */
void turns_all_now(struct turns *t);

int turns_fd(const struct turns *t); /* readable when a turn came that turns_next() hasn't seen */
void turns_wake(struct turns *t);    /* makes it readable */
void turns_woken(struct turns *t);   /* the sealer is awake: reads the descriptor empty */

#endif
