#include <getopt.h>
#include <sched.h>

#include "base/clock.h"
#include "ctl/shared_options.h"
#include "ctl/verify.h"

static const char help[] =
	"usage: makotoctl verify (-b BOOTSTRAP | -c FILE) [-t TOPIC…] (--public-key FILE… | --policy FILE) [option…]\n"
	"\n"
	"Reads topics and the statements about them, and tells which records are what was written.\n"
	"\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            what to verify: a name, or a glob ('*', '?'); may be given again.  Without it, every\n"
	"                               topic that a trusted statement is about\n"
	"  -p, --partition N            this partition alone\n"
	"      --jobs N                 so many partitions at a time; default: one for each processor, 8 at most\n"
	"      --from OFFSET|TIME       from there on (included)\n"
	"      --to OFFSET|TIME         up to there (not included)\n"
	"      --public-key FILE…       PEM; the keys whose statements count\n"
	"      --policy FILE            a trust policy instead: which keys may attest which topics\n"
	"      --accept-unsigned        statements of Makoto level 1, which have no signature, count too\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"      --isolation LEVEL        read_committed, or read_uncommitted (the default)\n"
	"      --hops                   look at the hops before, too, that records' headers name\n"
	"      --memory FILE            remember what was seen, and find what is gone or was replaced since the last run\n"
	"      --resume FILE            go on where a run that was interrupted was, as FILE tells\n"
	"      --json                   for programs: a line for each finding, then one that sums up each topic, and all\n"
	"      --verbose                tell of verified records as well\n"
	"  -X NAME=VALUE                a librdkafka property, e.g. -X security.protocol=ssl; what its version can't, such as\n"
	"                               SCRAM with Kafka 4 before 2.6.1, -c can\n"
	"\n"
	"Times: RFC 3339 (2026-01-02T03:04:05Z), before now (-90s, -1h, -7d), or 13 digits of milliseconds\n"
	"since 1970.\n"
	"\n"
	"Exit: 0 all verified; 1 a violation (altered, misplaced, untrusted, forged-header, duplicate, missing,\n"
	"offset-reused, manifest-missing, fork, break, gap; with --memory truncated, replaced, records-gone; with\n"
	"--hops hop-changed); 2 usage; 3 could not\n"
	"finish, and found no violation so far; 4 no violation, but something is pending, or unattested where the policy doesn't allow that, or a topic that statements are about is gone.\n";

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"partition", required_argument, NULL, 'p'},
					     {"memory", required_argument, NULL, 'M'},
					     {"resume", required_argument, NULL, 'R'},
					     {"jobs", required_argument, NULL, 'J'},
					     {"from", required_argument, NULL, 'F'},
					     {"to", required_argument, NULL, 'T'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"accept-unsigned", no_argument, NULL, 'u'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"dbom-bootstrap", required_argument, NULL, 'D'},
					     {"isolation", required_argument, NULL, 'i'},
					     {"hops", no_argument, NULL, 'H'},
					     {"json", no_argument, NULL, 'j'},
					     {"verbose", no_argument, NULL, 'v'},
					     {"out", required_argument, NULL, 'O'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

static int
add_text(const struct command *c, const char ***list, size_t *count, const char *text)
{
	const char **more = reallocarray(*list, *count + 1, sizeof(*more));

	if (more == NULL)
		return command_failed(c, "out of memory");
	*list = more;
	more[(*count)++] = text;
	return EXIT_OK;
}

static int
read_isolation(const struct command *c, const char *text, bool *ret)
{
	if (strcmp(text, "read_committed") != 0 && strcmp(text, "read_uncommitted") != 0)
		return command_misused(c, "--isolation %s: read_committed or read_uncommitted", text);
	*ret = text[5] == 'c';
	return EXIT_OK;
}

static int
read_option(const struct command *c, int opt, char **argv, struct verify_options *o)
{
	int64_t n;

	/* A page has all that is to be told; and a run that goes on has it not from before. */
	if (o->report ? opt == 'j' || opt == 'v' || opt == 'R' || opt == 'H' : opt == 'O')
		return command_bad_option(c, argv);
	switch (opt) {
	case 'O':
		o->out = optarg;
		return EXIT_OK;
	case 't':
		return optarg[0] != '\0' ? add_text(c, &o->topics, &o->topic_count, optarg)
					  : command_misused(c, "-t \"\": no topic has an empty name");
	case 'p':
		if (args_number(optarg, 0, INT32_MAX, &n) != 0)
			return command_misused(c, "-p %s: not a partition", optarg);
		o->a.partition = (int32_t)n;
		return EXIT_OK;
	case 'M':
		o->memory = optarg;
		return EXIT_OK;
	case 'R':
		o->resume = optarg;
		return EXIT_OK;
	case 'J':
		if (args_number(optarg, 1, EXAMINATION_JOBS_MAX, &n) != 0)
			return command_misused(c, "--jobs %s: a number from 1 to %d", optarg, EXAMINATION_JOBS_MAX);
		o->a.jobs = (unsigned)n;
		return EXIT_OK;
	case 'F':
		o->from = optarg;
		return EXIT_OK;
	case 'T':
		o->to = optarg;
		return EXIT_OK;
	case 'i':
		return read_isolation(c, optarg, &o->a.examiner.read_committed);
	case 'H':
		o->a.examiner.hops = true;
		return EXIT_OK;
	case 'j':
		o->json = true;
		return EXIT_OK;
	case 'v':
		o->verbose = true;
		return EXIT_OK;
	default:
		return shared_options_take(c, opt, argv, &(struct shared_options){&o->way, &o->whom});
	}
}

/* EXIT_OK, or the exit code that it ends with.  *ret_help: help was asked for. */
static int
read_options(const struct command *c, int argc, char **argv, struct verify_options *o, bool *ret_help)
{
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:p:X:h", long_options, NULL)) != -1) {
		if (opt == 'h') {
			*ret_help = true;
			return EXIT_OK;
		}
		if ((code = read_option(c, opt, argv, o)) != EXIT_OK)
			return code;
	}
	if ((code = shared_options_keys(c, argc, argv, &o->whom)) != EXIT_OK)
		return code;
	if (o->way.bootstrap == NULL && o->way.file == NULL)
		return command_misused(c, "-b HOST:PORT is missing, or -c FILE");
	if (whom_is_empty(&o->whom))
		return command_misused(c, "--public-key FILE is missing, or --policy FILE: whose statements count?");
	if ((code = verify_read_bounds(c, o)) != EXIT_OK)
		return code;
	if (o->a.examiner.from.kind != TOPIC_BOUND_NONE && o->a.examiner.from.kind == o->a.examiner.to.kind &&
	    o->a.examiner.from.value > o->a.examiner.to.value)
		return command_misused(c, "--from is behind --to");
	return EXIT_OK;
}

/* As many partitions at a time as there are processors for their hashes; brokers do the rest. */
static unsigned
default_jobs(void)
{
	enum { DEFAULT_MAX = 8 };
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n > DEFAULT_MAX ? DEFAULT_MAX : (unsigned)n;
}

int
verify_main(const struct command *c, int argc, char **argv, bool report)
{
	struct verify_options o = {.a = {.examiner = {.now_ms = clock_wall_ms()}, .partition = -1, .jobs = default_jobs()},
				   .report = report};
	struct policy *policy = NULL;
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &o, &asked);

	if (asked)
		fputs(c->help, stdout);
	else if (code == EXIT_OK && (code = whom_policy(&o.whom, c, &policy)) == EXIT_OK &&
		 (code = way_open(c, &o.way, &way)) == EXIT_OK) {
		o.a.examiner.policy = policy;
		code = verify_run(c, &o, &way);
	}
	way_close(&way);
	args_props_free(&o.way.props);
	policy_unref(policy);
	whom_free(&o.whom);
	free(o.topics);
	return code;
}

static int
run(const struct command *c, int argc, char **argv)
{
	return verify_main(c, argc, argv, false);
}

const struct command verify_command = {"verify", "tell whether a topic holds what was written", help, run};
