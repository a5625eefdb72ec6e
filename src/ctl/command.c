#include "ctl/command.h"

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
