/* What was seen the last time, and what of it is gone. */
#include "verify/recall.h"

#include <check.h>

#include "suite.h"

static struct recall m;
static struct statement s[8];
static struct verdict_window v[8];
static const struct verdict_window *list[8];
static size_t count;

static struct {
	int times;
	struct finding last;
	char why[200];
} told;

static void
setup(void)
{
	memset(&m, 0, sizeof(m));
	memset(&told, 0, sizeof(told));
	count = 0;
}

static void
teardown(void)
{
	recall_clear(&m);
}

static void
on_found(void *arg, const struct finding *f)
{
	ck_assert_ptr_eq(arg, &told);
	told.times++;
	told.last = *f;
	snprintf(told.why, sizeof(told.why), "%s", f->why);
}

/* A statement of the chain, whose bytes have this hash; of 10 records for each window. */
static void
state(uint8_t chain, uint64_t window, uint8_t hash)
{
	s[count] = (struct statement){.chain = {{chain}}, .window_id = window, .last_offset = (int64_t)window * 10 - 1};
	v[count] = (struct verdict_window){.statement = &s[count], .sha256 = {hash}};
	list[count] = &v[count];
	count++;
}

static struct recall_about
about(int32_t partition, int64_t log_end)
{
	return (struct recall_about){.topic = "t", .topic_id = "id", .partition = partition, .log_end = log_end, .stated = list, .count = count};
}

static void
see(int32_t partition)
{
	struct recall_about a = about(partition, 0);

	ck_assert_int_eq(recall_see(&m, &a), 0);
	recall_sort(&m);
}

static struct tally
judge(const struct recall_about *a)
{
	struct tally t = {0};

	memset(&told, 0, sizeof(told));
	recall_judge(&m, a, on_found, &told, &t);
	return t;
}

static struct tally
judge_at(int64_t log_end)
{
	struct recall_about a = about(0, log_end);

	return judge(&a);
}

START_TEST(all_there)
{
	state(1, 1, 0x11);
	state(1, 2, 0x12);
	state(2, 7, 0x27);
	see(0);
	ck_assert_uint_eq(m.count, 2);
	ck_assert_uint_eq(m.list[0]->window_id, 2);
	ck_assert_uint_eq(m.list[0]->sha256[0], 0x12);
	ck_assert_int_eq(m.list[0]->end, 20);
	ck_assert_str_eq(m.list[0]->topic, "t");
	ck_assert_str_eq(m.list[0]->topic_id, "id");
	judge_at(70);
	ck_assert_int_eq(told.times, 0);
	/* It went on, and the order of publication is another. */
	state(1, 3, 0x13);
	judge_at(70);
	ck_assert_int_eq(told.times, 0);
	see(0);
	ck_assert_uint_eq(m.list[0]->window_id, 3);
	ck_assert_uint_eq(m.list[1]->window_id, 7);
}
END_TEST

START_TEST(truncated)
{
	struct tally t;

	state(1, 1, 0x11);
	state(1, 2, 0x12);
	state(1, 3, 0x13);
	see(0);
	count = 2;
	t = judge_at(30);
	ck_assert_int_eq(told.times, 1);
	ck_assert_int_eq(told.last.window, WINDOW_TRUNCATED);
	ck_assert_uint_eq(told.last.window_id, 3);
	ck_assert_int_eq(told.last.chain.b[0], 1);
	ck_assert_int_eq(told.last.offset, -1);
	ck_assert_ptr_nonnull(strstr(told.why, "ends with window 2 now"));
	ck_assert_uint_eq(t.windows_with[WINDOW_TRUNCATED], 1);
	ck_assert_int_eq(tally_outcome(&t, false), TALLY_VIOLATION);
	/* It is found again the next time, also when the chain went on otherwise. */
	see(0);
	ck_assert_uint_eq(m.list[0]->window_id, 3);
	state(1, 4, 0x44);
	see(0);
	judge_at(40);
	ck_assert_int_eq(told.times, 1);
	ck_assert_ptr_nonnull(strstr(told.why, "later ones"));
	count = 0;
	judge_at(30);
	ck_assert_ptr_nonnull(strstr(told.why, "no trusted one"));
}
END_TEST

START_TEST(replaced)
{
	state(1, 1, 0x11);
	see(0);
	v[0].sha256[0] = 0x99;
	judge_at(10);
	ck_assert_int_eq(told.times, 1);
	ck_assert_int_eq(told.last.window, WINDOW_REPLACED);
	ck_assert_ptr_nonnull(strstr(told.why, "11000000"));
	see(0);
	ck_assert_uint_eq(m.list[0]->sha256[0], 0x11);
	/* Of a fork, that is there beside another, it isn't gone. */
	state(1, 1, 0x11);
	judge_at(10);
	ck_assert_int_eq(told.times, 0);
}
END_TEST

START_TEST(records_gone)
{
	struct recall_about a;

	state(1, 1, 0x11);
	state(1, 2, 0x12);
	see(0);
	judge_at(19);
	ck_assert_int_eq(told.times, 1);
	ck_assert_int_eq(told.last.window, WINDOW_RECORDS_GONE);
	ck_assert_str_eq(told.why, "records up to offset 19 were seen stated, and the log ends at 19");
	/* Records and statements: both are told. */
	count = 1;
	judge_at(10);
	ck_assert_int_eq(told.times, 2);
	count = 2;
	a = about(0, 20);
	a.gone = true;
	judge(&a);
	ck_assert_int_eq(told.times, 1);
	ck_assert_int_eq(told.last.window, WINDOW_RECORDS_GONE);
	ck_assert_str_eq(told.why, "its statement was seen, and its topic was deleted since");
	a.gone = false;
	a.topic_id = "other";
	judge(&a);
	ck_assert_str_eq(told.why, "its statement was seen, and its topic was deleted since; another has its name");
}
END_TEST

/* Each partition has its own. */
START_TEST(by_partition)
{
	struct recall_about a;

	state(1, 1, 0x11);
	see(3);
	count = 0;
	state(2, 1, 0x21);
	see(1);
	count = 0;
	for (int32_t p = 0; p < 5; p++) {
		a = about(p, 100);
		judge(&a);
		ck_assert_int_eq(told.times, p == 1 || p == 3);
		if (told.times > 0)
			ck_assert_int_eq(told.last.partition, p);
	}
	a = about(3, 100);
	a.topic = "u";
	judge(&a);
	ck_assert_int_eq(told.times, 0);
}
END_TEST

START_TEST(twice)
{
	struct remembered r = {.chain = {{1}}, .window_id = 1, .topic = "t"};

	ck_assert_int_eq(recall_put(&m, &r), 0);
	ck_assert_int_eq(recall_put(&m, &r), ERR_EXISTS);
	ck_assert_uint_eq(m.count, 1);
	recall_clear(&m);
	recall_clear(&m);
	recall_sort(&m);
	judge_at(0);
	ck_assert_int_eq(told.times, 0);
}
END_TEST

int
main(void)
{
	Suite *su = suite_create("recall");
	TCase *t = tcase_create("recall");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_there);
	tcase_add_test(t, truncated);
	tcase_add_test(t, replaced);
	tcase_add_test(t, records_gone);
	tcase_add_test(t, by_partition);
	tcase_add_test(t, twice);
	suite_add_tcase(su, t);
	return suite_run(su);
}
