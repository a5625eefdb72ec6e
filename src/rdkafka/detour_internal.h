/* detour, for this room only. */
#ifndef RDKAFKA_DETOUR_INTERNAL_H
#define RDKAFKA_DETOUR_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "rdkafka/detour.h"

/* Makes a client of `conf` take the detour; uses the configuration's opaque. */
void detour_take(struct detour *d, rd_kafka_conf_t *conf);

/* A client outlives its owner: one more detour_free() is needed. */
void detour_keep(struct detour *d);

#endif
