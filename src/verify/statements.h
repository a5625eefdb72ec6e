/*
 * statements: what the statement topic says about one topic.
 *
 * Trusted statements of the wanted partitions are kept, cut down to what verdicts need
 * (32 bytes for each member, when there is a manifest).  Of all others only the place in
 * the statement topic is kept, to be read again should a record name one; and of those
 * that are kept too, for a record of one partition may stand in another.
 */
#ifndef VERIFY_STATEMENTS_H
#define VERIFY_STATEMENTS_H

#include "makoto/verdict.h"
#include "verify/published.h"

struct statements_conf { /* borrowed for as long as the statements live */
	const struct trust *trust;
	bool accept_unsigned; /* level 1 counts */
	struct slice cluster_id;
	struct slice topic;
	struct slice topic_id; /* empty where the cluster has none */
	bool topic_id_known;   /* else: that of the statement that was settled last */
	int32_t partition;     /* -1: all */
};

struct statements_count {
	uint64_t trusted;      /* kept */
	uint64_t untrusted;    /* about this topic, without a signature that counts */
	uint64_t unreadable;   /* under a statement's key, and no statement */
	uint64_t other_topic_id; /* trusted, about a topic of this name that was deleted */
	uint64_t other;        /* about other topics or clusters */
	char untrusted_keyid[80]; /* of the last untrusted one */
};

/* Where a statement stands that isn't kept, or is for another partition. */
struct statements_place {
	struct chain_id chain;
	uint64_t window_id;
	int64_t offset;
	int32_t partition; /* of the statement topic */
	int32_t kept_for;  /* a partition; -1: it isn't kept */
	bool bad;          /* it is known not to verify */
};

struct statements;

struct statements *statements_new(const struct statements_conf *conf) MUSTCHECK; /* NULL: no memory */
void statements_free(struct statements *s);                                      /* NULL is fine */

/* One record of the statement topic, in the order of publication.  Manifest p == NULL: none.  0 or ERR_NOMEM. */
int statements_add(struct statements *s, int32_t partition, int64_t offset, struct slice key, struct slice value,
		   struct slice manifest) MUSTCHECK;

/* All were added.  0 or ERR_NOMEM. */
int statements_done(struct statements *s) MUSTCHECK;

/* The kept ones of a partition, in the order of publication: *ret_count of them. */
const struct verdict_window *const *statements_of(const struct statements *s, int32_t partition, size_t *ret_count);

/* A partition was judged: frees what statements_of() gave. */
void statements_forget(struct statements *s, int32_t partition);

/* The places of that window's statements that aren't kept for this partition: *ret_count of them; NULL: none. */
const struct statements_place *statements_elsewhere(const struct statements *s, int32_t partition,
						    const struct chain_id *chain, uint64_t window_id, size_t *ret_count);

/* Is a later window of the chain among them? */
bool statements_later_elsewhere(const struct statements *s, int32_t partition, const struct chain_id *chain,
				uint64_t window_id);

const struct statements_count *statements_count(const struct statements *s);
struct slice statements_topic_id(const struct statements *s); /* the one that was asked for, or found */

#endif
