/* policy_internal: what a policy is made of; between the files of trust/ alone. */
#ifndef TRUST_POLICY_INTERNAL_H
#define TRUST_POLICY_INTERNAL_H

#include <stdatomic.h>

#include "trust/policy.h"

enum { POLICY_ISSUERS_MAX = 256, POLICY_KEYS_MAX = 256 }; /* a signature that is none is held against every key */

struct policy_texts {
	char **list;
	size_t count;
};

struct policy_issuer {
	char *name;
	struct policy_texts topics, clusters; /* globs */
	int level;                            /* at least */
	int64_t from_ms, until_ms;            /* both included */
};

/* A key and whose it is.  A key may be of several issuers, and then each may attest what it may. */
struct policy_grant {
	const struct public_key *key; /* in the policy's keys */
	size_t issuer;
	int64_t from_ms, until_ms; /* a certificate's */
};

struct policy_mirror {
	char *topic, *of, *cluster; /* one '*' in both topics stands for the same text */
};

struct policy_exception {
	char *glob;
	bool allow;
};

struct policy {
	atomic_uint refs;
	struct trust *keys;
	struct policy_issuer *issuers;
	size_t issuer_count;
	struct policy_grant *grants;
	size_t grant_count;
	struct policy_mirror *mirrors;
	size_t mirror_count;
	struct policy_texts unsigned_topics;  /* globs: level 1 counts */
	struct policy_exception *unattested; /* the first that matches; none: denied */
	size_t unattested_count;
};

struct policy *policy_new(void) MUSTCHECK; /* NULL: no memory */

/* One more element of *list, zeroed and not counted yet; NULL: no memory. */
void *policy_room(void *list, size_t count, size_t size);
int policy_add_text(struct policy_texts *t, const char *text) MUSTCHECK; /* 0 or ERR_NOMEM */

/* What came into the policy's keys since there were `before` of them is that issuer's.  0, ERR_LIMIT or ERR_NOMEM. */
int policy_grant(struct policy *p, size_t before, size_t issuer, int64_t from_ms, int64_t until_ms) MUSTCHECK;

/* Is it one that both patterns of a mirror may be?  What is wrong, or NULL. */
const char *policy_mirror_fault(const char *topic, const char *of);

#endif
