/*
 * produce: ProduceRequest and its answer, versions 0 to 13.
 *
 *   body   … acks timeout [topic [partition │ records field ]…]…
 *                                           ▲ field_at, field_len: length prefix and records
 *
 * Version 13 names topics by id (KIP-516).  Who rewrites a request copies the body up
 * to a records field, writes another one, and goes on behind it.
 */
#ifndef KAFKA_PRODUCE_H
#define KAFKA_PRODUCE_H

#include "base/rd.h"
#include "base/wr.h"

/* More parts than this in one message is ERR_LIMIT: a frame of empty parts would grow twenty-fold in memory. */
enum { PRODUCE_PARTS_MAX = 1 << 16 };

struct produce_part {
	struct slice topic; /* p == NULL: told by id */
	uint8_t topic_id[16];
	bool by_id;
	int32_t partition;
	struct slice records; /* p == NULL: null */
	size_t field_at;
	size_t field_len;
};

struct produce_request {
	int16_t acks;
	size_t acks_at; /* two bytes in the body */
	int32_t timeout_ms;
	struct slice transactional_id; /* p == NULL: null */
	struct produce_part *parts;
	size_t count;
};

/* Slices point into body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM.  Release with produce_request_free(). */
int produce_request_read(int16_t version, struct slice body, struct produce_request *ret) MUSTCHECK;
void produce_request_free(struct produce_request *r);

/* The length prefix of a records field that is not null; how many bytes it is. */
size_t produce_records_prefix(int16_t version, size_t records_len, uint8_t out[5]);

struct produce_result {
	struct slice topic;
	uint8_t topic_id[16];
	bool by_id;
	int32_t partition;
	int16_t error;
	size_t error_at; /* two bytes in the body */
	int64_t base_offset;
	int64_t log_append_ms; /* -1: CreateTime, or not told */
};

/* *ret is the caller's, from malloc.  Errors as above. */
int produce_response_read(int16_t version, struct slice body, struct produce_result **ret,
			  size_t *ret_count) MUSTCHECK;

/* A response body that gives every part of `req` the same error. */
int produce_response_error(int16_t version, const struct produce_request *req, int16_t error, struct wr *out) MUSTCHECK;

#endif
