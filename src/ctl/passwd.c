#include <getopt.h>
#include <termios.h>
#include <unistd.h>

#include "ctl/command.h"
#include "sasl/users.h"

static const char help[] =
	"usage: makotoctl passwd NAME\n"
	"\n"
	"Prints a line for the file that listen.sasl.users.file names: the name and a salted hash of its password.\n"
	"The password is asked for on a terminal, twice, or read as one line from standard input.\n"
	"\n"
	"    makotoctl passwd app >> users\n"
	"\n"
	"Exit: 0 done; 2 usage, or a name or password that can't be one; 3 no password could be read.\n";

enum { PASSWORD_MAX = 1024 };

/* One line without its newline.  False: none, or one that is too long. */
static bool
read_line(char *ret)
{
	size_t n;

	if (fgets(ret, PASSWORD_MAX + 2, stdin) == NULL)
		return false;
	n = strlen(ret);
	if (n > 0 && ret[n - 1] == '\n')
		ret[--n] = '\0';
	return n <= PASSWORD_MAX;
}

/* Asks on the terminal, which shows nothing of it. */
static bool
ask(const char *prompt, char *ret)
{
	struct termios was, quiet;
	bool ok;

	if (tcgetattr(STDIN_FILENO, &was) != 0)
		return false;
	quiet = was;
	quiet.c_lflag &= ~(tcflag_t)ECHO;
	fputs(prompt, stderr);
	if (tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet) != 0)
		return false;
	ok = read_line(ret);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &was);
	fputc('\n', stderr);
	return ok;
}

static int
run(const struct command *c, int argc, char **argv)
{
	static const struct option options[] = {{"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	char password[PASSWORD_MAX + 2] = "", again[PASSWORD_MAX + 2] = "", why[256] = "";
	struct wr line = wr_new(4096);
	bool same = true, there;
	int opt, err;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (opt != 'h')
			return command_bad_option(c, argv);
		fputs(help, stdout);
		return EXIT_OK;
	}
	if (optind != argc - 1)
		return command_misused(c, "want the user's NAME");
	if (isatty(STDIN_FILENO)) {
		there = ask("Password: ", password) && ask("Again: ", again);
		same = strcmp(password, again) == 0;
	} else {
		there = read_line(password);
	}
	err = there && same ? users_line(slice_str(argv[optind]), slice_str(password), &line, why, sizeof(why)) : 0;
	explicit_bzero(password, sizeof(password));
	explicit_bzero(again, sizeof(again));
	if (!there)
		return command_failed(c, "no password could be read, or it is too long");
	if (!same)
		return command_failed(c, "these are two passwords");
	if (err != 0) {
		wr_free(&line);
		return err == ERR_CONFIG ? command_misused(c, "%s", why) : command_failed(c, "%s", why);
	}
	(void)fwrite(line.buf, 1, line.len, stdout);
	wr_free(&line);
	return EXIT_OK;
}

const struct command passwd_command = {"passwd", "a user of the proxy's own listener", help, run};
