/*
 * journal_read: all segments of a state directory, oldest first, whoever wrote them.
 *
 * Changes nothing and takes no lock.  While a proxy runs the end may be torn, and is whole a
 * moment later; segments that it removes meanwhile are left out.
 */
#ifndef ATTEST_JOURNAL_READ_H
#define ATTEST_JOURNAL_READ_H

#include "attest/journal_entry.h"
#include "attest/journal_file.h"

struct journal_segment {
	struct journal_header header; /* number is the file's */
	uint64_t bytes;               /* that count */
	uint64_t blocks, entries;
	enum journal_end end; /* torn: only where that loses nothing that counted, at the end of all */
	uint64_t end_at;      /* byte offset of what can't be read … */
	char fault[160];      /* … and what is wrong there; "": nothing */
	bool empty;           /* the last one, and it has not even its header */
};

/* What a callback returns, if not 0, ends the reading. */
struct journal_reader {
	int (*segment)(void *arg, const struct journal_segment *s); /* behind its entries; may be NULL */
	int (*entry)(void *arg, uint64_t segment, struct journal_entry *e); /* the reader's; may be NULL */
	void *arg;
};

/*
 * 0, also when there are none; ERR_IO, ERR_NOMEM, ERR_UNSUPPORTED (another version), ERR_MALFORMED (a
 * segment is missing in between, or an entry makes no sense), with its text in `why`; what a callback
 * returned.  Damage is no error: the segment is told with it, and what follows is read.
 */
int journal_read(int dir_fd, const struct journal_reader *r, char *why, size_t why_len) MUSTCHECK;

#endif
