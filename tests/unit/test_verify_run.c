/*
 * A run of verify over librdkafka's mock cluster, and what it leaves behind.  ctl/ is no part of the archive, so its files are
 * taken in whole.
 */
#include "ctl/args.c"
#include "ctl/command.c"
#include "ctl/recall_file.c"
#undef FORMAT
#include "ctl/report.c"
#include "ctl/resume.c"
#include "ctl/safe.c"
#include "ctl/table.c"
#include "ctl/topic_id.c"
#include "ctl/verify_run.c"
#include "ctl/view.c"
#include "ctl/way.c"
#include "ctl/whom.c"

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "mocked.h"
#include "suite.h"
#include "trusting.h"
#include "world.h"

static const struct command verify_command_of_tests = {.name = "verify"};
static struct world w;
static struct world_proxy proxy;
static struct policy *policy;
static char dir[] = "/tmp/test_verify_run_XXXXXX", memory[64], progress[64];
static char said[2][64 * 1024]; /* stdout, stderr */
static const char *names = WORLD_DBOM, *elsewhere;

static void
learn_cluster(void)
{
	struct consumer *c = mocked_consumer(30000);
	struct slice id;

	ck_assert_int_eq(consumer_cluster_id(c, &id), 0);
	snprintf(world_cluster, sizeof(world_cluster), "%.*s", (int)id.n, (const char *)id.p);
	consumer_close(c);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(memory, sizeof(memory), "%s/m", dir);
	(void)snprintf(progress, sizeof(progress), "%s/r", dir);
	mocked_open();
	ck_assert_int_eq(mock_topic(mock, "t", 1), 0);
	ck_assert_int_eq(mock_topic(mock, WORLD_DBOM, 1), 0);
	learn_cluster();
	world_log_append = true;
	world_proxy_open(&proxy, "t", "", 0, 1, true);
	trust_also(proxy.public_key);
	policy = trust_policy(false);
	world_window(&w, &proxy, &(struct world_window){.n = 4});
}

static void
teardown(void)
{
	char lock_path[80];

	world_free(&w);
	world_proxy_close(&proxy);
	policy_unref(policy);
	mock_stop(mock);
	(void)snprintf(lock_path, sizeof(lock_path), "%s.lock", memory);
	(void)unlink(lock_path);
	(void)unlink(memory);
	(void)unlink(progress);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
publish(void)
{
	struct publisher *data = mocked_publisher("t"), *dbom;

	for (size_t i = 0; i < w.count; i++) {
		const struct world_record *r = &w.r[i];
		struct publisher_header hs[WORLD_HEADERS];

		for (size_t k = 0; k < r->header_count; k++)
			hs[k] = (struct publisher_header){r->headers[k].name, r->headers[k].value};
		ck_assert_int_eq(publisher_send(data, 0, slice_str(r->key), world_value(r), hs, r->header_count, NULL), 0);
	}
	mocked_finish(data);
	dbom = mocked_publisher(WORLD_DBOM);
	for (size_t i = 0; i < w.stated; i++) {
		struct publisher_header h = {slice_str(MANIFEST_HEADER), wr_slice(&w.s[i].manifest)};

		ck_assert_int_eq(publisher_send(dbom, 0, slice_str(w.s[i].key), wr_slice(&w.s[i].value), &h, 1, NULL), 0);
	}
	mocked_finish(dbom);
}

/* Gives the exit code; `said` is what it wrote. */
static int
verified(struct verify_options o)
{
	static const char *topic = "t";
	const struct way way = {.bootstrap = mock_bootstrap(mock), .dbom_topic = WORLD_DBOM, .dbom_names = names, .dbom_bootstrap = elsewhere};
	int fds[2] = {STDOUT_FILENO, STDERR_FILENO}, saved[2], to[2], code;

	o.topics = &topic;
	o.topic_count = 1;
	o.a.partition = -1;
	o.a.jobs = 1;
	o.a.examiner.policy = policy;
	o.a.examiner.now_ms = 1;
	o.way.bootstrap = way.bootstrap;
	(void)fflush(stdout);
	for (int i = 0; i < 2; i++) {
		ck_assert_int_ge(saved[i] = dup(fds[i]), 0);
		ck_assert_int_ge(to[i] = memfd_create("said", 0), 0);
		ck_assert_int_eq(dup2(to[i], fds[i]), fds[i]);
	}
	code = verify_run(&verify_command_of_tests, &o, &way);
	(void)fflush(stdout);
	for (int i = 0; i < 2; i++) {
		ssize_t n = pread(to[i], said[i], sizeof(said[i]) - 1, 0);

		(void)dup2(saved[i], fds[i]);
		(void)close(saved[i]);
		(void)close(to[i]);
		ck_assert_int_ge((int)n, 0);
		said[i][n] = '\0';
	}
	return code;
}

/* A memory that can't be written is told, and takes nothing from what was found. */
START_TEST(not_remembered)
{
	char in_the_way[96];

	if (_i == 1)
		snprintf(w.r[2].value, sizeof(w.r[2].value), "altered");
	publish();
	(void)snprintf(in_the_way, sizeof(in_the_way), "%s.%ld", memory, (long)getpid());
	ck_assert_int_eq(mkdir(in_the_way, 0700), 0);
	ck_assert_int_eq(verified((struct verify_options){.memory = memory}), _i == 1 ? EXIT_VIOLATION : EXIT_UNFINISHED);
	ck_assert_ptr_nonnull(strstr(said[1], memory));
	ck_assert(_i == 0 || strstr(said[0], "offset 2") != NULL);
	ck_assert_int_eq(rmdir(in_the_way), 0);
}
END_TEST

/* Here a partition's line is more than FILE has room for. */
static int
broken_off(struct verify_options o)
{
	struct rlimit was, small;
	int code;

	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 250;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	code = verified(o);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	return code;
}

/* What was found before counts; what was seen is not remembered. */
START_TEST(no_end)
{
	const struct verify_options o = {.memory = memory, .resume = progress};
	int code;

	if (_i == 1)
		snprintf(w.r[2].value, sizeof(w.r[2].value), "altered");
	publish();
	code = broken_off(o);
	ck_assert_msg(code == (_i == 1 ? EXIT_VIOLATION : EXIT_UNFINISHED), "%d: %s%s", code, said[0], said[1]);
	ck_assert_msg(strstr(said[1], progress) != NULL, "%s%s", said[0], said[1]);
	ck_assert_ptr_nonnull(strstr(said[1], "File too large"));
	ck_assert(_i == 0 || strstr(said[0], "offset 2") != NULL);
	ck_assert_int_eq(access(memory, F_OK), -1);
	ck_assert_int_eq(access(progress, F_OK), 0);
	/* With room it ends, and the file goes. */
	ck_assert_int_eq(verified(o), _i == 1 ? EXIT_VIOLATION : EXIT_OK);
	ck_assert_int_eq(access(memory, F_OK), 0);
	ck_assert_int_eq(access(progress, F_OK), -1);
}
END_TEST

/* What headers may call the statement topic decides about records: what was judged by other names is not gone on with. */
START_TEST(other_names)
{
	const struct verify_options o = {.resume = progress};

	publish();
	ck_assert_int_eq(broken_off(o), EXIT_UNFINISHED);
	names = "west." WORLD_DBOM "," WORLD_DBOM;
	ck_assert_msg(verified(o) == EXIT_USAGE, "%s%s", said[0], said[1]);
	ck_assert_ptr_nonnull(strstr(said[1], progress));
	names = WORLD_DBOM;
	ck_assert_msg(verified(o) == EXIT_OK, "%s%s", said[0], said[1]);
	ck_assert_int_eq(access(progress, F_OK), -1);
}
END_TEST

/* One path, or two of the same file, for the memory and what was judged: neither is made. */
START_TEST(one_file_for_both)
{
	char other[80];

	(void)snprintf(other, sizeof(other), "%s/./m", dir);
	publish();
	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(verified((struct verify_options){.memory = memory, .resume = i == 0 ? memory : other}), EXIT_USAGE);
		ck_assert_ptr_nonnull(strstr(said[1], "one file can't be both"));
		ck_assert_int_eq(access(memory, F_OK), -1);
	}
	/* A memory that is there stays what it is. */
	ck_assert_int_eq(verified((struct verify_options){.memory = memory}), EXIT_OK);
	ck_assert_int_eq(verified((struct verify_options){.memory = memory, .resume = other}), EXIT_USAGE);
	ck_assert_int_eq(verified((struct verify_options){.memory = memory}), EXIT_OK);
}
END_TEST

/* That nothing is remembered yet is said. */
START_TEST(begins)
{
	publish();
	ck_assert_int_eq(verified((struct verify_options){.memory = memory, .json = true}), EXIT_OK);
	ck_assert_ptr_nonnull(strstr(said[1], memory));
	ck_assert_ptr_nonnull(strstr(said[1], "nothing is remembered yet"));
	ck_assert_ptr_nonnull(strstr(said[0], "\"memory\":\"begins\""));
	ck_assert_int_eq(verified((struct verify_options){.memory = memory, .json = true}), EXIT_OK);
	ck_assert_str_eq(said[1], "");
	ck_assert_ptr_nonnull(strstr(said[0], "\"memory\":\"goes on\""));
	ck_assert_int_eq(verified((struct verify_options){.json = true}), EXIT_OK);
	ck_assert_ptr_null(strstr(said[0], "\"memory\""));
}
END_TEST

/* What was stated on one cluster is not looked for on another, where nothing of it is: that would be no more than a slip in an option. */
START_TEST(statements_of_another_cluster)
{
	const struct verify_options o = {.memory = memory};
	struct mock *other = mock_start(1);

	ck_assert_ptr_nonnull(other);
	ck_assert_int_eq(mock_topic(other, WORLD_DBOM, 1), 0);
	publish();
	ck_assert_int_eq(verified(o), EXIT_OK);
	elsewhere = mock_bootstrap(other);
	ck_assert_msg(verified(o) == EXIT_USAGE, "%s%s", said[0], said[1]);
	ck_assert_msg(strstr(said[1], "statements of cluster") != NULL, "%s", said[1]);
	/* Another name of the same cluster is no other cluster. */
	elsewhere = mock_bootstrap(mock);
	ck_assert_msg(verified(o) == EXIT_OK, "%s%s", said[0], said[1]);
	mock_stop(other);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("verify_run");
	TCase *t = tcase_create("verify_run");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, not_remembered, 0, 2);
	tcase_add_loop_test(t, no_end, 0, 2);
	tcase_add_test(t, other_names);
	tcase_add_test(t, one_file_for_both);
	tcase_add_test(t, begins);
	tcase_add_test(t, statements_of_another_cluster);
	suite_add_tcase(s, t);
	return suite_run(s);
}
