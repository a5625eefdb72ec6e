/* A process whose memory is its own.  daemon/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include "daemon/secrecy.c"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

/* How a child ends that dies of a signal whose default is a core file. */
static int
status_of_a_crash(void)
{
	struct rlimit limit;
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		secrecy_begin();
		(void)getrlimit(RLIMIT_CORE, &limit);
		limit.rlim_cur = limit.rlim_max; /* as far as the machine lets us */
		(void)setrlimit(RLIMIT_CORE, &limit);
		(void)signal(SIGQUIT, SIG_DFL);
		(void)raise(SIGQUIT);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

START_TEST(no_core_file)
{
	int status = status_of_a_crash();

	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGQUIT);
	ck_assert(!WCOREDUMP(status));
}
END_TEST

START_TEST(not_for_others)
{
	ck_assert_int_eq(prctl(PR_SET_DUMPABLE, 1), 0);
	secrecy_begin();
	ck_assert_int_eq(prctl(PR_GET_DUMPABLE), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("secrecy");
	TCase *t = tcase_create("secrecy");

	tcase_add_test(t, no_core_file);
	tcase_add_test(t, not_for_others);
	suite_add_tcase(s, t);
	return suite_run(s);
}
