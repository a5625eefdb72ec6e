/*
 * schema: every message of Kafka at every version, as a table made from Kafka's own
 * definitions (tools/gen_schema.py), and one walker over it.
 *
 *   body ─► walk ─┬─► is every byte what the version says, to the last one?
 *                 ├─► fields that the product looks for (marks) go to `see`
 *                 └─► with an output: a copy, in which `see` may put another value
 */
#ifndef KAFKA_SCHEMA_H
#define KAFKA_SCHEMA_H

#include "base/rd.h"
#include "base/wr.h"

/* What a field is to the product. */
enum schema_mark {
	SCHEMA_NONE,
	SCHEMA_NODE_ID, /* of the broker whose address follows in the same struct */
	SCHEMA_HOST,
	SCHEMA_PORT,
	SCHEMA_ENDPOINTS,       /* NodeEndpoints (KIP-951): the array itself */
	SCHEMA_ENDPOINT_TYPE,   /* DescribeCluster: 1 brokers, 2 controllers */
	SCHEMA_CLUSTER_BROKERS, /* DescribeCluster: the array itself */
	SCHEMA_LISTENERS,       /* DescribeQuorum: the array of a node's controller listeners */
	SCHEMA_TOPIC_NAME,
	SCHEMA_TOPIC_ID,
};

struct schema_value {
	enum schema_mark mark;
	struct slice bytes; /* strings: the text, p == NULL null; ids: 16 bytes; else empty */
	int64_t num;        /* integers; of an array: its count */
	bool replaced;      /* set by `see`: bytes and num are the new value; an array can only become empty (num = 0) */
};

/* Called in the message's order for each marked field.  0, or an error that ends the walk. */
typedef int schema_see_fn(void *arg, struct schema_value *v);

/*
 * Walks the body (behind its header) of API `key` at `version`.  `see` and `out` may be
 * NULL; without `out` replacements are ignored.  ERR_UNSUPPORTED: not in the table;
 * ERR_SHORT, ERR_MALFORMED (bytes left over included); what `see` or `out` said.
 */
int schema_walk(int16_t key, bool response, int16_t version, struct slice body, schema_see_fn *see, void *arg,
		struct wr *out) MUSTCHECK;

/* The release of kafka-clients that the table was made from. */
extern const char schema_kafka_version[];

#endif
