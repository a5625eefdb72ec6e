/* What the files of page share: what is held of a topic until it is whole, and how it is told then. */
#ifndef CTL_PAGE_INTERNAL_H
#define CTL_PAGE_INTERNAL_H

#include "ctl/page.h"
#include "ctl/timeline.h"

enum {
	PAGE_NOTES_MAX = 16,         /* kinds of what isn't there, of a partition */
	PAGE_SIGNERS_MAX = 32,       /* of a topic */
	PAGE_PIECES_OF_TOPIC = 24000, /* of all its timelines */
	PAGE_PIECES_MAX = 120000,    /* of all that is held or shown; then timelines are one piece */
	PAGE_DETAILS_MAX = 24 * 1024 * 1024, /* of topics' details; the others have their sums alone */
	PAGE_ROWS_MAX = 4 * 1024 * 1024,     /* of the table of topics */
	PAGE_WHY_MAX = 400
};

struct page_note { /* so many members are gone, records pending …, for that reason */
	bool about_record;
	int kind; /* enum verdict, or enum window_finding */
	char *why;
	uint64_t count;
	int64_t first, last; /* offsets, or below 0 */
};

struct page_violation {
	struct finding f; /* its texts and hashes are these: */
	char *why;
	char issuer[128];
	const char *hash_of; /* NULL: there are none */
	bool has_expected, has_found;
	uint8_t expected[SHA256_LEN], found[SHA256_LEN];
};

struct page_signer { /* by whose key windows were signed */
	const char *issuer, *keyid; /* live with the policy; keyid NULL: not signed */
	int level;
	uint64_t windows, records;
	int64_t from_ms, until_ms; /* when they were finished */
};

struct page_part { /* a partition */
	struct page_part *next;
	int32_t partition;
	bool judged; /* to its end */
	int64_t from, to;
	struct tally tally;
	struct timeline line;
	const struct verdict_window *counted; /* among the signers' windows, last */
	struct page_note *notes;
	size_t note_count;
	uint64_t notes_more;
	struct page_violation *violations;
	size_t violation_count, violation_cap;
	uint64_t violations_more; /* that aren't listed */
};

struct page_topic {
	struct page_topic *next;
	const struct topic_report *report; /* who it is, while it is judged */
	char *name;
	struct page_part *parts;
	size_t part_count;
	struct page_signer signers[PAGE_SIGNERS_MAX];
	size_t signer_count;
	uint64_t signers_more; /* windows by others */
};

struct page_job {
	struct page_topic *topic;
	struct page_part *part; /* one of the topic's */
};

struct page {
	struct page_job *jobs;
	unsigned job_count;
	struct page_topic *topics; /* that are not whole yet */
	struct wr rows, details;   /* of those that are */
	size_t told, rows_more, details_more;
	size_t pieces;
	size_t violations;       /* listed */
	uint64_t violations_more;
	bool failed; /* for want of memory */
};

/* page.c: the first of those topics that were not judged to their end. */
void page_unfinished(struct page *p);

/* page_body.c: one topic.  t NULL: it was not judged to its end. */
void page_body_topic(struct page *p, struct page_topic *x, const struct topic_report *t);

/* page_table.c.  A column whose name begins with '#' has numbers. */
void page_table_open(struct wr *w, const char *caption, const char *const *columns, size_t count);
void page_table_close(struct wr *w);
void page_number(struct wr *w, uint64_t n); /* a cell */
void page_span(struct wr *w, int64_t first, int64_t last); /* "3", "3 to 7", "none" */
void page_times(struct wr *w, int64_t from_ms, int64_t until_ms);
const char *page_kind_name(bool about_record, int kind);
const char *page_plural(uint64_t n);

void page_line(struct wr *w, const struct page_part *part); /* page_line.c */

/* page_evidence.c: nothing where there is none. */
void page_notes(struct wr *details, const struct page_topic *x);
void page_signers(struct wr *details, const struct page_topic *x);
void page_violations(struct wr *details, const struct page_topic *x);

extern const char page_style[]; /* page_style.c: the page's CSS */

#endif
