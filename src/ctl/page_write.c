/* The page around its topics: what came of it all, what was asked, whom to trust, how to read it. */
#include "base/html.h"
#include "base/text.h"
#include "ctl/command.h"
#include "ctl/page_internal.h"

static const char *
headline(int code, const char *why)
{
	if (code == EXIT_VIOLATION)
		return "Violation found";
	if (why != NULL || code == EXIT_UNFINISHED)
		return "Not finished";
	return code == EXIT_OK ? "Verified" : "Undecided";
}

static void
head(struct wr *w, const char *title)
{
	uint8_t hash[SHA256_LEN];

	sha256_of(slice_str(page_style), hash);
	wr_text(w, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		   "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-");
	text_base64(w, slice_of(hash, sizeof(hash)));
	wr_text(w, "'; base-uri 'none'; form-action 'none'\">\n"
		   "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		   "<meta name=\"referrer\" content=\"no-referrer\">\n"
		   "<meta name=\"generator\" content=\"makotoctl " MAKOTO_VERSION "\">\n");
	wr_printf(w, "<title>%s: makoto-kafka verification report</title>\n<style>%s</style>\n</head>\n<body>\n"
		     "<a class=\"skip\" href=\"#main\">To the content</a>\n",
		  title, page_style);
}

/* The words after "OK: ", "VIOLATION: " and the like. */
static void
verdict(struct wr *w, const struct report_sum *sum, const char *why, int code)
{
	struct wr words = wr_new(PAGE_BYTES_MAX);
	const char *text, *colon;

	if (why == NULL && code == EXIT_UNFINISHED)
		why = "memory ran out";
	if (why != NULL) {
		wr_text(w, "<p>It could not be finished: ");
		html_text(w, why);
		wr_text(w, code == EXIT_VIOLATION ? ". Violations were found until then.</p>\n" : ". No violation was found until then.</p>\n");
		return;
	}
	report_outcome(&words, &sum->tally, sum->allowed, sum->gone, code);
	wr_u8(&words, '\0');
	if (wr_err(&words) != 0) {
		w->err = w->err != 0 ? w->err : wr_err(&words);
		wr_free(&words);
		return;
	}
	text = (const char *)words.buf;
	colon = strstr(text, ": ");
	wr_text(w, "<p class=\"lead\">");
	html_text(w, colon == NULL ? text : colon + 2);
	wr_text(w, "</p>\n");
	wr_free(&words);
}

static void
item(struct wr *w, const char *name, const char *text)
{
	if (text == NULL)
		return;
	wr_printf(w, "<dt>%s</dt><dd>", name);
	html_name(w, text);
	wr_text(w, "</dd>\n");
}

static void
items(struct wr *w, const char *name, const char *const *list, size_t count)
{
	if (count == 0)
		return;
	wr_printf(w, "<dt>%s</dt><dd>", name);
	for (size_t i = 0; i < count; i++) {
		wr_text(w, i == 0 ? "" : ", ");
		html_name(w, list[i]);
	}
	wr_text(w, "</dd>\n");
}

static void
asked(struct wr *w, const struct page_about *a, const struct report_sum *sum, int code)
{
	wr_text(w, "<section aria-labelledby=\"asked\">\n<h2 id=\"asked\">What was verified</h2>\n<dl>\n");
	item(w, "Cluster", sum->cluster_id[0] == '\0' ? NULL : sum->cluster_id);
	item(w, "Reached at", a->run->bootstrap);
	if (a->topic_count > 0)
		items(w, "Topics", a->topics, a->topic_count);
	else
		wr_text(w, "<dt>Topics</dt><dd>all that a trusted statement is about</dd>\n");
	if (a->partition >= 0)
		wr_printf(w, "<dt>Partition</dt><dd>%d alone</dd>\n", a->partition);
	wr_text(w, "<dt>Range</dt><dd>from ");
	html_text(w, a->from == NULL ? "the start" : a->from);
	wr_text(w, " to ");
	html_text(w, a->to == NULL ? "the end" : a->to);
	wr_text(w, a->to == NULL ? "</dd>\n" : " (not included)</dd>\n");
	wr_printf(w, "<dt>Isolation</dt><dd>%s</dd>\n", a->run->read_committed ? "read_committed" : "read_uncommitted");
	item(w, "Statements from", a->run->dbom_topic);
	item(w, "Trust policy", a->policy);
	item(w, "Its SHA-256", a->policy == NULL ? NULL : a->policy_sha256);
	items(w, "Public keys", a->keys, a->key_count);
	if (a->accept_unsigned)
		wr_text(w, "<dt>Unsigned</dt><dd>statements of level 1 count, too</dd>\n");
	if (a->run->memory != NULL)
		wr_printf(w, "<dt>Memory</dt><dd>%s</dd>\n", strcmp(a->run->memory, "begins") == 0
							      ? "begins with this run: nothing could be missed yet"
							      : "goes on from the last run");
	wr_text(w, "<dt>Begun</dt><dd>");
	html_time(w, a->begun_ms);
	wr_text(w, "</dd>\n<dt>Ended</dt><dd>");
	html_time(w, a->ended_ms);
	wr_printf(w, "</dd>\n<dt>Made by</dt><dd>makotoctl " MAKOTO_VERSION ", format makoto-kafka/1</dd>\n<dt>Exit code</dt><dd>%d</dd>\n", code);
	wr_text(w, "</dl>\n</section>\n");
}

static void
topics(struct wr *w, const struct page *p, const struct report_sum *sum)
{
	wr_printf(w, "<section aria-labelledby=\"topics\">\n<h2 id=\"topics\">%zu topic%s, %zu partition%s</h2>\n"
		     "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Topics\"><table>\n<caption>Topics</caption>\n"
		     "<thead><tr><th scope=\"col\">Topic</th><th scope=\"col\">Outcome</th><th scope=\"col\" class=\"num\">Records</th><th scope=\"col\" class=\"num\">Windows</th></tr></thead>\n<tbody>\n",
		  p->told, p->told == 1 ? "" : "s", sum->partitions, sum->partitions == 1 ? "" : "s");
	wr_slice_put(w, wr_slice(&p->rows));
	wr_text(w, "</tbody></table></div>\n");
	if (p->rows_more > 0)
		wr_printf(w, "<p>%zu more topics are in the sum alone: the page would be too large.</p>\n", p->rows_more);
	if (p->details_more > 0)
		wr_printf(w, "<p>%zu topics have no details below: the page would be too large.</p>\n", p->details_more);
	if (p->violations_more > 0)
		wr_printf(w, "<p class=\"more\"><strong>%zu violations are listed below, and there are %llu more.</strong></p>\n", p->violations,
			  (unsigned long long)p->violations_more);
	wr_text(w, "</section>\n");
}

static void
until(struct wr *w, const char *before, int64_t ms, bool open)
{
	wr_text(w, before);
	if (open)
		wr_text(w, "any time");
	else
		html_time(w, ms);
}

static void
keys(struct wr *w, const struct policy *policy)
{
	size_t n = policy_key_count(policy);

	wr_text(w, "<section aria-labelledby=\"keys\">\n<h2 id=\"keys\">Whose statements count</h2>\n");
	if (n == 0) {
		wr_text(w, "<p>No key is trusted.</p>\n</section>\n");
		return;
	}
	wr_text(w, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"Trusted keys\"><table>\n<caption>Trusted keys</caption>\n"
		   "<thead><tr><th scope=\"col\">Issuer</th><th scope=\"col\">Fingerprint</th><th scope=\"col\">Level</th>"
		   "<th scope=\"col\">Valid</th><th scope=\"col\">Topics</th><th scope=\"col\">Clusters</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < n; i++) {
		struct policy_key k;

		policy_key(policy, i, &k);
		wr_text(w, "<tr><th scope=\"row\">");
		if (k.issuer[0] == '\0')
			wr_text(w, "nobody by name");
		else
			html_name(w, k.issuer);
		wr_text(w, "</th><td class=\"hash\"><code>");
		html_text(w, k.keyid);
		wr_printf(w, "</code></td><td>L%d or more</td><td>", k.level);
		if (k.from_ms == INT64_MIN && k.until_ms == INT64_MAX) {
			wr_text(w, "any time");
		} else {
			until(w, "from ", k.from_ms, k.from_ms == INT64_MIN);
			until(w, " until ", k.until_ms, k.until_ms == INT64_MAX);
		}
		wr_text(w, "</td><td>");
		for (size_t t = 0; t < k.topic_count; t++) {
			wr_text(w, t == 0 ? "" : ", ");
			html_name(w, k.topics[t]);
		}
		wr_text(w, "</td><td>");
		for (size_t t = 0; t < k.cluster_count; t++) {
			wr_text(w, t == 0 ? "" : ", ");
			html_name(w, k.clusters[t]);
		}
		wr_text(w, "</td></tr>\n");
	}
	wr_text(w, "</tbody></table></div>\n</section>\n");
}

static const char reading[] =
	"<section aria-labelledby=\"reading\">\n<h2 id=\"reading\">How to read the timelines</h2>\n"
	"<p>Each piece of a timeline is a window of records, in the order of their offsets; a topic with very many windows has "
	"several in a piece. A piece is marked by the worst that is in it, and a pointer that rests on it shows its numbers.</p>\n"
	"<ul class=\"legend\">\n<li><i class=\"v\">V</i>verified</li>\n<li><i class=\"u\">U</i>unsigned, accepted</li>\n"
	"<li><i class=\"g\">G</i>members gone, each for a reason</li>\n<li><i class=\"q\">?</i>pending or unattested</li>\n"
	"<li><i class=\"x\">!</i>violation</li>\n<li><i class=\"n\">\xc2\xb7</i>nothing read</li>\n</ul>\n</section>\n";

static const char meanings[] =
	"<section aria-labelledby=\"words\">\n<h2 id=\"words\">What the words mean</h2>\n<dl>\n"
	"<dt>verified</dt><dd>the record is what a trusted statement lists at its offset</dd>\n"
	"<dt>unsigned</dt><dd>the same, by a statement without a signature that is accepted here</dd>\n"
	"<dt>verified-content</dt><dd>a copy, on a declared mirror, of a record that a trusted statement lists</dd>\n"
	"<dt>pending</dt><dd>its window is not stated yet</dd>\n"
	"<dt>unattested</dt><dd>nobody vouches for it</dd>\n"
	"<dt>altered</dt><dd>a trusted statement lists another record there</dd>\n"
	"<dt>misplaced</dt><dd>it belongs at another offset, topic or partition</dd>\n"
	"<dt>duplicate</dt><dd>its window lists it elsewhere, where it is, too</dd>\n"
	"<dt>untrusted</dt><dd>what it names was signed by no key that may attest it</dd>\n"
	"<dt>forged-header</dt><dd>its headers name a window that doesn't know it, or contradict each other</dd>\n"
	"<dt>retention</dt><dd>the record is below the log's start</dd>\n"
	"<dt>compacted</dt><dd>the log's cleaner took it, as it may</dd>\n"
	"<dt>aborted</dt><dd>its transaction was aborted</dd>\n"
	"<dt>missing</dt><dd>a record that a window lists is gone without a reason</dd>\n"
	"<dt>offset-reused</dt><dd>another record is in its place</dd>\n"
	"<dt>gap, break, fork</dt><dd>a statement of a chain is not there, doesn't follow the one before, or exists twice</dd>\n"
	"<dt>manifest-missing</dt><dd>a statement declares its window's leaves and has no right ones</dd>\n"
	"<dt>truncated, replaced, records-gone</dt><dd>what an earlier run saw is gone, or another is in its place</dd>\n"
	"<dt>leaf, root, statement, manifest</dt><dd>SHA-256 of a record, of all records of a window, of what was signed, and of the list of leaves</dd>\n"
	"</dl>\n</section>\n";

int
page_write(struct page *p, const struct page_about *about, const struct report_sum *sum, const char *why, int code, struct wr *w)
{
	const char *title = headline(code, why);

	while (p->topics != NULL)
		page_unfinished(p);
	head(w, title);
	wr_printf(w, "<header class=\"%s\">\n<p class=\"who\">makoto-kafka verification report, ",
		  code == EXIT_OK ? "good" : code == EXIT_VIOLATION ? "bad" : "open");
	html_time(w, about->ended_ms);
	wr_printf(w, "</p>\n<h1>%s</h1>\n", title);
	verdict(w, sum, why, code);
	wr_printf(w, "<p>Judged: %llu record%s and %llu window%s of %zu topic%s.</p>\n", (unsigned long long)sum->tally.records,
		  sum->tally.records == 1 ? "" : "s", (unsigned long long)sum->tally.windows, sum->tally.windows == 1 ? "" : "s",
		  sum->topics, sum->topics == 1 ? "" : "s");
	wr_text(w, "</header>\n<main id=\"main\">\n");
	asked(w, about, sum, code);
	topics(w, p, sum);
	wr_text(w, reading);
	wr_slice_put(w, wr_slice(&p->details));
	keys(w, about->trust);
	wr_text(w, meanings);
	wr_text(w, "</main>\n<footer>\n<p>This page holds what <code>makotoctl report</code> found when it was made, and is signed by nobody: "
		   "who needs more runs it again. It has no script and loads nothing.</p>\n</footer>\n</body>\n</html>\n");
	if (p->failed)
		return ERR_NOMEM;
	if (wr_err(&p->rows) != 0 || wr_err(&p->details) != 0)
		return wr_err(&p->rows) != 0 ? wr_err(&p->rows) : wr_err(&p->details);
	return wr_err(w);
}
