/*
 * addresses: the stage that lets no real broker address through to a client.
 *
 * A broker that is met for the first time gets its port before the answer that names
 * it is released.  An answer that can't be rewritten doesn't pass.
 */
#ifndef STAGES_ADDRESSES_H
#define STAGES_ADDRESSES_H

#include "kafka/addresses.h"
#include "proxy/stage.h"

struct addresses;

/* `map` gives the address that clients get for a broker; from any thread. */
struct addresses *addresses_new(addresses_map_fn *map, void *arg) MUSTCHECK;
void addresses_free(struct addresses *a);
const struct stage *addresses_stage(struct addresses *a);

#endif
