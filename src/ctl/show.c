#include <getopt.h>
#include <jansson.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/shared_options.h"
#include "ctl/show_record.h"
#include "ctl/table.h"
#include "makoto/json_write.h"
#include "verify/published.h"
#include "verify/dbom_row.h"
#include "verify/reader.h"

static const char help[] =
	"usage: makotoctl show (-b BOOTSTRAP | -c FILE) [-t TOPIC] [--chain ID] [--window N | --record OFFSET] [option…]\n"
	"\n"
	"Shows statements: a line for each, or all of those with --window N.\n"
	"\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            statements about this topic alone\n"
	"  -p, --partition N            and this partition\n"
	"      --chain ID               of this chain: its id, or how that starts\n"
	"      --window N               of this window, whole\n"
	"      --record OFFSET          of the record there (-t and -p say where): its way, who attested it when, hop by hop\n"
	"      --public-key FILE…       PEM; tells whether one of these keys signed them\n"
	"      --policy FILE            a trust policy instead; tells whose they are, and which of them count\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"      --json                   for programs: a JSON object on a line for each, the statement inside\n"
	"  -X NAME=VALUE                a librdkafka property; what its version can't, such as SCRAM with Kafka 4 before\n"
	"                               2.6.1, -c can\n"
	"\n"
	"Exit: 0 done; 2 usage; 3 could not finish, or there is no such chain or window.\n";

struct show {
	struct way_options way;
	const char *topic;
	const char *chain;
	const char *dbom_topic; /* as the way says */
	int64_t partition; /* -1: all */
	int64_t window;    /* 0: all */
	int64_t record;    /* an offset; -1: none, statements */
	struct whom whom;
	struct policy *policy; /* NULL: nobody was named */
	bool json;
	struct table table;
	uint64_t shown;
};

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"partition", required_argument, NULL, 'p'},
					     {"chain", required_argument, NULL, 'C'},
					     {"window", required_argument, NULL, 'w'},
					     {"record", required_argument, NULL, 'r'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"dbom-bootstrap", required_argument, NULL, 'D'},
					     {"json", no_argument, NULL, 'j'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

enum { LINE_MAX_BYTES = 64 * 1024 * 1024, COLUMNS = 11 };

static bool
wanted(const struct show *s, const struct published *p)
{
	char chain[2 * CHAIN_ID_LEN + 1];

	text_hex(p->chain.b, CHAIN_ID_LEN, chain);
	if (s->chain != NULL && strncmp(chain, s->chain, strlen(s->chain)) != 0)
		return false;
	if (s->window > 0 && p->window_id != (uint64_t)s->window)
		return false;
	if (p->statement == NULL)
		return s->topic == NULL && s->partition < 0;
	return (s->topic == NULL || slice_eq(p->statement->topic, slice_str(s->topic))) &&
	       (s->partition < 0 || p->statement->partition == s->partition);
}

static const char *
manifest_state(const struct published *p, struct slice manifest)
{
	const struct statement *s = p->statement;

	if (s->manifest == MANIFEST_NONE)
		return "none";
	if (manifest.p == NULL)
		return "missing";
	return manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root)
		       ? manifest_name(s->manifest)
		       : "wrong";
}

/*
 * Valid JSON without its white space: a line feed in there would let who wrote it, which
 * may be anybody, add lines to ours.
 */
static void
put_squeezed(struct wr *w, struct slice json)
{
	bool string = false;

	for (size_t i = 0; i < json.n; i++) {
		uint8_t c = json.p[i];

		if (!string && (c == ' ' || c == '\t' || c == '\n' || c == '\r'))
			continue;
		wr_u8(w, c);
		if (c == '"')
			string = !string;
		else if (string && c == '\\' && i + 1 < json.n)
			wr_u8(w, json.p[++i]);
	}
}

struct stood { /* where a statement was read */
	char topic[DBOM_ROW_NAME];
	int32_t partition;
	int64_t offset;
};

static int
show_json(const struct published *p, const struct stood *at, struct slice manifest)
{
	struct wr w = wr_new(LINE_MAX_BYTES);
	char hex[2 * SHA256_LEN + 1];
	int err;

	wr_printf(&w, "{\"key\":\"%s/%llu\",\"dbomTopic\":", text_hex(p->chain.b, CHAIN_ID_LEN, hex), (unsigned long long)p->window_id);
	json_write_text(&w, slice_str(at->topic));
	wr_printf(&w, ",\"partition\":%d,\"offset\":%lld,\"signature\":\"%s\",\"keyId\":", at->partition, (long long)at->offset,
		  published_state_name(p->state));
	json_write_text(&w, slice_str(p->keyid));
	if (p->issuer[0] != '\0') {
		wr_text(&w, ",\"issuer\":");
		json_write_text(&w, slice_str(p->issuer));
	}
	if (p->why[0] != '\0') {
		wr_text(&w, ",\"reason\":");
		json_write_text(&w, slice_str(p->why));
	}
	if (p->statement != NULL) {
		wr_printf(&w, ",\"sha256\":\"%s\",\"manifest\":\"%s\",\"statement\":",
			  text_hex(p->sha256, SHA256_LEN, hex), manifest_state(p, manifest));
		put_squeezed(&w, wr_slice(&p->payload));
	}
	wr_text(&w, "}");
	if ((err = wr_err(&w)) == 0)
		err = safe_slice(stdout, wr_slice(&w));
	wr_free(&w);
	return err;
}

static int
show_whole(const struct published *p, const struct stood *at, struct slice manifest)
{
	char hex[2 * SHA256_LEN + 1];
	json_t *root;
	char *text;

	printf("key        %s/%llu\n", text_hex(p->chain.b, CHAIN_ID_LEN, hex), (unsigned long long)p->window_id);
	safe_line(stdout, "published  %s, partition %d, offset %lld", at->topic, at->partition, (long long)at->offset);
	safe_line(stdout, "signature  %s%s%s%s", published_state_name(p->state), p->keyid[0] == '\0' ? "" : ", key ", p->keyid,
		  p->state == PUBLISHED_UNTRUSTED ? " as it says" : "");
	if (p->issuer[0] != '\0')
		safe_line(stdout, "issuer     %s", p->issuer);
	if (p->why[0] != '\0')
		printf("reason     %s\n", p->why);
	if (p->statement == NULL) {
		printf("\n");
		return 0;
	}
	printf("manifest   %s\n", manifest_state(p, manifest));
	printf("sha256     %s\n", text_hex(p->sha256, SHA256_LEN, hex));
	root = json_loadb((const char *)p->payload.buf, p->payload.len, JSON_ALLOW_NUL, NULL);
	text = root == NULL ? NULL : json_dumps(root, JSON_INDENT(2));
	json_decref(root);
	if (text == NULL)
		return ERR_NOMEM;
	safe_lines(stdout, text);
	printf("\n");
	free(text);
	return 0;
}

static void
show_row(struct show *s, const struct published *p, struct slice manifest)
{
	const struct statement *st = p->statement;
	char chain[2 * CHAIN_ID_LEN + 1], root[2 * SHA256_LEN + 1], when[25] = "";
	const char *id = strncmp(p->keyid, "SHA256:", 7) == 0 ? p->keyid + 7 : p->keyid;

	text_hex(p->chain.b, CHAIN_ID_LEN, chain);
	table_cell(&s->table, "%.8s…", chain);
	table_cell(&s->table, "%llu", (unsigned long long)p->window_id);
	if (st == NULL) {
		table_cell(&s->table, "%s", "unreadable:");
		table_cell(&s->table, "%s", p->why);
		for (int i = 4; i < COLUMNS; i++)
			table_cell(&s->table, "%s", "");
		return;
	}
	if (text_time_ms(st->closed_ms, when) != 0)
		when[0] = '\0';
	text_hex(st->root, SHA256_LEN, root);
	table_cell(&s->table, "%.*s/%d", (int)st->topic.n, (const char *)st->topic.p, st->partition);
	table_cell(&s->table, "%lld-%lld", (long long)st->first_offset, (long long)st->last_offset);
	table_cell(&s->table, "%llu", (unsigned long long)st->leaf_count);
	table_cell(&s->table, "%s", when);
	table_cell(&s->table, "%s", close_reason_name(st->reason));
	table_cell(&s->table, "%.12s…", root);
	table_cell(&s->table, "%s", manifest_state(p, manifest));
	table_cell(&s->table, "%.12s%s", id, strlen(id) > 12 ? "…" : "");
	table_cell(&s->table, "%s%s%s", published_state_name(p->state), p->issuer[0] == '\0' ? "" : ", ", p->issuer);
}

static int
show_one(struct show *s, struct published *p, const struct stood *at, struct slice manifest)
{
	int err = s->policy == NULL ? 0 : published_check(p, s->policy);

	if (err != 0)
		return err;
	s->shown++;
	if (s->json)
		return show_json(p, at, manifest);
	if (s->window > 0)
		return show_whole(p, at, manifest);
	show_row(s, p, manifest);
	return 0;
}

static int
on_statement(void *arg, int32_t partition, int64_t offset, struct slice key, struct slice value, struct slice manifest)
{
	struct show *s = arg;
	struct stood at = {.offset = offset};
	struct published p;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (wanted(s, &p) && (err = dbom_row_place(s->dbom_topic, partition, at.topic, &at.partition)) == 0)
		err = show_one(s, &p, &at, manifest);
	published_clear(&p);
	return err;
}

static int
show(const struct command *c, struct show *s, const struct way *w)
{
	static const char *const heads[COLUMNS] = {"chain",  "window", "partition", "offsets",  "records", "closed",
						   "reason", "root",   "manifest",  "key", "signature"};
	struct consumer_conf cc = way_consumer(w, &s->way.props, true);
	struct consumer *consumer;
	char why[600];
	int err = consumer_open(&cc, &consumer, why, sizeof(why));

	if (err == ERR_CONFIG)
		return command_misused(c, "%s", why);
	if (err != 0)
		return command_failed(c, "%s", why);
	s->dbom_topic = w->dbom_topic;
	s->table = table_new(COLUMNS);
	for (size_t i = 0; i < COLUMNS; i++)
		table_cell(&s->table, "%s", heads[i]);
	err = reader_statements(consumer, s->dbom_topic, on_statement, NULL, s);
	if (err == 0 && !s->json && s->window == 0 && s->shown > 0)
		table_print(&s->table, stdout);
	snprintf(why, sizeof(why), "%s", consumer_why(consumer)[0] == '\0' ? err_text(err) : consumer_why(consumer));
	table_free(&s->table);
	consumer_close(consumer);
	if (err != 0)
		return err == ERR_TIMEOUT ? way_failed(w, c, why) : command_failed(c, "%s", why);
	if (s->shown > 0)
		return EXIT_OK;
	if (s->chain != NULL || s->window > 0)
		return command_failed(c, "%s: no such statement", s->dbom_topic);
	fprintf(stderr, "makotoctl show: %s has no statement%s%s\n", s->dbom_topic, s->topic == NULL ? "" : " about ",
		s->topic == NULL ? "" : s->topic);
	return EXIT_OK;
}

static int
read_option(const struct command *c, int opt, char **argv, struct show *s)
{
	switch (opt) {
	case 't':
		s->topic = optarg;
		return EXIT_OK;
	case 'p':
		if (args_number(optarg, 0, INT32_MAX, &s->partition) != 0)
			return command_misused(c, "-p %s: not a partition", optarg);
		return EXIT_OK;
	case 'C':
		if (strspn(optarg, "0123456789abcdef") != strlen(optarg) || strlen(optarg) > 2 * CHAIN_ID_LEN)
			return command_misused(c, "--chain %s: not 32 hex digits, nor the first of them", optarg);
		s->chain = optarg;
		return EXIT_OK;
	case 'w':
		if (args_number(optarg, 1, INT64_MAX, &s->window) != 0)
			return command_misused(c, "--window %s: window ids count from 1", optarg);
		return EXIT_OK;
	case 'r':
		if (args_number(optarg, 0, INT64_MAX - 1, &s->record) != 0)
			return command_misused(c, "--record %s: not an offset", optarg);
		return EXIT_OK;
	case 'j':
		s->json = true;
		return EXIT_OK;
	default:
		return shared_options_take(c, opt, argv, &(struct shared_options){&s->way, &s->whom});
	}
}

static int
read_options(const struct command *c, int argc, char **argv, struct show *s, bool *ret_help)
{
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:p:X:h", long_options, NULL)) != -1) {
		if (opt == 'h') {
			*ret_help = true;
			return EXIT_OK;
		}
		if ((code = read_option(c, opt, argv, s)) != EXIT_OK)
			return code;
	}
	if ((code = shared_options_keys(c, argc, argv, &s->whom)) != EXIT_OK)
		return code;
	if (s->record >= 0 && (s->topic == NULL || s->partition < 0 || s->chain != NULL || s->window > 0))
		return command_misused(c, "--record OFFSET takes -t TOPIC and -p PARTITION, and neither --chain nor --window");
	return s->way.bootstrap == NULL && s->way.file == NULL ? command_misused(c, "-b HOST:PORT is missing, or -c FILE") : EXIT_OK;
}

static int
show_one_record(const struct command *c, const struct show *s, const struct way *w)
{
	struct show_record_conf conf = {.topic = s->topic,
					.partition = (int32_t)s->partition,
					.offset = s->record,
					.props = &s->way.props,
					.policy = s->policy,
					.json = s->json};

	return show_record(c, w, &conf);
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct show s = {.partition = -1, .record = -1};
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &s, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (whom_is_empty(&s.whom) || (code = whom_policy(&s.whom, c, &s.policy)) == EXIT_OK) &&
		 (code = way_open(c, &s.way, &way)) == EXIT_OK)
		code = s.record >= 0 ? show_one_record(c, &s, &way) : show(c, &s, &way);
	way_close(&way);
	args_props_free(&s.way.props);
	policy_unref(s.policy);
	whom_free(&s.whom);
	return code;
}

const struct command show_command = {"show", "show statements", help, run};
