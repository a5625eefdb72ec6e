#include <check.h>

#include "base/rd.h"

#define RD(...) rd_of(slice_of((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__})))

START_TEST(integers_are_big_endian)
{
	struct rd r = RD(0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0xff, 0xfe, 0x80, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 1, 0x81,
			 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf8);

	ck_assert_uint_eq(rd_u8(&r), 1);
	ck_assert_uint_eq(rd_u16(&r), 0x0203);
	ck_assert_uint_eq(rd_u32(&r), 0x04050607);
	ck_assert_int_eq(rd_i16(&r), -2);
	ck_assert_int_eq(rd_i32(&r), INT32_MIN);
	ck_assert_int_eq(rd_i64(&r), INT64_MIN + 1);
	ck_assert_int_eq(rd_i8(&r), -127);
	ck_assert(rd_u64(&r) == 0xfffefdfcfbfaf9f8);
	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert_uint_eq(rd_pos(&r), 30);
	ck_assert_int_eq(rd_err(&r), 0);
}
END_TEST

START_TEST(after_a_fault_everything_is_zero)
{
	struct rd r = RD(1, 2, 3, 4, 5);

	ck_assert_uint_eq(rd_u64(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert_uint_eq(rd_uvarlong(&r), 0);
	ck_assert_ptr_null(rd_string(&r).p);
	ck_assert_uint_eq(rd_bytes(&r, 0).n, 0);
	rd_skip(&r, 1);
	rd_fail(&r, ERR_LIMIT);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT); /* the first fault stays */
}
END_TEST

START_TEST(nothing_is_read_from_null)
{
	struct rd r = rd_of(slice_of(NULL, 0));

	ck_assert_uint_eq(rd_left(&r), 0);
	ck_assert_uint_eq(rd_u8(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
}
END_TEST

START_TEST(huge_length_does_not_wrap)
{
	struct rd r = RD(1, 2, 3);

	ck_assert_ptr_null(rd_need(&r, SIZE_MAX));
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
}
END_TEST

/* Values, and the bytes that the LEB128 of protocol buffers gives them. */
START_TEST(varints)
{
	struct rd r = RD(0x00, 0x7f, 0x80, 0x01, 0xff, 0xff, 0xff, 0xff, 0x0f);

	ck_assert_uint_eq(rd_uvarint(&r), 0);
	ck_assert_uint_eq(rd_uvarint(&r), 127);
	ck_assert_uint_eq(rd_uvarint(&r), 128);
	ck_assert_uint_eq(rd_uvarint(&r), UINT32_MAX);
	ck_assert_int_eq(rd_err(&r), 0);

	r = RD(0x01, 0x02, 0xff, 0xff, 0xff, 0xff, 0x0f, 0xfe, 0xff, 0xff, 0xff, 0x0f);
	ck_assert_int_eq(rd_varint(&r), -1);
	ck_assert_int_eq(rd_varint(&r), 1);
	ck_assert_int_eq(rd_varint(&r), INT32_MIN);
	ck_assert_int_eq(rd_varint(&r), INT32_MAX);

	r = RD(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	       0xff, 0x01);
	ck_assert_int_eq(rd_varlong(&r), INT64_MIN);
	ck_assert_int_eq(rd_varlong(&r), INT64_MAX);
	ck_assert_int_eq(rd_err(&r), 0);
	ck_assert_uint_eq(rd_left(&r), 0);
}
END_TEST

START_TEST(varints_that_are_too_long)
{
	struct rd r = RD(0xff, 0xff, 0xff, 0xff, 0x1f); /* a 33rd bit */

	ck_assert_uint_eq(rd_uvarint(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0x80, 0x80, 0x80, 0x80, 0x80, 0x00); /* a sixth byte */
	ck_assert_uint_eq(rd_uvarint(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x02); /* a 65th bit */
	ck_assert_uint_eq(rd_uvarlong(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0x80, 0x80); /* ends inside */
	ck_assert_uint_eq(rd_uvarlong(&r), 0);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
}
END_TEST

START_TEST(strings)
{
	struct rd r = RD(0, 2, 'h', 'i', 0, 0, 0xff, 0xff, 0, 0, 0, 1, 'x', 0xff, 0xff, 0xff, 0xff, 3, 'o', 'k', 1, 0);
	struct slice s = rd_string(&r);

	ck_assert(slice_eq(s, slice_str("hi")));
	s = rd_string(&r);
	ck_assert_ptr_nonnull(s.p); /* empty, not null */
	ck_assert_uint_eq(s.n, 0);
	ck_assert_ptr_null(rd_nullable_string(&r).p);
	ck_assert(slice_eq(rd_nullable_bytes(&r), slice_str("x")));
	ck_assert_ptr_null(rd_nullable_bytes(&r).p);
	ck_assert(slice_eq(rd_compact(&r), slice_str("ok")));
	ck_assert_ptr_nonnull(rd_compact(&r).p);
	ck_assert_ptr_null(rd_nullable_compact(&r).p);
	ck_assert_int_eq(rd_err(&r), 0);
	ck_assert_uint_eq(rd_left(&r), 0);
}
END_TEST

START_TEST(strings_that_lie)
{
	struct rd r = RD(0xff, 0xff);

	ck_assert_ptr_null(rd_string(&r).p); /* null where none may be */
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0xff, 0xfe);
	ck_assert_ptr_null(rd_nullable_string(&r).p); /* -2 */
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0);
	ck_assert_ptr_null(rd_compact(&r).p);
	ck_assert_int_eq(rd_err(&r), ERR_MALFORMED);
	r = RD(0, 3, 'h', 'i');
	ck_assert_ptr_null(rd_string(&r).p);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
	r = RD(0x7f, 0xff, 0xff, 0xff, 1);
	ck_assert_ptr_null(rd_nullable_bytes(&r).p);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
	r = RD(0xff, 0xff, 0xff, 0xff, 0x0f, 1);
	ck_assert_ptr_null(rd_compact(&r).p);
	ck_assert_int_eq(rd_err(&r), ERR_SHORT);
}
END_TEST

/* Every prefix of a message that uses each reader ends in a fault and never reads on. */
START_TEST(every_prefix_faults)
{
	static const uint8_t good[] = {1, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 1, 0, 1, 'a', 0, 0, 0, 1, 'b', 2, 'c'};

	for (size_t n = 0; n <= sizeof(good); n++) {
		uint8_t *copy = malloc(n > 0 ? n : 1); /* so that ASan sees one byte too far */
		struct rd r;

		ck_assert_ptr_nonnull(copy);
		memcpy(copy, good, n);
		r = rd_of(slice_of(copy, n));
		(void)rd_u8(&r);
		(void)rd_u16(&r);
		(void)rd_u32(&r);
		(void)rd_u64(&r);
		(void)rd_uvarint(&r);
		(void)rd_string(&r);
		(void)rd_nullable_bytes(&r);
		(void)rd_compact(&r);
		ck_assert_int_eq(rd_err(&r), n == sizeof(good) ? 0 : ERR_SHORT);
		free(copy);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rd");
	TCase *t = tcase_create("rd");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, integers_are_big_endian);
	tcase_add_test(t, after_a_fault_everything_is_zero);
	tcase_add_test(t, nothing_is_read_from_null);
	tcase_add_test(t, huge_length_does_not_wrap);
	tcase_add_test(t, varints);
	tcase_add_test(t, varints_that_are_too_long);
	tcase_add_test(t, strings);
	tcase_add_test(t, strings_that_lie);
	tcase_add_test(t, every_prefix_faults);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
