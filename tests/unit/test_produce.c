#include "kafka/produce.h"

#include "hex.h"
#include "kafka/api.h"
#include "message_same.h"

static bool
request_taken(int16_t version, struct slice body)
{
	struct produce_request q;

	if (produce_request_read(version, body, &q) != 0)
		return false;
	/* What is pointed at lies in the body and is what the prefix says. */
	for (size_t i = 0; i < q.count; i++) {
		const struct produce_part *p = &q.parts[i];
		uint8_t prefix[5];

		ck_assert_uint_le(p->field_at, body.n);
		ck_assert_uint_le(p->field_len, body.n - p->field_at);
		ck_assert_int_eq(p->by_id, version >= 13);
		ck_assert_int_eq(p->by_id, p->topic.p == NULL);
		if (p->records.p != NULL && p->records.n > 0)
			ck_assert_ptr_eq(p->records.p, body.p + p->field_at + p->field_len - p->records.n);
		if (p->records.p != NULL)
			ck_assert_uint_le(produce_records_prefix(version, p->records.n, prefix), p->field_len - p->records.n);
	}
	produce_request_free(&q);
	return true;
}

static bool
response_taken(int16_t version, struct slice body)
{
	struct produce_result *r;
	size_t n;

	if (produce_response_read(version, body, &r, &n) != 0)
		return false;
	free(r);
	return true;
}

START_TEST(request_as_the_walker)
{
	message_same(&(struct message_same){API_PRODUCE, false, request_taken, NULL});
}
END_TEST

START_TEST(response_as_the_walker)
{
	message_same(&(struct message_same){API_PRODUCE, true, response_taken, NULL});
}
END_TEST

#define OLD_TOPICS "00000002 | 0001 'a' 00000002 00000000 00000003 'abc' 00000001 ffffffff | 0002 'bc' 00000001 00000007 00000000"

START_TEST(request_before_version_9)
{
	for (int16_t v = 0; v < 9; v++) {
		struct wr w = hex_of(v < 3 ? "0001 00007530 " OLD_TOPICS : "0002 'tx' 0001 00007530 " OLD_TOPICS);
		struct produce_request q;

		ck_assert_int_eq(produce_request_read(v, wr_slice(&w), &q), 0);
		ck_assert_int_eq(q.acks, 1);
		ck_assert_uint_eq(q.acks_at, v < 3 ? 0 : 4);
		ck_assert_uint_eq(q.transactional_id.n, v < 3 ? 0 : 2);
		ck_assert_uint_eq(q.count, 3);
		ck_assert(slice_eq(q.parts[0].topic, slice_str("a")));
		ck_assert_int_eq(q.parts[0].partition, 0);
		ck_assert(slice_eq(q.parts[0].records, slice_str("abc")));
		ck_assert_uint_eq(q.parts[0].field_len, 7);
		ck_assert_mem_eq(w.buf + q.parts[0].field_at, "\0\0\0\003abc", 7);
		ck_assert_ptr_null(q.parts[1].records.p);
		ck_assert_uint_eq(q.parts[1].field_len, 4);
		ck_assert(slice_eq(q.parts[2].topic, slice_str("bc")));
		ck_assert_int_eq(q.parts[2].partition, 7);
		ck_assert_ptr_nonnull(q.parts[2].records.p);
		produce_request_free(&q);
		for (size_t n = 0; n < w.len; n++)
			ck_assert(!request_taken(v, slice_of(w.buf, n)));
		wr_u8(&w, 0);
		ck_assert_int_eq(produce_request_read(v, wr_slice(&w), &q), ERR_MALFORMED);
		wr_free(&w);
	}
}
END_TEST

START_TEST(request_by_id)
{
	struct wr w = hex_of("03 'tx' ffff 00007530 02 | 000102030405060708090a0b0c0d0e0f 02 00000005 04 'abc' 00 00 | 00");
	struct produce_request q;

	ck_assert_int_eq(produce_request_read(13, wr_slice(&w), &q), 0);
	ck_assert_int_eq(q.acks, -1);
	ck_assert_uint_eq(q.acks_at, 3);
	ck_assert_uint_eq(q.count, 1);
	ck_assert(q.parts[0].by_id);
	ck_assert_ptr_null(q.parts[0].topic.p);
	ck_assert_int_eq(q.parts[0].topic_id[15], 15);
	ck_assert_int_eq(q.parts[0].partition, 5);
	ck_assert_uint_eq(q.parts[0].field_len, 4);
	produce_request_free(&q);
	ck_assert_ptr_null(q.parts);
	ck_assert_int_eq(produce_request_read(14, wr_slice(&w), &q), ERR_UNSUPPORTED);
	ck_assert_int_eq(produce_request_read(-1, wr_slice(&w), &q), ERR_UNSUPPORTED);
	wr_free(&w);
}
END_TEST

START_TEST(counts_are_bounded)
{
	struct wr w = hex_of("0001 00007530 7fffffff 0001 'a'");
	struct produce_request q;

	ck_assert_int_eq(produce_request_read(2, wr_slice(&w), &q), ERR_SHORT);
	wr_free(&w);
	w = hex_of("0001 00007530 00000001 0001 'a' 7fffffff 00000000");
	ck_assert_int_eq(produce_request_read(2, wr_slice(&w), &q), ERR_SHORT);
	wr_free(&w);
	w = hex_of("0001 00007530 ffffffff");
	ck_assert_int_eq(produce_request_read(2, wr_slice(&w), &q), ERR_MALFORMED);
	wr_free(&w);
	w = hex_of("0001 00007530 00000001 0001 'a'");
	wr_i32(&w, PRODUCE_PARTS_MAX + 1);
	for (int i = 0; i <= PRODUCE_PARTS_MAX; i++) {
		wr_i32(&w, i);
		wr_i32(&w, -1);
	}
	ck_assert_int_eq(produce_request_read(2, wr_slice(&w), &q), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

START_TEST(records_prefix)
{
	uint8_t p[5];

	ck_assert_uint_eq(produce_records_prefix(8, 0x01020304, p), 4);
	ck_assert_mem_eq(p, "\001\002\003\004", 4);
	ck_assert_uint_eq(produce_records_prefix(9, 0, p), 1);
	ck_assert_uint_eq(p[0], 1);
	for (unsigned bits = 1; bits < 31; bits++) {
		size_t len = (size_t)1 << bits, n = produce_records_prefix(13, len, p);
		struct rd r = rd_of(slice_of(p, n));

		ck_assert_uint_eq(rd_uvarint(&r), len + 1);
		ck_assert_uint_eq(rd_left(&r), 0);
		ck_assert_int_eq(rd_err(&r), 0);
	}
}
END_TEST

START_TEST(response_before_version_3)
{
	struct wr w = hex_of("00000001 0001 't' 00000002 00000000 0000 0000000000000010 | 00000001 000a ffffffffffffffff");
	struct produce_result *r;
	size_t n;

	ck_assert_int_eq(produce_response_read(0, wr_slice(&w), &r, &n), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert(slice_eq(r[0].topic, slice_str("t")));
	ck_assert_int_eq(r[0].error, 0);
	ck_assert_int_eq(r[0].base_offset, 16);
	ck_assert_int_eq(r[0].log_append_ms, -1);
	ck_assert_int_eq(r[1].error, 10);
	ck_assert_int_eq(r[1].base_offset, -1);
	free(r);
	wr_u32(&w, 0);
	ck_assert_int_eq(produce_response_read(0, wr_slice(&w), &r, &n), ERR_MALFORMED);
	ck_assert_int_eq(produce_response_read(1, wr_slice(&w), &r, &n), 0); /* throttle time */
	free(r);
	wr_free(&w);
	w = hex_of("00000001 0001 't' 00000001 00000000 0000 0000000000000010 0000000000000099 | 00000000");
	ck_assert_int_eq(produce_response_read(2, wr_slice(&w), &r, &n), 0);
	ck_assert_int_eq(r[0].log_append_ms, 0x99);
	free(r);
	for (size_t k = 0; k < w.len; k++)
		ck_assert(!response_taken(2, slice_of(w.buf, k)));
	wr_free(&w);
}
END_TEST

START_TEST(response_by_id)
{
	struct wr w = hex_of("02 000102030405060708090a0b0c0d0e0f 02 00000005 0000 0000000000000010 ffffffffffffffff "
			     "0000000000000000 01 00 01 00 09 00000002 00000005 00 00 00000000 00");
	struct produce_result *r;
	size_t n;

	ck_assert_int_eq(produce_response_read(13, wr_slice(&w), &r, &n), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert(r[0].by_id);
	ck_assert_int_eq(r[0].topic_id[1], 1);
	ck_assert_int_eq(r[0].partition, 5);
	ck_assert_int_eq(r[0].base_offset, 16);
	free(r);
	wr_free(&w);
}
END_TEST

/* Topic a has two parts, b one, then a again: as the request had it, a topic at a time. */
START_TEST(a_refusing_answer)
{
	static const char *topics[] = {"a", "a", "b", "a"};
	struct produce_part parts[4] = {{.partition = 0}, {.partition = 3}, {.partition = 1}, {.partition = 9}};
	struct produce_request q = {.parts = parts, .count = 4};

	for (int16_t v = 0; v <= 13; v++) {
		struct wr out = wr_new(4096);
		struct produce_result *r;
		size_t n;

		for (size_t i = 0; i < 4; i++) {
			parts[i].by_id = v >= 13;
			parts[i].topic = v >= 13 ? (struct slice){NULL, 0} : slice_str(topics[i]);
			memset(parts[i].topic_id, topics[i][0], 16);
		}
		ck_assert_int_eq(produce_response_error(v, &q, 87, &out), 0);
		ck_assert_int_eq(produce_response_read(v, wr_slice(&out), &r, &n), 0);
		ck_assert_uint_eq(n, 4);
		for (size_t i = 0; i < 4; i++) {
			ck_assert(slice_eq(r[i].topic, parts[i].topic));
			ck_assert(v < 13 || memcmp(r[i].topic_id, parts[i].topic_id, 16) == 0);
			ck_assert_int_eq(r[i].partition, parts[i].partition);
			ck_assert_int_eq(r[i].error, 87);
			ck_assert_int_eq(r[i].base_offset, -1);
			ck_assert_int_eq(r[i].log_append_ms, -1);
		}
		ck_assert_uint_eq(out.buf[v < 9 ? 3 : 0], v < 9 ? 3 : 4); /* three topics */
		free(r);
		wr_free(&out);
	}
	q.count = 0;
	for (int16_t v = 0; v <= 13; v++) {
		struct wr out = wr_new(4096);

		ck_assert_int_eq(produce_response_error(v, &q, 87, &out), 0);
		ck_assert(response_taken(v, wr_slice(&out)));
		wr_free(&out);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("produce");
	TCase *c = tcase_create("produce");
	SRunner *sr;
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_test(c, request_as_the_walker);
	tcase_add_test(c, response_as_the_walker);
	tcase_add_test(c, request_before_version_9);
	tcase_add_test(c, request_by_id);
	tcase_add_test(c, counts_are_bounded);
	tcase_add_test(c, records_prefix);
	tcase_add_test(c, response_before_version_3);
	tcase_add_test(c, response_by_id);
	tcase_add_test(c, a_refusing_answer);
	suite_add_tcase(s, c);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
