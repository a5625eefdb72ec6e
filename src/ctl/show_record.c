#include "ctl/show_record.h"

#include "base/json_out.h"
#include "base/text.h"
#include "ctl/safe.h"
#include "verify/dbom_row.h"
#include "verify/own_record.h"
#include "verify/path.h"
#include "verify/reader.h"

struct showing {
	const struct show_record_conf *conf;
	struct consumer *consumer;   /* of the record */
	struct consumer *statements; /* … which may be another cluster's */
	const char *dbom_topics;
	struct path_conf path_conf;
	struct own_record record;
	struct path *path;
	struct slice dbom_topic; /* that is read just now */
};

/* --- what is told ------------------------------------------------------------------ */

static const char *
member_text(const struct path_hop *h)
{
	if (h->p.statement == NULL)
		return "";
	return h->member == PATH_MEMBER  ? "it is what was attested there"
	       : h->member == PATH_OTHER ? "NOT what was attested there: it was changed since, or the headers are forged"
					 : "whether it is what was attested can't be told from here: no manifest is published";
}

static void
tell_hop(size_t number, const struct path_hop *h)
{
	const struct statement *s = h->p.statement;
	char chain[2 * CHAIN_ID_LEN + 1], opened[25], closed[25];

	if (h->by_headers && !h->triple.well_formed) {
		printf("%zu  headers that contradict the value or each other: it was changed since, or they are forged\n", number);
		return;
	}
	text_hex(h->by_headers ? h->triple.chain.b : h->p.chain.b, CHAIN_ID_LEN, chain);
	if (s == NULL) {
		safe_line(stdout, "%zu  window %llu of chain %s: its statement is not here%s%.*s", number,
			  (unsigned long long)h->triple.window_id, chain, h->triple.compact ? "" : "; the record names ",
			  (int)h->triple.dbom_topic.n, (const char *)h->triple.dbom_topic.p);
		return;
	}
	if (text_time_ms(s->opened_ms, opened) != 0 || text_time_ms(s->closed_ms, closed) != 0)
		opened[0] = closed[0] = '\0';
	safe_line(stdout, "%zu  %.*s at level %d, %s to %s", number, (int)s->collector_id.n, (const char *)s->collector_id.p,
		  s->level, opened, closed);
	safe_line(stdout, "   in cluster %.*s, %.*s/%d%s", (int)s->cluster_id.n, s->cluster_id.n == 0 ? "" : (const char *)s->cluster_id.p,
		  (int)s->topic.n, (const char *)s->topic.p, s->partition, h->by_headers ? "" : ", named by no header");
	if (h->member == PATH_MEMBER)
		printf("   at offset %lld\n", (long long)h->offset);
	safe_line(stdout, "   window %llu of chain %s, %s%s%s%s%s%s%s", (unsigned long long)h->p.window_id, chain,
		  published_state_name(h->p.state), h->p.state == PUBLISHED_SIGNED ? " by key " : "",
		  h->p.state == PUBLISHED_SIGNED ? h->p.keyid : "", h->p.issuer[0] == '\0' ? "" : " of ", h->p.issuer,
		  h->p.why[0] == '\0' ? "" : ": ", h->p.why);
	printf("   %s\n", member_text(h));
}

static void
hop_json(struct json_out *j, const struct path_hop *h)
{
	const struct statement *s = h->p.statement;
	char chain[2 * CHAIN_ID_LEN + 1], t[25];
	bool named = h->by_headers && h->triple.well_formed;

	json_out_open(j, NULL, '{');
	json_out_str(j, "headers", !h->by_headers ? "none" : !named ? "malformed" : h->triple.compact ? "compact" : "full");
	if (named || s != NULL) {
		json_out_str(j, "chain", text_hex(named ? h->triple.chain.b : h->p.chain.b, CHAIN_ID_LEN, chain));
		json_out_int(j, "window", (int64_t)(named ? h->triple.window_id : h->p.window_id));
	}
	if (named && !h->triple.compact)
		json_out_text(j, "dbomTopic", h->triple.dbom_topic);
	if (s != NULL) {
		json_out_str(j, "signature", published_state_name(h->p.state));
		json_out_str(j, "keyId", h->p.state == PUBLISHED_SIGNED ? h->p.keyid : NULL);
		if (h->p.issuer[0] != '\0')
			json_out_str(j, "issuer", h->p.issuer);
		if (h->p.why[0] != '\0')
			json_out_str(j, "reason", h->p.why);
		json_out_text(j, "collector", s->collector_id);
		json_out_int(j, "level", s->level);
		json_out_text(j, "clusterId", s->cluster_id);
		json_out_text(j, "topic", s->topic);
		json_out_int(j, "partition", s->partition);
		if (h->member == PATH_MEMBER)
			json_out_int(j, "offset", h->offset);
		json_out_str(j, "opened", text_time_ms(s->opened_ms, t) == 0 ? t : NULL);
		json_out_str(j, "closed", text_time_ms(s->closed_ms, t) == 0 ? t : NULL);
		json_out_str(j, "member", h->member == PATH_MEMBER ? "yes" : h->member == PATH_OTHER ? "no" : "unknown");
	}
	json_out_close(j);
}

static int
tell_json(const struct showing *g, const struct path_hop *hops, size_t count)
{
	struct wr w = wr_new(64 * 1024 * 1024);
	struct json_out j = json_out_of(&w);
	int err;

	json_out_open(&j, NULL, '{');
	json_out_str(&j, "topic", g->conf->topic);
	json_out_int(&j, "partition", g->conf->partition);
	json_out_int(&j, "offset", g->conf->offset);
	json_out_open(&j, "hops", '[');
	for (size_t i = 0; i < count; i++)
		hop_json(&j, &hops[i]);
	json_out_close(&j);
	json_out_close(&j);
	if ((err = wr_err(&w)) == 0)
		err = safe_slice(stdout, wr_slice(&w));
	wr_free(&w);
	return err;
}

static int
tell(const struct showing *g)
{
	size_t count;
	const struct path_hop *hops = path_hops(g->path, &count);

	if (g->conf->json)
		return tell_json(g, hops, count);
	safe_line(stdout, "%s/%d offset %lld: %s%zu attestation%s", g->conf->topic, g->conf->partition, (long long)g->conf->offset,
		  count == 0 ? "nobody claims it, " : "", count, count == 1 ? "" : "s");
	for (size_t i = 0; i < count; i++)
		tell_hop(i + 1, &hops[i]);
	return 0;
}

/* --- what is read ------------------------------------------------------------------ */

static int
on_path_statement(void *arg, int32_t partition UNUSED, int64_t offset UNUSED, struct slice key, struct slice value,
	     struct slice manifest)
{
	struct showing *g = arg;

	return path_take(g->path, g->dbom_topic, key, value, manifest);
}

/* One statement topic; one that a header names alone may be another cluster's. */
static int
read_statements(struct showing *g, struct slice name, bool must)
{
	char topic[DBOM_ROW_NAME];
	int err;

	(void)snprintf(topic, sizeof(topic), "%.*s", (int)name.n, (const char *)name.p);
	g->dbom_topic = name;
	err = reader_statements(g->statements, topic, on_path_statement, NULL, g);
	return err == ERR_NOTFOUND && !must ? 0 : err;
}

/* Also those that the record's headers name, each once. */
static int
read_all_statements(struct showing *g)
{
	struct slice given = slice_str(g->dbom_topics), left = given, name;
	size_t count;
	const struct path_hop *hops = path_hops(g->path, &count);
	int err = 0;

	while (err == 0 && text_next(&left, &name))
		err = read_statements(g, name, true);
	for (size_t i = 0; err == 0 && i < count; i++) {
		bool again = !hops[i].by_headers || !hops[i].triple.well_formed || hops[i].triple.compact;

		name = hops[i].triple.dbom_topic; /* which is anybody's text, until a statement is found there */
		again = again || name.n >= DBOM_ROW_NAME || memchr(name.p, ',', name.n) != NULL || text_listed(given, name);
		for (size_t k = 0; k < i; k++)
			again = again || (hops[k].triple.well_formed && slice_eq(hops[k].triple.dbom_topic, name));
		if (!again)
			err = read_statements(g, name, false);
	}
	return err;
}

static int
on_path_record(void *arg, const struct consumer_record *r)
{
	struct showing *g = arg;
	struct verdict_record v = {r->offset, r->timestamp, r->key, r->value, NULL, r->header_count};
	struct reader_headers headers = {NULL, 0};
	int err = reader_headers_of(&headers, r);

	v.headers = headers.list;
	if (err == 0)
		err = own_record_of(&v, &g->record);
	free(headers.list);
	return err;
}

static int
read_and_tell(struct showing *g)
{
	const struct show_record_conf *conf = g->conf;
	int64_t low, high;
	int32_t n;
	int err;

	if ((err = consumer_cluster_id(g->consumer, &g->path_conf.cluster_id)) != 0 ||
	    (err = consumer_partitions(g->consumer, conf->topic, &n)) != 0)
		return err;
	if (conf->partition >= n)
		return ERR_NOTFOUND;
	if ((err = consumer_watermarks(g->consumer, conf->topic, conf->partition, &low, &high)) != 0)
		return err;
	if (conf->offset < low || conf->offset >= high)
		return ERR_NOTFOUND;
	if ((err = consumer_read(g->consumer, conf->topic, conf->partition, conf->offset, conf->offset + 1, on_path_record, g)) != 0)
		return err;
	if (g->record.bytes == NULL)
		return ERR_NOTFOUND;
	if ((err = path_new(&g->path_conf, &g->record.r, &g->path)) != 0 || (err = read_all_statements(g)) != 0)
		return err;
	return tell(g);
}

int
show_record(const struct command *c, const struct way *w, const struct show_record_conf *conf)
{
	struct consumer_conf here = way_consumer(w, conf->props, false), there = way_consumer(w, conf->props, true);
	struct showing g = {.conf = conf,
			    .dbom_topics = w->dbom_topic,
			    .path_conf = {.topic = slice_str(conf->topic), .partition = conf->partition, .policy = conf->policy}};
	char why[600];
	int err = consumer_open(&here, &g.consumer, why, sizeof(why)), code = EXIT_OK;

	if (err == 0)
		err = consumer_open(&there, &g.statements, why, sizeof(why));
	if (err != 0)
		code = err == ERR_CONFIG ? command_misused(c, "%s", why) : command_failed(c, "%s", why);
	else if ((err = read_and_tell(&g)) != 0) {
		const char *said = consumer_why(g.path == NULL ? g.consumer : g.statements);

		if (err == ERR_NOTFOUND && said[0] == '\0')
			code = command_failed(c, "%s/%d has no record at offset %lld", conf->topic, conf->partition,
					      (long long)conf->offset);
		else if (err == ERR_TIMEOUT)
			code = way_failed(w, c, said);
		else
			code = command_failed(c, "%s", said[0] == '\0' ? err_text(err) : said);
	}
	path_free(g.path);
	own_record_free(&g.record);
	consumer_close(g.statements);
	consumer_close(g.consumer);
	return code;
}
