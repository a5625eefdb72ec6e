/* What is found is written once, however long the topic takes nothing.  The publisher is the test's. */
#include <check.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ctl/command.c"
#include "ctl/report.c"
#include "ctl/safe.c"
#include "ctl/table.c"
#include "ctl/watch_json.c"
#include "ctl/watch_tell.c"
#include "suite.h"

static struct {
	struct publisher_conf conf;
	int fd;
	size_t pending, sends;
	unsigned recalls;
	int send_err; /* of all */
	bool takes;   /* what was sent is reported, … */
	int err;      /* … so */
	unsigned waits, problems;
	int (*then)(unsigned waits);
} lab;

int
publisher_open(const struct publisher_conf *conf, struct publisher **ret, char *why UNUSED, size_t why_len UNUSED)
{
	lab.conf = *conf;
	*ret = (struct publisher *)&lab;
	return 0;
}

void
publisher_close(struct publisher *p UNUSED, int timeout_ms)
{
	ck_assert_uint_eq(lab.pending, 0);
	ck_assert_int_eq(timeout_ms, 0);
}

static void
report(int err)
{
	for (; lab.pending > 0; lab.pending--)
		lab.conf.on_report(lab.conf.arg, NULL, err, err == 0 ? "" : "it broke");
}

void
publisher_recall(struct publisher *p UNUSED, int timeout_ms)
{
	ck_assert_int_gt(timeout_ms, 0);
	lab.recalls++;
	report(ERR_CLOSED);
}

int
publisher_fd(const struct publisher *p UNUSED)
{
	return lab.fd; /* readable: nobody waits for time to pass */
}

void
publisher_serve(struct publisher *p UNUSED)
{
	if (!lab.takes)
		return;
	lab.conf.on_ready(lab.conf.arg, 3);
	report(lab.err);
}

int
publisher_send(struct publisher *p UNUSED, int32_t partition, struct slice key UNUSED, struct slice value UNUSED,
	       const struct publisher_header *headers UNUSED, size_t count UNUSED, void *opaque UNUSED)
{
	ck_assert_int_lt(partition, 3);
	if (lab.send_err != 0)
		return lab.send_err;
	lab.pending++;
	lab.sends++;
	return 0;
}

size_t
publisher_pending(const struct publisher *p UNUSED)
{
	return lab.pending;
}

static void
on_trouble(void *arg UNUSED, const char *why)
{
	ck_assert_str_eq(why, "it broke");
	lab.problems++;
}

/* --- the rig --------------------------------------------------------------------------------- */

static struct watch_tell *told;
static FILE *lines;
static struct vigil_run runs[2];
static struct vigil_found found;
static const struct watch_json_about about = {.topic = "orders", .topic_id = ""};

static int
meanwhile(void *arg UNUSED)
{
	return lab.then == NULL ? 0 : lab.then(++lab.waits);
}

static void
setup(void)
{
	struct watch_tell_conf conf = {.json = true, .topic = "audit", .problem = on_trouble};
	char why[64];

	memset(&lab, 0, sizeof(lab));
	lab.fd = eventfd(1, EFD_CLOEXEC);
	ck_assert_int_ge(lab.fd, 0);
	ck_assert_ptr_nonnull(lines = tmpfile());
	conf.lines = lines;
	for (int i = 0; i < 2; i++)
		runs[i] = (struct vigil_run){.f = {.about_record = true, .verdict = VERDICT_ALTERED, .offset = 3 * i, .why = "", .issuer = ""},
					     .last_offset = 3 * i};
	found = (struct vigil_found){.from = 0, .to = 10, .runs = runs, .run_count = 2};
	ck_assert_int_eq(watch_tell_open(&conf, &told, why, sizeof(why)), 0);
}

static void
teardown(void)
{
	watch_tell_close(told);
	(void)fclose(lines);
	(void)close(lab.fd);
}

static int
tell(void)
{
	int err = watch_tell_found(told, &about, &found, meanwhile, NULL);

	return err != 0 ? err : watch_tell_flush(told, meanwhile, NULL);
}

static int
takes_at_last(unsigned waits)
{
	lab.takes = waits >= 1000;
	return 0;
}

static int
is_lost(unsigned waits)
{
	return waits < 100 ? 0 : ERR_NOT_NOW;
}

START_TEST(a_topic_that_takes_nothing_is_waited_for)
{
	lab.then = takes_at_last;
	ck_assert_int_eq(tell(), 0);
	ck_assert_uint_eq(lab.sends, 2);
	/* The same when only the reports are late. */
	lab.takes = false;
	lab.waits = 0;
	ck_assert_int_eq(tell(), 0);
	ck_assert_uint_eq(lab.sends, 4);
	ck_assert_uint_ge(lab.waits, 1000);
}
END_TEST

START_TEST(whose_partition_is_lost_waits_no_more)
{
	lab.then = is_lost;
	ck_assert_int_eq(tell(), ERR_NOT_NOW);
	ck_assert_uint_eq(lab.sends, 0);
	on_ready(told, 3);
	lab.waits = 0;
	ck_assert_int_eq(tell(), ERR_NOT_NOW);
	ck_assert_uint_eq(lab.sends, 2);
	/* Nothing of it is written any more, which is no problem, and none of what is told next. */
	ck_assert_uint_eq(lab.pending, 0);
	ck_assert_int_eq(watch_tell_found(told, &about, &(struct vigil_found){.to = 5}, meanwhile, NULL), 0);
	ck_assert_int_eq(watch_tell_flush(told, meanwhile, NULL), 0);
	ck_assert_uint_eq(lab.problems, 0);
}
END_TEST

static int
asks_for_it_back(unsigned waits UNUSED)
{
	watch_tell_recall(told);
	return ERR_NOT_NOW;
}

/* Whoever has the partition next writes after that. */
START_TEST(what_is_recalled_is_not_told)
{
	on_ready(told, 3);
	lab.then = asks_for_it_back;
	ck_assert_int_eq(tell(), ERR_NOT_NOW);
	ck_assert_uint_eq(lab.sends, 2);
	ck_assert_uint_ge(lab.recalls, 1);
	ck_assert_uint_eq(lab.problems, 0);
	/* It takes more. */
	lab.then = NULL;
	lab.takes = true;
	ck_assert_int_eq(tell(), 0);
	ck_assert_uint_eq(lab.sends, 4);
}
END_TEST

/* Who ends in the middle of it leaves nothing behind that is written when it has left its group. */
START_TEST(what_is_not_told_to_its_end_is_recalled)
{
	lab.takes = true;
	lab.send_err = ERR_NOMEM;
	ck_assert_int_eq(tell(), ERR_NOMEM);
	ck_assert_uint_eq(lab.recalls, 1);
	lab.takes = false;
	lab.send_err = 0;
	lab.then = is_lost;
	ck_assert_int_eq(watch_tell_found(told, &about, &found, meanwhile, NULL), 0);
	ck_assert_uint_eq(lab.pending, 2);
	(void)fclose(lines);
	ck_assert_ptr_nonnull(lines = fopen("/dev/full", "w"));
	told->conf.lines = lines;
	ck_assert_int_gt(fputs("x", lines), 0);
	ck_assert_int_eq(watch_tell_flush(told, meanwhile, NULL), ERR_IO);
	ck_assert_uint_eq(lab.recalls, 2);
	ck_assert_uint_eq(lab.pending, 0);
}
END_TEST

/* No topic, nothing to recall. */
START_TEST(lines_alone)
{
	struct watch_tell_conf conf = {.json = true, .lines = lines};
	struct watch_tell *t;
	char why[64];

	ck_assert_int_eq(watch_tell_open(&conf, &t, why, sizeof(why)), 0);
	watch_tell_recall(t);
	ck_assert_int_eq(watch_tell_found(t, &about, &found, meanwhile, NULL), 0);
	ck_assert_int_eq(watch_tell_flush(t, meanwhile, NULL), 0);
	ck_assert_uint_eq(lab.recalls + lab.sends, 0);
	watch_tell_close(t);
}
END_TEST

START_TEST(what_is_not_stored_is_not_told)
{
	lab.takes = true;
	lab.err = ERR_CLOSED;
	ck_assert_int_eq(tell(), ERR_REMOTE);
	lab.err = 0;
	ck_assert_int_eq(tell(), 0);
	ck_assert_uint_eq(lab.sends, 4);
	lab.send_err = ERR_NOMEM;
	ck_assert_int_eq(tell(), ERR_NOMEM);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch_tell");
	TCase *t = tcase_create("watch_tell");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_topic_that_takes_nothing_is_waited_for);
	tcase_add_test(t, whose_partition_is_lost_waits_no_more);
	tcase_add_test(t, what_is_not_stored_is_not_told);
	tcase_add_test(t, what_is_recalled_is_not_told);
	tcase_add_test(t, what_is_not_told_to_its_end_is_recalled);
	tcase_add_test(t, lines_alone);
	suite_add_tcase(s, t);
	return suite_run(s);
}
