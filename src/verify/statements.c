#include "verify/statements.h"

#include "base/map.h"

/* A kept statement. */
struct kept {
	struct verdict_window w; /* first: who has a pointer to it has one to this */
	struct statement s;      /* cut down; its slices point into `texts` */
	uint8_t *texts;
	uint8_t *manifest;
	int32_t partition; /* where it stands in the statement topic, the first time */
	int64_t offset;
};

struct partition {
	const struct verdict_window **list; /* each the head of a struct kept */
	size_t count, cap;
};

struct statements {
	struct statements_conf conf;
	struct statements_count count;
	struct partition *partitions;
	size_t partition_count;
	struct statements_place *places;
	size_t place_count, place_cap;
	struct map *by_hash; /* SHA-256 of a statement → struct kept */
	char *found_topic_id; /* where nobody could tell it before */
};

struct statements *
statements_new(const struct statements_conf *conf)
{
	struct statements *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->conf = *conf;
	if ((s->by_hash = map_new()) == NULL) {
		free(s);
		return NULL;
	}
	return s;
}

static void
kept_free(struct kept *k)
{
	if (k == NULL)
		return;
	free(k->s.ranges.list);
	free(k->s.aborted.list);
	free(k->s.open.list);
	free(k->s.resolved);
	free(k->texts);
	free(k->manifest);
	free(k);
}

static struct kept *
kept_of(const struct verdict_window *w)
{
	return (struct kept *)(uintptr_t)w;
}

void
statements_forget(struct statements *s, int32_t partition)
{
	struct partition *p;

	if (partition < 0 || (size_t)partition >= s->partition_count)
		return;
	p = &s->partitions[partition];
	for (size_t i = 0; i < p->count; i++) {
		(void)map_remove(s->by_hash, slice_of(p->list[i]->sha256, SHA256_LEN));
		kept_free(kept_of(p->list[i]));
	}
	free(p->list);
	*p = (struct partition){0};
}

void
statements_free(struct statements *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->partition_count; i++)
		statements_forget(s, (int32_t)i);
	free(s->partitions);
	free(s->places);
	free(s->found_topic_id);
	map_free(s->by_hash);
	free(s);
}

static int
grow(void *list, size_t count, size_t *cap, size_t size)
{
	void **at = list;
	size_t more = *cap == 0 ? 64 : *cap * 2;
	void *p;

	if (count < *cap)
		return 0;
	if ((p = reallocarray(*at, more, size)) == NULL)
		return ERR_NOMEM;
	*at = p;
	*cap = more;
	return 0;
}

static int
add_place(struct statements *s, const struct chain_id *chain, uint64_t window_id, int32_t partition, int64_t offset, bool bad)
{
	int err = grow(&s->places, s->place_count, &s->place_cap, sizeof(*s->places));

	if (err != 0)
		return err;
	s->places[s->place_count++] = (struct statements_place){*chain, window_id, offset, partition, -1, bad};
	return 0;
}

static int
copy_runs(const struct runs *from, struct runs *to)
{
	to->list = NULL;
	to->count = 0;
	if (from->count == 0)
		return 0;
	if ((to->list = malloc(from->count * sizeof(*to->list))) == NULL)
		return ERR_NOMEM;
	memcpy(to->list, from->list, from->count * sizeof(*to->list));
	to->count = from->count;
	return 0;
}

/* What verdicts need of a statement, without the JSON that it was read from.  NULL: no memory. */
static struct kept *
keep(const struct published *p, struct slice manifest)
{
	const struct statement *s = p->statement;
	struct kept *k = calloc(1, sizeof(*k));
	size_t id = s->topic_id.n;

	if (k == NULL)
		return NULL;
	k->s = *s;
	k->s.owned = NULL;
	k->s.resolved = NULL;
	k->s.resolved_count = 0;
	k->s.ranges = k->s.aborted = k->s.open = (struct runs){0};
	k->s.level_gaps = NULL;
	k->s.level_gap_count = k->s.producer_count = k->s.claim_count = 0;
	k->s.producers = NULL;
	k->s.claims = NULL;
	k->s.collector_id = k->s.collector_version = k->s.location = k->s.source = (struct slice){NULL, 0};
	k->s.cluster_id = k->s.topic = k->s.signing_key_id = k->s.signing_key_uri = (struct slice){NULL, 0};
	if ((k->texts = malloc(id + 1)) == NULL)
		goto fail;
	if (id > 0)
		memcpy(k->texts, s->topic_id.p, id);
	k->s.topic_id = slice_of(k->texts, id);
	if (copy_runs(&s->ranges, &k->s.ranges) != 0 || copy_runs(&s->aborted, &k->s.aborted) != 0 ||
	    copy_runs(&s->open, &k->s.open) != 0)
		goto fail;
	if (s->resolved_count > 0) {
		if ((k->s.resolved = malloc(s->resolved_count * sizeof(*k->s.resolved))) == NULL)
			goto fail;
		memcpy(k->s.resolved, s->resolved, s->resolved_count * sizeof(*k->s.resolved));
		k->s.resolved_count = s->resolved_count;
	}
	if (manifest.p != NULL) {
		if ((k->manifest = malloc(manifest.n + 1)) == NULL)
			goto fail;
		memcpy(k->manifest, manifest.p, manifest.n);
	}
	k->w.statement = &k->s;
	k->w.trust = p->state == PUBLISHED_SIGNED ? TRUST_SIGNED : TRUST_UNSIGNED;
	memcpy(k->w.sha256, p->sha256, SHA256_LEN);
	k->w.manifest = slice_of(k->manifest, k->manifest == NULL ? 0 : manifest.n);
	return k;
fail:
	kept_free(k);
	return NULL;
}

static bool
right_manifest(const struct statement *s, struct slice manifest)
{
	return manifest.p != NULL && s->manifest != MANIFEST_NONE &&
	       manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root);
}

/*
 * The same statement again: no fork, and nothing new but maybe a signature or a
 * manifest that the first lacked.
 */
static int
add_again(struct kept *k, const struct published *p, struct slice manifest)
{
	uint8_t *copy;

	if (p->state == PUBLISHED_SIGNED)
		k->w.trust = TRUST_SIGNED;
	if (right_manifest(&k->s, k->w.manifest) || !right_manifest(&k->s, manifest))
		return 0;
	if ((copy = malloc(manifest.n)) == NULL)
		return ERR_NOMEM;
	memcpy(copy, manifest.p, manifest.n);
	free(k->manifest);
	k->manifest = copy;
	k->w.manifest = slice_of(copy, manifest.n);
	return 0;
}

static struct partition *
partition_at(struct statements *s, int32_t partition)
{
	size_t want = (size_t)partition + 1;
	struct partition *more;

	if (want > s->partition_count) {
		if ((more = reallocarray(s->partitions, want, sizeof(*more))) == NULL)
			return NULL;
		memset(more + s->partition_count, 0, (want - s->partition_count) * sizeof(*more));
		s->partitions = more;
		s->partition_count = want;
	}
	return &s->partitions[partition];
}

static int
add_kept(struct statements *s, const struct published *p, int32_t partition, int64_t offset, struct slice manifest)
{
	struct kept *k = map_get(s->by_hash, slice_of(p->sha256, SHA256_LEN));
	struct partition *part;
	int err = ERR_NOMEM;

	if (k != NULL)
		return add_again(k, p, manifest);
	if ((k = keep(p, manifest)) == NULL)
		return ERR_NOMEM;
	k->partition = partition;
	k->offset = offset;
	if ((part = partition_at(s, k->s.partition)) == NULL ||
	    (err = grow(&part->list, part->count, &part->cap, sizeof(*part->list))) != 0 ||
	    (err = map_put(s->by_hash, slice_of(p->sha256, SHA256_LEN), k)) != 0) {
		kept_free(k);
		return err;
	}
	part->list[part->count++] = &k->w;
	s->count.trusted++;
	return 0;
}

enum { PARTITIONS_MAX = 1000000 }; /* more than any cluster has; a statement that tells more is no reason to allocate */

/* Is it about the topic that was asked for? */
static bool
wanted(const struct statements *s, const struct statement *st)
{
	return slice_eq(st->cluster_id, s->conf.cluster_id) && slice_eq(st->topic, s->conf.topic) &&
	       (s->conf.partition < 0 || st->partition == s->conf.partition) && st->partition < PARTITIONS_MAX;
}

static bool
counts(const struct statements *s, const struct published *p)
{
	return p->state == PUBLISHED_SIGNED || (p->state == PUBLISHED_UNSIGNED && s->conf.accept_unsigned);
}

int
statements_add(struct statements *s, int32_t partition, int64_t offset, struct slice key, struct slice value,
	       struct slice manifest)
{
	struct published p;
	int err = published_read(key, value, &p);

	if (err == ERR_NOTFOUND)
		return 0;
	if (err != 0)
		return err;
	if (p.state == PUBLISHED_UNREADABLE) {
		s->count.unreadable++;
		err = add_place(s, &p.chain, p.window_id, partition, offset, true);
		goto out;
	}
	if (!wanted(s, p.statement)) {
		s->count.other++;
		err = add_place(s, &p.chain, p.window_id, partition, offset, false);
		goto out;
	}
	/* Only now is it worth the price of a signature. */
	if ((err = published_check(&p, s->conf.trust)) != 0)
		goto out;
	if (!counts(s, &p)) {
		s->count.untrusted++;
		memcpy(s->count.untrusted_keyid, p.keyid, sizeof(p.keyid));
		err = add_place(s, &p.chain, p.window_id, partition, offset, true);
	} else if (s->conf.topic_id_known && !slice_eq(p.statement->topic_id, s->conf.topic_id)) {
		s->count.other_topic_id++;
		err = add_place(s, &p.chain, p.window_id, partition, offset, false);
	} else {
		err = add_kept(s, &p, partition, offset, manifest);
	}
out:
	published_clear(&p);
	return err;
}

static int
by_name(const void *a, const void *b)
{
	const struct statements_place *x = a, *y = b;
	int c = memcmp(x->chain.b, y->chain.b, CHAIN_ID_LEN);

	if (c != 0)
		return c;
	if (x->window_id != y->window_id)
		return (x->window_id > y->window_id) - (x->window_id < y->window_id);
	if (x->kept_for != y->kept_for)
		return (x->kept_for > y->kept_for) - (x->kept_for < y->kept_for);
	if (x->partition != y->partition)
		return (x->partition > y->partition) - (x->partition < y->partition);
	return (x->offset > y->offset) - (x->offset < y->offset);
}

/*
 * Nobody could tell the topic's id: takes that of the statement that was settled last.
 * Of the others the places stay, as for those whose id was known to be another.
 */
static int
choose_topic_id(struct statements *s)
{
	const struct statement *last = NULL;
	size_t n;
	int err;

	for (size_t i = 0; i < s->partition_count; i++)
		for (size_t k = 0; k < s->partitions[i].count; k++) {
			const struct statement *t = s->partitions[i].list[k]->statement;

			if (last == NULL || t->settled_ms > last->settled_ms)
				last = t;
		}
	if (last == NULL)
		return 0;
	n = last->topic_id.n;
	if ((s->found_topic_id = calloc(1, n + 1)) == NULL)
		return ERR_NOMEM;
	if (n > 0)
		memcpy(s->found_topic_id, last->topic_id.p, n);
	for (size_t i = 0; i < s->partition_count; i++) {
		struct partition *p = &s->partitions[i];
		size_t stay = 0;

		/* Nothing is freed before all have a place: the list stays whole should there be no memory. */
		for (size_t k = 0; k < p->count; k++) {
			const struct kept *other = kept_of(p->list[k]);

			if (!slice_eq(other->s.topic_id, last->topic_id) &&
			    (err = add_place(s, &other->s.chain, other->s.window_id, other->partition, other->offset, false)) != 0)
				return err;
		}
		for (size_t k = 0; k < p->count; k++) {
			if (slice_eq(p->list[k]->statement->topic_id, last->topic_id)) {
				p->list[stay++] = p->list[k];
				continue;
			}
			(void)map_remove(s->by_hash, slice_of(p->list[k]->sha256, SHA256_LEN));
			kept_free(kept_of(p->list[k]));
			s->count.trusted--;
			s->count.other_topic_id++;
		}
		p->count = stay;
	}
	return 0;
}

/* Who judges another partition may meet their records too; and they are forgotten before that. */
static int
add_kept_places(struct statements *s)
{
	for (size_t i = 0; i < s->partition_count; i++)
		for (size_t n = 0; n < s->partitions[i].count; n++) {
			const struct kept *k = kept_of(s->partitions[i].list[n]);
			int err = add_place(s, &k->s.chain, k->s.window_id, k->partition, k->offset, false);

			if (err != 0)
				return err;
			s->places[s->place_count - 1].kept_for = k->s.partition;
		}
	return 0;
}

int
statements_done(struct statements *s)
{
	int err = s->conf.topic_id_known ? 0 : choose_topic_id(s);

	if (err == 0 && s->conf.partition < 0)
		err = add_kept_places(s);
	if (s->place_count > 0)
		qsort(s->places, s->place_count, sizeof(*s->places), by_name);
	return err;
}

const struct verdict_window *const *
statements_of(const struct statements *s, int32_t partition, size_t *ret_count)
{
	if (partition < 0 || (size_t)partition >= s->partition_count) {
		*ret_count = 0;
		return NULL;
	}
	*ret_count = s->partitions[partition].count;
	return s->partitions[partition].list;
}

/* The first place that is not before that window's. */
static size_t
lower_bound(const struct statements *s, const struct chain_id *chain, uint64_t window_id)
{
	struct statements_place key = {*chain, window_id, INT64_MIN, INT32_MIN, INT32_MIN, false};
	size_t lo = 0, hi = s->place_count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (by_name(&s->places[mid], &key) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* A chain is of one partition: behind those that aren't kept, all are kept for the same one. */
const struct statements_place *
statements_elsewhere(const struct statements *s, int32_t partition, const struct chain_id *chain, uint64_t window_id,
		     size_t *ret_count)
{
	size_t at = lower_bound(s, chain, window_id), n = 0;

	while (at + n < s->place_count && chain_id_eq(&s->places[at + n].chain, chain) &&
	       s->places[at + n].window_id == window_id && s->places[at + n].kept_for != partition)
		n++;
	*ret_count = n;
	return n == 0 ? NULL : &s->places[at];
}

bool
statements_later_elsewhere(const struct statements *s, int32_t partition, const struct chain_id *chain,
			   uint64_t window_id)
{
	size_t at = lower_bound(s, chain, window_id == UINT64_MAX ? window_id : window_id + 1);

	for (; at < s->place_count && chain_id_eq(&s->places[at].chain, chain); at++)
		if (!s->places[at].bad && s->places[at].kept_for != partition)
			return true;
	return false;
}

const struct statements_count *
statements_count(const struct statements *s)
{
	return &s->count;
}

struct slice
statements_topic_id(const struct statements *s)
{
	return s->found_topic_id == NULL ? s->conf.topic_id : slice_str(s->found_topic_id);
}
