/*
 * journal_segment: the file that the journal is written to.  Private to the journal.
 *
 *   ▒ what was there before      at ▼            ▼ a page ends, or so many
 *   ┌────────┬───────┬──────┬───────┬───────┬────┬─────────────┐
 *   │ header │ block │ block│  …    │ block │ 00 │▒▒▒▒▒▒▒▒▒▒▒▒▒│
 *   └────────┴───────┴──────┴───────┴───────┴────┴─────────────┘
 *                                   one block, in a write or a few
 *
 * A segment that is needed no more becomes the spare, which the next one is written over: the file has its room on disk and
 * its pages in memory, and getting new ones is most of what a write costs.  The zeros tell a reader where the blocks
 * end, and that a page is written as a whole spares the kernel from reading it first.  Small blocks, unless each is
 * synced, are stored among the zeros through memory (attest/journal_map.h).
 *
 * Nothing tells of the spare; whoever begins or ends a journal removes it.
 */
#ifndef ATTEST_JOURNAL_SEGMENT_H
#define ATTEST_JOURNAL_SEGMENT_H

#include "attest/journal.h"
#include "attest/journal_map.h"

/* Zeros are written ahead up to a multiple of so many bytes; what is appended has room for the tail behind it. */
enum { JOURNAL_SEGMENT_AHEAD = 64 << 10, JOURNAL_SEGMENT_TAIL = JOURNAL_SEGMENT_AHEAD + JOURNAL_BLOCK_BYTES };

struct journal_segment_out {
	int fd;
	struct journal_header header;
	uint64_t room;  /* so many bytes of what was there before may be left in the file; 0: none */
	uint64_t zeros; /* up to there they stand behind the end */
	struct journal_map map;
};

/*
 * The segment of that number, which begins with the blocks in `rest`; on disk if the policy wants that.  It gets its name once
 * it has all: a header alone says already how much of the segment before counts.  0, ERR_IO (errno), ERR_NOMEM.
 */
int journal_segment_begin(const struct journal_conf *conf, uint32_t salt, uint64_t number, uint64_t before_bytes,
			  struct slice rest, struct journal_segment_out *ret) MUSTCHECK;

/* Appends the bytes of `w`, which has room for the tail, at the end, which is `at`.  0; ERR_IO (errno): the end is where it was. */
int journal_segment_append(struct journal_segment_out *o, struct wr *w, uint64_t at) MUSTCHECK;

void journal_segment_end(struct journal_segment_out *o); /* nothing more is appended; the file stays */

/* It is needed no more.  `keep`: as the spare, in place of another.  0 or ERR_IO. */
int journal_segment_retire(int dir_fd, uint64_t number, bool keep) MUSTCHECK;

int journal_segment_no_spare(int dir_fd) MUSTCHECK; /* removes it */

#endif
