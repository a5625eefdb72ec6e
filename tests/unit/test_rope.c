#include <check.h>

#include "base/rope.h"

static struct blob *
blob_text(const char *s)
{
	struct blob *b = blob_new(strlen(s));

	ck_assert_ptr_nonnull(b);
	memcpy(b->data, s, strlen(s));
	b->len = strlen(s);
	return b;
}

static void
ck_rope(const struct rope *r, const char *want)
{
	size_t at = 0;

	ck_assert_uint_eq(r->total, strlen(want));
	for (size_t i = 0; i < r->count; i++) {
		const struct rope_piece *p = &r->pieces[i];

		ck_assert_uint_gt(p->len, 0);
		ck_assert_mem_eq(p->blob->data + p->off, want + at, p->len);
		at += p->len;
	}
	ck_assert_uint_eq(at, strlen(want));
}

START_TEST(pieces_of_one_blob)
{
	struct blob *b = blob_text("0123456789");
	struct rope r = {0}, other;
	struct wr w = wr_new(100);

	ck_assert_int_eq(rope_add(&r, b, 0, 3), 0);
	wr_text(&w, "new");
	ck_assert_int_eq(rope_add_wr(&r, &w), 0);
	ck_assert_uint_eq(w.len, 0);
	ck_assert_ptr_null(w.buf);
	ck_assert_uint_eq(w.max, 100);
	ck_assert_int_eq(rope_add(&r, b, 5, 0), 0); /* nothing */
	ck_assert_int_eq(rope_add(&r, b, 7, 3), 0);
	ck_assert_uint_eq(r.count, 3);
	ck_rope(&r, "012new789");
	ck_assert_uint_eq(b->refs, 3);

	other = rope_take(&r);
	ck_assert_uint_eq(r.count + r.total, 0);
	rope_clear(&r);
	ck_rope(&other, "012new789");
	rope_clear(&other);
	rope_clear(&other);
	ck_assert_uint_eq(b->refs, 1);
	blob_unref(b);
}
END_TEST

START_TEST(many_pieces)
{
	struct blob *b = blob_text("ab");
	struct rope r = {0};

	for (size_t i = 0; i < 1000; i++)
		ck_assert_int_eq(rope_add(&r, b, i % 2, 1), 0);
	ck_assert_uint_eq(r.total, 1000);
	ck_assert_uint_eq(b->refs, 1001);
	rope_clear(&r);
	blob_unref(b);
}
END_TEST

START_TEST(writer_with_a_fault)
{
	struct wr w = wr_new(2);
	struct rope r = {0};

	ck_assert_int_eq(rope_add_wr(&r, &w), 0); /* empty: nothing to add */
	wr_text(&w, "too long");
	ck_assert_int_eq(rope_add_wr(&r, &w), ERR_LIMIT);
	ck_assert_uint_eq(r.count, 0);
	wr_free(&w);
	rope_clear(&r);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rope");
	TCase *t = tcase_create("rope");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, pieces_of_one_blob);
	tcase_add_test(t, many_pieces);
	tcase_add_test(t, writer_with_a_fault);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
