#include "stages/verify_internal.h"

void
verify_counts_add(struct verify_counts *c, const struct judge_batch *b)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		c->of[i] += b->counts[i];
	c->missing += b->missing;
	c->reused += b->reused;
	c->gaps += b->gaps;
	c->forks += b->forks;
	c->breaks += b->breaks;
}

void
verify_counts_skip(struct verify_counts *c, const struct judge_batch *b)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		c->skipped += b->counts[i];
}

void
verify_counts_tell(const struct verify_counts *c)
{
	for (int i = 0; i < VERDICT_COUNT; i++)
		if (c->of[i] > 0)
			metric_add((enum metric)(METRIC_VERIFY_VERIFIED + i), c->of[i]);
	metric_add(METRIC_VERIFY_MISSING, c->missing);
	metric_add(METRIC_VERIFY_REUSED, c->reused);
	metric_add(METRIC_VERIFY_GAP, c->gaps);
	metric_add(METRIC_VERIFY_FORK, c->forks);
	metric_add(METRIC_VERIFY_BREAK, c->breaks);
	metric_add(METRIC_VERIFY_SKIPPED, c->skipped);
}
