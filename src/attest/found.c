#include "attest/found.h"

#include "base/map.h"

/* One of the leaves that are looked for. */
struct place {
	struct place *next; /* the same leaf once more, of a later doubt */
	struct place *last; /* of the first: the last of these */
	size_t doubt;
	int32_t index;
	bool log_append; /* the leaf that it has on such a topic */
};

/* A batch that may have begun at `base`: its next record is awaited. */
struct begun {
	size_t doubt;
	int64_t base;
	int32_t next;
};

struct found {
	const struct chain_id *chain;
	struct doubt *doubts;
	size_t count;
	struct map *firsts; /* leaf → struct place: the first members */
	struct place *places;
	size_t place_count;
	found_taken *is_taken;
	void *arg;
	struct begun *begun; /* batches don't overlap, but their contents may look alike */
	size_t begun_count, begun_cap;
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

static int
add_first(struct found *f, size_t doubt, bool log_append)
{
	const uint8_t *leaf = leaf_of_member(&f->doubts[doubt], 0, log_append);
	struct place *first, *p;

	if (leaf == NULL)
		return 0;
	p = &f->places[f->place_count++];
	*p = (struct place){NULL, p, doubt, 0, log_append};
	first = map_get(f->firsts, slice_of(leaf, LEAF_LEN));
	if (first == NULL)
		return map_put(f->firsts, slice_of(leaf, LEAF_LEN), p);
	first->last->next = p; /* of two that look the same the elder takes its place first */
	first->last = p;
	return 0;
}

struct found *
found_new(const struct chain_id *chain, struct doubt *doubts, size_t count, found_taken *is_taken, void *arg)
{
	struct found *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return NULL;
	*f = (struct found){.chain = chain, .doubts = doubts, .count = count, .is_taken = is_taken, .arg = arg};
	f->firsts = map_new();
	f->places = calloc(2 * count + 1, sizeof(*f->places));
	if (f->firsts == NULL || f->places == NULL)
		goto fail;
	for (size_t i = 0; i < count; i++)
		if (add_first(f, i, false) != 0 || add_first(f, i, true) != 0)
			goto fail;
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
	map_free(f->firsts);
	free(f->places);
	free(f->begun);
	free(f);
}

/* The record's leaf, and the window that it names itself (0: none of this chain's). */
static void
leaf_of_record(const struct found *f, const struct found_record *r, uint8_t leaf[LEAF_LEN], uint64_t *ret_window)
{
	struct leaf_input in = {.flags = 0};
	const uint8_t *value_hash = r->value.p == NULL ? NULL : in.value_hash;
	size_t covered = r->header_count;

	leaf_set_record(&in, r->key, r->value, !r->log_append, r->timestamp);
	*ret_window = 0;
	for (size_t at = r->header_count; at-- > 0;) { /* another proxy's may stand behind ours */
		struct triple t;

		if (!triple_at(r->headers, r->header_count, at, value_hash, &t) || !t.well_formed ||
		    memcmp(&t.chain, f->chain, sizeof(t.chain)) != 0)
			continue;
		covered = t.at;
		*ret_window = t.window_id;
		break;
	}
	if (covered > 0) {
		struct leaf_headers h;

		leaf_headers_begin(&h, (uint32_t)covered);
		for (size_t i = 0; i < covered; i++)
			leaf_headers_add(&h, r->headers[i].name, r->headers[i].value);
		leaf_headers_end(&h, in.headers_hash);
	}
	leaf_of(&in, leaf);
}

static bool
is_member(const struct doubt *d, int32_t i, bool log_append, const uint8_t leaf[LEAF_LEN], uint64_t window)
{
	const uint8_t *want = leaf_of_member(d, i, log_append);
	bool is_named = d->placement->mode != HEADERS_NONE;

	return want != NULL && memcmp(want, leaf, LEAF_LEN) == 0 && window == (is_named ? d->windows[i] : 0);
}

/* Without headers only the place tells it from the same records, sent before. */
static bool
can_begin(const struct doubt *d, int64_t offset)
{
	return d->placement->mode != HEADERS_NONE || offset >= d->from;
}

static int
begin(struct found *f, size_t doubt, int64_t base)
{
	if (f->begun_count == f->begun_cap) {
		size_t cap = f->begun_cap == 0 ? 16 : f->begun_cap * 2;
		struct begun *p = reallocarray(f->begun, cap, sizeof(*p));

		if (p == NULL)
			return ERR_NOMEM;
		f->begun = p;
		f->begun_cap = cap;
	}
	f->begun[f->begun_count++] = (struct begun){doubt, base, 1};
	return 0;
}

/* The whole batch stands there.  Of two that look the same the second may be the other's. */
static void
complete(struct found *f, const struct begun *b, const struct found_record *r)
{
	struct doubt *d = &f->doubts[b->doubt];

	for (size_t i = 0; i < f->count; i++)
		if (f->doubts[i].found && f->doubts[i].base_offset == b->base)
			return;
	if (d->found || (f->is_taken != NULL && f->is_taken(f->arg, d, b->base)))
		return;
	d->found = true;
	d->base_offset = b->base;
	d->log_append = r->log_append;
	d->append_ms = r->log_append ? r->timestamp : -1;
}

int
found_record(struct found *f, const struct found_record *r)
{
	uint8_t leaf[LEAF_LEN];
	uint64_t window;
	size_t kept = 0;
	int err = 0;

	leaf_of_record(f, r, leaf, &window);
	for (const struct place *p = map_get(f->firsts, slice_of(leaf, LEAF_LEN)); p != NULL; p = p->next)
		if (p->log_append == r->log_append && is_member(&f->doubts[p->doubt], 0, r->log_append, leaf, window) &&
		    can_begin(&f->doubts[p->doubt], r->offset) &&
		    !f->doubts[p->doubt].found && err == 0)
			err = begin(f, p->doubt, r->offset);
	for (size_t i = 0; i < f->begun_count; i++) {
		struct begun b = f->begun[i];
		const struct doubt *d = &f->doubts[b.doubt];

		if (r->offset != b.base) { /* the next one, or the log holds something else there */
			if (r->offset != b.base + b.next || !is_member(d, b.next, r->log_append, leaf, window))
				continue;
			b.next++;
		}
		if (b.next == d->placement->count)
			complete(f, &b, r);
		else
			f->begun[kept++] = b;
	}
	f->begun_count = kept;
	return err;
}
