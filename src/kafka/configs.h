/* configs: our own DescribeConfigs requests about topics, versions 1 to 4. */
#ifndef KAFKA_CONFIGS_H
#define KAFKA_CONFIGS_H

#include "base/rd.h"
#include "base/wr.h"

enum { CONFIGS_MIN = 1, CONFIGS_MAX = 4 };

/* Asks for the `names` of one topic's settings. */
void configs_request_write(int16_t version, struct slice topic, const char *const *names, size_t count, struct wr *w);

/* One setting of the answer; value p == NULL: null. */
typedef void configs_entry_fn(void *arg, struct slice name, struct slice value);

/* *ret_error is the topic's Kafka error code; entries come only with 0.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED. */
int configs_read(int16_t version, struct slice body, int16_t *ret_error, configs_entry_fn *fn, void *arg) MUSTCHECK;

#endif
