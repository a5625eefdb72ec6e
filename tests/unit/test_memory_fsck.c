/*
 * Memory runs out at the n-th call, for n = 1, 2, 3 … until all goes well without, while a state directory
 * is looked at and told to a program: no crash, no leak, and no other outcome than one that says so.
 */
#include "failing.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include "ctl/inventory.c"
#include "ctl/safe.c"
#include "ctl/statedir.c"
#include "ctl/statedir_json.c"
#include "ctl/statedir_tell.c"
#include "ctl/table.c"

#include "attest/journal.h"
#include "keys/keygen.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/test_memory_fsck_XXXXXX";
static char why[512];
static FILE *nowhere;

static void
put(struct journal *j, struct journal_entry e)
{
	ck_assert_int_eq(journal_put(j, &e, NULL), 0);
	ck_assert_int_eq(journal_commit(j), 0);
}

/* Two segments, a chain, windows that wait, heads of an earlier run, a key; and its end is torn. */
static void
setup(void)
{
	static struct member members[3];
	struct journal_span span = {.window = 1, .count = 3};
	struct journal_entry e = {.kind = JOURNAL_CHAIN, .chain = 1};
	struct journal_conf conf = {.max_bytes = 1 << 20, .segment_bytes = 500};
	char id[KEYID_LEN + 1], private[80], public[80];
	struct heads heads = {0};
	struct journal *j;
	struct state *s;
	int fd;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(private, sizeof(private), "%s/signing.pem", dir);
	(void)snprintf(public, sizeof(public), "%s/signing.pub.pem", dir);
	ck_assert_int_eq(key_generate("ed25519", private, public, id, why, sizeof(why)), 0);
	ck_assert_int_eq(state_open(dir, &s, why, sizeof(why)), 0);
	conf.dir_fd = state_dir_fd(s);
	memcpy(conf.instance, state_instance(s), 16);
	memcpy(conf.boot, state_boot(s), 16);
	ck_assert_int_eq(state_end(s, &heads, why, sizeof(why)), 0);
	ck_assert_int_eq(journal_open(&conf, &j, why, sizeof(why)), 0);
	ck_assert_int_eq(state_begin(s, why, sizeof(why)), 0);
	e.head.cluster_id = e.head.topic = (char[]){"t"};
	e.head.head = head_begin();
	put(j, e);
	for (uint64_t n = 1; n <= 4; n++) {
		span.window = n;
		put(j, (struct journal_entry){.kind = JOURNAL_BATCH, .chain = 1, .batch = n, .producer_id = -1, .time = CHAINS_TIME_CREATE,
					      .spans = &span, .span_count = 1, .members = members, .count = 3});
	}
	journal_close(j);
	fd = openat(conf.dir_fd, "journal.0000000000000002", O_WRONLY | O_APPEND | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "torn", 4), 4);
	(void)close(fd);
	state_close(s);
	nowhere = fopen("/dev/null", "we");
	ck_assert_ptr_nonnull(nowhere);
}

static void
teardown(void)
{
	DIR *d = opendir(dir);

	for (struct dirent *e; (e = readdir(d)) != NULL;)
		if (e->d_name[0] != '.')
			ck_assert_int_eq(unlinkat(dirfd(d), e->d_name, 0), 0);
	closedir(d);
	ck_assert_int_eq(rmdir(dir), 0);
	(void)fclose(nowhere);
}

struct outcome {
	size_t segments, windows, notes, problems, unread, recovered;
};

static int
look_and_tell(struct outcome *ret)
{
	struct statedir d;
	int err = statedir_look(dir, &d, why, sizeof(why));

	*ret = (struct outcome){d.segment_count, d.journal.windows_left, d.weights[STATEDIR_NOTE], d.weights[STATEDIR_PROBLEM],
				d.weights[STATEDIR_UNREAD], d.outlook.windows};
	if (err == 0)
		err = statedir_json(&d, 0, nowhere);
	statedir_free(&d);
	return err;
}

static void
all_runs(bool lasting)
{
	struct outcome want, got;
	uint64_t n = 0;

	ck_assert_msg(look_and_tell(&want) == 0, "%s", why);
	ck_assert_uint_ge(want.segments, 2);
	ck_assert_uint_eq(want.windows, 4);
	ck_assert_uint_eq(want.recovered, 4);
	ck_assert_uint_eq(want.problems + want.unread, 0);
	do {
		int64_t alive = failing.live;
		int err;

		failing_begin(++n, lasting);
		failing.armed = true;
		err = look_and_tell(&got);
		failing.armed = false;
		ck_assert_msg(failing.live == alive, "call %llu: %lld are left", (unsigned long long)n,
			      (long long)(failing.live - alive));
		if (failing.failed > 0 && err != 0)
			ck_assert_msg(err == ERR_NOMEM, "call %llu: %s: %s", (unsigned long long)n, err_text(err), why);
		else
			ck_assert_msg(memcmp(&got, &want, sizeof(want)) == 0, "call %llu: another outcome", (unsigned long long)n);
	} while (failing.failed > 0);
	ck_assert_uint_gt(n, 100);
}

START_TEST(one_call)
{
	all_runs(false);
}
END_TEST

START_TEST(from_a_call_on)
{
	all_runs(true);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("memory_fsck");
	TCase *t = tcase_create("memory_fsck");

	tcase_set_timeout(t, 120);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, one_call);
	tcase_add_test(t, from_a_call_on);
	suite_add_tcase(s, t);
	return suite_run(s);
}
