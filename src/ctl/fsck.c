#include <getopt.h>

#include "ctl/command.h"
#include "ctl/statedir_tell.h"

static const char help[] =
	"usage: makotoctl fsck DIR [-v] [--json]\n"
	"\n"
	"Reads a state directory of makoto-proxy (docs/STATE.md) and explains it: the instance, the key, who has it in use,\n"
	"where each chain stands, what waits for a statement, what is damaged and where, what the next start does.\n"
	"Changes nothing and takes no lock: a proxy may run, and the directory may be read-only.\n"
	"\n"
	"  -v, --verbose  each window without a published statement, too\n"
	"      --json     for programs: one JSON object, with all of it\n"
	"\n"
	"What a crash leaves behind the last whole block of a journal is no damage.\n"
	"\n"
	"Exit: 0 nothing damaged, nothing waits; 1 something is damaged, or others may write it; 2 usage; 3 there is no such\n"
	"directory, it has other files alone, or not all of it could be read; 4 nothing damaged, but windows wait for their statements, or the next\n"
	"start begins a new instance.\n";

/* Damage that was found is damage, whatever could not be read. */
static int
code_of(const struct statedir *d)
{
	if (d->weights[STATEDIR_PROBLEM] > 0)
		return EXIT_VIOLATION;
	if (d->weights[STATEDIR_UNREAD] > 0)
		return EXIT_UNFINISHED;
	return statedir_is_pending(d) ? EXIT_UNDECIDED : EXIT_OK;
}

static void
conclude(const struct statedir *d, int code)
{
	size_t n = d->weights[STATEDIR_PROBLEM];

	if (code == EXIT_VIOLATION)
		printf("\nDAMAGED: %zu problem%s\n", n, n == 1 ? "" : "s");
	else if (code == EXIT_UNFINISHED)
		printf("\nUNFINISHED: not all of it could be read\n");
	else if (code == EXIT_UNDECIDED && d->outlook.start == STATE_CRASHED)
		printf("\nPENDING: nothing is damaged; windows wait for their statements\n");
	else if (code == EXIT_UNDECIDED)
		printf("\nPENDING: nothing is damaged; the next start begins a new instance\n");
	else
		printf("\nOK\n");
}

static int
look(const struct command *c, const char *dir, bool verbose, bool json)
{
	struct statedir d;
	char why[512];
	int code, err = statedir_look(dir, &d, why, sizeof(why));

	if (err != 0) {
		statedir_free(&d);
		return command_failed(c, "%s", why);
	}
	code = code_of(&d);
	if (!json) {
		statedir_tell(&d, verbose, stdout);
		conclude(&d, code);
	} else if ((err = statedir_json(&d, code, stdout)) != 0) {
		code = command_failed(c, "%s", err_text(err));
	}
	statedir_free(&d);
	return code;
}

static int
run(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"verbose", no_argument, NULL, 'v'},
						{"json", no_argument, NULL, 'j'},
						{"help", no_argument, NULL, 'h'},
						{NULL, 0, NULL, 0}};
	bool verbose = false, json = false;
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "vh", options, NULL)) != -1) {
		switch (opt) {
		case 'v':
			verbose = true;
			break;
		case 'j':
			json = true;
			break;
		case 'h':
			fputs(help, stdout);
			return EXIT_OK;
		default:
			return command_bad_option(c, argv);
		}
	}
	if (optind != argc - 1)
		return command_misused(c, "want one state directory DIR");
	return look(c, argv[optind], verbose, json);
}

const struct command fsck_command = {"fsck", "explain a proxy's state directory", help, run};
