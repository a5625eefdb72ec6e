#include "verify/places.h"

int
places_add(struct places *p, const struct place *one)
{
	if (p->count == p->cap) {
		size_t cap = p->cap == 0 ? 64 : p->cap * 2;
		struct place *more = reallocarray(p->list, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		p->list = more;
		p->cap = cap;
	}
	p->list[p->count++] = *one;
	return 0;
}

#define ORDER(x, y) (((x) > (y)) - ((x) < (y)))

static int
by_name(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int c = memcmp(x->chain.b, y->chain.b, CHAIN_ID_LEN);

	if (c != 0)
		return c;
	if (x->window_id != y->window_id)
		return ORDER(x->window_id, y->window_id);
	if (x->topic != y->topic)
		return ORDER(x->topic, y->topic);
	if (x->kept_for != y->kept_for)
		return ORDER(x->kept_for, y->kept_for);
	if (x->partition != y->partition)
		return ORDER(x->partition, y->partition);
	return ORDER(x->offset, y->offset);
}

void
places_sort(struct places *p)
{
	if (p->count > 0)
		qsort(p->list, p->count, sizeof(*p->list), by_name);
}

/* The first place that is not before that window's. */
static size_t
lower_bound(const struct places *p, const struct chain_id *chain, uint64_t window_id)
{
	struct place key = {*chain, window_id, INT64_MIN, INT32_MIN, INT32_MIN, INT32_MIN, NULL, false};
	size_t lo = 0, hi = p->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_name(&p->list[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static bool
kept_for(const struct place *p, int32_t topic, int32_t partition)
{
	return p->topic == topic && p->kept_for == partition;
}

/* A chain is of one partition: behind those that aren't kept, all are kept for the same one. */
const struct place *
places_find(const struct places *p, int32_t topic, int32_t partition, const struct chain_id *chain, uint64_t window_id,
	    size_t *ret_count)
{
	size_t at = lower_bound(p, chain, window_id), n = 0;

	while (at + n < p->count && chain_id_eq(&p->list[at + n].chain, chain) &&
	       p->list[at + n].window_id == window_id && !kept_for(&p->list[at + n], topic, partition))
		n++;
	*ret_count = n;
	return n == 0 ? NULL : &p->list[at];
}

bool
places_later(const struct places *p, int32_t topic, int32_t partition, const struct chain_id *chain, uint64_t window_id)
{
	size_t at = lower_bound(p, chain, window_id == UINT64_MAX ? window_id : window_id + 1);

	for (; at < p->count && chain_id_eq(&p->list[at].chain, chain); at++)
		if (p->list[at].why == NULL && !kept_for(&p->list[at], topic, partition))
			return true;
	return false;
}
