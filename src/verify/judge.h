/*
 * judge: what a consumer may see of one partition's records in a Fetch answer.
 *
 *   judge_open: whole batches, what to ask the ledger ─► judge_run: its answer ─► for each batch PASS, WAIT or STOP
 *
 * Every offset from the fetched one to the last batch's end is accounted for, with or without headers: a
 * member that is gone stops the batch behind it, and so do offsets without a record where a window of a chain is withheld.  Batches before the first that doesn't pass may go on; where there
 * is no order, all that pass.
 * What waits may pass later; what stops may, too, should a statement come that lists it.  Belongs to one
 * thread; does no I/O.
 */
#ifndef VERIFY_JUDGE_H
#define VERIFY_JUDGE_H

#include "verify/ledger.h"

/* So many windows are asked for at once; what names others waits. */
enum { JUDGE_NAMES_MAX = 1024 };

enum judge_end { JUDGE_PASS, JUDGE_WAIT, JUDGE_STOP };

struct judge_policy {
	bool deny_unattested;   /* else what no statement speaks of passes */
	/* Does the records' topic mirror that one?  Then content verdicts suffice.  NULL: it mirrors none. */
	bool (*mirrors)(void *arg, struct slice topic, struct slice of_cluster, struct slice of_topic);
	void *arg;
	bool pass_pending;      /* what waited for too long is unattested; else it waits on */
};

struct judge_case { /* borrowed until judge_close() */
	struct slice topic, topic_id, cluster_id, dbom_topic; /* topic_id: 22 characters, or empty; dbom_topic: as verdict.h's */
	int32_t partition;
	bool unordered;        /* what is behind one that waits may go on before it does */
	bool compacted;        /* cleanup.policy: cleaned records are not missing */
	struct slice records;  /* as they stand in the answer */
	int64_t fetch_offset;
	int64_t log_start;     /* -1: not told */
	int64_t waited_to;     /* what is before this offset waited for too long; -1: nothing did */
	int64_t now_ms, pending_max_ms;
	struct judge_policy policy;
};

struct judge_batch {
	struct slice bytes;
	int64_t base, last; /* offsets */
	enum judge_end end;
	enum judge_end of_records; /* what it would be if nothing were wrong with windows: no member missing, no chain broken */
	uint32_t counts[VERDICT_COUNT]; /* of its records from the fetched offset on */
	uint32_t missing, reused;       /* members in or before it */
	uint32_t gaps;                  /* stretches in or before it without a record, where a withheld window belongs */
	uint32_t forks, breaks;         /* windows that are so, whose first record that the client takes is in it */
	/* The first that waits or stops: a record, or what is found about a window. */
	int64_t offset;
	enum window_finding finding; /* WINDOW_COMPLETE: it is the record's verdict */
	enum verdict verdict;
	const char *why;
	bool has_window;
	struct chain_id chain;
	uint64_t window_id;
};

struct judge; /* opaque */

/* A batch is decompressed to at most max_plain bytes; one that needs more can't be read.  NULL: no memory. */
struct judge *judge_new(size_t max_plain) MUSTCHECK;
void judge_free(struct judge *j); /* NULL is fine */

/* *ret_want is what to ask; no whole batch: its `from` equals its `to`.  0 or ERR_NOMEM. */
int judge_open(struct judge *j, const struct judge_case *c, struct ledger_want *ret_want) MUSTCHECK;

/*
 * May be called again with another answer.  But for unordered, batches behind one that waits may be left unread: they
 * wait.  *ret_names: windows that records name and the answer hasn't, to ask again with, JUDGE_NAMES_MAX at most.  0 or ERR_NOMEM.
 */
int judge_run(struct judge *j, const struct ledger_answer *a, const struct ledger_name **ret_names,
	      size_t *ret_count) MUSTCHECK;

const struct judge_batch *judge_batches(const struct judge *j, size_t *ret_count);
void judge_close(struct judge *j); /* forgets the case, keeps the buffers */

#endif
