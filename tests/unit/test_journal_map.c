#include "attest/journal_map.h"

#include <check.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

enum { PAGE = 4096, MIB = 1 << 20 };

static char path[32];
static int fd;
static struct journal_map m;

static void
setup(void)
{
	(void)snprintf(path, sizeof(path), "/tmp/test_map_XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	m = (struct journal_map){0};
}

static void
teardown(void)
{
	journal_map_end(&m);
	close(fd);
	(void)unlink(path);
}

static uint64_t
room(uint64_t n)
{
	ck_assert_int_eq(ftruncate(fd, (off_t)n), 0);
	return n;
}

static void
ck_has(const char *text, uint64_t at)
{
	char is[64] = "";

	ck_assert_int_eq(pread(fd, is, strlen(text), (off_t)at), (ssize_t)strlen(text));
	ck_assert_str_eq(is, text);
}

START_TEST(what_is_stored_is_in_the_file)
{
	uint64_t n = room(3 * PAGE + 10);

	ck_assert(journal_map_store(&m, fd, n, slice_str("one"), 0));
	ck_assert(journal_map_store(&m, fd, n, slice_str("over a page's end"), PAGE - 5));
	ck_assert(journal_map_store(&m, fd, n, slice_str("the last"), n - 8));
	ck_has("one", 0);
	ck_has("over a page's end", PAGE - 5);
	ck_has("the last", n - 8);
	/* Behind its end there is no file. */
	ck_assert(!journal_map_store(&m, fd, n, slice_str("the last one"), n - 8));
	ck_has("the last", n - 8);
}
END_TEST

START_TEST(a_part_is_mapped)
{
	uint64_t n = room(11 * MIB);

	for (uint64_t at = 0; at + 8 <= n; at += MIB - 3) {
		ck_assert(journal_map_store(&m, fd, n, slice_str("anywhere"), at));
		ck_assert_uint_le(m.bytes, 4 * MIB);
	}
	for (uint64_t at = 0; at + 8 <= n; at += MIB - 3)
		ck_has("anywhere", at);
}
END_TEST

START_TEST(what_cannot_be_mapped)
{
	int other = open(path, O_WRONLY | O_CLOEXEC);
	uint64_t n = room(PAGE);

	ck_assert(!journal_map_store(&m, other, n, slice_str("one"), 0));
	ck_assert(m.refused);
	ck_assert(!journal_map_store(&m, fd, n, slice_str("one"), 0)); /* it isn't tried for each block */
	close(other);
}
END_TEST

/* Whoever cut the file off: the process lives, more than once. */
START_TEST(a_page_that_cannot_be_had)
{
	for (int i = 0; i < 3; i++) {
		uint64_t n = room(4 * PAGE);

		m = (struct journal_map){0};
		ck_assert(journal_map_store(&m, fd, n, slice_str("one"), 0));
		(void)room(PAGE);
		ck_assert(!journal_map_store(&m, fd, n, slice_str("over a page's end"), PAGE - 5));
		ck_assert(m.refused);
		ck_assert_ptr_null(m.p);
		ck_assert(!journal_map_store(&m, fd, n, slice_str("one"), 0));
	}
}
END_TEST

static void *
store_there(void *arg)
{
	*(bool *)arg = journal_map_store(&m, fd, 4 * PAGE, slice_str("over a page's end"), PAGE - 5);
	return NULL;
}

/* A reactor's thread begins with all signals blocked, and a fault that is blocked can't be caught. */
START_TEST(in_a_thread_without_signals)
{
	uint64_t n = room(4 * PAGE);
	bool stored = true;
	sigset_t all, old;
	pthread_t t;

	ck_assert(journal_map_store(&m, fd, n, slice_str("one"), 0));
	(void)room(PAGE);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	ck_assert_int_eq(pthread_create(&t, NULL, store_there, &stored), 0);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_join(t, NULL);
	ck_assert(!stored);
	ck_assert(m.refused);
}
END_TEST

/* A fault elsewhere ends the process, as ever. */
START_TEST(a_fault_of_another)
{
	uint64_t n = room(2 * PAGE);
	volatile uint8_t *p;

	ck_assert(journal_map_store(&m, fd, n, slice_str("one"), 0));
	p = mmap(NULL, n, PROT_READ, MAP_SHARED, fd, 0);
	ck_assert_ptr_ne((void *)(uintptr_t)p, MAP_FAILED);
	(void)room(0);
	ck_assert_uint_eq(p[PAGE], 0);
	_exit(0);
}
END_TEST

START_TEST(it_outlives_the_process)
{
	uint64_t n = room(2 * PAGE);
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (journal_map_store(&m, fd, n, slice_str("left behind"), 100))
			(void)kill(getpid(), SIGKILL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	ck_has("left behind", 100);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("journal_map");
	TCase *t = tcase_create("map");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, what_is_stored_is_in_the_file);
	tcase_add_test(t, a_part_is_mapped);
	tcase_add_test(t, what_cannot_be_mapped);
	tcase_add_test(t, a_page_that_cannot_be_had);
	tcase_add_test(t, in_a_thread_without_signals);
	tcase_add_test_raise_signal(t, a_fault_of_another, SIGBUS);
	tcase_add_test(t, it_outlives_the_process);
	suite_add_tcase(s, t);
	return suite_run(s);
}
