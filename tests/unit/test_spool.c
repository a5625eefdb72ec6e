/* Room that outgrows memory, and what is told when there is none. */
#include "verify/spool.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "suite.h"

enum { MIB = 1 << 20 };

/* Pieces of all sizes, in memory and behind its limit, keep what was written to them. */
static void
fill(struct spool *s)
{
	enum { PIECES = 500 };
	uint8_t *at[PIECES];
	size_t len[PIECES];

	for (size_t i = 0; i < PIECES; i++) {
		void *p;

		len[i] = i % 50 == 0 ? 3 * MIB + i : i * 37 % 5000 + 1;
		ck_assert_int_eq(spool_take(s, len[i], &p), 0);
		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		at[i] = p;
		for (size_t k = 0; k < len[i]; k += 997)
			ck_assert_uint_eq(at[i][k], 0);
		memset(p, (int)i % 251 + 1, len[i]);
	}
	for (size_t i = 0; i < PIECES; i++) {
		ck_assert_uint_eq(at[i][0], i % 251 + 1);
		ck_assert_uint_eq(at[i][len[i] / 2], i % 251 + 1);
		ck_assert_uint_eq(at[i][len[i] - 1], i % 251 + 1);
	}
}

START_TEST(keeps)
{
	static const size_t limits[] = {0, 1, 4 * MIB, 4096UL * MIB};

	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		struct spool *s = spool_new("/tmp", limits[i]);

		ck_assert_ptr_nonnull(s);
		fill(s);
		spool_free(s);
	}
	spool_free(NULL);
}
END_TEST

START_TEST(copies)
{
	struct spool *s = spool_new("/tmp", MIB);
	void *p;

	ck_assert_int_eq(spool_copy(s, "abc", 3, &p), 0);
	ck_assert_mem_eq(p, "abc", 3);
	ck_assert_int_eq(spool_copy(s, NULL, 0, &p), 0);
	ck_assert_ptr_null(p);
	ck_assert_int_eq(spool_take(s, SIZE_MAX, &p), ERR_NOMEM);
	ck_assert_int_eq(spool_take(s, SIZE_MAX - 7, &p), ERR_NOMEM);
	spool_free(s);
}
END_TEST

/* No place for the file: what fits into memory goes well. */
START_TEST(nowhere)
{
	struct spool *s = spool_new("/nowhere/at/all", MIB);
	void *p;

	ck_assert_int_eq(spool_take(s, 100, &p), 0);
	ck_assert_int_eq(spool_take(s, MIB, &p), ERR_IO);
	ck_assert_int_eq(errno, ENOENT);
	spool_free(s);
}
END_TEST

/* A file that can't grow is an error before anything is written to it. */
START_TEST(full)
{
	struct rlimit small = {32 * MIB, 32 * MIB};
	struct spool *s = spool_new("/tmp", 0);
	int err = 0;
	void *p;

	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	for (int i = 0; i < 100 && err == 0; i++)
		if ((err = spool_take(s, MIB, &p)) == 0)
			memset(p, 1, MIB);
	ck_assert_int_eq(err, ERR_IO);
	spool_free(s);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("spool");
	TCase *t = tcase_create("spool");

	tcase_set_timeout(t, 60);
	tcase_add_test(t, keeps);
	tcase_add_test(t, copies);
	tcase_add_test(t, nowhere);
	tcase_add_test(t, full);
	suite_add_tcase(s, t);
	return suite_run(s);
}
