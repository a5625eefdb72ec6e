#include "ctl/report.h"

#include <stdarg.h>

#include "base/text.h"
#include "ctl/command.h"
#include "ctl/safe.h"
#include "ctl/table.h"
#include "makoto/json_write.h"

enum { JSON_LINE_MAX = 16 * 1024 * 1024, REASON_MAX = 512, HOP_PART_MAX = 64 };

static const char *
name_of(const struct finding *f)
{
	return f->about_record ? verdict_name(f->verdict) : window_finding_name(f->window);
}

static bool
worth_telling(const struct report *r, const struct finding *f)
{
	if (r->verbose)
		return true;
	if (!f->about_record)
		return window_finding_is_violation(f->window);
	/* Headers that nobody vouches for are no violation, and who trusts all headers must hear of them. */
	return f->headers_behind > 0 || (f->verdict != VERDICT_VERIFIED && f->verdict != VERDICT_UNSIGNED &&
					 f->verdict != VERDICT_VERIFIED_CONTENT);
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* All that there is to say of a finding, in `buf` when it takes one. */
static const char *
reason_of(const struct finding *f, char *buf, size_t len)
{
	if (f->hop > 0) {
		snprintf(buf, len, "at hop %zu: %s", f->hop, f->why);
		return buf;
	}
	if (f->headers_behind == 0)
		return f->why;
	if (f->headers_behind == 1)
		snprintf(buf, len, "%s%sits last header is not covered by the statement", f->why,
			 f->why[0] == '\0' ? "" : "; ");
	else
		snprintf(buf, len, "%s%sits last %zu headers are not covered by the statement", f->why,
			 f->why[0] == '\0' ? "" : "; ", f->headers_behind);
	return buf;
}

/* A line of JSON; what is escaped in it was inside strings, where it means the same. */
static void
put(struct report *r, struct wr *w)
{
	if (wr_err(w) != 0 || safe_slice(r->to, wr_slice(w)) != 0)
		r->failed = true;
	wr_free(w);
}

static void
json_text(struct wr *w, const char *name, const char *value)
{
	wr_printf(w, "\"%s\":", name);
	json_write_text(w, slice_str(value));
}

static void
finding_json(struct report *r, const struct finding *f)
{
	struct wr w = wr_new(JSON_LINE_MAX);
	char chain[2 * CHAIN_ID_LEN + 1], reason[REASON_MAX];

	wr_text(&w, "{");
	json_text(&w, "topic", r->topic);
	wr_printf(&w, ",\"partition\":%d", f->partition);
	if (f->offset >= 0)
		wr_printf(&w, ",\"offset\":%lld", (long long)f->offset);
	wr_text(&w, ",");
	json_text(&w, f->about_record ? "verdict" : "finding", name_of(f));
	wr_text(&w, ",");
	json_text(&w, "reason", reason_of(f, reason, sizeof(reason)));
	if (f->headers_behind > 0)
		wr_printf(&w, ",\"headersBehind\":%zu", f->headers_behind);
	if (f->hop > 0)
		wr_printf(&w, ",\"hop\":%zu", f->hop);
	if (f->has_window)
		wr_printf(&w, ",\"chain\":\"%s\",\"window\":%llu", text_hex(f->chain.b, CHAIN_ID_LEN, chain),
			  (unsigned long long)f->window_id);
	if (f->issuer != NULL && f->issuer[0] != '\0') {
		wr_text(&w, ",");
		json_text(&w, "issuer", f->issuer);
	}
	wr_text(&w, "}");
	put(r, &w);
}

void
report_flush(struct report *r)
{
	const struct finding *f = &r->first;
	char where[64], by[64] = "", chain[2 * CHAIN_ID_LEN + 1], buf[REASON_MAX];
	const char *reason;

	if (!r->held)
		return;
	r->held = false;
	reason = reason_of(f, buf, sizeof(buf));
	if (f->offset < 0)
		snprintf(where, sizeof(where), "window %llu", (unsigned long long)f->window_id);
	else if (f->offset == r->last_offset)
		snprintf(where, sizeof(where), "offset %lld", (long long)f->offset);
	else
		snprintf(where, sizeof(where), "offsets %lld-%lld", (long long)f->offset, (long long)r->last_offset);
	if (f->has_window)
		snprintf(by, sizeof(by), "  (window %llu of chain %.8s)", (unsigned long long)f->window_id,
			 text_hex(f->chain.b, CHAIN_ID_LEN, chain));
	safe_line(r->to, "%s/%d  %-14s  %-16s%s%s%s", r->topic, f->partition, where, name_of(f),
		  reason[0] == '\0' ? "" : "  ", reason, by);
}

/* Does `f` continue the run that is held? */
static bool
continues(const struct report *r, const struct finding *f)
{
	const struct finding *g = &r->first;

	return r->held && f->offset >= 0 && f->offset == r->last_offset + 1 && f->partition == g->partition &&
	       f->about_record == g->about_record && strcmp(name_of(f), name_of(g)) == 0 && strcmp(f->why, g->why) == 0 &&
	       f->headers_behind == g->headers_behind && f->hop == g->hop && f->has_window == g->has_window &&
	       (!f->has_window || (chain_id_eq(&f->chain, &g->chain) && f->window_id == g->window_id));
}

void
report_issuers_add(struct report_issuers *to, const char *name, uint64_t records)
{
	size_t i = 0;

	while (i < to->count && strcmp(to->list[i].name, name) != 0)
		i++;
	if (i == REPORT_ISSUERS_MAX)
		return;
	if (i == to->count)
		to->list[to->count++].name = name;
	to->list[i].records += records;
}

void
report_finding(struct report *r, const struct finding *f)
{
	if (f->about_record && f->issuer != NULL && f->issuer[0] != '\0' &&
	    (f->verdict == VERDICT_VERIFIED || f->verdict == VERDICT_VERIFIED_CONTENT))
		report_issuers_add(&r->issuers, f->issuer, 1);
	if (r->to == NULL || !worth_telling(r, f))
		return;
	if (r->json) {
		finding_json(r, f);
		return;
	}
	if (!continues(r, f)) {
		report_flush(r);
		r->first = *f;
		r->held = true;
	}
	r->last_offset = f->offset;
	if (f->offset < 0)
		report_flush(r); /* nothing shares its line, and its reason may not live on */
}

/* --- the sum, for programs -------------------------------------------------------- */

static uint64_t
hop_records(const struct tally *t, size_t hop)
{
	uint64_t n = 0;

	for (size_t i = 0; i < HOP_RESULTS; i++)
		n += t->hops[hop][i];
	return n;
}

/* Nothing where none was looked at. */
static void
hops_json(struct wr *w, const struct tally *t)
{
	for (size_t i = 0; i < HOPS_TOLD && hop_records(t, i) > 0; i++) {
		wr_printf(w, "%s{\"hop\":%zu", i == 0 ? ",\"hops\":[" : ",", i + 1);
		for (size_t k = 0; k < HOP_RESULTS; k++)
			wr_printf(w, ",\"%s\":%llu", tally_hop_name((enum hop_result)k), (unsigned long long)t->hops[i][k]);
		wr_text(w, "}");
	}
	if (hop_records(t, 0) > 0)
		wr_text(w, "]");
}

static void
tally_json(struct wr *w, const struct tally *t)
{
	const char *comma = "";

	wr_printf(w, "\"records\":%llu,\"verdicts\":{", (unsigned long long)t->records);
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (t->verdicts[i] > 0 || i == VERDICT_VERIFIED) {
			wr_printf(w, "%s\"%s\":%llu", comma, verdict_name((enum verdict)i),
				  (unsigned long long)t->verdicts[i]);
			comma = ",";
		}
	wr_printf(w, "},\"recordsWithHeadersBehind\":%llu,\"headersBehind\":%llu", (unsigned long long)t->records_with_behind,
		  (unsigned long long)t->headers_behind);
	wr_printf(w, ",\"windows\":{\"stated\":%llu,\"complete\":%llu", (unsigned long long)t->windows,
		  (unsigned long long)t->windows_with[WINDOW_COMPLETE]);
	for (size_t i = WINDOW_COMPLETE + 1; i < WINDOW_FINDINGS; i++)
		if (t->windows_with[i] > 0)
			wr_printf(w, ",\"%s\":%llu", window_finding_name((enum window_finding)i),
				  (unsigned long long)t->windows_with[i]);
	wr_text(w, "},\"absent\":{");
	comma = "";
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (t->members[i] > 0) {
			wr_printf(w, "%s\"%s\":%llu", comma, window_finding_name((enum window_finding)i),
				  (unsigned long long)t->members[i]);
			comma = ",";
		}
	wr_text(w, "}");
	hops_json(w, t);
}

static void
memory_json(struct wr *w, const struct report_about *about)
{
	if (about->memory == NULL)
		return;
	wr_text(w, ",");
	json_text(w, "memory", about->memory);
}

static const char *
isolation_of(const struct report_about *about)
{
	return about->read_committed ? "read_committed" : "read_uncommitted";
}

static void
end_json(struct report *r, struct wr *w, int code)
{
	wr_printf(w, ",\"exit\":%d,\"ok\":%s}", code, code == EXIT_OK ? "true" : "false");
	put(r, w);
}

static void
topic_json(struct report *r, const struct report_about *about, const struct topic_report *t,
	   const struct report_issuers *issuers, int code)
{
	struct wr w = wr_new(JSON_LINE_MAX);

	wr_text(&w, "{");
	json_text(&w, "topic", t->topic);
	wr_text(&w, ",");
	json_text(&w, "clusterId", t->cluster_id);
	wr_text(&w, ",");
	json_text(&w, "topicId", t->topic_id);
	wr_printf(&w, ",\"topicIdChecked\":%s,%s", t->id_unchecked == NULL ? "true" : "false", t->gone ? "\"gone\":true," : "");
	json_text(&w, "dbomTopic", about->dbom_topic);
	wr_text(&w, ",");
	json_text(&w, "isolation", isolation_of(about));
	memory_json(&w, about);
	wr_printf(&w, ",\"unattested\":\"%s\",\"issuers\":[", t->unattested_allowed ? "allow" : "deny");
	for (size_t i = 0; i < issuers->count; i++) {
		wr_text(&w, i == 0 ? "{" : ",{");
		json_text(&w, "issuer", issuers->list[i].name);
		wr_printf(&w, ",\"records\":%llu}", (unsigned long long)issuers->list[i].records);
	}
	wr_printf(&w, "],\"statements\":{\"trusted\":%llu,\"untrusted\":%llu,\"unreadable\":%llu,\"otherTopicId\":%llu},",
		  (unsigned long long)t->statements.trusted, (unsigned long long)t->statements.untrusted,
		  (unsigned long long)t->statements.unreadable, (unsigned long long)t->statements.other_topic_id);
	tally_json(&w, &t->sum);
	wr_text(&w, ",\"partitions\":[");
	for (size_t i = 0; i < t->partition_count; i++) {
		const struct topic_partition *p = &t->partitions[i];

		wr_printf(&w, "%s{\"partition\":%d,\"from\":%lld,\"to\":%lld,", i == 0 ? "" : ",", p->partition,
			  (long long)p->from, (long long)p->to);
		tally_json(&w, &p->tally);
		wr_text(&w, "}");
	}
	wr_text(&w, "]");
	end_json(r, &w, code);
}

static void
all_json(struct report *r, const struct report_about *about, const struct report_sum *s)
{
	struct wr w = wr_new(JSON_LINE_MAX);

	wr_printf(&w, "{\"topics\":%zu,\"topicsGone\":%zu,\"partitionCount\":%zu,", s->topics, s->gone, s->partitions);
	json_text(&w, "clusterId", s->cluster_id);
	wr_text(&w, ",");
	json_text(&w, "dbomTopic", about->dbom_topic);
	wr_text(&w, ",");
	json_text(&w, "isolation", isolation_of(about));
	memory_json(&w, about);
	wr_text(&w, ",");
	tally_json(&w, &s->tally);
	end_json(r, &w, s->code);
}

/* --- the sum, for people ----------------------------------------------------------- */

static bool
verdict_shown(const struct tally *sum, size_t v)
{
	return v == VERDICT_VERIFIED || sum->verdicts[v] > 0;
}

/* Members where it is about members, windows else. */
static uint64_t
of_finding(const struct tally *sum, const struct tally *t, size_t f)
{
	return sum->members[f] > 0 ? t->members[f] : t->windows_with[f];
}

static void
row(struct table *tab, const struct tally *sum, const struct tally *t)
{
	table_cell(tab, "%llu", (unsigned long long)t->records);
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (verdict_shown(sum, v))
			table_cell(tab, "%llu", (unsigned long long)t->verdicts[v]);
	if (sum->records_with_behind > 0)
		table_cell(tab, "%llu", (unsigned long long)t->records_with_behind);
	table_cell(tab, "%llu", (unsigned long long)t->windows);
	table_cell(tab, "%llu", (unsigned long long)t->windows_with[WINDOW_COMPLETE]);
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		if (sum->windows_with[f] > 0)
			table_cell(tab, "%llu", (unsigned long long)of_finding(sum, t, f));
}

static void
sum_table(struct report *r, const struct topic_report *t)
{
	size_t columns = 2 + 1 + 2 + (t->sum.records_with_behind > 0);
	struct table tab;

	for (size_t v = 0; v < VERDICT_COUNT; v++)
		columns += verdict_shown(&t->sum, v);
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		columns += t->sum.windows_with[f] > 0;
	tab = table_new(columns);
	table_cell(&tab, "partition");
	table_cell(&tab, "offsets");
	table_cell(&tab, "records");
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (verdict_shown(&t->sum, v))
			table_cell(&tab, "%s", verdict_name((enum verdict)v));
	if (t->sum.records_with_behind > 0)
		table_cell(&tab, "headers-behind");
	table_cell(&tab, "windows");
	table_cell(&tab, "complete");
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		if (t->sum.windows_with[f] > 0)
			table_cell(&tab, "%s", window_finding_name((enum window_finding)f));
	for (size_t i = 0; i < t->partition_count; i++) {
		const struct topic_partition *p = &t->partitions[i];

		table_cell(&tab, "%d", p->partition);
		if (p->from < p->to)
			table_cell(&tab, "%lld-%lld", (long long)p->from, (long long)p->to - 1);
		else
			table_cell(&tab, "none");
		row(&tab, &t->sum, &p->tally);
	}
	if (t->partition_count > 1) {
		table_cell(&tab, "all");
		table_cell(&tab, "%s", "");
		row(&tab, &t->sum, &t->sum);
	}
	table_print(&tab, r->to);
	table_free(&tab);
}

static PRINTF(2, 3) void
noted(const struct report_notes *n, const char *fmt, ...)
{
	char *text = NULL;
	va_list args;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	n->say(n->arg, text == NULL ? "out of memory" : text);
	free(text);
}

/* "; 3 changed since", or nothing of none. */
static const char *
hop_part(uint64_t n, const char *what, char buf[HOP_PART_MAX])
{
	buf[0] = '\0';
	if (n > 0)
		snprintf(buf, HOP_PART_MAX, "; %llu %s", (unsigned long long)n, what);
	return buf;
}

void
report_notes(const struct report_notes *n, const struct report_about *about, const struct topic_report *t,
	     const struct report_issuers *issuers)
{
	const struct statements_count *s = &t->statements;

	if (t->gone)
		noted(n, "the cluster has no such topic; its records are gone with it");
	else if (t->id_unchecked != NULL)
		noted(n, "the topic's id was not checked (%s)%s%s", t->id_unchecked,
			t->topic_id[0] == '\0' ? "" : "; taken from the latest statement: ", t->topic_id);
	if (s->other_topic_id > 0)
		noted(n, "%llu statement%s about an earlier topic of this name, deleted since",
			(unsigned long long)s->other_topic_id, plural(s->other_topic_id));
	if (s->untrusted > 0)
		noted(n, "%llu statement%s about this topic that can't be trusted; of the last: %s%s%s",
			(unsigned long long)s->untrusted, plural(s->untrusted),
			s->untrusted_why == NULL ? "no trusted key signed the statement" : s->untrusted_why,
			s->untrusted_keyid[0] == '\0' ? "" : "; it says it is of key ", s->untrusted_keyid);
	if (s->unreadable > 0)
		noted(n, "%llu record%s of %s under a statement's key that can't be read as one",
			(unsigned long long)s->unreadable, plural(s->unreadable), about->dbom_topic);
	if (t->sum.records_with_behind > 0)
		noted(n, "%llu record%s with headers that no statement covers (%llu in all); anybody may have added them",
			(unsigned long long)t->sum.records_with_behind, plural(t->sum.records_with_behind),
			(unsigned long long)t->sum.headers_behind);
	for (size_t i = 0; i < HOPS_TOLD && hop_records(&t->sum, i) > 0; i++) {
		const uint64_t *h = t->sum.hops[i];
		char part[4][HOP_PART_MAX];

		noted(n, "hop %zu%s: %llu of %llu record%s verified%s%s%s%s", i + 1, i == HOPS_TOLD - 1 ? " and later" : "",
		      (unsigned long long)h[HOP_VERIFIED], (unsigned long long)hop_records(&t->sum, i), plural(hop_records(&t->sum, i)),
		      hop_part(h[HOP_CHANGED], "changed since", part[0]), hop_part(h[HOP_NOT_FOUND], "whose statement isn't here", part[1]),
		      hop_part(h[HOP_UNTRUSTED], "whose statement doesn't count", part[2]), hop_part(h[HOP_UNTOLD], "that can't be told", part[3]));
	}
	if (t->mirror)
		noted(n, "the policy declares this topic a mirror: what is missing in it can't be told");
	else if (s->trusted == 0)
		noted(n, "no trusted statement about this topic");
	for (size_t i = 0; i < issuers->count; i++)
		noted(n, "%llu record%s verified by statements of %s", (unsigned long long)issuers->list[i].records,
			  plural(issuers->list[i].records), issuers->list[i].name);
}

static void
violations(struct wr *w, const struct tally *s)
{
	const char *comma = "";

	wr_text(w, "VIOLATION: ");
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (s->verdicts[v] > 0 && verdict_is_violation((enum verdict)v)) {
			wr_printf(w, "%s%llu %s", comma, (unsigned long long)s->verdicts[v], verdict_name((enum verdict)v));
			comma = ", ";
		}
	for (size_t f = 0; f < WINDOW_FINDINGS; f++)
		if (s->windows_with[f] > 0 && window_finding_is_violation((enum window_finding)f)) {
			wr_printf(w, "%s%llu %s", comma, (unsigned long long)of_finding(s, s, f),
				  window_finding_name((enum window_finding)f));
			comma = ", ";
		}
}

void
report_outcome(struct wr *w, const struct tally *s, uint64_t allowed, size_t gone, int code)
{
	uint64_t undecided = s->verdicts[VERDICT_PENDING] + s->verdicts[VERDICT_UNATTESTED] - allowed;

	if (code == EXIT_OK && allowed > 0)
		wr_printf(w, "OK: %llu record%s unattested, which the policy allows; all others verified",
			  (unsigned long long)allowed, plural(allowed));
	else if (code == EXIT_OK)
		wr_printf(w, "OK: all %llu record%s verified", (unsigned long long)s->records, plural(s->records));
	else if (code == EXIT_VIOLATION)
		violations(w, s);
	else if (gone > 0)
		wr_printf(w, "UNDECIDED: %llu record%s pending or unattested, %zu topic%s gone, no violation",
			  (unsigned long long)undecided, plural(undecided), gone, plural(gone));
	else
		wr_printf(w, "UNDECIDED: %llu record%s pending or unattested, no violation", (unsigned long long)undecided,
			  plural(undecided));
}

static void
outcome_line(struct report *r, const struct tally *s, uint64_t allowed, size_t gone, int code)
{
	struct wr w = wr_new(JSON_LINE_MAX);

	report_outcome(&w, s, allowed, gone, code);
	put(r, &w);
}

static uint64_t
allowed_of(const struct topic_report *t)
{
	return t->unattested_allowed ? t->sum.verdicts[VERDICT_UNATTESTED] : 0;
}

static void
say_note(void *arg, const char *text)
{
	const struct report *r = arg;

	safe_line(r->to, "note: %s", text);
}

static void
topic_text(struct report *r, const struct report_about *about, const struct topic_report *t,
	   const struct report_issuers *issuers, int code)
{
	safe_line(r->to, "topic %s%s%s, %llu trusted statement%s in %s, %s", t->topic,
		  t->topic_id[0] == '\0' ? "" : ", id ", t->topic_id, (unsigned long long)t->statements.trusted,
		  plural(t->statements.trusted), about->dbom_topic, isolation_of(about));
	report_notes(&(struct report_notes){say_note, r}, about, t, issuers);
	if (t->partition_count > 0)
		sum_table(r, t);
	outcome_line(r, &t->sum, allowed_of(t), t->gone, code);
}

int
report_code(const struct topic_report *t)
{
	enum tally_outcome o = tally_outcome(&t->sum, t->unattested_allowed);

	return o == TALLY_VIOLATION ? EXIT_VIOLATION : o == TALLY_UNDECIDED || t->gone ? EXIT_UNDECIDED : EXIT_OK;
}

int
report_topic(struct report *r, const struct report_about *about, const struct topic_report *t,
	     const struct report_issuers *issuers)
{
	int code = report_code(t);

	if (r->to == NULL)
		return code;
	if (r->json)
		topic_json(r, about, t, issuers, code);
	else
		topic_text(r, about, t, issuers, code);
	return command_worse(code, r->failed ? EXIT_UNFINISHED : EXIT_OK);
}

/* --- the sum of all topics --------------------------------------------------------------- */

void
report_sum_add(struct report_sum *s, const struct topic_report *t, int code)
{
	tally_add(&s->tally, &t->sum);
	s->topics++;
	s->partitions += t->partition_count;
	s->gone += t->gone;
	s->allowed += allowed_of(t);
	s->code = command_worse(s->code, code);
	snprintf(s->cluster_id, sizeof(s->cluster_id), "%s", t->cluster_id);
}

void
report_all(struct report *r, const struct report_about *about, const struct report_sum *s)
{
	if (r->to == NULL)
		return;
	if (r->json) {
		all_json(r, about, s);
		return;
	}
	fprintf(r->to, "\nall: %zu topic%s, %zu partition%s\n", s->topics, plural(s->topics), s->partitions, plural(s->partitions));
	outcome_line(r, &s->tally, s->allowed, s->gone, s->code);
}
