/* Small things that many places of the page have. */
#include "base/html.h"
#include "ctl/page_internal.h"

enum { MS_PER_S = 1000 };

const char *
page_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

void
page_table_open(struct wr *w, const char *caption, const char *const *columns, size_t count)
{
	wr_printf(w, "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"%s\"><table>\n<caption>%s</caption>\n<thead><tr>",
		  caption, caption);
	for (size_t i = 0; i < count; i++) {
		bool numbers = columns[i][0] == '#';

		wr_printf(w, "<th scope=\"col\"%s>%s</th>", numbers ? " class=\"num\"" : "", columns[i] + numbers);
	}
	wr_text(w, "</tr></thead>\n<tbody>\n");
}

void
page_table_close(struct wr *w)
{
	wr_text(w, "</tbody></table></div>\n");
}

void
page_number(struct wr *w, uint64_t n)
{
	wr_printf(w, "<td class=\"num\">%llu</td>", (unsigned long long)n);
}

void
page_span(struct wr *w, int64_t first, int64_t last)
{
	if (first > last || last < 0)
		wr_text(w, "none");
	else if (first == last)
		wr_printf(w, "%lld", (long long)first);
	else
		wr_printf(w, "%lld to %lld", (long long)first, (long long)last);
}

void
page_times(struct wr *w, int64_t from_ms, int64_t until_ms)
{
	if (from_ms > until_ms) {
		wr_text(w, "unknown");
		return;
	}
	html_time(w, from_ms);
	if (from_ms / MS_PER_S == until_ms / MS_PER_S)
		return;
	wr_text(w, " to ");
	html_time(w, until_ms);
}

const char *
page_kind_name(bool about_record, int kind)
{
	return about_record ? verdict_name((enum verdict)kind) : window_finding_name((enum window_finding)kind);
}
