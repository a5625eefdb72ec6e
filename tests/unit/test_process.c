#include <check.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "admin/process.h"
#include "base/clock.h"

static long long
value(const char *name)
{
	struct wr w = wr_new(65536);
	char line[128];
	const char *at;
	long long n;

	process_render(&w);
	wr_u8(&w, '\0');
	ck_assert_int_eq(wr_err(&w), 0);
	(void)snprintf(line, sizeof(line), "\n%s ", name);
	at = strstr((char *)w.buf, line);
	ck_assert_msg(at != NULL, "no %s", name);
	n = strtoll(at + strlen(line), NULL, 10);
	wr_free(&w);
	return n;
}

START_TEST(files_are_counted)
{
	long long before = value("process_open_fds");
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(value("process_open_fds"), before + 1);
	close(fd);
	ck_assert_int_eq(value("process_open_fds"), before);
	ck_assert_int_ge(value("process_max_fds"), before);
}
END_TEST

START_TEST(memory_and_time)
{
	ck_assert_int_gt(value("process_resident_memory_bytes"), 100000);
	ck_assert_int_ge(value("process_cpu_seconds_total"), 0);
}
END_TEST

/* The name of the program stands in the line before the number, with whatever it has. */
START_TEST(start)
{
	int64_t now = clock_wall_ms(), first = process_started_ms();

	ck_assert_int_gt(first, 0);
	ck_assert_int_le(first, now + 1000);
	ck_assert_int_eq(prctl(PR_SET_NAME, "a) b (c 1 2"), 0);
	ck_assert_int_le(process_started_ms() - first, 1000);
	ck_assert_int_le(first - process_started_ms(), 1000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("process");
	TCase *t = tcase_create("process");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_test(t, files_are_counted);
	tcase_add_test(t, memory_and_time);
	tcase_add_test(t, start);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
