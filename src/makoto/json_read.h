/*
 * json_read: JSON that is evidence, with what there is no memory for told from what is malformed.
 *
 * jansson doesn't tell: it calls a token that it couldn't keep an invalid one, and leaves out bytes of
 * one that couldn't grow.  So its calls for memory come through here.
 */
#ifndef MAKOTO_JSON_READ_H
#define MAKOTO_JSON_READ_H

#include <jansson.h>

#include "base/err.h"
#include "base/slice.h"

/*
 * Once, before other threads begin; what jansson got memory from until then is where it still comes from.  Without it a
 * want of memory may look like ERR_MALFORMED.
 */
void json_read_setup(void);

/* Members twice are refused, NUL in a text is none of our business.  0, ERR_MALFORMED, ERR_NOMEM.  Release with json_decref(). */
int json_read(struct slice json, json_t **ret) MUSTCHECK;

#endif
