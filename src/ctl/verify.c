#include <getopt.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "ctl/args.h"
#include "ctl/command.h"
#include "ctl/report.h"
#include "ctl/way.h"

static const char help[] =
	"usage: makotoctl verify (-b BOOTSTRAP | -c FILE) -t TOPIC --public-key FILE… [option…]\n"
	"\n"
	"Reads a topic and the statements about it, and tells which records are what was written.\n"
	"\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its attest.dbom.topic, count\n"
	"  -t, --topic TOPIC            what to verify\n"
	"  -p, --partition N            this partition alone\n"
	"      --from OFFSET|TIME       from there on (included)\n"
	"      --to OFFSET|TIME         up to there (not included)\n"
	"      --public-key FILE…       PEM; the keys whose statements count\n"
	"      --accept-unsigned        statements of Makoto level 1, which have no signature, count too\n"
	"      --dbom-topic TOPIC       where the statements are; default makoto.dbom\n"
	"      --isolation LEVEL        read_committed, or read_uncommitted (the default)\n"
	"      --json                   for programs: a line for each finding, then one that sums up\n"
	"      --verbose                tell of verified records as well\n"
	"  -X NAME=VALUE                a librdkafka property, e.g. -X security.protocol=ssl; what its version can't, such as\n"
	"                               SCRAM with Kafka 4 before 2.6.1, -c can\n"
	"\n"
	"Times: RFC 3339 (2026-01-02T03:04:05Z), before now (-90s, -1h, -7d), or 13 digits of milliseconds\n"
	"since 1970.\n"
	"\n"
	"Exit: 0 all verified; 1 a violation (altered, misplaced, untrusted, forged-header, duplicate, missing,\n"
	"offset-reused, manifest-missing, fork, break, gap); 2 usage; 3 could not finish; 4 no violation, but\n"
	"something is pending or unattested.\n";

struct options {
	struct topic_conf t;
	struct way_options way;
	struct trust *trust;
	bool json;
	bool verbose;
};

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"partition", required_argument, NULL, 'p'},
					     {"from", required_argument, NULL, 'F'},
					     {"to", required_argument, NULL, 'T'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"accept-unsigned", no_argument, NULL, 'u'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"isolation", required_argument, NULL, 'i'},
					     {"json", no_argument, NULL, 'j'},
					     {"verbose", no_argument, NULL, 'v'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

static int
read_bound(const struct command *c, const char *option, const char *text, int64_t now_ms, struct topic_bound *ret)
{
	bool is_time;

	if (args_bound(text, now_ms, &is_time, &ret->value) != 0)
		return command_misused(c, "%s %s: neither an offset nor a time", option, text);
	ret->kind = is_time ? TOPIC_BOUND_TIME : TOPIC_BOUND_OFFSET;
	return EXIT_OK;
}

static int
read_key(const struct command *c, struct options *o, const char *path)
{
	char why[512];

	if (o->trust == NULL && (o->trust = trust_new()) == NULL)
		return command_failed(c, "out of memory");
	if (trust_load(o->trust, path, why, sizeof(why)) != 0)
		return command_misused(c, "%s", why);
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
read_option(const struct command *c, int opt, char **argv, struct options *o)
{
	int64_t n;

	switch (opt) {
	case 'b':
		o->way.bootstrap = optarg;
		return EXIT_OK;
	case 'c':
		o->way.file = optarg;
		return EXIT_OK;
	case 't':
		o->t.topic = optarg;
		return EXIT_OK;
	case 'p':
		if (args_number(optarg, 0, INT32_MAX, &n) != 0)
			return command_misused(c, "-p %s: not a partition", optarg);
		o->t.partition = (int32_t)n;
		return EXIT_OK;
	case 'F':
		return read_bound(c, "--from", optarg, o->t.now_ms, &o->t.from);
	case 'T':
		return read_bound(c, "--to", optarg, o->t.now_ms, &o->t.to);
	case 'k':
		return read_key(c, o, optarg);
	case 'P':
		return command_misused(c, "--policy is not supported by this version; --public-key is");
	case 'u':
		o->t.accept_unsigned = true;
		return EXIT_OK;
	case 'd':
		o->t.dbom_topic = optarg;
		return EXIT_OK;
	case 'i':
		return read_isolation(c, optarg, &o->t.read_committed);
	case 'j':
		o->json = true;
		return EXIT_OK;
	case 'v':
		o->verbose = true;
		return EXIT_OK;
	case 'X':
		if (args_props_add(&o->way.props, optarg) != 0)
			return command_misused(c, "-X %s: a librdkafka property is NAME=VALUE", optarg);
		return EXIT_OK;
	default:
		return command_bad_option(c, argv);
	}
}

/* EXIT_OK, or the exit code that it ends with.  *ret_help: help was asked for. */
static int
read_options(const struct command *c, int argc, char **argv, struct options *o, bool *ret_help)
{
	bool keys = false;
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:p:X:h", long_options, NULL)) != -1) {
		if (opt == 'h') {
			*ret_help = true;
			return EXIT_OK;
		}
		keys = keys || opt == 'k';
		if ((code = read_option(c, opt, argv, o)) != EXIT_OK)
			return code;
	}
	/* `--public-key a.pem b.pem` */
	for (; optind < argc; optind++) {
		if (!keys)
			return command_misused(c, "what is \"%s\"?", argv[optind]);
		if ((code = read_key(c, o, argv[optind])) != EXIT_OK)
			return code;
	}
	if (o->way.bootstrap == NULL && o->way.file == NULL)
		return command_misused(c, "-b HOST:PORT is missing, or -c FILE");
	if (o->t.topic == NULL)
		return command_misused(c, "-t TOPIC is missing");
	if (o->trust == NULL && !o->t.accept_unsigned)
		return command_misused(c, "--public-key FILE is missing: whose statements count?");
	if (o->t.from.kind == TOPIC_BOUND_OFFSET && o->t.to.kind == TOPIC_BOUND_OFFSET &&
	    o->t.from.value > o->t.to.value)
		return command_misused(c, "--from is behind --to");
	return EXIT_OK;
}

/* The terminal: findings on stdout, and under them a bar on stderr. */
struct view {
	struct report report;
	bool bar; /* it is on the screen */
};

static void
hide_bar(struct view *v)
{
	if (v->bar)
		fprintf(stderr, "\r%*s\r", 70, "");
	v->bar = false;
}

static void
on_found(void *arg, const struct finding *f)
{
	struct view *v = arg;

	hide_bar(v);
	report_finding(&v->report, f);
}

static void
on_progress(void *arg, const char *what, uint64_t done, uint64_t total)
{
	enum { WIDTH = 30 };
	struct view *v = arg;
	unsigned filled = total == 0 ? WIDTH : (unsigned)((double)done / (double)total * WIDTH);

	v->bar = true;
	if (filled > WIDTH)
		filled = WIDTH;
	fprintf(stderr, "\r%-10s [%.*s%*s] %llu", what, (int)filled, "##############################",
		(int)(WIDTH - filled), "", (unsigned long long)done);
}

/* Why the topic's id is not known; NULL: it is, in `id`. */
static const char *
find_topic_id(const struct options *o, const struct way *w, char id[TOPIC_ID_TEXT + 1])
{
	const char *protocol = args_props_get(&o->way.props, "security.protocol");
	int err;

	if (protocol != NULL && strcasecmp(protocol, "plaintext") != 0)
		return "that needs a plaintext connection, or -c";
	err = topic_id_ask(w->bootstrap, w->gate != NULL ? &w->dial : NULL, o->t.topic, o->t.timeout_ms, id);
	return err == 0 ? NULL : err_text(err);
}

static int
verify(const struct command *c, struct options *o, const struct way *w)
{
	struct view v = {.report = {.to = stdout, .json = o->json, .verbose = o->verbose, .topic = o->t.topic}};
	struct report_about about = {.bootstrap = w->bootstrap,
				     .read_committed = o->t.read_committed,
				     .keys = o->trust == NULL ? 0 : trust_count(o->trust)};
	struct topic_report result;
	char id[TOPIC_ID_TEXT + 1] = "", why[700];
	int err, code;

	if (o->t.dbom_topic == NULL)
		o->t.dbom_topic = w->dbom_topic;
	about.dbom_topic = o->t.dbom_topic;
	o->t.bootstrap = w->bootstrap;
	o->t.detour = w->detour;
	o->t.timeout_ms = args_props_timeout_ms(&o->way.props);
	o->t.props = args_props_list(&o->way.props);
	o->t.trust = o->trust;
	about.id_unchecked = find_topic_id(o, w, id);
	o->t.topic_id = slice_str(id);
	o->t.topic_id_known = about.id_unchecked == NULL;
	o->t.found = on_found;
	o->t.progress = isatty(STDERR_FILENO) ? on_progress : NULL;
	o->t.arg = &v;
	err = topic_verify(&o->t, &result, why, sizeof(why));
	hide_bar(&v);
	if (err == ERR_CONFIG)
		return command_misused(c, "%s", why);
	if (err != 0)
		return err == ERR_TIMEOUT ? way_failed(w, c, why) : command_failed(c, "%s", why);
	code = report_end(&v.report, &about, &result);
	topic_report_clear(&result);
	return code;
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct options o = {.t = {.partition = -1, .now_ms = clock_wall_ms()}};
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &o, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (code = way_open(c, &o.way, &way)) == EXIT_OK)
		code = verify(c, &o, &way);
	way_close(&way);
	args_props_free(&o.way.props);
	trust_free(o.trust);
	return code;
}

const struct command verify_command = {"verify", "tell whether a topic holds what was written", help, run};
