/*
 * journal_file: a segment of the journal as bytes, for who writes and who reads it.
 *
 *   "makoto-kafka journal 2\n"  instance (16)  boot id (16)  u8 sync  u64 number
 *   u64 bytes of the segment before  u32 salt  u32 CRC-32C of all that
 *   block: u32 length of the entries │ u32 CRC-32C of them │ u32 CRC-32C of these eight bytes │ entries …
 *   block …
 *
 * A block is what was handed over at once.  A segment says how many bytes of its predecessor
 * count: what a crash or a failed write left behind them never was written, and what a failed
 * sync left stands in itself.
 *
 * A segment may be written over one that is needed no more, whose blocks stand behind its own then.  So the sums of a
 * block go on from the segment's number and the run's salt (which no client knows): they are another's in any other
 * segment of that run.  Version 1 had no salt, no such blocks, and sums that go on from nothing.
 */
#ifndef ATTEST_JOURNAL_FILE_H
#define ATTEST_JOURNAL_FILE_H

#include "base/wr.h"

enum {
	JOURNAL_HEADER_BYTES = 23 + 16 + 16 + 1 + 8 + 8 + 4 + 4, /* in version 1 four less: journal_header_length() */
	JOURNAL_BLOCK_BYTES = 4 + 4 + 4,
	JOURNAL_NAME_LEN = 8 + 16 + 1
};

enum journal_sync { JOURNAL_SYNC_NONE, JOURNAL_SYNC_WINDOW, JOURNAL_SYNC_ALWAYS };

struct journal_header {
	unsigned version; /* when read: 1 or 2; what is written is the latter */
	uint8_t instance[16];
	uint8_t boot[16]; /* of the machine's run: in another one, what wasn't on disk is gone */
	enum journal_sync sync;
	uint64_t number;       /* from 1 */
	uint64_t before_bytes; /* of the segment before that count */
	uint32_t salt;
};

void journal_file_name(uint64_t number, char ret[JOURNAL_NAME_LEN]);
bool journal_file_number(const char *name, uint64_t *ret); /* false: another file */

size_t journal_header_length(const struct journal_header *h); /* where its blocks begin */

void journal_header_write(const struct journal_header *h, struct wr *w);

/* 0, ERR_SHORT, ERR_MALFORMED (no journal's), ERR_UNSUPPORTED (another version), ERR_CHECKSUM. */
int journal_header_read(struct slice file, struct journal_header *ret) MUSTCHECK;

/*
 * Whole: it ends there, or zeros and what was there before follow.  Torn: the last block is cut off, or not there as a
 * whole, or nothing but zeros follows.  Damaged: what follows can't be read, and isn't the last: a block of this
 * segment that can be read stands somewhere behind it (in version 1, one that says itself how long it is was damaged
 * where anything did).
 */
enum journal_end { JOURNAL_WHOLE, JOURNAL_TORN, JOURNAL_DAMAGED };

void journal_block_begin(const struct journal_header *h, uint8_t ret[JOURNAL_BLOCK_BYTES], struct slice entries);

/* The block at `at`: true, with its entries and where the next one begins.  False: *ret_end says why. */
bool journal_block_read(const struct journal_header *h, struct slice file, size_t at, struct slice *ret_entries,
			size_t *ret_next, enum journal_end *ret_end);

/* In words: what is wrong with the block at `at`, that can't be read; or with the header. */
void journal_block_fault(const struct journal_header *h, struct slice file, size_t at, char *ret, size_t len);
void journal_header_fault(struct slice file, char *ret, size_t len);

#endif
