#include "attest/collectors.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/scratch.h"
#include "tests/unit/suite.h"

static char dir[64];
static int dir_fd;
static struct collectors names;

static void
setup(void)
{
	scratch_make("test_collectors", dir, sizeof(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	ck_assert_int_eq(collectors_read(dir_fd, &names), 0);
	ck_assert_uint_eq(names.count, 0);
}

static void
teardown(void)
{
	collectors_clear(&names);
	(void)unlinkat(dir_fd, "collectors", 0);
	close(dir_fd);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
make_file(const char *text, size_t len)
{
	int fd = openat(dir_fd, "collectors", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	close(fd);
}

static void
read_again(void)
{
	collectors_clear(&names);
	ck_assert_int_eq(collectors_read(dir_fd, &names), 0);
}

static const char *
numbered(int n)
{
	static char name[32];

	(void)snprintf(name, sizeof(name), "urn:test:%d", n);
	return name;
}

START_TEST(newest_last)
{
	struct stat st;

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(collectors_use(&names, numbered(i)), 0);
	ck_assert_int_eq(collectors_use(&names, names.name[0]), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	ck_assert_int_eq(fstatat(dir_fd, "collectors", &st, 0), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0600);
	read_again();
	ck_assert_uint_eq(names.count, 3);
	ck_assert_str_eq(names.name[0], numbered(1));
	ck_assert_str_eq(names.name[1], numbered(2));
	ck_assert_str_eq(names.name[2], numbered(0));
}
END_TEST

/* As many as the file takes; then the oldest makes room. */
START_TEST(thousands)
{
	enum { MANY = 4000 };
	char all[MANY][32];
	size_t bytes = 0, fits = 0;

	for (int i = 0; i < MANY; i++) {
		(void)snprintf(all[i], sizeof(all[i]), "urn:test:of-thousands:%d", i);
		ck_assert_int_eq(collectors_use(&names, all[i]), 0);
		names.used = 0; /* each by a start of its own */
	}
	ck_assert_uint_eq(names.count, MANY);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	read_again();
	while (bytes + strlen(all[MANY - 1 - fits]) + 1 <= COLLECTORS_MAX_BYTES)
		bytes += strlen(all[MANY - 1 - fits++]) + 1;
	ck_assert_uint_gt(fits, 2000);
	ck_assert_uint_lt(fits, MANY);
	ck_assert_uint_eq(names.count, fits);
	for (size_t i = 0; i < fits; i++)
		ck_assert_str_eq(names.name[i], all[MANY - fits + i]);
}
END_TEST

static char *
long_name(char first, size_t len)
{
	static char name[COLLECTORS_MAX_BYTES + 1];

	memset(name, 'u', len);
	name[0] = first;
	name[len] = '\0';
	return name;
}

/* Those that a start used stay, however old they are; where they have no room, so does the file. */
START_TEST(long_names)
{
	enum { FOURTH = COLLECTORS_MAX_BYTES / 4 - 1 }; /* with its line's end */

	for (char c = 'a'; c < 'e'; c++)
		ck_assert_int_eq(collectors_use(&names, long_name(c, FOURTH)), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	read_again();
	ck_assert_uint_eq(names.count, 4);
	ck_assert_int_eq(collectors_use(&names, names.name[0]), 0);
	for (char c = 'e'; c < 'h'; c++)
		ck_assert_int_eq(collectors_use(&names, long_name(c, FOURTH)), 0);
	ck_assert_int_eq(collectors_use(&names, long_name('a', FOURTH)), 0); /* once more is none more */
	ck_assert_uint_eq(names.used, 4);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	ck_assert_int_eq(collectors_use(&names, "h"), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), ERR_LIMIT);
	read_again();
	ck_assert_uint_eq(names.count, 4);
	ck_assert_int_eq(names.name[0][0], 'e');
	ck_assert_int_eq(names.name[3][0], 'a');
}
END_TEST

/* It has no room by itself. */
START_TEST(a_name_longer_than_the_file)
{
	ck_assert_int_eq(collectors_use(&names, "urn:a"), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	ck_assert_int_eq(collectors_use(&names, long_name('a', COLLECTORS_MAX_BYTES)), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), ERR_LIMIT);
	read_again();
	ck_assert_uint_eq(names.count, 1);
	ck_assert_str_eq(names.name[0], "urn:a");
}
END_TEST

/* Torn, or another program's: it counts for nothing, and the next one takes its place. */
START_TEST(damaged)
{
	static const struct slice files[] = {
		{(const uint8_t *)"urn:a\n\nurn:b\n", 13}, {(const uint8_t *)"urn:a\0b\n", 8},
		{(const uint8_t *)"urn:\x80\n", 6},   {(const uint8_t *)"urn: a\n", 7},        {(const uint8_t *)"\0\0\0\0", 4},
	};

	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		make_file((const char *)files[i].p, files[i].n);
		read_again();
		ck_assert_uint_eq(names.count, 0);
	}
	ck_assert_int_eq(collectors_use(&names, numbered(1)), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), 0);
	read_again();
	ck_assert_uint_eq(names.count, 1);
}
END_TEST

/* It may be written by hand. */
START_TEST(without_its_last_lines_end)
{
	make_file("urn:a\nurn:b", 11);
	read_again();
	ck_assert_uint_eq(names.count, 2);
	ck_assert_str_eq(names.name[1], "urn:b");
}
END_TEST

/* A power loss may leave a file empty that had names, on some file systems: as damaged as the others, and told so. */
START_TEST(empty)
{
	int pipes[2], err = dup(STDERR_FILENO);
	char text[512] = "";

	make_file("", 0);
	ck_assert_int_eq(pipe(pipes), 0);
	log_setup(LOG_LEVEL_WARN, LOG_FORMAT_LOGFMT);
	ck_assert_int_eq(dup2(pipes[1], STDERR_FILENO), STDERR_FILENO);
	read_again();
	ck_assert_int_eq(dup2(err, STDERR_FILENO), STDERR_FILENO);
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	ck_assert_int_eq(close(pipes[1]), 0);
	ck_assert_int_gt(read(pipes[0], text, sizeof(text) - 1), 0);
	ck_assert_ptr_nonnull(strstr(text, "is damaged"));
	ck_assert_uint_eq(names.count, 0);
	close(pipes[0]);
	close(err);
}
END_TEST

START_TEST(too_long)
{
	size_t len = (size_t)4 * COLLECTORS_MAX_BYTES;
	char *text = malloc(len);

	ck_assert_ptr_nonnull(text);
	memset(text, 'u', len);
	for (size_t at = COLLECTORS_MAX_BYTES + 1; at <= len; at += COLLECTORS_MAX_BYTES - 1) {
		text[at - 1] = '\n';
		make_file(text, at);
		read_again();
		ck_assert_uint_eq(names.count, 0);
	}
	free(text);
}
END_TEST

/* It can't be read, or be written. */
START_TEST(a_folder_of_that_name)
{
	ck_assert_int_eq(mkdirat(dir_fd, "collectors", 0700), 0);
	ck_assert_int_eq(collectors_read(dir_fd, &names), ERR_IO);
	ck_assert_int_eq(collectors_use(&names, "urn:a"), 0);
	ck_assert_int_eq(collectors_write(dir_fd, &names), ERR_IO);
	ck_assert_int_eq(unlinkat(dir_fd, "collectors", AT_REMOVEDIR), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("collectors");
	TCase *t = tcase_create("collectors");

	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, newest_last);
	tcase_add_test(t, thousands);
	tcase_add_test(t, long_names);
	tcase_add_test(t, a_name_longer_than_the_file);
	tcase_add_test(t, damaged);
	tcase_add_test(t, without_its_last_lines_end);
	tcase_add_test(t, empty);
	tcase_add_test(t, too_long);
	tcase_add_test(t, a_folder_of_that_name);
	suite_add_tcase(s, t);
	return suite_run(s);
}
