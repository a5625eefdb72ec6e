/*
 * chain: the windows that this instance makes for one topic-partition.  Private to
 * attest/; chains.c locks, these functions are called with the chain's mutex held.
 *
 *   head ─► [window 7: sealing] [8: complete] [9: awaits an answer] [10: open]
 *            oldest; leaves when its statement is published           takes records
 */
#ifndef ATTEST_CHAIN_H
#define ATTEST_CHAIN_H

#include <pthread.h>

#include "attest/covered.h"
#include "attest/head.h"
#include "attest/journal.h"
#include "attest/retries.h"
#include "attest/turns.h"
#include "attest/txns.h"
#include "attest/who.h"
#include "attest/window.h"
#include "base/rate.h"

/* What all chains share. */
struct chain_shared {
	struct turns *turns;
	struct turns *looks;     /* chains whose log has to be read back; NULL: nobody reads */
	struct turns *sures;     /* chains whose topic's id is to be asked for; NULL: nobody asks.  Takes looks, too */
	struct txns *txns;
	struct who_table *who;
	struct issued *issued;
	struct journal *journal; /* NULL: none */
	_Atomic uint32_t next_chain; /* their last numbers in the journal */
	_Atomic uint64_t next_batch;
	_Atomic int64_t backlog;  /* members placed whose statement isn't final … */
	_Atomic int64_t batches;  /* … and their placements, which take memory, too */
	_Atomic int64_t outgoing; /* bytes of statements in memory */
	_Atomic bool stopping;    /* nothing is placed, nothing is waited for */
};

/* What is told of a chain to whoever watches; nothing else depends on it. */
struct chain_glance {
	int64_t attested, left_out; /* records since the start: taken, and of these or others without an outcome */
	struct rate rate;           /* of those taken */
	uint64_t window;            /* the one whose statement was published last, … */
	int64_t records;            /* … of how many records it is, … */
	int64_t published_ms;       /* … and when; 0: none was yet */
};

struct chain {
	pthread_mutex_t lock;
	struct chain_shared *shared;
	char *topic;
	bool has_topic_id;
	uint8_t topic_id[16];
	int32_t partition;
	size_t topic_number; /* among the names that chains are of, from 0 */
	struct chain_id id;
	char *collector_id; /* whose name the id is made with; NULL: the settings' */

	struct head head;
	struct list windows;   /* oldest first; only the last may be open */
	struct window *open;   /* or NULL */
	struct retries retries;
	enum chains_time time; /* as answers showed it */
	int64_t high_offset;   /* highest acknowledged; -1: none yet */
	uint64_t settles;      /* placements settled so far */
	bool sealing;          /* the sealer has the oldest window */
	struct turn turn;
	struct turn look;
	struct turn sure;
	int64_t sure_ns; /* then the topic's name was still its own, as was asked then; 0: nobody told */
	bool gone;       /* since then it isn't, … */
	bool another;    /* … but that of a topic with this id, … */
	uint8_t another_id[16];
	bool lost;       /* … which has lost it, too: what is in its log nobody can read any more */
	struct monotime looked; /* when the last reading of the log began, … */
	struct monotime unread; /* … and the last of those that failed; 0: none did */
	struct monotime round;  /* what was hidden since then waits until all others were read for */
	bool waiting; /* of an earlier run: until the cluster is known, it has no turn */
	size_t saved_at; /* its entry, while heads are being saved */
	uint32_t number; /* in the journal */
	bool unwritten;  /* its CHAIN entry could not be put */
	struct journal_hold head_hold; /* of its last CHAIN entry */
	uint64_t head_length, head_next; /* what that one says, … */
	int64_t unresolved, head_unresolved; /* … and of how many records given up the entries beside it tell */
	struct list untold;   /* given up, and the journal didn't take that: the first span of each, with a reference */
	struct list outgoing; /* statements whose bytes are final, oldest first (attest/outgoing.h); the head is behind them */
	bool sending;         /* the sealer has the first of them */
	/* Nothing in a record without headers tells it from another copy: of the batches that went out so … */
	struct covered covered; /* … all that are settled, or were, */
	struct covered guessed; /* those that were found in the log, or may have been (attest/chain_guess.h), */
	struct covered freed;   /* and what of that an answer told better */
	int64_t vague;          /* below it, what is guessed may be unlike what is told: an earlier run's, or of a transaction */
	struct covered given;   /* of any batch: offsets that were told (attest/chain_given.h), … */
	struct covered again;   /* … and those that were anew; */
	bool disputed;          /* … and of one the log is asked whose they are */
	bool retold;            /* some are to leave that were told two places (attest/chain_retold.h) */
	struct taken *taken; /* of the reading that goes on: where settled batches are (attest/chain_taken.h); NULL: nobody asked */
	struct list asked; /* placements whose transaction's end the log is asked for: txns.c's, under its lock */
	struct chain_glance glance;
};

/*
 * Batches in a window, and ends told by a statement, at most: each may be a run of its own,
 * of some forty bytes, and the statement must fit into a record of the statement topic.
 */
#define CHAIN_RUNS_MAX 4096

/* A placement takes about as much memory as so many members. */
#define CHAIN_BATCH_WEIGHT 4

/* Now, on both clocks. */
struct chain_now {
	struct monotime mono;
	int64_t wall_ms;
};

struct chain *chain_new(struct chain_shared *shared, struct slice topic, const uint8_t *topic_id,
			int32_t partition, const struct chain_id *id) MUSTCHECK;
void chain_free(struct chain *c);
struct who_table *chain_who(const struct chain *c);

int chain_place(struct chain *c, const struct settings *set, const struct chains_batch *b, struct chain_now now,
		struct attempt *ret) MUSTCHECK;
int chain_forward(struct chain *c, struct attempt *a, enum header_mode mode, const uint8_t digest[32]) MUSTCHECK;
void chain_withdraw(struct chain *c, struct attempt *a);
enum chains_outcome chain_settle(struct chain *c, const struct settings *set, struct attempt *a,
				 const struct answer *answer, struct chain_now now);
void chain_lost(struct chain *c, const struct settings *set, struct attempt *a, struct chain_now now);
int chain_txn_ended(struct chain *c, struct placement *p, bool committed); /* 0, or ERR_NOMEM: no statement will tell it, as was logged */

/* Stops the open window, if there is one. */
void chain_close(struct chain *c, enum close_reason reason, struct chain_now now);

/*
 * The sealer's look at the chain: closes what is too old, gives up what was waited for
 * long enough, drops windows that ended empty.  Returns the oldest window when it is
 * complete and hands it over (chain_stated() takes it back), and in *ret_out the oldest
 * statement when it may be sent (chain_published() takes it back; ret_out NULL: nobody
 * sends).  Else a turn is booked for the next time that matters.
 */
struct window *chain_turn(struct chain *c, const struct settings *set, struct chain_now now, struct outgoing **ret_out);

/*
 * The statement about the window that the sealer has is final: the window goes, the next one
 * links to it, and `out` (the chain's from here on; NULL in tests) is what is left to publish.
 */
void chain_stated(struct chain *c, struct window *w, const uint8_t root[32], const uint8_t statement[32],
		  size_t ended_told, struct outgoing *out);

/* The statement that the sealer has is in the topic. */
void chain_published(struct chain *c, struct outgoing *out);

#endif
