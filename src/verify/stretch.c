#include "verify/stretch.h"

#include "base/map.h"

enum { ROOM_MIN = 64 };

struct seen_record {
	int64_t offset, timestamp;
	uint32_t name; /* of names, plus 1; 0: it names none */
};

struct stretch {
	int64_t from, to;
	bool full;
	int64_t span; /* no more offsets than this; once it was too much */
	struct seen_record *records; /* grow as they come: many partitions are idle */
	size_t count, cap, allowed;
	struct ledger_name names[STRETCH_NAMES];
	size_t name_count;
	struct ledger_name *asked; /* with the next want; grows for one stretch */
	size_t asked_count, asked_cap;
};

struct stretch *
stretch_new(void)
{
	struct stretch *s = calloc(1, sizeof(*s));

	if (s != NULL) {
		s->span = INT64_MAX;
		s->allowed = STRETCH_RECORDS;
	}
	return s;
}

void
stretch_free(struct stretch *s)
{
	if (s == NULL)
		return;
	free(s->records);
	free(s->asked);
	free(s);
}

void
stretch_allow(struct stretch *s, size_t records)
{
	s->allowed = records < STRETCH_RECORDS ? records : STRETCH_RECORDS;
}

void
stretch_begin(struct stretch *s, int64_t from)
{
	s->from = s->to = from;
	s->full = false;
	s->span = INT64_MAX;
	s->count = s->name_count = s->asked_count = 0;
}

int64_t
stretch_read_end(const struct stretch *s)
{
	return s->to;
}

bool
stretch_is_full(const struct stretch *s)
{
	return s->full;
}

void
stretch_read_to(struct stretch *s, int64_t to)
{
	if (s->full || to <= s->to)
		return;
	s->full = to - s->from > s->span;
	s->to = s->full ? s->from + s->span : to;
}

/* --- records ---------------------------------------------------------------------------- */

/* The window that a record's last triple names; as verdicts read it. */
static bool
name_of(const struct verdict_record *r, struct ledger_name *ret)
{
	const uint8_t *hash = NULL;
	uint8_t sum[SHA256_LEN];
	struct triple t;

	if (!triple_any_name(r->headers, r->header_count))
		return false;
	if (r->value.p != NULL) {
		sha256_of(r->value, sum);
		hash = sum;
	}
	if (!triple_last(r->headers, r->header_count, hash, &t) || !t.well_formed)
		return false;
	*ret = (struct ledger_name){t.chain, t.window_id};
	return true;
}

static bool
same_name(const struct ledger_name *a, const struct ledger_name *b)
{
	return a->window_id == b->window_id && chain_id_eq(&a->chain, &b->chain);
}

/* Its place, plus 1; 0: no room.  Records name the window of those before most often. */
static uint32_t
place_of(struct stretch *s, const struct ledger_name *name)
{
	for (size_t i = s->name_count; i-- > 0;)
		if (same_name(&s->names[i], name))
			return (uint32_t)i + 1;
	if (s->name_count == STRETCH_NAMES)
		return 0;
	s->names[s->name_count++] = *name;
	return (uint32_t)s->name_count;
}

static int
room(struct stretch *s)
{
	size_t cap = s->cap == 0 ? ROOM_MIN : s->cap * 2;
	struct seen_record *more;

	if (s->count < s->cap)
		return 0;
	if ((more = reallocarray(s->records, cap, sizeof(*more))) == NULL)
		return ERR_NOMEM;
	s->records = more;
	s->cap = cap;
	return 0;
}

int
stretch_record(struct stretch *s, const struct verdict_record *r)
{
	struct ledger_name name;
	uint32_t place = 0;

	if (r->offset - s->from >= s->span) {
		stretch_read_to(s, r->offset + 1);
		return ERR_LIMIT;
	}
	if (s->count >= s->allowed || (name_of(r, &name) && (place = place_of(s, &name)) == 0)) {
		s->full = true;
		if (r->offset > s->to)
			s->to = r->offset;
		return ERR_LIMIT;
	}
	if (room(s) != 0)
		return ERR_NOMEM;
	s->records[s->count++] = (struct seen_record){r->offset, r->timestamp, place};
	s->to = r->offset + 1;
	return 0;
}

static size_t
first_at(const struct stretch *s, int64_t offset)
{
	size_t lo = 0, hi = s->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->records[mid].offset < offset)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Many partitions are mostly idle: what isn't needed is given back. */
static void
give_back(struct stretch *s)
{
	size_t cap = s->count < ROOM_MIN ? ROOM_MIN : s->count;
	struct seen_record *less;

	if (s->count == 0) {
		free(s->records);
		s->records = NULL;
		s->cap = 0;
	} else if (cap <= s->cap / 2 && (less = reallocarray(s->records, cap, sizeof(*less))) != NULL) {
		s->records = less;
		s->cap = cap;
	}
}

/* Names of no record go. */
static void
keep_names(struct stretch *s)
{
	uint32_t place[STRETCH_NAMES + 1] = {0};
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		place[s->records[i].name] = 1;
	place[0] = 0;
	for (size_t i = 0; i < s->name_count; i++) {
		if (place[i + 1] == 0)
			continue;
		s->names[n++] = s->names[i];
		place[i + 1] = (uint32_t)n;
	}
	for (size_t i = 0; i < s->count; i++)
		s->records[i].name = place[s->records[i].name];
	s->name_count = n;
	s->asked_count = 0;
}

void
stretch_judged(struct stretch *s, int64_t to)
{
	size_t n = first_at(s, to);

	s->count -= n;
	if (n > 0 && s->count > 0)
		memmove(s->records, s->records + n, s->count * sizeof(*s->records));
	give_back(s);
	s->from = to;
	if (s->to < to)
		s->to = to;
	s->full = false;
	s->span = s->span > INT64_MAX / 2 ? INT64_MAX : s->span * 2;
	keep_names(s);
}

bool
stretch_halve(struct stretch *s, int64_t to)
{
	if (to - s->from < 2)
		return false;
	s->span = (to - s->from) / 2;
	s->to = s->from + s->span;
	s->full = true;
	s->count = first_at(s, s->to);
	keep_names(s);
	return true;
}

/* --- what is asked --------------------------------------------------------------------------- */

void
stretch_want(const struct stretch *s, int64_t now_ms, struct ledger_want *w)
{
	w->from = s->from;
	w->to = s->to;
	w->min_ms = w->max_ms = s->count == 0 ? now_ms : s->records[0].timestamp;
	for (size_t i = 0; i < s->count; i++) {
		if (s->records[i].timestamp < w->min_ms)
			w->min_ms = s->records[i].timestamp;
		if (s->records[i].timestamp > w->max_ms)
			w->max_ms = s->records[i].timestamp;
	}
	w->names = s->asked;
	w->name_count = s->asked_count;
}

static bool
answer_has(const struct ledger_answer *a, const struct ledger_name *name)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct statement *t = a->windows[i]->w.statement;

		if (t->window_id == name->window_id && chain_id_eq(&t->chain, &name->chain))
			return true;
	}
	return false;
}

/* Asked for with the next want.  *ret: it wasn't yet. */
static int
ask_for(struct stretch *s, const struct ledger_name *name, bool *ret)
{
	for (size_t i = 0; i < s->asked_count; i++)
		if (same_name(&s->asked[i], name))
			return 0;
	if (s->asked_count == s->asked_cap) {
		size_t cap = s->asked_cap == 0 ? 16 : s->asked_cap * 2;
		struct ledger_name *more = reallocarray(s->asked, cap, sizeof(*more));

		if (more == NULL)
			return ERR_NOMEM;
		s->asked = more;
		s->asked_cap = cap;
	}
	s->asked[s->asked_count++] = *name;
	*ret = true;
	return 0;
}

static bool
is_ours(const struct answered_conf *about, const struct verdict_window *w)
{
	return w->trust != TRUST_NONE && answered_is_home(about, w->statement);
}

int
stretch_lacks(struct stretch *s, const struct answered_conf *about, bool *ret)
{
	bool lacks = false;
	int err;

	for (size_t i = 0; i < s->name_count; i++)
		if (!answer_has(about->answer, &s->names[i]) && (err = ask_for(s, &s->names[i], &lacks)) != 0)
			return err;
	/* Whether a chain goes on where it should shows beside the statement before. */
	for (size_t i = 0; i < about->answer->count; i++) {
		const struct verdict_window *w = &about->answer->windows[i]->w;
		struct ledger_name before = {w->statement->chain, w->statement->previous_window};

		if (!is_ours(about, w) || before.window_id == 0 || w->statement->last_offset < s->from ||
		    w->statement->first_offset >= s->to || answer_has(about->answer, &before))
			continue;
		if ((err = ask_for(s, &before, &lacks)) != 0)
			return err;
	}
	*ret = lacks;
	return 0;
}

/* --- how far ------------------------------------------------------------------------------- */

static void
mark_listed(const struct stretch *s, const struct runs *r, bool *listed)
{
	for (size_t i = 0; i < r->count; i++) {
		int64_t first = r->list[i].first, last = first + (r->list[i].count - 1);

		for (size_t k = first_at(s, first); k < s->count && s->records[k].offset <= last; k++)
			listed[k] = true;
	}
}

/*
 * Does the answer say what becomes of records that name it?  It is there, or a later one of its chain is, so that it won't
 * come.  One that doesn't count says nothing: anybody may have written it, and the one that counts may come.
 */
static bool
is_known(const struct answered_conf *about, const struct ledger_name *name)
{
	for (size_t i = 0; i < about->answer->count; i++) {
		const struct verdict_window *w = &about->answer->windows[i]->w;
		const struct statement *t = w->statement;

		if (w->trust != TRUST_NONE && t->window_id >= name->window_id && chain_id_eq(&t->chain, &name->chain))
			return true;
	}
	return false;
}

/* Behind the last record before the first whose statement may still come. */
static int64_t
decided(const struct stretch *s, const struct answered_conf *about, int64_t due, const bool *listed)
{
	bool known[STRETCH_NAMES] = {false};

	for (size_t i = 0; i < s->name_count; i++)
		known[i] = is_known(about, &s->names[i]);
	for (size_t i = 0; i < s->count; i++) {
		const struct seen_record *r = &s->records[i];

		if (!listed[i] && !(r->name != 0 && known[r->name - 1]) && r->offset >= due)
			return r->offset;
	}
	return s->to;
}

static int
by_first_down(const void *a, const void *b)
{
	const struct statement *x = *(const struct statement *const *)a, *y = *(const struct statement *const *)b;

	return (x->first_offset < y->first_offset) - (x->first_offset > y->first_offset);
}

/* The last place at or before `limit` that is inside no window. */
static int64_t
between_windows(const struct statement **list, size_t n, int64_t limit)
{
	if (n > 0)
		qsort(list, n, sizeof(const struct statement *), by_first_down);
	for (size_t i = 0; i < n; i++)
		if (list[i]->first_offset < limit && list[i]->last_offset >= limit)
			limit = list[i]->first_offset;
	return limit;
}

int
stretch_end(const struct stretch *s, const struct answered_conf *about, int64_t due, int64_t *ret)
{
	const struct statement **ours = calloc(about->answer->count + 1, sizeof(const struct statement *));
	bool *listed = calloc(s->count + 1, sizeof(*listed));
	int64_t limit, cut;
	size_t n = 0;

	if (ours == NULL || listed == NULL) {
		free(ours);
		free(listed);
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < about->answer->count; i++) {
		const struct verdict_window *w = &about->answer->windows[i]->w;

		if (!is_ours(about, w))
			continue;
		mark_listed(s, &w->statement->ranges, listed);
		ours[n++] = w->statement;
	}
	limit = decided(s, about, due, listed);
	cut = between_windows(ours, n, limit);
	/* Windows of several proxies may overlap without end.  But what is there may not be read to its end yet. */
	*ret = cut > s->from ? cut : s->full || (due > s->from && due <= s->to) ? limit : s->from;
	free(ours);
	free(listed);
	return 0;
}
