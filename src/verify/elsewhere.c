#include "verify/elsewhere.h"

#include "base/map.h"

/*
 * Records that were copied from somewhere come in the order of their windows, so that a
 * few at a time are enough.  Who fills the topic with statements under one key must not
 * hide the one that counts: of those that don't count one is kept, and one by a key that the policy knows; many are read.
 */
enum { OPEN_MAX = 16, STATEMENTS_MAX = 16, READ_MAX = 256 };

struct fetched {
	struct published p;
	uint8_t *manifest;
	size_t manifest_len;
};

struct open {
	struct elsewhere *e;
	struct chain_id chain;
	uint64_t window_id;
	uint64_t used; /* for the least recently used */
	struct fetched list[STATEMENTS_MAX];
	size_t count;
	bool has_untrusted[2]; /* … by a key that the policy knows */
	bool mirrored; /* the records' topic mirrors this window's */
	struct verdicts *verdicts;
};

struct elsewhere {
	struct elsewhere_conf conf;
	struct open *open[OPEN_MAX];
	size_t count;
	uint64_t clock;
	bool unattested_allowed;
	struct map *met; /* SHA-256 of a mirrored statement → a bit for each member that a copy was met of */
};

struct elsewhere *
elsewhere_new(const struct elsewhere_conf *conf)
{
	struct elsewhere *e = calloc(1, sizeof(*e));

	if (e == NULL || (e->met = map_new()) == NULL) {
		free(e);
		return NULL;
	}
	e->conf = *conf;
	e->unattested_allowed = policy_allows_unattested(conf->policy, conf->topic);
	return e;
}

static void
open_free(struct open *o)
{
	if (o == NULL)
		return;
	verdicts_free(o->verdicts);
	for (size_t i = 0; i < o->count; i++) {
		published_clear(&o->list[i].p);
		free(o->list[i].manifest);
	}
	free(o);
}

void
elsewhere_free(struct elsewhere *e)
{
	struct slice key;
	size_t at = 0;
	void *bits;

	if (e == NULL)
		return;
	for (size_t i = 0; i < e->count; i++)
		open_free(e->open[i]);
	while (map_next(e->met, &at, &key, &bits))
		free(bits);
	map_free(e->met);
	free(e);
}

/*
 * The instance must not find these records listed: an offset of another partition means
 * nothing here.  So it is told offsets below zero.
 */
static int64_t
hidden(int64_t offset)
{
	return -offset - 1;
}

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	const struct open *o = arg;

	if (!o->mirrored && (v == VERDICT_MISPLACED || v == VERDICT_DUPLICATE))
		why = "its window is of another topic or partition, and lists it there";
	o->e->conf.record(o->e->conf.record_arg, hidden(offset), v, why, &o->chain, o->window_id,
			  w == NULL ? "" : w->issuer);
}

static void
on_behind(void *arg, int64_t offset, size_t headers)
{
	const struct open *o = arg;

	if (o->e->conf.behind != NULL)
		o->e->conf.behind(o->e->conf.record_arg, hidden(offset), headers);
}

static void
on_hashes(void *arg, const struct verdict_hashes *h)
{
	const struct open *o = arg;

	if (o->e->conf.hashes != NULL)
		o->e->conf.hashes(o->e->conf.record_arg, h);
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	/* What is wrong with windows of other partitions is not ours to tell. */
	(void)arg, (void)w, (void)f, (void)offset, (void)why;
}

/* Moves what was read into the window's list. */
static int
add(struct open *o, struct published *p, struct slice manifest)
{
	struct fetched *f = &o->list[o->count++];

	f->p = *p;
	*p = (struct published){0};
	if (f->p.trust == TRUST_NONE)
		o->has_untrusted[f->p.by_known_key] = true;
	if (manifest.p == NULL)
		return 0;
	if ((f->manifest = malloc(manifest.n + 1)) == NULL)
		return ERR_NOMEM;
	memcpy(f->manifest, manifest.p, manifest.n);
	f->manifest_len = manifest.n;
	return 0;
}

static int
take(void *to, struct slice key, struct slice value, struct slice manifest)
{
	struct open *o = to;
	struct published p;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	err = published_check(&p, o->e->conf.policy);
	if (err == 0 && p.statement != NULL && o->count < STATEMENTS_MAX &&
	    !(p.trust == TRUST_NONE && o->has_untrusted[p.by_known_key]))
		err = add(o, &p, manifest);
	published_clear(&p);
	return err;
}

/* The statement that counts: of a fork the first. */
static const struct fetched *
first_trusted(const struct open *o)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->list[i].p.trust != TRUST_NONE)
			return &o->list[i];
	return NULL;
}

/* The bits of that statement's members, which outlive the open window. */
static int
met_of(struct elsewhere *e, const struct published *p, uint8_t **ret)
{
	struct slice key = slice_of(p->sha256, SHA256_LEN);
	uint8_t *bits = map_get(e->met, key);

	if (bits == NULL) {
		if ((bits = calloc(p->statement->leaf_count / 8 + 1, 1)) == NULL)
			return ERR_NOMEM;
		if (map_put(e->met, key, bits) != 0) {
			free(bits);
			return ERR_NOMEM;
		}
	}
	*ret = bits;
	return 0;
}

/* All that was read, to the verdicts. */
static int
state_all(struct open *o, const struct fetched *first)
{
	int err = 0;

	for (size_t i = 0; err == 0 && i < o->count; i++) {
		const struct fetched *f = &o->list[i];
		struct verdict_window w = {.statement = f->p.statement,
					   .trust = f->p.trust,
					   .manifest = slice_of(f->manifest, f->manifest_len),
					   .issuer = f->p.issuer,
					   .why = f->p.trust == TRUST_NONE ? f->p.why : NULL,
					   .by_known_key = f->p.by_known_key};

		memcpy(w.sha256, f->p.sha256, SHA256_LEN);
		if (o->mirrored && memcmp(f->p.sha256, first->p.sha256, SHA256_LEN) == 0)
			err = met_of(o->e, &f->p, &w.met);
		if (err == 0)
			err = verdicts_window(o->verdicts, &w);
	}
	return err != 0 ? err : verdicts_begin(o->verdicts);
}

static int
open_window(struct elsewhere *e, const struct triple *named, const struct place *places, size_t n,
	    struct open **ret)
{
	struct open *o = calloc(1, sizeof(*o));
	struct verdict_options options = {.dbom_topic = e->conf.dbom_topic,
					  .now_ms = e->conf.now_ms,
					  .pending_max_ms = e->conf.pending_max_ms,
					  .unattested_allowed = e->unattested_allowed,
					  .record = on_record,
					  .behind = on_behind,
					  .hashes = on_hashes,
					  .window = on_window,
					  .arg = o};
	const struct fetched *first;
	int err = ERR_NOMEM;

	if (o == NULL)
		return ERR_NOMEM;
	o->e = e;
	o->chain = named->chain;
	o->window_id = named->window_id;
	for (size_t i = 0, read = 0; i < n && read < READ_MAX && o->count < STATEMENTS_MAX; i++) {
		if (places[i].why != NULL)
			continue;
		read++;
		if ((err = e->conf.fetch(e->conf.fetch_arg, places[i].partition, places[i].offset, take, o)) != 0)
			goto fail;
	}
	first = first_trusted(o);
	options.mirror = o->mirrored = first != NULL && policy_mirrors(e->conf.policy, e->conf.topic, first->p.statement->cluster_id,
								       first->p.statement->topic);
	err = ERR_NOMEM;
	if ((o->verdicts = verdicts_new(&options)) == NULL || (err = state_all(o, first)) != 0)
		goto fail;
	*ret = o;
	return 0;
fail:
	open_free(o);
	return err;
}

static int
finish(struct open *o)
{
	int err = verdicts_end(o->verdicts);

	open_free(o);
	return err;
}

static int
find_open(struct elsewhere *e, const struct triple *named, const struct place *places, size_t n,
	  struct open **ret)
{
	size_t oldest = 0;
	struct open *o;
	int err;

	for (size_t i = 0; i < e->count; i++) {
		o = e->open[i];
		if (chain_id_eq(&o->chain, &named->chain) && o->window_id == named->window_id) {
			*ret = o;
			return 0;
		}
		if (o->used < e->open[oldest]->used)
			oldest = i;
	}
	if (e->count == OPEN_MAX) {
		o = e->open[oldest];
		e->open[oldest] = e->open[--e->count];
		if ((err = finish(o)) != 0)
			return err;
	}
	if ((err = open_window(e, named, places, n, &o)) != 0)
		return err;
	e->open[e->count++] = o;
	*ret = o;
	return 0;
}

/*
 * Why none of them counts; NULL: one may.  Where unattested records are allowed and none is by a key that the policy
 * knows, *n is none: anybody may have written them.
 */
static const char *
never_counts(const struct elsewhere *e, const struct place *places, size_t *n)
{
	const char *why = NULL;
	bool known = false;

	for (size_t i = 0; i < *n; i++) {
		if (places[i].why == NULL)
			return NULL;
		if (why == NULL || (places[i].by_known_key && !known))
			why = places[i].why;
		known = known || places[i].by_known_key;
	}
	if (*n > 0 && !known && e->unattested_allowed) {
		*n = 0;
		why = NULL;
	}
	return why;
}

int
elsewhere_judge(struct elsewhere *e, const struct verdict_record *r, const struct triple *named, bool *ret_taken)
{
	struct verdict_record copy = *r;
	const struct place *places;
	const char *bad;
	struct open *o;
	size_t n;
	int err;

	places = statements_elsewhere(e->conf.statements, e->conf.partition, &named->chain, named->window_id, &n);
	bad = never_counts(e, places, &n);
	*ret_taken = n > 0;
	if (n == 0) {
		if (!statements_later_elsewhere(e->conf.statements, e->conf.partition, &named->chain, named->window_id))
			return 0;
		*ret_taken = true;
		e->conf.record(e->conf.record_arg, r->offset, VERDICT_UNATTESTED,
			       "its window, of another topic or partition, was never stated, and a later one was",
			       &named->chain, named->window_id, "");
		return 0;
	}
	if (bad != NULL) {
		e->conf.record(e->conf.record_arg, r->offset, VERDICT_UNTRUSTED, bad, &named->chain, named->window_id, "");
		return 0;
	}
	if ((err = find_open(e, named, places, n, &o)) != 0)
		return err;
	o->used = ++e->clock;
	copy.offset = hidden(r->offset);
	return verdicts_record(o->verdicts, &copy);
}

int
elsewhere_end(struct elsewhere *e)
{
	while (e->count > 0) {
		int err = finish(e->open[--e->count]);

		if (err != 0)
			return err;
	}
	return 0;
}
