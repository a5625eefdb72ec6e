/*
 * verdict: what the statements say about the records of one topic-partition
 * (docs/FORMAT.md, "Verdicts"); pure, fed by who reads both.
 *
 *   verdicts_new ─► verdicts_window … ─► verdicts_begin ─► verdicts_record … ─► verdicts_end
 *                   every statement, in the order of publication          in ascending offset
 *
 * Findings come through the callbacks, most at once, some (duplicates, windows without
 * a manifest) when the window or the partition is at its end.  Memory: the windows, a
 * byte for each member, and what is still to be decided.
 */
#ifndef MAKOTO_VERDICT_H
#define MAKOTO_VERDICT_H

#include "makoto/statement.h"
#include "makoto/triple.h"

enum verdict {
	VERDICT_VERIFIED,
	VERDICT_UNSIGNED, /* as verified, by an accepted statement of level 1 */
	VERDICT_VERIFIED_CONTENT,
	VERDICT_PENDING,
	VERDICT_UNATTESTED,
	VERDICT_DUPLICATE,
	VERDICT_MISPLACED,
	VERDICT_ALTERED,
	VERDICT_UNTRUSTED,
	VERDICT_FORGED_HEADER,
	VERDICT_COUNT
};

enum window_finding {
	WINDOW_COMPLETE,  /* every member is there (or its absence has a reason) */
	WINDOW_RETENTION, /* a member's place is below the log's start */
	WINDOW_ABORTED,   /* a member of an aborted transaction, hidden by read_committed */
	WINDOW_COMPACTED, /* a later record has its key, or it was a tombstone, or was aborted; on a compacted topic */
	WINDOW_MISSING,   /* a member is gone without a reason */
	WINDOW_OFFSET_REUSED, /* another record is in its place */
	WINDOW_MANIFEST_MISSING,
	WINDOW_GAP,
	WINDOW_FORK,
	WINDOW_BREAK,
	/* Never of verdicts: of a verifier that remembers what it saw (verify/recall.h). */
	WINDOW_TRUNCATED,    /* a statement that was seen is gone */
	WINDOW_REPLACED,     /* another is in its place */
	WINDOW_RECORDS_GONE, /* the log ends before records that were seen stated, or its topic is gone */
	WINDOW_HOP_CHANGED,  /* of one that looks at earlier hops (verify/hops.h): a record isn't what was attested there */
	WINDOW_FINDINGS
};

enum verdict_trust { TRUST_SIGNED, TRUST_UNSIGNED /* accepted */, TRUST_NONE };

/* A statement of this cluster, topic (id) and partition.  All is borrowed until verdicts_free(). */
struct verdict_window {
	const struct statement *statement;
	enum verdict_trust trust;
	uint8_t sha256[SHA256_LEN]; /* of the statement's bytes */
	struct slice manifest;      /* the header's bytes; p == NULL: none */
	bool checked;               /* whoever gives it made sure that the manifest is right */
	const char *issuer;         /* whose it is; "" or NULL: nobody's by name */
	const char *keyid;          /* of the key that signed it, which stays; NULL: none did, or it isn't told */
	const char *why;            /* TRUST_NONE: why, a text that stays; or NULL */
	bool by_known_key;          /* TRUST_NONE: a key that the policy knows signed it; else anybody may have written it */
	/*
	 * On a mirror: a bit for each member, set when a copy of it was met; who gives it keeps it for as long as
	 * there are records.  NULL: this instance alone remembers them.
	 */
	uint8_t *met;
};

struct verdict_hashes { /* what was expected and what was found, where hashes tell them apart */
	const char *of;                 /* "leaf", "root", "manifest", "statement": a text that stays */
	const uint8_t *expected, *found; /* SHA256_LEN bytes each; NULL: it is not known, or there is none */
};

struct verdict_record {
	int64_t offset;
	int64_t timestamp;
	struct slice key, value; /* p == NULL: null */
	const struct header *headers;
	size_t header_count;
};

struct verdict_options {
	struct slice dbom_topic; /* one, or several names with commas between: what a header may tell */
	int64_t now_ms;
	int64_t pending_max_ms;
	int64_t log_start;    /* the first offset that the log may hold */
	int64_t from, to;     /* only members in [from, to) are looked for */
	bool read_committed;  /* the records of aborted transactions are not read */
	bool mirror;          /* these windows are of a topic that the records' topic mirrors: content verdicts suffice */
	/*
	 * Statements that count may still come: one that doesn't, which anybody can write, makes no record untrusted
	 * that wouldn't be unattested without it.
	 */
	bool live;
	/* Records that no statement vouches for may be seen: then what anybody may have written makes none untrusted. */
	bool unattested_allowed;
	bool compacted;       /* the topic's cleanup policy: else no member is gone by compaction */
	void *arg;
	/* `why` is a text; w is the window that decided, or NULL; of what is PENDING, the one that will make it untrusted. */
	void (*record)(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w);
	/*
	 * May be NULL.  Told before `record`, of the same offset: so many headers, more than none, stand
	 * behind what the leaf covers (the window's own triple not counted).  Anybody may have put them there.
	 */
	void (*behind)(void *arg, int64_t offset, size_t headers);
	/* May be NULL.  Told before `record` or `window`, of the same violation. */
	void (*hashes)(void *arg, const struct verdict_hashes *h);
	/*
	 * May be NULL: missing.  A place that holds no record, and nothing that is known here says why: what it
	 * is, and *ret_why in words.  `open`: no statement tells how the member's transaction ended.
	 */
	enum window_finding (*absent)(void *arg, const struct verdict_window *w, int64_t offset, bool open,
				      const char **ret_why);
	/* offset -1: about the window as a whole. */
	void (*window)(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why);
};

struct verdicts; /* opaque */

struct verdicts *verdicts_new(const struct verdict_options *o) MUSTCHECK; /* NULL: no memory */
void verdicts_free(struct verdicts *v);                                   /* NULL is fine */
int verdicts_window(struct verdicts *v, const struct verdict_window *w) MUSTCHECK; /* 0 or ERR_NOMEM */
int verdicts_begin(struct verdicts *v) MUSTCHECK;                                  /* chains and forks are told */
int verdicts_record(struct verdicts *v, const struct verdict_record *r) MUSTCHECK; /* 0 or ERR_NOMEM */
/* The same with the value's SHA-256, where several instances are given one record; NULL: it is null. */
int verdicts_record_hashed(struct verdicts *v, const struct verdict_record *r, const uint8_t value_hash[SHA256_LEN]) MUSTCHECK;
int verdicts_end(struct verdicts *v) MUSTCHECK;                                    /* 0 or ERR_NOMEM */

const char *verdict_name(enum verdict v);
const char *window_finding_name(enum window_finding f);
bool verdict_is_violation(enum verdict v);
bool window_finding_is_violation(enum window_finding f);

#endif
