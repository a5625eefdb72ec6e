/*
 * page: what verification found, as one page of HTML for an auditor.
 *
 *   page_open ─► page_finding …, page_partition …, page_topic … ─► page_write
 *
 * It needs no script and no network, and says in words what it shows in colours.  What it holds is bounded, whatever is
 * verified: where there is more than it shows, it says how much.
 */
#ifndef CTL_PAGE_H
#define CTL_PAGE_H

#include "ctl/report.h"
#include "trust/policy.h"

enum { PAGE_BYTES_MAX = 64 * 1024 * 1024, PAGE_VIOLATIONS_MAX = 2000, PAGE_VIOLATIONS_OF_PARTITION = 200 };

struct page_about { /* what was asked for; borrowed, and texts may be NULL */
	const struct report_about *run;
	const char *const *topics;
	size_t topic_count;
	int32_t partition; /* -1: all */
	const char *from, *to;
	const char *policy; /* a file; else: */
	const char *const *keys;
	size_t key_count;
	bool accept_unsigned;
	const char *policy_sha256; /* of the file's bytes */
	const struct policy *trust;
	int64_t begun_ms, ended_ms;
};

struct page; /* opaque */

struct page *page_open(unsigned jobs) MUSTCHECK; /* NULL: no memory */
void page_close(struct page *p);                 /* NULL is fine */

/* As view's.  What can't be held for want of memory makes page_write fail. */
void page_finding(struct page *p, unsigned job, const struct topic_report *t, const struct finding *f);
void page_partition(struct page *p, unsigned job, const struct topic_report *t, const struct topic_partition *of);
void page_topic(struct page *p, const struct topic_report *t);

/* Was anything judged? */
bool page_is_empty(const struct page *p);

/*
 * The whole page.  why: what kept the run from its end, or NULL; code: how it ends.  0; ERR_NOMEM; ERR_LIMIT: larger
 * than PAGE_BYTES_MAX.
 */
int page_write(struct page *p, const struct page_about *about, const struct report_sum *sum, const char *why, int code,
	       struct wr *w) MUSTCHECK;

#endif
