/*
 * ledger: what the statement topics say about the offsets of a partition; found on demand, kept in bounded memory.
 *
 *   statement topics ── follow: from their end on ──►┐
 *                    ── find: by time, on demand ───►┴─► windows of a partition, by offset ─► who asks
 *
 * Safe from any thread; it reads on threads of its own, and whoever asks never waits.
 */
#ifndef VERIFY_LEDGER_H
#define VERIFY_LEDGER_H

#include "makoto/verdict.h"
#include "rdkafka/detour.h"
#include "verify/published.h"

struct ledger; /* opaque */

struct ledger_conf { /* all is copied but the detour and arg */
	const char *bootstrap;
	const char *const *props;  /* librdkafka properties: name, value, …, NULL; or NULL */
	struct detour *detour;     /* how brokers are reached; NULL: librdkafka dials them itself */
	const char *const *topics; /* the statement topics, all on that cluster; NULL-ended */
	struct slice cluster_id;   /* of the data, which may be another one; empty: it has none */
	size_t memory;             /* for statements, manifests, the index and what is read ahead; 0: LEDGER_MEMORY */
	int64_t pending_max_ms;    /* a statement may come so long after its records; 0: an hour */
	/* Of a statement that is UNVERIFIED or UNSIGNED, with its by_known_key; on two threads.  0 or ERR_NOMEM. */
	int (*trusts)(void *arg, struct published *p, enum verdict_trust *ret);
	void *arg;
};

enum { LEDGER_MEMORY = 64 * 1024 * 1024, LEDGER_MEMORY_MIN = 4 * 1024 * 1024, LEDGER_WAIT_MAX_MS = 10000 };

struct ledger_window { /* read only, counted by the ledger */
	struct verdict_window w; /* first.  manifest: a right one, or p == NULL.  trust: TRUST_NONE too, to tell why */
};

/* A window that a record's last triple names. */
struct ledger_name {
	struct chain_id chain;
	uint64_t window_id;
};

struct ledger_want {
	struct slice topic;
	struct slice topic_id;       /* 22 characters; empty: the cluster has none */
	int32_t partition;
	int64_t from, to;            /* offsets from … to-1 */
	int64_t min_ms, max_ms;      /* of the records' timestamps: where in the statement topics to look */
	const struct ledger_name *names; /* what the records there name; may be empty */
	size_t name_count;
	bool holes;                  /* some of the offsets have no record: is a statement missing that would tell why? */
};

/* How a window hangs on its chain (docs/FORMAT.md, "Verdicts"), as far as that was read; only of statements that are signed. */
struct ledger_link {
	bool is_fork;     /* there is another statement for the same chain and window */
	bool is_broken;   /* the one before it isn't the one that it follows */
	/*
	 * Asked with `holes`: the statement that it follows isn't there, though an earlier one of the chain is, and all
	 * that stands between them in the statement topic was read.
	 */
	bool has_gap;
	int64_t gap_from; /* the first offset of that earlier one */
};

struct ledger_answer {
	/*
	 * Every trusted one that lists one of the offsets, or is named, or is the next one behind a named one that isn't
	 * stated; of the order of publication.  One that is named may be of another topic or partition.  Then those that are
	 * named and of which only statements that don't count were seen: chain and window id, TRUST_NONE, and by_known_key.
	 * Of those that are by no such key only the latest are known.
	 */
	const struct ledger_window *const *windows;
	size_t count;
	const struct ledger_link *links; /* of each of the windows; those of other partitions have none.  NULL: nothing is known of them */
	bool whole;   /* nothing more to be read about these offsets and names: what is not here now is not stated yet, or never */
	bool too_large; /* it will not be whole, for want of memory (of names, of what was read anew, and while many ask: for now), and what comes first is there */
	bool current; /* the followers are at the statement topics' ends (as of a moment ago) */
};

struct ledger_stats {
	uint64_t followed, found;  /* records read at the ends, and on demand */
	uint64_t seeks;            /* places that were read from */
	uint64_t full_reads;       /* searches that had to begin at the start of the topics */
	uint64_t kept, untrusted, unreadable;
	size_t index_bytes, window_bytes, windows; /* now */
	size_t waiting;            /* who asked and wasn't told yet, and what is still looked for */
	bool current;
	char why[256];             /* what is wrong with the statement topics' cluster; "": nothing, for half a second */
};

/* Connecting goes on behind.  0, ERR_CONFIG (a property is refused), ERR_NOMEM, ERR_IO; `why` says it in words. */
int ledger_new(const struct ledger_conf *conf, struct ledger **ret, char *why, size_t why_len) MUSTCHECK;
void ledger_free(struct ledger *l); /* every answer was released; NULL is fine */

/*
 * What is known now; starts reading what isn't.  Unless `notify` is NULL it is called once, on a thread of the ledger, when
 * more is known about this partition (a statement came in, a search ended), after LEDGER_WAIT_MAX_MS, or when the ledger
 * ends (on the thread that ends it).  0 or ERR_NOMEM (notify is not called then).  Release with ledger_release().
 */
int ledger_ask(struct ledger *l, const struct ledger_want *want, void (*notify)(void *arg), void *arg,
	       struct ledger_answer *ret) MUSTCHECK;
void ledger_release(struct ledger *l, struct ledger_answer *a);

/* Whom to trust changed: all is read and judged anew. */
void ledger_trust_changed(struct ledger *l);

void ledger_stats(struct ledger *l, struct ledger_stats *ret);

#endif
