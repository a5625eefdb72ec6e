/* What of a ProduceRequest is ours to attest, as far as the request itself tells. */
#include "stages/attest_internal.h"

int64_t
attest_ours_records(const struct produce_part *p)
{
	struct batch b;

	return batch_read(p->records, &b) == 0 ? b.count : 1;
}

enum metric
attest_ours_why_not(const struct produce_part *p, struct batch *b)
{
	switch (batch_read(p->records, b)) {
	case 0: break;
	case ERR_UNSUPPORTED: return METRIC_RECORDS_LEGACY;
	default: return METRIC_RECORDS_MALFORMED;
	}
	if (b->whole.n != p->records.n || b->count < 1)
		return METRIC_RECORDS_MALFORMED;
	if (batch_is(b, BATCH_CONTROL))
		return METRIC_RECORDS_CONTROL;
	if (batch_codec(b) == CODEC_COUNT)
		return METRIC_RECORDS_CODEC;
	if (!batch_crc_matches(b))
		return METRIC_RECORDS_CRC;
	return METRIC_COUNT;
}

static int
by_partition(const void *a, const void *b)
{
	const struct produce_part *x = *(const struct produce_part *const *)a;
	const struct produce_part *y = *(const struct produce_part *const *)b;
	int c = 0;

	if (x->by_id)
		c = memcmp(x->topic_id, y->topic_id, sizeof(x->topic_id));
	else if (x->topic.n != y->topic.n)
		c = x->topic.n < y->topic.n ? -1 : 1;
	else if (x->topic.p != y->topic.p && x->topic.n > 0)
		c = memcmp(x->topic.p, y->topic.p, x->topic.n);
	return c != 0 ? c : (x->partition > y->partition) - (x->partition < y->partition);
}

int
attest_ours_twice(const struct produce_request *q, bool **ret)
{
	const struct produce_part **order;
	bool *twice = NULL;
	int err = ERR_NOMEM;

	if (q->count < 2)
		return 0;
	order = malloc(q->count * sizeof(*order));
	if (order == NULL)
		goto fail;
	for (size_t i = 0; i < q->count; i++)
		order[i] = &q->parts[i];
	qsort(order, q->count, sizeof(*order), by_partition);
	for (size_t i = 1; i < q->count; i++) {
		if (by_partition(&order[i - 1], &order[i]) != 0)
			continue;
		if (twice == NULL && (twice = calloc(q->count, sizeof(*twice))) == NULL)
			goto fail;
		twice[order[i - 1] - q->parts] = twice[order[i] - q->parts] = true;
	}
	*ret = twice;
	err = 0;
fail:
	free(order);
	return err;
}
