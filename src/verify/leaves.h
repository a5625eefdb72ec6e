/*
 * leaves: a window's manifest, made again of the records that it lists.
 *
 *   leaves_new ─► leaves_record … (in ascending offset) ─► leaves_end
 *
 * Memory: twice the manifest, as the records come.
 */
#ifndef VERIFY_LEAVES_H
#define VERIFY_LEAVES_H

#include "makoto/reading.h"

struct leaves;

/* Both are borrowed until leaves_free().  NULL: no memory. */
struct leaves *leaves_new(const struct statement *s, struct slice dbom_topic) MUSTCHECK;
void leaves_free(struct leaves *l); /* NULL is fine */

/* One that is no member is passed over.  0 or ERR_NOMEM. */
int leaves_record(struct leaves *l, const struct verdict_record *r) MUSTCHECK;

/* *ret is valid until leaves_free().  0, or ERR_NOTFOUND: records are gone, or they are not those that were stated. */
int leaves_end(struct leaves *l, struct slice *ret) MUSTCHECK;

#endif
