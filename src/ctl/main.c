/* makotoctl: keys, verification, inspection.  A file for each command. */
#include "base/file.h"
#include "base/log.h"
#include "ctl/command.h"
#include "ctl/json_memory.h"

static const struct command *const commands[] = {&keygen_command, &verify_command, &report_command, &audit_command,
					       &show_command, &prove_command, &verify_proof_command, &export_command,
					       &fsck_command, &passwd_command};

static void
usage(FILE *to)
{
	fputs("usage: makotoctl COMMAND …\n\n", to);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(to, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\nmakotoctl COMMAND --help tells about each, makotoctl --version which version this is.\n", to);
}

static int
run(int argc, char **argv)
{
	if (argc < 2) {
		usage(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--version") == 0) {
		puts("makotoctl " MAKOTO_VERSION);
		return EXIT_OK;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
		usage(stdout);
		return EXIT_OK;
	}
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(argv[1], commands[i]->name) == 0)
			return commands[i]->run(commands[i], argc - 1, argv + 1);
	fprintf(stderr, "makotoctl: no command \"%s\"\n", argv[1]);
	usage(stderr);
	return EXIT_USAGE;
}

/* A result that could not be written was not given; a write of before may have failed, too, and left nothing to flush. */
static int
written(int code)
{
	bool lost = fflush(stdout) != 0;

	if (code == EXIT_USAGE || (!lost && !ferror(stdout)))
		return code;
	if (lost)
		perror("makotoctl: standard output");
	else if (code != EXIT_UNFINISHED) /* which has said why */
		fputs("makotoctl: standard output: not all of it could be written\n", stderr);
	return command_worse(code, EXIT_UNFINISHED);
}

int
main(int argc, char **argv)
{
	file_hold_standard();
	json_memory_setup();
	log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_LOGFMT);
	return written(run(argc, argv));
}
