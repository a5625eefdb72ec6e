#include "ctl/watch.h"

#include <getopt.h>

#include "base/clock.h"
#include "ctl/shared_options.h"

static const char help[] =
	"usage: makotoctl audit --group NAME (-b BOOTSTRAP | -c FILE) -t TOPIC… (--public-key FILE… | --policy FILE) [option…]\n"
	"\n"
	"Verifies topics for as long as it runs, as records and statements come.  Processes with the same --group share the\n"
	"partitions; what one of them leaves, another goes on with where it was.\n"
	"\n"
	"      --group NAME             the consumer group; how far each partition is judged is committed in it\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            what to verify: a name, or a glob ('*', '?'); may be given again\n"
	"      --from OFFSET|TIME       where to begin in a partition of which the group committed nothing; default: its start\n"
	"      --wait TIME              for a record's statement (500ms, 60s, 5m); default 60s.  Then it is told as pending or\n"
	"                               unattested, and what follows is judged\n"
	"      --to TOPIC               write a JSON record for each window, and for each violation, to this topic\n"
	"      --metrics-file FILE      keep counts, and how far each partition is judged, in FILE, for Prometheus\n"
	"      --public-key FILE…       PEM; the keys whose statements count\n"
	"      --policy FILE            a trust policy instead: which keys may attest which topics\n"
	"      --accept-unsigned        statements of Makoto level 1, which have no signature, count too\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"      --json                   for programs: a JSON object on a line for each finding\n"
	"  -X NAME=VALUE                a librdkafka property, e.g. -X session.timeout.ms=10000\n"
	"\n"
	"Ends with SIGINT or SIGTERM.\n"
	"\n"
	"Exit: 0 no violation was seen; 1 a violation was; 2 usage; 3 the cluster can't be reached, or what was found can't be told.\n";

static const struct option long_options[] = {{"group", required_argument, NULL, 'g'},
					     {"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"from", required_argument, NULL, 'F'},
					     {"wait", required_argument, NULL, 'w'},
					     {"to", required_argument, NULL, 'T'},
					     {"metrics-file", required_argument, NULL, 'm'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"accept-unsigned", no_argument, NULL, 'u'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"dbom-bootstrap", required_argument, NULL, 'D'},
					     {"json", no_argument, NULL, 'j'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

/* Room for the NULL behind the last. */
static int
add_topic(const struct command *c, struct watch_options *o, const char *text)
{
	const char **more;

	if (text[0] == '\0')
		return command_misused(c, "-t \"\": no topic has an empty name");
	if ((more = reallocarray(o->patterns, o->pattern_count + 2, sizeof(*more))) == NULL)
		return command_failed(c, "out of memory");
	o->patterns = more;
	more[o->pattern_count++] = text;
	more[o->pattern_count] = NULL;
	return EXIT_OK;
}

static int
read_from(const struct command *c, const char *text, struct topic_bound *ret)
{
	bool is_time;

	if (args_bound(text, clock_wall_ms(), &is_time, &ret->value) != 0)
		return command_misused(c, "--from %s: neither an offset nor a time", text);
	ret->kind = is_time ? TOPIC_BOUND_TIME : TOPIC_BOUND_OFFSET;
	return EXIT_OK;
}

static int
read_option(const struct command *c, int opt, char **argv, struct watch_options *o)
{
	switch (opt) {
	case 'g':
		o->group = optarg;
		return EXIT_OK;
	case 't':
		return add_topic(c, o, optarg);
	case 'F':
		return read_from(c, optarg, &o->from);
	case 'w':
		if (args_duration(optarg, &o->wait_ms) != 0)
			return command_misused(c, "--wait %s: a number and a unit (ms, s, m, h, d)", optarg);
		return EXIT_OK;
	case 'T':
		o->to = optarg;
		return EXIT_OK;
	case 'm':
		o->metrics = optarg;
		return EXIT_OK;
	case 'j':
		o->json = true;
		return EXIT_OK;
	default:
		return shared_options_take(c, opt, argv, &(struct shared_options){&o->way, &o->whom});
	}
}

static int
check(const struct command *c, const struct watch_options *o)
{
	if (o->way.bootstrap == NULL && o->way.file == NULL)
		return command_misused(c, "-b HOST:PORT is missing, or -c FILE");
	if (o->group == NULL || o->group[0] == '\0')
		return command_misused(c, "--group NAME is missing: whose progress is it?");
	if (o->pattern_count == 0)
		return command_misused(c, "-t TOPIC is missing: what to verify?");
	if (whom_is_empty(&o->whom))
		return command_misused(c, "--public-key FILE is missing, or --policy FILE: whose statements count?");
	if (o->way.file == NULL && way_other_protocol(&o->way.props) != NULL) /* and without topics' ids nothing is judged, ever */
		return command_misused(c, "-X security.protocol=%s: an audit asks for topics' ids, which this can't; -c FILE, with its keys of kafka, can",
				       way_other_protocol(&o->way.props));
	for (size_t i = 0; o->to != NULL && i < o->pattern_count; i++)
		if (strcmp(o->patterns[i], o->to) == 0)
			return command_misused(c, "-t %s, --to %s: what is found about a topic goes to another one", o->to, o->to);
	return EXIT_OK;
}

/* EXIT_OK, or the exit code that it ends with.  *ret_help: help was asked for. */
static int
read_options(const struct command *c, int argc, char **argv, struct watch_options *o, bool *ret_help)
{
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:X:h", long_options, NULL)) != -1) {
		if (opt == 'h') {
			*ret_help = true;
			return EXIT_OK;
		}
		if ((code = read_option(c, opt, argv, o)) != EXIT_OK)
			return code;
	}
	if ((code = shared_options_keys(c, argc, argv, &o->whom)) != EXIT_OK)
		return code;
	return check(c, o);
}

static int
run(const struct command *c, int argc, char **argv)
{
	enum { WAIT_MS = 60000 };
	struct watch_options o = {.wait_ms = WAIT_MS};
	struct policy *policy = NULL;
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &o, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (code = whom_policy(&o.whom, c, &policy)) == EXIT_OK &&
		 (code = way_open(c, &o.way, &way)) == EXIT_OK) {
		o.policy = policy;
		o.topics.patterns = o.patterns;
		o.topics.count = o.pattern_count;
		o.topics.dbom_topic = way.dbom_topic;
		code = watch_run(c, &o, &way);
	}
	way_close(&way);
	args_props_free(&o.way.props);
	policy_unref(policy);
	whom_free(&o.whom);
	free(o.patterns);
	return code;
}

const struct command audit_command = {"audit", "verify topics as they grow, shared among processes", help, run};
