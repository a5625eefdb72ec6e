/*
 * rewrite: one pass over a batch that hashes its records and adds their headers.
 *
 *   open    records ─(decompress)─► are they what the batch's header says?
 *   batch   walk ─┬─► leaf of each member
 *                 └─► record + three headers ─(compress)─► new batch
 *   close
 *
 * So a batch is found fit before a place is looked for, and can be written in one mode
 * after another.  A struct rewriter belongs to one thread.  The same batch and order
 * always give the same bytes, which retries rely on.
 */
#ifndef ATTEST_REWRITE_H
#define ATTEST_REWRITE_H

#include "kafka/batch.h"
#include "makoto/chain.h"
#include "makoto/leaf.h"
#include "makoto/manifest.h"

enum header_mode { HEADERS_FULL, HEADERS_COMPACT, HEADERS_NONE };

/* Consecutive records of a batch that go to one window. */
struct rewrite_span {
	uint64_t window_id;
	uint32_t count;
};

struct rewrite_order {
	enum header_mode mode;
	struct slice dbom_topic;
	const struct chain_id *chain;
	const struct rewrite_span *spans; /* their counts sum to the batch's */
	size_t span_count;
	bool bind_timestamp; /* CreateTime */
	bool both;           /* the topic's type isn't known: make the leaf without a timestamp as well */
	size_t max_bytes;    /* of new records before they are compressed */
};

/* What is remembered of one record until its window is stated. */
struct member {
	uint8_t leaf[LEAF_LEN];
	uint8_t unbound[LEAF_LEN]; /* the leaf for LogAppendTime; only with `both` */
	int64_t timestamp;
	uint32_t value_bytes;
	uint8_t flags; /* the leaf's */
	uint8_t key_prefix[MANIFEST_KEY_PREFIX];
};

struct rewrite_cost {
	int64_t codec_ns;
	int64_t hash_ns; /* walking and writing included */
	size_t plain;    /* bytes that were decompressed; all that was allowed when that failed */
	size_t whole;    /* bytes of new batches as they were before they were compressed */
};

struct rewriter; /* opaque */

struct rewriter *rewriter_new(const struct codec_levels *levels) MUSTCHECK; /* NULL: no memory */
void rewriter_free(struct rewriter *r);                                     /* NULL is fine */

/*
 * Takes in a batch, which the caller keeps until rewrite_close(): its records are whole,
 * as many as it says, and without holes.  ERR_MALFORMED, ERR_SHORT, ERR_UNSUPPORTED
 * (codec), ERR_NOMEM; ERR_LIMIT: more than max_bytes decompressed, or as struct member.
 * `cost` may be NULL; it is added to.  After a failure there is nothing to close.
 */
int rewrite_open(struct rewriter *r, const struct batch *in, size_t max_bytes, struct rewrite_cost *cost) MUSTCHECK;

/*
 * Appends the new batch to `out` (nothing in mode none) and fills ret_members, one for
 * each record of the batch that is open.  On failure `out` is as it was: ERR_LIMIT
 * (max_bytes, or `out` is full), ERR_NOMEM.
 */
int rewrite_batch(struct rewriter *r, const struct rewrite_order *order, struct wr *out, struct member *ret_members,
		  struct rewrite_cost *cost) MUSTCHECK;

void rewrite_close(struct rewriter *r);

#endif
