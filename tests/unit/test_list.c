#include <check.h>

#include "base/list.h"

struct item {
	int n;
	struct link link;
};

static struct item *
item_of(struct link *l)
{
	return CONTAINER_OF(l, struct item, link);
}

START_TEST(order_and_count)
{
	struct item items[4] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}};
	struct list l;
	int want = 0;

	list_init(&l);
	ck_assert_ptr_null(list_first(&l));
	ck_assert_ptr_null(list_last(&l));
	ck_assert_ptr_null(list_pop(&l));
	list_append(&l, &items[1].link);
	list_append(&l, &items[3].link);
	list_prepend(&l, &items[0].link);
	list_insert_before(&l, &items[3].link, &items[2].link);
	ck_assert_uint_eq(l.count, 4);
	ck_assert_int_eq(item_of(list_first(&l))->n, 0);
	ck_assert_int_eq(item_of(list_last(&l))->n, 3);
	LIST_EACH(&l, e)
		ck_assert_int_eq(item_of(e)->n, want++);
	ck_assert_int_eq(want, 4);
	for (struct link *e = list_last(&l); e != NULL; e = list_before(&l, e))
		ck_assert_int_eq(item_of(e)->n, --want);
	ck_assert_int_eq(want, 0);
}
END_TEST

START_TEST(removing)
{
	struct item items[5] = {{.n = 0}, {.n = 1}, {.n = 2}, {.n = 3}, {.n = 4}};
	struct list l;

	list_init(&l);
	for (size_t i = 0; i < 5; i++) {
		ck_assert(!link_in_list(&items[i].link));
		list_append(&l, &items[i].link);
		ck_assert(link_in_list(&items[i].link));
	}
	LIST_EACH(&l, e)
		if (item_of(e)->n % 2 == 0)
			list_remove(&l, e); /* while walking */
	ck_assert_uint_eq(l.count, 2);
	ck_assert(!link_in_list(&items[0].link));
	ck_assert_int_eq(item_of(list_pop(&l))->n, 1);
	ck_assert_int_eq(item_of(list_pop(&l))->n, 3);
	ck_assert_uint_eq(l.count, 0);
	list_append(&l, &items[0].link); /* and in again */
	ck_assert_ptr_eq(list_first(&l), list_last(&l));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("list");
	TCase *t = tcase_create("list");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, order_and_count);
	tcase_add_test(t, removing);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
