/*
 * evidence: which statement proves the record at one offset, and the proof.
 *
 *   evidence_new: the record ─► evidence_look …   every statement, once: which windows count
 *                            ─► evidence_take …   every statement again: these windows'
 *                            ─► evidence_range, evidence_record …   the records that it takes to decide
 *                            ─► evidence_end: the verdict ─► evidence_proof
 *
 * Pure.  The verdict is makoto/verdict.h's, as far as statements about this partition decide it.  Memory: the statements
 * of a few windows.
 */
#ifndef VERIFY_EVIDENCE_H
#define VERIFY_EVIDENCE_H

#include "makoto/proof_file.h"
#include "makoto/verdict.h"
#include "verify/published.h"

struct evidence_conf { /* borrowed for as long as the evidence lives */
	struct slice cluster_id, topic, topic_id; /* topic_id empty: the cluster has none */
	bool topic_id_known;   /* else: that of the statement which lists the record and was settled last */
	int32_t partition;
	struct slice dbom_topic;
	const struct policy *policy; /* NULL: whose signature a statement has is not checked */
	int64_t now_ms, pending_max_ms;
};

struct evidence_verdict {
	enum verdict verdict;
	const char *why;           /* in words */
	uint64_t untrusted;        /* statements list the record that don't count */
	const char *untrusted_why; /* of the last of them */
};

struct evidence;

int evidence_new(const struct evidence_conf *conf, const struct verdict_record *r, struct evidence **ret) MUSTCHECK; /* 0 or ERR_NOMEM */
void evidence_free(struct evidence *e); /* NULL is fine */

/* Records of the statement topic, in the order of publication.  0; ERR_LIMIT: too many list the record; ERR_NOMEM. */
int evidence_look(struct evidence *e, struct slice key, struct slice value) MUSTCHECK;
int evidence_take(struct evidence *e, struct slice key, struct slice value, struct slice manifest) MUSTCHECK;

/* The offsets from … to-1 to be read. */
int evidence_range(struct evidence *e, int64_t *ret_from, int64_t *ret_to) MUSTCHECK; /* 0 or ERR_NOMEM */
int evidence_record(struct evidence *e, const struct verdict_record *r) MUSTCHECK;    /* in ascending offset; 0 or ERR_NOMEM */

int evidence_end(struct evidence *e, struct evidence_verdict *ret) MUSTCHECK; /* 0 or ERR_NOMEM */

/* Of a record that is verified, or unsigned.  Appends the proof file.  0, the writer's error, ERR_NOTFOUND (a record was not given). */
int evidence_proof(struct evidence *e, bool with_value, struct wr *w) MUSTCHECK;

#endif
