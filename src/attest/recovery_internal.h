/* What recovery_scan.c and recovery_replay.c share. */
#ifndef ATTEST_RECOVERY_INTERNAL_H
#define ATTEST_RECOVERY_INTERNAL_H

#include "attest/recovery.h"
#include "base/map.h"

struct recovery {
	int dir_fd;
	uint8_t instance[16];
	bool some, mixed; /* segments are there; of several instances */
	bool lost; /* one was written before the machine was started, and not brought to disk before what it tells of happened */
	uint8_t boot[16];
	uint64_t last_segment, last_bytes, bytes;
	uint64_t damaged; /* number of the first segment that is; 0: none */
	uint64_t damaged_at;
	struct map *heads;   /* number of a chain → struct standing */
	struct map *batches; /* number of a batch → struct sent_batch, during the replay */
	struct chain_shared *shared;
	struct chain_now now;
	char contradiction[160];
	uint64_t entries; /* so far, in a scan or a replay */
	uint32_t next_chain;
	uint64_t next_batch;
};

/* A chain by its number: its last head, and once it is replayed the chain. */
struct standing {
	struct heads_entry head; /* its own */
	struct covered covered;  /* likewise */
	uint64_t at;             /* the how manieth entry that is */
	struct recovered *recovered;
};

static inline struct slice
recovery_chain_key(const uint32_t *n)
{
	return slice_of(n, sizeof(*n));
}

/* What the replay knows of batches by their numbers. */
void recovery_forget_batches(struct recovery *r);

#endif
