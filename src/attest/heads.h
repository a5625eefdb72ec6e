/*
 * heads: where all chains of an instance stand, as one file's bytes.
 *
 *   "makoto-kafka heads 3\n"  instance (16)  u32 count  entries …  SHA-256 of all before (32)
 *
 *   entry: cluster id, topic (int16 length each)  u8 has topic id  topic id (16)  i32 partition
 *          chain id (16)  u64 next window, last window, first window, length
 *          last root (32)  last statement (32)  i32 statement topic's partition  i64 high offset
 *          u8 follows [chain id (16)  u64 window  statement (32)]
 *          ended, open: u32 count, then i64 first, count, producer id, i16 epoch, u8 committed for each
 */
#ifndef ATTEST_HEADS_H
#define ATTEST_HEADS_H

#include "attest/head.h"
#include "attest/journal_hold.h"
#include "base/rd.h"
#include "base/wr.h"

#define HEADS_MAX_BYTES ((size_t)256 << 20)

struct heads_entry {
	char *cluster_id;
	char *topic;
	bool has_topic_id;
	uint8_t topic_id[16];
	int32_t partition;
	struct chain_id chain;
	struct head head;
	uint32_t number; /* not in the file: in the journal; 0: none yet */
	struct journal_hold hold; /* likewise */
};

/* Zeroed is empty. */
struct heads {
	uint8_t instance[16];
	struct heads_entry *entry;
	size_t count;
	size_t cap;
};

/* A zeroed entry at the end for the caller to fill, or NULL. */
struct heads_entry *heads_add(struct heads *h) MUSTCHECK;

void heads_write(const struct heads *h, struct wr *w);

/* 0, ERR_MALFORMED, ERR_SHORT, ERR_CHECKSUM, ERR_UNSUPPORTED (another version), ERR_NOMEM. */
int heads_read(struct slice file, struct heads *ret) MUSTCHECK;

void heads_clear(struct heads *h);

/* One entry alone, as the file has it; a fault is in `r`, and the entry is to be cleared anyway. */
void heads_entry_write(const struct heads_entry *e, struct wr *w);
void heads_entry_read(struct rd *r, struct heads_entry *ret);
void heads_entry_clear(struct heads_entry *e);

#endif
