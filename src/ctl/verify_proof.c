#include <getopt.h>

#include "base/file.h"
#include "base/json_out.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/whom.h"
#include "verify/proven.h"

static const char help[] =
	"usage: makotoctl verify-proof FILE (--public-key FILE… | --policy FILE) [option…]\n"
	"\n"
	"Tells what a file that makotoctl prove wrote proves.  It needs no Kafka and no network.\n"
	"FILE stands before the options; - is standard input.\n"
	"\n"
	"      --public-key FILE…  PEM; the keys whose statements count\n"
	"      --policy FILE       a trust policy instead: which keys may attest which topics, when, at which level\n"
	"      --value FILE        is this the record's value?  Without, only its hash is proved, unless the proof has it inside\n"
	"      --accept-unsigned   statements of Makoto level 1, which have no signature, count too\n"
	"      --json              for programs: one JSON object\n"
	"\n"
	"Exit: 0 proved; 1 not proved: untrusted, altered, misplaced; 2 usage; 3 a file can't be read, or is no proof.\n";

struct options {
	const char *file, *value;
	struct whom whom;
	struct policy *policy;
	bool json;
};

static const struct option long_options[] = {{"public-key", required_argument, NULL, 'k'},
					     {"policy", required_argument, NULL, 'P'},
					     {"value", required_argument, NULL, 'v'},
					     {"accept-unsigned", no_argument, NULL, 'u'},
					     {"json", no_argument, NULL, 'j'},
					     {"help", no_argument, NULL, 'h'},
					     {NULL, 0, NULL, 0}};

static const char *
transaction_name(const struct proven *p)
{
	return p->transaction == PROVEN_ABORTED ? "aborted" : p->transaction == PROVEN_OPEN ? "open" : "none or committed";
}

/* --- for programs ------------------------------------------------------------------ */

static void
hash_json(struct json_out *j, const char *name, const uint8_t *hash, bool null)
{
	char hex[2 * SHA256_LEN + 1];

	json_out_str(j, name, null ? NULL : text_hex(hash, SHA256_LEN, hex));
}

static void
statement_json(struct json_out *j, const struct published *p)
{
	const struct statement *s = p->statement;
	char hex[2 * SHA256_LEN + 1], t[25];

	json_out_open(j, "statement", '{');
	json_out_str(j, "chain", text_hex(s->chain.b, CHAIN_ID_LEN, hex));
	json_out_int(j, "window", (int64_t)s->window_id);
	json_out_str(j, "sha256", text_hex(p->sha256, SHA256_LEN, hex));
	json_out_str(j, "root", text_hex(s->root, SHA256_LEN, hex));
	json_out_int(j, "records", (int64_t)s->leaf_count);
	json_out_str(j, "signature", published_state_name(p->state));
	json_out_str(j, "keyId", p->state == PUBLISHED_SIGNED ? p->keyid : NULL);
	if (p->issuer[0] != '\0')
		json_out_str(j, "issuer", p->issuer);
	json_out_text(j, "collector", s->collector_id);
	json_out_int(j, "level", s->level);
	json_out_text(j, "clusterId", s->cluster_id);
	json_out_text(j, "topicId", s->topic_id);
	json_out_str(j, "opened", text_time_ms(s->opened_ms, t) == 0 ? t : NULL);
	json_out_str(j, "closed", text_time_ms(s->closed_ms, t) == 0 ? t : NULL);
	json_out_close(j);
}

static int
tell_json(const struct proof_file *f, const struct proven *p, bool ok)
{
	struct wr w = wr_new(64 * 1024 * 1024);
	struct json_out j = json_out_of(&w);
	const struct leaf_input *in = &f->leaf;
	int err;

	json_out_open(&j, NULL, '{');
	json_out_text(&j, "topic", f->topic);
	json_out_int(&j, "partition", f->partition);
	json_out_int(&j, "offset", f->offset);
	json_out_str(&j, "verdict", verdict_name(p->verdict));
	json_out_str(&j, "reason", p->why);
	json_out_open(&j, "record", '{');
	hash_json(&j, "keySha256", in->key_hash, (in->flags & LEAF_KEY_NULL) != 0);
	hash_json(&j, "valueSha256", in->value_hash, (in->flags & LEAF_VALUE_NULL) != 0);
	hash_json(&j, "headersSha256", in->headers_hash, false);
	if (in->flags & LEAF_TIME_BOUND)
		json_out_int(&j, "timestamp", in->timestamp);
	json_out_bool(&j, "valueCompared", p->value_known);
	json_out_str(&j, "transaction", transaction_name(p));
	json_out_close(&j);
	if (p->statement.statement != NULL)
		statement_json(&j, &p->statement);
	json_out_bool(&j, "ok", ok);
	json_out_close(&j);
	if ((err = wr_err(&w)) == 0)
		err = safe_slice(stdout, wr_slice(&w));
	wr_free(&w);
	return err;
}

/* --- for people -------------------------------------------------------------------- */

static void
tell_record(const struct options *o, const struct proof_file *f, const struct proven *p)
{
	const struct leaf_input *in = &f->leaf;
	static const uint8_t none[SHA256_LEN];
	char hex[2 * SHA256_LEN + 1], t[25];

	if (in->flags & LEAF_VALUE_NULL)
		printf("value      null: a tombstone\n");
	else
		safe_line(stdout, "value      SHA-256 %s: %s", text_hex(in->value_hash, SHA256_LEN, hex),
			  !p->value_known    ? "only this hash is proved; --value FILE tells whether a value is the one"
			  : o->value != NULL ? o->value
					     : "the value in the file");
	if (in->flags & LEAF_KEY_NULL)
		printf("key        null\n");
	else
		printf("key        SHA-256 %s\n", text_hex(in->key_hash, SHA256_LEN, hex));
	if (memcmp(in->headers_hash, none, SHA256_LEN) == 0)
		printf("headers    none before the proxy's own\n");
	else
		printf("headers    those before the proxy's own, SHA-256 %s\n", text_hex(in->headers_hash, SHA256_LEN, hex));
	if (!(in->flags & LEAF_TIME_BOUND))
		printf("timestamp  not proved: the topic's is the broker's\n");
	else if (text_time_ms(in->timestamp, t) == 0)
		printf("timestamp  %s, as the producer set it\n", t);
	else
		printf("timestamp  %lld, as the producer set it\n", (long long)in->timestamp);
	if (p->transaction == PROVEN_ABORTED)
		printf("ABORTED    its transaction was aborted: who reads committed records never sees it\n");
	else if (p->transaction == PROVEN_OPEN)
		printf("OPEN       its transaction had not ended when this was stated: it may have been aborted since\n");
}

static void
tell_statement(const struct proof_file *f, const struct published *p)
{
	const struct statement *s = p->statement;
	char hex[2 * SHA256_LEN + 1], opened[25], closed[25];

	if (text_time_ms(s->opened_ms, opened) != 0 || text_time_ms(s->closed_ms, closed) != 0)
		opened[0] = closed[0] = '\0';
	safe_line(stdout, "place      cluster %.*s, topic id %.*s", (int)s->cluster_id.n,
		  s->cluster_id.n == 0 ? "" : (const char *)s->cluster_id.p, (int)s->topic_id.n,
		  s->topic_id.n == 0 ? "" : (const char *)s->topic_id.p);
	printf("window     record %llu of %llu of window %llu of chain %s, %s to %s\n",
	       (unsigned long long)f->inclusion.index + 1, (unsigned long long)s->leaf_count, (unsigned long long)s->window_id,
	       text_hex(s->chain.b, CHAIN_ID_LEN, hex), opened, closed);
	safe_line(stdout, "attested   by %.*s at Makoto level %d", (int)s->collector_id.n, (const char *)s->collector_id.p, s->level);
	if (p->state == PUBLISHED_SIGNED)
		safe_line(stdout, "signed     by key %s, %s%s", p->keyid, p->issuer[0] == '\0' ? "which you gave" : "of ", p->issuer);
	else
		printf("signed     not at all: anybody may have made it\n");
}

static void
tell(const struct options *o, const struct proof_file *f, const struct proven *p, bool ok)
{
	safe_line(stdout, "%.*s/%d offset %lld: %s%s%s", (int)f->topic.n, (const char *)f->topic.p, f->partition,
		  (long long)f->offset, verdict_name(p->verdict), p->why[0] == '\0' ? "" : ": ", p->why);
	if (!ok)
		return;
	tell_record(o, f, p);
	tell_statement(f, &p->statement);
	printf("Proved: this record was number %lld of that partition, and is in the window that the statement is about.\n",
	       (long long)f->offset);
}

/* --- the command ------------------------------------------------------------------- */

static int
verify_proof(const struct command *c, const struct options *o, struct slice json, struct slice value)
{
	struct proof_file f = {.partition = 0};
	struct proven p = {.why = ""};
	const char *fault = "";
	int err = proof_file_read(json, &f, &fault);
	bool ok = false;

	if (err == ERR_NOMEM)
		return command_failed(c, "out of memory");
	if (err != 0)
		return command_failed(c, "%s: not a proof that can be read: %s", o->file, fault);
	if ((err = proven_by(&f, o->policy, value, &p)) == 0) {
		ok = p.verdict == VERDICT_VERIFIED || p.verdict == VERDICT_UNSIGNED;
		if (o->json)
			err = tell_json(&f, &p, ok);
		else
			tell(o, &f, &p, ok);
	}
	proven_clear(&p);
	proof_file_clear(&f);
	if (err != 0)
		return command_failed(c, "%s", err_text(err));
	return ok ? EXIT_OK : EXIT_VIOLATION;
}

static int
read_and_verify(const struct command *c, const struct options *o)
{
	struct wr json = wr_new(PROOF_FILE_MAX), value = wr_new(PROOF_FILE_VALUE_MAX);
	struct slice given = {NULL, 0};
	char why[512];
	int code;

	if (file_read(o->file, &json, why, sizeof(why)) != 0 ||
	    (o->value != NULL && file_read(o->value, &value, why, sizeof(why)) != 0)) {
		code = command_failed(c, "%s", why);
	} else {
		if (o->value != NULL)
			given = value.len == 0 ? slice_of("", 0) : wr_slice(&value);
		code = verify_proof(c, o, wr_slice(&json), given);
	}
	wr_free(&json);
	wr_free(&value);
	return code;
}

/* The file that isn't an option's: the first word; behind a --public-key more of those, as everywhere. */
static int
read_words(const struct command *c, int argc, char **argv, struct options *o)
{
	if (optind < argc)
		o->file = argv[optind++];
	for (; optind < argc; optind++) {
		if (o->whom.key_count == 0)
			return command_misused(c, "what is \"%s\"?", argv[optind]);
		if (whom_add_key(&o->whom, argv[optind]) != 0)
			return command_failed(c, "out of memory");
	}
	if (o->file == NULL)
		return command_misused(c, "FILE is missing: what makotoctl prove wrote");
	if (whom_is_empty(&o->whom))
		return command_misused(c, "--public-key FILE or --policy FILE is missing: whose statements count?");
	return EXIT_OK;
}

static int
read_options(const struct command *c, int argc, char **argv, struct options *o, bool *ret_help)
{
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
		switch (opt) {
		case 'h':
			*ret_help = true;
			return EXIT_OK;
		case 'k':
			if (whom_add_key(&o->whom, optarg) != 0)
				return command_failed(c, "out of memory");
			break;
		case 'P':
			o->whom.policy = optarg;
			break;
		case 'v':
			o->value = optarg;
			break;
		case 'u':
			o->whom.accept_unsigned = true;
			break;
		case 'j':
			o->json = true;
			break;
		default:
			return command_bad_option(c, argv);
		}
	}
	return read_words(c, argc, argv, o);
}

static int
run(const struct command *c, int argc, char **argv)
{
	struct options o = {.file = NULL};
	bool asked = false;
	int code = read_options(c, argc, argv, &o, &asked);

	if (asked)
		fputs(help, stdout);
	else if (code == EXIT_OK && (code = whom_policy(&o.whom, c, &o.policy)) == EXIT_OK)
		code = read_and_verify(c, &o);
	policy_unref(o.policy);
	whom_free(&o.whom);
	return code;
}

const struct command verify_proof_command = {"verify-proof", "tell what a proof file proves", help, run};
