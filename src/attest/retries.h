/*
 * retries: the last batches of each idempotent producer on one chain, so that one that
 * comes again is known.  Brokers remember five; we keep a few more, and all whose
 * outcome is open.  Producers that were quiet for longest are forgotten first.
 * Guarded by the chain's mutex.
 */
#ifndef ATTEST_RETRIES_H
#define ATTEST_RETRIES_H

#include "base/list.h"
#include "base/map.h"

struct placement;
struct retries_producer;

struct retries {
	struct map *producers; /* producer id → struct retries_producer; NULL until the first */
	struct list by_use;    /* least recently used first */
};

void retries_init(struct retries *r);
void retries_clear(struct retries *r);

/* The placement of this batch that was not refused, or NULL. */
struct placement *retries_find(struct retries *r, int64_t producer_id, int16_t epoch, int32_t base_sequence,
			       int32_t count);

/* Remembers it, with a reference; forgets what is old.  0 or ERR_NOMEM. */
int retries_add(struct retries *r, struct placement *p) MUSTCHECK;

/* The log has this one's bytes: what its producer sends behind it in this epoch, and didn't lose, it never sent before. */
void retries_prove(const struct placement *p);
bool retries_is_proven(const struct placement *p);

/* It was refused, so what comes again is new. */
void retries_forget(struct placement *p);

/* Nobody found out whether it is stored, and it may yet be: of what comes with its sequences only the log tells. */
void retries_lose(struct placement *p);
/*
 * Another one with its sequence may be stored: of an earlier run, or it is remembered no more.  Untimed: perhaps with a
 * greatest time of -1.
 */
void retries_lose_rival(const struct placement *p, bool is_untimed);
bool retries_is_lost(const struct placement *p);
bool retries_is_lost_untimed(const struct placement *p); /* … and one of those may have a greatest time of -1 */

#endif
