/*
 * placement: one client batch in a chain's windows.  Private to attest/.
 *
 *   batch of 2,300 records, window.records 1000, 400 taken in window 7
 *
 *     span 0: records    0..599  → window 7      each record's header names its own window
 *     span 1: records  600..1599 → window 8
 *     span 2: records 1600..2299 → window 9
 *
 * Everything in here is guarded by the chain's mutex, but `members`: the reactor that
 * placed it fills them before it is forwarded, the sealer reads them once it is settled;
 * what is txns.c's, under its lock; and `mode`, which that reads without the mutex.
 */
#ifndef ATTEST_PLACEMENT_H
#define ATTEST_PLACEMENT_H

#include "attest/chains.h"
#include "attest/journal_hold.h"
#include "attest/member.h"
#include "base/clock.h"
#include "base/list.h"

struct window;
struct retries_producer;

enum placement_txn { PLACEMENT_NO_TXN, PLACEMENT_TXN_OPEN, PLACEMENT_TXN_COMMITTED, PLACEMENT_TXN_ABORTED };

struct span {
	struct link in_window;
	struct window *window; /* NULL when it left, or the window is published */
	struct placement *placement;
	int32_t first; /* record of the batch */
	int32_t count;
	bool stated;            /* a statement lists it */
	enum placement_txn txn; /* as that statement says */
};

struct placement {
	struct chain *chain;
	unsigned refs; /* its spans in windows, retries, txns, attempts: one each */
	struct member_life life;
	struct monotime open_at;   /* since the first attempt whose answer was lost its outcome is open, … */
	struct monotime lost_at;   /* … and this is the last one; or since then the log is read, whose topic it is in (chain_sure.h) */
	struct monotime looked_at; /* when the last reading of the log began that didn't find it; 0: none since it is open, or was told */
	uint64_t number;         /* in the journal, from 1; 0: not there */
	struct journal_hold hold; /* of its entry there */
	struct monotime hidden_at; /* when the last reading ended that didn't get to the place that was told; 0: none did */
	int64_t reach;           /* highest offset that was acknowledged when it was placed; -1: none */
	bool told;               /* a broker said that it is stored, and may have meant a batch of another run, … */
	int64_t told_at;         /* … from this offset on; -1: not known, of an older journal */
	int64_t told_before;     /* another place, of which another answer told (attest/chain_retold.h); -1: none did */
	bool retold;             /* … and it is to leave: the journal didn't take that yet */
	bool owed;               /* … and it is counted for that, should it stay where it was told first */
	bool disputed;           /* open, where another batch is settled, or at two places: the log decides (attest/chain_given.h) */
	bool guessed;            /* settled without headers, where the log has such records: perhaps another copy's place */
	struct monotime returned_at; /* then it was first taken back from another copy's place; 0: never */
	bool counted;            /* as attested; one that is settled anew isn't again */
	bool claimed;            /* … and a copy that was told the place left for it: it stays there */
	bool contested;          /* a broker said that it is stored where another copy is stated */
	bool copied;             /* without headers: it is stored, and listed as another copy of the same records */
	bool young;              /* as its batch was */
	bool untimed;            /* of a producer with an id: its greatest time is -1, which an answer to a copy may tell */
	bool contended;          /* when it was placed, something else with its sequence was, or may be, stored, … */
	bool contended_untimed;  /* … and may be untimed */
	bool elsewhere;          /* settled, perhaps in another topic of that name: the log of the name is being read, … */
	bool found_is_ours;      /* … which is this topic's now: what isn't found there is in another */
	int64_t sure_ns;         /* settled: what is asked of its topic from then on tells; 0: it is this topic's */
	bool unwritten;          /* that it is settled could not be put there */

	struct who *who;
	int64_t producer_id;
	int16_t producer_epoch;
	int32_t base_sequence;
	int32_t count;

	enum chains_time time; /* what the leaves are bound to; unknown: both were made */
	_Atomic enum header_mode mode; /* until it is forwarded HEADERS_FULL */
	uint8_t digest[32]; /* of all leaves: is a retry the same? */
	struct member *members;

	int64_t base_offset; /* once settled */
	uint64_t settled;    /* the how manieth of its chain */
	int64_t append_ms;
	struct placement *rival; /* same sequence, other content, placed before; or NULL.  And so on, a few */

	bool transactional; /* from the start on, which may be read without the mutex */
	enum placement_txn txn;
	struct link in_txn; /* txns.c, … */
	bool takes_part;    /* … if so */
	bool passed;        /* … and another's end passed behind it */
	bool asked;         /* for its end the log is, … */
	unsigned tries;     /* … and was so often, */
	int64_t ask_ns;     /* … and will be then */
	unsigned failed;    /* … and could not be read so often, one time behind another */
	struct link in_asked;
	bool shares_epoch;  /* its transaction, with others (before Produce 12) */
	uint64_t txn_ticket;
	uint64_t txn_stored; /* the ticket that it got when its place was known; 0: it has none yet */

	struct link in_producer; /* retries.c */
	struct retries_producer *producer;

	size_t unstated; /* spans that no statement lists yet */
	size_t unfinished; /* spans whose statement isn't final yet */
	size_t span_count;
	struct rewrite_span *windows; /* the same spans as the rewriting takes them */
	struct span span[];
};

/* With one reference, no members and zeroed spans; NULL: no memory. */
struct placement *placement_new(struct chain *chain, const struct chains_batch *b, size_t spans) MUSTCHECK;
void placement_ref(struct placement *p);
void placement_unref(struct placement *p); /* under the chain's mutex; NULL is fine */

/* An attempt's answer was lost, and no other tells what became of it. */
bool placement_is_doubtful(const struct placement *p);

/* Sets `untimed`, as its members are there. */
void placement_note_time(struct placement *p);

/* So many batches with the sequence of another may tell something of it. */
#define PLACEMENT_RIVALS_MAX 8

/* Forgets its rivals that tell nothing any more: given up or duplicates.  Returns how many are left. */
size_t placement_forget_rivals(struct placement *p);

/* Forgets the oldest whose statements are final.  False: there is none. */
bool placement_forget_final_rival(struct placement *p);

/* One batch taken twice, since its retry was not known as one: a sequence of one producer. */
bool placement_is_same(const struct placement *a, const struct placement *b);

#endif
