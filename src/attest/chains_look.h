/*
 * chains_look: what the chains want to know of the log and of the statement topic, for who reads
 * them (attest/readback.h).
 */
#ifndef ATTEST_CHAINS_LOOK_H
#define ATTEST_CHAINS_LOOK_H

#include "attest/chain_look.h"
#include "attest/chains.h"

struct turns *chains_looks(struct chains *c);

/* A batch whose transaction's end the log is asked for; holds a reference. */
struct end_asked {
	struct placement *placement;
	int64_t producer_id;
	int16_t producer_epoch;
	int64_t base_offset;
	int32_t count;
	uint64_t first_window, last_window; /* that its records name; 0: not known, of a run in a head */
	enum { END_NOT_YET, END_UNKNOWN, END_ABORTED, END_COMMITTED } told; /* unknown: the log won't tell */
	bool failed; /* not yet, as it could not be read where it stands */
};

/* What one chain wants to know. */
struct look {
	struct chain *chain;
	const char *topic; /* the chain's, which stays */
	int32_t partition;
	const struct chain_id *id;
	struct doubt *doubts; /* room for LOOK_MAX, the caller's */
	size_t count;
	int64_t from; /* of the log */
	struct end_asked *ends; /* likewise */
	size_t end_count;
	bool restated; /* is its oldest statement in the statement topic? */
	uint64_t window;
	int32_t dbom_partition;
	int64_t since_ms;
	uint8_t value_sha256[32], statement_sha256[32]; /* of the record's value, and of the statement in it */
};
enum { LOOK_MAX = 64 };

/* One that is due, *ret having room for doubts and ends: true; end it with chains_look_end().  False: none now, *ret_wait_ms as poll() takes it. */
bool chains_look(struct chains *c, struct look *ret, int *ret_wait_ms);

/* Does the place that begins there have another batch than this one of the look's?  As found_taken (attest/found.h); `look` is a struct look. */
int64_t chains_look_taken(void *look, const struct doubt *d, int64_t base_offset);

/* `read`: the log was, for doubts; `known`: the statement topic was, and the statement is `there`; `told`: so are ends, if only not yet, but for those that failed. */
void chains_look_end(struct chains *c, struct look *l, bool read, bool known, bool there, bool told);

#endif
