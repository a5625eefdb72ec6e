#include "daemon/options.h"

#include <getopt.h>

#include "base/err.h"

const char options_usage[] =
	"usage: makoto-proxy [-c FILE] [-b HOST:PORT,...] [-o KEY=VALUE]... [-n [--check-cluster]] [-v]\n"
	"                    [--dump-config] [--dump-keys] [--version] [--help]\n"
	"       makoto-proxy [-c FILE] [-o KEY=VALUE]... --health | --ready\n"
	"\n"
	"  -b HOST:PORT,...  the real Kafka cluster; with nothing else it listens on 127.0.0.1:9092\n"
	"  -c FILE           configuration (YAML)\n"
	"  -o KEY=VALUE      sets one key by its dotted path, e.g. -o attest.window.records=500\n"
	"  -n                checks the configuration and exits: 0, or 2 with what is wrong\n"
	"  --check-cluster   with -n, also what a start would meet: reaches the cluster, logs in, looks at rights, topics,\n"
	"                    ports, state; prints a line for each and the command that mends it, changes nothing: 0, or 1\n"
	"  -v                logs at level debug\n"
	"  --dump-config     prints the configuration in force, as YAML\n"
	"  --dump-keys       prints every key: path, type, default, flags, documentation\n"
	"  --health          asks the proxy that runs with this configuration whether it works: 0 yes, 1 no\n"
	"  --ready           whether it serves clients\n";

enum { OPT_DUMP_CONFIG = 256, OPT_DUMP_KEYS, OPT_CHECK_CLUSTER, OPT_HEALTH, OPT_READY, OPT_VERSION, OPT_HELP };

static const struct option long_options[] = {
	{"dump-config", no_argument, NULL, OPT_DUMP_CONFIG}, {"dump-keys", no_argument, NULL, OPT_DUMP_KEYS},
	{"check-cluster", no_argument, NULL, OPT_CHECK_CLUSTER},
	{"health", no_argument, NULL, OPT_HEALTH},           {"ready", no_argument, NULL, OPT_READY},
	{"version", no_argument, NULL, OPT_VERSION},         {"help", no_argument, NULL, OPT_HELP},
	{NULL, 0, NULL, 0},
};

static int
add(struct options *o, const char *path, const char *text, const char *option)
{
	struct config_override *list = realloc(o->overrides, (o->count + 1) * sizeof(*list));

	if (list == NULL)
		return ERR_NOMEM;
	o->overrides = list;
	list[o->count++] = (struct config_override){path, text, option};
	return 0;
}

/* KEY=VALUE, split in place. */
static int
add_pair(struct options *o, char *pair, char *why, size_t why_len)
{
	char *equals = strchr(pair, '=');

	if (equals == NULL || equals == pair) {
		(void)snprintf(why, why_len, "-o %s: want KEY=VALUE", pair);
		return ERR_CONFIG;
	}
	*equals = '\0';
	return add(o, pair, equals + 1, NULL);
}

/* As it was typed: in -nx the short option alone, since optind still points at the word or already behind it. */
static const char *
refused(char **argv, char letter[3])
{
	bool is_short = optopt > 0 && optopt < OPT_DUMP_CONFIG;

	(void)snprintf(letter, 3, "-%c", is_short ? optopt : '?');
	return is_short ? letter : argv[optind - 1];
}

int
options_read(int argc, char **argv, struct options *ret, char *why, size_t why_len)
{
	struct options o = {0};
	int opt, err = 0;
	char letter[3];

	optind = 0; /* anew, whatever an earlier call left in the middle of a word */
	opterr = 0;
	while (err == 0 && (opt = getopt_long(argc, argv, ":c:b:o:nv", long_options, NULL)) != -1) {
		switch (opt) {
		case 'c': o.file = optarg; break;
		case 'b': err = add(&o, "kafka.bootstrap.servers", optarg, "-b"); break;
		case 'o': err = add_pair(&o, optarg, why, why_len); break;
		case 'v': err = add(&o, "log.level", "debug", "-v"); break;
		case 'n': o.action = o.action == OPTIONS_CHECK_CLUSTER ? o.action : OPTIONS_CHECK; break;
		case OPT_CHECK_CLUSTER: o.action = OPTIONS_CHECK_CLUSTER; break;
		case OPT_DUMP_CONFIG: o.action = OPTIONS_DUMP_CONFIG; break;
		case OPT_DUMP_KEYS: o.action = OPTIONS_DUMP_KEYS; break;
		case OPT_HEALTH: o.action = OPTIONS_HEALTH; break;
		case OPT_READY: o.action = OPTIONS_READY; break;
		case OPT_VERSION: o.action = OPTIONS_VERSION; break;
		case OPT_HELP: o.action = OPTIONS_HELP; break;
		case ':':
			(void)snprintf(why, why_len, "%s: wants a value behind it", refused(argv, letter));
			err = ERR_CONFIG;
			break;
		default:
			(void)snprintf(why, why_len, "%s: no such option", refused(argv, letter));
			err = ERR_CONFIG;
			break;
		}
	}
	if (err == 0 && optind < argc) {
		(void)snprintf(why, why_len, "%s: takes no arguments but options", argv[optind]);
		err = ERR_CONFIG;
	}
	if (err != 0) {
		options_free(&o);
		return err;
	}
	*ret = o;
	return 0;
}

void
options_free(struct options *o)
{
	free(o->overrides);
	o->overrides = NULL;
	o->count = 0;
}
