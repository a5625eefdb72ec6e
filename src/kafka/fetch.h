/*
 * fetch: FetchRequest and its answer, versions 4 to 18.
 *
 *   answer   … error, session [topic [partition error watermarks … records field tags ]…]… tags
 *                                        ▲ error_at                 ▲ field_at, field_len: length prefix and records
 *
 * Version 13 names topics by id (KIP-516).  Who changes an answer says which parts get other
 * records or another error; all else stays byte for byte.
 */
#ifndef KAFKA_FETCH_H
#define KAFKA_FETCH_H

#include "base/rd.h"
#include "base/rope.h"

/* FETCH_PARTS_MAX: more partitions in one message is ERR_LIMIT: the shortest would grow ten-fold in memory. */
enum { FETCH_MIN = 4, FETCH_MAX = 18, FETCH_PARTS_MAX = 1 << 18 };

struct fetch_at {
	struct slice topic; /* p == NULL: told by id */
	uint8_t topic_id[16];
	bool by_id;
	int32_t partition;
};

struct fetch_want {
	struct fetch_at at;
	int64_t offset;
};

struct fetch_request {
	bool replica; /* a broker's own, which copies the log */
	int32_t max_wait_ms, min_bytes, max_bytes;
	size_t max_bytes_at; /* four bytes in the body; those before are min_bytes */
	int8_t isolation;
	int32_t session_id, session_epoch; /* 0, -1: without a session (KIP-227) */
	struct fetch_want *wants;
	size_t count;
	struct fetch_at *forgotten;
	size_t forgotten_count;
};

/* Slices point into body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM.  Release with fetch_request_free(). */
int fetch_request_read(int16_t version, struct slice body, struct fetch_request *ret) MUSTCHECK;
void fetch_request_free(struct fetch_request *q);

struct fetch_part {
	struct fetch_at at;
	int16_t error;
	size_t error_at; /* two bytes in the body */
	int64_t high_watermark, last_stable, log_start; /* log_start -1: not told */
	struct slice records; /* p == NULL: null */
	size_t field_at, field_len;
};

struct fetch_response {
	int16_t error;
	int32_t session_id;
	struct fetch_part *parts;
	size_t count;
};

/* As fetch_request_read(). */
int fetch_response_read(int16_t version, struct slice body, struct fetch_response *ret) MUSTCHECK;
void fetch_response_free(struct fetch_response *r);

/* What a part becomes: these pieces are its records; they lie in the body, or are copied. */
struct fetch_edit {
	bool changed;
	int16_t error;
	const struct slice *pieces;
	size_t count;
};

/* The body, which begins at `body_at` of `frame`, anew; edits[i] is about r->parts[i].  0, ERR_NOMEM, ERR_LIMIT. */
int fetch_response_edit(int16_t version, struct blob *frame, size_t body_at, const struct fetch_response *r,
			const struct fetch_edit *edits, struct rope *ret) MUSTCHECK;

/* An answer that is an error as a whole; from version 7 on. */
int fetch_response_error(int16_t version, int16_t error, struct wr *out) MUSTCHECK;

#endif
