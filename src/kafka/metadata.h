/* metadata: our own Metadata requests, versions 1 to 13, and what their answers say. */
#ifndef KAFKA_METADATA_H
#define KAFKA_METADATA_H

#include "base/rd.h"
#include "base/wr.h"

enum { METADATA_MIN = 1, METADATA_MAX = 13, METADATA_BY_ID = 12, METADATA_RIGHTS_MIN = 8, METADATA_RIGHTS_MAX = 10 };

#define METADATA_UNTOLD INT32_MIN /* rights that were not asked for, or that nobody tells */

/*
 * Asks for these topics, by name or (from METADATA_BY_ID on) by id; count 0: brokers
 * only.  Never creates a topic (from version 4 on, where that can be said).
 */
void metadata_request_write(int16_t version, const struct slice *names, const uint8_t (*ids)[16], size_t count,
			    struct wr *w);

/* The same, and what the asker may do with them and with the cluster (KIP-430); names NULL: every topic that it may see. */
void metadata_rights_write(int16_t version, const struct slice *names, size_t count, struct wr *w);

struct metadata_broker {
	int32_t node_id;
	struct slice host;
	int32_t port;
};

struct metadata_topic {
	int16_t error;
	struct slice name; /* p == NULL: null */
	uint8_t id[16];    /* zero where the cluster has none */
	bool internal;
	int32_t partitions;
	int32_t rights; /* 1 << Kafka's number of an operation, or METADATA_UNTOLD */
};

struct metadata {
	int16_t error; /* of the whole (from version 13 on): 129 REBOOTSTRAP_REQUIRED */
	struct slice cluster_id; /* p == NULL: not told */
	int32_t controller_id;
	int32_t rights; /* on the cluster; 0: the asker may not see them */
	struct metadata_broker *brokers;
	size_t broker_count;
	struct metadata_topic *topics;
	size_t topic_count;
};

/* Slices point into body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED, ERR_NOMEM.  Release with metadata_free(). */
int metadata_read(int16_t version, struct slice body, struct metadata *ret) MUSTCHECK;
void metadata_free(struct metadata *m);

const struct metadata_topic *metadata_topic_named(const struct metadata *m, const char *name); /* NULL: it isn't told of */

#endif
