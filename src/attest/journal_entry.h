/*
 * journal_entry: what the journal says, entry by entry, as bytes (docs/STATE.md).
 *
 *   u32 length of what follows │ u8 kind │ u32 chain │ fields …
 *
 *   CHAIN     where a chain stands; its number stands for it in what follows and before
 *   BATCH     a batch that is about to go out: who sent it, its windows, every member
 *   SETTLED   it is stored, from this offset on
 *   LEFT      its records are no members: refused, or given up as unresolved
 *   ENDED     the transaction that the batch belongs to ended
 *   CLOSED    a window takes no more
 *   STATED    the exact bytes of a window's statement, before they are sent for the first time
 *   PUBLISHED the cluster has them
 *   TOLD      a broker said of a batch that it is stored, and perhaps meant another one: the log tells
 *   REOPENED  it is perhaps not stored where a SETTLED said: another copy of it is, or another answer told otherwise
 *   UNRESOLVED  so many records of a window are given up so far, whatever tells of their batches
 *
 * Pure: bytes in, bytes out.  What guards them is the block around them (attest/journal_file.h).
 */
#ifndef ATTEST_JOURNAL_ENTRY_H
#define ATTEST_JOURNAL_ENTRY_H

#include "attest/chains.h"
#include "attest/covered.h"
#include "attest/heads.h"
#include "makoto/statement.h"

enum journal_kind {
	JOURNAL_CHAIN = 1,
	JOURNAL_BATCH,
	JOURNAL_SETTLED,
	JOURNAL_LEFT,
	JOURNAL_ENDED,
	JOURNAL_CLOSED,
	JOURNAL_STATED,
	JOURNAL_PUBLISHED,
	JOURNAL_TOLD,
	JOURNAL_REOPENED,
	JOURNAL_UNRESOLVED,
};

struct journal_span {
	uint64_t window;
	int64_t start_ms; /* when the window was opened, wall clock */
	int32_t count;    /* records, > 0; together the batch's */
};

/* Slices and arrays are the caller's when written, the entry's when read: journal_entry_free(). */
struct journal_entry {
	enum journal_kind kind;
	struct slice raw; /* when read: its bytes … */
	uint64_t at;      /* … and where they are in the file; journal_read() */
	uint32_t chain; /* its number, in this journal; in every kind */
	uint64_t batch; /* BATCH, SETTLED, LEFT, TOLD, REOPENED, ENDED (0: one of an earlier run, known by base_offset): from 1 */

	struct heads_entry head; /* CHAIN */
	struct covered covered;  /* CHAIN: of it, what a batch that is looked for could be mistaken for */

	struct who who; /* BATCH, as far as count and members */
	int64_t producer_id;
	int16_t producer_epoch;
	int32_t base_sequence;
	bool transactional;
	bool young; /* chains_batch */
	bool contended, contended_untimed; /* the broker may have something else with its sequence; attest/placement.h */
	struct slice transactional_id;
	enum chains_time time; /* BATCH: what the leaves are bound to; SETTLED: the windows' */
	enum header_mode mode;
	uint8_t digest[32];
	int64_t reach; /* highest offset that an answer had told of the partition; -1: none */
	struct journal_span *spans; /* windows ascend */
	uint32_t span_count;
	struct member *members;
	int32_t count;

	int64_t base_offset; /* SETTLED, ENDED; TOLD: as the broker said; -1: not known */
	int64_t append_ms;   /* SETTLED */
	uint64_t settled;    /* SETTLED: the how manieth of its chain; 0: not told, the entries are in their order */
	bool given_up;       /* LEFT: counts as unresolved */
	bool committed;      /* ENDED */
	/* TOLD: of these, or that another run may have sent it (attest/placement.h). */
	bool copied, contested, claimed, disputed;
	bool claims; /* copied, of an older journal, whose entries don't tell what is claimed by that */

	uint64_t window;          /* CLOSED, STATED, PUBLISHED, UNRESOLVED */
	enum close_reason reason; /* CLOSED */
	int64_t end_ms;           /* CLOSED */

	int32_t dbom_partition; /* STATED */
	int64_t since_ms;       /* when its window was opened, wall clock */
	int64_t records;        /* likewise, and UNRESOLVED */
	struct slice value;     /* the record's value: envelope or bare statement */
	struct slice manifest;  /* its header; empty: none */
	uint8_t root[32];
	uint8_t statement[32];  /* SHA-256 of the statement's bytes */
};

/* Appends the entry; wr_err() tells of no memory, or ERR_LIMIT of a text that is too long. */
void journal_entry_write(const struct journal_entry *e, struct wr *w);

/*
 * The entry at the start of `from`; *ret_len is what it takes.  ERR_SHORT, ERR_MALFORMED,
 * ERR_UNSUPPORTED (kind), ERR_NOMEM.  Arrays are copied, slices point into `from`.
 */
int journal_entry_read(struct slice from, struct journal_entry *ret, size_t *ret_len) MUSTCHECK;

void journal_entry_free(struct journal_entry *e); /* of journal_entry_read(); zeroed is fine */

const char *journal_kind_name(enum journal_kind kind);

#endif
