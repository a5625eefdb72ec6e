/*
 * hops: what the windows that a record's headers name beside its own say of it (docs/FORMAT.md, "Record headers").
 *
 *   hops_new ─► hops_record …, of one partition ─► hops_tally
 *
 * A record that came by several proxies has a place of headers from each. The last one's window decides its verdict;
 * here the others are looked for in the statement topics, and the record as it came to that hop among their members:
 * PATH_HOPS_MAX of a record; those behind are HOP_UNTOLD.
 * Each window is read when a record names it, and kept while there is room: records of one window stand together.
 */
#ifndef VERIFY_HOPS_H
#define VERIFY_HOPS_H

#include "verify/elsewhere.h"
#include "verify/tally.h"

enum { HOPS_MEMORY = 64 << 20 };

struct hops_changed { /* a record that isn't what was attested at one of its hops */
	int64_t offset;
	size_t hop;      /* the first is 1 */
	const char *why; /* a text that stays */
	const struct chain_id *chain; /* for as long as it is told; NULL: its headers name none */
	uint64_t window_id;
	const char *issuer;
};

struct hops_conf { /* borrowed */
	const struct statements_topic *statements;
	int32_t partition; /* of the records */
	const struct policy *policy;
	elsewhere_fetch_fn *fetch;
	void *fetch_arg;
	size_t memory; /* for manifests; 0: HOPS_MEMORY */
	void (*changed)(void *arg, const struct hops_changed *c); /* may be NULL */
	void *arg;
};

struct hops;

struct hops *hops_new(const struct hops_conf *conf) MUSTCHECK; /* NULL: no memory */
void hops_free(struct hops *h);                                /* NULL is fine */
int hops_record(struct hops *h, const struct verdict_record *r) MUSTCHECK; /* 0, ERR_NOMEM, or fetch's */
void hops_tally(const struct hops *h, struct tally *to); /* adds */

#endif
