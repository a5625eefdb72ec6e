/*
 * recovery: the journal of a run that crashed becomes chains again.
 *
 *   scan     every segment whole?  where does each chain stand at last?
 *   replay   CHAIN ─► chain   BATCH ─► placement in its windows   SETTLED, LEFT, ENDED ─► as answers did
 *            UNRESOLVED ─► so many   STATED ─► the exact bytes   PUBLISHED ─► as the sealer did      the rest: lost answers
 *
 * The functions that made the state make it again, with nothing behind them that writes or
 * sends.  Entries are judged by what they say, not by where they stand: a chain's last CHAIN
 * entry may stand behind entries that it already covers.
 */
#ifndef ATTEST_RECOVERY_H
#define ATTEST_RECOVERY_H

#include "attest/chain.h"

struct recovery;

/*
 * Reads all segments of the state directory (borrowed) and changes nothing.  `boot`: of the machine's
 * present run.  ERR_NOTFOUND: there are none.  ERR_CHECKSUM: one is damaged before its end, or its end
 * may have been lost with the machine's run, so nothing of it can be relied on.
 * ERR_IO, ERR_NOMEM, ERR_UNSUPPORTED, ERR_MALFORMED; `why` says it in words.
 */
int recovery_scan(int dir_fd, const uint8_t boot[16], struct recovery **ret, char *why, size_t why_len) MUSTCHECK;
void recovery_free(struct recovery *r); /* NULL is fine */

const uint8_t *recovery_instance(const struct recovery *r); /* 16 bytes */
uint64_t recovery_last_segment(const struct recovery *r); /* and how many bytes of it count */
uint64_t recovery_last_bytes(const struct recovery *r);
uint64_t recovery_bytes(const struct recovery *r);

/* A chain of an earlier run. */
struct recovered {
	struct link link;
	struct chain *chain;
	char *cluster_id;
	struct head_runs open; /* stated as open, by its last head */
	uint64_t head_at;      /* the how manieth entry that is */
	bool followed;         /* another chain has its place */
};

/*
 * Makes the chains, which belong to `shared` (without a journal meanwhile), and the numbers that come next.
 * ret: struct recovered, in no order; windows are closed and what has no outcome is lost since `now`.
 * 0, ERR_IO, ERR_NOMEM, ERR_MALFORMED (entries contradict each other).
 */
int recovery_replay(struct recovery *r, struct chain_shared *shared, struct chain_now now, struct list *ret, char *why,
		    size_t why_len) MUSTCHECK;

/* The chain stays, if it was taken out. */
void recovered_free(struct recovered *r);

#endif
