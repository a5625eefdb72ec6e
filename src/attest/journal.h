/*
 * journal: what must outlive a crash, written ahead, in segments of the state directory
 * (attest/journal_file.h).  Which of them are still needed: attest/journal_space.h.
 *
 * Entries are buffered in the order of journal_put(); journal_commit() hands everything
 * so far to the kernel at once, and once for all threads that wait for it.  What can't be
 * written stays buffered, up to a bound, and is tried again.  Safe from any thread.
 */
#ifndef ATTEST_JOURNAL_H
#define ATTEST_JOURNAL_H

#include "attest/journal_entry.h"
#include "attest/journal_file.h"
#include "attest/journal_hold.h"
#include "attest/journal_place.h"

struct journal;

struct journal_conf {
	int dir_fd; /* of the state directory, locked by the caller; borrowed */
	uint8_t instance[16], boot[16];
	enum journal_sync sync;
	uint64_t last_segment;  /* that is there, and stays until journal_remove(); 0: none */
	uint64_t last_bytes;    /* of it that count */
	uint64_t max_bytes;     /* of the segments from here on; past it no BATCH is taken */
	uint64_t segment_bytes; /* about; the next one begins behind it */
};

/* Begins a segment.  0, ERR_IO (with errno's text in `why`), ERR_NOMEM. */
int journal_open(const struct journal_conf *conf, struct journal **ret, char *why, size_t why_len) MUSTCHECK;
/* The start is given up: the segment that it began goes, if nothing was put.  What is put later is on no disk. */
void journal_withdraw(struct journal *j);
void journal_close(struct journal *j); /* writes what is buffered; the files stay.  NULL is fine */

/*
 * Appends.  *ret_hold (may be NULL): a BATCH, STATED or CHAIN that is needed until journal_release().
 * 0; ERR_LIMIT: a BATCH, and the journal has its size; ERR_NOMEM; ERR_IO: writing fails, and a
 * BATCH isn't taken meanwhile, nor anything once the buffer has its bound.
 */
int journal_put(struct journal *j, const struct journal_entry *e, struct journal_hold *ret_hold) MUSTCHECK;

/* The same, of a STATED entry; its place is told when it is written, and again when a failed sync lets it be moved. */
int journal_put_placed(struct journal *j, const struct journal_entry *e, struct journal_hold *ret_hold,
		       struct journal_place *place) MUSTCHECK;
int journal_get(struct journal *j, const struct journal_place *at, struct wr *w) MUSTCHECK; /* journal_place_fetch() */
void journal_forget_place(struct journal *j, struct journal_place *place); /* its memory goes */

/* All that was put before is written; with sync always, on disk.  0 or ERR_IO: it is not yet. */
int journal_commit(struct journal *j) MUSTCHECK;
/* All that was put before is on disk, or written when sync is none.  0 or ERR_IO: it is not yet. */
int journal_sync(struct journal *j) MUSTCHECK;

uint64_t journal_first(const struct journal *j); /* the segment that journal_open() began */
uint64_t journal_last(struct journal *j);

#endif
