#include "base/file.h"

#include <check.h>
#include <unistd.h>

#include "suite.h"

static char path[] = "/tmp/makoto-test-XXXXXX", why[256];

static void
setup(void)
{
	int fd;

	memcpy(path + strlen(path) - 6, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	(void)close(fd);
	why[0] = '\0';
}

static void
teardown(void)
{
	(void)unlink(path);
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

START_TEST(too_large)
{
	struct wr w = wr_new(10000);

	write_file(10001);
	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, path));
	ck_assert_ptr_nonnull(strstr(why, "can't be read: larger than 10000 bytes"));
	wr_free(&w);
}
END_TEST

START_TEST(none)
{
	struct wr w = wr_new(100);

	teardown();
	ck_assert_int_eq(file_read(path, &w, why, sizeof(why)), ERR_IO);
	ck_assert_ptr_nonnull(strstr(why, "No such file"));
	ck_assert_int_eq(file_read("/tmp", &w, why, sizeof(why)), ERR_IO);
	ck_assert_str_eq(why, "/tmp: can't be read: Is a directory");
	wr_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("file");
	TCase *t = tcase_create("file");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, sizes);
	tcase_add_test(t, too_large);
	tcase_add_test(t, none);
	suite_add_tcase(s, t);
	return suite_run(s);
}
