#include <errno.h>
#include <getopt.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/map.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/shared_options.h"
#include "makoto/bundle.h"
#include "verify/leaves.h"
#include "verify/published.h"
#include "verify/reader.h"

static const char help[] =
	"usage: makotoctl export (-b BOOTSTRAP | -c FILE) [-t TOPIC] [--chain ID] [--window N] [option…]\n"
	"\n"
	"Writes statements as files that tools of others verify: of each window a sigstore bundle, CHAIN-WINDOW.sigstore.json,\n"
	"and the artifact that it is about, its leaves, CHAIN-WINDOW.leaves.\n"
	"\n"
	"  -b, --bootstrap HOST:PORT,…  the cluster, directly or through the proxy\n"
	"  -c, --config FILE            log in as makoto-proxy does: FILE's keys of kafka, and its statement topics, count\n"
	"  -t, --topic TOPIC            windows of this topic alone\n"
	"  -p, --partition N            and this partition\n"
	"      --from OFFSET|TIME       with a record from there on, or closed then or later\n"
	"      --to OFFSET|TIME         with a record before that, or opened before then\n"
	"      --chain ID               of this chain: its id, or how that starts\n"
	"      --window N               this window\n"
	"      --out DIR                where the files go, made when it isn't there; default: here\n"
	"      --public-key FILE…       PEM; only what one of these keys signed\n"
	"      --policy FILE            a trust policy instead: only what a key signed that may attest the topic\n"
	"                               without either, signatures are not checked here\n"
	"      --dbom-topic TOPIC,…     where the statements are; default makoto.dbom\n"
	"      --dbom-bootstrap HOST:PORT,…  the cluster that has them, if it is another; reached with the same login\n"
	"  -X NAME=VALUE                a librdkafka property\n"
	"\n"
	"Times: RFC 3339 (2026-01-02T03:04:05Z), before now (-90s, -1h, -7d), or 13 digits of milliseconds\n"
	"since 1970.\n"
	"\n"
	"Exit: 0 done; 2 usage; 3 could not finish, or there is no such window with a signature; 4 done, but the leaves of\n"
	"some window could not be had.\n";

struct bound {
	bool given, is_time;
	int64_t value;
};

struct export {
	struct way_options way;
	const char *topic, *chain, *dbom_topic, *dbom_names, *dir;
	int64_t partition, window; /* -1, 0: all */
	struct bound from, to;
	struct whom whom;
	struct policy *policy; /* NULL: nobody was named */

	struct consumer *statements, *records;
	struct slice cluster_id;
	struct map *names; /* record key of a statement → SHA-256 of the first */
	uint64_t windows, without_leaves, untrusted, unsigned_ones;
	const char *untrusted_why; /* of the last */
	char why[700];
};

static const struct option long_options[] = {{"bootstrap", required_argument, NULL, 'b'},
					     {"config", required_argument, NULL, 'c'},
					     {"topic", required_argument, NULL, 't'},
					     {"partition", required_argument, NULL, 'p'},
					     {"from", required_argument, NULL, 'F'},
					     {"to", required_argument, NULL, 'T'},
					     {"chain", required_argument, NULL, 'C'},
					     {"window", required_argument, NULL, 'w'},
					     {"out", required_argument, NULL, 'O'},
					     {"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"dbom-topic", required_argument, NULL, 'd'},
					     {"dbom-bootstrap", required_argument, NULL, 'D'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

/* --- which windows ----------------------------------------------------------------- */

static bool
in_range(const struct export *x, const struct statement *s)
{
	if (x->from.given && (x->from.is_time ? s->closed_ms : s->last_offset) < x->from.value)
		return false;
	return !x->to.given || (x->to.is_time ? s->opened_ms : s->first_offset) < x->to.value;
}

static bool
wanted(const struct export *x, const struct published *p)
{
	const struct statement *s = p->statement;
	char chain[2 * CHAIN_ID_LEN + 1];

	text_hex(p->chain.b, CHAIN_ID_LEN, chain);
	return s != NULL && (x->chain == NULL || strncmp(chain, x->chain, strlen(x->chain)) == 0) &&
	       (x->window == 0 || p->window_id == (uint64_t)x->window) &&
	       (x->topic == NULL || slice_eq(s->topic, slice_str(x->topic))) &&
	       (x->partition < 0 || s->partition == x->partition) && in_range(x, s);
}

/* --- its leaves -------------------------------------------------------------------- */

struct reading_again {
	struct leaves *leaves;
	struct reader_headers headers;
};

static int
on_record(void *arg, const struct consumer_record *r)
{
	struct reading_again *g = arg;
	struct verdict_record v = {r->offset, r->timestamp, r->key, r->value, NULL, r->header_count};
	int err = reader_headers_of(&g->headers, r);

	v.headers = g->headers.list;
	return err != 0 ? err : leaves_record(g->leaves, &v);
}

/* Reads the window's records.  0; ERR_NOTFOUND: they are gone, or others; or what the reader says. */
static int
leaves_again(struct export *x, const struct statement *s, struct reading_again *g, struct slice *ret)
{
	char *topic;
	int64_t low, high;
	int err;

	if (!slice_eq(s->cluster_id, x->cluster_id))
		return ERR_NOTFOUND;
	topic = strndup((const char *)s->topic.p, s->topic.n);
	if (topic == NULL || (g->leaves = leaves_new(s, slice_str(x->dbom_names))) == NULL) {
		free(topic);
		return ERR_NOMEM;
	}
	/* ERR_NOTFOUND: a topic that is gone, or was never there, has none of them. */
	err = consumer_watermarks(x->records, topic, s->partition, &low, &high);
	if (err == 0 && (s->first_offset < low || s->last_offset >= high))
		err = ERR_NOTFOUND;
	if (err == 0)
		err = consumer_read(x->records, topic, s->partition, s->first_offset, s->last_offset + 1, on_record, g);
	free(topic);
	return err != 0 ? err : leaves_end(g->leaves, ret);
}

static int
find_leaves(struct export *x, const struct statement *s, struct slice published, struct reading_again *g, struct slice *ret)
{
	if (s->manifest != MANIFEST_NONE && published.p != NULL &&
	    manifest_is_right(s->manifest, published, s->leaf_count, s->manifest_sha256, s->root)) {
		*ret = published;
		return 0;
	}
	return leaves_again(x, s, g, ret);
}

/* --- the files --------------------------------------------------------------------- */

/*
 * "<chain>-<window>"; of a fork the others have the statement's hash behind that.  *ret_again: the statement was there
 * before.  0 or ERR_NOMEM.
 */
static int
name_of(struct export *x, struct slice key, const struct published *p, char name[256], bool *ret_again)
{
	char chain[2 * CHAIN_ID_LEN + 1], hex[2 * SHA256_LEN + 1];
	uint8_t *first = map_get(x->names, key);
	int err;

	text_hex(p->chain.b, CHAIN_ID_LEN, chain);
	*ret_again = first != NULL && memcmp(first, p->sha256, SHA256_LEN) == 0;
	(void)snprintf(name, 256, "%s-%llu%s%s", chain, (unsigned long long)p->window_id, first == NULL || *ret_again ? "" : "-fork-",
		       first == NULL || *ret_again ? "" : text_hex(p->sha256, SHA256_LEN, hex));
	if (first != NULL)
		return 0;
	if ((first = malloc(SHA256_LEN)) == NULL)
		return ERR_NOMEM;
	memcpy(first, p->sha256, SHA256_LEN);
	if ((err = map_put(x->names, key, first)) != 0)
		free(first);
	return err;
}

static int
write_bundle(struct export *x, const struct published *p, const char *name)
{
	struct wr w = wr_new(64 * 1024 * 1024);
	char file[300];
	int err = bundle_write(slice_str(STATEMENT_PAYLOAD_TYPE), wr_slice(&p->payload), p->keyid, wr_slice(&p->sig), &w);

	(void)snprintf(file, sizeof(file), "%s.sigstore.json", name);
	if (err == 0)
		err = file_write(x->dir, file, wr_slice(&w), x->why, sizeof(x->why));
	wr_free(&w);
	return err;
}

static int
write_leaves(struct export *x, const struct published *p, struct slice manifest, const char *name, bool *ret_there)
{
	struct reading_again g = {.leaves = NULL};
	struct slice leaves = {NULL, 0};
	char file[300];
	int err = find_leaves(x, p->statement, manifest, &g, &leaves);

	(void)snprintf(file, sizeof(file), "%s.leaves", name);
	*ret_there = err == 0;
	if (err == 0)
		err = file_write(x->dir, file, leaves, x->why, sizeof(x->why));
	else if (err == ERR_NOTFOUND)
		err = 0;
	else if (x->why[0] == '\0')
		(void)snprintf(x->why, sizeof(x->why), "%s", consumer_why(x->records));
	leaves_free(g.leaves);
	free(g.headers.list);
	return err;
}

static int
export_one(struct export *x, struct slice key, struct published *p, struct slice manifest)
{
	const struct statement *s = p->statement;
	bool again, there;
	char name[256];
	int err;

	if ((err = name_of(x, key, p, name, &again)) != 0 || again)
		return err;
	if ((err = write_bundle(x, p, name)) != 0 || (err = write_leaves(x, p, manifest, name, &there)) != 0)
		return err;
	x->windows++;
	x->without_leaves += !there;
	safe_line(stdout, "%s  %.*s/%d  offsets %lld-%lld  %llu record%s%s", name, (int)s->topic.n, (const char *)s->topic.p,
		  s->partition, (long long)s->first_offset, (long long)s->last_offset, (unsigned long long)s->leaf_count,
		  s->leaf_count == 1 ? "" : "s", there ? "" : "  no leaves: not published, and not all records are there");
	return 0;
}

static int
on_statement(void *arg, int32_t partition UNUSED, int64_t offset UNUSED, struct slice key, struct slice value,
	     struct slice manifest)
{
	struct export *x = arg;
	struct published p;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (wanted(x, &p)) {
		err = x->policy == NULL ? 0 : published_check(&p, x->policy);
		if (p.state == PUBLISHED_UNSIGNED) {
			x->unsigned_ones++;
		} else if (p.state == PUBLISHED_UNTRUSTED) {
			x->untrusted++;
			x->untrusted_why = p.why;
		} else if (err == 0) {
			err = export_one(x, key, &p, manifest);
		}
	}
	published_clear(&p);
	return err;
}

/* --- the command ------------------------------------------------------------------- */

static int
end(const struct command *c, const struct export *x)
{
	if (x->untrusted > 0)
		fprintf(stderr, "makotoctl export: left out %llu that %s not count: %s\n", (unsigned long long)x->untrusted,
			x->untrusted == 1 ? "does" : "do", x->untrusted_why);
	if (x->unsigned_ones > 0)
		fprintf(stderr, "makotoctl export: left out %llu without a signature: a bundle needs one\n",
			(unsigned long long)x->unsigned_ones);
	if (x->windows == 0)
		return command_failed(c, "%s: no such statement", x->dbom_topic);
	return x->without_leaves > 0 ? EXIT_UNDECIDED : EXIT_OK;
}

static int
open_consumers(const struct command *c, struct export *x, const struct way *w)
{
	struct consumer_conf there = way_consumer(w, &x->way.props, true), here = way_consumer(w, &x->way.props, false);
	int err;

	if ((err = consumer_open(&there, &x->statements, x->why, sizeof(x->why))) != 0 ||
	    (err = consumer_open(&here, &x->records, x->why, sizeof(x->why))) != 0)
		return err == ERR_CONFIG ? command_misused(c, "%s", x->why) : command_failed(c, "%s", x->why);
	x->why[0] = '\0';
	if ((x->names = map_new()) == NULL)
		return command_failed(c, "out of memory");
	if (mkdir(x->dir, 0777) != 0 && errno != EEXIST)
		return command_failed(c, "%s: %s", x->dir, strerror(errno));
	return EXIT_OK;
}

static int
export_all(const struct command *c, struct export *x, const struct way *w)
{
	int code = open_consumers(c, x, w), err;
	const char *said = "";

	if (code != EXIT_OK)
		return code;
	x->dbom_topic = w->dbom_topic;
	x->dbom_names = w->dbom_names;
	if ((err = consumer_cluster_id(x->records, &x->cluster_id)) != 0)
		said = consumer_why(x->records);
	else if ((err = reader_statements(x->statements, x->dbom_topic, on_statement, NULL, x)) != 0)
		said = consumer_why(x->statements);
	if (err == 0)
		return end(c, x);
	if (x->why[0] == '\0')
		snprintf(x->why, sizeof(x->why), "%s", said[0] == '\0' ? err_text(err) : said);
	return err == ERR_TIMEOUT ? way_failed(w, c, x->why) : command_failed(c, "%s", x->why);
}

static void
export_clear(struct export *x)
{
	struct slice key;
	size_t at = 0;
	void *hash;

	while (x->names != NULL && map_next(x->names, &at, &key, &hash))
		free(hash);
	map_free(x->names);
	consumer_close(x->statements);
	consumer_close(x->records);
	args_props_free(&x->way.props);
	policy_unref(x->policy);
	whom_free(&x->whom);
}

static int
read_bound(const struct command *c, const char *option, const char *text, struct bound *ret)
{
	if (args_bound(text, clock_wall_ms(), &ret->is_time, &ret->value) != 0)
		return command_misused(c, "%s %s: neither an offset nor a time", option, text);
	ret->given = true;
	return EXIT_OK;
}

static int
read_option(const struct command *c, int opt, char **argv, struct export *x)
{
	switch (opt) {
	case 't':
		x->topic = optarg;
		return EXIT_OK;
	case 'p':
		if (args_number(optarg, 0, INT32_MAX, &x->partition) != 0)
			return command_misused(c, "-p %s: not a partition", optarg);
		return EXIT_OK;
	case 'F':
		return read_bound(c, "--from", optarg, &x->from);
	case 'T':
		return read_bound(c, "--to", optarg, &x->to);
	case 'C':
		if (strspn(optarg, "0123456789abcdef") != strlen(optarg) || strlen(optarg) > 2 * CHAIN_ID_LEN)
			return command_misused(c, "--chain %s: not 32 hex digits, nor the first of them", optarg);
		x->chain = optarg;
		return EXIT_OK;
	case 'w':
		if (args_number(optarg, 1, INT64_MAX, &x->window) != 0)
			return command_misused(c, "--window %s: window ids count from 1", optarg);
		return EXIT_OK;
	case 'O':
		x->dir = optarg;
		return EXIT_OK;
	default:
		return shared_options_take(c, opt, argv, &(struct shared_options){&x->way, &x->whom});
	}
}

static int
read_options(const struct command *c, int argc, char **argv, struct export *x, bool *ret_help)
{
	int opt, code;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "b:c:t:p:X:h", long_options, NULL)) != -1) {
		if (opt == 'h') {
			*ret_help = true;
			return EXIT_OK;
		}
		if ((code = read_option(c, opt, argv, x)) != EXIT_OK)
			return code;
	}
	if ((code = shared_options_keys(c, argc, argv, &x->whom)) != EXIT_OK)
		return code;
	if (x->way.bootstrap == NULL && x->way.file == NULL)
		return command_misused(c, "-b HOST:PORT is missing, or -c FILE");
	if (x->topic == NULL && x->chain == NULL)
		return command_misused(c, "which windows?  -t TOPIC, or --chain ID");
	return EXIT_OK;
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct export x = {.partition = -1, .dir = "."};
	struct way way = {0};
	bool asked = false;
	int code = read_options(c, argc, argv, &x, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (whom_is_empty(&x.whom) || (code = whom_policy(&x.whom, c, &x.policy)) == EXIT_OK) &&
		 (code = way_open(c, &x.way, &way)) == EXIT_OK)
		code = export_all(c, &x, &way);
	export_clear(&x);
	way_close(&way);
	return code;
}

const struct command export_command = {"export", "write statements as files for other tools", help, run};
