/*
 * chains_sure: which topics' ids have to be asked for, so that windows become sure
 * (attest/chain_sure.h), and what the answer tells.
 *
 *   sealer ─► chains_sure_ask ─► (the cluster, one question for all) ─► sure_ask_told … ─► sure_ask_end
 */
#ifndef ATTEST_CHAINS_SURE_H
#define ATTEST_CHAINS_SURE_H

#include "attest/chain_sure.h"
#include "attest/chains.h"

struct sure_ask; /* opaque */

/*
 * Those that are due, every so often; or NULL, and in *ret_wait_ms how long none is, as poll()
 * takes it.  One at a time; end it with sure_ask_end().  The sealer's.
 */
struct sure_ask *chains_sure_ask(struct chains *c, int *ret_wait_ms);

/* The topics, by name, each once.  Valid until the end. */
const struct slice *sure_ask_names(const struct sure_ask *a, size_t *ret_count);

/*
 * A topic of that name has this id; NULL: none has the name.  True: chains have it under another one.
 * Any thread, like the next two.
 */
bool sure_ask_told(struct sure_ask *a, struct slice name, const uint8_t *id);

/* The cluster answers, and doesn't say. */
void sure_ask_untold(struct sure_ask *a, struct slice name);

/* What wasn't told is asked for again. */
void sure_ask_end(struct sure_ask *a);

#endif
