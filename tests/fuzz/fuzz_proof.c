/*
 * A proof file, which anybody may have written: what is read is written and read again as the same; what is believed,
 * its statement unsigned or under no key, has a path that leads to the statement's root.
 */
#include "verify/proven.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
same_again(const struct proof_file *f)
{
	struct wr w = wr_new(SIZE_MAX / 2), x = wr_new(SIZE_MAX / 2);
	struct proof_file again;
	const char *why;

	INVARIANT(proof_file_write(f, &w) == 0);
	INVARIANT(proof_file_read(wr_slice(&w), &again, &why) == 0);
	INVARIANT(proof_file_write(&again, &x) == 0 && slice_eq(wr_slice(&w), wr_slice(&x)));
	proof_file_clear(&again);
	wr_free(&w);
	wr_free(&x);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct policy *policy; /* for as long as the process lives */
	struct proof_file f;
	struct proven p;
	char no[128];
	uint8_t root[SHA256_LEN];
	const char *why = NULL;

	INVARIANT(policy != NULL || policy_of_keys(NULL, 0, true, &policy, no, sizeof(no)) == 0);
	if (proof_file_read(slice_of(data, size), &f, &why) != 0) {
		INVARIANT(why != NULL);
		return 0;
	}
	same_again(&f);
	INVARIANT(proven_by(&f, policy, slice_of("value", 5), &p) == 0);
	INVARIANT(p.verdict != VERDICT_VERIFIED);
	INVARIANT(p.verdict != VERDICT_UNSIGNED || p.value_known);
	proven_clear(&p);
	INVARIANT(proven_by(&f, policy, (struct slice){NULL, 0}, &p) == 0);
	if (p.verdict == VERDICT_UNSIGNED) {
		INVARIANT(proof_root(&f.inclusion, p.leaf, root) == 0);
		INVARIANT(memcmp(root, p.statement.statement->root, SHA256_LEN) == 0);
	}
	proven_clear(&p);
	proof_file_clear(&f);
	return 0;
}
