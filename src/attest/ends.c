#include "attest/ends.h"

#include "attest/header_room.h"
#include "digest/sha256.h"

/* Those that stand closer together are read at once.  So many that fail are enough: each may take as long as an answer. */
enum { NEAR = 1000, FAILED_MOST = 4 };

struct reading {
	const struct ends_readers *r;
	const struct chain_id *id;
	struct end_asked *ends; /* in order */
	size_t count;           /* of them, … */
	size_t at;              /* … those before this one stand before what is read */
	size_t left;            /* not told yet */
	unsigned failed;        /* so many stretches could not be read */
	int64_t low;            /* where the log begins */
	int told;               /* what it means when a record is there */
	struct header_room room;
};

static int
by_offset(const void *a, const void *b)
{
	const struct end_asked *x = a, *y = b;

	return x->base_offset < y->base_offset ? -1 : x->base_offset > y->base_offset;
}

static int64_t
end_of(const struct end_asked *e)
{
	return e->base_offset + e->count;
}

/* The window of that chain that the record names; 0: none. */
static int
named(struct reading *g, const struct consumer_record *c, uint64_t *ret)
{
	uint8_t hash[SHA256_LEN];
	struct triple t;
	int err = header_room_take(&g->room, c);

	*ret = 0;
	if (err != 0)
		return err;
	if (c->value.p != NULL)
		sha256_of(c->value, hash);
	for (size_t at = c->header_count; *ret == 0 && at-- > 0;) /* another proxy's may stand behind ours */
		if (triple_at(g->room.p, c->header_count, at, c->value.p == NULL ? NULL : hash, &t) && t.well_formed &&
		    chain_id_eq(&t.chain, g->id))
			*ret = t.window_id;
	return 0;
}

static bool
has(const struct end_asked *e, int64_t offset)
{
	return e->base_offset <= offset && offset < end_of(e);
}

static bool
is_alike(const struct end_asked *a, const struct end_asked *b)
{
	return a->producer_id == b->producer_id && a->producer_epoch == b->producer_epoch;
}

/*
 * Is there one that the record at that offset would tell of?  A batch may be asked for beside a run of it; but of two
 * producers' at one place, as an unclean election leaves them, nobody knows whose the record is.
 */
static bool
is_wanted(const struct reading *g, int64_t offset)
{
	const struct end_asked *one = NULL;
	bool wanted = false;

	for (size_t i = g->at; i < g->count && g->ends[i].base_offset <= offset; i++) {
		const struct end_asked *e = &g->ends[i];

		if (!has(e, offset))
			continue;
		if (one != NULL && !is_alike(one, e))
			return false;
		one = e;
		wanted |= e->told == END_UNKNOWN;
	}
	return wanted;
}

/* Else another batch of the chain stands there, behind an unclean election. */
static bool
is_of(const struct end_asked *e, uint64_t window)
{
	return e->last_window == 0 || (e->first_window <= window && window <= e->last_window);
}

static void
tell(struct reading *g, int64_t offset, uint64_t window)
{
	for (size_t i = g->at; i < g->count && g->ends[i].base_offset <= offset; i++) {
		struct end_asked *e = &g->ends[i];

		if (!has(e, offset) || e->told != END_UNKNOWN || !is_of(e, window))
			continue;
		e->told = g->told;
		g->left--;
	}
}

static int
on_record(void *arg, const struct consumer_record *c)
{
	struct reading *g = arg;
	uint64_t window;
	int err;

	if (!g->r->goes_on(g->r->arg))
		return ERR_CLOSED;
	while (g->at < g->count && end_of(&g->ends[g->at]) <= c->offset)
		g->at++;
	if (!is_wanted(g, c->offset))
		return 0;
	if ((err = named(g, c, &window)) != 0 || window == 0)
		return err;
	tell(g, c->offset, window);
	return g->left == 0 ? ERR_CLOSED : 0; /* the rest needn't be read */
}

/* What a stretch that fails doesn't tell is asked for again.  What was delivered before stays told: it is there. */
static void
put_off(struct reading *g, size_t first, size_t last)
{
	for (size_t i = first; i <= last; i++) {
		struct end_asked *e = &g->ends[i];

		if (e->told != END_UNKNOWN)
			continue;
		e->told = END_NOT_YET;
		e->failed = true;
		g->left--;
	}
	g->failed++;
}

/* Reads where some aren't told yet, stretch by stretch.  One that can't be read doesn't keep the others from it. */
static int
read_all(struct reading *g, struct consumer *from, const struct look *l, int told)
{
	size_t first = 0, last;
	int all = 0;

	g->told = told;
	g->at = 0;
	while (all != ERR_CLOSED && g->left > 0 && g->failed < FAILED_MOST) {
		int64_t to;
		int err;

		while (first < g->count && (g->ends[first].told != END_UNKNOWN || end_of(&g->ends[first]) <= g->low))
			first++;
		if (first == g->count)
			break;
		to = end_of(&g->ends[first]);
		for (last = first; last + 1 < g->count && g->ends[last + 1].base_offset - to < NEAR; last++)
			if (end_of(&g->ends[last + 1]) > to)
				to = end_of(&g->ends[last + 1]);
		err = g->r->goes_on(g->r->arg)
			      ? consumer_read(from, l->topic, l->partition,
					      g->ends[first].base_offset > g->low ? g->ends[first].base_offset : g->low, to, on_record, g)
			      : ERR_CLOSED;
		if (err == 0 && consumer_was_cut(from))
			err = ERR_NOT_NOW; /* a leader that knows less than the one before: what it passed over tells nothing */
		if (g->left == 0)
			return all; /* what was read is enough, however it ended */
		if (err != 0 && err != ERR_CLOSED)
			put_off(g, first, last);
		if (err != 0)
			all = err;
		first = last + 1;
	}
	return all;
}

/* Those that are decided by now.  In order, they are the first of them, and of these the first are perhaps gone. */
static void
take_decided(struct reading *g, const struct look *l, int64_t stable)
{
	for (; g->count < l->end_count && end_of(&l->ends[g->count]) <= stable; g->count++)
		l->ends[g->count].told = END_UNKNOWN;
	while (g->count > 0 && end_of(&g->ends[0]) <= g->low) {
		g->ends++;
		g->count--;
	}
	g->left = g->count;
}

int
ends_read(const struct ends_readers *r, struct look *l)
{
	struct reading g = {.r = r, .id = l->id, .ends = l->ends};
	int64_t stable;
	int then, err = consumer_watermarks(r->committed, l->topic, l->partition, &g.low, &stable);

	for (size_t i = 0; err != 0 && i < l->end_count; i++)
		l->ends[i].failed = err != ERR_CLOSED;
	if (err != 0)
		return err;
	qsort(l->ends, l->end_count, sizeof(*l->ends), by_offset);
	take_decided(&g, l, stable);
	err = read_all(&g, r->committed, l, END_COMMITTED);
	if (err != ERR_CLOSED && (then = read_all(&g, r->uncommitted, l, END_ABORTED)) != 0)
		err = then;
	for (size_t i = 0; (err == ERR_CLOSED || g.failed >= FAILED_MOST) && i < g.count; i++)
		if (g.ends[i].told == END_UNKNOWN)
			g.ends[i].told = END_NOT_YET;
	free(g.room.p);
	return err;
}
