/*
 * chains: every chain of this instance, and the placing and settling of batches.
 *
 *   reactor   chains_place ─► (rewrite, no lock) ─► chains_write ─► chains_commit ─► chains_send ─► broker ─► chains_settle
 *                                  └─► chains_withdraw ◄┘            once for many                            chains_lost
 *   sealer    chains_turn ─► a complete window ─► (build, sign, journal) ─► chains_stated
 *             chains_turn ─► its statement     ─► (publish)              ─► chains_published
 *
 * Safe from any thread.  A chain's mutex is held to place and settle, never across
 * I/O, hashing or compression.
 */
#ifndef ATTEST_CHAINS_H
#define ATTEST_CHAINS_H

#include "attest/answers.h"
#include "attest/head.h"
#include "attest/rewrite.h"
#include "attest/settings.h"
#include "attest/who.h"

struct chains;
struct chain;     /* attest/chain.h, for this room only; likewise the next two */
struct placement;
struct window;
struct outgoing;
struct turns;
struct txns_end;
struct journal;

enum chains_time { CHAINS_TIME_UNKNOWN, CHAINS_TIME_CREATE, CHAINS_TIME_APPEND };

/* One client batch for one partition. */
struct chains_batch {
	struct slice topic;
	const uint8_t *topic_id; /* 16 bytes, or NULL where the cluster has none */
	int32_t partition;
	int32_t count;       /* records, > 0 */
	int64_t producer_id; /* -1: neither idempotent nor transactional */
	int16_t producer_epoch;
	int32_t base_sequence;
	bool transactional;
	bool shares_epoch; /* transactions of its client have none of their own: Produce before version 12 (KIP-890) */
	struct slice transactional_id;
	enum chains_time time; /* the topic's timestamp type, as far as it is known */
	struct who *who;       /* borrowed; NULL: not told */
	bool young;            /* the name was another topic's a moment ago: the leader may not know better yet */
	bool fresh;            /* chains_write() said that it is no retry */
};

/* The right to send a batch once.  Ends with one withdraw, settle or lost, or a failed write. */
struct attempt {
	struct chains *chains;
	struct placement *placement;
	struct member *members; /* one per record, zeroed, for the rewriting to fill */
	bool retry;             /* seen before: same windows, and the mode is given */
	enum chains_time time;  /* what leaves are bound to; unknown: make both */
	bool by_id;             /* the caller's to say: its answer names the topic's id, and means no other of that name */
	struct slice transactional_id; /* the batch's, until it is sent */
	/* chains_write()'s: */
	enum header_mode mode;
	uint8_t digest[32]; /* of all leaves */
	bool out;           /* it is sent: now it ends with settle or lost */
};

enum chains_outcome {
	CHAINS_STORED,    /* its records are settled */
	CHAINS_KNOWN,     /* stored, as we knew from another attempt */
	CHAINS_REFUSED,   /* not stored */
	CHAINS_OPEN,      /* stored or not; a retry or time will tell */
	CHAINS_UNFIT,     /* stored under a timestamp type that its leaves aren't bound to; given up */
	CHAINS_DUPLICATE, /* the broker had that sequence from a batch that isn't ours */
};

struct chains *chains_new(struct settings *settings) MUSTCHECK;
void chains_free(struct chains *c);

struct who_table *chains_who(struct chains *c);
struct settings *chains_settings(struct chains *c); /* a reference of the caller's own */
void chains_set_settings(struct chains *c, struct settings *s);

/* Once the cluster was asked; chains_place() gives ERR_NOT_NOW before.  Empty where the cluster has no id.  0 or ERR_NOMEM. */
int chains_set_cluster(struct chains *c, struct slice cluster_id) MUSTCHECK;
bool chains_has_cluster(struct chains *c);
void chains_cluster(struct chains *c, char *ret, size_t len); /* its text, "" while it isn't known */

/*
 * Takes the batch into its chain's open window (and the next ones), or finds that it
 * was sent before.  ERR_LIMIT: too much is unpublished.  ERR_EXISTS: it overtook its
 * own first attempt, or its sequence was sent with too many other contents.  ERR_NOT_NOW:
 * stopping, or the cluster isn't known.  ERR_NOMEM.
 */
int chains_place(struct chains *c, const struct chains_batch *b, struct attempt *ret) MUSTCHECK;

/* For the rewriting: the chain's id; the windows of the records in order; the mode that a retry must keep. */
const struct chain_id *chains_id_of(const struct attempt *a);
const struct rewrite_span *chains_windows_of(const struct attempt *a, size_t *ret_count);
enum header_mode chains_mode_of(const struct attempt *a);

/*
 * The attempt is about to go out with these members: they are put into the journal, which a
 * retry needn't, so that it counts as sent at once.  On failure the attempt is over.
 * ERR_NOT_NOW: it is no retry after all (other content): place it again, as fresh.
 * ERR_LIMIT, ERR_IO: the journal is full, or can't be written.  ERR_NOMEM.
 */
int chains_write(struct attempt *a, enum header_mode mode) MUSTCHECK;

/* All that was put is written, or on disk (state.sync): before any of it is sent.  0 or ERR_IO: it is not. */
int chains_commit(struct chains *c) MUSTCHECK;

void chains_send(struct attempt *a);
void chains_withdraw(struct attempt *a); /* it does not go out */
enum chains_outcome chains_settle(struct attempt *a, const struct answer *answer);
void chains_lost(struct attempt *a); /* its answer will not be seen */

/* The highest offset that an answer has told of the attempt's partition; -1: none yet.  While the attempt lasts. */
int64_t chains_reach(const struct attempt *a);

/*
 * Transactions (attest/txns.h): the mark is taken when EndTxn goes out.  waits: it shouldn't yet, since an earlier run
 * left some open, and whether they are this cluster's isn't known.  fenced, by the transactional id's being initialised
 * anew: how those ended the log tells, or nobody.
 */
bool chains_txn_waits(struct chains *c);
uint64_t chains_txn_mark(struct chains *c);
void chains_txn_ending(struct chains *c, int64_t producer_id);
void chains_txn_out(struct chains *c, int64_t producer_id, int16_t epoch); /* before version 5; then */
void chains_txn_in(struct chains *c, int64_t producer_id, int16_t epoch, bool lost);
void chains_txn_ended(struct chains *c, int64_t producer_id, const struct txns_end *end, bool committed);
void chains_txn_fenced(struct chains *c, struct slice transactional_id, uint64_t mark);

/* A broker gave that producer its id, or the next epoch (attest/issued.h). */
void chains_issued(struct chains *c, int64_t producer_id, int16_t epoch);

/* The topic with this id is gone: its chains' windows close. */
void chains_topic_gone(struct chains *c, struct slice topic, const uint8_t topic_id[16]);

/* Nothing is placed any more; every window closes (shutdown) and waits for nothing. */
void chains_stop(struct chains *c);

/* --- for the sealer's thread --------------------------------------------------- */

struct turns *chains_turns(struct chains *c);

/*
 * A chain whose oldest window is complete, with that window, or whose oldest statement may be sent,
 * with that (ret_out NULL: nobody sends), or both; NULL: none now, *ret_wait_ms as poll() takes it.
 */
struct chain *chains_turn(struct chains *c, struct window **ret_window, struct outgoing **ret_out, int *ret_wait_ms);

/* The bytes that stand for `window` are final (its tree's root, their SHA-256); `out`, now the chain's, is to be published. */
void chains_stated(struct chain *chain, struct window *window, const uint8_t root[32], const uint8_t statement[32],
		   size_t ended_told, struct outgoing *out);

/* It is.  `out` is gone. */
void chains_published(struct chain *chain, struct outgoing *out);

/* From here on lost outcomes are looked for (attest/chains_look.h).  Before anything is placed.  0 or ERR_NOMEM. */
int chains_read_back(struct chains *c) MUSTCHECK;

/* Likewise, what is settled by a topic's name waits until the cluster tells whose name it is (attest/chains_sure.h). */
int chains_sure_begin(struct chains *c) MUSTCHECK;

/* --- heads, at start and stop --------------------------------------------------- */

struct heads; /* attest/heads.h */

/* What earlier runs left; chains that begin take their head from it.  Takes it over. */
void chains_heads_restore(struct chains *c, struct heads *heads);

/* Every chain's head.  ERR_NOT_NOW when a window isn't published: the journal has it. */
int chains_heads_save(struct chains *c, struct heads *ret) MUSTCHECK;

/* --- the journal (attest/journal.h) ------------------------------------------------ */

/*
 * What earlier runs left goes on: chains whose windows are unfinished begin at once when their cluster
 * is known, the others' heads wait for a first batch.  Everything that still matters is written anew, so
 * that the old segments can go.  `r` is emptied.  0, ERR_IO, ERR_NOMEM.
 */
struct recovery;   /* attest/recovery.h */
struct collectors; /* attest/collectors.h */
int chains_journal_begin(struct chains *c, struct journal *j, struct recovery *r) MUSTCHECK;

/*
 * Before that, where the names are known that earlier runs had: windows that one of them left go on under its own, and that
 * name is used anew in `names` (the caller's, who keeps them until then).  ERR_CONFIG is possible, too: of one no
 * name fits; those that do, the settings' among them, are used all the same, and are to be kept.
 */
void chains_journal_names(struct chains *c, struct collectors *names);

/*
 * Lets the journal drop what is old, and writes anew what is in the way of that, so much as is soon done; the
 * sealer's, now and then.  True: there is more to do.
 */
bool chains_journal_tidy(struct chains *c);

/* For /status and metrics. */
struct chains_numbers {
	size_t chains;
	size_t windows;
	size_t waiting;          /* of an earlier run, in the journal: their cluster was not reached, or is another */
	int64_t backlog;         /* members without a statement, which memory holds, … */
	int64_t unpublished;     /* … and those whose statement isn't published */
	int64_t oldest_closed_ms; /* age of the oldest window that is closed and not published; 0: none */
};
void chains_count(struct chains *c, struct chains_numbers *ret);

#endif
