/* header_room: a record's headers, as makoto/ takes them, in room that grows. */
#ifndef ATTEST_HEADER_ROOM_H
#define ATTEST_HEADER_ROOM_H

#include <stdlib.h>

#include "makoto/triple.h"
#include "rdkafka/consumer.h"

struct header_room { /* zeroed is right; free(p) ends it */
	struct header *p;
	size_t cap;
};

/* r->header_count of them, borrowed as the record is.  0 or ERR_NOMEM. */
static inline int
header_room_take(struct header_room *room, const struct consumer_record *r)
{
	if (r->header_count > room->cap) {
		struct header *p = reallocarray(room->p, r->header_count, sizeof(*p));

		if (p == NULL)
			return ERR_NOMEM;
		room->p = p;
		room->cap = r->header_count;
	}
	for (size_t i = 0; i < r->header_count; i++)
		room->p[i] = (struct header){r->headers[i].name, r->headers[i].value};
	return 0;
}

#endif
