#include <check.h>
#include <fcntl.h>
#include <jansson.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/metrics.h"

static int sink = -1, saved = -1;
static char captured[1 << 16];
static const int64_t wall = 1767323045678; /* 2026-01-02T03:04:05.678Z */
static struct monotime mono = {1000000000};

#define HEAD "ts=2026-01-02T03:04:05.678Z level=info where=test msg="

static void
setup(void)
{
	sink = memfd_create("stderr", MFD_CLOEXEC);
	saved = dup(STDERR_FILENO);
	ck_assert_int_ge(sink, 0);
	ck_assert_int_ge(saved, 0);
	/* A memfd's position isn't locked: without O_APPEND two threads' lines could land on one place. */
	ck_assert_int_eq(fcntl(sink, F_SETFL, O_APPEND), 0);
	ck_assert_int_eq(dup2(sink, STDERR_FILENO), STDERR_FILENO);
	clock_set_for_tests(&mono, &wall);
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_LOGFMT);
}

static void
teardown(void)
{
	(void)dup2(saved, STDERR_FILENO);
	close(saved);
	close(sink);
	clock_set_for_tests(NULL, NULL);
}

/* What was logged since the last call. */
static const char *
lines(void)
{
	ssize_t n = pread(sink, captured, sizeof(captured) - 1, 0);

	ck_assert_int_ge(n, 0);
	captured[n] = '\0';
	ck_assert_int_eq(ftruncate(sink, 0), 0);
	ck_assert_int_eq(lseek(sink, 0, SEEK_SET), 0);
	return captured;
}

static size_t
count_lines(const char *s)
{
	size_t n = 0;

	for (; *s != '\0'; s++)
		n += *s == '\n';
	return n;
}

START_TEST(logfmt)
{
	LOG_INFO("test", "connected", LOG_S("broker", "10.0.0.7:9092"), LOG_I("node", -3));
	ck_assert_str_eq(lines(), HEAD "connected broker=10.0.0.7:9092 node=-3\n");
	LOG_INFO("test", "no fields");
	ck_assert_str_eq(lines(), HEAD "\"no fields\"\n");
	LOG_INFO("test", "x", LOG_S("empty", ""), LOG_S("quote", "a\"b\\c"), LOG_S("equals", "a=b"));
	ck_assert_str_eq(lines(), HEAD "x empty=\"\" quote=\"a\\\"b\\\\c\" equals=\"a=b\"\n");
}
END_TEST

/* What a peer sends can't begin a line of its own or speak to a terminal. */
START_TEST(controls_are_escaped)
{
	LOG_INFO("test", "x", LOG_B("client", slice_of("a\nlevel=error\x1b[2J\0", 18)));
	ck_assert_str_eq(lines(), HEAD "x client=\"a\\u000alevel=error\\u001b[2J\\u0000\"\n");
}
END_TEST

/* Neither can the controls above ASCII, a lone byte that is one of them in other encodings, or text that runs backwards. */
START_TEST(other_controls_are_escaped)
{
	static const char text[] = "\xc2\x9b" "31m\x9b" "31m\x7f\xe2\x80\xae" "gpj\xe2\x80\xa8\xc3\xa9";
	json_t *j;

	LOG_INFO("test", "x", LOG_S("client", text));
	ck_assert_str_eq(lines(), HEAD "x client=\"\\u009b31m\xef\xbf\xbd" "31m\\u007f\\u202egpj\\u2028\xc3\xa9\"\n");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	LOG_INFO("test", "x", LOG_S("client", text));
	ck_assert_ptr_nonnull(strstr(lines(), "\"client\":\"\\u009b31m\xef\xbf\xbd" "31m\\u007f\\u202egpj\\u2028\xc3\xa9\""));
	j = json_loads(captured, 0, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(json_string_value(json_object_get(j, "client")),
			 "\xc2\x9b" "31m\xef\xbf\xbd" "31m\x7f\xe2\x80\xae" "gpj\xe2\x80\xa8\xc3\xa9");
	json_decref(j);
}
END_TEST

START_TEST(json)
{
	json_t *j;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	LOG_INFO("test", "x", LOG_B("client", slice_of("a\"\n\xff\xc3\xa9", 6)), LOG_I("node", 3));
	j = json_loads(lines(), 0, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_str_eq(json_string_value(json_object_get(j, "ts")), "2026-01-02T03:04:05.678Z");
	ck_assert_str_eq(json_string_value(json_object_get(j, "level")), "info");
	ck_assert_str_eq(json_string_value(json_object_get(j, "where")), "test");
	ck_assert_str_eq(json_string_value(json_object_get(j, "client")), "a\"\n\xef\xbf\xbd\xc3\xa9");
	ck_assert_int_eq(json_integer_value(json_object_get(j, "node")), 3);
	json_decref(j);
}
END_TEST

START_TEST(levels)
{
	LOG_DEBUG("test", "not shown");
	ck_assert_str_eq(lines(), "");
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	LOG_WARN("test", "not shown");
	ck_assert_str_eq(lines(), "");
	ck_assert(!log_enabled(LOG_LEVEL_WARN));
	LOG_ERROR("test", "shown");
	ck_assert_str_eq(lines(), "ts=2026-01-02T03:04:05.678Z level=error where=test msg=shown\n");
}
END_TEST

/* A field that doesn't fit goes, the line stays one line and parses. */
START_TEST(too_long)
{
	static char big[10000];
	json_t *j;
	const char *line;

	memset(big, 'x', sizeof(big) - 1);
	LOG_INFO("test", "x", LOG_I("first", 1), LOG_S("big", big), LOG_I("last", 2));
	ck_assert_str_eq(lines(), HEAD "x first=1\n");
	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (size_t n = 3900; n < 4100; n++) { /* every place where the buffer may end */
		LOG_INFO("test", "x", LOG_I("first", 1), LOG_B("big", slice_of(big, n)), LOG_I("last", 2));
		line = lines();
		ck_assert_uint_eq(count_lines(line), 1);
		j = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(j);
		ck_assert_int_eq(json_integer_value(json_object_get(j, "first")), 1);
		json_decref(j);
	}
}
END_TEST

static void
noisy(void)
{
	LOG_LIMITED(LOG_LEVEL_INFO, "test", "noise");
}

START_TEST(limited)
{
	int64_t before = metric_read(METRIC_LOG_SUPPRESSED);

	for (int i = 0; i < 25; i++)
		noisy();
	ck_assert_uint_eq(count_lines(lines()), 10);
	ck_assert_int_eq(metric_read(METRIC_LOG_SUPPRESSED) - before, 15);
	mono.ns += 1000000000;
	noisy();
	ck_assert_str_eq(lines(), HEAD "noise suppressed=15\n");
	noisy();
	ck_assert_str_eq(lines(), HEAD "noise\n");
	mono.ns += 1000000000;
	noisy();
	ck_assert_str_eq(lines(), HEAD "noise\n");
}
END_TEST

/* The same, in JSON: each line is an object, and what was left out is a number in the next. */
START_TEST(limited_json)
{
	const char *line;
	size_t n = 0;
	json_t *j;

	log_setup(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
	for (int i = 0; i < 25; i++)
		noisy();
	(void)lines();
	for (char *rest = captured; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; n++) {
		j = json_loads(line, 0, NULL);
		ck_assert_ptr_nonnull(j);
		ck_assert_str_eq(json_string_value(json_object_get(j, "msg")), "noise");
		ck_assert_ptr_null(json_object_get(j, "suppressed"));
		json_decref(j);
	}
	ck_assert_uint_eq(n, 10);
	mono.ns += 1000000000;
	noisy();
	line = lines();
	ck_assert_uint_eq(count_lines(line), 1);
	j = json_loads(line, 0, NULL);
	ck_assert_ptr_nonnull(j);
	ck_assert_int_eq(json_integer_value(json_object_get(j, "suppressed")), 15);
	json_decref(j);
	noisy();
	ck_assert_ptr_null(strstr(lines(), "suppressed"));
}
END_TEST

/* One event is one line, whatever is in its fields or its message, in both formats. */
START_TEST(one_line_per_event)
{
	static const char *const hostile[] = {"\n", "\r\n", "a\nb\n", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xc2\x85", "\v\f", "\"}\n{\"x\":\"", ""};

	log_setup(LOG_LEVEL_INFO, _i == 0 ? LOG_FORMAT_LOGFMT : LOG_FORMAT_JSON);
	for (size_t i = 0; i < ARRAY_LEN(hostile); i++) {
		const char *line;
		json_t *j;

		LOG_INFO("test", hostile[i], LOG_S("text", hostile[i]), LOG_B("bytes", slice_of(hostile[i], strlen(hostile[i]))));
		line = lines();
		ck_assert_uint_eq(count_lines(line), 1);
		ck_assert_uint_eq(strcspn(line, "\r\v\f\n"), strlen(line) - 1);
		ck_assert_ptr_null(strstr(line, "\xe2\x80"));
		ck_assert_ptr_null(strstr(line, "\xc2\x85"));
		if (_i == 0)
			continue;
		j = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		ck_assert_ptr_nonnull(j);
		ck_assert_str_eq(json_string_value(json_object_get(j, "text")), hostile[i]);
		json_decref(j);
	}
}
END_TEST

enum { THREADS = 4, EACH = 100 };

static void *
chatter(void *arg)
{
	for (int i = 0; i < EACH; i++)
		LOG_INFO("test", "x", LOG_I("thread", *(int *)arg), LOG_S("text", "some words"));
	return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
	pthread_t threads[THREADS];
	int numbers[THREADS];
	size_t n = 0;

	for (int i = 0; i < THREADS; i++) {
		numbers[i] = i;
		ck_assert_int_eq(pthread_create(&threads[i], NULL, chatter, &numbers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	(void)lines();
	for (char *rest = captured, *line; (line = strsep(&rest, "\n")) != NULL && *line != '\0'; n++) {
		ck_assert_int_eq(strncmp(line, HEAD "x thread=", strlen(HEAD "x thread=")), 0);
		ck_assert_str_eq(line + strlen(HEAD "x thread=0"), " text=\"some words\"");
	}
	ck_assert_uint_eq(n, THREADS * EACH);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *t = tcase_create("log");
	SRunner *sr = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, logfmt);
	tcase_add_test(t, controls_are_escaped);
	tcase_add_test(t, other_controls_are_escaped);
	tcase_add_test(t, json);
	tcase_add_test(t, levels);
	tcase_add_test(t, too_long);
	tcase_add_test(t, limited);
	tcase_add_test(t, limited_json);
	tcase_add_loop_test(t, one_line_per_event, 0, 2);
	tcase_add_test(t, threads_do_not_mix_lines);
	suite_add_tcase(s, t);
	srunner_run_all(sr, CK_NORMAL);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed != 0;
}
