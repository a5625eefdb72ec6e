#include "attest/covered.h"

enum { FLOOR_BYTES = 8, RUN_BYTES = 16 };

void
covered_clear(struct covered *c)
{
	free(c->run);
	*c = (struct covered){0};
}

/* Offsets are below INT64_MAX, so that an end is none that a sum would not hold. */
static int64_t
end_of(int64_t first, int64_t count)
{
	return count > INT64_MAX - first ? INT64_MAX : first + count;
}

/* The first run that ends at `offset` or behind it. */
static size_t
first_reaching(const struct covered *c, int64_t offset)
{
	size_t low = 0, high = c->count;

	if (high > 0 && c->run[high - 1].end <= offset) /* most often, what is added is behind all */
		return c->run[high - 1].end == offset ? high - 1 : high;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (c->run[mid].end < offset)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
drop_first(struct covered *c, size_t n)
{
	c->floor = c->run[n - 1].end;
	c->count -= n;
	memmove(c->run, c->run + n, c->count * sizeof(c->run[0]));
}

/* Room for one more, which ends there.  False: instead the floor rose, and there is room, or it is below. */
static bool
make_room(struct covered *c, int64_t end)
{
	size_t cap = c->cap == 0 ? 8 : c->cap * 2;
	struct covered_run *p;

	if (c->count < c->cap)
		return true;
	if (c->count >= COVERED_MAX) {
		drop_first(c, c->count / 2);
		return false;
	}
	p = reallocarray(c->run, cap < COVERED_MAX ? cap : COVERED_MAX, sizeof(*p));
	if (p == NULL) {
		if (c->count > 0)
			drop_first(c, c->count);
		c->floor = end > c->floor ? end : c->floor;
		return false;
	}
	c->run = p;
	c->cap = cap < COVERED_MAX ? cap : COVERED_MAX;
	return true;
}

/* [first, end), which no run touches, in front of the run at `at`. */
static void
insert(struct covered *c, size_t at, int64_t first, int64_t end)
{
	if (!make_room(c, end)) {
		covered_add(c, first, end - first); /* what is left of it, above the floor */
		return;
	}
	memmove(c->run + at + 1, c->run + at, (c->count - at) * sizeof(c->run[0]));
	c->run[at] = (struct covered_run){first, end};
	c->count++;
}

void
covered_add(struct covered *c, int64_t first, int64_t count)
{
	int64_t end = end_of(first, count);
	struct covered_run *r;
	size_t at, next;

	if (first < c->floor)
		first = c->floor;
	if (first >= end)
		return;
	at = first_reaching(c, first);
	if (at == c->count || c->run[at].first > end) {
		insert(c, at, first, end);
		return;
	}
	r = &c->run[at];
	r->first = first < r->first ? first : r->first;
	r->end = end > r->end ? end : r->end;
	for (next = at + 1; next < c->count && c->run[next].first <= r->end; next++)
		r->end = c->run[next].end > r->end ? c->run[next].end : r->end;
	memmove(c->run + at + 1, c->run + next, (c->count - next) * sizeof(c->run[0]));
	c->count -= next - at - 1;
}

enum covered_is
covered_is(const struct covered *c, int64_t first, int64_t count)
{
	int64_t end = end_of(first, count);
	size_t at = first_reaching(c, first);

	if (at < c->count && c->run[at].end == first)
		at++;
	if (at < c->count && c->run[at].first < end)
		return COVERED_SURELY;
	return first < c->floor ? COVERED_PERHAPS : COVERED_NOT;
}

int64_t
covered_until(const struct covered *c, int64_t first, int64_t count)
{
	if (first < c->floor)
		return c->floor;
	for (size_t at = first_reaching(c, first); at < c->count && c->run[at].first < end_of(first, count); at++)
		if (c->run[at].end > first)
			return c->run[at].end;
	return 0;
}

int64_t
covered_count(const struct covered *c, int64_t first, int64_t count)
{
	int64_t end = end_of(first, count), n = 0;

	if (first < c->floor) {
		n = (end < c->floor ? end : c->floor) - first;
		first += n;
	}
	for (size_t at = first_reaching(c, first); at < c->count && c->run[at].first < end; at++) {
		int64_t from = c->run[at].first > first ? c->run[at].first : first;

		n += (c->run[at].end < end ? c->run[at].end : end) - from;
	}
	return n;
}

struct covered
covered_behind(const struct covered *c, int64_t offset)
{
	size_t at = offset > INT64_MAX - 2 ? c->count : first_reaching(c, offset + 2);

	return (struct covered){.floor = c->floor - 1 > offset ? c->floor : 0,
				.run = c->count == at ? NULL : c->run + at,
				.count = c->count - at};
}

void
covered_write(const struct covered *c, struct wr *w)
{
	if (c->floor == 0 && c->count == 0)
		return;
	wr_i64(w, c->floor);
	for (size_t i = 0; i < c->count; i++) {
		wr_i64(w, c->run[i].first);
		wr_i64(w, c->run[i].end);
	}
}

void
covered_read(struct rd *r, struct covered *ret)
{
	size_t n;

	if (rd_left(r) == 0)
		return;
	n = rd_left(r) / RUN_BYTES;
	if (rd_left(r) != FLOOR_BYTES + n * RUN_BYTES || n > COVERED_MAX) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	ret->floor = rd_i64(r);
	if (ret->floor < 0 || (ret->floor == 0 && n == 0)) {
		rd_fail(r, ERR_MALFORMED);
		return;
	}
	if (n > 0 && (ret->run = calloc(n, sizeof(*ret->run))) == NULL) {
		rd_fail(r, ERR_NOMEM);
		return;
	}
	ret->cap = n;
	for (int64_t before = ret->floor - 1; ret->count < n && rd_err(r) == 0; ret->count++) {
		struct covered_run *x = &ret->run[ret->count];

		x->first = rd_i64(r);
		x->end = rd_i64(r);
		if (x->first <= before || x->end <= x->first)
			rd_fail(r, ERR_MALFORMED);
		before = x->end;
	}
}
