/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without, while what is remembered and what was
 * judged so far is read and written: an error or the whole of it, no leak, and the file is the old one or the new one.
 * jansson's own calls don't fail here: where they do, makotoctl ends (ctl/json_memory.h).
 */
#include "failing.h"

#include "ctl/recall_file.c"
#undef FORMAT
#include "ctl/resume.c"

#include "suite.h"

enum { CHAINS = 3 };

static char dir[] = "/tmp/test_memory_recall_XXXXXX", path[64], progress[64], why[512];
static char many[16384];
static size_t many_len;
static const uint8_t options[SHA256_LEN];
static const struct topic_report topic = {.topic = "t", .topic_id = "", .cluster_id = "c"};

static int
put_all(struct recall *m)
{
	int err = 0;

	for (uint8_t i = 0; err == 0 && i < CHAINS; i++) {
		struct remembered r = {.chain = {{i}}, .window_id = 1, .topic = "t"};

		if ((err = recall_put(m, &r)) == ERR_EXISTS)
			err = 0;
	}
	return err;
}

static int
remember(void)
{
	struct recall_file f = {.lock_fd = -1};
	int err = recall_file_open(path, "makoto.dbom", &f, why, sizeof(why));

	if (err != 0)
		return err;
	if ((err = put_all(&f.memory)) == 0)
		err = recall_file_save(&f, "makoto.dbom", why, sizeof(why));
	recall_file_close(&f);
	return err;
}

static int
go_on(void)
{
	struct topic_partition p = {.partition = 1}, got;
	struct resume *r;
	int64_t now = 1;
	int err = resume_open(progress, options, &now, &r, why, sizeof(why));

	if (err != 0)
		return err;
	err = resume_add(r, &topic, &p, why, sizeof(why));
	(void)resume_known(r, &topic, 1, &got);
	resume_close(r);
	return err;
}

/* How many chains the file has, with enough memory. */
static size_t
chains(void)
{
	struct recall_file f = {.lock_fd = -1};
	size_t n;

	ck_assert_msg(recall_file_open(path, "makoto.dbom", &f, why, sizeof(why)) == 0, "%s", why);
	n = f.memory.count;
	recall_file_close(&f);
	return n;
}

/* As many partitions as make the next one that is put among them ask for memory: one of them once more. */
static void
judge_many(void)
{
	enum { MANY = 12 };
	struct resume *r;
	int64_t now = 1;
	FILE *f;

	ck_assert_int_eq(resume_open(progress, options, &now, &r, why, sizeof(why)), 0);
	for (int32_t i = 0; i <= MANY; i++) {
		struct topic_partition p = {.partition = i % MANY};

		ck_assert_int_eq(resume_add(r, &topic, &p, why, sizeof(why)), 0);
	}
	resume_close(r);
	f = fopen(progress, "re");
	many_len = fread(many, 1, sizeof(many), f);
	(void)fclose(f);
	ck_assert_uint_lt(many_len, sizeof(many));
}

static void
restore_many(void)
{
	FILE *f = fopen(progress, "we");

	ck_assert_uint_eq(fwrite(many, 1, many_len, f), many_len);
	(void)fclose(f);
}

static void
all_runs(int (*run)(void), bool lasting)
{
	uint64_t n = 0;

	do {
		int64_t alive;
		int err;

		if (run == go_on)
			restore_many();
		alive = failing.live;
		failing_begin(++n, lasting);
		failing.armed = true;
		err = run();
		failing.armed = false;
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n, (long long)(failing.live - alive));
		ck_assert_msg(err == 0 || (err == ERR_NOMEM && failing.failed > 0), "call %llu: %s, %s", (unsigned long long)n, err_text(err), why);
		if (run == remember)
			ck_assert(chains() == CHAINS || (err != 0 && chains() == 0));
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 3);
}

static void
setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/m.json", dir);
	(void)snprintf(progress, sizeof(progress), "%s/r", dir);
}

static void
teardown(void)
{
	char lock_path[80];

	(void)snprintf(lock_path, sizeof(lock_path), "%s.lock", path);
	(void)unlink(lock_path);
	(void)unlink(path);
	(void)unlink(progress);
	ck_assert_int_eq(rmdir(dir), 0);
}

START_TEST(one_call)
{
	all_runs(remember, false);
	ck_assert_uint_eq(chains(), CHAINS);
	judge_many();
	all_runs(go_on, false);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_runs(remember, true);
	judge_many();
	all_runs(go_on, true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_recall");
	TCase *t = tcase_create("memory_recall");

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
