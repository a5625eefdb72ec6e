#include <check.h>

#include "base/err.h"

START_TEST(every_code_has_its_own_text)
{
	for (int a = 0; a >= ERR_CLOSED; a--) {
		ck_assert_ptr_nonnull(err_text(a));
		ck_assert_str_ne(err_text(a), err_text(ERR_CLOSED - 1));
		for (int b = 0; b > a; b--)
			ck_assert_str_ne(err_text(a), err_text(b));
	}
	ck_assert_str_eq(err_text(1), "unknown error");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("err");
	TCase *t = tcase_create("err");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, every_code_has_its_own_text);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
