/*
 * path: which windows a record says that it was in, hop by hop, and what their statements say of it
 * (docs/FORMAT.md, "Record headers").
 *
 *   path_new: the places of its headers ─► path_take …   what the statement topics hold ─► path_hops
 *
 * Pure.  Memory: a statement for each hop.
 */
#ifndef VERIFY_PATH_H
#define VERIFY_PATH_H

#include "makoto/verdict.h"
#include "verify/published.h"

enum { PATH_HOPS_MAX = 64 };

struct path_hop {
	bool by_headers;      /* else: by its offset alone, a window that no header names */
	struct triple triple; /* by_headers */
	struct published p;   /* its statement; statement NULL: none was found */
	bool there;           /* … which stands in the topic that the header names */
	/* Of a statement: has the window a member like this record? */
	enum { PATH_UNKNOWN /* no manifest */, PATH_MEMBER, PATH_OTHER } member;
	int64_t offset; /* PATH_MEMBER: where it stood there */
};

struct path_conf { /* borrowed for as long as the path lives, and so is the record */
	struct slice cluster_id, topic;
	int32_t partition;
	const struct policy *policy; /* NULL: signatures are not checked */
};

struct path;

/* 0, ERR_NOMEM, ERR_LIMIT: more places than PATH_HOPS_MAX. */
int path_new(const struct path_conf *conf, const struct verdict_record *r, struct path **ret) MUSTCHECK;
void path_free(struct path *p); /* NULL is fine */

/*
 * A record of a statement topic.  Of several statements for a window the first counts whose signature is best; of two
 * that are as good, one in the topic that the header names.  0 or ERR_NOMEM.
 */
int path_take(struct path *p, struct slice dbom_topic, struct slice key, struct slice value, struct slice manifest) MUSTCHECK;

/* From the first to the last; those by offset alone stand behind. */
const struct path_hop *path_hops(const struct path *p, size_t *ret_count);

#endif
