#include "base/recent.h"

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "suite.h"

static struct recent got[RECENT_MAX];

static void
note(enum log_level level, int64_t ms, const char *msg, const char *fields)
{
	recent_note(level, ms, "test", msg, slice_str(fields));
}

START_TEST(nothing_yet)
{
	ck_assert_uint_eq(recent_copy(got), 0);
}
END_TEST

START_TEST(latest_first)
{
	note(LOG_LEVEL_WARN, 1, "a", "x=1");
	note(LOG_LEVEL_ERROR, 2, "b", "");
	note(LOG_LEVEL_WARN, 3, "b", "");
	ck_assert_uint_eq(recent_copy(got), 3);
	ck_assert_int_eq(got[0].level, LOG_LEVEL_WARN);
	ck_assert_str_eq(got[0].msg, "b");
	ck_assert_int_eq(got[1].level, LOG_LEVEL_ERROR);
	ck_assert_str_eq(got[2].where, "test");
	ck_assert_str_eq(got[2].msg, "a");
	ck_assert_str_eq(got[2].fields, "x=1");
}
END_TEST

/* The same message again: counted, with what it said last. */
START_TEST(again)
{
	note(LOG_LEVEL_WARN, 10, "a", "x=1");
	note(LOG_LEVEL_WARN, 20, "b", "");
	for (int i = 0; i < 1000; i++)
		note(LOG_LEVEL_WARN, 30 + i, "a", "x=2");
	ck_assert_uint_eq(recent_copy(got), 2);
	ck_assert_str_eq(got[0].msg, "a");
	ck_assert_str_eq(got[0].fields, "x=2");
	ck_assert_uint_eq(got[0].count, 1001);
	ck_assert_int_eq(got[0].first_ms, 10);
	ck_assert_int_eq(got[0].last_ms, 1029);
	ck_assert_uint_eq(got[1].count, 1);
}
END_TEST

START_TEST(the_oldest_goes)
{
	char msg[16];

	for (int i = 0; i < 3 * RECENT_MAX; i++) {
		(void)snprintf(msg, sizeof(msg), "%d", i);
		note(LOG_LEVEL_WARN, i, msg, "");
		note(LOG_LEVEL_ERROR, i, "stays", "");
	}
	ck_assert_uint_eq(recent_copy(got), RECENT_MAX);
	ck_assert_str_eq(got[0].msg, "stays");
	ck_assert_uint_eq(got[0].count, 3 * RECENT_MAX);
	for (int i = 1; i < RECENT_MAX; i++) {
		(void)snprintf(msg, sizeof(msg), "%d", 3 * RECENT_MAX - i);
		ck_assert_str_eq(got[i].msg, msg);
	}
}
END_TEST

START_TEST(too_long)
{
	static char text[4000];

	memset(text, 'x', sizeof(text) - 1);
	recent_note(LOG_LEVEL_WARN, 1, text, text, slice_str(text));
	recent_note(LOG_LEVEL_WARN, 2, text, text, slice_str(text));
	ck_assert_uint_eq(recent_copy(got), 1);
	ck_assert_uint_eq(got[0].count, 2);
	ck_assert_uint_eq(strlen(got[0].where), sizeof(got[0].where) - 1);
	ck_assert_uint_eq(strlen(got[0].msg), sizeof(got[0].msg) - 1);
	ck_assert_uint_eq(strlen(got[0].fields), sizeof(got[0].fields) - 1);
}
END_TEST

/* What is logged comes in by itself, whole fields alone, and nothing in it can move a cursor. */
START_TEST(as_logged)
{
	static char text[400];
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	ck_assert_int_eq(dup2(null, STDERR_FILENO), STDERR_FILENO);
	memset(text, 'x', sizeof(text) - 1);
	log_setup(LOG_LEVEL_DEBUG, LOG_FORMAT_JSON);
	LOG_DEBUG("test", "no");
	LOG_INFO("test", "no");
	LOG_WARN("test", "warned", LOG_S("who", "a b\x1b\n"), LOG_I("n", -7));
	LOG_ERROR("test", "failed", LOG_S("one", text), LOG_S("two", text));
	ck_assert_uint_eq(recent_copy(got), 2);
	ck_assert_str_eq(got[0].msg, "failed");
	ck_assert_uint_eq(strlen(got[0].fields), 4 + sizeof(text) - 1);
	ck_assert_str_eq(got[1].fields, "who=\"a b\\u001b\\u000a\" n=-7");
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_JSON);
	LOG_WARN("test", "not asked for");
	ck_assert_uint_eq(recent_copy(got), 2);
	close(null);
}
END_TEST

static void *
many(void *arg)
{
	for (int i = 0; i < 2000; i++)
		note(LOG_LEVEL_WARN, i, arg, "");
	return NULL;
}

START_TEST(threads)
{
	static char here[] = "here", there[] = "there";
	pthread_t other;

	ck_assert_int_eq(pthread_create(&other, NULL, many, there), 0);
	(void)many(here);
	for (int i = 0; i < 100; i++)
		ck_assert_uint_ge(recent_copy(got), 1);
	pthread_join(other, NULL);
	ck_assert_uint_eq(recent_copy(got), 2);
	ck_assert_uint_eq(got[0].count + got[1].count, 4000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("recent");
	TCase *t = tcase_create("recent");

	tcase_add_test(t, nothing_yet);
	tcase_add_test(t, latest_first);
	tcase_add_test(t, again);
	tcase_add_test(t, the_oldest_goes);
	tcase_add_test(t, too_long);
	tcase_add_test(t, as_logged);
	tcase_add_test(t, threads);
	suite_add_tcase(s, t);
	return suite_run(s);
}
