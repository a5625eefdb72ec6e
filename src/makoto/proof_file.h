/*
 * proof_file: one record's evidence in one file (docs/FORMAT.md, "Proof file").
 *
 * Who writes one fills the struct and keeps the bytes that its slices point to; one that
 * was read owns them until proof_file_clear().
 */
#ifndef MAKOTO_PROOF_FILE_H
#define MAKOTO_PROOF_FILE_H

#include "base/wr.h"
#include "makoto/chain.h"
#include "makoto/leaf.h"
#include "makoto/proof.h"

#define PROOF_FILE_FORMAT "makoto-kafka-proof/1"

enum {
	PROOF_FILE_VALUE_MAX = 100 * 1024 * 1024,     /* as large as a record may be */
	PROOF_FILE_STATEMENT_MAX = 32 * 1024 * 1024,
	PROOF_FILE_MAX = 192 * 1024 * 1024,           /* both in base64, and the rest */
};

struct proof_file {
	struct slice topic;
	int32_t partition;
	int64_t offset;
	struct leaf_input leaf;
	struct proof inclusion;
	struct chain_id chain; /* of the statement's record key */
	uint64_t window_id;
	struct slice statement; /* the exact bytes that are published: envelope, or bare statement */
	struct slice value;     /* p == NULL: not in the file */
	void *owned;            /* of one that was read */
};

/* Appends it, with a line's end.  0 or the writer's error. */
int proof_file_write(const struct proof_file *f, struct wr *w) MUSTCHECK;

/*
 * Reads one and checks that it doesn't contradict itself; that it proves something is for verify/proven.h.
 * Unknown members are ignored, duplicate ones refused.  0; ERR_MALFORMED, ERR_UNSUPPORTED (another
 * format), ERR_LIMIT, and *ret_why says what is wrong; ERR_NOMEM.
 */
int proof_file_read(struct slice json, struct proof_file *ret, const char **ret_why) MUSTCHECK;
void proof_file_clear(struct proof_file *f);

#endif
