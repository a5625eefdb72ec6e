/* topics: topic names and ids that pass by in Metadata, DescribeTopicPartitions and CreateTopics answers. */
#ifndef KAFKA_TOPICS_H
#define KAFKA_TOPICS_H

#include "base/slice.h"

/* name is not empty, id not zero; both stand in the body.  0, or an error that ends it. */
typedef int topics_learn_fn(void *arg, struct slice name, const uint8_t id[16]);

/* Does the answer of that API and version pair names with ids? */
bool topics_in(int16_t key, int16_t version);

/* Tells every pair.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED, or what `fn` said. */
int topics_learn(int16_t key, int16_t version, struct slice body, topics_learn_fn *fn, void *arg) MUSTCHECK;

#endif
