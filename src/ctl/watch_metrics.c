#include "ctl/watch_metrics.h"

#include "base/json_out.h"

static void
head(struct wr *w, const char *name, const char *type, const char *help)
{
	wr_printf(w, "# HELP makoto_audit_%s %s\n# TYPE makoto_audit_%s %s\n", name, help, name, type);
}

void
watch_metrics_count(struct watch_counts *c, const struct vigil_found *f, bool again)
{
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		c->verdicts[i] += f->tally.verdicts[i];
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		c->findings[i] += f->tally.windows_with[i];
	for (size_t i = 0; i < f->window_count; i++)
		c->outcomes[watch_json_outcome(&f->windows[i])]++;
	c->unjudged += f->unjudged;
	c->again += again;
}

/* Prometheus quotes as JSON does, of what is in names of groups and topics. */
static void
sample(struct wr *w, const char *name, const char *group, const char *label, const char *value, uint64_t n)
{
	wr_printf(w, "makoto_audit_%s{group=", name);
	json_out_quoted(w, slice_str(group));
	if (label != NULL) {
		wr_printf(w, ",%s=", label);
		json_out_quoted(w, slice_str(value));
	}
	wr_printf(w, "} %llu\n", (unsigned long long)n);
}

static void
gauge(struct wr *w, const char *name, const char *group, const struct watch_gauge *g, double value)
{
	wr_printf(w, "makoto_audit_%s{group=", name);
	json_out_quoted(w, slice_str(group));
	wr_text(w, ",topic=");
	json_out_quoted(w, slice_str(g->topic));
	wr_printf(w, ",partition=\"%d\"} %.16g\n", (int)g->partition, value);
}

void
watch_metrics_write(struct wr *w, const char *group, const struct watch_counts *c, const struct watch_gauge *gauges, size_t n)
{
	static const char *const outcomes[] = {"complete", "undecided", "violation"};
	static const struct {
		const char *name, *help;
	} of_partitions[] = {{"judged_offset", "Everything in the partition below it is judged."},
			     {"lag_records", "Offsets that are there and not judged yet."},
			     {"judged_time_seconds", "When something was judged, or there was nothing to judge."}};

	head(w, "records_total", "counter", "Records that were judged, by verdict.");
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		sample(w, "records_total", group, "verdict", verdict_name((enum verdict)i), c->verdicts[i]);
	head(w, "windows_total", "counter", "Windows that were judged, or parts of them, by outcome.");
	for (size_t i = 0; i <= WATCH_VIOLATION; i++)
		sample(w, "windows_total", group, "outcome", outcomes[i], c->outcomes[i]);
	head(w, "findings_total", "counter", "Windows that are violated themselves, or miss members, by finding.");
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (window_finding_is_violation((enum window_finding)i))
			sample(w, "findings_total", group, "finding", window_finding_name((enum window_finding)i), c->findings[i]);
	head(w, "unjudged_total", "counter", "Offsets whose records retention took before they were judged.");
	sample(w, "unjudged_total", group, NULL, NULL, c->unjudged);
	head(w, "again_total", "counter", "Ranges that another process may have told before.");
	sample(w, "again_total", group, NULL, NULL, c->again);
	head(w, "partitions", "gauge", "Partitions that are this process's share.");
	sample(w, "partitions", group, NULL, NULL, n);
	for (size_t k = 0; k < ARRAY_LEN(of_partitions); k++) {
		head(w, of_partitions[k].name, "gauge", of_partitions[k].help);
		for (size_t i = 0; i < n; i++) {
			int64_t value = k == 0 ? gauges[i].judged_to : k == 1 ? gauges[i].lag : gauges[i].judged_ms;

			if (k == 2 ? value > 0 : value >= 0) /* else it isn't known */
				gauge(w, of_partitions[k].name, group, &gauges[i], k == 2 ? (double)value / 1000 : (double)value);
		}
	}
}
