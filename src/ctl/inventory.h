/*
 * inventory: what is left to do of what a journal tells, chain by chain.
 *
 *   entries in their order ─► inventory_entry ─► inventory_end ─► chains, each with its unpublished windows
 *
 * It only counts, and believes each entry: whether a recovery would take them says attest/outlook.h.
 * Memory is bounded by the journal's bytes.
 */
#ifndef CTL_INVENTORY_H
#define CTL_INVENTORY_H

#include "attest/journal_entry.h"

struct map;

struct inventory_window {
	uint64_t id;
	int64_t start_ms;
	int64_t members;   /* records, without those that left; of a stated one those that it lists */
	int64_t unsettled; /* of them, without an outcome yet */
	int64_t given_up;  /* records that left as unresolved */
	bool closed, stated;
	enum close_reason reason; /* of one that is closed */
	int64_t end_ms;
};

struct inventory_chain {
	uint32_t number;
	bool known; /* a CHAIN entry tells of it; else the head means nothing */
	struct heads_entry head; /* the last one */
	uint64_t last_stated;    /* 0: none yet; may be later than the head's */
	uint64_t last_published; /* that an entry tells of */
	uint64_t stated_since;   /* so many more statements than the head tells; behind inventory_end() */
	struct inventory_window *windows; /* behind inventory_end(): with records, without a published statement, ascending */
	size_t window_count;
	int64_t members, unsettled;
	size_t stated;
};

/* Zeroed is empty. */
struct inventory {
	struct map *by_number, *windows, *batches; /* until inventory_end() */
	struct inventory_chain **chains; /* by topic and partition */
	size_t chain_count;
	size_t windows_left;
	int64_t members, unsettled;
	size_t stated;
};

/* An entry, of which a CHAIN's head is taken.  0 or ERR_NOMEM. */
int inventory_entry(struct inventory *v, struct journal_entry *e) MUSTCHECK;
int inventory_end(struct inventory *v) MUSTCHECK; /* 0 or ERR_NOMEM */
void inventory_free(struct inventory *v);

const char *inventory_state(const struct inventory_window *w); /* "open", "closed", "stated" */

#endif
