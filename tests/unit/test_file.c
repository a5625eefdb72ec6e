#include "base/file.h"

#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "suite.h"

static char dir[] = "/tmp/makoto-file-XXXXXX", path[64], why[256];

static void
setup(void)
{
	memcpy(dir + strlen(dir) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	(void)snprintf(path, sizeof(path), "%s/f", dir);
	why[0] = '\0';
}

static void
teardown(void)
{
	(void)unlink(path);
	(void)rmdir(dir);
}

static size_t
files(void)
{
	DIR *d = opendir(dir);
	size_t n = 0;

	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 2;
}

static void
ck_holds(struct slice want)
{
	struct wr w = wr_new(1 << 20);

	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), 0);
	ck_assert(slice_eq(wr_slice(&w), want));
	wr_free(&w);
}

static void
write_file(size_t n)
{
	FILE *f = fopen(path, "we");

	ck_assert_ptr_nonnull(f);
	for (size_t i = 0; i < n; i++)
		ck_assert_int_ne(fputc('a' + (int)(i % 26), f), EOF);
	ck_assert_int_eq(fclose(f), 0);
}

/* 0, or what is wrong: in a process of its own. */
static int
without_standard(void)
{
	int fd;

	(void)close(STDIN_FILENO);
	(void)close(STDOUT_FILENO);
	(void)close(STDERR_FILENO);
	file_hold_standard();
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd <= STDERR_FILENO)
		return 1;
	if (write(STDOUT_FILENO, "x", 1) != -1 || errno != EBADF || write(STDERR_FILENO, "x", 1) != -1 || errno != EBADF)
		return 2;
	return close(fd) == 0 ? 0 : 3;
}

/* What is printed goes into no file that happens to be opened. */
START_TEST(standard_descriptors_are_held)
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(without_standard());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

/* Whole up to the most that is taken, and not a byte more. */
START_TEST(sizes)
{
	static const size_t of[] = {0, 1, 4095, 4096, 4097, 9999, 10000};

	for (size_t i = 0; i < ARRAY_LEN(of); i++) {
		struct wr w = wr_new(10000);

		write_file(of[i]);
		ck_assert_msg(file_read(path, &w, why, sizeof(why)) == 0, "%zu: %s", of[i], why);
		ck_assert_uint_eq(w.len, of[i]);
		for (size_t k = 0; k < w.len; k++)
			ck_assert_int_eq(w.buf[k], 'a' + (int)(k % 26));
		wr_free(&w);
	}
}
END_TEST

START_TEST(there_and_back)
{
	static uint8_t many[300000];

	memset(many, 7, sizeof(many));
	ck_assert_int_eq(file_write(dir, "f", slice_str("one"), why, sizeof(why)), 0);
	ck_holds(slice_str("one"));
	ck_assert_int_eq(file_write(dir, "f", slice_of(many, sizeof(many)), why, sizeof(why)), 0);
	ck_holds(slice_of(many, sizeof(many)));
	ck_assert_int_eq(file_write(dir, "f", slice_of("", 0), why, sizeof(why)), 0);
	ck_holds(slice_of("", 0));
	ck_assert_uint_eq(files(), 1);
}
END_TEST

/* As much as may be, and a byte more. */
START_TEST(too_large)
{
	struct wr w = wr_new(3);

	ck_assert_int_eq(file_write(dir, "f", slice_str("one"), why, sizeof(why)), 0);
	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), 0);
	wr_free(&w);
	ck_assert_int_eq(file_write(dir, "f", slice_str("four"), why, sizeof(why)), 0);
	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), ERR_LIMIT);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_ptr_nonnull(strstr(why, "can't be read: larger than 3 bytes"));
	wr_free(&w);
}
END_TEST

/* "-" is what comes in, and no file of that name. */
START_TEST(standard_input)
{
	int kept = dup(STDIN_FILENO), fd;
	struct wr w = wr_new(100);

	ck_assert_int_eq(file_write(dir, "f", slice_str("came in"), why, sizeof(why)), 0);
	ck_assert_int_ge(fd = open(path, O_RDONLY | O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(fd, STDIN_FILENO), STDIN_FILENO);
	(void)close(fd);
	ck_assert_int_eq(file_read("-", &w, why, sizeof(why)), 0);
	ck_assert(slice_eq(wr_slice(&w), slice_str("came in")));
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), 0); /* still open */
	wr_free(&w);
	if (kept >= 0) {
		(void)dup2(kept, STDIN_FILENO);
		(void)close(kept);
	}
}
END_TEST

START_TEST(cant)
{
	struct wr w = wr_new(1 << 20);

	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert_int_eq(file_read(dir, &w, why, sizeof(why)), ERR_IO); /* a folder */
	ck_assert_ptr_nonnull(strstr(why, "can't be read: Is a directory"));
	ck_assert_int_eq(file_write("/nonexistent", "f", slice_str("x"), why, sizeof(why)), ERR_IO);
	ck_assert_str_eq(why, "/nonexistent/f: No such file or directory");
	wr_free(&w);
}
END_TEST

/* What can't take its place leaves nothing behind. */
START_TEST(in_the_way)
{
	ck_assert_int_eq(mkdir(path, 0700), 0); /* a folder */
	ck_assert_int_eq(file_write(dir, "f", slice_str("new"), why, sizeof(why)), ERR_IO);
	ck_assert_uint_eq(files(), 1); /* nothing is left of the attempt */
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

static size_t
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Where no more may be written: the reason is told, the old file is whole, and nothing is left, on disk or open. */
START_TEST(no_room)
{
	static uint8_t many[5000];
	struct rlimit was, small;
	size_t before;

	ck_assert_int_eq(file_write(dir, "f", slice_str("old"), why, sizeof(why)), 0);
	ck_assert_ptr_ne(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	small = was;
	small.rlim_cur = 1000;
	before = descriptors();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	ck_assert_int_eq(file_write(dir, "f", slice_of(many, sizeof(many)), why, sizeof(why)), ERR_IO);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	ck_assert_ptr_nonnull(strstr(why, "f: File too large"));
	ck_assert_uint_eq(descriptors(), before);
	ck_assert_uint_eq(files(), 1);
	ck_holds(slice_str("old"));
}
END_TEST

/* What stands in the place of the new file until it is whole is no link that somebody put there. */
START_TEST(no_link)
{
	char other[80], temp[96];

	(void)snprintf(other, sizeof(other), "%s/other", dir);
	(void)snprintf(temp, sizeof(temp), "%s.%ld", path, (long)getpid());
	ck_assert_int_eq(symlink(other, temp), 0);
	ck_assert_int_eq(file_replace(path, 0600, slice_str("new"), why, sizeof(why)), ERR_IO);
	ck_assert_int_eq(access(other, F_OK), -1);
	ck_assert_int_eq(file_replace(path, 0600, slice_str("new"), why, sizeof(why)), 0); /* it was taken away */
	ck_holds(slice_str("new"));
}
END_TEST

static bool takes_none;

ssize_t __real_write(int fd, const void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
ssize_t
__wrap_write(int fd, const void *buf, size_t n)
{
	return takes_none ? 0 : __real_write(fd, buf, n);
}

/* A write that takes nothing and says no reason would go around for ever. */
START_TEST(none_is_taken)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600), err;

	ck_assert_int_ge(fd, 0);
	takes_none = true;
	errno = 0;
	err = file_write_all(fd, slice_str("abc"));
	takes_none = false;
	ck_assert_int_eq(err, ERR_IO);
	ck_assert_int_eq(errno, EIO);
	close(fd);
	ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(mode)
{
	struct stat st;

	(void)umask(022);
	ck_assert_int_eq(file_replace(path, 0600, slice_str("new"), why, sizeof(why)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_eq(file_write(dir, "f", slice_str("new"), why, sizeof(why)), 0);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0644);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("file");
	TCase *t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sizes);
	tcase_add_test(t, there_and_back);
	tcase_add_test(t, standard_input);
	tcase_add_test(t, too_large);
	tcase_add_test(t, cant);
	tcase_add_test(t, in_the_way);
	tcase_add_test(t, no_room);
	tcase_add_test(t, no_link);
	tcase_add_test(t, none_is_taken);
	tcase_add_test(t, mode);
	tcase_add_test(t, standard_descriptors_are_held);
	suite_add_tcase(s, t);
	return suite_run(s);
}
