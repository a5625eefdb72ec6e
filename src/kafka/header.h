/*
 * header: what stands in front of each message's body.
 *
 *   request   key i16 │ version i16 │ correlation id i32 │ client id nullable string │ tags (flexible versions)
 *   response  correlation id i32 │ tags (flexible versions, never for ApiVersions: KIP-511)
 *
 * The client id keeps its two-byte length in flexible versions too.
 */
#ifndef KAFKA_HEADER_H
#define KAFKA_HEADER_H

#include "base/rd.h"
#include "base/wr.h"

struct request_header {
	int16_t key;
	int16_t version;
	int32_t correlation_id;
	struct slice client_id; /* p == NULL: null */
	size_t body_at;
};

/* `frame` without its length; a prefix will do if it reaches the body.  0, ERR_SHORT, ERR_MALFORMED. */
int request_header_read(struct slice frame, struct request_header *ret) MUSTCHECK;

/* A header of our own. */
void request_header_write(int16_t key, int16_t version, int32_t correlation_id, struct slice client_id, struct wr *w);

/* Where the body of a response starts.  0, ERR_SHORT, ERR_MALFORMED. */
int response_body_at(int16_t key, int16_t version, struct slice frame, size_t *ret_at) MUSTCHECK;

void response_header_write(int16_t key, int16_t version, int32_t correlation_id, struct wr *w);

/* false only for Produce with acks=0.  A prefix of the body that reaches acks will do; true when it doesn't. */
bool request_wants_answer(int16_t key, int16_t version, struct slice body);

#endif
