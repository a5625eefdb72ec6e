#include "kafka/share_fetch.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"
#include "suite.h"

static bool
request_taken(int16_t version, struct slice body)
{
	struct share_request q;
	struct fetch_at *forgotten;
	size_t count;

	if (share_fetch_request_read(version, body, &q) != 0)
		return false;
	ck_assert_uint_lt(q.limits_at, q.topics_at);
	ck_assert_uint_lt(q.topics_at, q.rest_at);
	ck_assert_uint_lt(q.rest_at, body.n);
	ck_assert_int_eq(share_fetch_forgotten(&q, body, &forgotten, &count), 0);
	for (size_t i = 0; i < count; i++)
		ck_assert(share_fetch_forgets(forgotten, count, &forgotten[i]));
	free(forgotten);
	return true;
}

static int64_t
acquired_of(struct slice body, const struct share_part *p)
{
	return share_fetch_count(slice_of(body.p + p->acquired_at, p->acquired_len));
}

static bool
response_taken(int16_t version, struct slice body)
{
	struct share_response r;

	if (share_fetch_response_read(version, body, &r) != 0)
		return false;
	for (size_t i = 0; i < r.count; i++) {
		const struct share_part *p = &r.parts[i];
		const struct fetch_part *f = &p->fetch;

		ck_assert_uint_le(f->error_at, f->field_at - 2);
		ck_assert_uint_eq(f->field_at + f->field_len, p->acquired_at);
		ck_assert_uint_le(p->acquired_len, body.n - p->acquired_at);
		ck_assert((acquired_of(body, p) == 0) == (p->first < 0));
		if (f->records.n > 0)
			ck_assert_ptr_eq(f->records.p, body.p + p->acquired_at - f->records.n);
	}
	share_fetch_response_free(&r);
	ck_assert_ptr_null(r.parts);
	return true;
}

START_TEST(request_as_the_walker)
{
	message_same_rounds(&(struct message_same){API_SHARE_FETCH, false, request_taken, NULL}, 4);
}
END_TEST

START_TEST(response_as_the_walker)
{
	message_same_rounds(&(struct message_same){API_SHARE_FETCH, true, response_taken, NULL}, 4);
}
END_TEST

#define ID "000102030405060708090a0b0c0d0e0f"
#define WHO "02 'g' 02 'm' 00000007 "
#define LIMITS "000001f4 00000001 03200000 00000064 0000000a "
#define TOPICS "02 " ID " 02 00000000 02 | 0000000000000003 000000000000000c 02 01 00 | 00 00 "
#define FORGOTTEN "02 " ID " 03 00000004 00000006 00 "

static const struct {
	int16_t version;
	int8_t mode;
	size_t topics_at;
	const char *hex;
} requests[] = {
	{1, 0, 28, WHO LIMITS TOPICS FORGOTTEN "00"},
	{2, 1, 30, WHO LIMITS "01 00 " TOPICS FORGOTTEN "00"},
};

START_TEST(request)
{
	struct wr w = hex_of(requests[_i].hex);
	struct share_request q;
	struct fetch_at at = {.by_id = true, .partition = 6}, *forgotten;
	size_t count;

	ck_assert_int_eq(share_fetch_request_read(requests[_i].version, wr_slice(&w), &q), 0);
	ck_assert(slice_eq(q.group, slice_str("g")));
	ck_assert(slice_eq(q.member, slice_str("m")));
	ck_assert_int_eq(q.epoch, 7);
	ck_assert_uint_eq(q.limits_at, 8);
	ck_assert_int_eq(q.max_wait_ms, 500);
	ck_assert_int_eq(q.min_bytes, 1);
	ck_assert_int_eq(q.max_bytes, 0x3200000);
	ck_assert_int_eq(q.batch_size, 10);
	ck_assert_int_eq(q.acquire_mode, requests[_i].mode);
	ck_assert_uint_eq(q.topics_at, requests[_i].topics_at);
	ck_assert_uint_eq(w.len - q.rest_at, 28);
	for (uint8_t i = 0; i < 16; i++)
		at.topic_id[i] = i;
	ck_assert_int_eq(share_fetch_forgotten(&q, wr_slice(&w), &forgotten, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert(share_fetch_forgets(forgotten, count, &at));
	at.partition = 5;
	ck_assert(!share_fetch_forgets(forgotten, count, &at));
	at.partition = 6;
	at.topic_id[3] ^= 1;
	ck_assert(!share_fetch_forgets(forgotten, count, &at));
	free(forgotten);
	wr_free(&w);
}
END_TEST

/* As many partitions as are read elsewhere, and no more. */
START_TEST(forgets_many)
{
	struct wr w = hex_of(WHO LIMITS "01 02 " ID);
	struct share_request q;
	struct fetch_at *forgotten, at = {.by_id = true, .partition = 3};
	uint32_t n = FETCH_PARTS_MAX + (uint32_t)_i;
	size_t count;

	w.max = 4 << 20;
	wr_uvarint(&w, n + 1);
	for (uint32_t i = 0; i < n; i++)
		wr_i32(&w, (int32_t)(n - i) * 2);
	wr_u16(&w, 0);
	ck_assert_int_eq(share_fetch_request_read(1, wr_slice(&w), &q), _i == 0 ? 0 : ERR_LIMIT);
	if (_i == 0) {
		ck_assert_int_eq(share_fetch_forgotten(&q, wr_slice(&w), &forgotten, &count), 0);
		ck_assert_uint_eq(count, n);
		for (uint8_t i = 0; i < 16; i++)
			at.topic_id[i] = i;
		ck_assert(!share_fetch_forgets(forgotten, count, &at));
		at.partition = 4;
		ck_assert(share_fetch_forgets(forgotten, count, &at));
		free(forgotten);
	}
	wr_free(&w);
}
END_TEST

START_TEST(versions_that_are_not_known)
{
	struct wr w = hex_of(requests[0].hex);
	struct share_request q;
	struct share_response r;

	ck_assert_int_eq(share_fetch_request_read(0, wr_slice(&w), &q), ERR_UNSUPPORTED);
	ck_assert_int_eq(share_fetch_request_read(3, wr_slice(&w), &q), ERR_UNSUPPORTED);
	ck_assert_int_eq(share_fetch_response_read(0, wr_slice(&w), &r), ERR_UNSUPPORTED);
	ck_assert_int_eq(share_fetch_response_read(3, wr_slice(&w), &r), ERR_UNSUPPORTED);
	wr_free(&w);
}
END_TEST

#define HEAD "00000000 0000 00 00007530 | 02 " ID " 03 "
#define BEFORE " 00 0003 02 'x' 00000002 00000005 00 | "
#define NOBODY " 00 0003 02 'x' ffffffff ffffffff 00 | " /* leads it */
#define OTHER "| 00000001 0006 00 0000 00 00000003 00000009 00 | 01 | 01 00 00 "
#define TAIL "| 02 00000003 02 'h' 00002384 00 00 | 01 63 02 'xy'"

#define RANGES                                                                                         \
	"04 | 0000000000000005 0000000000000009 0001 01 07 01 '?' | 000000000000000a 0000000000000013 0002 00 " \
	"| 000000000000001e 000000000000001e 0001 00 "

static const char *const whole = HEAD "00000000 0000" BEFORE "07 'record' | " RANGES "00 " OTHER TAIL;

START_TEST(answer)
{
	struct wr w = hex_of(whole);
	struct share_response r;

	ck_assert_int_eq(share_fetch_response_read(1, wr_slice(&w), &r), 0);
	ck_assert_int_eq(r.error, 0);
	ck_assert_int_eq(r.lock_ms, 30000);
	ck_assert_uint_eq(r.count, 2);
	ck_assert(r.parts[0].fetch.at.by_id);
	ck_assert_int_eq(r.parts[0].fetch.at.topic_id[15], 15);
	ck_assert(slice_eq(r.parts[0].fetch.records, slice_str("record")));
	ck_assert_int_eq(r.parts[0].first, 5);
	ck_assert_int_eq(r.parts[0].acknowledged, 3);
	ck_assert_int_eq(acquired_of(wr_slice(&w), &r.parts[0]), 16);
	ck_assert_int_eq(r.parts[1].fetch.at.partition, 1);
	ck_assert_int_eq(r.parts[1].fetch.error, 6);
	ck_assert_int_eq(r.parts[1].first, -1);
	share_fetch_response_free(&r);
	wr_free(&w);
}
END_TEST

static const struct {
	struct share_span spans[3];
	size_t count;
	const char *ranges;
} cuts[] = {
	{{{0, 100}}, 1,
	 "04 0000000000000005 0000000000000009 0001 00 000000000000000a 0000000000000013 0002 00 000000000000001e 000000000000001e 0001 00"},
	{{{0, 0}}, 0, "01"},
	{{{INT64_MIN, 4}}, 1, "01"},
	{{{31, INT64_MAX}}, 1, "01"},
	{{{INT64_MIN, 7}}, 1, "02 0000000000000005 0000000000000007 0001 00"},
	{{{8, 11}}, 1, "03 0000000000000008 0000000000000009 0001 00 000000000000000a 000000000000000b 0002 00"},
	/* one is cut out of the middle of a range */
	{{{0, 11}, {13, 13}, {30, 30}}, 3,
	 "05 0000000000000005 0000000000000009 0001 00 000000000000000a 000000000000000b 0002 00 "
	 "000000000000000d 000000000000000d 0002 00 000000000000001e 000000000000001e 0001 00"},
};

static struct blob *
frame_of(struct slice body, size_t at)
{
	struct blob *b = blob_new(at + body.n);

	ck_assert_ptr_nonnull(b);
	memset(b->data, 0xee, at);
	memcpy(b->data + at, body.p, body.n);
	b->len = at + body.n;
	return b;
}

static struct wr
flat(const struct rope *r)
{
	struct wr w = wr_new(SIZE_MAX / 2);

	for (size_t i = 0; i < r->count; i++)
		wr_bytes(&w, r->pieces[i].blob->data + r->pieces[i].off, r->pieces[i].len);
	ck_assert_uint_eq(w.len, r->total);
	return w;
}

START_TEST(an_edit_changes_nothing_else)
{
	struct wr in = hex_of(whole), out;
	struct blob *b = frame_of(wr_slice(&in), 5);
	struct share_edit edits[2] = {{.span_count = 0}};
	struct share_response r;
	struct rope rope = {0};
	struct slice piece;
	char want[1000];

	ck_assert_int_eq(share_fetch_response_read(1, slice_of(b->data + 5, b->len - 5), &r), 0);
	ck_assert_int_eq(share_fetch_edit(b, 5, &r, edits, &rope), 0);
	out = flat(&rope);
	ck_hex(wr_slice(&out), whole);
	wr_free(&out);
	rope_clear(&rope);
	piece = slice_of(r.parts[0].fetch.records.p + 2, 3);
	edits[0] = (struct share_edit){{true, 87, &piece, 1}, {NULL, 0}, cuts[_i].spans, cuts[_i].count};
	ck_assert_int_eq(share_fetch_edit(b, 5, &r, edits, &rope), 0);
	out = flat(&rope);
	(void)snprintf(want, sizeof(want), "%s%s%s%s%s", HEAD "00000000 0057" NOBODY "04 'cor' | ", cuts[_i].ranges, " 00 ", OTHER, TAIL);
	ck_hex(wr_slice(&out), want);
	wr_free(&out);
	rope_clear(&rope);
	share_fetch_response_free(&r);
	blob_unref(b);
	wr_free(&in);
}
END_TEST

/* Ranges as no broker gives them: what is given lies in the spans, and once. */
START_TEST(ranges_out_of_order)
{
	static const struct share_span spans[] = {{2, 3}, {6, INT64_MAX}};
	struct wr in = hex_of(HEAD "00000000 0000" BEFORE "01 | "
				   "06 fffffffffffffff0 0000000000000007 0001 00 0000000000000003 0000000000000008 0001 00 "
				   "0000000000000009 0000000000000001 0001 00 7ffffffffffffff0 7fffffffffffffff 0001 00 "
				   "0000000000000000 7fffffffffffffff 0001 00 "
				   "00 " OTHER TAIL),
		  out;
	struct blob *b = frame_of(wr_slice(&in), 5);
	struct share_edit edits[2] = {{{true, 0, NULL, 0}, {NULL, 0}, spans, 2}};
	struct share_response r;
	struct rope rope = {0};

	ck_assert_int_eq(share_fetch_response_read(1, slice_of(b->data + 5, b->len - 5), &r), 0);
	ck_assert_int_eq(r.parts[0].first, 0);
	ck_assert_int_eq(share_fetch_edit(b, 5, &r, edits, &rope), 0);
	out = flat(&rope);
	ck_hex(wr_slice(&out), HEAD "00000000 0000" BEFORE "01 | "
				    "06 0000000000000002 0000000000000003 0001 00 0000000000000006 0000000000000007 0001 00 "
				    "0000000000000008 0000000000000008 0001 00 7ffffffffffffff0 7fffffffffffffff 0001 00 "
				    "7fffffffffffffff 7fffffffffffffff 0001 00 "
				    "00 " OTHER TAIL);
	wr_free(&out);
	rope_clear(&rope);
	share_fetch_response_free(&r);
	blob_unref(b);
	wr_free(&in);
}
END_TEST

/* Another's ranges in place of the part's own, and what they are read as. */
START_TEST(ranges_of_another)
{
	static const struct share_span all = {INT64_MIN, INT64_MAX};
	struct wr in = hex_of(whole), out, ranges = hex_of("03 0000000000000001 0000000000000002 0001 00 0000000000000004 0000000000000004 0002 00");
	struct blob *b = frame_of(wr_slice(&in), 5);
	struct share_edit edits[2] = {{.fetch = {.changed = false}}, {{true, 0, NULL, 0}, wr_slice(&ranges), &all, 1}};
	struct rd r = rd_of(wr_slice(&ranges));
	struct share_response a, got;
	int64_t first, last;
	struct rope rope = {0};
	uint32_t left = 0;

	ck_assert_int_eq(share_fetch_response_read(1, slice_of(b->data + 5, b->len - 5), &a), 0);
	ck_assert_int_eq(share_fetch_edit(b, 5, &a, edits, &rope), 0);
	out = flat(&rope);
	ck_assert_int_eq(share_fetch_response_read(1, wr_slice(&out), &got), 0);
	ck_assert_int_eq(acquired_of(wr_slice(&out), &got.parts[0]), 16);
	ck_assert_int_eq(acquired_of(wr_slice(&out), &got.parts[1]), 3);
	ck_assert_int_eq(got.parts[1].first, 1);
	ck_assert(share_fetch_acquired(&r, &left, &first, &last));
	ck_assert(share_fetch_acquired(&r, &left, &first, &last));
	ck_assert_int_eq(first, 4);
	ck_assert_int_eq(last, 4);
	ck_assert(!share_fetch_acquired(&r, &left, &first, &last));
	share_fetch_response_free(&a);
	share_fetch_response_free(&got);
	rope_clear(&rope);
	blob_unref(b);
	wr_free(&in);
	wr_free(&out);
	wr_free(&ranges);
}
END_TEST

/* Any answer, with any part cut down: it is read, and is the same but for that. */
START_TEST(edits_of_any_answer)
{
	static const struct share_span all = {INT64_MIN, INT64_MAX};
	struct message_gen g = {.state = 0xfe7c4};
	struct wr w = wr_new(1 << 20);

	for (int16_t v = SHARE_FETCH_MIN; v <= SHARE_FETCH_MAX; v++)
		for (int round = 0; round < 200; round++) {
			struct share_response r, s;
			struct share_edit *edits;
			struct rope rope = {0};
			struct slice piece = {NULL, 0};
			struct blob *b;
			struct wr out;

			wr_reset(&w);
			message_gen(&g, API_SHARE_FETCH, true, v, &w);
			b = frame_of(wr_slice(&w), 9);
			ck_assert_int_eq(share_fetch_response_read(v, slice_of(b->data + 9, b->len - 9), &r), 0);
			edits = calloc(r.count + 1, sizeof(*edits));
			if (r.count > 0) {
				const struct fetch_part *f = &r.parts[r.count / 2].fetch;

				piece = slice_of(f->records.p, f->records.n / 2);
				edits[r.count / 2] = (struct share_edit){{true, 2, &piece, 1}, {NULL, 0}, &all, (size_t)round % 2};
			}
			ck_assert_int_eq(share_fetch_edit(b, 9, &r, edits, &rope), 0);
			out = flat(&rope);
			ck_assert_int_eq(share_fetch_response_read(v, wr_slice(&out), &s), 0);
			ck_assert_uint_eq(s.count, r.count);
			for (size_t i = 0; i < r.count; i++) {
				bool is = i == r.count / 2;

				ck_assert_int_eq(s.parts[i].fetch.error, is ? 2 : r.parts[i].fetch.error);
				ck_assert_int_eq(s.parts[i].fetch.at.partition, r.parts[i].fetch.at.partition);
				ck_assert(slice_eq(s.parts[i].fetch.records, is ? piece : r.parts[i].fetch.records));
				if (is && round % 2 == 0)
					ck_assert_int_eq(acquired_of(wr_slice(&out), &s.parts[i]), 0);
			}
			wr_free(&out);
			rope_clear(&rope);
			share_fetch_response_free(&r);
			share_fetch_response_free(&s);
			free(edits);
			blob_unref(b);
		}
	wr_free(&w);
}
END_TEST

/* However much a broker says that it is. */
START_TEST(counted)
{
	static const int64_t ranges[][2] = {{-5, 2}, {7, 5}, {INT64_MIN, -1}, {9, 9}, {0, INT64_MAX}, {0, INT64_MAX}};
	static const int64_t want[] = {0, 3, 3, 3, 4, INT32_MAX, INT32_MAX};

	for (uint32_t n = 0; n <= ARRAY_LEN(ranges); n++) {
		struct wr w = wr_new(1000);

		wr_uvarint(&w, n + 1);
		for (uint32_t i = 0; i < n; i++) {
			wr_i64(&w, ranges[i][0]);
			wr_i64(&w, ranges[i][1]);
			wr_u16(&w, 1);
			wr_uvarint(&w, 0);
		}
		ck_assert_int_eq(share_fetch_count(wr_slice(&w)), want[n]);
		wr_free(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("share_fetch");
	TCase *c = tcase_create("share_fetch");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, request_as_the_walker);
	tcase_add_test(c, response_as_the_walker);
	tcase_add_loop_test(c, request, 0, ARRAY_LEN(requests));
	tcase_add_loop_test(c, forgets_many, 0, 2);
	tcase_add_test(c, versions_that_are_not_known);
	tcase_add_test(c, answer);
	tcase_add_loop_test(c, an_edit_changes_nothing_else, 0, ARRAY_LEN(cuts));
	tcase_add_test(c, ranges_out_of_order);
	tcase_add_test(c, ranges_of_another);
	tcase_add_test(c, edits_of_any_answer);
	tcase_add_test(c, counted);
	suite_add_tcase(s, c);
	return suite_run(s);
}
