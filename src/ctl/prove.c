#include <getopt.h>

#include "base/clock.h"
#include "ctl/command.h"
#include "ctl/shared_options.h"
#include "verify/evidence.h"
#include "verify/join.h"
#include "verify/reader.h"

static const char help[] =
	"usage: makotoctl prove (-b BOOTSTRAP | -c FILE) -t TOPIC -p PARTITION -o OFFSET [option…] > proof.json\n"
	"\n"
	"Writes one record's evidence into one file, for somebody without Kafka: makotoctl verify-proof reads it.\n"
	"\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            the record's topic\n"
	"  -p, --partition N            and partition\n"
	"  -o, --offset OFFSET          and offset\n"
	"      --with-value             put the record's value into the file; else only its hash is there\n"
	"      --public-key FILE…       PEM; the keys whose statements count\n"
	"      --policy FILE            a trust policy instead: which keys may attest which topics\n"
	"                               without either, whose signature it is isn't checked here\n"
	"      --accept-unsigned        statements of Makoto level 1, which have no signature, count too; the others then\n"
	"                               need a --public-key\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"  -X NAME=VALUE                a librdkafka property\n"
	"\n"
	"Exit: 0 done; 1 the record is altered, misplaced, untrusted, …: there is no proof; 2 usage; 3 could not finish,\n"
	"or there is no such record; 4 it is pending or unattested: there is no proof.\n";

struct options {
	struct way_options way;
	const char *topic;
	int64_t partition, offset; /* -1: missing */
	struct whom whom;
	struct policy *policy; /* NULL: nobody was named */
	bool with_value;
};

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"partition", required_argument, NULL, 'p'},
					     {"offset", required_argument, NULL, 'o'},
					     {"with-value", no_argument, NULL, 'v'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"accept-unsigned", no_argument, NULL, 'u'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"dbom-bootstrap", required_argument, NULL, 'D'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

/* What is read, while it is. */
struct proving {
	const struct options *o;
	struct evidence_conf conf;
	struct evidence *evidence; /* NULL: the record didn't come yet */
	struct reader_headers headers;
};

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct proving *g = arg;
	struct verdict_record v = {r->offset, r->timestamp, r->key, r->value, NULL, r->header_count};
	int err = reader_headers_of(&g->headers, r);

	if (err != 0)
		return err;
	v.headers = g->headers.list;
	return g->evidence == NULL ? evidence_new(&g->conf, &v, &g->evidence) : evidence_record(g->evidence, &v);
}

static int
on_look(void *arg, int32_t partition UNUSED, int64_t offset UNUSED, struct slice key, struct slice value,
	struct slice manifest UNUSED)
{
	struct proving *g = arg;

	return evidence_look(g->evidence, key, value);
}

static int
on_take(void *arg, int32_t partition UNUSED, int64_t offset UNUSED, struct slice key, struct slice value,
	struct slice manifest)
{
	struct proving *g = arg;

	return evidence_take(g->evidence, key, value, manifest);
}

/* Why something that was read didn't do. */
static int
failed(const struct command *c, const struct way *w, const struct consumer *consumer, int err)
{
	const char *why = consumer_why(consumer);

	if (err == ERR_LIMIT)
		return command_failed(c, "too many statements list that record; --public-key FILE or --policy FILE says which count");
	if (why[0] == '\0')
		why = err_text(err);
	return err == ERR_TIMEOUT ? way_failed(w, c, why) : command_failed(c, "%s", why);
}

/* The record.  EXIT_OK, or an exit code. */
static int
find_record(const struct command *c, const struct way *w, struct proving *g, struct consumer *consumer)
{
	const struct options *o = g->o;
	int32_t n, p = (int32_t)o->partition;
	int64_t low, high;
	int err;

	if ((err = consumer_partitions(consumer, o->topic, &n)) != 0)
		return failed(c, w, consumer, err);
	if (p >= n)
		return command_failed(c, "%s: no partition %d, it has %d", o->topic, p, n);
	if ((err = consumer_watermarks(consumer, o->topic, p, &low, &high)) != 0)
		return failed(c, w, consumer, err);
	if (low >= high)
		return command_failed(c, "%s/%d has no offset %lld: its log is empty", o->topic, p, (long long)o->offset);
	if (o->offset < low || o->offset >= high)
		return command_failed(c, "%s/%d has no offset %lld: its log goes from %lld to %lld", o->topic, p,
				      (long long)o->offset, (long long)low, (long long)high - 1);
	if ((err = consumer_read(consumer, o->topic, p, o->offset, o->offset + 1, on_record, g)) != 0)
		return failed(c, w, consumer, err);
	if (g->evidence == NULL)
		return command_failed(c, "%s/%d has no record at offset %lld: a transaction's marker is there, or it was compacted",
				      o->topic, p, (long long)o->offset);
	return EXIT_OK;
}

/* What there is to say of a record that has no proof. */
static int
no_proof(const struct command *c, const struct options *o, const struct evidence_verdict *e)
{
	char more[256] = "";

	if (e->untrusted > 0)
		snprintf(more, sizeof(more), "; %llu statement%s that do%s not count list%s it: %s", (unsigned long long)e->untrusted,
			 e->untrusted == 1 ? "" : "s", e->untrusted == 1 ? "es" : "", e->untrusted == 1 ? "s" : "", e->untrusted_why);
	(void)command_failed(c, "%s/%d offset %lld is %s: %s%s; there is no proof (makotoctl verify --from %lld --to %lld tells all)",
			     o->topic, (int)o->partition, (long long)o->offset, verdict_name(e->verdict), e->why, more, (long long)o->offset,
			     (long long)o->offset + 1);
	return verdict_is_violation(e->verdict) ? EXIT_VIOLATION : EXIT_UNDECIDED;
}

static int
prove(const struct command *c, const struct way *w, struct proving *g, struct consumer *consumer, struct consumer *statements)
{
	const struct options *o = g->o;
	struct wr out = wr_new(PROOF_FILE_MAX);
	struct evidence_verdict end;
	int64_t from, to;
	int err;

	if ((err = reader_statements(statements, w->dbom_topic, on_look, NULL, g)) != 0 ||
	    (err = reader_statements(statements, w->dbom_topic, on_take, NULL, g)) != 0)
		return failed(c, w, statements, err);
	if ((err = evidence_range(g->evidence, &from, &to)) != 0 ||
	    (err = consumer_read(consumer, o->topic, (int32_t)o->partition, from, to, on_record, g)) != 0 ||
	    (err = evidence_end(g->evidence, &end)) != 0)
		return failed(c, w, consumer, err);
	if (end.verdict != VERDICT_VERIFIED && end.verdict != VERDICT_UNSIGNED)
		return no_proof(c, o, &end);
	err = evidence_proof(g->evidence, o->with_value, &out);
	if (err == 0)
		(void)fwrite(out.buf, 1, out.len, stdout);
	wr_free(&out);
	if (err == ERR_LIMIT)
		return command_failed(c, "the proof is larger than %d MiB; without --with-value the value can go beside it",
				      PROOF_FILE_MAX / 1024 / 1024);
	return err == 0 ? EXIT_OK : command_failed(c, "%s", err_text(err));
}

static int
open_and_prove(const struct command *c, struct options *o, const struct way *w)
{
	struct consumer_conf here = way_consumer(w, &o->way.props, false), there = way_consumer(w, &o->way.props, true);
	struct proving g = {.o = o};
	struct topic_id id = {.text = ""};
	char why[600];
	struct consumer *consumer = NULL, *statements = NULL;
	int err = consumer_open(&here, &consumer, why, sizeof(why)), code;

	if (err == 0)
		err = consumer_open(&there, &statements, why, sizeof(why));
	if (err != 0) {
		consumer_close(consumer);
		return err == ERR_CONFIG ? command_misused(c, "%s", why) : command_failed(c, "%s", why);
	}
	g.conf = (struct evidence_conf){.topic = slice_str(o->topic),
					.partition = (int32_t)o->partition,
					.dbom_topic = slice_str(w->dbom_names),
					.policy = o->policy,
					.now_ms = clock_wall_ms(),
					.pending_max_ms = JOIN_PENDING_MAX_MS};
	g.conf.topic_id_known = way_topic_ids(w, &o->way.props, &o->topic, 1, NULL, &id) == NULL && id.err == 0;
	g.conf.topic_id = slice_str(id.text);
	if ((err = consumer_cluster_id(consumer, &g.conf.cluster_id)) != 0)
		code = failed(c, w, consumer, err);
	else if ((code = find_record(c, w, &g, consumer)) == EXIT_OK)
		code = prove(c, w, &g, consumer, statements);
	evidence_free(g.evidence);
	free(g.headers.list);
	consumer_close(statements);
	consumer_close(consumer);
	return code;
}

static int
read_option(const struct command *c, int opt, char **argv, struct options *o)
{
	switch (opt) {
	case 't':
		o->topic = optarg;
		return EXIT_OK;
	case 'p':
		if (args_number(optarg, 0, INT32_MAX, &o->partition) != 0)
			return command_misused(c, "-p %s: not a partition", optarg);
		return EXIT_OK;
	case 'o':
		if (args_number(optarg, 0, INT64_MAX - 1, &o->offset) != 0)
			return command_misused(c, "-o %s: not an offset", optarg);
		return EXIT_OK;
	case 'v':
		o->with_value = true;
		return EXIT_OK;
	default:
		return shared_options_take(c, opt, argv, &(struct shared_options){&o->way, &o->whom});
	}
}

static int
read_options(const struct command *c, int argc, char **argv, struct options *o, bool *ret_help)
{
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:p:o:X:h", long_options, NULL)) != -1) {
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
	if (o->topic == NULL || o->partition < 0 || o->offset < 0)
		return command_misused(c, "%s is missing", o->topic == NULL ? "-t TOPIC" : o->partition < 0 ? "-p PARTITION" : "-o OFFSET");
	return EXIT_OK;
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct options o = {.partition = -1, .offset = -1};
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &o, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (whom_is_empty(&o.whom) || (code = whom_policy(&o.whom, c, &o.policy)) == EXIT_OK) &&
		 (code = way_open(c, &o.way, &way)) == EXIT_OK)
		code = open_and_prove(c, &o, &way);
	way_close(&way);
	args_props_free(&o.way.props);
	policy_unref(o.policy);
	whom_free(&o.whom);
	return code;
}

const struct command prove_command = {"prove", "write one record's proof into a file", help, run};
