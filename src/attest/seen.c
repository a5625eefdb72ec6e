#include "attest/seen.h"

#include <stdlib.h>

struct entry {
	uint64_t key;
	int64_t offset;
};

struct part {
	int32_t partition;
	bool given_up; /* it has more records than there is room for */
	int64_t begin, end;
	struct entry *entries; /* in no order */
	size_t count, cap;
	size_t whole; /* so many are of readings that came to their end */
};

struct seen {
	struct part *parts;
	size_t part_count;
	size_t count, max; /* entries, of all parts */
};

/* A chain's id is a hash already. */
static uint64_t
number_of(const struct chain_id *chain, uint64_t window)
{
	uint64_t n;

	memcpy(&n, chain->b, sizeof(n));
	return n ^ (window * UINT64_C(0x9e3779b97f4a7c15));
}

struct seen *
seen_new(size_t max)
{
	struct seen *s = calloc(1, sizeof(*s));

	if (s != NULL)
		s->max = max;
	return s;
}

void
seen_forget(struct seen *s)
{
	for (size_t i = 0; i < s->part_count; i++)
		free(s->parts[i].entries);
	free(s->parts);
	*s = (struct seen){.max = s->max};
}

void
seen_free(struct seen *s)
{
	if (s == NULL)
		return;
	seen_forget(s);
	free(s);
}

bool
seen_is_empty(const struct seen *s)
{
	return s->part_count == 0;
}

static struct part *
find(const struct seen *s, int32_t partition)
{
	for (size_t i = 0; i < s->part_count; i++)
		if (s->parts[i].partition == partition)
			return &s->parts[i];
	return NULL;
}

/* NULL: no memory. */
static struct part *
find_or_add(struct seen *s, int32_t partition)
{
	struct part *p = find(s, partition), *more;

	if (p != NULL)
		return p;
	if ((more = reallocarray(s->parts, s->part_count + 1, sizeof(*more))) == NULL)
		return NULL;
	s->parts = more;
	p = &s->parts[s->part_count++];
	*p = (struct part){.partition = partition};
	return p;
}

/* Nothing of it is known, but where it begins. */
static void
reset(struct seen *s, struct part *p, int64_t at)
{
	s->count -= p->count;
	free(p->entries);
	*p = (struct part){.partition = p->partition, .given_up = p->given_up, .begin = at, .end = at};
}

bool
seen_missing(struct seen *s, int32_t partition, struct seen_range range, struct seen_range *ret)
{
	struct part *p = range.from < range.to ? find_or_add(s, partition) : NULL;

	if (p == NULL || p->given_up)
		return false;
	/* A log that ends earlier than it did gives offsets again; and what lies in between isn't asked for, and perhaps gone. */
	if (range.to < p->end || range.from > p->end || p->begin == p->end)
		reset(s, p, range.from);
	if (range.from < p->begin)
		*ret = (struct seen_range){range.from, p->begin};
	else
		*ret = (struct seen_range){p->end, range.to};
	return ret->from < ret->to;
}

static bool
has_room(struct seen *s, struct part *p)
{
	size_t cap = p->cap == 0 ? 64 : p->cap * 2;
	struct entry *more;

	if (s->count == s->max)
		return false;
	if (p->count < p->cap)
		return true;
	if ((more = reallocarray(p->entries, cap, sizeof(*more))) == NULL)
		return false;
	p->entries = more;
	p->cap = cap;
	return true;
}

bool
seen_add(struct seen *s, int32_t partition, struct slice key, int64_t offset)
{
	struct part *p = find(s, partition);
	struct chain_id chain;
	uint64_t window;

	INVARIANT(p != NULL && !p->given_up);
	if (chain_key_parse(key, &chain, &window) != 0)
		return true;
	if (!has_room(s, p)) {
		p->given_up = true;
		reset(s, p, 0);
		return false;
	}
	p->entries[p->count++] = (struct entry){number_of(&chain, window), offset};
	s->count++;
	return true;
}

void
seen_read(struct seen *s, int32_t partition, struct seen_range gap, bool whole)
{
	struct part *p = find(s, partition);

	INVARIANT(p != NULL);
	if (p->given_up)
		return;
	if (!whole) {
		s->count -= p->count - p->whole;
		p->count = p->whole;
		return;
	}
	p->whole = p->count;
	if (gap.to == p->begin)
		p->begin = gap.from;
	else
		p->end = gap.to;
}

struct seen_range
seen_where(const struct seen *s, int32_t partition, struct seen_range range, const struct chain_id *chain, uint64_t window)
{
	const struct part *p = find(s, partition);
	uint64_t number = number_of(chain, window);
	struct seen_range at = {INT64_MAX, INT64_MIN};

	if (p == NULL || p->given_up || range.from < p->begin || range.to > p->end)
		return range;
	for (size_t i = 0; i < p->count; i++) {
		int64_t offset = p->entries[i].offset;

		if (p->entries[i].key != number || offset < range.from || offset >= range.to)
			continue;
		at.from = offset < at.from ? offset : at.from;
		at.to = offset + 1 > at.to ? offset + 1 : at.to;
	}
	return at;
}
