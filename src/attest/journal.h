/*
 * journal: what must outlive a crash, written ahead, in segments of the state directory.
 *
 *   journal.…07   journal.…08   journal.…09 ◄── blocks of entries are appended (journal_file.h)
 *      │ live: 0     live: 12      live: 3      live: batches without a statement, statements that aren't
 *      ▼                                              published yet, and every chain's last CHAIN entry
 *   removed once it is the oldest and nothing in it is live; never one in between
 *
 * Entries are buffered in the order of journal_put(); journal_commit() hands everything
 * so far to the kernel in one write, once for all threads that wait for it.  What can't be
 * written stays buffered, up to a bound, and is tried again.  Safe from any thread.
 */
#ifndef ATTEST_JOURNAL_H
#define ATTEST_JOURNAL_H

#include "attest/journal_entry.h"
#include "attest/journal_file.h"
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
void journal_close(struct journal *j); /* writes what is buffered; the files stay.  NULL is fine */

/*
 * Appends.  *ret_segment (may be NULL): what a BATCH, STATED or CHAIN keeps until journal_release().
 * 0; ERR_LIMIT: a BATCH, and the journal has its size; ERR_NOMEM; ERR_IO: writing fails, and a
 * BATCH isn't taken meanwhile, nor anything once the buffer has its bound.
 */
int journal_put(struct journal *j, const struct journal_entry *e, uint64_t *ret_segment) MUSTCHECK;

/* The same, of a STATED entry, which is kept like a BATCH; its place is told when it is written. */
int journal_put_placed(struct journal *j, const struct journal_entry *e, uint64_t *ret_segment, struct journal_place *place) MUSTCHECK;
int journal_get(struct journal *j, const struct journal_place *at, struct wr *w) MUSTCHECK; /* journal_place_fetch() */
void journal_forget_place(struct journal *j, struct journal_place *place); /* its memory goes */

/* All that was put before is written; with sync always, on disk.  0 or ERR_IO: it is not yet. */
int journal_commit(struct journal *j) MUSTCHECK;
/* All that was put before is on disk, or written when sync is none.  0 or ERR_IO: it is not yet. */
int journal_sync(struct journal *j) MUSTCHECK;

/* One entry of that kind, BATCH, STATED or CHAIN, is needed no more. */
void journal_release(struct journal *j, enum journal_kind kind, uint64_t segment);

/*
 * The last of the oldest segments without a live BATCH or STATED; 0: there is none but the one that is written.
 * They may go once every chain that has, or had, something in them has a CHAIN entry behind them, on disk.
 */
uint64_t journal_idle(struct journal *j);
void journal_drop(struct journal *j, uint64_t last); /* up to that one, as far as nothing in them is live */

uint64_t journal_first(const struct journal *j); /* the segment that journal_open() began */
uint64_t journal_last(struct journal *j);
void journal_count(struct journal *j, uint64_t *ret_segments, uint64_t *ret_bytes, bool *ret_failing);

/* Removes the segments of the directory up to `last`, oldest first.  0 or ERR_IO. */
int journal_remove(int dir_fd, uint64_t last) MUSTCHECK;

#endif
