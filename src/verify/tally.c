#include "verify/tally.h"

const char *
tally_hop_name(enum hop_result r)
{
	static const char *const names[HOP_RESULTS] = {"verified", "untold", "untrusted", "notFound", "changed"};

	return names[r];
}

void
tally_add(struct tally *sum, const struct tally *t)
{
	sum->records += t->records;
	sum->records_with_behind += t->records_with_behind;
	sum->headers_behind += t->headers_behind;
	sum->windows += t->windows;
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		sum->verdicts[i] += t->verdicts[i];
	for (size_t i = 0; i < WINDOW_FINDINGS; i++) {
		sum->windows_with[i] += t->windows_with[i];
		sum->members[i] += t->members[i];
	}
	for (size_t i = 0; i < HOPS_TOLD; i++)
		for (size_t k = 0; k < HOP_RESULTS; k++)
			sum->hops[i][k] += t->hops[i][k];
}

enum tally_outcome
tally_outcome(const struct tally *t, bool unattested_allowed)
{
	for (size_t i = 0; i < VERDICT_COUNT; i++)
		if (t->verdicts[i] > 0 && verdict_is_violation((enum verdict)i))
			return TALLY_VIOLATION;
	for (size_t i = 0; i < WINDOW_FINDINGS; i++)
		if (t->windows_with[i] > 0 && window_finding_is_violation((enum window_finding)i))
			return TALLY_VIOLATION;
	if (t->verdicts[VERDICT_PENDING] > 0 || (t->verdicts[VERDICT_UNATTESTED] > 0 && !unattested_allowed))
		return TALLY_UNDECIDED;
	return TALLY_OK;
}
