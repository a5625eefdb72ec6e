/*
 * statement_of: the statement about a window that is complete.  Private to attest/.
 *
 *   spans by base offset ─► leaves in ascending offset ─► manifest, tree, runs, producers ─► bytes
 */
#ifndef ATTEST_STATEMENT_OF_H
#define ATTEST_STATEMENT_OF_H

#include "attest/chain.h"
#include "attest/settings.h"

struct stated {
	struct wr bytes;    /* the statement */
	struct wr manifest; /* what goes into the header; empty: none */
	uint8_t root[SHA256_LEN];
	uint8_t sha256[SHA256_LEN]; /* of the bytes */
	size_t ended_told;          /* of the chain's ended runs, these many stand in it */
	int64_t overwritten;        /* records that were acknowledged at offsets which a later batch has: unresolved */
};

/*
 * `keyid` NULL: level 1.  A manifest over max_manifest bytes is not published and
 * declared so.  The sealer has the window.  0, ERR_NOMEM, ERR_LIMIT.  Release with stated_clear().
 */
int statement_of(struct chain *chain, const struct window *w, const struct settings *set, struct slice cluster_id,
		 const char *keyid, size_t max_manifest, struct stated *ret) MUSTCHECK;
void stated_clear(struct stated *s);

#endif
