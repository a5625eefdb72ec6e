#include "kafka/fetch.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"
#include "suite.h"

static bool
request_taken(int16_t version, struct slice body)
{
	struct fetch_request q;

	if (fetch_request_read(version, body, &q) != 0)
		return false;
	ck_assert_uint_ge(q.max_bytes_at, 8);
	ck_assert_uint_le(q.max_bytes_at, body.n - 4);
	for (size_t i = 0; i < q.count; i++)
		ck_assert_int_eq(q.wants[i].at.by_id, version >= 13);
	for (size_t i = 0; i < q.forgotten_count; i++)
		ck_assert_int_eq(q.forgotten[i].by_id, q.forgotten[i].topic.p == NULL);
	fetch_request_free(&q);
	ck_assert_ptr_null(q.wants);
	return true;
}

static bool
response_taken(int16_t version, struct slice body)
{
	struct fetch_response r;

	if (fetch_response_read(version, body, &r) != 0)
		return false;
	for (size_t i = 0; i < r.count; i++) {
		const struct fetch_part *p = &r.parts[i];

		ck_assert_uint_le(p->error_at, p->field_at - 2);
		ck_assert_uint_le(p->field_at, body.n);
		ck_assert_uint_le(p->field_len, body.n - p->field_at);
		if (p->records.n > 0)
			ck_assert_ptr_eq(p->records.p, body.p + p->field_at + p->field_len - p->records.n);
	}
	fetch_response_free(&r);
	ck_assert_ptr_null(r.parts);
	return true;
}

START_TEST(request_as_the_walker)
{
	message_same_rounds(&(struct message_same){API_FETCH, false, request_taken, NULL}, 4);
}
END_TEST

START_TEST(response_as_the_walker)
{
	message_same_rounds(&(struct message_same){API_FETCH, true, response_taken, NULL}, 4);
}
END_TEST

#define WANTS_4 "00000001 | 0002 'ab' 00000002 | 00000000 0000000000000007 00100000 | 00000005 ffffffffffffffff 00100000"
#define WANTS_12 "02 | 03 'ab' 02 | 00000003 ffffffff 0000000000000009 ffffffff ffffffffffffffff 00100000 00 | 00"

static const struct {
	int16_t version;
	bool replica;
	int32_t session, epoch;
	size_t wants, forgotten, max_bytes_at;
	const char *hex;
} requests[] = {
	{4, false, 0, -1, 2, 0, 12, "ffffffff 000001f4 00000001 03200000 01 | " WANTS_4},
	{4, true, 0, -1, 2, 0, 12, "00000002 000001f4 00000001 03200000 01 | " WANTS_4},
	{7, false, 9, 3, 0, 3, 12,
	 "ffffffff 000001f4 00000001 03200000 01 00000009 00000003 | 00000000 | "
	 "00000001 0002 'ab' 00000003 00000001 00000002 00000003"},
	{12, false, 7, 0, 1, 0, 12, "ffffffff 000001f4 00000001 03200000 01 00000007 00000000 | " WANTS_12 " | 01 | 01 | 00"},
	/* by id; a broker is told by a tag */
	{15, false, 7, -1, 0, 1, 8,
	 "000001f4 00000001 03200000 01 00000007 ffffffff | 01 | 02 000102030405060708090a0b0c0d0e0f 02 00000004 00 | 02 'r' | 00"},
	{15, true, 0, -1, 0, 0, 8,
	 "000001f4 00000001 03200000 01 00000000 ffffffff | 01 | 01 | 01 | 01 01 0d 00000003 0000000000000001 00"},
	{15, false, 0, -1, 0, 0, 8,
	 "000001f4 00000001 03200000 01 00000000 ffffffff | 01 | 01 | 01 | 01 01 0d ffffffff 0000000000000001 00"},
};

START_TEST(request)
{
	struct wr w = hex_of(requests[_i].hex);
	struct fetch_request q;

	ck_assert_int_eq(fetch_request_read(requests[_i].version, wr_slice(&w), &q), 0);
	ck_assert_int_eq(q.replica, requests[_i].replica);
	ck_assert_int_eq(q.max_wait_ms, 500);
	ck_assert_int_eq(q.min_bytes, 1);
	ck_assert_int_eq(q.max_bytes, 0x3200000);
	ck_assert_uint_eq(q.max_bytes_at, requests[_i].max_bytes_at);
	ck_assert_mem_eq(w.buf + q.max_bytes_at - 4, "\0\0\0\001\003\040\0\0", 8);
	ck_assert_int_eq(q.isolation, 1);
	ck_assert_int_eq(q.session_id, requests[_i].session);
	ck_assert_int_eq(q.session_epoch, requests[_i].epoch);
	ck_assert_uint_eq(q.count, requests[_i].wants);
	ck_assert_uint_eq(q.forgotten_count, requests[_i].forgotten);
	if (requests[_i].version == 4) {
		ck_assert(slice_eq(q.wants[1].at.topic, slice_str("ab")));
		ck_assert_int_eq(q.wants[0].offset, 7);
		ck_assert_int_eq(q.wants[1].at.partition, 5);
		ck_assert_int_eq(q.wants[1].offset, -1);
	}
	if (requests[_i].version == 12) {
		ck_assert_int_eq(q.wants[0].at.partition, 3);
		ck_assert_int_eq(q.wants[0].offset, 9);
	}
	if (requests[_i].version == 15 && q.forgotten_count > 0) {
		ck_assert_int_eq(q.forgotten[0].topic_id[15], 15);
		ck_assert_int_eq(q.forgotten[0].partition, 4);
	}
	fetch_request_free(&q);
	wr_free(&w);
}
END_TEST

START_TEST(versions_that_are_not_known)
{
	struct wr w = hex_of(requests[0].hex);
	struct fetch_request q;
	struct fetch_response r;

	ck_assert_int_eq(fetch_request_read(3, wr_slice(&w), &q), ERR_UNSUPPORTED);
	ck_assert_int_eq(fetch_request_read(19, wr_slice(&w), &q), ERR_UNSUPPORTED);
	ck_assert_int_eq(fetch_response_read(3, wr_slice(&w), &r), ERR_UNSUPPORTED);
	ck_assert_int_eq(fetch_response_read(19, wr_slice(&w), &r), ERR_UNSUPPORTED);
	ck_assert_int_eq(fetch_response_error(6, 70, &w), ERR_UNSUPPORTED);
	wr_free(&w);
}
END_TEST

static const struct {
	int16_t version;
	const char *hex;
} answers[] = {
	{4, "00000000 | 00000001 0002 'ab' 00000002 "
	    "| 00000000 0000 0000000000000064 0000000000000063 ffffffff 00000006 'record' "
	    "| 00000001 0006 ffffffffffffffff ffffffffffffffff 00000001 0000000000000001 0000000000000002 ffffffff"},
	{11, "00000000 0000 00000007 | 00000001 0002 'ab' 00000002 "
	     "| 00000000 0000 0000000000000064 0000000000000063 0000000000000005 00000000 ffffffff 00000006 'record' "
	     "| 00000001 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffff 00000002 00000000"},
	{16, "00000000 0000 00000007 | 02 000102030405060708090a0b0c0d0e0f 03 "
	     "| 00000000 0000 0000000000000064 0000000000000063 0000000000000005 02 0000000000000001 0000000000000002 00 "
	     "ffffffff 07 'record' 01 63 02 'xy' "
	     "| 00000001 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 00 00000002 00 00 00 | 00"},
};

START_TEST(answer)
{
	struct wr w = hex_of(answers[_i].hex);
	int16_t v = answers[_i].version;
	struct fetch_response r;

	ck_assert_int_eq(fetch_response_read(v, wr_slice(&w), &r), 0);
	ck_assert_int_eq(r.error, 0);
	ck_assert_int_eq(r.session_id, v < 7 ? 0 : 7);
	ck_assert_uint_eq(r.count, 2);
	ck_assert_int_eq(r.parts[0].high_watermark, 100);
	ck_assert_int_eq(r.parts[0].last_stable, 99);
	ck_assert_int_eq(r.parts[0].log_start, v < 5 ? -1 : 5);
	ck_assert(slice_eq(r.parts[0].records, slice_str("record")));
	ck_assert_int_eq(r.parts[1].at.partition, 1);
	ck_assert_int_eq(r.parts[1].error, 6);
	ck_assert_uint_eq(r.parts[1].records.n, 0);
	fetch_response_free(&r);
	wr_free(&w);
}
END_TEST

/* As stages do: the body behind a header. */
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

static const char *const edited[] = {
	"00000000 | 00000001 0002 'ab' 00000002 "
	"| 00000000 0057 0000000000000064 0000000000000063 ffffffff 00000005 'co--r' "
	"| 00000001 0006 ffffffffffffffff ffffffffffffffff 00000001 0000000000000001 0000000000000002 ffffffff",
	"00000000 0000 00000007 | 00000001 0002 'ab' 00000002 "
	"| 00000000 0057 0000000000000064 0000000000000063 0000000000000005 00000000 ffffffff 00000005 'co--r' "
	"| 00000001 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff ffffffff 00000002 00000000",
	"00000000 0000 00000007 | 02 000102030405060708090a0b0c0d0e0f 03 "
	"| 00000000 0057 0000000000000064 0000000000000063 0000000000000005 02 0000000000000001 0000000000000002 00 "
	"ffffffff 06 'co--r' 01 63 02 'xy' "
	"| 00000001 0006 ffffffffffffffff ffffffffffffffff ffffffffffffffff 00 00000002 00 00 00 | 00",
};

START_TEST(an_edit_changes_nothing_else)
{
	struct wr in = hex_of(answers[_i].hex), out;
	struct blob *b = frame_of(wr_slice(&in), 5);
	struct fetch_edit edits[2] = {{.changed = false}};
	struct slice pieces[3];
	struct fetch_response r;
	struct rope rope = {0};

	ck_assert_int_eq(fetch_response_read(answers[_i].version, slice_of(b->data + 5, b->len - 5), &r), 0);
	ck_assert_int_eq(fetch_response_edit(answers[_i].version, b, 5, &r, edits, &rope), 0);
	out = flat(&rope);
	ck_hex(wr_slice(&out), answers[_i].hex);
	wr_free(&out);
	rope_clear(&rope);
	pieces[0] = slice_of(r.parts[0].records.p + 2, 2);
	pieces[1] = slice_str("--");
	pieces[2] = slice_of(r.parts[0].records.p + 4, 1);
	edits[0] = (struct fetch_edit){true, 87, pieces, 3};
	ck_assert_int_eq(fetch_response_edit(answers[_i].version, b, 5, &r, edits, &rope), 0);
	out = flat(&rope);
	ck_hex(wr_slice(&out), edited[_i]);
	wr_free(&out);
	rope_clear(&rope);
	fetch_response_free(&r);
	blob_unref(b);
	wr_free(&in);
}
END_TEST

/* Any answer, with any part cut down: it is read, and is the same but for that. */
START_TEST(edits_of_any_answer)
{
	struct message_gen g = {.state = 0xfe7c4};
	struct wr w = wr_new(1 << 20);

	for (int16_t v = FETCH_MIN; v <= FETCH_MAX; v++)
		for (int round = 0; round < 40; round++) {
			struct fetch_response r, s;
			struct fetch_edit *edits;
			struct rope rope = {0};
			struct slice piece;
			struct blob *b;
			struct wr out;

			wr_reset(&w);
			message_gen(&g, API_FETCH, true, v, &w);
			b = frame_of(wr_slice(&w), 9);
			ck_assert_int_eq(fetch_response_read(v, slice_of(b->data + 9, b->len - 9), &r), 0);
			edits = calloc(r.count + 1, sizeof(*edits));
			for (size_t i = 0; i < r.count; i++) {
				piece = slice_of(r.parts[i].records.p, r.parts[i].records.n / 2);
				if (i == r.count / 2)
					edits[i] = (struct fetch_edit){true, 2, &piece, 1};
			}
			piece = r.count == 0 ? (struct slice){NULL, 0} : slice_of(r.parts[r.count / 2].records.p, r.parts[r.count / 2].records.n / 2);
			ck_assert_int_eq(fetch_response_edit(v, b, 9, &r, edits, &rope), 0);
			out = flat(&rope);
			ck_assert_int_eq(fetch_response_read(v, wr_slice(&out), &s), 0);
			ck_assert_uint_eq(s.count, r.count);
			for (size_t i = 0; i < r.count; i++) {
				bool is = i == r.count / 2;

				ck_assert_int_eq(s.parts[i].error, is ? 2 : r.parts[i].error);
				ck_assert_int_eq(s.parts[i].at.partition, r.parts[i].at.partition);
				ck_assert(slice_eq(s.parts[i].records, is ? piece : r.parts[i].records));
			}
			wr_free(&out);
			rope_clear(&rope);
			fetch_response_free(&r);
			fetch_response_free(&s);
			free(edits);
			blob_unref(b);
		}
	wr_free(&w);
}
END_TEST

/* Large records are not copied. */
START_TEST(large_records_stay_where_they_are)
{
	enum { LARGE = 100000 };
	struct wr w = wr_new(SIZE_MAX / 2);
	struct fetch_edit edit;
	struct fetch_response r;
	struct rope rope = {0};
	struct slice piece;
	struct blob *b;

	w = hex_of("00000000 0000 00000007 | 02 000102030405060708090a0b0c0d0e0f 02 "
		   "| 00000000 0000 0000000000000064 0000000000000063 0000000000000005 00 ffffffff");
	wr_uvarint(&w, LARGE + 1);
	for (int i = 0; i < LARGE; i++)
		wr_u8(&w, 'r');
	wr_bytes(&w, "\0\0\0", 3);
	b = frame_of(wr_slice(&w), 5);
	ck_assert_int_eq(fetch_response_read(16, slice_of(b->data + 5, b->len - 5), &r), 0);
	piece = slice_of(r.parts[0].records.p, LARGE / 2);
	edit = (struct fetch_edit){true, 0, &piece, 1};
	ck_assert_int_eq(fetch_response_edit(16, b, 5, &r, &edit, &rope), 0);
	ck_assert_uint_eq(rope.count, 3);
	ck_assert_ptr_eq(rope.pieces[1].blob, b);
	ck_assert_uint_eq(rope.pieces[1].len, LARGE / 2);
	rope_clear(&rope);
	fetch_response_free(&r);
	blob_unref(b);
	wr_free(&w);
}
END_TEST

START_TEST(errors_as_a_whole)
{
	for (int16_t v = 7; v <= FETCH_MAX; v++) {
		struct wr w = wr_new(100);
		struct fetch_response r;

		ck_assert_int_eq(fetch_response_error(v, 70, &w), 0);
		ck_assert_int_eq(fetch_response_read(v, wr_slice(&w), &r), 0);
		ck_assert_int_eq(r.error, 70);
		ck_assert_uint_eq(r.count, 0);
		fetch_response_free(&r);
		wr_free(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fetch");
	TCase *c = tcase_create("fetch");

	tcase_set_timeout(c, 120);
	tcase_add_test(c, request_as_the_walker);
	tcase_add_test(c, response_as_the_walker);
	tcase_add_loop_test(c, request, 0, ARRAY_LEN(requests));
	tcase_add_test(c, versions_that_are_not_known);
	tcase_add_loop_test(c, answer, 0, ARRAY_LEN(answers));
	tcase_add_loop_test(c, an_edit_changes_nothing_else, 0, ARRAY_LEN(answers));
	tcase_add_test(c, edits_of_any_answer);
	tcase_add_test(c, large_records_stay_where_they_are);
	tcase_add_test(c, errors_as_a_whole);
	suite_add_tcase(s, c);
	return suite_run(s);
}
