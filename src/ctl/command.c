#include "ctl/command.h"

#include <getopt.h>
#include <stdarg.h>

int
command_misused(const struct command *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "makotoctl %s: ", c->name);
	vfprintf(stderr, fmt, args);
	fprintf(stderr, "\nmakotoctl %s --help tells more\n", c->name);
	va_end(args);
	return EXIT_USAGE;
}

int
command_bad_option(const struct command *c, char **argv)
{
	return command_misused(c, "%s: no such option, or its value is missing", argv[optind - 1]);
}

int
command_failed(const struct command *c, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fprintf(stderr, "makotoctl %s: ", c->name);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	return EXIT_UNFINISHED;
}
