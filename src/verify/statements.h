/*
 * statements: what the statement topic says about topics, read once for all of them.
 *
 *   statements_add … ─► statements_topic, for each topic ─► statements_done ─► the rest, from any thread
 *
 * Trusted statements of wanted topics are kept, cut down to what verdicts need (32 bytes for
 * each member, when there is a manifest), in a spool: what is too much for memory is in a
 * file.  Of all others only the place in the statement topic is kept, to be read again should
 * a record name one; and of those that are kept too, for a record of one partition may stand
 * in another.
 */
#ifndef VERIFY_STATEMENTS_H
#define VERIFY_STATEMENTS_H

#include "makoto/verdict.h"
#include "verify/places.h"
#include "verify/published.h"
#include "verify/spool.h"

struct statements_conf { /* borrowed for as long as the statements live */
	const struct policy *policy;
	struct slice cluster_id;
	bool (*wanted)(void *arg, struct slice topic); /* will its records be judged?  NULL: every topic's */
	void *wanted_arg;
	int32_t partition;   /* -1: all */
	struct spool *spool;
};

struct statements_count {
	uint64_t trusted;        /* kept */
	uint64_t untrusted;      /* about this topic, and the policy says that they don't count */
	uint64_t other_topic_id; /* trusted, about a topic of this name that was deleted */
	char untrusted_keyid[80]; /* of the last untrusted one */
	const char *untrusted_why;
	/* Of the whole statement topic. */
	uint64_t unreadable; /* under a statement's key, and no statement */
	uint64_t other;      /* about topics that aren't wanted, or other clusters */
};

struct statements;
struct statements_topic; /* what is said about one topic */

struct statements *statements_new(const struct statements_conf *conf) MUSTCHECK; /* NULL: no memory */
void statements_free(struct statements *s);                                      /* NULL is fine */

/*
 * One record of the statement topic, in the order of publication.  Manifest p == NULL: none.
 * 0, ERR_NOMEM or ERR_IO (the spool has no room).
 */
int statements_add(struct statements *s, int32_t partition, int64_t offset, struct slice key, struct slice value,
		   struct slice manifest) MUSTCHECK;

/* The topics that a trusted statement is about, in no order; a name ends with NUL. */
size_t statements_topics(const struct statements *s);
const char *statements_topic_name(const struct statements *s, size_t i); /* NULL: all about it are untrusted */

/*
 * What is said about a topic, maybe nothing.  id: 22 characters, empty where the cluster has none;
 * p == NULL: nobody can tell it, and that of the statement that was settled last is taken.  Of
 * those that were added so far, those with another are given up, and what was published again is
 * one.  0, ERR_NOMEM or ERR_IO.
 */
int statements_topic(struct statements *s, const char *name, struct slice id, struct statements_topic **ret) MUSTCHECK;

/* No topic will follow.  0 or ERR_NOMEM. */
int statements_done(struct statements *s) MUSTCHECK;

/* The kept ones of a partition, in the order of publication: *ret_count of them. */
const struct verdict_window *const *statements_of(const struct statements_topic *t, int32_t partition, size_t *ret_count);

/* The places of that window's statements that aren't kept for this partition: *ret_count of them; NULL: none. */
const struct place *statements_elsewhere(const struct statements_topic *t, int32_t partition,
					 const struct chain_id *chain, uint64_t window_id, size_t *ret_count);

/* Is a later window of the chain among them? */
bool statements_later_elsewhere(const struct statements_topic *t, int32_t partition, const struct chain_id *chain,
				uint64_t window_id);

struct statements_count statements_count(const struct statements_topic *t);
struct slice statements_topic_id(const struct statements_topic *t); /* the one that was given, or found */

#endif
