#include "admin/overview_internal.h"

#include "base/html.h"
#include "base/text.h"
#include "digest/sha256.h"

/* One figure of the glance, to be followed by its small print and card_end(). */
static void
card(struct wr *w, const char *name, const char *kind)
{
	wr_printf(w, "<div class=\"card%s\"><dt>%s</dt><dd>", kind, name);
}

static void
card_end(struct wr *w)
{
	wr_text(w, "</dd></div>\n");
}

static void
small(struct wr *w)
{
	wr_text(w, "</dd><dd class=\"small\">");
}

/* --- the glance --------------------------------------------------------------------------- */

static void
windows_card(struct wr *w, const struct overview *o)
{
	card(w, "Windows waiting", o->waiting > 0 && o->oldest_ms >= OVERVIEW_LATE_MS ? " is-open" : "");
	overview_number(w, (int64_t)o->waiting);
	small(w);
	if (o->waiting > 0) {
		wr_text(w, "the oldest for ");
		overview_span(w, o->oldest_ms);
		wr_text(w, "; ");
	}
	overview_some(w, o->windows_open, "open window", "open windows");
	if (o->unpublished_records > 0) {
		wr_text(w, "; ");
		overview_some(w, o->unpublished_records, "record without a published statement", "records without a published statement");
	}
	card_end(w);
}

static void
verify_card(struct wr *w, const struct overview *o)
{
	static const char *const modes[] = {"off", "observe", "enforce"};
	int64_t violations = overview_violations(o);

	card(w, "Verdicts", violations > 0 ? " is-bad" : "");
	if (o->verify == OVERVIEW_VERIFY_OFF)
		wr_text(w, "none");
	else if (violations == 0)
		wr_text(w, "no violation");
	else
		overview_some(w, violations, "violation", "violations");
	small(w);
	wr_printf(w, "<code>verify.mode: %s</code>", modes[o->verify]);
	card_end(w);
}

static void
glance(struct wr *w, const struct overview *o)
{
	wr_text(w, "<section aria-label=\"At a glance\">\n<dl class=\"cards\">\n");
	card(w, "Records attested", "");
	overview_number(w, o->attested);
	small(w);
	overview_rate(w, o->rate_milli);
	wr_text(w, " a second");
	if (o->passed > 0) {
		wr_text(w, "; ");
		overview_some(w, o->passed, "more that is not to be", "more that are not to be");
	}
	card_end(w);
	windows_card(w, o);
	card(w, "Statements published", "");
	overview_number(w, o->published);
	small(w);
	wr_text(w, "to <code>");
	html_name(w, o->statement_topic);
	wr_text(w, "</code>");
	card_end(w);
	card(w, "Clients' connections", "");
	overview_number(w, o->connections);
	small(w);
	wr_text(w, o->stopping ? "no new ones are taken" : o->ready ? "new ones are served" : "new ones are not served");
	card_end(w);
	verify_card(w, o);
	wr_text(w, "</dl>\n</section>\n");
}

/* --- verdicts ---------------------------------------------------------------------------------- */

static void
verdicts(struct wr *w, const struct overview *o)
{
	if (o->verify == OVERVIEW_VERIFY_OFF)
		return;
	overview_section(w, "verdicts", "Verdicts on what consumers read");
	wr_text(w, "<dl>\n");
	for (size_t i = 0; i < o->verdict_count; i++) {
		const struct overview_count *c = &o->verdicts[i];

		if (c->n == 0 && i > 0)
			continue;
		wr_text(w, "<dt>");
		html_text(w, c->name);
		wr_text(w, c->is_violation ? "</dt><dd class=\"bad\"><strong>" : "</dt><dd>");
		overview_number(w, c->n);
		wr_text(w, c->is_violation ? "</strong> (violation)</dd>\n" : "</dd>\n");
	}
	wr_text(w, "<dt>partitions stopped</dt><dd>");
	overview_some(w, o->stops, "time", "times");
	wr_text(w, "</dd>\n<dt>left out</dt><dd>");
	overview_some(w, o->skipped, "record", "records");
	wr_text(w, "</dd>\n<dt>statements</dt><dd>");
	wr_text(w, o->statements_current ? "read up to their end" : "not read up to their end");
	wr_text(w, "</dd>\n</dl>\n</section>\n");
}

/* --- the key, and certificates ------------------------------------------------------------------- */

static void
certificate(struct wr *w, const struct overview *o, const char *name, int64_t ends_s)
{
	int64_t left_ms;

	if (ends_s <= 0 || ends_s > INT64_MAX / 1000)
		return;
	left_ms = ends_s * 1000 - o->now_ms;
	wr_printf(w, "<dt>%s</dt><dd>", name);
	if (left_ms > 0) {
		wr_text(w, "ends in ");
		overview_span(w, left_ms);
		wr_text(w, ", at ");
	} else {
		wr_text(w, "ended at ");
	}
	html_time(w, ends_s * 1000);
	wr_text(w, "</dd>\n");
}

static void
key(struct wr *w, const struct overview *o)
{
	overview_section(w, "key", "Key");
	wr_text(w, "<dl>\n<dt>Level</dt><dd>");
	wr_printf(w, "L%d, %s</dd>\n", o->level, o->key_id[0] != '\0' ? "statements are signed" : "statements are not signed");
	if (o->key_id[0] != '\0') {
		wr_text(w, "<dt>Fingerprint</dt><dd><code>");
		html_text(w, o->key_id);
		wr_text(w, "</code></dd>\n");
	}
	if (o->key_ms > 0) {
		wr_text(w, "<dt>Age of its file</dt><dd>");
		overview_span(w, o->now_ms > o->key_ms ? o->now_ms - o->key_ms : 0);
		wr_text(w, ", since ");
		html_time(w, o->key_ms);
		wr_text(w, "</dd>\n");
	}
	certificate(w, o, "Certificate for clients", o->client_certificate_ends_s);
	certificate(w, o, "Certificate for brokers", o->broker_certificate_ends_s);
	wr_text(w, "</dl>\n</section>\n");
}

/* --- the cluster and its ports ---------------------------------------------------------------------- */

static void
ports(struct wr *w, const struct overview *o)
{
	overview_section(w, "cluster", "Cluster");
	wr_text(w, "<p>");
	if (o->cluster[0] != '\0') {
		wr_text(w, "<code>");
		html_name(w, o->cluster);
		wr_text(w, "</code></p>\n");
	} else {
		wr_text(w, "Its id is not known yet.</p>\n");
	}
	if (o->port_count > 0)
		wr_text(w, "<table class=\"stack\">\n<caption>Ports that clients connect to, and where each leads</caption>\n"
			   "<thead><tr><th scope=\"col\">Port</th><th scope=\"col\">Leads to</th><th scope=\"col\">Connections</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < o->port_count; i++) {
		const struct overview_port *p = &o->ports[i];

		wr_printf(w, "<tr><th scope=\"row\">%u</th>", p->port);
		overview_cell(w, "Leads to");
		if (p->node < 0)
			wr_text(w, "any broker (bootstrap)");
		else
			wr_printf(w, "broker %d", p->node);
		if (p->node >= 0 && p->host[0] != '\0') {
			wr_text(w, " at ");
			html_name(w, p->host);
			wr_printf(w, ":%u", p->broker_port);
		}
		wr_text(w, "</td>");
		overview_cell(w, "Connections");
		overview_number(w, p->connections);
		wr_text(w, "</td></tr>\n");
	}
	if (o->port_count > 0)
		wr_text(w, "</tbody></table>\n");
	if (o->port_total > o->port_count) {
		wr_text(w, "<p>");
		overview_some(w, (int64_t)(o->port_total - o->port_count), "more port is not listed.", "more ports are not listed.");
		wr_text(w, "</p>\n");
	}
	wr_text(w, "</section>\n");
}

/* --- the log's last ------------------------------------------------------------------------------------ */

static void
log_lines(struct wr *w, const struct overview *o)
{
	overview_section(w, "log", "Last warnings and errors");
	if (o->recent_count == 0) {
		wr_text(w, "<p>None since the start.</p>\n</section>\n");
		return;
	}
	wr_text(w, "<ol class=\"log\">\n");
	for (size_t i = 0; i < o->recent_count; i++) {
		const struct recent *r = &o->recent[i];
		bool is_error = r->level == LOG_LEVEL_ERROR;

		wr_printf(w, "<li><p><strong class=\"%s\">%s</strong> in <code>", is_error ? "bad" : "open", is_error ? "Error" : "Warning");
		html_text(w, r->where);
		wr_text(w, "</code>, ");
		overview_ago(w, o, r->last_ms);
		wr_text(w, " (");
		html_time(w, r->last_ms);
		if (r->count > 1) {
			wr_text(w, "; ");
			overview_number(w, (int64_t)r->count);
			wr_text(w, " times since ");
			html_time(w, r->first_ms);
		}
		wr_text(w, ")</p>\n<p>");
		html_text(w, r->msg);
		wr_text(w, "</p>");
		if (o->names && r->fields[0] != '\0') {
			wr_text(w, "\n<p><code>");
			html_name(w, r->fields);
			wr_text(w, "</code></p>");
		}
		wr_text(w, "</li>\n");
	}
	wr_text(w, "</ol>\n");
	if (!o->names)
		wr_text(w, "<p>Whom and what they are about the log alone says (<code>admin.names: false</code>).</p>\n");
	wr_text(w, "</section>\n");
}

/* --- all of it ------------------------------------------------------------------------------------------- */

static void
about(struct wr *w, const struct overview *o)
{
	overview_section(w, "about", "This proxy");
	wr_text(w, "<dl>\n<dt>Version</dt><dd>makoto-proxy ");
	html_text(w, o->version);
	wr_text(w, ", Kafka APIs up to ");
	html_text(w, o->kafka_version);
	wr_text(w, "</dd>\n<dt>Running for</dt><dd>");
	overview_span(w, o->now_ms > o->started_ms ? o->now_ms - o->started_ms : 0);
	wr_text(w, "</dd>\n<dt>Collector</dt><dd>");
	html_name(w, o->collector);
	wr_text(w, "</dd>\n<dt>Instance</dt><dd><code>");
	html_text(w, o->instance);
	wr_text(w, "</code></dd>\n</dl>\n</section>\n");
}

static void
head(struct wr *w, const char *words)
{
	wr_text(w, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		   "<noscript><meta http-equiv=\"refresh\" content=\"10\"></noscript>\n<link rel=\"icon\" href=\"data:,\">\n");
	wr_printf(w, "<title>%s: makoto-proxy</title>\n<style>", words);
	wr_text(w, overview_style);
	wr_text(w, "</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#main\">To the content</a>\n"
		   "<p id=\"said\" class=\"off\" role=\"status\"></p>\n<div id=\"page\">\n");
}

void
overview_write(const struct overview *o, struct wr *w)
{
	static const char *const classes[] = {"good", "open", "bad"};
	const char *words;
	enum overview_state state = overview_state(o, &words);

	head(w, words);
	wr_printf(w, "<header class=\"%s\">\n<p class=\"who\">makoto-proxy at ", classes[state]);
	html_time(w, o->now_ms);
	wr_printf(w, "<span id=\"old\"></span></p>\n<h1>%s</h1>\n", words);
	overview_state_reasons(o, w);
	wr_text(w, "</header>\n<main id=\"main\" tabindex=\"-1\">\n");
	glance(w, o);
	overview_topics(w, o);
	verdicts(w, o);
	log_lines(w, o);
	key(w, o);
	ports(w, o);
	about(w, o);
	wr_text(w, "</main>\n<footer>\n<p>Shown anew every few seconds; counts begin with the start. For programs: "
		   "<a id=\"to-metrics\" href=\"metrics\">metrics</a>, <a id=\"to-status\" href=\"status\">status</a>, "
		   "<a id=\"to-healthz\" href=\"healthz\">healthz</a>, <a id=\"to-readyz\" href=\"readyz\">readyz</a>.</p>\n</footer>\n</div>\n<script>");
	wr_text(w, overview_script);
	wr_text(w, "</script>\n</body>\n</html>\n");
}

static void
hash_of(const char *text, char *ret, size_t len)
{
	uint8_t hash[SHA256_LEN];
	struct wr base64 = wr_new(64);

	sha256_of(slice_str(text), hash);
	text_base64(&base64, slice_of(hash, sizeof(hash)));
	(void)snprintf(ret, len, "%.*s", (int)base64.len, base64.len == 0 ? "" : (const char *)base64.buf);
	wr_free(&base64);
}

void
overview_policy(char ret[OVERVIEW_POLICY_MAX])
{
	char style[64], script[64];

	hash_of(overview_style, style, sizeof(style));
	hash_of(overview_script, script, sizeof(script));
	(void)snprintf(ret, OVERVIEW_POLICY_MAX,
		       "default-src 'none'; style-src 'sha256-%s'; script-src 'sha256-%s'; connect-src 'self'; img-src data:; "
		       "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		       style, script);
}
