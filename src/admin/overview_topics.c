/* The table of topics. */
#include "admin/overview_internal.h"
#include "base/html.h"

static void
topic_row(struct wr *w, const struct overview *o, const struct overview_topic *t)
{
	wr_text(w, "<tr><th scope=\"row\">");
	html_name(w, t->name);
	if (t->oldest_ms >= OVERVIEW_LATE_MS)
		wr_text(w, " <strong class=\"tag open\">late</strong>");
	if (t->left_out > 0) {
		wr_text(w, " <strong class=\"tag bad\">");
		overview_some(w, t->left_out, "record left out", "records left out");
		wr_text(w, "</strong>");
	}
	wr_text(w, "</th>");
	overview_cell(w, "Records a second");
	overview_rate(w, t->rate_milli);
	wr_text(w, "</td>");
	overview_cell(w, "Attested");
	overview_number(w, t->attested);
	wr_text(w, "</td>");
	overview_cell(w, "Windows waiting");
	overview_number(w, (int64_t)t->waiting);
	if (t->waiting > 0) {
		wr_text(w, ", for ");
		overview_span(w, t->oldest_ms);
	}
	wr_text(w, "</td>");
	overview_cell(w, "Latest statement");
	if (t->published_ms == 0) {
		wr_text(w, "none yet");
	} else {
		overview_ago(w, o, t->published_ms);
		wr_printf(w, ": partition %d, window %llu, ", t->partition, (unsigned long long)t->window);
		overview_some(w, t->records, "record", "records");
	}
	wr_text(w, "</td></tr>\n");
}

void
overview_topics(struct wr *w, const struct overview *o)
{
	overview_section(w, "topics", "Topics");
	if (!o->names) {
		wr_text(w, "<p>");
		overview_some(w, (int64_t)o->topic_total, "topic is", "topics are");
		wr_text(w, " attested. Their names are not shown (<code>admin.names: false</code>).</p>\n</section>\n");
		return;
	}
	if (o->topic_count == 0) {
		wr_text(w, "<p>Nothing was produced to a topic that is attested.</p>\n</section>\n");
		return;
	}
	wr_text(w, "<table class=\"stack\">\n<caption>Records a second over the last half minute, and what came since the start</caption>\n"
		   "<thead><tr><th scope=\"col\">Topic</th><th scope=\"col\">Records a second</th><th scope=\"col\">Attested</th>"
		   "<th scope=\"col\">Windows waiting</th><th scope=\"col\">Latest statement</th></tr></thead>\n<tbody>\n");
	for (size_t i = 0; i < o->topic_count; i++)
		topic_row(w, o, &o->topics[i]);
	wr_text(w, "</tbody></table>\n");
	if (o->topic_total > o->topic_count) {
		wr_text(w, "<p>");
		overview_some(w, (int64_t)(o->topic_total - o->topic_count), "more topic, with less to tell, is not listed.",
			      "more topics, with less to tell, are not listed.");
		wr_text(w, "</p>\n");
	}
	wr_text(w, "</section>\n");
}
