#include "verify/kept.h"

static int
copy_runs(struct spool *spool, const struct runs *from, struct runs *to)
{
	void *list;
	int err = spool_copy(spool, from->list, from->count * sizeof(*from->list), &list);

	if (err == 0)
		*to = (struct runs){list, from->count};
	return err;
}

int
kept_slice(struct spool *spool, struct slice from, struct slice *to)
{
	void *p = NULL;
	int err = from.p == NULL ? 0 : spool_take(spool, from.n + 1, &p);

	if (err != 0)
		return err;
	if (from.n > 0)
		memcpy(p, from.p, from.n);
	*to = slice_of(p, from.n);
	return 0;
}

int
kept_make(struct spool *spool, const struct published *p, struct slice manifest, struct kept **ret)
{
	const struct statement *s = p->statement;
	struct kept *k;
	void *room;
	int err = spool_take(spool, sizeof(*k), &room);

	if (err != 0)
		return err;
	k = room;
	k->s = *s;
	k->s.owned = NULL;
	k->s.level_gaps = NULL;
	k->s.level_gap_count = k->s.producer_count = k->s.claim_count = 0;
	k->s.producers = NULL;
	k->s.claims = NULL;
	k->s.collector_id = k->s.collector_version = k->s.location = k->s.source = (struct slice){NULL, 0};
	k->s.cluster_id = k->s.topic = k->s.signing_key_id = k->s.signing_key_uri = (struct slice){NULL, 0};
	if ((err = kept_slice(spool, s->topic_id, &k->s.topic_id)) != 0 ||
	    (err = copy_runs(spool, &s->ranges, &k->s.ranges)) != 0 ||
	    (err = copy_runs(spool, &s->aborted, &k->s.aborted)) != 0 ||
	    (err = copy_runs(spool, &s->open, &k->s.open)) != 0 ||
	    (err = spool_copy(spool, s->resolved, s->resolved_count * sizeof(*s->resolved), &room)) != 0)
		return err;
	k->s.resolved = room;
	if ((err = kept_slice(spool, manifest, &k->w.manifest)) != 0)
		return err;
	k->w.statement = &k->s;
	k->w.trust = p->trust;
	k->w.issuer = p->issuer;
	k->w.keyid = p->signer;
	memcpy(k->w.sha256, p->sha256, SHA256_LEN);
	*ret = k;
	return 0;
}

static bool
right_manifest(const struct statement *s, struct slice manifest)
{
	return manifest.p != NULL && s->manifest != MANIFEST_NONE &&
	       manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root);
}

void
kept_merge(struct kept *k, const struct kept *again)
{
	if (again->w.trust == TRUST_SIGNED && k->w.trust != TRUST_SIGNED) {
		k->w.trust = TRUST_SIGNED;
		k->w.issuer = again->w.issuer;
		k->w.keyid = again->w.keyid;
	}
	if (!right_manifest(&k->s, k->w.manifest) && right_manifest(&k->s, again->w.manifest))
		k->w.manifest = again->w.manifest;
}
