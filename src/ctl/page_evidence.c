/* Of a topic: what is gone or waits, who signed, and the evidence of its violations. */
#include "base/html.h"
#include "ctl/page_internal.h"

typedef unsigned long long ull;

void
page_notes(struct wr *w, const struct page_topic *x)
{
	static const char *const columns[] = {"Partition", "What", "#How many", "Offsets", "Why"};
	uint64_t more = 0;
	bool any = false;

	for (const struct page_part *part = x->parts; part != NULL; part = part->next)
		any |= part->note_count > 0;
	if (!any)
		return;
	page_table_open(w, "Gaps and omissions", columns, ARRAY_LEN(columns));
	for (const struct page_part *part = x->parts; part != NULL; part = part->next) {
		size_t shown = w->len < PAGE_DETAILS_MAX ? part->note_count : 0;

		for (size_t i = 0; i < shown; i++) {
			const struct page_note *n = &part->notes[i];

			wr_printf(w, "<tr><th scope=\"row\">%d</th><td>%s</td><td class=\"num\">%llu</td><td>", part->partition,
				  page_kind_name(n->about_record, n->kind), (ull)n->count);
			if (n->last < 0)
				wr_text(w, "whole windows");
			else
				page_span(w, n->first, n->last);
			wr_text(w, "</td><td>");
			html_text(w, n->why);
			wr_text(w, "</td></tr>\n");
		}
		more += part->notes_more + part->note_count - shown;
	}
	page_table_close(w);
	if (more > 0)
		wr_printf(w, "<p>%llu more are in the sums alone.</p>\n", (ull)more);
}

void
page_signers(struct wr *w, const struct page_topic *x)
{
	static const char *const columns[] = {"Issuer", "Key", "Level", "#Windows", "#Records verified", "Finished"};

	if (x->signer_count == 0)
		return;
	page_table_open(w, "Whose statements these are", columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < x->signer_count; i++) {
		const struct page_signer *g = &x->signers[i];

		wr_text(w, "<tr><th scope=\"row\">");
		if (g->keyid != NULL && g->issuer != NULL && g->issuer[0] != '\0')
			html_name(w, g->issuer);
		else
			wr_text(w, "nobody by name");
		wr_text(w, "</th><td class=\"hash\">");
		if (g->keyid == NULL)
			wr_text(w, "not signed");
		else {
			wr_text(w, "<code>");
			html_text(w, g->keyid);
			wr_text(w, "</code>");
		}
		wr_printf(w, "</td><td>L%d</td>", g->level);
		page_number(w, g->windows);
		page_number(w, g->records);
		wr_text(w, "<td>");
		page_times(w, g->from_ms, g->until_ms);
		wr_text(w, "</td></tr>\n");
	}
	page_table_close(w);
	if (x->signers_more > 0)
		wr_printf(w, "<p>%llu window%s more by others.</p>\n", (ull)x->signers_more, page_plural(x->signers_more));
}

static void
hash_item(struct wr *w, const char *what, const char *of, bool has, const uint8_t *hash)
{
	wr_printf(w, "<dt>%s %s</dt><dd>", of, what);
	if (has) {
		wr_text(w, "<code>");
		html_hex(w, hash, SHA256_LEN);
		wr_text(w, "</code></dd>");
	} else {
		wr_text(w, "not known, or none</dd>");
	}
}

static void
violation_item(struct wr *w, const char *topic, const struct page_violation *v)
{
	const struct finding *f = &v->f;

	wr_printf(w, "<li><h4><span class=\"what\">%s</span> partition %d, ", page_kind_name(f->about_record, f->about_record ? (int)f->verdict : (int)f->window),
		  f->partition);
	if (f->offset >= 0)
		wr_printf(w, "offset %lld</h4>\n<dl>", (long long)f->offset);
	else
		wr_printf(w, "window %llu</h4>\n<dl>", (ull)f->window_id);
	wr_text(w, "<dt>Topic</dt><dd>");
	html_name(w, topic);
	wr_text(w, "</dd>");
	if (v->why[0] != '\0') {
		wr_text(w, "<dt>Reason</dt><dd>");
		html_text(w, v->why);
		wr_text(w, "</dd>");
	}
	if (f->has_window) {
		wr_printf(w, "<dt>Window</dt><dd>%llu</dd><dt>Chain</dt><dd><code>", (ull)f->window_id);
		html_hex(w, f->chain.b, CHAIN_ID_LEN);
		wr_text(w, "</code></dd>");
	}
	if (v->issuer[0] != '\0') {
		wr_text(w, "<dt>Stated by</dt><dd>");
		html_name(w, v->issuer);
		wr_text(w, "</dd>");
	}
	if (v->hash_of != NULL) {
		hash_item(w, "expected", v->hash_of, v->has_expected, v->expected);
		hash_item(w, "found", v->hash_of, v->has_found, v->found);
	}
	wr_text(w, "</dl></li>\n");
}

void
page_violations(struct wr *w, const struct page_topic *x)
{
	uint64_t listed = 0, more = 0;

	for (const struct page_part *part = x->parts; part != NULL; part = part->next) {
		listed += part->violation_count;
		more += part->violations_more;
	}
	if (listed + more == 0)
		return;
	wr_text(w, "<h3>Violations</h3>\n<ol class=\"evidence\">\n");
	for (const struct page_part *part = x->parts; part != NULL; part = part->next)
		for (size_t i = 0; i < part->violation_count; i++) {
			if (w->len >= PAGE_DETAILS_MAX) {
				more++;
				continue;
			}
			violation_item(w, x->name, &part->violations[i]);
		}
	wr_text(w, "</ol>\n");
	if (more > 0)
		wr_printf(w, "<p class=\"more\"><strong>%llu more violation%s of this topic %s not listed here.</strong> <code>makotoctl verify</code> tells all of them.</p>\n",
			  (ull)more, page_plural(more), more == 1 ? "is" : "are");
}
