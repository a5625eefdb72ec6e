/* Several statement topics, their partitions in one row. */
#include "verify/dbom_row.h"

#include "suite.h"

START_TEST(numbers)
{
	char topic[DBOM_ROW_NAME], longest[300];
	int32_t p = -1;

	ck_assert_int_eq(dbom_row_place("a,bc", 7, topic, &p), 0);
	ck_assert(strcmp(topic, "a") == 0 && p == 7);
	ck_assert_int_eq(dbom_row_place("a,bc", DBOM_ROW_PARTITIONS + 7, topic, &p), 0);
	ck_assert(strcmp(topic, "bc") == 0 && p == 7);
	ck_assert_int_eq(dbom_row_place("a,bc", 2 * DBOM_ROW_PARTITIONS, topic, &p), ERR_NOTFOUND);
	ck_assert_int_eq(dbom_row_place("a,bc", INT32_MAX, topic, &p), ERR_NOTFOUND);
	ck_assert_int_eq(dbom_row_place("a,bc", -1, topic, &p), ERR_NOTFOUND);
	memset(longest, 'x', sizeof(longest));
	longest[249] = '\0';
	ck_assert_int_eq(dbom_row_place(longest, 0, topic, &p), 0);
	ck_assert(dbom_row_is_good(longest));
	longest[249] = 'x';
	longest[250] = '\0';
	ck_assert_int_eq(dbom_row_place(longest, 0, topic, &p), ERR_NOTFOUND);
	ck_assert(!dbom_row_is_good(longest));
	ck_assert(dbom_row_is_good("a,b") && !dbom_row_is_good("") && !dbom_row_is_good("a,") && !dbom_row_is_good("a,b,a"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("dbom_row");
	TCase *t = tcase_create("dbom_row");

	tcase_add_test(t, numbers);
	suite_add_tcase(s, t);
	return suite_run(s);
}
