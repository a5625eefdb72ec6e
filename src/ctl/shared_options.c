#include "ctl/shared_options.h"

#include <getopt.h>

#include "verify/dbom_row.h"

static int
add_key(const struct command *c, struct whom *whom, const char *path)
{
	return whom_add_key(whom, path) == 0 ? EXIT_OK : command_failed(c, "out of memory");
}

int
shared_options_take(const struct command *c, int opt, char **argv, const struct shared_options *to)
{
	switch (opt) {
	case 'b':
		to->way->bootstrap = optarg;
		return EXIT_OK;
	case 'c':
		to->way->file = optarg;
		return EXIT_OK;
	case 'X':
		if (args_props_add(&to->way->props, optarg) != 0)
			return command_misused(c, "-X %s: a librdkafka property is NAME=VALUE", optarg);
		return EXIT_OK;
	case 'd':
		if (to->way->dbom_topic != NULL)
			return command_misused(c, "--dbom-topic %s: it was given before; several topics have commas between", optarg);
		if (!dbom_row_is_good(optarg))
			return command_misused(c, "--dbom-topic %s: not the name of a topic, nor of several with commas between", optarg);
		to->way->dbom_topic = optarg;
		return EXIT_OK;
	case 'D':
		to->way->dbom_bootstrap = optarg;
		return EXIT_OK;
	case 'k':
		return add_key(c, to->whom, optarg);
	case 'P':
		to->whom->policy = optarg;
		return EXIT_OK;
	case 'u':
		to->whom->accept_unsigned = true;
		return EXIT_OK;
	default:
		return command_bad_option(c, argv);
	}
}

int
shared_options_keys(const struct command *c, int argc, char **argv, struct whom *whom)
{
	int code;

	for (; optind < argc; optind++) {
		if (whom->key_count == 0)
			return command_misused(c, "what is \"%s\"?", argv[optind]);
		if ((code = add_key(c, whom, argv[optind])) != EXIT_OK)
			return code;
	}
	return EXIT_OK;
}
