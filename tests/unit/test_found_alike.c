/* Batches looked for in logs whose records are alike: what is found, against a plain search, and what that costs. */
#include "attest/found.h"
#include "makoto/reading.h"
#include "tests/unit/chain_rig.h"
#include "tests/unit/marked.h"
#include "tests/unit/suite.h"

static size_t compared;

static int
comparing(const void *a, const void *b, size_t n)
{
	compared++;
	return memcmp(a, b, n);
}

#define memcmp comparing
#include "attest/found.c"
#undef memcmp

/* --- the cost ------------------------------------------------------------------------ */

enum { ALIKE = 20000 };

static struct placement place = {.count = ALIKE, .mode = HEADERS_NONE};
static struct member members[ALIKE];
static uint64_t windows[ALIKE];
static size_t asked;

static struct found_record
alike(int64_t offset, const char *value)
{
	return (struct found_record){.offset = offset, .timestamp = RIG_WALL, .value = slice_str(value)};
}

static struct doubt
all_alike(void)
{
	struct leaf_input in = {.flags = 0};

	leaf_set_record(&in, (struct slice){NULL, 0}, slice_str("a"), true, RIG_WALL);
	for (int32_t i = 0; i < ALIKE; i++)
		leaf_of(&in, members[i].leaf);
	return (struct doubt){.placement = &place, .members = members, .windows = windows};
}

static struct found *
look_for(struct doubt *d, found_taken *is_taken)
{
	struct chain_id id = {{1}};
	struct found *f;

	compared = asked = 0;
	f = found_new(&id, d, 1, is_taken, NULL);
	ck_assert_ptr_nonnull(f);
	return f;
}

static void
read_alike(struct found *f, int64_t from, int64_t to, const char *value)
{
	for (int64_t o = from; o < to; o++) {
		struct found_record x = alike(o, value);

		ck_assert_int_eq(found_record(f, &x), 0);
	}
}

/* Each may begin it, and none is looked at more than twice for that: one behind another, and with one that is unlike. */
START_TEST(alike_to_the_last)
{
	struct doubt d = all_alike();
	struct found *f = look_for(&d, NULL);

	ck_assert_uint_le(compared, 4 * ALIKE);
	compared = 0;
	read_alike(f, 0, ALIKE - 1, "a");
	read_alike(f, ALIKE - 1, ALIKE, "b");
	ck_assert(!d.found);
	ck_assert_uint_le(compared, 2 * ALIKE);
	read_alike(f, ALIKE, 2 * ALIKE - 1, "a");
	ck_assert(!d.found);
	read_alike(f, 2 * ALIKE - 1, 2 * ALIKE, "a");
	ck_assert(d.found);
	ck_assert_int_eq(d.base_offset, ALIKE);
	ck_assert_uint_le(compared, 4 * ALIKE);
	found_free(f);
}
END_TEST

/* Others have the first places: who knows is asked once for each, not at each offset. */
static int64_t
taken_by_tens(void *arg UNUSED, const struct doubt *d UNUSED, int64_t base_offset)
{
	asked++;
	return base_offset < 100 ? base_offset / 10 * 10 + 10 : 0;
}

START_TEST(alike_behind_others)
{
	struct doubt d = all_alike();
	struct found *f;

	place.count = 10;
	f = look_for(&d, taken_by_tens);
	read_alike(f, 5, 109, "a");
	ck_assert(!d.found);
	read_alike(f, 109, 110, "a");
	ck_assert(d.found);
	ck_assert_int_eq(d.base_offset, 100);
	ck_assert_uint_eq(asked, 11);
	found_free(f);
	place.count = ALIKE;
}
END_TEST

/* --- against a plain search ----------------------------------------------------------- */

enum { LOG = 160, DOUBTS = 4, LONGEST = 6, PLACES = 16 };
enum mark { MARK_PLAIN, MARK_OURS, MARK_OTHER }; /* what stands behind the headers before it */

static uint64_t seed;
static struct chain_id ours = {{1}}, other = {{2}};

static unsigned
pick(unsigned n)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % n;
}

/* Some of the headers that a record has; a triple names a window. */
struct content {
	const char *value;
	struct {
		enum mark mark;
		uint64_t window;
	} mark[8];
	size_t marks;
};

struct logged {
	struct content content;
	int64_t offset;
	bool log_append;
};

/* Of one batch: what was sent, and where it went. */
struct sent {
	struct content content[LONGEST];
	struct member members[LONGEST];
	uint64_t windows[LONGEST];
	struct placement placement;
	bool is_there;
};

static struct logged world[LOG];
static size_t logged;
static struct sent sent[DOUBTS];
static struct doubt doubts[DOUBTS], plain[DOUBTS];
static struct { int64_t first, end; } held[PLACES]; /* by others */

static void
add_mark(struct content *c, enum mark mark, uint64_t window)
{
	ck_assert_uint_lt(c->marks, ARRAY_LEN(c->mark));
	c->mark[c->marks].mark = mark;
	c->mark[c->marks++].window = window;
}

static struct content
any_content(void)
{
	struct content c = {.value = pick(4) == 0 ? "b" : "a"};

	if (pick(8) == 0)
		add_mark(&c, MARK_PLAIN, 0);
	if (pick(8) == 0)
		add_mark(&c, MARK_OURS, 1 + pick(4)); /* copied from this partition, … */
	if (pick(8) == 0)
		add_mark(&c, MARK_OTHER, 1); /* … or from another */
	return c;
}

/* How many headers stand before the mark. */
static size_t
before_mark(const struct content *c, size_t at)
{
	size_t n = 0;

	for (size_t i = 0; i < at; i++)
		n += c->mark[i].mark == MARK_PLAIN ? 1 : 3;
	return n;
}

static void
write_marks(const struct content *c, struct marked *m)
{
	m->count = 0;
	for (size_t i = 0; i < c->marks; i++) {
		if (c->mark[i].mark == MARK_PLAIN)
			marked_plain(m, "x");
		else
			marked_triple(m, c->mark[i].mark == MARK_OURS ? &ours : &other, c->mark[i].window, slice_str(c->value));
	}
}

static void
leaf_before(const struct content *c, size_t mark, bool bind, uint8_t out[LEAF_LEN])
{
	struct marked m;

	write_marks(c, &m);
	marked_leaf(&m, before_mark(c, mark), slice_str("k"), slice_str(c->value), bind, RIG_WALL, out);
}

static void
add_record(const struct content *c, bool log_append)
{
	int64_t last = logged == 0 ? 0 : world[logged - 1].offset;

	if (logged == LOG)
		return;
	world[logged++] = (struct logged){*c, last + 1 + (pick(25) == 0), log_append};
}

/* As it arrives in the log: behind `hops` proxies more, if all of it fits. */
static void
store(struct sent *s, unsigned hops, bool log_append)
{
	for (int32_t i = 0; i < s->placement.count; i++) {
		struct content c = s->content[i];

		if (s->placement.mode != HEADERS_NONE)
			add_mark(&c, MARK_OURS, s->windows[i]);
		for (unsigned k = 0; k < hops; k++)
			add_mark(&c, MARK_OTHER, 2 + k);
		add_record(&c, log_append);
	}
}

static void
make_batch(size_t at)
{
	struct sent *s = &sent[at];
	int32_t n = 1 + (int32_t)pick(LONGEST);

	*s = (struct sent){.placement = {.count = n, .mode = pick(3) == 0 ? HEADERS_FULL : HEADERS_NONE}};
	s->placement.time = pick(3) == 0 ? CHAINS_TIME_CREATE : CHAINS_TIME_UNKNOWN;
	if (at > 0 && pick(2) == 0)
		memcpy(s->content, sent[at - 1].content, sizeof(s->content)); /* the same once more, or a part */
	for (int32_t i = 0; i < n; i++) {
		if (s->content[i].value == NULL)
			s->content[i] = any_content();
		s->windows[i] = 1 + (uint64_t)at / 2 + (i >= 3);
		leaf_before(&s->content[i], s->content[i].marks, true, s->members[i].leaf);
		leaf_before(&s->content[i], s->content[i].marks, false, s->members[i].unbound);
	}
	doubts[at] = (struct doubt){.placement = &s->placement, .members = s->members, .windows = s->windows};
	doubts[at].from = pick(2) == 0 ? 0 : 1 + pick(LOG / 2);
	doubts[at].elsewhere = pick(6) == 0;
}

static void
make_world(void)
{
	logged = 0;
	for (size_t i = 0; i < DOUBTS; i++)
		make_batch(i);
	for (size_t i = 0; i < PLACES; i++) {
		held[i].first = pick(LOG);
		held[i].end = held[i].first + 1 + pick(4);
	}
	while (logged < LOG) {
		bool log_append = pick(10) == 0;
		struct content c = any_content();

		if (pick(3) == 0)
			store(&sent[pick(DOUBTS)], pick(3), log_append);
		else
			add_record(&c, log_append);
	}
}

static int64_t
is_held(void *arg UNUSED, const struct doubt *d, int64_t base_offset)
{
	int64_t until = 0;

	for (size_t i = 0; i < PLACES; i++)
		if (held[i].first < base_offset + d->placement->count && base_offset < held[i].end &&
		    (until == 0 || held[i].end < until))
			until = held[i].end;
	return until;
}

/* Which triple of another chain is the `hop`-th from behind?  The end: all headers. */
static bool
mark_of_hop(const struct content *c, unsigned hop, size_t *ret)
{
	*ret = c->marks;
	for (; hop > 0; hop--) {
		do {
			if (*ret == 0)
				return false;
			(*ret)--;
		} while (c->mark[*ret].mark != MARK_OTHER);
	}
	return true;
}

/* Is the record that member, behind so many hops? */
static bool
is_it(const struct sent *s, int32_t i, const struct logged *r, unsigned hop)
{
	const struct content *c = &r->content;
	bool is_named = s->placement.mode != HEADERS_NONE;
	size_t cut, last = c->marks;
	uint8_t leaf[LEAF_LEN];

	for (size_t k = 0; k < c->marks; k++) {
		if (c->mark[k].mark != MARK_OURS)
			continue;
		last = k;
		if (!is_named && c->mark[k].window >= s->windows[0] && c->mark[k].window <= s->windows[s->placement.count - 1])
			return false;
	}
	if (is_named && (last == c->marks || c->mark[last].window != s->windows[i]))
		return false;
	if (!is_named && !mark_of_hop(c, hop, &cut))
		return false;
	if (r->log_append && s->placement.time == CHAINS_TIME_CREATE)
		return false;
	leaf_before(c, is_named ? last : cut, !r->log_append, leaf);
	return memcmp(leaf, r->log_append ? s->members[i].unbound : s->members[i].leaf, LEAF_LEN) == 0;
}

static bool
stands_at(size_t doubt, size_t first, unsigned hop)
{
	const struct sent *s = &sent[doubt];

	for (size_t i = 0; i < (size_t)s->placement.count; i++)
		if (world[first + i].offset != world[first].offset + (int64_t)i || world[first + i].log_append != world[first].log_append ||
		    !is_it(s, (int32_t)i, &world[first + i], hop))
			return false;
	return true;
}

static bool
stands_in_a_way(size_t doubt, size_t first)
{
	for (unsigned hop = 0; hop <= FOUND_HOPS_MAX; hop++)
		if (stands_at(doubt, first, hop))
			return true;
	return false;
}

static bool
is_bare(size_t doubt)
{
	return sent[doubt].placement.mode == HEADERS_NONE;
}

/* A told place, then a named window, then what is alike. */
static int
claim_of(size_t doubt, int64_t base)
{
	if (doubts[doubt].elsewhere && doubts[doubt].from == base)
		return 2;
	return is_bare(doubt) ? 0 : 1;
}

/* It ends with the record at `last`.  Each has its place alone. */
static void
end_plainly(size_t doubt, size_t last)
{
	struct doubt *d = &plain[doubt];
	size_t n = (size_t)d->placement->count;
	int64_t base;

	if (doubt_is_there(d) || last + 1 < n || !stands_in_a_way(doubt, last + 1 - n))
		return;
	base = world[last + 1 - n].offset;
	if ((is_bare(doubt) && (base < d->from || (d->elsewhere && base != d->from))) || is_held(NULL, d, base) != 0)
		return;
	for (int pass = 0; pass < 2; pass++)
		for (size_t i = 0; i < DOUBTS; i++) {
			struct doubt *o = &plain[i];

			if (i == doubt || !o->found || o->base_offset >= base + d->placement->count || base >= o->base_offset + o->placement->count)
				continue;
			if (claim_of(i, o->base_offset) >= claim_of(doubt, base))
				return;
			o->found = pass == 0;
		}
	d->found = true;
	d->base_offset = base;
	d->log_append = world[last].log_append;
}

static void
search_plainly(void)
{
	memcpy(plain, doubts, sizeof(plain));
	for (size_t last = 0; last < logged; last++)
		for (int32_t n = LONGEST; n > 0; n--)
			for (size_t i = 0; i < DOUBTS; i++)
				if (sent[i].placement.count == n)
					end_plainly(i, last);
}

START_TEST(as_a_plain_search_finds)
{
	size_t found = 0;

	for (seed = (uint64_t)_i * 1000003; found < 200;) {
		struct found *f;

		make_world();
		search_plainly();
		f = found_new(&ours, doubts, DOUBTS, is_held, NULL);
		ck_assert_ptr_nonnull(f);
		for (size_t i = 0; i < logged; i++) {
			struct found_record x = {.offset = world[i].offset, .timestamp = RIG_WALL, .log_append = world[i].log_append};
			struct marked m;

			write_marks(&world[i].content, &m);
			x.key = slice_str("k");
			x.value = slice_str(world[i].content.value);
			x.headers = m.list;
			x.header_count = m.count;
			ck_assert_int_eq(found_record(f, &x), 0);
		}
		found_free(f);
		for (size_t i = 0; i < DOUBTS; i++) {
			ck_assert_msg(doubts[i].found == plain[i].found && (!plain[i].found || doubts[i].base_offset == plain[i].base_offset),
				      "doubt %zu: found %d at %lld, plainly %d at %lld", i, doubts[i].found, (long long)doubts[i].base_offset,
				      plain[i].found, (long long)plain[i].base_offset);
			found += plain[i].found;
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("found_alike");
	TCase *t = tcase_create("found_alike");

	tcase_add_test(t, alike_to_the_last);
	tcase_add_test(t, alike_behind_others);
	tcase_add_loop_test(t, as_a_plain_search_finds, 0, 20);
	suite_add_tcase(s, t);
	return suite_run(s);
}
