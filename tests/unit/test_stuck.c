#include "stages/stuck.h"

#include "suite.h"

static struct stuck *s;
static struct monotime now;

static void
setup(void)
{
	now.ns = 1000000000;
	clock_set_for_tests(&now, NULL);
	s = stuck_new(3);
	ck_assert_ptr_nonnull(s);
}

static void
teardown(void)
{
	stuck_free(s);
	stuck_free(NULL);
	clock_set_for_tests(NULL, NULL);
}

static struct stuck_place
place(const char *topic, int32_t partition, int64_t offset)
{
	return (struct stuck_place){slice_str(topic), partition, offset};
}

START_TEST(since_the_first_time)
{
	struct stuck_place p = place("t", 1, 5), q = place("t", 1, 6), r = place("u", 1, 5);

	ck_assert_int_eq(stuck_waited(s, &p, 0), -1);
	stuck_note(s, &p, 20);
	ck_assert_int_eq(stuck_waited(s, &p, 0), 20);
	ck_assert_int_eq(stuck_waited(s, &p, 1000), -1);
	now.ns += 999000000;
	stuck_note(s, &p, 30); /* what came later has not waited as long */
	ck_assert_int_eq(stuck_waited(s, &p, 1000), -1);
	now.ns += 1000000;
	ck_assert_int_eq(stuck_waited(s, &p, 1000), 20);
	ck_assert_int_eq(stuck_waited(s, &q, 0), -1);
	ck_assert_int_eq(stuck_waited(s, &r, 0), -1);
	stuck_pass(s, &p);
	stuck_pass(s, &p);
	ck_assert_int_eq(stuck_waited(s, &p, 0), -1);
	stuck_note(s, &p, 40);
	ck_assert_int_eq(stuck_waited(s, &p, 1), -1);
}
END_TEST

START_TEST(told_once)
{
	struct stuck_place p = place("t", 1, 5), q = place("t", 2, 5);

	ck_assert(stuck_tell(s, &p));
	ck_assert(!stuck_tell(s, &p));
	ck_assert(stuck_tell(s, &q));
	stuck_note(s, &q, 7);
	ck_assert_int_eq(stuck_waited(s, &q, 0), 7);
	stuck_pass(s, &p);
	ck_assert(stuck_tell(s, &p));
}
END_TEST

START_TEST(bounded)
{
	struct stuck_place p[5];

	for (int i = 0; i < 5; i++) {
		p[i] = place("t", i, 5);
		stuck_note(s, &p[i], 9);
	}
	ck_assert_int_eq(stuck_waited(s, &p[1], 0), -1);
	for (int i = 2; i < 5; i++)
		ck_assert_int_eq(stuck_waited(s, &p[i], 0), 9);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stuck");
	TCase *c = tcase_create("stuck");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, since_the_first_time);
	tcase_add_test(c, told_once);
	tcase_add_test(c, bounded);
	suite_add_tcase(suite, c);
	return suite_run(suite);
}
