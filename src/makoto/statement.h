/*
 * statement: the in-toto Statement about one window (docs/FORMAT.md, "Statement").
 *
 * Who writes one fills a struct and keeps the bytes that its slices point to; one that
 * was read owns them until statement_free().  Slices with p == NULL are absent.
 */
#ifndef MAKOTO_STATEMENT_H
#define MAKOTO_STATEMENT_H

#include "base/wr.h"
#include "makoto/chain.h"
#include "makoto/manifest.h"

#define STATEMENT_PAYLOAD_TYPE "application/vnd.in-toto+json"

enum close_reason {
	CLOSE_RECORDS,
	CLOSE_AGE,
	CLOSE_SHUTDOWN,
	CLOSE_ROTATION,
	CLOSE_TIMESTAMP_TYPE,
	CLOSE_TOPIC_DELETED,
	CLOSE_RECOVERED,
	CLOSE_REASONS
};

struct run { /* offsets first … first + count - 1 */
	int64_t first;
	int64_t count;
};

struct runs {
	struct run *list;
	size_t count;
};

struct resolved_run {
	struct run run;
	bool committed;
};

struct statement_producer {
	struct slice client_id;
	struct slice software_name, software_version, principal;
	uint64_t records;
};

struct statement_claim {
	struct slice name, text;
};

enum { STATEMENT_PRODUCERS_MAX = 65 }; /* 64, and one for the rest */
enum { STATEMENT_MEMBERS_MAX = 1 << 20 }; /* a reader has memory for each of them, whoever wrote it */

struct statement {
	struct slice collector_id, collector_version, location;
	int level; /* 1, 2, 3 */
	struct slice *level_gaps;
	size_t level_gap_count;

	struct slice cluster_id, topic, topic_id; /* empty where the cluster has none */
	struct slice source;                      /* host:port of the first bootstrap server */
	int32_t partition;
	uint8_t instance[INSTANCE_LEN];
	struct chain_id chain;
	uint64_t window_id, empty_before;
	enum close_reason reason;
	int64_t max_age_ms;
	int64_t opened_ms, closed_ms, settled_ms;

	enum manifest_kind manifest;
	uint8_t manifest_sha256[SHA256_LEN];
	uint8_t root[SHA256_LEN];
	uint64_t leaf_count;
	int64_t first_offset, last_offset;
	uint8_t first_leaf[LEAF_LEN], last_leaf[LEAF_LEN];
	struct runs ranges, aborted, open;
	struct resolved_run *resolved;
	size_t resolved_count;
	bool log_append; /* timestamp type */
	bool recovered;
	uint64_t unresolved;

	uint64_t value_bytes;
	int64_t min_timestamp, max_timestamp; /* both are left out when one is outside 1970 to 9999 */

	struct statement_producer *producers;
	size_t producer_count;
	struct statement_claim *claims;
	size_t claim_count;
	struct slice signing_key_id, signing_key_uri;

	uint64_t chain_length;
	uint64_t genesis_window; /* window id of the first statement */
	uint64_t previous_window; /* 0: this is the first; the next two mean nothing */
	uint8_t previous_root[SHA256_LEN];
	uint8_t previous_statement[SHA256_LEN];

	bool follows; /* previousChain, in a first statement only */
	struct chain_id follows_chain;
	uint64_t follows_window;
	uint8_t follows_statement[SHA256_LEN];

	void *owned; /* of a statement that was read */
};

const char *close_reason_name(enum close_reason r);

/* Appends the exact bytes.  Text that is no UTF-8 gets U+FFFD in its place.  0 or the writer's error. */
int statement_write(const struct statement *s, struct wr *w) MUSTCHECK;

/*
 * Reads one, checks that it is of this format and doesn't contradict itself; unknown
 * metadata is ignored.  0, ERR_MALFORMED, ERR_UNSUPPORTED (another format), ERR_NOMEM.
 */
int statement_read(struct slice json, struct statement **ret) MUSTCHECK;
/* Likewise one that our own journal has, of whatever chain it says that it is: nobody may take that for granted. */
int statement_read_own(struct slice json, struct statement **ret) MUSTCHECK;
void statement_free(struct statement *s); /* only of statement_read(); NULL is fine */

/* Is `offset` in one of the ascending runs?  *ret_index counts the offsets before it. */
bool runs_find(const struct runs *r, int64_t offset, uint64_t *ret_index);
/* Behind the run that has the offset; the offset itself: none has. */
int64_t runs_behind(const struct runs *r, int64_t offset);

#endif
