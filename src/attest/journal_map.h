/*
 * journal_map: a part of a segment in this process's memory, where a small block is stored without a system call.  Private
 * to journal_segment.
 *
 *             ◄───── mapped ─────►
 *   ┬───────┬────────┬────────────┬──────────────────┐
 *   │ block │ stored │ 00 00 00 … │▒ what was before ▒│
 *   ┴───────┴────────┴────────────┴──────────────────┘
 *           at                    so far was written, with zeros
 *
 * What is stored is the kernel's like what is written: it outlives the process, a read of the file finds it, a sync takes it to
 * the disk.  A page that can't be had (the file is cut off, its file system read-only by now, or full and one that copies
 * what is written over) is a signal, which is taken for an answer here: then it wasn't stored, and a write says why.
 */
#ifndef ATTEST_JOURNAL_MAP_H
#define ATTEST_JOURNAL_MAP_H

#include "base/slice.h"

struct journal_map {
	uint8_t *p; /* NULL: nothing is mapped, … */
	uint64_t from, bytes;
	bool refused; /* … nor will be */
};

/*
 * Stores `s` at that offset of the file, which has so many bytes of `room`, written to by this process up to the end of `s` and with
 * no other writer.  False: it isn't stored, or a part of it is; write it.  The calling thread has SIGBUS unblocked from then on.
 */
bool journal_map_store(struct journal_map *m, int fd, uint64_t room, struct slice s, uint64_t at) MUSTCHECK;

void journal_map_end(struct journal_map *m);

#endif
