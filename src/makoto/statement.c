/*
 * Keys stand in the order of their code points, written out here as they will be read:
 * from top to bottom this file is the statement.
 */
#include "makoto/statement.h"

#include "base/text.h"
#include "makoto/json_write.h"
#include "makoto/tree.h"

const char *
close_reason_name(enum close_reason r)
{
	static const char *const names[CLOSE_REASONS] = {"records",        "age",           "shutdown", "rotation",
							 "timestamp-type", "topic-deleted", "recovered"};

	return names[r];
}

static void
put_hex(struct wr *w, const char *name, const uint8_t *p, size_t n)
{
	char hex[2 * SHA256_LEN + 1];

	wr_printf(w, "\"%s\":\"%s\"", name, text_hex(p, n, hex));
}

static void
put_text(struct wr *w, const char *name, struct slice s)
{
	wr_printf(w, "\"%s\":", name);
	json_write_text(w, s);
}

static void
put_time(struct wr *w, const char *name, int64_t ms)
{
	char t[25];

	if (text_time_ms(ms, t) != 0)
		w->err = w->err != 0 ? w->err : ERR_LIMIT; /* our own clock is outside 1970 to 9999 */
	else
		wr_printf(w, "\"%s\":\"%s\"", name, t);
}

static void
put_runs(struct wr *w, const char *name, const struct runs *r)
{
	wr_printf(w, "\"%s\":[", name);
	for (size_t i = 0; i < r->count; i++)
		wr_printf(w, "%s[%lld,%lld]", i > 0 ? "," : "", (long long)r->list[i].first, (long long)r->list[i].count);
	wr_u8(w, ']');
}

/* stream:<topic>:<partition>:window_<id>, as a JSON string. */
static void
put_subject(struct wr *w, const char *name, const struct statement *s, uint64_t window)
{
	struct wr text = wr_new(4096);

	wr_text(&text, "stream:");
	wr_slice_put(&text, s->topic);
	wr_printf(&text, ":%d:window_%llu", s->partition, (unsigned long long)window);
	put_text(w, name, wr_slice(&text));
	if (text.err != 0 && w->err == 0)
		w->err = text.err;
	wr_free(&text);
}

static void
put_statistics(struct wr *w, const struct statement *s)
{
	char min[25], max[25];

	wr_text(w, "\"aggregates\":{\"statistics\":{");
	if (text_time_ms(s->min_timestamp, min) == 0 && text_time_ms(s->max_timestamp, max) == 0)
		wr_printf(w, "\"maxTimestamp\":\"%s\",\"minTimestamp\":\"%s\",", max, min);
	wr_printf(w, "\"valueBytes\":%llu}}", (unsigned long long)s->value_bytes);
}

static void
put_integrity(struct wr *w, const struct statement *s)
{
	wr_printf(w, "\"integrity\":{\"chain\":{\"chainLength\":%llu,", (unsigned long long)s->chain_length);
	put_subject(w, "genesisWindowId", s, s->genesis_window);
	if (s->previous_window > 0) {
		wr_u8(w, ',');
		put_hex(w, "previousMerkleRoot", s->previous_root, SHA256_LEN);
		wr_u8(w, ',');
		put_subject(w, "previousWindowId", s, s->previous_window);
	}
	wr_printf(w, "},\"merkleTree\":{\"algorithm\":\"sha256\",\"leafCount\":%llu,\"leafHashAlgorithm\":\"sha256\",",
		  (unsigned long long)s->leaf_count);
	put_hex(w, "root", s->root, SHA256_LEN);
	wr_printf(w, ",\"treeHeight\":%u}}", tree_height(s->leaf_count));
}

static int
by_name(const void *a, const void *b)
{
	const struct slice *x = &((const struct statement_claim *)a)->name;
	const struct slice *y = &((const struct statement_claim *)b)->name;
	int c = memcmp(x->p, y->p, x->n < y->n ? x->n : y->n);

	return c != 0 ? c : (x->n > y->n) - (x->n < y->n);
}

/* UTF-8 sorts by code point when it is sorted by bytes. */
static void
put_claims(struct wr *w, const struct statement *s)
{
	struct statement_claim *sorted = malloc(s->claim_count * sizeof(*sorted));

	if (sorted == NULL) {
		w->err = ERR_NOMEM;
		return;
	}
	memcpy(sorted, s->claims, s->claim_count * sizeof(*sorted));
	qsort(sorted, s->claim_count, sizeof(*sorted), by_name);
	wr_text(w, "\"claims\":{");
	for (size_t i = 0; i < s->claim_count; i++) {
		if (i > 0)
			wr_u8(w, ',');
		json_write_text(w, sorted[i].name);
		wr_u8(w, ':');
		json_write_text(w, sorted[i].text);
	}
	wr_text(w, "},");
	free(sorted);
}

static void
put_boundary(struct wr *w, const struct statement *s)
{
	wr_text(w, "\"boundary\":{\"first\":{");
	put_hex(w, "leaf", s->first_leaf, LEAF_LEN);
	wr_printf(w, ",\"offset\":%lld},\"last\":{", (long long)s->first_offset);
	put_hex(w, "leaf", s->last_leaf, LEAF_LEN);
	wr_printf(w, ",\"offset\":%lld}},", (long long)s->last_offset);
}

static void
put_producers(struct wr *w, const struct statement *s)
{
	wr_text(w, "\"producers\":[");
	for (size_t i = 0; i < s->producer_count; i++) {
		const struct statement_producer *p = &s->producers[i];

		wr_text(w, i > 0 ? ",{" : "{");
		put_text(w, "clientId", p->client_id);
		if (p->principal.p != NULL) {
			wr_u8(w, ',');
			put_text(w, "principal", p->principal);
		}
		wr_printf(w, ",\"records\":%llu", (unsigned long long)p->records);
		if (p->software_name.p != NULL) {
			wr_u8(w, ',');
			put_text(w, "softwareName", p->software_name);
		}
		if (p->software_version.p != NULL) {
			wr_u8(w, ',');
			put_text(w, "softwareVersion", p->software_version);
		}
		wr_u8(w, '}');
	}
	wr_text(w, "],");
}

static void
put_resolved(struct wr *w, const struct statement *s)
{
	wr_text(w, "\"resolved\":[");
	for (size_t i = 0; i < s->resolved_count; i++)
		wr_printf(w, "%s[%lld,%lld,\"%s\"]", i > 0 ? "," : "", (long long)s->resolved[i].run.first,
			  (long long)s->resolved[i].run.count, s->resolved[i].committed ? "committed" : "aborted");
	wr_text(w, "],");
}

static void
put_kafka(struct wr *w, const struct statement *s)
{
	wr_text(w, "\"kafka\":{");
	put_runs(w, "aborted", &s->aborted);
	wr_u8(w, ',');
	put_boundary(w, s);
	put_hex(w, "chainId", s->chain.b, CHAIN_ID_LEN);
	wr_u8(w, ',');
	if (s->claim_count > 0)
		put_claims(w, s);
	wr_printf(w, "\"closeReason\":\"%s\",", close_reason_name(s->reason));
	if (s->cluster_id.n > 0) {
		put_text(w, "clusterId", s->cluster_id);
		wr_u8(w, ',');
	}
	wr_printf(w, "\"emptyBefore\":%llu,\"format\":\"makoto-kafka/1\",", (unsigned long long)s->empty_before);
	put_hex(w, "instance", s->instance, INSTANCE_LEN);
	wr_u8(w, ',');
	if (s->level_gap_count > 0) {
		wr_text(w, "\"levelGaps\":[");
		for (size_t i = 0; i < s->level_gap_count; i++) {
			if (i > 0)
				wr_u8(w, ',');
			json_write_text(w, s->level_gaps[i]);
		}
		wr_text(w, "],");
	}
	wr_printf(w, "\"makotoLevel\":\"L%d\",\"manifest\":\"%s\",", s->level, manifest_name(s->manifest));
	put_runs(w, "open", &s->open);
	wr_printf(w, ",\"partition\":%d,", s->partition);
	if (s->follows) {
		wr_text(w, "\"previousChain\":{");
		put_hex(w, "chainId", s->follows_chain.b, CHAIN_ID_LEN);
		wr_u8(w, ',');
		put_hex(w, "statement", s->follows_statement, SHA256_LEN);
		wr_printf(w, ",\"windowId\":%llu},", (unsigned long long)s->follows_window);
	}
	if (s->previous_window > 0) {
		put_hex(w, "previousStatement", s->previous_statement, SHA256_LEN);
		wr_u8(w, ',');
	}
	put_producers(w, s);
	put_runs(w, "ranges", &s->ranges);
	wr_printf(w, ",\"recovered\":%s,", s->recovered ? "true" : "false");
	put_resolved(w, s);
	if (s->signing_key_id.p != NULL) {
		put_text(w, "signingKeyId", s->signing_key_id);
		wr_u8(w, ',');
	}
	if (s->signing_key_uri.p != NULL) {
		put_text(w, "signingKeyUri", s->signing_key_uri);
		wr_u8(w, ',');
	}
	wr_printf(w, "\"timestampType\":\"%s\",", s->log_append ? "LogAppendTime" : "CreateTime");
	put_text(w, "topic", s->topic);
	if (s->topic_id.n > 0) {
		wr_u8(w, ',');
		put_text(w, "topicId", s->topic_id);
	}
	wr_printf(w, ",\"unresolved\":%llu,\"windowId\":%llu}", (unsigned long long)s->unresolved,
		  (unsigned long long)s->window_id);
}

static void
put_stream(struct wr *w, const struct statement *s)
{
	struct wr text = wr_new(8192);

	wr_text(&text, "kafka:");
	wr_slice_put(&text, s->cluster_id);
	wr_u8(&text, ':');
	wr_slice_put(&text, s->topic);
	wr_printf(&text, ":%d", s->partition);
	wr_text(w, "\"stream\":{");
	put_text(w, "id", wr_slice(&text));
	wr_printf(w, ",\"partitions\":[\"%d\"],", s->partition);
	wr_reset(&text);
	wr_text(&text, "kafka://");
	wr_slice_put(&text, s->source);
	put_text(w, "source", wr_slice(&text));
	wr_u8(w, ',');
	put_text(w, "topic", s->topic);
	wr_u8(w, '}');
	if (text.err != 0 && w->err == 0)
		w->err = text.err;
	wr_free(&text);
}

static void
put_duration(struct wr *w, int64_t ms)
{
	char fraction[8] = "";

	if (ms % 1000 != 0) {
		size_t n = (size_t)snprintf(fraction, sizeof(fraction), ".%03d", (int)(ms % 1000));

		while (fraction[n - 1] == '0')
			fraction[--n] = '\0';
	}
	wr_printf(w, "\"duration\":\"PT%lld%sS\"", (long long)(ms / 1000), fraction);
}

static void
put_digest(struct wr *w, const struct statement *s)
{
	wr_text(w, "\"digest\":{");
	put_hex(w, "merkleRoot", s->root, SHA256_LEN);
	wr_printf(w, ",\"recordCount\":\"%llu\",", (unsigned long long)s->leaf_count);
	put_hex(w, "sha256", s->manifest_sha256, SHA256_LEN);
	wr_u8(w, ',');
	put_time(w, "windowEnd", s->closed_ms);
	wr_u8(w, ',');
	put_time(w, "windowStart", s->opened_ms);
	wr_text(w, "},");
}

int
statement_write(const struct statement *s, struct wr *w)
{
	wr_text(w, "{\"_type\":\"https://in-toto.io/Statement/v1\",\"predicate\":{");
	put_statistics(w, s);
	wr_text(w, ",\"collector\":{");
	put_text(w, "id", s->collector_id);
	if (s->location.p != NULL) {
		wr_u8(w, ',');
		put_text(w, "location", s->location);
	}
	wr_text(w, ",\"version\":{");
	put_text(w, "makoto-proxy", s->collector_version);
	wr_text(w, "}},");
	put_integrity(w, s);
	wr_text(w, ",\"metadata\":{");
	put_time(w, "finishedOn", s->settled_ms);
	wr_u8(w, ',');
	put_kafka(w, s);
	wr_u8(w, ',');
	put_time(w, "startedOn", s->opened_ms);
	wr_text(w, "},");
	put_stream(w, s);
	wr_text(w, ",\"verification\":{\"merkleProofAvailable\":true},\"window\":{\"alignment\":\"wall-clock\",");
	put_duration(w, s->max_age_ms);
	wr_text(w, ",\"type\":\"tumbling\"}},\"predicateType\":\"https://makoto.dev/stream-window/v1\",\"subject\":[{");
	put_digest(w, s);
	put_subject(w, "name", s, s->window_id);
	wr_text(w, "}]}");
	return wr_err(w);
}
