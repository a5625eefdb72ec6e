/* ending: a consumer's handle ends, and nobody waits for it without end; for this room only. */
#ifndef RDKAFKA_ENDING_INTERNAL_H
#define RDKAFKA_ENDING_INTERNAL_H

#include <librdkafka/rdkafka.h>

#include "rdkafka/detour.h"

/*
 * Destroys rk, of which nobody has a queue any more, without leaving its group: in two seconds, or on a thread behind, for which
 * the detour (or NULL) is kept.
 */
void ending_behind(rd_kafka_t *rk, struct detour *detour);

#endif
