#include "verify/hops.h"

#include "base/map.h"
#include "makoto/reading.h"
#include "verify/path.h"

enum {
	READ_MAX = 256,      /* statements of one name: who fills the topic with them must not hold us up */
	NAMES_MAX = 1 << 16, /* windows that are remembered, with or without a manifest; all are stated somewhere */
	KEY_LEN = CHAIN_ID_LEN + 8,
};

/* One window, as far as it counts. */
struct window {
	uint8_t key[KEY_LEN];
	uint64_t used;
	enum hop_result result; /* of every record; HOP_VERIFIED: the manifest decides */
	uint8_t sha256[SHA256_LEN]; /* of the statement that counts */
	const char *issuer;     /* the policy's */
	bool log_append, unresolved;
	bool told; /* that a record isn't what was attested there */
	size_t entry;      /* bytes of the manifest's */
	uint64_t count;
	uint8_t *manifest;
	uint32_t *order;   /* of its leaves */
};

struct hops {
	struct hops_conf conf;
	struct map *windows; /* by key */
	uint64_t clock;
	size_t bytes; /* of manifests and their orders */
	struct tally tally;
	bool told; /* that headers contradict a record */
};

struct hops *
hops_new(const struct hops_conf *conf)
{
	struct hops *h = calloc(1, sizeof(*h));

	if (h == NULL || (h->windows = map_new()) == NULL) {
		free(h);
		return NULL;
	}
	h->conf = *conf;
	if (h->conf.memory == 0)
		h->conf.memory = HOPS_MEMORY;
	return h;
}

static size_t
bytes_of(const struct window *w)
{
	return w->manifest == NULL ? 0 : (w->entry + sizeof(*w->order)) * (size_t)w->count;
}

static void
window_free(struct window *w)
{
	if (w == NULL)
		return;
	free(w->manifest);
	free(w->order);
	free(w);
}

void
hops_free(struct hops *h)
{
	struct slice key;
	size_t at = 0;
	void *w;

	if (h == NULL)
		return;
	while (map_next(h->windows, &at, &key, &w))
		window_free(w);
	map_free(h->windows);
	free(h);
}

/* --- its leaves ---------------------------------------------------------------------------- */

static int
by_leaf(const void *a, const void *b, void *arg)
{
	const struct window *w = arg;

	return memcmp(w->manifest + *(const uint32_t *)a * w->entry, w->manifest + *(const uint32_t *)b * w->entry, LEAF_LEN);
}

static bool
has_leaf(const struct window *w, const uint8_t leaf[LEAF_LEN])
{
	uint64_t lo = 0, hi = w->count;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;
		int c = memcmp(w->manifest + w->order[mid] * w->entry, leaf, LEAF_LEN);

		if (c == 0)
			return true;
		if (c < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return false;
}

static int
keep_manifest(struct window *w, const struct statement *s, struct slice manifest)
{
	w->count = s->leaf_count;
	w->entry = s->manifest == MANIFEST_LEAF_KEY ? MANIFEST_LEAF_KEY_LEN : LEAF_LEN;
	w->manifest = malloc(manifest.n);
	w->order = reallocarray(NULL, (size_t)w->count, sizeof(*w->order));
	if (w->manifest == NULL || w->order == NULL)
		return ERR_NOMEM;
	memcpy(w->manifest, manifest.p, manifest.n);
	for (uint32_t i = 0; i < w->count; i++)
		w->order[i] = i;
	qsort_r(w->order, (size_t)w->count, sizeof(*w->order), by_leaf, w);
	return 0;
}

/* --- its statement -------------------------------------------------------------------------- */

struct taking {
	const struct hops *h;
	struct window *w;
};

/* Of a fork the first that counts; of one that was published again any that has its manifest. */
static bool
is_the_one(const struct window *w, const struct published *p)
{
	return p->trust != TRUST_NONE && w->result != HOP_VERIFIED &&
	       (w->result != HOP_UNTOLD || memcmp(w->sha256, p->sha256, SHA256_LEN) == 0);
}

static int
take(void *to, struct slice key, struct slice value, struct slice manifest)
{
	struct taking *t = to;
	struct window *w = t->w;
	struct published p;
	const struct statement *s;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	err = published_check(&p, t->h->conf.policy);
	s = p.statement;
	if (err == 0 && s != NULL && p.trust == TRUST_NONE && w->result == HOP_NOT_FOUND)
		w->result = HOP_UNTRUSTED;
	if (err == 0 && s != NULL && is_the_one(w, &p)) {
		w->result = HOP_UNTOLD;
		memcpy(w->sha256, p.sha256, SHA256_LEN);
		w->issuer = p.issuer;
		w->log_append = s->log_append;
		w->unresolved = s->unresolved > 0;
		if (s->manifest != MANIFEST_NONE && manifest.p != NULL &&
		    manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root)) {
			w->result = HOP_VERIFIED;
			err = keep_manifest(w, s, manifest);
		}
	}
	published_clear(&p);
	return err;
}

/* Those that were used the longest ago go. */
static void
make_room(struct hops *h, const struct window *keep)
{
	while (h->bytes > h->conf.memory || map_count(h->windows) > NAMES_MAX) {
		struct window *oldest = NULL;
		struct slice key;
		size_t at = 0;
		void *each;

		while (map_next(h->windows, &at, &key, &each)) {
			struct window *w = each;

			if (w != keep && (h->bytes <= h->conf.memory || w->manifest != NULL) && (oldest == NULL || w->used < oldest->used))
				oldest = w;
		}
		if (oldest == NULL)
			return;
		h->bytes -= bytes_of(oldest);
		map_remove(h->windows, slice_of(oldest->key, KEY_LEN));
		window_free(oldest);
	}
}

static int
find(struct hops *h, const struct triple *t, const struct place *places, size_t n, struct window **ret)
{
	struct window *w;
	struct taking to = {.h = h};
	uint8_t key[KEY_LEN];
	int err = 0;

	memcpy(key, t->chain.b, CHAIN_ID_LEN);
	for (int i = 0; i < 8; i++)
		key[CHAIN_ID_LEN + i] = (uint8_t)(t->window_id >> (56 - 8 * i));
	if ((w = map_get(h->windows, slice_of(key, KEY_LEN))) == NULL) {
		if ((w = calloc(1, sizeof(*w))) == NULL)
			return ERR_NOMEM;
		memcpy(w->key, key, KEY_LEN);
		w->issuer = "";
		w->result = HOP_NOT_FOUND;
		to.w = w;
		for (size_t i = 0, read = 0; err == 0 && i < n && read < READ_MAX && w->result != HOP_VERIFIED; i++) {
			if (places[i].why != NULL) {
				w->result = w->result == HOP_NOT_FOUND ? HOP_UNTRUSTED : w->result;
				continue;
			}
			read++;
			err = h->conf.fetch(h->conf.fetch_arg, places[i].partition, places[i].offset, take, &to);
		}
		if (err != 0 || (err = map_put(h->windows, slice_of(w->key, KEY_LEN), w)) != 0) {
			window_free(w);
			return err;
		}
		h->bytes += bytes_of(w);
		make_room(h, w);
	}
	w->used = ++h->clock;
	*ret = w;
	return 0;
}

/* --- a record --------------------------------------------------------------------------------- */

static void
count(struct hops *h, size_t hop, enum hop_result result)
{
	h->tally.hops[hop < HOPS_TOLD ? hop : HOPS_TOLD - 1][result]++;
}

/* *told: of that window it was said before. */
static void
changed(struct hops *h, struct hops_changed c, bool *told)
{
	h->tally.members[WINDOW_HOP_CHANGED]++;
	h->tally.windows_with[WINDOW_HOP_CHANGED] += !*told;
	*told = true;
	count(h, c.hop - 1, HOP_CHANGED);
	if (h->conf.changed != NULL)
		h->conf.changed(h->conf.arg, &c);
}

static int
judge(struct hops *h, const struct verdict_record *r, const struct leaf_input *input, const struct triple *t, size_t hop,
      const struct place *places, size_t n)
{
	struct leaf_input in;
	struct window *w;
	uint8_t leaf[LEAF_LEN];
	int err;

	if (n == 0) {
		count(h, hop, HOP_NOT_FOUND);
		return 0;
	}
	if ((err = find(h, t, places, n, &w)) != 0)
		return err;
	if (w->result != HOP_VERIFIED) {
		count(h, hop, w->result);
		return 0;
	}
	reading_over(input, r->headers, t->at, w->log_append, &in);
	leaf_of(&in, leaf);
	if (has_leaf(w, leaf))
		count(h, hop, HOP_VERIFIED);
	else if (w->unresolved)
		count(h, hop, HOP_UNTOLD);
	else
		changed(h, (struct hops_changed){r->offset, hop + 1, "that window has no such record: it was changed since, or the headers are forged",
						 &t->chain, t->window_id, w->issuer}, &w->told);
	return 0;
}

/*
 * Where the places of the window's statements are: *ret_count of them.  Is it a hop before?  The last place of headers is,
 * too, where its window is of another topic or partition: the last hop writes none.  Else it is what decides the verdict.
 */
static bool
is_before(const struct hops *h, const struct triple *t, bool last, const struct place **ret, size_t *ret_count)
{
	size_t here;

	*ret = statements_elsewhere(h->conf.statements, -1, &t->chain, t->window_id, ret_count);
	if (!last)
		return true;
	(void)statements_elsewhere(h->conf.statements, h->conf.partition, &t->chain, t->window_id, &here);
	return here > 0 && here == *ret_count;
}

/*
 * For each place that is looked at all headers before it are hashed, and a record has room for thousands, which anybody may
 * write: those behind as many as a path may have are counted alone.
 */
int
hops_record(struct hops *h, const struct verdict_record *r)
{
	const struct place *places = NULL;
	struct leaf_input input;
	struct triple t, last;
	const uint8_t *hash;
	size_t hop = 0, n = 0;
	int err = 0;

	if (!triple_any_name(r->headers, r->header_count))
		return 0;
	memset(&input, 0, sizeof(input));
	leaf_set_record(&input, r->key, r->value, true, r->timestamp);
	hash = r->value.p == NULL ? NULL : input.value_hash;
	if (!triple_last(r->headers, r->header_count, hash, &last))
		return 0;
	for (size_t at = 0; err == 0 && at <= last.at; at++) {
		if (!triple_at(r->headers, r->header_count, at, hash, &t) || (!t.well_formed && at == last.at))
			continue;
		if (t.well_formed && !is_before(h, &t, at == last.at, &places, &n))
			continue;
		if (hop >= PATH_HOPS_MAX)
			count(h, hop, HOP_UNTOLD);
		else if (!t.well_formed)
			changed(h, (struct hops_changed){r->offset, hop + 1, "its headers contradict the value or each other: it was changed since, or they are forged",
							 NULL, 0, ""}, &h->told);
		else
			err = judge(h, r, &input, &t, hop, places, n);
		hop++;
	}
	return err;
}

void
hops_tally(const struct hops *h, struct tally *to)
{
	tally_add(to, &h->tally);
}
