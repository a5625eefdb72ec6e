#include "admin/overview_internal.h"

#include "base/html.h"

void
overview_number(struct wr *w, int64_t n)
{
	char digits[24];
	size_t len;

	(void)snprintf(digits, sizeof(digits), "%llu", n < 0 ? -(unsigned long long)n : (unsigned long long)n);
	len = strlen(digits);
	if (n < 0)
		wr_u8(w, '-');
	for (size_t i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			wr_u8(w, ',');
		wr_u8(w, (uint8_t)digits[i]);
	}
}

void
overview_rate(struct wr *w, int64_t milli)
{
	if (milli > 0 && milli < 100)
		wr_text(w, "&lt; 0.1");
	else if (milli > 0 && milli < 10000)
		wr_printf(w, "%lld.%lld", (long long)(milli / 1000), (long long)(milli % 1000 / 100));
	else
		overview_number(w, milli / 1000);
}

void
overview_span(struct wr *w, int64_t ms)
{
	long long s = ms / 1000;

	if (ms < 1000)
		wr_printf(w, "%lld ms", (long long)ms);
	else if (s < 60)
		wr_printf(w, "%lld s", s);
	else if (s < 3600)
		wr_printf(w, "%lld min %lld s", s / 60, s % 60);
	else if (s < 86400)
		wr_printf(w, "%lld h %lld min", s / 3600, s % 3600 / 60);
	else
		wr_printf(w, "%lld day%s %lld h", s / 86400, s / 86400 == 1 ? "" : "s", s % 86400 / 3600);
}

void
overview_some(struct wr *w, int64_t n, const char *one, const char *many)
{
	overview_number(w, n);
	wr_printf(w, " %s", n == 1 ? one : many);
}

void
overview_counts(struct wr *w, const struct overview_count *c, size_t count, bool violations_alone)
{
	bool any = false;

	for (size_t i = 0; i < count; i++) {
		if (c[i].n == 0 || (violations_alone && !c[i].is_violation))
			continue;
		wr_text(w, any ? ", " : "");
		overview_number(w, c[i].n);
		wr_u8(w, ' ');
		html_text(w, c[i].name);
		any = true;
	}
}

int64_t
overview_violations(const struct overview *o)
{
	int64_t n = 0;

	for (size_t i = 0; i < o->verdict_count; i++)
		n += o->verdicts[i].is_violation ? o->verdicts[i].n : 0;
	return n;
}

void
overview_ago(struct wr *w, const struct overview *o, int64_t ms)
{
	overview_span(w, o->now_ms > ms ? o->now_ms - ms : 0);
	wr_text(w, " ago");
}

void
overview_section(struct wr *w, const char *id, const char *title)
{
	wr_printf(w, "<section aria-labelledby=\"%s\">\n<h2 id=\"%s\">%s</h2>\n", id, id, title);
}

void
overview_cell(struct wr *w, const char *name)
{
	wr_printf(w, "<td data-name=\"%s\">", name);
}
