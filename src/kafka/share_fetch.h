/*
 * share_fetch: how members of share groups get records and settle them (KIP-932): ShareFetch, versions 1 and 2.
 *
 *   request  group, member, epoch, limits … [topic id [partition [acknowledged: first, last, types]…]…]… forgotten
 *   answer   … error … lock [topic id [partition error … records field, [acquired: first, last, deliveries]… ]…]… endpoints
 *                                                ▲ error_at  ▲ field_at      ▲ acquired_at
 *
 * A member has the records that are acquired for it, of the batches that come along, and no others.  All else of an
 * answer that is changed stays byte for byte.  Both versions' answers look the same.
 */
#ifndef KAFKA_SHARE_FETCH_H
#define KAFKA_SHARE_FETCH_H

#include "kafka/fetch.h"

enum { SHARE_FETCH_MIN = 1, SHARE_FETCH_MAX = 2, SHARE_WITH_RENEWAL = 2 };

struct share_request {
	struct slice group, member; /* p == NULL: null */
	int32_t epoch;              /* of its session: 0 begins one, -1 ends it */
	size_t limits_at; /* max wait, min bytes, max bytes, max records: four bytes each */
	int32_t max_wait_ms, min_bytes, max_bytes, batch_size;
	int8_t acquire_mode;      /* version 2 */
	size_t topics_at, rest_at; /* the topics; what follows them: forgotten ones, tags */
};

/* Slices point into body.  0, ERR_SHORT, ERR_MALFORMED, ERR_UNSUPPORTED; ERR_LIMIT: it forgets more than FETCH_PARTS_MAX. */
int share_fetch_request_read(int16_t version, struct slice body, struct share_request *ret) MUSTCHECK;

/* Partitions that are to be none of the session's any more, in an order; *ret is the caller's, from malloc.  0 or ERR_NOMEM. */
int share_fetch_forgotten(const struct share_request *q, struct slice body, struct fetch_at **ret, size_t *ret_count) MUSTCHECK;
bool share_fetch_forgets(const struct fetch_at *forgotten, size_t count, const struct fetch_at *at);

struct share_part {
	struct fetch_part fetch; /* watermarks aren't told */
	int16_t acknowledged; /* the error of what the request acknowledged */
	size_t leader_at; /* who leads it, and that one's epoch: four bytes each */
	size_t acquired_at, acquired_len; /* the array: its count and its ranges */
	int64_t first; /* the lowest offset that is acquired; -1: none */
};

struct share_response {
	int16_t error;
	int32_t lock_ms; /* how long what is acquired is the member's */
	struct share_part *parts;
	size_t count;
};

/* 0, ERR_SHORT, ERR_MALFORMED (a partition that is there twice, too), ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM.  Release with share_fetch_response_free(). */
int share_fetch_response_read(int16_t version, struct slice body, struct share_response *ret) MUSTCHECK;
void share_fetch_response_free(struct share_response *r);

struct share_span {
	int64_t from, to; /* offsets, the last included */
};

/* What a part becomes: as fetch_edit, and of the offsets that are acquired those in the spans, which ascend. */
struct share_edit {
	struct fetch_edit fetch;
	struct slice acquired; /* in place of the part's own; p == NULL: those */
	const struct share_span *spans;
	size_t span_count;
};

/* As fetch_response_edit().  Beside an error that the broker didn't tell nobody leads: clients take that for where to go on. */
int share_fetch_edit(struct blob *frame, size_t body_at, const struct share_response *r, const struct share_edit *edits,
			struct rope *ret) MUSTCHECK;

/*
 * What of an array of acquired ranges lies in the spans, as an array.  Ranges ascend; of one that doesn't, what is behind
 * those before it counts, so that there are never more than ranges and spans together.
 */
void share_fetch_cut(struct slice acquired, const struct share_span *spans, size_t count, struct wr *out);

/* The next range of such an array; false: there is none.  Begin with *r of the array and *left 0. */
bool share_fetch_acquired(struct rd *r, uint32_t *left, int64_t *ret_first, int64_t *ret_last);
int64_t share_fetch_count(struct slice acquired); /* its offsets; INT32_MAX: so many, or more, and sums of that don't overflow */

#endif
