/* One topic, as the page tells it. */
#include "base/html.h"
#include "ctl/command.h"
#include "ctl/page_internal.h"

typedef unsigned long long ull;

/* --- partitions: numbers ------------------------------------------------------------------- */

static bool
verdict_shown(const struct tally *t, size_t v)
{
	return v == VERDICT_VERIFIED || t->verdicts[v] > 0;
}

static uint64_t
of_finding(const struct tally *all, const struct tally *t, size_t f)
{
	return all->members[f] > 0 ? t->members[f] : t->windows_with[f];
}

static void
numbers(struct wr *w, const struct tally *all, const struct tally *t)
{
	page_number(w, t->records);
	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (verdict_shown(all, v))
			page_number(w, t->verdicts[v]);
	if (all->records_with_behind > 0)
		page_number(w, t->records_with_behind);
	page_number(w, t->windows);
	page_number(w, t->windows_with[WINDOW_COMPLETE]);
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		if (all->windows_with[f] > 0)
			page_number(w, of_finding(all, t, f));
	wr_text(w, "</tr>\n");
}

static const char *
counted(const char *name, char ret[24])
{
	(void)snprintf(ret, 24, "#%s", name);
	return ret;
}

static void
numbers_table(struct page *p, struct wr *w, const struct topic_report *t)
{
	const char *columns[3 + VERDICT_COUNT + 3 + WINDOW_FINDINGS] = {"Partition", "Offsets", "#Records"};
	char names[VERDICT_COUNT + WINDOW_FINDINGS][24];
	size_t n = 3, shown = 0;

	for (size_t v = 0; v < VERDICT_COUNT; v++)
		if (verdict_shown(&t->sum, v))
			columns[n++] = counted(verdict_name((enum verdict)v), names[v]);
	if (t->sum.records_with_behind > 0)
		columns[n++] = "#headers not covered";
	columns[n++] = "#Windows";
	columns[n++] = "#complete";
	for (size_t f = WINDOW_COMPLETE + 1; f < WINDOW_FINDINGS; f++)
		if (t->sum.windows_with[f] > 0)
			columns[n++] = counted(window_finding_name((enum window_finding)f), names[VERDICT_COUNT + f]);
	page_table_open(w, "Records and windows of each partition", columns, n);
	for (; shown < t->partition_count && p->details.len < PAGE_DETAILS_MAX; shown++) {
		const struct topic_partition *q = &t->partitions[shown];

		wr_printf(w, "<tr><th scope=\"row\">%d</th><td>", q->partition);
		page_span(w, q->from, q->to - 1);
		wr_text(w, "</td>");
		numbers(w, &t->sum, &q->tally);
	}
	if (t->partition_count != 1) {
		wr_text(w, "<tr class=\"sum\"><th scope=\"row\">all</th><td></td>");
		numbers(w, &t->sum, &t->sum);
	}
	page_table_close(w);
	if (shown < t->partition_count)
		wr_printf(w, "<p>%zu more partitions are in the sum alone: the page would be too large.</p>\n", t->partition_count - shown);
}

/* --- a topic ---------------------------------------------------------------------------------------- */

static struct page_part *
merge_sorted(struct page_part *a, struct page_part *b)
{
	struct page_part *head = NULL, **at = &head;

	while (a != NULL && b != NULL) {
		struct page_part **least = a->partition <= b->partition ? &a : &b;

		*at = *least;
		at = &(*least)->next;
		*least = (*least)->next;
	}
	*at = a != NULL ? a : b;
	return head;
}

/* By partition: however many there are, with no memory of its own. */
static struct page_part *
sorted(struct page_part *list)
{
	struct page_part *slots[64] = {NULL}, *all = NULL;

	while (list != NULL) {
		struct page_part *one = list;
		size_t i = 0;

		list = list->next;
		one->next = NULL;
		for (; slots[i] != NULL; i++) {
			one = merge_sorted(slots[i], one);
			slots[i] = NULL;
		}
		slots[i] = one;
	}
	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		all = merge_sorted(slots[i], all);
	return all;
}

static void
say_note(void *arg, const char *text)
{
	struct wr *w = arg;

	wr_text(w, "<li>");
	html_text(w, text);
	wr_text(w, "</li>\n");
}

static const char *
outcome_class(int code)
{
	return code == EXIT_OK ? "good" : code == EXIT_VIOLATION ? "bad" : "open";
}

static void
outcome(struct wr *w, const struct topic_report *t, int code)
{
	struct wr words = wr_new(PAGE_BYTES_MAX);

	report_outcome(&words, &t->sum, t->unattested_allowed ? t->sum.verdicts[VERDICT_UNATTESTED] : 0, t->gone, code);
	wr_u8(&words, '\0');
	if (wr_err(&words) == 0)
		html_text(w, (const char *)words.buf);
	else
		w->err = w->err != 0 ? w->err : wr_err(&words);
	wr_free(&words);
}

static void
details(struct page *p, struct page_topic *x, const struct topic_report *t, size_t id)
{
	static const struct report_issuers issuers; /* they have a table */
	static const struct report_about none = {.dbom_topic = "the statement topic"};
	struct wr *w = &p->details;
	size_t left = 0;

	wr_printf(w, "<section aria-labelledby=\"t%zu\">\n<h2 id=\"t%zu\">Topic ", id, id);
	html_name(w, x->name);
	wr_text(w, "</h2>\n");
	if (t == NULL) {
		wr_text(w, "<p class=\"lead open\">It was not judged to its end: this is what was found until then.</p>\n");
	} else {
		wr_printf(w, "<p class=\"lead %s\">", outcome_class(report_code(t)));
		outcome(w, t, report_code(t));
		wr_printf(w, "</p>\n<ul class=\"notes\">\n<li>%llu trusted statement%s%s", (ull)t->statements.trusted,
			  page_plural(t->statements.trusted), t->topic_id[0] == '\0' ? "" : "; topic id ");
		html_text(w, t->topic_id);
		wr_text(w, "</li>\n");
		report_notes(&(struct report_notes){say_note, w}, &none, t, &issuers);
		wr_text(w, "</ul>\n");
		if (t->partition_count > 0)
			numbers_table(p, w, t);
	}
	page_violations(w, x);
	if (x->parts != NULL)
		wr_text(w, "<h3>Timelines</h3>\n");
	for (const struct page_part *part = x->parts; part != NULL; part = part->next) {
		if (p->details.len < PAGE_DETAILS_MAX)
			page_line(w, part);
		else
			left++;
	}
	if (left > 0)
		wr_printf(w, "<p>The timelines of %zu more partitions are left out: the page would be too large.</p>\n", left);
	page_notes(w, x);
	page_signers(w, x);
	wr_text(w, "</section>\n");
}

static void
row(struct page *p, const struct page_topic *x, const struct topic_report *t, size_t id, bool detailed)
{
	struct wr *w = &p->rows;
	int code = t == NULL ? EXIT_UNFINISHED : report_code(t);

	wr_text(w, "<tr><th scope=\"row\">");
	if (detailed)
		wr_printf(w, "<a href=\"#t%zu\">", id);
	html_name(w, x->name);
	wr_printf(w, "%s</th><td class=\"%s\">", detailed ? "</a>" : "", outcome_class(code));
	if (t == NULL)
		wr_text(w, "not judged to its end</td><td class=\"num\"></td><td class=\"num\"></td>");
	else {
		outcome(w, t, code);
		wr_text(w, "</td>");
		page_number(w, t->sum.records);
		page_number(w, t->sum.windows);
	}
	wr_text(w, "</tr>\n");
}

void
page_body_topic(struct page *p, struct page_topic *x, const struct topic_report *t)
{
	bool detailed = p->details.len < PAGE_DETAILS_MAX;
	size_t id = ++p->told;

	x->parts = sorted(x->parts);
	if (detailed)
		details(p, x, t, id);
	else
		p->details_more++;
	if (p->rows.len < PAGE_ROWS_MAX)
		row(p, x, t, id, detailed);
	else
		p->rows_more++;
}
