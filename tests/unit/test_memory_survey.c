/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without: while a cluster is looked at,
 * and while what was found is told.  It ends with an error or tells all of it; nothing leaks.
 */
#include "failing.h"

#include <signal.h>
#include <sys/wait.h>

#include "kafka/metadata.h"
#include "sasl_lab.h"
#include "survey/attested.h"
#include "survey/dbom.h"
#include "survey/survey.h"
#include "surveyed.h"

/* --- all of it, against a broker in a process of its own, whose memory doesn't count ---------- */

static pid_t broker;
static char yaml[400];

static void
begin(void)
{
	int fds[2];
	uint16_t first = ports_reserve();

	ck_assert_int_eq(pipe(fds), 0);
	broker = fork();
	ck_assert_int_ge(broker, 0);
	if (broker == 0) {
		lab_open(NULL);
		(void)!write(fds[1], &lab.port, sizeof(lab.port));
		for (;;)
			pause();
	}
	ck_assert_int_eq(read(fds[0], &lab.port, sizeof(lab.port)), sizeof(lab.port));
	close(fds[0]), close(fds[1]);
	(void)snprintf(yaml, sizeof(yaml), "kafka: {bootstrap.servers: '127.0.0.1:%u'}\nlisten: {bootstrap.port: %u, broker.ports: %u-%u}\nadmin: {listen: ''}\n"
					   "state: {max.bytes: 16MiB}\nverify: {mode: observe, dbom: {topics: [west], bootstrap.servers: '127.0.0.1:%u'}}",
		       lab.port, first, first + 1, first + 3, lab.port);
}

static void
end(void)
{
	ck_assert_int_eq(kill(broker, SIGKILL), 0);
	ck_assert_int_eq(waitpid(broker, NULL, 0), broker);
}

/* What it says, for __real_free(): libc's own memory is not ours to count.  n 0: there is enough. */
static int
surveyed(struct config *c, uint64_t n, bool lasting, char **ret)
{
	size_t len;
	FILE *to = open_memstream(ret, &len);
	int err;

	failing_begin(n, lasting);
	failing.armed = n > 0;
	err = survey_run(c, "/tmp/makoto-no-such-directory", to);
	failing.armed = false;
	ck_assert_int_eq(fclose(to), 0);
	return err;
}

START_TEST(whole)
{
	struct config *c = surveyed_config(yaml);
	char *want, *got;
	bool failed;
	uint64_t n = 0;

	ck_assert_msg(surveyed(c, 0, false, &want) == 0, "%s", want);
	ck_assert_ptr_nonnull(strstr(want, "ok    cluster: unit-cluster, 1 broker\n"));
	ck_assert_ptr_nonnull(strstr(want, "ok    verify.dbom.bootstrap.servers: reached at 127.0.0.1:"));
	ck_assert_ptr_nonnull(strstr(want, " topic west: "));
	do {
		int64_t alive = failing.live;
		int err;

		err = surveyed(c, ++n, _i == 1, &got);
		if (err == 0)
			ck_assert_str_eq(got, want);
		else
			ck_assert(err == ERR_NOMEM || err == ERR_REMOTE || err == ERR_IO);
		__real_free(got); /* of open_memstream() */
		ck_assert_msg(failing.live == alive, "call %d: %d things are left", (int)n, (int)(failing.live - alive));
		failed = failing.failed > 0;
		if (n % 30 == 0) { /* the lab has room for so many connections */
			end();
			begin();
			config_unref(c);
			c = surveyed_config(yaml);
			__real_free(want);
			ck_assert_msg(surveyed(c, 0, false, &want) == 0, "%s", want);
		}
	} while (failed);
	ck_assert_uint_gt(n, 40);
	__real_free(want);
	config_unref(c);
}
END_TEST

/* --- what is told of a cluster that lacks everything ----------------------------------------- */

static void
tell(struct config *c, struct findings *r)
{
	struct metadata_topic topics[] = {{.name = slice_str("a"), .rights = 0}, {.name = slice_str("b"), .rights = MEND_DESCRIBE}};
	struct metadata seen = {.topics = topics, .topic_count = 2};
	struct attested a = {.seen = &seen};
	struct dbom d = {.partitions = 1, .rights = 0, .settings_told = true, .cleanup_policy = "compact,delete", .retention_ms = 1, .retention_bytes = 1};

	attested_check_cluster(&a, &surveyed_by, r);
	attested_check(&a, c, &surveyed_by, r);
	dbom_check(&d, c, &surveyed_by, r);
	findings_end(r);
}

START_TEST(told)
{
	struct config *c = surveyed_config("");
	struct findings want = surveyed_findings();
	uint64_t n = 0;

	tell(c, &want);
	ck_assert_int_eq(wr_err(&want.out), 0);
	do {
		int64_t alive = failing.live;
		struct findings r = surveyed_findings();

		failing_begin(++n, _i == 1);
		failing.armed = true;
		tell(c, &r);
		failing.armed = false;
		if (wr_err(&r.out) == 0) {
			ck_assert_uint_eq(r.out.len, want.out.len);
			ck_assert_mem_eq(r.out.buf, want.out.buf, r.out.len);
		} else {
			ck_assert_int_eq(wr_err(&r.out), ERR_NOMEM);
		}
		wr_free(&r.out);
		ck_assert_int_eq(failing.live, alive);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 10);
	wr_free(&want.out);
	config_unref(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_survey");
	TCase *t = tcase_create("whole"), *u = tcase_create("told");

	(void)signal(SIGPIPE, SIG_IGN);
	tcase_set_timeout(t, 300);
	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, whole, 0, 2);
	tcase_add_loop_test(u, told, 0, 2);
	suite_add_tcase(s, t);
	suite_add_tcase(s, u);
	return suite_run(s);
}
