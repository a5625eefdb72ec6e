/* A partition's timeline: a letter and a colour for each piece, and the same in words. */
#include "base/html.h"
#include "base/text.h"
#include "ctl/page_internal.h"

typedef unsigned long long ull;

static const char letters[MARKS][3] = {"\xc2\xb7", "V", "U", "G", "?", "!"};
static const char classes[MARKS] = {'n', 'v', 'u', 'g', 'q', 'x'};

static void
counts(struct wr *w, const struct piece *q)
{
	const char *comma = "";

	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (q->verdicts[v] > 0) {
			wr_printf(w, "%s%u %s", comma, q->verdicts[v], verdict_name((enum verdict)v));
			comma = ", ";
		}
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		if (q->findings[f] > 0) {
			wr_printf(w, "%s%u %s", comma, q->findings[f], window_finding_name((enum window_finding)f));
			comma = ", ";
		}
	if (comma[0] == '\0')
		wr_text(w, "nothing read");
}

static void
which(struct wr *w, const struct piece *q)
{
	char chain[2 * CHAIN_ID_LEN + 1];

	if (!q->stated)
		wr_text(w, "no window");
	else if (q->windows > 1)
		wr_printf(w, "%u windows, the first is %llu of chain %.8s", q->windows, (ull)q->window_id,
			  text_hex(q->chain.b, CHAIN_ID_LEN, chain));
	else
		wr_printf(w, "window %llu of chain %.8s", (ull)q->window_id, text_hex(q->chain.b, CHAIN_ID_LEN, chain));
}

static void
cell(struct wr *w, const struct piece *q)
{
	enum timeline_mark m = timeline_mark(q);

	wr_printf(w, "<i class=\"%c\" title=\"", classes[m]);
	which(w, q);
	wr_text(w, ", offsets ");
	page_span(w, q->first, q->last);
	wr_text(w, ": ");
	counts(w, q);
	wr_printf(w, "\">%s</i>", letters[m]);
}

/* Pieces in a row that are the same, in one. */
static size_t
alike(const struct timeline *t, size_t from, struct piece *ret)
{
	size_t i = from + 1;

	*ret = t->list[from];
	for (; i < t->count && timeline_mark(&t->list[i]) == timeline_mark(ret) && t->list[i].stated == ret->stated; i++)
		timeline_join(ret, &t->list[i]);
	return i;
}

static void
line_table(struct wr *w, const struct page_part *part)
{
	static const char *const columns[] = {"Offsets", "What is there", "Counts", "Windows", "Time"};
	struct piece q;

	wr_printf(w, "<details><summary>The timeline of partition %d in words</summary>\n", part->partition);
	page_table_open(w, "Timeline in words, like neighbours in one row", columns, ARRAY_LEN(columns));
	for (size_t i = 0; i < part->line.count;) {
		i = alike(&part->line, i, &q);
		wr_text(w, "<tr><td>");
		page_span(w, q.first, q.last);
		wr_printf(w, "</td><td>%s</td><td>", timeline_mark_name(timeline_mark(&q)));
		counts(w, &q);
		wr_text(w, "</td><td>");
		which(w, &q);
		wr_text(w, "</td><td>");
		page_times(w, q.from_ms, q.until_ms);
		wr_text(w, "</td></tr>\n");
	}
	page_table_close(w);
	wr_text(w, "</details>\n");
}

void
page_line(struct wr *w, const struct page_part *part)
{
	const struct timeline *t = &part->line;
	size_t marks[MARKS] = {0};
	int64_t from_ms = INT64_MAX, until_ms = INT64_MIN;

	for (size_t i = 0; i < t->count; i++) {
		marks[timeline_mark(&t->list[i])]++;
		from_ms = t->list[i].from_ms < from_ms ? t->list[i].from_ms : from_ms;
		until_ms = t->list[i].until_ms > until_ms ? t->list[i].until_ms : until_ms;
	}
	wr_printf(w, "<div class=\"part\"><h4>Partition %d%s</h4>\n", part->partition, part->judged ? "" : " (not judged to its end)");
	if (t->count == 0) {
		wr_text(w, "<p>It has no windows and no records in this range.</p></div>\n");
		return;
	}
	wr_printf(w, "<p class=\"line\" role=\"img\" aria-label=\"Timeline of partition %d in %zu piece%s:", part->partition, t->count,
		  page_plural(t->count));
	for (size_t m = MARKS; m-- > 0;)
		if (marks[m] > 0)
			wr_printf(w, " %zu %s%s", marks[m], timeline_mark_name((enum timeline_mark)m), m > 0 ? ";" : "");
	wr_text(w, "\">");
	for (size_t i = 0; i < t->count; i++)
		cell(w, &t->list[i]);
	wr_text(w, "</p>\n");
	if (from_ms <= until_ms) {
		wr_text(w, "<p class=\"axis\">Windows: ");
		page_times(w, from_ms, until_ms);
		wr_text(w, t->shift > 0 ? "; neighbours share a piece</p>\n" : "</p>\n");
	}
	line_table(w, part);
	wr_text(w, "</div>\n");
}
