#include "verify/path.h"

#include "makoto/reading.h"

struct path {
	struct path_conf conf;
	const struct verdict_record *r;
	struct leaf_input input; /* of the record, its time bound */
	struct path_hop hops[PATH_HOPS_MAX];
	size_t count;
};

int
path_new(const struct path_conf *conf, const struct verdict_record *r, struct path **ret)
{
	struct path *p = calloc(1, sizeof(*p));
	const uint8_t *hash;

	if (p == NULL)
		return ERR_NOMEM;
	p->conf = *conf;
	p->r = r;
	leaf_set_record(&p->input, r->key, r->value, true, r->timestamp);
	hash = r->value.p == NULL ? NULL : p->input.value_hash;
	for (size_t at = 0; at < r->header_count; at++) {
		struct triple t;

		if (!triple_at(r->headers, r->header_count, at, hash, &t))
			continue;
		if (p->count == PATH_HOPS_MAX) {
			path_free(p);
			return ERR_LIMIT;
		}
		p->hops[p->count++] = (struct path_hop){.by_headers = true, .triple = t};
	}
	*ret = p;
	return 0;
}

void
path_free(struct path *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->count; i++)
		published_clear(&p->hops[i].p);
	free(p);
}

static bool
has_manifest(const struct statement *s, struct slice manifest)
{
	return s->manifest != MANIFEST_NONE && manifest.p != NULL &&
	       manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root);
}

/* The record as it came to this hop: where in the window is it?  Of equal ones that which stands where the record does. */
static void
find_member(const struct path *p, struct path_hop *h, struct slice manifest)
{
	const struct statement *s = h->p.statement;
	struct leaf_input in;
	uint8_t leaf[LEAF_LEN];
	uint64_t i = 0;

	h->member = PATH_OTHER;
	reading_over(&p->input, p->r->headers, h->triple.at, s->log_append, &in);
	leaf_of(&in, leaf);
	for (size_t run = 0; run < s->ranges.count; run++)
		for (int64_t k = 0; k < s->ranges.list[run].count; k++, i++) {
			int64_t offset = s->ranges.list[run].first + k;

			if (memcmp(manifest_leaf(s->manifest, manifest, i), leaf, LEAF_LEN) != 0 ||
			    (h->member == PATH_MEMBER && offset != p->r->offset))
				continue;
			h->member = PATH_MEMBER;
			h->offset = offset;
		}
}

static int
rank(enum published_state s)
{
	static const int ranks[] = {[PUBLISHED_UNREADABLE] = 0, [PUBLISHED_UNTRUSTED] = 1, [PUBLISHED_UNSIGNED] = 2,
				    [PUBLISHED_UNVERIFIED] = 3, [PUBLISHED_SIGNED] = 4};

	return ranks[s];
}

/* Takes what was read when it is better than what there is; as good in the topic that the header names is better. */
static void
keep(const struct path *p, struct path_hop *h, bool named, struct published *found, struct slice manifest)
{
	int better = h->p.statement == NULL ? 1 : rank(found->state) - rank(h->p.state);

	if (better < 0 || (better == 0 && (!named || h->there)))
		return;
	h->there = named;
	published_clear(&h->p);
	h->p = *found;
	*found = (struct published){0};
	h->member = PATH_UNKNOWN;
	if (has_manifest(h->p.statement, manifest))
		find_member(p, h, manifest);
}

/*
 * A window that lists the record, and that no header names.  Anybody may claim it: only who is trusted counts, or all where
 * nobody is asked for; and not one that had another record there.
 */
static void
add_unnamed(struct path *p, struct published *found, struct slice manifest)
{
	struct path_hop h = {.member = PATH_UNKNOWN, .offset = p->r->offset};
	const struct statement *s = found->statement;
	struct leaf_input in;
	uint64_t i = 0;

	if ((p->conf.policy != NULL && found->trust == TRUST_NONE) || p->count == PATH_HOPS_MAX)
		return;
	(void)runs_find(&s->ranges, p->r->offset, &i);
	if (has_manifest(s, manifest)) {
		if (!reading_find(p->r, s, (struct slice){NULL, 0}, manifest_leaf(s->manifest, manifest, i), &in))
			return;
		h.member = PATH_MEMBER;
	}
	h.p = *found;
	*found = (struct published){0};
	p->hops[p->count++] = h;
}

/* Whichever topic the header tells: a mirror's copy has another name, and the chain id is signed. */
static struct path_hop *
hop_named(struct path *p, const struct chain_id *chain, uint64_t window_id)
{
	for (size_t i = 0; i < p->count; i++) {
		struct path_hop *h = &p->hops[i];
		bool by_headers = h->by_headers && triple_is_of(&h->triple, (struct slice){NULL, 0}, chain, window_id);

		if (by_headers || (!h->by_headers && chain_id_eq(&h->p.chain, chain) && h->p.window_id == window_id))
			return h;
	}
	return NULL;
}

static bool
lists_it(const struct path *p, const struct statement *s)
{
	uint64_t i;

	return slice_eq(s->cluster_id, p->conf.cluster_id) && slice_eq(s->topic, p->conf.topic) &&
	       s->partition == p->conf.partition && runs_find(&s->ranges, p->r->offset, &i);
}

int
path_take(struct path *p, struct slice dbom_topic, struct slice key, struct slice value, struct slice manifest)
{
	struct published found;
	struct path_hop *h;
	int err = published_read(key, value, &found);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (found.statement == NULL)
		goto out;
	h = hop_named(p, &found.chain, found.window_id);
	if (h == NULL && !lists_it(p, found.statement))
		goto out;
	if (p->conf.policy != NULL && (err = published_check(&found, p->conf.policy)) != 0)
		goto out;
	if (h == NULL)
		add_unnamed(p, &found, manifest);
	else if (h->by_headers)
		keep(p, h, slice_eq(h->triple.dbom_topic, dbom_topic), &found, manifest);
out:
	published_clear(&found);
	return err;
}

const struct path_hop *
path_hops(const struct path *p, size_t *ret_count)
{
	*ret_count = p->count;
	return p->hops;
}
