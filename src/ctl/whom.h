/*
 * whom: whose statements count, as a command line says it: a trust policy, or keys that may attest everything.
 *
 *   --policy FILE    or    --public-key FILE… [--accept-unsigned]
 */
#ifndef CTL_WHOM_H
#define CTL_WHOM_H

#include "ctl/command.h"
#include "digest/sha256.h"
#include "trust/policy.h"

struct whom { /* zeroed: nobody was named */
	const char *policy;
	const char **keys;
	size_t key_count;
	bool accept_unsigned;
	char policy_sha256[2 * SHA256_LEN + 1]; /* of the policy's bytes, when whom_policy() read it */
};

int whom_add_key(struct whom *w, const char *path) MUSTCHECK; /* which is borrowed.  0 or ERR_NOMEM */
bool whom_is_empty(const struct whom *w);
void whom_free(struct whom *w);

/* EXIT_OK, or an exit code, and it was said why. */
int whom_policy(struct whom *w, const struct command *c, struct policy **ret) MUSTCHECK;

#endif
