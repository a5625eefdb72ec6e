/* chains_internal: what the files of chains.h share. */
#ifndef ATTEST_CHAINS_INTERNAL_H
#define ATTEST_CHAINS_INTERNAL_H

#include "attest/chain.h"
#include "attest/collectors.h"
#include "attest/heads.h"
#include "base/map.h"

struct chains {
	struct chain_shared shared;

	pthread_mutex_t settings_lock;
	struct settings *settings;

	pthread_rwlock_t lock; /* over what follows; a chain, once in the map, stays until the end */
	struct map *map;       /* topic NUL topic id, partition → struct chain */
	struct map *numbers;   /* topic → its number + 1 */
	bool has_cluster;
	char *cluster_id;
	struct heads heads; /* of earlier runs, as far as no chain took them */
	_Atomic size_t heads_open; /* open runs in those */
	struct list kept; /* those of which only the head is left: the sealer may still have a turn of theirs */
	_Atomic bool asking;   /* a sure_ask is under way, … */
	int64_t ask_ns;        /* … and another not before; the sealer's */
	uint64_t stuck;        /* the oldest segment of the journal, when nothing in it could be written anew, … */
	int64_t stuck_ns;      /* … then; likewise the sealer's */
	struct collectors *collectors; /* while the journal begins; NULL: not known */
	struct list recovered; /* struct recovered (attest/recovery.h), whose cluster isn't known, or is another */
};

/* Puts it into the map, under its topic and partition, and gives it its topic's number.  0 or ERR_NOMEM; under the write lock. */
int chains_put(struct chains *c, struct chain *chain);
void chains_take_out(struct chains *c, const struct chain *chain); /* if it is there: chains_put() failed for others */

/* What chains of one partition have in common, as a key.  0 or ERR_NOMEM. */
int chains_heads_place(struct wr *w, const char *cluster_id, const char *topic, const uint8_t topic_id[16], int32_t partition) MUSTCHECK;

/* So many heads of a place are kept behind the one that stands for it: of collectors' names that may come back. */
enum { FOLLOWED_MAX = 16 };

/* How many came before at the place that is written to `key`; `met` counts them.  0 or ERR_NOMEM. */
int chains_heads_meet(struct map *met, const struct wr *key, size_t *ret_before) MUSTCHECK;

/* Does the head of a chain that is followed stay, which so many stand before? */
bool chains_heads_keeps(const struct head *h, size_t before);

/* A chain that begins, under the write lock: takes the head that an earlier run left. */
void chains_heads_apply(struct chains *c, struct chain *chain);

/* A transaction ended: for the heads that no chain took yet.  True: one of them had it, and it is in the journal, not committed. */
bool chains_heads_end(struct chains *c, int64_t producer_id, int16_t epoch, bool committed);

/* When the oldest window closed of those that are closed and not published; INT64_MAX: there is none.  Under the chain's mutex. */
struct monotime chains_oldest_closed(const struct chain *chain);

/* Transactions that earlier statements left open can still end.  0, or ERR_NOMEM: some can't. */
int chains_restore_open(struct chains *c, struct chain *chain, const struct head_runs *open) MUSTCHECK;

/* The cluster is known: what earlier runs left there goes on.  Under the write lock. */
int chains_recovered_begin(struct chains *c);

#endif
