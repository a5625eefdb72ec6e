/* daemon/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include <check.h>

#include "daemon/options.c"
#include "suite.h"

enum { ARGS_MAX = 16 };

static char why[256];

/* The words of a command line, in memory that may be written. */
static int
read_line(const char *line, struct options *ret)
{
	static char text[512];
	char *argv[ARGS_MAX + 1] = {NULL};
	int argc = 0;

	(void)snprintf(text, sizeof(text), "makoto-proxy %s", line);
	for (char *save, *word = strtok_r(text, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save)) {
		ck_assert_int_lt(argc, ARGS_MAX);
		argv[argc++] = word;
	}
	why[0] = '\0';
	return options_read(argc, argv, ret, why, sizeof(why));
}

static struct options
good(const char *line)
{
	struct options o;

	ck_assert_msg(read_line(line, &o) == 0, "%s", why);
	return o;
}

START_TEST(actions)
{
	static const struct {
		const char *line;
		enum options_action action;
	} t[] = {
		{"", OPTIONS_RUN},
		{"-n", OPTIONS_CHECK},
		{"--dump-config", OPTIONS_DUMP_CONFIG},
		{"--dump-keys", OPTIONS_DUMP_KEYS},
		{"--health", OPTIONS_HEALTH},
		{"--ready", OPTIONS_READY},
		{"--version", OPTIONS_VERSION},
		{"--help", OPTIONS_HELP},
		{"-v -n", OPTIONS_CHECK},
		{"-vn", OPTIONS_CHECK},
		{"-n --check-cluster", OPTIONS_CHECK_CLUSTER},
		{"--check-cluster -n", OPTIONS_CHECK_CLUSTER},
		{"--check-cluster", OPTIONS_CHECK_CLUSTER},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct options o = good(t[i].line);

		ck_assert_int_eq(o.action, t[i].action);
		options_free(&o);
	}
}
END_TEST

/* In the order in which they were said: the last one wins. */
START_TEST(overrides)
{
	struct options o = good("-b k1:9092 -o threads=3 -c a.yaml -v -o attest.location=a=b=c -o log.level= -cb.yaml");
	static const struct config_override want[] = {{"kafka.bootstrap.servers", "k1:9092", "-b"},
						      {"threads", "3", NULL},
						      {"log.level", "debug", "-v"},
						      {"attest.location", "a=b=c", NULL},
						      {"log.level", "", NULL}};

	ck_assert_int_eq(o.action, OPTIONS_RUN);
	ck_assert_str_eq(o.file, "b.yaml");
	ck_assert_uint_eq(o.count, ARRAY_LEN(want));
	for (size_t i = 0; i < o.count; i++) {
		ck_assert_str_eq(o.overrides[i].path, want[i].path);
		ck_assert_str_eq(o.overrides[i].text, want[i].text);
		ck_assert_pstr_eq(o.overrides[i].option, want[i].option);
	}
	options_free(&o);
	options_free(&o);
}
END_TEST

/* Each is named as it was typed. */
START_TEST(refusals)
{
	static const struct {
		const char *line, *why;
	} t[] = {
		{"-x", "-x: no such option"},
		{"-xn", "-x: no such option"},
		{"--version -xn", "-x: no such option"},
		{"-nx", "-x: no such option"},
		{"--bogus", "--bogus: no such option"},
		{"-v --bogus=3", "--bogus=3: no such option"},
		{"--help=3", "--help=3: no such option"},
		{"-b", "-b: wants a value behind it"},
		{"-vo", "-o: wants a value behind it"},
		{"-o threads", "-o threads: want KEY=VALUE"},
		{"-o =3", "-o =3: want KEY=VALUE"},
		{"kafka:9092", "kafka:9092: takes no arguments but options"},
		{"-v kafka:9092 -n", "kafka:9092: takes no arguments but options"},
		{"-- -n", "-n: takes no arguments but options"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct options o = {.file = "untouched"};

		ck_assert_int_eq(read_line(t[i].line, &o), ERR_CONFIG);
		ck_assert_str_eq(why, t[i].why);
		ck_assert_str_eq(o.file, "untouched");
	}
}
END_TEST

/* What --help names is what there is. */
START_TEST(usage)
{
	for (size_t i = 0; long_options[i].name != NULL; i++)
		ck_assert_ptr_nonnull(strstr(options_usage, long_options[i].name));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("options");
	TCase *t = tcase_create("options");

	tcase_add_test(t, actions);
	tcase_add_test(t, overrides);
	tcase_add_test(t, refusals);
	tcase_add_test(t, usage);
	suite_add_tcase(s, t);
	return suite_run(s);
}
