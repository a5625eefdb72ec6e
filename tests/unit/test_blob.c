#include <check.h>

#include "base/blob.h"
#include "base/err.h"

START_TEST(counted)
{
	struct blob *b = blob_new(16), *other, *moved;

	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(b->len, 0);
	ck_assert_uint_eq(b->cap, 16);
	memcpy(b->data, "hello", 5);
	b->len = 5;
	other = blob_ref(b);
	ck_assert_ptr_eq(other, b);
	blob_unref(b);
	ck_assert(slice_eq(blob_slice(other), slice_str("hello")));
	moved = blob_take(&other);
	ck_assert_ptr_null(other);
	ck_assert_uint_eq(moved->refs, 1);
	blob_unref(other);
	blob_unref(moved);
}
END_TEST

/* That it is wiped nobody can look at when it is gone; what is in it survives the other way to grow. */
START_TEST(secret_grows)
{
	struct blob *b = blob_new(5);

	ck_assert_ptr_nonnull(b);
	ck_assert(!b->secret);
	memcpy(b->data, "hello", 5);
	b->len = 5;
	b->secret = true;
	ck_assert_int_eq(blob_grow(b, 100000), 0);
	ck_assert_uint_eq(b->cap, 100000);
	ck_assert(slice_eq(blob_slice(b), slice_str("hello")));
	blob_unref(b);
}
END_TEST

START_TEST(owns_a_buffer)
{
	uint8_t *buf = malloc(3);
	struct blob *b;

	ck_assert_ptr_nonnull(buf);
	memcpy(buf, "abc", 3);
	b = blob_own(buf, 3);
	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_eq(b->data, buf);
	ck_assert_int_eq(blob_grow(b, 2), 0); /* never shrinks */
	ck_assert_uint_eq(b->cap, 3);
	ck_assert_int_eq(blob_grow(b, 1000), 0);
	ck_assert_uint_eq(b->cap, 1000);
	ck_assert(slice_eq(blob_slice(b), slice_str("abc")));
	blob_unref(b);
}
END_TEST

START_TEST(empty_has_a_place)
{
	struct blob *b = blob_new(0);

	ck_assert_ptr_nonnull(b);
	ck_assert_ptr_nonnull(b->data);
	blob_unref(b);
	blob_unref(NULL);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("blob");
	TCase *t = tcase_create("blob");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, counted);
	tcase_add_test(t, owns_a_buffer);
	tcase_add_test(t, secret_grows);
	tcase_add_test(t, empty_has_a_place);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
