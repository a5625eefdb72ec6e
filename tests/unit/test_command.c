/* ctl/ is no part of the archive that tests are linked with, so its file is taken in whole. */
#include <check.h>

#include "ctl/command.c"
#include "ctl/safe.c"
#include "suite.h"

static const struct command command = {.name = "try"};

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"from", required_argument, NULL, 'F'},
					     {"json", no_argument, NULL, 'j'},
					     {NULL, 0, NULL, 0}};

static char said[512];

/* What is on stderr while fn(arg) runs. */
static int
listen_to(int (*fn)(void *arg), void *arg)
{
	FILE *was = stderr, *to = fmemopen(said, sizeof(said), "w");
	int code;

	ck_assert_ptr_nonnull(to);
	memset(said, 0, sizeof(said));
	stderr = to;
	code = fn(arg);
	stderr = was;
	(void)fclose(to);
	return code;
}

static int
read_all(void *arg)
{
	char *argv[8] = {NULL}, *save, *word;
	int argc = 0, opt;

	for (word = strtok_r(arg, " ", &save); word != NULL; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:h", long_options, NULL)) != -1)
		if (opt == '?')
			return command_bad_option(&command, argv);
	return EXIT_OK;
}

START_TEST(bad_options)
{
	static const struct {
		const char *line, *option;
	} t[] = {
		{"try -x", "-x"},       {"try -xh", "-xh"},         {"try -h -xh", "-xh"},       {"try --json -xh", "-xh"},
		{"try -b", "-b"},       {"try -hb", "-hb"},         {"try --bogus", "--bogus"},  {"try --bogus -h", "--bogus"},
		{"try --from", "--from"}, {"try --json=3", "--json=3"}, {"try -h --bogus=3 -h", "--bogus=3"},
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		char line[64], want[128];

		(void)snprintf(line, sizeof(line), "%s", t[i].line);
		(void)snprintf(want, sizeof(want),
			       "makotoctl try: %s: no such option, or its value is missing\nmakotoctl try --help tells more\n",
			       t[i].option);
		ck_assert_int_eq(listen_to(read_all, line), EXIT_USAGE);
		ck_assert_str_eq(said, want);
	}
}
END_TEST

static int
give_up(void *arg)
{
	return command_failed(&command, "%s is gone", (const char *)arg);
}

START_TEST(failed)
{
	char what[] = "it";

	ck_assert_int_eq(listen_to(give_up, what), EXIT_UNFINISHED);
	ck_assert_str_eq(said, "makotoctl try: it is gone\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("command");
	TCase *t = tcase_create("command");

	tcase_add_test(t, bad_options);
	tcase_add_test(t, failed);
	suite_add_tcase(s, t);
	return suite_run(s);
}
