/*
 * vigil: one partition, judged from an offset on for as long as it is ours, as records and statements come.
 *
 *   vigil_step … ─► what was found between two offsets ─► (told, and noted down) ─► vigil_done ─► vigil_step …
 *
 * A stretch of records is read, the ledger is asked about it, and what it can be judged by then is judged: what waits
 * for its statement is looked at again, until patience ends.  Nothing is passed over: what one step doesn't judge the
 * next one does.  For one thread, which has a consumer; memory is bounded by a stretch and its windows.
 */
#ifndef VERIFY_VIGIL_H
#define VERIFY_VIGIL_H

#include "rdkafka/consumer.h"
#include "verify/join.h"
#include "verify/ledger.h"
#include "verify/topic.h"

enum { VIGIL_RUNS_MAX = 1 << 17 };

struct vigil_conf { /* borrowed */
	struct ledger *ledger;
	struct consumer *consumer; /* reads what is not committed too */
	const struct policy *policy;
	const char *cluster_id;
	const char *dbom_topic; /* what headers may call where the statements are: one, or several with commas between */
	int64_t wait_ms; /* for a record's statement */
	size_t runs_max; /* findings at once; 0: VIGIL_RUNS_MAX */
	/*
	 * For each record that is read; may be NULL.  0; ERR_LIMIT: what is read for the first time is enough for now; else the
	 * step ends with it.
	 */
	int (*tick)(void *arg);
	void *arg;
};

struct vigil_run { /* findings of the same kind at offsets that follow each other */
	struct finding f; /* its `why` and issuer live until vigil_done() */
	int64_t last_offset;
};

struct vigil_window { /* what became of a window that has members in the range */
	const struct statement *statement;
	const uint8_t *sha256; /* of its bytes */
	const char *issuer;
	bool part;  /* it has other members, too: told with other ranges */
	bool with[WINDOW_FINDINGS]; /* of the window as a whole: with the range that has its last member */
	uint64_t members[WINDOW_FINDINGS];
	uint64_t verdicts[VERDICT_COUNT]; /* of records that it decided about */
};

struct vigil_found {
	int64_t from, to;  /* what was judged */
	int64_t log_start;
	uint64_t unjudged; /* offsets from `from` on that are below log_start: retention was there first */
	int64_t high;      /* the log's end, as it was */
	int64_t newest_ms; /* the timestamp of the last record that was judged; -1: there is none */
	struct tally tally;
	const struct vigil_run *runs; /* violations, and what is pending, unattested, unjudged or has headers that nothing covers */
	size_t run_count;
	const struct vigil_window *windows; /* by their first offsets */
	size_t window_count;
};

struct vigil;

struct vigil_begin {
	struct topic_bound from; /* TOPIC_BOUND_NONE: where the log starts */
	bool judged;             /* everything below `from`, an offset, was: that it is gone is a finding */
};

/* topic_id: 22 characters, or empty.  0 or ERR_NOMEM. */
int vigil_new(const struct vigil_conf *conf, const char *topic, const char *topic_id, int32_t partition, bool compacted,
	      const struct vigil_begin *begin, struct vigil **ret) MUSTCHECK;
void vigil_free(struct vigil *v); /* NULL is fine */

/* Of how many records that are read and not judged it may keep where they are, STRETCH_RECORDS at most. */
void vigil_allow(struct vigil *v, size_t records);

/*
 * 0: *ret is valid until vigil_done(), or until it is stepped again (then it is judged anew).  ERR_NOT_NOW: there is
 * nothing (yet).  ERR_LIMIT, once: the ledger hasn't room for the statements about the next offset alone.  Else what a consumer fails
 * with; nothing is lost, and it may be stepped again.
 */
int vigil_step(struct vigil *v, int64_t now_ms, int64_t wall_ms, const struct vigil_found **ret) MUSTCHECK;
void vigil_done(struct vigil *v);
void vigil_forget(struct vigil *v); /* instead of that: it isn't done, and is judged anew; till then it takes no memory */

/* Everything below is judged, and done; -1: where it begins isn't known yet. */
int64_t vigil_at(const struct vigil *v);

/* Records that are there and not judged, as of the last step; -1: not known yet. */
int64_t vigil_lag(const struct vigil *v);

#endif
