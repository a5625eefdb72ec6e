/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: while a page is collected and
 * written.  There is none then, or it is the one that there is with enough memory; and nothing leaks.
 */
#include "failing_page.h"

#include "paging.h"
#include "suite.h"

/* 0 with the page in w, or an error. */
static int
make(struct wr *w)
{
	static const uint8_t hash[SHA256_LEN] = {1};
	static const struct verdict_hashes h = {"leaf", hash, hash};
	static const struct page_about all = {.partition = -1};
	int err;

	paging_open("orders");
	if (paging.page == NULL)
		return ERR_NOMEM;
	for (int i = 0; i < 40; i++) {
		struct finding f = paging_record(i % 2, i * 7, i % 5 == 0 ? VERDICT_ALTERED : VERDICT_VERIFIED, "why");

		f.hashes = i % 5 == 0 ? &h : NULL;
		paging_find((unsigned)i % 2, f);
		f.about_record = false;
		f.window = i % 3 == 0 ? WINDOW_RETENTION : WINDOW_MISSING;
		paging_find((unsigned)i % 2, f);
	}
	err = paging_write(&all, NULL, w);
	page_close(paging.page);
	return err;
}

START_TEST(one_call)
{
	failing_page(make, PAGE_BYTES_MAX, false, 50);
}
END_TEST

START_TEST(from_then_on)
{
	failing_page(make, PAGE_BYTES_MAX, true, 50);
}
END_TEST

static void
setup(void)
{
	char why[256];

	ck_assert_int_eq(policy_of_keys(NULL, 0, true, &paging.policy, why, sizeof(why)), 0);
}

static void
teardown(void)
{
	policy_unref(paging.policy);
}

int
main(void)
{
	Suite *s = suite_create("memory_page");
	TCase *t = tcase_create("memory_page");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_then_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
