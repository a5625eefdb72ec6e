/* own_record: a record that outlives the call in which it was read. */
#ifndef VERIFY_OWN_RECORD_H
#define VERIFY_OWN_RECORD_H

#include "makoto/verdict.h"

struct own_record { /* zeroed: none */
	struct verdict_record r;
	struct header *headers;
	uint8_t *bytes;
};

int own_record_of(const struct verdict_record *r, struct own_record *ret) MUSTCHECK; /* 0 or ERR_NOMEM */
void own_record_free(struct own_record *o);

#endif
