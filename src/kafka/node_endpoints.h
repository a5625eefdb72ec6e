/*
 * node_endpoints: NodeEndpoints (KIP-951) in an answer whose length the client was told
 * before they came, so that what stands for them has to be as long as they are.
 *
 *   Fetch, the broker's        count │ 0 size endpoints… │ other tags…
 *          the client's        count │ 0 size endpoints… │ other tags… │ T size 00 00…
 *   ShareFetch, the broker's   endpoints… │ count │ tags…
 *               the client's   endpoints… │ count │ tags… │ T size 00 00…
 *
 * T is a tag that nobody knows, which every client skips (KIP-482).  It can't be one byte
 * long, and nothing can be shorter than it is; so endpoints that don't fit are left out,
 * and those that `map` has no address for.  Who misses one asks for Metadata.
 */
#ifndef KAFKA_NODE_ENDPOINTS_H
#define KAFKA_NODE_ENDPOINTS_H

#include "kafka/addresses.h"

/*
 * `section`: the end of an answer to API `key`: from NodeEndpoints (ShareFetch), or from the
 * count of the message's own tagged fields, of which they are tag 0 (Fetch).  Writes section.n bytes to `out`; *ret_changed false: there is no endpoint
 * in it and nothing was written.  ERR_SHORT, ERR_MALFORMED, ERR_LIMIT (no tag is left to
 * fill up with), or what `out` said: the section must not pass.
 */
int node_endpoints_rewrite(int16_t key, struct slice section, addresses_map_fn *map, void *arg, struct wr *out,
			   bool *ret_changed) MUSTCHECK;

#endif
