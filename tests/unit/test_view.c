/* What is shown of several partitions that are judged at once.  ctl/ is no part of the archive, so its files are taken in whole. */
#include "ctl/command.c"
#include "ctl/report.c"
#include "ctl/safe.c"
#include "ctl/table.c"
#include "ctl/view.c"

#include "suite.h"

static char *text;
static size_t text_len;
static FILE *to;
static struct view v;

static struct topic_partition parts[2] = {{.partition = 0, .to = 5}, {.partition = 1, .to = 5}};
static struct topic_report a = {.topic = "a", .cluster_id = "c", .topic_id = "", .partitions = parts, .partition_count = 2};
static struct topic_report b = {.topic = "b", .cluster_id = "c", .topic_id = "", .partitions = parts, .partition_count = 1};
static struct topic_report gone = {.topic = "x", .cluster_id = "c", .topic_id = "", .id_unchecked = "it is gone", .gone = true};

static void
setup(void)
{
	to = open_memstream(&text, &text_len);
	ck_assert_ptr_nonnull(to);
	v = (struct view){.about = {.dbom_topic = "makoto.dbom"}};
	a.sum = b.sum = gone.sum = (struct tally){.records = 5};
	a.statements.trusted = b.statements.trusted = 1;
}

static void
teardown(void)
{
	view_close(&v);
	(void)fclose(to);
	free(text);
}

static void
begin(bool json)
{
	ck_assert_int_eq(view_open(&v, to, json, false, 2), 0);
}

static const char *
written(void)
{
	ck_assert_int_eq(fflush(to), 0);
	return text;
}

static void
find(unsigned job, const struct topic_report *t, int32_t partition, int64_t offset)
{
	const struct finding f = {.about_record = true, .verdict = VERDICT_ALTERED, .partition = partition, .offset = offset, .why = "value"};

	view_finding(&v, job, t, &f);
}

/* Each has a run of its own, however they take turns. */
START_TEST(taking_turns)
{
	begin(false);
	for (int i = 0; i < 4; i++) {
		find(0, &a, 0, i);
		find(1, &b, 7, i + 10);
	}
	ck_assert_int_eq(view_partition(&v, 1, &b), 0);
	ck_assert_int_eq(view_partition(&v, 0, &a), 0);
	find(0, &b, 1, 4);
	ck_assert_int_eq(view_partition(&v, 0, &b), 0);
	ck_assert_str_eq(written(), "b/7  offsets 10-13   altered           value\n"
				    "a/0  offsets 0-3     altered           value\n"
				    "b/1  offset 4        altered           value\n");
}
END_TEST

static int
ended(void)
{
	view_topic(&v, &a);
	view_topic(&v, &b);
	view_topic(&v, &gone);
	return view_end(&v, true);
}

START_TEST(the_worst_counts)
{
	begin(false);
	a.sum.verdicts[VERDICT_VERIFIED] = b.sum.verdicts[VERDICT_VERIFIED] = 5;
	ck_assert_int_eq(ended(), EXIT_UNDECIDED); /* what is gone can't be verified */
	ck_assert_ptr_nonnull(strstr(written(), "note: the cluster has no such topic"));
	ck_assert_ptr_nonnull(strstr(written(), "\nall: 3 topics, 3 partitions\n"
						"UNDECIDED: 0 records pending or unattested, 1 topic gone, no violation\n"));
}
END_TEST

START_TEST(a_violation_is_worst)
{
	begin(false);
	a.sum.windows_with[WINDOW_TRUNCATED] = 2;
	ck_assert_int_eq(ended(), EXIT_VIOLATION);
	ck_assert_ptr_nonnull(strstr(written(), "VIOLATION: 2 truncated\n"));
}
END_TEST

START_TEST(for_programs)
{
	const char *last;

	begin(true);
	a.sum.verdicts[VERDICT_UNATTESTED] = 1;
	ck_assert_int_eq(ended(), EXIT_UNDECIDED);
	last = strstr(written(), "{\"topics\":");
	ck_assert_ptr_nonnull(last);
	ck_assert_str_eq(last, "{\"topics\":3,\"topicsGone\":1,\"partitionCount\":3,\"clusterId\":\"c\",\"dbomTopic\":\"makoto.dbom\","
			       "\"isolation\":\"read_uncommitted\",\"records\":15,\"verdicts\":{\"verified\":0,\"unattested\":1},"
			       "\"recordsWithHeadersBehind\":0,\"headersBehind\":0,\"windows\":{\"stated\":0,\"complete\":0},\"absent\":{},"
			       "\"exit\":4,\"ok\":false}\n");
	ck_assert_ptr_nonnull(strstr(text, "\"topicIdChecked\":false,\"gone\":true,"));
}
END_TEST

/* Where the end can't be judged, what was found is told, and worse than that there is no end. */
START_TEST(no_end)
{
	begin(false);
	find(0, &a, 0, 1);
	find(0, &a, 0, 2);
	view_rest(&v, 0);
	ck_assert_str_eq(written(), "a/0  offsets 1-2     altered           value\n");
	v.unfinished = true;
	ck_assert_int_eq(view_end(&v, true), EXIT_VIOLATION);
	ck_assert_ptr_null(strstr(written(), "all:"));
}
END_TEST

START_TEST(no_end_and_nothing_found)
{
	begin(false);
	view_topic(&v, &a);
	v.unfinished = true;
	ck_assert_int_eq(view_end(&v, true), EXIT_UNFINISHED);
	ck_assert_ptr_null(strstr(written(), "all:"));
}
END_TEST

/* What there was no memory to tell makes it unfinished, and takes nothing from what was told. */
START_TEST(not_told)
{
	begin(true);
	v.jobs[1].failed = true;
	ck_assert_int_eq(ended(), EXIT_UNFINISHED);
	ck_assert(v.unfinished);
	view_close(&v);
	v = (struct view){.about = {.dbom_topic = "makoto.dbom"}};
	begin(true);
	a.sum.windows_with[WINDOW_TRUNCATED] = 2;
	v.sums.failed = true;
	ck_assert_int_eq(ended(), EXIT_VIOLATION);
	ck_assert(v.unfinished);
}
END_TEST

/* Of each topic by whose statements its records were verified, whichever job judged them. */
START_TEST(issuers)
{
	struct finding f = {.about_record = true, .verdict = VERDICT_VERIFIED, .why = "", .issuer = "plant"};

	begin(true);
	for (unsigned i = 0; i < 2; i++) {
		view_finding(&v, i, &a, &f);
		ck_assert_int_eq(view_partition(&v, i, &a), 0);
	}
	f.issuer = "office";
	view_finding(&v, 0, &b, &f);
	ck_assert_int_eq(view_partition(&v, 0, &b), 0);
	view_topic(&v, &a);
	ck_assert_ptr_nonnull(strstr(written(), "\"issuers\":[{\"issuer\":\"plant\",\"records\":2}]"));
	view_topic(&v, &b);
	ck_assert_ptr_nonnull(strstr(written(), "\"issuers\":[{\"issuer\":\"office\",\"records\":1}]"));
	ck_assert_ptr_null(v.issuers);
}
END_TEST

/* Where one topic was named there is no sum of all. */
START_TEST(one_topic)
{
	begin(true);
	view_topic(&v, &a);
	ck_assert_int_eq(view_end(&v, false), EXIT_OK);
	ck_assert_ptr_null(strstr(written(), "\"topics\""));
	ck_assert_ptr_nonnull(strstr(text, "\"exit\":0,\"ok\":true}\n"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("view");
	TCase *t = tcase_create("view");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, taking_turns);
	tcase_add_test(t, the_worst_counts);
	tcase_add_test(t, a_violation_is_worst);
	tcase_add_test(t, for_programs);
	tcase_add_test(t, no_end);
	tcase_add_test(t, no_end_and_nothing_found);
	tcase_add_test(t, not_told);
	tcase_add_test(t, issuers);
	tcase_add_test(t, one_topic);
	suite_add_tcase(s, t);
	return suite_run(s);
}
