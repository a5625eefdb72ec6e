/* command: what every command of makotoctl is made of. */
#ifndef CTL_COMMAND_H
#define CTL_COMMAND_H

#include "base/err.h"
#include "base/slice.h"

/* Exit codes, a promise to scripts. */
enum {
	EXIT_OK = 0,        /* all that was asked for is verified, or done */
	EXIT_VIOLATION = 1, /* something was altered, removed, forged … */
	EXIT_USAGE = 2,
	EXIT_UNFINISHED = 3, /* no broker, no statement topic, no file … */
	EXIT_UNDECIDED = 4,  /* no violation, but something is pending or unattested */
};

/* The worse of two: a violation is worse than what could not be finished, and that than what is undecided. */
int command_worse(int code, int other);

struct command {
	const char *name;
	const char *summary;
	const char *help; /* all of --help */
	int (*run)(const struct command *c, int argc, char **argv); /* argv[0] is the command's name; gives an exit code */
};

extern const struct command export_command;
extern const struct command fsck_command;
extern const struct command keygen_command;
extern const struct command passwd_command;
extern const struct command prove_command;
extern const struct command report_command;
extern const struct command show_command;
extern const struct command verify_command;
extern const struct command verify_proof_command;
extern const struct command audit_command;

/* "makotoctl NAME: …" and where help is, on stderr.  Gives EXIT_USAGE. */
int command_misused(const struct command *c, const char *fmt, ...) PRINTF(2, 3);

/* What getopt_long() refused just now (with opterr = 0).  Gives EXIT_USAGE. */
int command_bad_option(const struct command *c, char **argv);

/* "makotoctl NAME: …" on stderr.  Gives EXIT_UNFINISHED. */
int command_failed(const struct command *c, const char *fmt, ...) PRINTF(2, 3);

#endif
