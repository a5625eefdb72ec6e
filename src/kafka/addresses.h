/*
 * addresses: the brokers' addresses in answers (docs/PROTOCOL.md lists them).
 *
 * Metadata, FindCoordinator, DescribeCluster, and NodeEndpoints of Produce, Fetch,
 * ShareFetch and ShareAcknowledge tell brokers; each becomes what `map` says.  Where
 * `map` fails, NodeEndpoints (a hint) are withheld and anything else fails with it.
 * DescribeCluster about controllers loses its list, DescribeQuorum its listeners:
 * no client can dial a controller through us.
 */
#ifndef KAFKA_ADDRESSES_H
#define KAFKA_ADDRESSES_H

#include "base/slice.h"
#include "base/wr.h"

/* The address to give instead; ret_host must stay valid until addresses_rewrite() returns.  0, or an error that ends it. */
typedef int addresses_map_fn(void *arg, int32_t node_id, struct slice host, int32_t port, struct slice *ret_host,
			     int32_t *ret_port);

/* Can the answer of that API and version tell an address? */
bool addresses_in(int16_t key, int16_t version);

/* Does it tell them behind all else, and may that be long?  Then it can pass while it comes (node_endpoints.h). */
bool addresses_at_end(int16_t key, int16_t version);

/*
 * Writes the body with other addresses to `out`.  *ret_changed false: there was none in
 * it and nothing was written.  ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED (a version that
 * we never let a client see), or what `map` or `out` said: the answer must not pass.
 */
int addresses_rewrite(int16_t key, int16_t version, struct slice body, addresses_map_fn *map, void *arg,
		      struct wr *out, bool *ret_changed) MUSTCHECK;

#endif
