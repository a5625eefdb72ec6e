/* journal_place: where an entry of the journal stands, so that its bytes needn't stay in memory. */
#ifndef ATTEST_JOURNAL_PLACE_H
#define ATTEST_JOURNAL_PLACE_H

#include "base/list.h"
#include "base/wr.h"

/* Zeroed: nowhere. */
struct journal_place {
	struct link link; /* the journal's, until the entry is written, and on disk where that is waited for */
	uint64_t segment; /* 0: not written yet */
	uint64_t offset;
	uint32_t length;
	uint32_t crc; /* CRC-32C of the entry's bytes */
};

/*
 * The bytes of the entry there, appended to `w`; journal_entry_read() takes them.
 * 0, ERR_NOTFOUND (not written yet), ERR_IO (with errno), ERR_CHECKSUM, ERR_NOMEM.
 */
int journal_place_fetch(int dir_fd, const struct journal_place *at, struct wr *w) MUSTCHECK;

#endif
