/* Whose records a window's leaves are made of again.  ctl/ is no part of the archive, so its files are taken in whole. */
#include "ctl/args.c"
#include "ctl/command.c"
#include "ctl/export.c"
#include "ctl/safe.c"
#include "ctl/shared_options.c"
#include "ctl/topic_id.c"
#include "ctl/way.c"
#include "ctl/whom.c"

#include "mocked.h"
#include "suite.h"

enum { API_OF_LIST_OFFSETS = 2, TOPIC_AUTHORIZATION_FAILED = 29, REFUSALS_MAX = 8 };

static struct export x;

static void
setup(void)
{
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", 1), 0);
	x = (struct export){.dbom_topic = "makoto.dbom", .dbom_names = "makoto.dbom", .records = mocked_consumer(10000), .cluster_id = slice_str("c")};
}

static void
teardown(void)
{
	consumer_close(x.records);
	mock_stop(mock);
}

static int
again(int32_t partition, int64_t last_offset)
{
	const struct statement s = {.cluster_id = slice_str("c"), .topic = slice_str("t"), .partition = partition,
				    .last_offset = last_offset, .leaf_count = 1};
	struct reading_again g = {.leaves = NULL};
	struct slice leaves;
	int err = leaves_again(&x, &s, &g, &leaves);

	leaves_free(g.leaves);
	free(g.headers.list);
	return err;
}

/* Records that are gone, of a partition that is, or that are others, are none to make leaves of. */
START_TEST(gone)
{
	struct publisher *data = mocked_publisher("t");

	ck_assert_int_eq(publisher_send(data, 0, slice_str("key"), slice_str("value"), NULL, 0, NULL), 0);
	mocked_finish(data);
	ck_assert_int_eq(again(0, 0), ERR_NOTFOUND);
	ck_assert_int_eq(again(0, 5), ERR_NOTFOUND);
	ck_assert_int_eq(again(7, 5), ERR_NOTFOUND);
}
END_TEST

/* That they may not be read is another thing: whether they are there was not told. */
START_TEST(may_not_be_read)
{
	mock_refuse(mock, API_OF_LIST_OFFSETS, TOPIC_AUTHORIZATION_FAILED, REFUSALS_MAX);
	ck_assert_int_eq(again(0, 5), ERR_REMOTE);
	ck_assert_ptr_nonnull(strstr(consumer_why(x.records), "authorization"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("export");
	TCase *t = tcase_create("export");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, gone);
	tcase_add_test(t, may_not_be_read);
	suite_add_tcase(s, t);
	return suite_run(s);
}
