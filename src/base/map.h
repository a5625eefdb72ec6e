/*
 * map: from bytes to a pointer.  Hashing is keyed with a per-process random seed,
 * so that names chosen by a peer can't be made to collide.  Keys are copied.
 */
#ifndef BASE_MAP_H
#define BASE_MAP_H

#include "base/slice.h"

struct map; /* opaque */

/* An empty map, or NULL when there is no memory. */
struct map *map_new(void) MUSTCHECK;

/* Frees the map and its keys, not what the values point to.  NULL is fine. */
void map_free(struct map *m);

/* The value of `key`, or NULL. */
void *map_get(const struct map *m, struct slice key);

/* Sets the value (not NULL) of `key`, replacing what it had.  0 or ERR_NOMEM. */
int map_put(struct map *m, struct slice key, void *value) MUSTCHECK;

/* Takes `key` out and returns its value, or NULL. */
void *map_remove(struct map *m, struct slice key);

size_t map_count(const struct map *m);

/*
 * Walks all entries in no order: start with *at == 0; false at the end.  The
 * map may not change during the walk.
 */
bool map_next(const struct map *m, size_t *at, struct slice *ret_key, void **ret_value);

#endif
