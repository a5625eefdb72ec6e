/*
 * window: an ordered set of records of a chain, while it is in the making.  Private to
 * attest/, guarded by the chain's mutex.
 *
 *   open ──► closed (a reason) ──► complete ──► in the sealer's hands ──► published
 *
 * Complete: the outcome of every member is known or given up, and its transactions
 * have ended or were waited for.
 */
#ifndef ATTEST_WINDOW_H
#define ATTEST_WINDOW_H

#include "attest/placement.h"
#include "makoto/statement.h"

struct window {
	struct link in_chain;
	uint64_t id;
	int32_t taken; /* records placed; only grows */
	int64_t start_ms;
	int64_t end_ms;
	struct monotime opened_at;
	struct monotime closed_at;
	bool closed;
	enum close_reason reason;
	bool recovered; /* an earlier run began it */
	bool renewed;   /* a batch of it is being written anew (chain_renew.c) */

	enum chains_time time; /* of its settled members */
	struct list spans;     /* of members that are in it */
	size_t awaiting;       /* spans without an outcome */
	size_t open_txns;      /* spans whose transaction has not ended */
	int64_t members;       /* settled records */
	int64_t sure_ns;       /* the latest of its placements', as far as they aren't looked for */
	size_t elsewhere;      /* spans that may be in another topic of that name */
	int64_t unresolved;    /* records without an outcome, given up */
	size_t ended;          /* of the chain's ended runs, those before it went to the sealer */
};

struct window *window_new(struct monotime now, int64_t wall_ms) MUSTCHECK;
void window_free(struct window *w); /* drops its spans */

/* The span joins with one reference on its placement. */
void window_add(struct window *w, struct span *s);

/* The span's records are no members; the reference goes. */
void window_drop(struct window *w, struct span *s);

void window_close(struct window *w, enum close_reason reason, struct monotime now, int64_t wall_ms);

#endif
