#include "verify/leaves.h"

struct leaves {
	const struct statement *s;
	struct slice dbom_topic;
	size_t run;      /* of the statement's ranges, that the next record may be in */
	uint64_t before; /* members of the runs before it */
	uint64_t count;  /* of members that came */
	struct wr manifests[READINGS];
};

struct leaves *
leaves_new(const struct statement *s, struct slice dbom_topic)
{
	struct leaves *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->s = s;
	l->dbom_topic = dbom_topic;
	for (int i = 0; i < READINGS; i++)
		l->manifests[i] = wr_new((size_t)s->leaf_count * manifest_entry_len(s->manifest));
	return l;
}

void
leaves_free(struct leaves *l)
{
	if (l == NULL)
		return;
	for (int i = 0; i < READINGS; i++)
		wr_free(&l->manifests[i]);
	free(l);
}

/* Is it the member that comes next? */
static bool
is_next(struct leaves *l, int64_t offset)
{
	const struct runs *r = &l->s->ranges;

	while (l->run < r->count && offset - r->list[l->run].first >= r->list[l->run].count)
		l->before += (uint64_t)r->list[l->run++].count;
	return l->run < r->count && offset >= r->list[l->run].first &&
	       l->before + (uint64_t)(offset - r->list[l->run].first) == l->count;
}

static void
put(struct wr *w, enum manifest_kind kind, const struct leaf_input *in)
{
	uint8_t leaf[LEAF_LEN];

	leaf_of(in, leaf);
	wr_bytes(w, leaf, LEAF_LEN);
	if (kind != MANIFEST_LEAF_KEY)
		return;
	wr_u8(w, in->flags);
	wr_bytes(w, in->key_hash, MANIFEST_KEY_PREFIX);
}

int
leaves_record(struct leaves *l, const struct verdict_record *r)
{
	struct leaf_input in[READINGS];

	if (!is_next(l, r->offset))
		return 0;
	l->count++;
	reading_both(r, l->s, l->dbom_topic, in);
	for (int i = 0; i < READINGS; i++) {
		put(&l->manifests[i], l->s->manifest, &in[i]);
		if (wr_err(&l->manifests[i]) != 0)
			return wr_err(&l->manifests[i]);
	}
	return 0;
}

int
leaves_end(struct leaves *l, struct slice *ret)
{
	const struct statement *s = l->s;

	for (int i = 0; i < READINGS; i++) {
		struct slice m = wr_slice(&l->manifests[i]);

		if (!manifest_is_right(s->manifest, m, s->leaf_count, s->manifest_sha256, s->root))
			continue;
		*ret = m;
		return 0;
	}
	return ERR_NOTFOUND;
}
