/* configs: our own DescribeConfigs requests about topics, versions 1 to 4. */
#ifndef KAFKA_CONFIGS_H
#define KAFKA_CONFIGS_H

#include "base/rd.h"
#include "base/wr.h"

enum { CONFIGS_MIN = 1, CONFIGS_MAX = 4 };

/* Asks for the `names` of each topic's settings. */
void configs_request_write(int16_t version, const struct slice *topics, size_t topic_count, const char *const *names,
			   size_t count, struct wr *w);

/*
 * One setting of a topic; value p == NULL: null.  A topic whose settings can't be told has
 * one call with a Kafka error code instead, without name and value.
 */
typedef void configs_entry_fn(void *arg, struct slice topic, int16_t error, struct slice name, struct slice value);

/* `fn` may have been called before an error.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED. */
int configs_read(int16_t version, struct slice body, configs_entry_fn *fn, void *arg) MUSTCHECK;

#endif
