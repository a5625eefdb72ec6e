/*
 * join: one partition's records against its statements; counts, and tells what is found.
 *
 *   join_new ─► join_range: what to read ─► join_record … ─► join_end
 *
 * Pure but for what the callbacks do.
 */
#ifndef VERIFY_JOIN_H
#define VERIFY_JOIN_H

#include "verify/elsewhere.h"
#include "verify/tally.h"

enum { JOIN_PENDING_MAX_MS = 60 * 60 * 1000 };

struct finding { /* about a record, or about a window or one of its members */
	bool about_record;
	enum verdict verdict;       /* about_record */
	enum window_finding window; /* else */
	int32_t partition;
	int64_t offset;  /* -1: the window as a whole */
	const char *why; /* "": nothing more to say */
	size_t headers_behind; /* about_record: so many headers that the window's leaf doesn't cover */
	size_t hop;         /* WINDOW_HOP_CHANGED: at which, the first is 1; else 0 */
	const char *issuer; /* whose the window's statement is; "": nobody's by name */
	bool has_window;
	struct chain_id chain;
	uint64_t window_id;
	/* For as long as it is told. */
	const struct verdict_window *stated; /* that window, where it is this partition's; or NULL */
	const struct verdict_hashes *hashes; /* of a violation; or NULL */
};

struct join_conf {
	struct elsewhere_conf elsewhere; /* all but partition, record, behind, hashes and record_arg */
	int32_t partition;
	int64_t from, to;  /* verdicts are wanted of offsets from … to-1 */
	int64_t log_start; /* the first offset that is there */
	int64_t log_end;
	bool read_committed;
	bool compacted;    /* the topic's cleanup policy */
	/* read_committed: is a record there that is not committed?  May be NULL. */
	int (*uncommitted)(void *arg, int64_t offset, bool *ret_there);
	void *uncommitted_arg;
	/* Verified records and complete windows included. */
	void (*found)(void *arg, const struct finding *f);
	void *arg;
};

struct join;

int join_new(const struct join_conf *conf, struct join **ret) MUSTCHECK; /* 0 or ERR_NOMEM */
void join_free(struct join *j);                                        /* NULL is fine */

/* The records to be read: more than was asked for where a verdict hangs on others. */
void join_range(const struct join *j, int64_t *ret_from, int64_t *ret_to);

/* In ascending offset.  0, or an error of memory or of a callback. */
int join_record(struct join *j, const struct verdict_record *r) MUSTCHECK;

/* log_start: as it is now; what was removed meanwhile by retention is not missing. */
int join_end(struct join *j, int64_t log_start) MUSTCHECK;

const struct tally *join_tally(const struct join *j);

#endif
