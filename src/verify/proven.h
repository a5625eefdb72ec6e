/*
 * proven: what a proof file proves, offline (docs/FORMAT.md, "Proof file").
 */
#ifndef VERIFY_PROVEN_H
#define VERIFY_PROVEN_H

#include "makoto/proof_file.h"
#include "makoto/verdict.h"
#include "verify/published.h"

struct proven {
	enum verdict verdict; /* VERIFIED; UNSIGNED, where the policy has that; UNTRUSTED; ALTERED; MISPLACED */
	const char *why;      /* "" when it is proved */
	struct published statement; /* statement NULL: there is none */
	uint8_t leaf[LEAF_LEN];
	bool value_known; /* from the file, or given beside it, and it is the one */
	enum { PROVEN_NOT_ABORTED, PROVEN_ABORTED, PROVEN_OPEN /* when it was stated */ } transaction;
};

/*
 * value p == NULL: none is given beside the file.  0: decided; release with proven_clear(), before what `f` owns and
 * the policy.  ERR_NOMEM.
 */
int proven_by(const struct proof_file *f, const struct policy *policy, struct slice value, struct proven *ret) MUSTCHECK;
void proven_clear(struct proven *p);

#endif
