/*
 * chain_journal: what a chain writes ahead.  Private to attest/, under the chain's mutex
 * unless it says otherwise.  Without a journal nothing happens.
 *
 * Only two entries must be in the journal before something else may happen: a batch,
 * before its bytes go out, and a statement, before it is sent.  The others spare a
 * recovery its work; when one is lost, the log or the statement topic tells.
 */
#ifndef ATTEST_CHAIN_JOURNAL_H
#define ATTEST_CHAIN_JOURNAL_H

#include "attest/chain.h"
#include "attest/outgoing.h"
#include "attest/statement_of.h"

/*
 * Where the chain stands, with the runs that were stated as open, and how many records its windows have given up.
 * 0 or an error of journal_put().
 */
int chain_journal_head(struct chain *c, const char *cluster_id, const struct head_runs *open) MUSTCHECK;

/*
 * The batch, as it goes out once that is committed; without the mutex: it is nobody else's yet, but for the number that it gets.
 * 0; ERR_LIMIT: the journal has its size; ERR_IO; ERR_NOMEM.
 */
int chain_journal_batch(struct placement *p, struct slice transactional_id, enum header_mode mode,
			const uint8_t digest[32], int64_t reach) MUSTCHECK;

/*
 * All that is known of a batch, or a statement as it stands there, written anew; not committed.  The latter without
 * the mutex: it reads from the disk; only who takes statements from the chain may do so.  One that can't be read
 * there becomes `unreadable`, which is logged once.
 */
int chain_journal_again(struct placement *p) MUSTCHECK;
int chain_journal_outgoing(struct chain *c, struct outgoing *o) MUSTCHECK;

/* `told`, `copied`, `contested` or `claimed` became true.  False: not taken. */
bool chain_journal_told(const struct placement *p);

void chain_journal_settled(struct placement *p, enum chains_time time);
/* It is in no window any more.  That it is given up is told before the next chain_journal_head(), if not now. */
void chain_journal_left(struct placement *p, bool given_up);

/* A settled batch is about to have no place any more, which another gets, or of which an answer tells otherwise.  False: not written. */
bool chain_journal_reopened(const struct placement *p) MUSTCHECK;

/* A settled batch is about to leave: entries that have it don't stand before a statement without it.  False: not written. */
bool chain_journal_leaves(struct placement *p) MUSTCHECK;

/* From its record `first` on, where a statement's run of its own begins.  Nothing of a batch that isn't put yet: a recovery asks. */
void chain_journal_ended(const struct placement *p, int32_t first, bool committed);
void chain_journal_closed(const struct chain *c, const struct window *w);

/*
 * The bytes of `o`, which from here on stand for the window; without the mutex.  0; ERR_IO, ERR_NOMEM:
 * not yet, another call goes on.
 */
int chain_journal_stated(const struct chain *c, const struct window *w, const struct stated *st, struct outgoing *o) MUSTCHECK;

void chain_journal_published(const struct chain *c, uint64_t window);

/* The placement's entry is needed no more. */
void chain_journal_release(struct placement *p);

#endif
