#include "ctl/command.h"

#include <getopt.h>
#include <stdarg.h>

#include "ctl/safe.h"

/* What librdkafka and brokers say is in it. */
static __attribute__((format(printf, 2, 0))) void
complain(const struct command *c, const char *fmt, va_list args)
{
	char *text = NULL;

	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	safe_line(stderr, "makotoctl %s: %s", c->name, text == NULL ? "out of memory" : text);
	free(text);
}

int
command_misused(const struct command *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(c, fmt, args);
	va_end(args);
	fprintf(stderr, "makotoctl %s --help tells more\n", c->name);
	return EXIT_USAGE;
}

int
command_bad_option(const struct command *c, char **argv)
{
	const char *word = argv[optind - 1], *next = argv[optind];

	/* getopt moves on from a word of short options only when it has read its last letter. */
	if (optopt != 0 && next != NULL && next[0] == '-' && next[1] != '-' && strchr(next + 1, optopt) != NULL)
		word = next;
	return command_misused(c, "%s: no such option, or its value is missing", word);
}

static int
badness(int code)
{
	return code == EXIT_OK ? 0 : code == EXIT_UNDECIDED ? 1 : code == EXIT_VIOLATION ? 3 : 2;
}

int
command_worse(int code, int other)
{
	return badness(other) > badness(code) ? other : code;
}

int
command_failed(const struct command *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	complain(c, fmt, args);
	va_end(args);
	return EXIT_UNFINISHED;
}
