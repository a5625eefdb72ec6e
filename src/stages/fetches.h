/*
 * fetches: from which offset each partition of a Fetch request is read, also in an incremental one, which names
 * only those that changed (KIP-227): what the sessions of one client connection ask for, as the broker has it.
 *
 *   request ─► fetches_request() ─► asked ─► answer: fetches_answer(), fetches_offset()
 *
 * Belongs to the connection's thread.
 */
#ifndef STAGES_FETCHES_H
#define STAGES_FETCHES_H

#include "kafka/fetch.h"

struct fetches; /* opaque: of a connection */
struct asked;   /* opaque: by a request; counted */

struct fetches *fetches_new(void) MUSTCHECK; /* NULL: no memory */
void fetches_free(struct fetches *f);        /* what was asked may outlive it; NULL is fine */

/*
 * A request goes out; *ret is released with fetches_release().  0; ERR_NOTFOUND: it goes on with a session that is
 * not known here; ERR_LIMIT: a session with too many partitions, which is forgotten; ERR_NOMEM.
 */
int fetches_request(struct fetches *f, const struct fetch_request *q, struct asked **ret) MUSTCHECK;

/* Its answer: a session may have begun. */
void fetches_answer(struct fetches *f, struct asked *a, const struct fetch_response *r);

/* false: it isn't asked for. */
bool fetches_offset(const struct asked *a, const struct fetch_at *at, int64_t *ret);

void fetches_release(struct asked *a); /* NULL is fine */

#endif
