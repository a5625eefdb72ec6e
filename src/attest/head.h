/*
 * head: where a chain stands behind its last statement; what the next one links to.
 *
 * It is all that must outlive the process for a chain to go on (attest/heads.h).
 */
#ifndef ATTEST_HEAD_H
#define ATTEST_HEAD_H

#include "base/err.h"
#include "makoto/chain.h"

/* Members of a transaction: [first, first + count) of one partition. */
struct head_run {
	int64_t first;
	int64_t count;
	int64_t producer_id;
	int16_t producer_epoch;
	bool committed; /* of an end that was seen */
};

struct head_runs {
	struct head_run *run;
	size_t count;
	size_t cap;
};

struct head {
	uint64_t next_window;  /* the id that the next window gets, from 1 */

	uint64_t last_window;  /* 0: nothing was stated yet, and the next five mean nothing */
	uint64_t first_window; /* of the first statement */
	uint64_t length;       /* statements so far */
	uint8_t last_root[32];
	uint8_t last_statement[32]; /* SHA-256 of its bytes */

	int32_t dbom_partition; /* of the statement topic; -1: not chosen yet */
	int64_t high_offset;    /* highest acknowledged in earlier runs; -1: none */

	bool follows; /* another chain, as the first statement will say */
	struct chain_id follows_chain;
	uint64_t follows_window;
	uint8_t follows_statement[32];

	struct head_runs ended; /* stated as open, and ended since: the next statement says how */
	struct head_runs open;  /* stated as open, no end seen.  Only in a head that was saved */
};

/* The head of a chain that begins. */
struct head head_begin(void);
void head_clear(struct head *h); /* frees the runs */

int head_runs_add(struct head_runs *r, struct head_run run) MUSTCHECK; /* 0 or ERR_NOMEM */

#endif
