/*
 * journal_space: which segments of the journal are still needed, and how the others go.
 *
 *   journal.…07   journal.…08   journal.…09 ◄── blocks of entries are appended (journal_file.h)
 *      │ live: 0     live: 12      live: 3      live: batches without a statement, statements that aren't
 *      ▼                                              published yet, and every chain's last CHAIN entry
 *   removed once it is the oldest and nothing in it is live; never one in between.  Or kept as the spare that the next
 *   one is written over (attest/journal_segment.h)
 */
#ifndef ATTEST_JOURNAL_SPACE_H
#define ATTEST_JOURNAL_SPACE_H

#include "attest/journal.h"

/* The entry is needed no more; zeroes it. */
void journal_release(struct journal *j, struct journal_hold *hold);

/*
 * The last of the oldest segments without a live BATCH or STATED that are worth what it costs; 0: none is, or there is
 * none but the one that is written.  They may go once every chain that has, or had, something in them has a CHAIN entry
 * behind them, on disk.  That is put anew for as many bytes that go, or where less than half of all is needed: else it
 * would be for each segment, where chains are so many that their heads fill one.
 */
uint64_t journal_idle(struct journal *j);
void journal_drop(struct journal *j, uint64_t last); /* up to that one, as far as nothing in them is live */

/*
 * The oldest segment, when it is in the way: something in it is needed, and less than half of what all have.
 * What is needed of it is to be put anew (journal_put_again()), so that it goes.  Else 0, and while writing fails.
 * So the journal has a few segments, or twice what is needed; and to put that anew costs no more than was put since.
 */
uint64_t journal_crowded(struct journal *j);

/*
 * Puts an entry anew at the end: *hold, of its last place if it has one, becomes the new one's.  For what can't
 * be left behind: never ERR_LIMIT; ERR_IO: writing fails, and nothing is changed.  `place` may be NULL.
 */
int journal_put_again(struct journal *j, const struct journal_entry *e, struct journal_hold *hold,
		      struct journal_place *place) MUSTCHECK;

void journal_count(struct journal *j, uint64_t *ret_segments, uint64_t *ret_bytes, bool *ret_failing);

/* Removes the segments of the directory up to `last`, oldest first.  0 or ERR_IO. */
int journal_remove(int dir_fd, uint64_t last) MUSTCHECK;

#endif
