/*
 * elsewhere: records that name a window of another topic or partition, or one whose
 * statements don't verify.
 *
 * Such statements are fetched from the statement topic when a record names them; the
 * verdicts are makoto/verdict.h's, from an instance that knows that window alone.  Of a topic
 * that the policy declares to be mirrored by the records', content verdicts suffice; which of its
 * members a copy was met of is kept, a bit for each.
 */
#ifndef VERIFY_ELSEWHERE_H
#define VERIFY_ELSEWHERE_H

#include "verify/statements.h"

/* Gives `give` one record of the statement topic (manifest p == NULL: none).  0, what give returned, or its own error. */
typedef int elsewhere_give_fn(void *to, struct slice key, struct slice value, struct slice manifest);
typedef int elsewhere_fetch_fn(void *arg, int32_t partition, int64_t offset, elsewhere_give_fn *give, void *to);

struct elsewhere_conf {
	const struct statements_topic *statements;
	int32_t partition; /* of the records */
	const struct policy *policy;
	struct slice topic; /* of the records */
	struct slice dbom_topic;
	int64_t now_ms;
	int64_t pending_max_ms;
	elsewhere_fetch_fn *fetch;
	void *fetch_arg;
	void (*record)(void *arg, int64_t offset, enum verdict v, const char *why, const struct chain_id *chain,
		       uint64_t window_id, const char *issuer);
	void (*behind)(void *arg, int64_t offset, size_t headers); /* as verdict_options', before `record`; may be NULL */
	void (*hashes)(void *arg, const struct verdict_hashes *h); /* the same */
	void *record_arg; /* of these */
};

struct elsewhere;

struct elsewhere *elsewhere_new(const struct elsewhere_conf *conf) MUSTCHECK; /* NULL: no memory */
void elsewhere_free(struct elsewhere *e);                                     /* NULL is fine */

/*
 * A record whose last triple names a window that this partition's statements don't
 * know.  *ret_taken: its verdict will come through `record`, now or at the end.
 */
int elsewhere_judge(struct elsewhere *e, const struct verdict_record *r, const struct triple *named,
		    bool *ret_taken) MUSTCHECK;

/* What is still undecided. */
int elsewhere_end(struct elsewhere *e) MUSTCHECK;

#endif
