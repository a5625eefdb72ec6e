/*
 * Each batch is looked for as Knuth, Morris and Pratt do it: it is known how many of its first leaves the records read
 * last are, and when the next one isn't the one behind them, how many fewer they are as well.  So a record costs two
 * steps of each batch, in the mean, and it makes no difference how often a batch could have begun.
 *
 *   leaves    a a b a a a        three of the batch's are there; the next one isn't its fourth leaf, …
 *   records   … a a b a a b a    … but its third, of what began later
 *
 * A record that passed later hops has more than one leaf (docs/FORMAT.md, "Verdicts", rule 1).  These leave their headers
 * on all records of a batch alike, so that the whole batch is read in one of the ways.
 */
#include "attest/found.h"

#include "makoto/reading.h"

enum { READINGS_MAX = 1 + FOUND_HOPS_MAX };

/* A batch, and how far it is there. */
struct search {
	struct doubt *d;
	bool is_named;       /* its records tell their windows */
	int32_t *border[2];  /* by log_append: of the first so many leaves, how many of the last are the first again */
	int32_t row[READINGS_MAX]; /* so many of its first leaves are the last records, in each reading */
	int64_t from;        /* what begins before is none of its places */
	int64_t spoilt;      /* the record there names one of its windows; -1: none does */
	bool whole;          /* it is, to the last leaf */
};

struct found {
	const struct chain_id *chain;
	struct search *searches;
	size_t count;
	found_taken *is_taken;
	void *arg;
	int64_t next;     /* a record there goes on with those before */
	bool log_append;  /* as these were */
	int64_t named_at; /* the last record that named a window of the chain; -1: none did */
};

/* How a record may be read. */
struct readings {
	const struct found_record *r;
	struct leaf_input input;  /* its time bound, without headers */
	uint64_t window;          /* that its last triple of this chain names, … */
	size_t own;               /* … and how many headers stand before that; window 0: it has none */
	size_t cut[READINGS_MAX]; /* of what went out without headers: so many are covered, most first */
	size_t cuts;
};

/* The leaf of a member on a topic of that timestamp type; NULL: none was made. */
static const uint8_t *
leaf_of_member(const struct doubt *d, int32_t i, bool log_append)
{
	enum chains_time bound = d->placement->time, in_log = log_append ? CHAINS_TIME_APPEND : CHAINS_TIME_CREATE;

	if (bound == CHAINS_TIME_UNKNOWN)
		return log_append ? d->members[i].unbound : d->members[i].leaf;
	return bound == in_log ? d->members[i].leaf : NULL;
}

static bool
is_member(const struct search *s, int32_t i, bool log_append, const uint8_t leaf[LEAF_LEN], uint64_t window)
{
	return memcmp(leaf_of_member(s->d, i, log_append), leaf, LEAF_LEN) == 0 && (!s->is_named || s->d->windows[i] == window);
}

/* How long the row is with one more record, of that leaf, behind it. */
static int32_t
row_behind(const struct search *s, int32_t row, bool log_append, const uint8_t leaf[LEAF_LEN], uint64_t window)
{
	const int32_t *border = s->border[log_append];

	if (row == s->d->placement->count)
		row = border[row];
	while (row > 0 && !is_member(s, row, log_append, leaf, window))
		row = border[row];
	return row > 0 || is_member(s, 0, log_append, leaf, window) ? row + 1 : 0;
}

/* Of a row of n the next shorter one is border[n] long.  Without a leaf for that type there is none. */
static bool
make_border(struct search *s, bool log_append)
{
	int32_t n = s->d->placement->count, *border;

	if (leaf_of_member(s->d, 0, log_append) == NULL)
		return true;
	border = s->border[log_append] = calloc((size_t)n + 1, sizeof(*border));
	for (int32_t i = 1; border != NULL && i < n; i++)
		border[i + 1] = row_behind(s, border[i], log_append, leaf_of_member(s->d, i, log_append), s->d->windows[i]);
	return border != NULL;
}

struct found *
found_new(const struct chain_id *chain, struct doubt *doubts, size_t count, found_taken *is_taken, void *arg)
{
	struct found *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	*f = (struct found){.chain = chain, .is_taken = is_taken, .arg = arg, .next = -1, .named_at = -1};
	f->searches = calloc(count + 1, sizeof(*f->searches));
	if (f->searches == NULL)
		goto fail;
	for (size_t i = 0; i < count; i++) {
		struct search *s = &f->searches[f->count++];
		struct doubt *d = &doubts[i];

		*s = (struct search){.d = d, .is_named = d->placement->mode != HEADERS_NONE, .spoilt = -1};
		/* Without headers only the place tells it from the same records, sent before. */
		s->from = s->is_named ? 0 : d->from;
		if (!make_border(s, false) || !make_border(s, true))
			goto fail;
	}
	return f;
fail:
	found_free(f);
	return NULL;
}

void
found_free(struct found *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->count; i++) {
		free(f->searches[i].border[false]);
		free(f->searches[i].border[true]);
	}
	free(f->searches);
	free(f);
}

/* --- a record's leaves ------------------------------------------------------------- */

/*
 * A reader of that window takes the record's leaf without the triple, and would call what went out without headers altered.
 * So it is none of a batch that is in the window.
 */
static void
spoil(struct found *f, uint64_t window, int64_t offset)
{
	for (size_t i = 0; i < f->count; i++) {
		struct search *s = &f->searches[i];

		if (!s->is_named && s->d->windows[0] <= window && window <= s->d->windows[s->d->placement->count - 1])
			s->spoilt = offset;
	}
}

static void
read_record(struct found *f, const struct found_record *r, struct readings *ret)
{
	const uint8_t *value_hash = r->value.p == NULL ? NULL : ret->input.value_hash;

	*ret = (struct readings){.r = r, .cut = {r->header_count}, .cuts = 1};
	leaf_set_record(&ret->input, r->key, r->value, true, r->timestamp);
	for (size_t at = r->header_count; at-- > 0;) {
		struct triple t;

		if (!triple_at(r->headers, r->header_count, at, value_hash, &t) || !t.well_formed)
			continue;
		if (!chain_id_eq(&t.chain, f->chain)) {
			if (ret->cuts < READINGS_MAX)
				ret->cut[ret->cuts++] = at;
			continue;
		}
		if (ret->window == 0) { /* another proxy's may stand behind ours */
			ret->window = t.window_id;
			ret->own = at;
			f->named_at = r->offset;
		}
		spoil(f, t.window_id, r->offset);
	}
}

static void
leaf_over(const struct readings *g, size_t covered, uint8_t leaf[LEAF_LEN])
{
	struct leaf_input in;

	reading_over(&g->input, g->r->headers, covered, g->r->log_append, &in);
	leaf_of(&in, leaf);
}

/* --- what stands in a row ---------------------------------------------------------- */

static bool
is_wanted(const struct search *s, const struct found_record *r)
{
	return !doubt_is_there(s->d) && r->offset >= s->from && s->border[r->log_append] != NULL;
}

/* Among what went out with headers, or without: is any to be looked for in it? */
static bool
is_any_wanted(const struct found *f, const struct found_record *r, bool is_named)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->searches[i].is_named == is_named && is_wanted(&f->searches[i], r))
			return true;
	return false;
}

static void
forget(struct search *s)
{
	memset(s->row, 0, sizeof(s->row));
}

static void
go_on(struct search *s, size_t reading, const struct found_record *r, const uint8_t leaf[LEAF_LEN], uint64_t window)
{
	s->row[reading] = row_behind(s, s->row[reading], r->log_append, leaf, window);
	s->whole |= s->row[reading] == s->d->placement->count;
}

static void
go_on_named(struct found *f, const struct readings *g)
{
	uint8_t leaf[LEAF_LEN];

	if (g->window != 0)
		leaf_over(g, g->own, leaf);
	for (size_t i = 0; i < f->count; i++) {
		struct search *s = &f->searches[i];

		if (!s->is_named || !is_wanted(s, g->r))
			continue;
		if (g->window != 0)
			go_on(s, 0, g->r, leaf, g->window);
		else
			forget(s);
	}
}

static void
go_on_bare(struct found *f, const struct readings *g)
{
	uint8_t leaf[READINGS_MAX][LEAF_LEN];

	for (size_t k = 0; k < g->cuts; k++)
		leaf_over(g, g->cut[k], leaf[k]);
	for (size_t i = 0; i < f->count; i++) {
		struct search *s = &f->searches[i];

		if (s->is_named || !is_wanted(s, g->r))
			continue;
		if (s->spoilt == g->r->offset) {
			forget(s);
			continue;
		}
		for (size_t k = 0; k < g->cuts; k++)
			go_on(s, k, g->r, leaf[k], 0);
		for (size_t k = g->cuts; k < READINGS_MAX; k++)
			s->row[k] = 0;
	}
}

/* --- and whose it is --------------------------------------------------------------- */

/* Batches don't overlap, though their contents may. */
static bool
has_place_of(const struct search *s, const struct search *other, int64_t base)
{
	const struct doubt *d = other->d;

	return other != s && d->found && d->base_offset < base + s->d->placement->count &&
	       base < d->base_offset + d->placement->count;
}

/*
 * How surely the place is its own: an answer told it (another topic may have been meant), or the records name its windows,
 * as a copy of them may that went out without headers; or it is just alike.
 */
static int
claim(const struct search *s, int64_t base)
{
	return s->d->elsewhere && base == s->d->from ? 2 : s->is_named;
}

/* The whole batch stands there.  Of two that look the same the second may be the other's. */
static void
take_place(struct found *f, struct search *s, const struct found_record *r)
{
	struct doubt *d = s->d;
	int64_t end = r->offset + 1, base = end - d->placement->count, behind = 0;

	s->whole = false;
	/* Of one that may be in another topic a bare copy shows nothing, but where that one was told to be. */
	if (base < s->from || (d->elsewhere && !s->is_named && base != d->from))
		return;
	for (size_t i = 0; i < f->count; i++)
		if (has_place_of(s, &f->searches[i], base) && claim(&f->searches[i], f->searches[i].d->base_offset) >= claim(s, base))
			return;
	d->named = !s->is_named && f->named_at >= base;
	if (f->is_taken != NULL && (behind = f->is_taken(f->arg, d, base)) > 0) {
		s->from = behind;
		if (behind > end)
			forget(s); /* what lies between isn't looked at */
		return;
	}
	for (size_t i = 0; i < f->count; i++)
		if (has_place_of(s, &f->searches[i], base))
			f->searches[i].d->found = false; /* it goes on behind the record, as it hasn't looked since */
	d->found = true;
	d->base_offset = base;
	if (doubt_is_there(d)) /* else its own place may begin amid this one */
		forget(s);
	d->log_append = r->log_append;
	d->append_ms = r->log_append ? r->timestamp : -1;
}

/* Those that are there to the last leaf: the one that began first, and of them the elder. */
static struct search *
next_whole(struct found *f)
{
	struct search *best = NULL;

	for (size_t i = 0; i < f->count; i++) {
		struct search *s = &f->searches[i];

		if (s->whole && (best == NULL || s->d->placement->count > best->d->placement->count))
			best = s;
	}
	return best;
}

int
found_record(struct found *f, const struct found_record *r)
{
	bool goes_on = r->offset == f->next && r->log_append == f->log_append;
	bool named = is_any_wanted(f, r, true), bare = is_any_wanted(f, r, false);
	struct readings g;
	struct search *s;

	for (size_t i = 0; !goes_on && i < f->count; i++)
		forget(&f->searches[i]);
	f->next = r->offset + 1;
	f->log_append = r->log_append;
	if (!named && !bare)
		return 0;
	read_record(f, r, &g);
	if (named)
		go_on_named(f, &g);
	if (bare)
		go_on_bare(f, &g);
	while ((s = next_whole(f)) != NULL)
		take_place(f, s, r);
	return 0;
}
