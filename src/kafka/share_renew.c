#include "kafka/share_renew.h"

#include <stdlib.h>

enum { RENEW = 4, ID_LEN = 16 };

/* Some of the renewals: those of a topic, or of a partition. */
struct group {
	struct share_renewal *list;
	size_t count;
};

static int
compare_place(const struct share_renewal *a, const uint8_t *topic_id, int64_t partition)
{
	int c = memcmp(a->topic_id, topic_id, ID_LEN);

	return c != 0 ? c : (a->partition > partition) - (a->partition < partition);
}

static int
compare(const void *a, const void *b)
{
	const struct share_renewal *x = a, *y = b;
	int c = compare_place(x, y->topic_id, y->partition);

	return c != 0 ? c : (x->first > y->first) - (x->first < y->first);
}

/* The first that doesn't come before that partition of that topic. */
static size_t
lower(const struct group *g, const uint8_t *topic_id, int64_t partition)
{
	size_t lo = 0, hi = g->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (compare_place(&g->list[mid], topic_id, partition) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Of the topic, or of the partitions from one to another of it. */
static struct group
find(const struct group *g, const uint8_t *topic_id, int64_t from, int64_t to)
{
	size_t at = lower(g, topic_id, from);

	return (struct group){g->list + at, lower(g, topic_id, to + 1) - at};
}

static struct group
of_topic(const struct group *g, const uint8_t *topic_id)
{
	return find(g, topic_id, INT32_MIN, INT32_MAX);
}

/* Partitions (or topics) that were not seen. */
static uint32_t
unseen(const struct group *g, bool topics)
{
	uint32_t n = 0;

	for (size_t i = 0; i < g->count; i++) {
		const struct share_renewal *a = &g->list[i], *b = i > 0 ? a - 1 : NULL;
		bool same = b != NULL && memcmp(a->topic_id, b->topic_id, ID_LEN) == 0 && (topics || a->partition == b->partition);

		n += !same && !a->seen;
	}
	return n;
}

static void
mark(struct group g)
{
	for (size_t i = 0; i < g.count; i++)
		g.list[i].seen = true;
}

/* --- reading: all of it was walked before ------------------------------------------------- */

static uint32_t
read_count(struct rd *r)
{
	uint32_t n = rd_uvarint(r);

	return n == 0 || r->err != 0 ? 0 : n - 1;
}

static struct slice
read_tags(struct rd *r)
{
	const uint8_t *from = r->p;

	for (uint32_t count = rd_uvarint(r); count > 0 && r->err == 0; count--) {
		(void)rd_uvarint(r);
		rd_skip(r, rd_uvarint(r));
	}
	return slice_of(from, (size_t)(r->p - from));
}

/* What is acknowledged, as it stands there. */
static struct slice
read_acknowledged(struct rd *r, int64_t *ret_first)
{
	const uint8_t *from = r->p;

	*ret_first = rd_i64(r);
	(void)rd_i64(r);
	rd_skip(r, read_count(r));
	(void)read_tags(r);
	return slice_of(from, (size_t)(r->p - from));
}

/* --- writing ------------------------------------------------------------------------------ */

static void
put_renewal(struct wr *out, const struct share_renewal *l)
{
	wr_i64(out, l->first);
	wr_i64(out, l->last);
	wr_uvarint(out, 1 + 1);
	wr_i8(out, RENEW);
	wr_uvarint(out, 0); /* tags */
}

/* A partition that the client names; brokers want what is acknowledged to ascend. */
static void
put_partition(struct rd *r, const struct group *topic, const uint8_t *topic_id, struct wr *out)
{
	int32_t partition = rd_i32(r);
	struct group g = find(topic, topic_id, partition, partition);
	uint32_t n = read_count(r);
	size_t next = 0;

	for (size_t i = 0; i < g.count; i++)
		g.list[i].beside = g.list[i].beside || n > 0;
	if (g.count > 0 && g.list[0].seen)
		g.count = 0; /* it is named twice */
	mark(g);
	wr_i32(out, partition);
	wr_uvarint(out, n + (uint32_t)g.count + 1);
	for (; n > 0 && r->err == 0; n--) {
		int64_t first;
		struct slice s = read_acknowledged(r, &first);

		while (next < g.count && g.list[next].first < first)
			put_renewal(out, &g.list[next++]);
		wr_slice_put(out, s);
	}
	while (next < g.count)
		put_renewal(out, &g.list[next++]);
	wr_slice_put(out, read_tags(r));
}

/* Those of a topic that the client doesn't name. */
static void
put_others(struct group g, struct wr *out)
{
	for (size_t i = 0, k; i < g.count; i = k) {
		for (k = i + 1; k < g.count && g.list[k].partition == g.list[i].partition;)
			k++;
		if (g.list[i].seen)
			continue;
		wr_i32(out, g.list[i].partition);
		wr_uvarint(out, (uint32_t)(k - i) + 1);
		for (size_t m = i; m < k; m++) {
			put_renewal(out, &g.list[m]);
			g.list[m].seen = true;
		}
		wr_uvarint(out, 0); /* tags */
	}
}

static void
put_topic(struct rd *r, const struct group *all, struct wr *out)
{
	struct slice id = rd_bytes(r, ID_LEN);
	struct group topic = of_topic(all, id.p);
	uint32_t n = read_count(r);
	struct wr parts = wr_new(out->max);

	wr_slice_put(out, id);
	for (uint32_t i = n; i > 0 && r->err == 0; i--)
		put_partition(r, &topic, id.p, &parts);
	wr_uvarint(out, n + unseen(&topic, false) + 1);
	put_others(topic, &parts);
	wr_slice_put(out, wr_slice(&parts));
	if (wr_err(&parts) != 0)
		out->err = wr_err(&parts);
	wr_free(&parts);
	wr_slice_put(out, read_tags(r));
}

static void
put_topics(struct slice topics, const struct group *all, struct wr *out)
{
	struct rd r = rd_of(topics);
	uint32_t n = read_count(&r);
	struct wr named = wr_new(out->max);

	for (uint32_t i = n; i > 0 && r.err == 0; i--)
		put_topic(&r, all, &named);
	wr_uvarint(out, n + unseen(all, true) + 1);
	wr_slice_put(out, wr_slice(&named));
	if (wr_err(&named) != 0)
		out->err = wr_err(&named);
	wr_free(&named);
	for (size_t i = 0; i < all->count; i++) {
		struct group g;

		if (all->list[i].seen)
			continue;
		g = of_topic(all, all->list[i].topic_id);
		wr_bytes(out, all->list[i].topic_id, ID_LEN);
		wr_uvarint(out, unseen(&g, false) + 1);
		put_others(g, out);
		wr_uvarint(out, 0); /* tags */
	}
}

int
share_renew(int16_t version, struct slice body, const struct share_request *q, struct share_renewal *list, size_t count,
	    struct wr *out)
{
	struct group all = {list, count};

	if (count > 0)
		qsort(list, count, sizeof(*list), compare);
	for (size_t i = 0; i < count; i++)
		list[i].seen = list[i].beside = false;
	wr_bytes(out, body.p, q->limits_at);
	for (int i = 0; i < 4; i++)
		wr_i32(out, 0); /* no wait, no bytes, no records: brokers want that of who renews */
	wr_i32(out, q->batch_size);
	wr_i8(out, version >= SHARE_WITH_RENEWAL ? q->acquire_mode : 0);
	wr_u8(out, 1);
	put_topics(slice_of(body.p + q->topics_at, q->rest_at - q->topics_at), &all, out);
	wr_bytes(out, body.p + q->rest_at, body.n - q->rest_at);
	return wr_err(out);
}
