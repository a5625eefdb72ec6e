/* api: which Kafka APIs there are, and which of their versions this program understands. */
#ifndef KAFKA_API_H
#define KAFKA_API_H

#include "base/slice.h"

/* The APIs that the product names somewhere. */
enum {
	API_PRODUCE = 0,
	API_FETCH = 1,
	API_METADATA = 3,
	API_FIND_COORDINATOR = 10,
	API_SASL_HANDSHAKE = 17,
	API_VERSIONS = 18,
	API_CREATE_TOPICS = 19,
	API_INIT_PRODUCER_ID = 22,
	API_ADD_PARTITIONS_TO_TXN = 24,
	API_ADD_OFFSETS_TO_TXN = 25,
	API_END_TXN = 26,
	API_DESCRIBE_CONFIGS = 32,
	API_SASL_AUTHENTICATE = 36,
	API_DESCRIBE_QUORUM = 55,
	API_DESCRIBE_CLUSTER = 60,
	API_DESCRIBE_TOPIC_PARTITIONS = 75,
	API_SHARE_GROUP_HEARTBEAT = 76,
	API_SHARE_FETCH = 78,
	API_SHARE_ACKNOWLEDGE = 79,
};

/* Is `key` an API that brokers serve to clients?  Ranges: newest stable versions of the table. */
bool api_known(int16_t key);
const char *api_name(int16_t key); /* NULL: unknown */
bool api_range(int16_t key, int16_t *ret_min, int16_t *ret_max);

/* Are messages of that version flexible (KIP-482)?  An unknown API is taken for flexible, as all new ones are. */
bool api_flexible(int16_t key, int16_t version);

#endif
