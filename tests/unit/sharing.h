/* sharing: ShareFetch requests and answers around the verify stage of verifying.h; one topic, "t", by its id. */
#ifndef TESTS_UNIT_SHARING_H
#define TESTS_UNIT_SHARING_H

#include "kafka/share_fetch.h"
#include "verifying.h"

#define SHARING_ID "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"

struct range {
	int64_t first, last;
};

struct share {
	int32_t partition;
	int16_t error, acknowledged;
	struct slice records;
	struct range acquired[4];
	size_t count;
};

static UNUSED struct wr
share_asked(int16_t version, const char *member, int32_t epoch, int32_t max_bytes)
{
	struct wr m = wr_new(1 << 20);

	wr_compact(&m, slice_str("g"));
	wr_compact(&m, slice_str(member));
	wr_i32(&m, epoch);
	wr_i32(&m, 500);
	wr_i32(&m, 1);
	wr_i32(&m, max_bytes);
	wr_i32(&m, 100);
	wr_i32(&m, 100);
	if (version >= 2)
		wr_u16(&m, 0);
	wr_uvarint(&m, 1);
	wr_uvarint(&m, 1);
	wr_uvarint(&m, 0);
	return m;
}

static UNUSED struct wr
share_answer(int16_t error, int32_t lock_ms, const struct share *p, size_t n)
{
	struct wr m = wr_new(1 << 20);

	wr_i32(&m, 0);
	wr_i16(&m, error);
	wr_uvarint(&m, 0);
	wr_i32(&m, lock_ms);
	wr_uvarint(&m, 2);
	wr_bytes(&m, SHARING_ID, 16);
	wr_uvarint(&m, (uint32_t)n + 1);
	for (size_t i = 0; i < n; i++) {
		wr_i32(&m, p[i].partition);
		wr_i16(&m, p[i].error);
		wr_uvarint(&m, 0);
		wr_i16(&m, p[i].acknowledged);
		wr_uvarint(&m, 0);
		wr_i64(&m, 0);
		wr_uvarint(&m, 0);
		wr_compact(&m, p[i].records.p == NULL ? slice_str("") : p[i].records); /* never null */
		wr_uvarint(&m, (uint32_t)p[i].count + 1);
		for (size_t k = 0; k < p[i].count; k++) {
			wr_i64(&m, p[i].acquired[k].first);
			wr_i64(&m, p[i].acquired[k].last);
			wr_i16(&m, 1);
			wr_uvarint(&m, 0);
		}
		wr_uvarint(&m, 0);
	}
	wr_uvarint(&m, 0);
	wr_uvarint(&m, 1);
	wr_uvarint(&m, 0);
	return m;
}

/* The broker is one that renews locks. */
static UNUSED void
share_versions(void)
{
	static const uint8_t told[] = {0, 0, 2, 0, 0x4e, 0, 1, 0, 2, 0, 0, 0, 0, 0, 0};
	struct exchange *x = stages_exchange(API_VERSIONS, 3, slice_of(told, sizeof(told)));

	x->session = session;
	ck_assert_int_eq(stage->response(stage->self, x), STAGE_PASS);
	session = x->session;
	stages_free(x);
}

static UNUSED bool
is_renewal(struct exchange *x)
{
	struct wr out = stages_flat(&x->body);
	struct share_request q;

	ck_assert_int_eq(share_fetch_request_read(x->version, wr_slice(&out), &q), 0);
	wr_free(&out);
	return q.max_bytes == 0;
}

/* The request of a member, and its answer: the exchange as it is when that has come. */
static UNUSED struct exchange *
share_exchange(int16_t version, int32_t epoch, bool renewal, const struct share *p, size_t n)
{
	struct wr in = share_asked(version, "m", epoch, 1 << 20), out = share_answer(0, 30000, p, n);
	struct exchange *x = stages_exchange(API_SHARE_FETCH, version, wr_slice(&in));

	x->session = session;
	x->reactor = judge;
	ck_assert_int_eq(stage->request(stage->self, x), STAGE_REPLACE);
	session = x->session;
	ck_assert_int_eq(is_renewal(x), renewal);
	stages_message(x, wr_slice(&out));
	wr_free(&in);
	wr_free(&out);
	return x;
}

/* What the client gets of part i. */
static UNUSED void
ck_share(struct exchange *x, size_t i, int16_t error, struct slice records, const struct range *want, size_t count)
{
	struct wr flat = x->replaced ? stages_flat(&x->body) : wr_new(1 << 20);
	struct share_response r;
	int64_t first, last;
	uint32_t left = 0;
	struct rd at;

	if (!x->replaced)
		wr_slice_put(&flat, exchange_body(x));
	ck_assert_int_eq(share_fetch_response_read(x->version, wr_slice(&flat), &r), 0);
	ck_assert_uint_lt(i, r.count);
	ck_assert_int_eq(r.parts[i].fetch.error, error);
	ck_assert_msg(slice_eq(r.parts[i].fetch.records, records), "%zu bytes, not %zu", r.parts[i].fetch.records.n, records.n);
	at = rd_of(slice_of(flat.buf + r.parts[i].acquired_at, r.parts[i].acquired_len));
	for (size_t k = 0; k < count; k++) {
		ck_assert(share_fetch_acquired(&at, &left, &first, &last));
		ck_assert_int_eq(first, want[k].first);
		ck_assert_int_eq(last, want[k].last);
	}
	ck_assert(!share_fetch_acquired(&at, &left, &first, &last));
	share_fetch_response_free(&r);
	wr_free(&flat);
}

#define CK_SHARE(x, i, error, records, ...) ck_share(x, i, error, records, (struct range[]){__VA_ARGS__}, sizeof((struct range[]){__VA_ARGS__}) / sizeof(struct range))
#define CK_NONE(x, i, error) ck_share(x, i, error, NOTHING, NULL, 0)

#endif
