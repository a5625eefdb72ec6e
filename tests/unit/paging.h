/* paging: a page made of findings that a test makes up. */
#ifndef TESTS_UNIT_PAGING_H
#define TESTS_UNIT_PAGING_H

#include <check.h>

#include "ctl/command.h"
#include "ctl/page.h"
#include "keys/keygen.h"
#include "trusting.h"

enum { PAGING_PARTS = 4 };

static struct {
	struct page *page;
	struct topic_partition parts[PAGING_PARTS];
	struct topic_report topic;
	struct report_sum sum;
	struct statement statements[512];
	struct verdict_window windows[512];
	struct policy *policy;
	char dir[32], key[64];
} paging;

static UNUSED void
paging_open(const char *topic)
{
	paging.page = page_open(2);
	for (int i = 0; i < PAGING_PARTS; i++)
		paging.parts[i] = (struct topic_partition){.partition = i};
	paging.topic = (struct topic_report){.topic = topic, .cluster_id = "cluster", .topic_id = "", .partitions = paging.parts,
					     .partition_count = PAGING_PARTS, .statements = {.trusted = 1}};
	paging.sum = (struct report_sum){.topics = 0};
	for (size_t i = 0; i < ARRAY_LEN(paging.windows); i++) {
		paging.statements[i] = (struct statement){.window_id = i + 1, .first_offset = (int64_t)i * 10, .last_offset = (int64_t)i * 10 + 9,
							  .leaf_count = 10, .level = 2, .opened_ms = 1700000000000, .closed_ms = 1700000001000,
							  .settled_ms = 1700000002000};
		paging.windows[i] = (struct verdict_window){.statement = &paging.statements[i], .trust = TRUST_SIGNED};
	}
}

static UNUSED struct finding
paging_record(int32_t partition, int64_t offset, enum verdict v, const char *why)
{
	const struct verdict_window *w = &paging.windows[offset / 10 % 512];

	return (struct finding){.about_record = true, .partition = partition, .offset = offset, .verdict = v, .why = why, .issuer = w->issuer,
				.has_window = true, .window_id = w->statement->window_id, .stated = w};
}

/* As verification would: told, and counted. */
static UNUSED void
paging_find(unsigned job, struct finding f)
{
	struct tally *t = &paging.parts[f.partition].tally;

	page_finding(paging.page, job, &paging.topic, &f);
	if (f.about_record) {
		t->records++;
		t->verdicts[f.verdict]++;
	} else {
		t->windows_with[f.window]++;
		t->members[f.window] += f.offset >= 0;
	}
}

/* All partitions are judged, and the page is written.  0 or page_write's error. */
static UNUSED int
paging_write(const struct page_about *asked, const char *why, struct wr *w)
{
	struct report_about run = {.bootstrap = "kafka:9092", .dbom_topic = "makoto.dbom"};
	struct page_about about = *asked;
	int code;

	if (why == NULL) {
		paging.topic.sum = (struct tally){0};
		for (int i = 0; i < PAGING_PARTS; i++) {
			page_partition(paging.page, (unsigned)i % 2, &paging.topic, &paging.parts[i]);
			tally_add(&paging.topic.sum, &paging.parts[i].tally);
		}
		page_topic(paging.page, &paging.topic);
		report_sum_add(&paging.sum, &paging.topic, report_code(&paging.topic));
	}
	code = why != NULL ? EXIT_UNFINISHED : paging.sum.code;
	about.run = &run;
	about.trust = paging.policy;
	return page_write(paging.page, &about, &paging.sum, why, code, w);
}

#endif
