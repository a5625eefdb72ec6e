/*
 * policy: whose statements count, about which topics, and what a consumer may see without one (docs/TRUST.md).
 *
 * Immutable and counted: a reload swaps the whole.  Safe from any thread.
 */
#ifndef TRUST_POLICY_H
#define TRUST_POLICY_H

#include "keys/public_key.h"
#include "makoto/verdict.h"

struct policy; /* opaque */

/*
 * From a file; the files that it names are relative to it.  0; ERR_CONFIG, ERR_IO or ERR_LIMIT with `why`:
 * FILE:LINE:COLUMN: what is wrong; ERR_NOMEM with `why`.
 */
int policy_load(const char *path, struct policy **ret, char *why, size_t why_len) MUSTCHECK;

/* The same from text; `name` stands for the file in messages, and its folder for that of the files it names. */
int policy_load_text(const char *name, struct slice text, struct policy **ret, char *why, size_t why_len) MUSTCHECK;

/*
 * The policy of a command line: one issuer without a name, with the keys of these PEM files, may attest everything; and
 * unsigned statements count, or they don't.  0; ERR_CONFIG with `why`, which names the file; ERR_NOMEM with `why`.
 */
int policy_of_keys(const char *const *files, size_t count, bool accept_unsigned, struct policy **ret, char *why,
		   size_t why_len) MUSTCHECK;

struct policy *policy_ref(struct policy *p);
void policy_unref(struct policy *p); /* NULL is fine */

/* Which key made the signature?  `hint` (a keyid) only says which to try first.  0, ERR_SIGNATURE: none of the policy's, ERR_NOMEM. */
int policy_signer(const struct policy *p, struct slice message, struct slice sig, struct slice hint,
		  const struct public_key **ret) MUSTCHECK;

struct policy_facts { /* of a statement */
	struct slice cluster_id, topic;
	int level;
	int64_t finished_ms;
	const struct public_key *signer; /* by policy_signer(); NULL: it isn't signed */
};

struct policy_opinion {
	enum verdict_trust trust;
	const char *issuer; /* whose the key is, also when it may not attest this; "": nobody's by name.  Lives with the policy. */
	const char *why;    /* TRUST_NONE: a text that stays; else "" */
};

void policy_trust(const struct policy *p, const struct policy_facts *f, struct policy_opinion *ret);

struct policy_key { /* one that is trusted, and with what; all lives with the policy */
	const char *issuer, *keyid;      /* issuer "": nobody by name */
	int level;                       /* of statements, at least */
	int64_t from_ms, until_ms;       /* both included; INT64_MIN and INT64_MAX: no bound */
	const char *const *topics, *const *clusters; /* globs */
	size_t topic_count, cluster_count;
};

/* All keys; one that is of several issuers is there for each. */
size_t policy_key_count(const struct policy *p);
void policy_key(const struct policy *p, size_t i, struct policy_key *ret);

/* May records of that topic that no statement vouches for be seen? */
bool policy_allows_unattested(const struct policy *p, struct slice topic);

/* Does the policy declare `topic` a mirror?  Of that topic of that cluster? */
bool policy_is_mirror(const struct policy *p, struct slice topic);
bool policy_mirrors(const struct policy *p, struct slice topic, struct slice of_cluster, struct slice of_topic);

#endif
