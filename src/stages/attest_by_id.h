/*
 * attest_by_id: a Produce request that the client made by name goes out by id (kafka/produce_by_id.h).
 *
 *   ApiVersions' answer ─► learn: does this broker take it?
 *   request ─► choose: is each topic's id known? ─► put … end: its pieces, by id ─► its answer, by name again
 *
 * What a connection has under way by an id is answered before anything goes out behind a change of ids: the first may be
 * refused, and what came behind it would be stored before it.
 */
#ifndef STAGES_ATTEST_BY_ID_H
#define STAGES_ATTEST_BY_ID_H

#include "stages/attest_facts.h"
#include "stages/attest_internal.h"
#include "stages/attest_pieces.h"

/* A request in the making. */
struct attest_by_id {
	uint8_t (*ids)[16]; /* by part; NULL: it goes out at the client's version */
	struct wr head;     /* what stands in front of a part's records */
	size_t said;        /* so many parts are in the pieces */
};

/* A broker's answer to ApiVersions passes. */
void attest_by_id_learn(struct attest *a, struct exchange *x);

/* Must the request wait for answers to others of its connection? */
bool attest_by_id_waits(const struct attest *a, const struct exchange *x);

/*
 * May the request, of which s->sent was placed, go out by id?  Then b->ids and s->by_name are set, and the attempts say
 * so.  `room`: so much longer may it become.  0 or ERR_NOMEM.
 */
int attest_by_id_choose(struct attest *a, struct exchange *x, const struct attest_facts *facts, struct attest_state *s,
			int64_t room, struct attest_by_id *b) MUSTCHECK;

/* Puts the parts up to this one, which has a new batch.  It may be taken, as attest_pieces_put() does.  0 or an error of memory. */
int attest_by_id_put(struct attest_by_id *b, const struct produce_request *q, struct attest_pieces *m,
		     const struct produce_part *part, struct wr *batch) MUSTCHECK;

/* Puts what is left, as it came. */
int attest_by_id_end(struct attest_by_id *b, const struct produce_request *q, struct attest_pieces *m) MUSTCHECK;

void attest_by_id_clear(struct attest_by_id *b);

/* A request with s->by_name goes out, whose ids are of that topics_changes(); and its answer came or never will. */
void attest_by_id_sent(const struct attest *a, struct exchange *x, unsigned changes);
void attest_by_id_done(const struct attest *a, struct exchange *x);

#endif
