#include <check.h>

#include "base/rd.h"
#include "base/wr.h"

#define ck_bytes(w, ...)                                                                                                \
	ck_assert(slice_eq(wr_slice(&(w)),                                                                              \
			   slice_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))))

START_TEST(integers_are_big_endian)
{
	struct wr w = wr_new(1000);

	wr_u8(&w, 1);
	wr_u16(&w, 0x0203);
	wr_u32(&w, 0x04050607);
	wr_i16(&w, -2);
	wr_i64(&w, INT64_MIN);
	ck_bytes(w, 1, 2, 3, 4, 5, 6, 7, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0);
	wr_patch_u32(&w, 1, 0x0a0b0c0d);
	ck_bytes(w, 1, 0xa, 0xb, 0xc, 0xd, 6, 7, 0xff, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0);
	ck_assert_int_eq(wr_err(&w), 0);
	wr_free(&w);
	ck_assert_ptr_null(w.buf);
	wr_u8(&w, 7); /* usable again */
	ck_bytes(w, 7);
	wr_u64(&w, 0x08090a0b0c0d0e0f);
	ck_bytes(w, 7, 8, 9, 0xa, 0xb, 0xc, 0xd, 0xe, 0xf);
	wr_free(&w);
}
END_TEST

START_TEST(varints_come_back)
{
	static const int64_t edges[] = {0, 1, -1, 63, -64, 64, -65, 127, 128, 8191, 8192, INT32_MAX, INT32_MIN,
					(int64_t)INT32_MAX + 1, INT64_MAX, INT64_MIN};

	for (size_t i = 0; i < ARRAY_LEN(edges); i++) {
		struct wr w = wr_new(100);
		struct rd r;

		wr_varlong(&w, edges[i]);
		ck_assert_uint_eq(w.len, uvarlong_len(((uint64_t)edges[i] << 1) ^ (uint64_t)(edges[i] >> 63)));
		r = rd_of(wr_slice(&w));
		ck_assert_int_eq(rd_varlong(&r), edges[i]);
		ck_assert_uint_eq(rd_left(&r), 0);
		wr_reset(&w);
		wr_uvarlong(&w, (uint64_t)edges[i]);
		r = rd_of(wr_slice(&w));
		ck_assert_uint_eq(rd_uvarlong(&r), (uint64_t)edges[i]);
		if (edges[i] >= INT32_MIN && edges[i] <= INT32_MAX) {
			wr_reset(&w);
			wr_varint(&w, (int32_t)edges[i]);
			ck_assert_uint_eq(w.len, varint_len((int32_t)edges[i]));
			r = rd_of(wr_slice(&w));
			ck_assert_int_eq(rd_varint(&r), edges[i]);
		}
		wr_free(&w);
	}
}
END_TEST

START_TEST(lengths_of_varints)
{
	for (unsigned bit = 0; bit < 64; bit++) {
		struct wr w = wr_new(20);

		wr_uvarlong(&w, (uint64_t)1 << bit);
		ck_assert_uint_eq(w.len, bit / 7 + 1);
		ck_assert_uint_eq(w.len, uvarlong_len((uint64_t)1 << bit));
		wr_free(&w);
	}
	ck_assert_uint_eq(uvarlong_len(0), 1);
}
END_TEST

START_TEST(strings_and_nulls)
{
	struct wr w = wr_new(1000);

	wr_string(&w, slice_str("hi"));
	wr_string(&w, slice_of(NULL, 0));
	wr_nbytes(&w, slice_str("x"));
	wr_nbytes(&w, slice_of(NULL, 0));
	wr_compact(&w, slice_str("ok"));
	wr_compact(&w, slice_str(""));
	wr_compact(&w, slice_of(NULL, 0));
	ck_bytes(w, 0, 2, 'h', 'i', 0xff, 0xff, 0, 0, 0, 1, 'x', 0xff, 0xff, 0xff, 0xff, 3, 'o', 'k', 1, 0);
	wr_free(&w);
}
END_TEST

START_TEST(string_of_too_many_bytes)
{
	static const uint8_t many[INT16_MAX + 1];
	struct wr w = wr_new(100000);

	wr_string(&w, slice_of(many, INT16_MAX));
	ck_assert_int_eq(wr_err(&w), 0);
	wr_string(&w, slice_of(many, sizeof(many)));
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

START_TEST(maximum_is_hard_and_sticky)
{
	struct wr w = wr_new(10);

	wr_bytes(&w, "0123456789", 10);
	ck_assert_int_eq(wr_err(&w), 0);
	wr_u8(&w, 0);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	ck_assert_uint_eq(w.len, 10);
	wr_bytes(&w, "", 0);
	wr_text(&w, "more");
	wr_patch_u32(&w, 100, 1); /* nothing, after a fault */
	ck_assert_uint_eq(w.len, 10);
	wr_reset(&w);
	ck_assert_int_eq(wr_err(&w), 0);
	wr_text(&w, "again");
	ck_assert_uint_eq(w.len, 5);
	ck_assert_ptr_null(wr_room(&w, SIZE_MAX)); /* no sum wraps */
	wr_free(&w);
}
END_TEST

/* A varint that fits is written although the ten bytes of the longest one would not fit. */
START_TEST(varint_at_the_maximum)
{
	struct wr w = wr_new(3);

	wr_u8(&w, 9);
	wr_uvarlong(&w, 300);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_bytes(w, 9, 0xac, 0x02);
	wr_uvarlong(&w, 1);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	ck_assert_uint_eq(w.len, 3);
	wr_uvarlong(&w, 1);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

START_TEST(grows_and_keeps)
{
	struct wr w = wr_new(1 << 20);

	for (uint32_t i = 0; i < 100000; i++)
		wr_u32(&w, i);
	ck_assert_int_eq(wr_err(&w), 0);
	ck_assert_uint_eq(w.len, 400000);
	ck_assert_uint_le(w.cap, 1 << 20);
	for (uint32_t i = 0; i < 100000; i++) {
		struct rd r = rd_of(slice_of(w.buf + 4 * (size_t)i, 4));

		ck_assert_uint_eq(rd_u32(&r), i);
	}
	wr_free(&w);
}
END_TEST

START_TEST(room_and_commit)
{
	struct wr w = wr_new(100);
	uint8_t *to = wr_room(&w, 4);

	ck_assert_ptr_nonnull(to);
	memcpy(to, "abcd", 4);
	wr_commit(&w, 2);
	ck_bytes(w, 'a', 'b');
	wr_free(&w);
}
END_TEST

START_TEST(printf_counts_no_nul)
{
	struct wr w = wr_new(100);

	wr_printf(&w, "%s=%d", "x", -7);
	wr_text(&w, ";");
	ck_assert(slice_eq(wr_slice(&w), slice_str("x=-7;")));
	wr_printf(&w, "%200d", 1);
	ck_assert_int_eq(wr_err(&w), ERR_LIMIT);
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wr");
	TCase *t = tcase_create("wr");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, integers_are_big_endian);
	tcase_add_test(t, varints_come_back);
	tcase_add_test(t, lengths_of_varints);
	tcase_add_test(t, strings_and_nulls);
	tcase_add_test(t, string_of_too_many_bytes);
	tcase_add_test(t, maximum_is_hard_and_sticky);
	tcase_add_test(t, varint_at_the_maximum);
	tcase_add_test(t, grows_and_keeps);
	tcase_add_test(t, room_and_commit);
	tcase_add_test(t, printf_counts_no_nul);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
