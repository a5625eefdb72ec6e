#include "verify/elsewhere.h"

/*
 * Records that were copied from somewhere come in the order of their windows, so that a
 * few at a time are enough.  Who fills the topic with statements under one key must not
 * hide the one that counts: of those that don't verify one is kept, and many are read.
 */
enum { OPEN_MAX = 16, STATEMENTS_MAX = 16, READ_MAX = 256 };

struct fetched {
	struct published p;
	uint8_t *manifest;
};

struct open {
	struct elsewhere *e;
	struct chain_id chain;
	uint64_t window_id;
	uint64_t used; /* for the least recently used */
	struct fetched list[STATEMENTS_MAX];
	size_t count;
	bool has_untrusted;
	struct verdicts *verdicts;
};

struct elsewhere {
	struct elsewhere_conf conf;
	struct open *open[OPEN_MAX];
	size_t count;
	uint64_t clock;
};

struct elsewhere *
elsewhere_new(const struct elsewhere_conf *conf)
{
	struct elsewhere *e = calloc(1, sizeof(*e));

	if (e != NULL)
		e->conf = *conf;
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
	if (e == NULL)
		return;
	for (size_t i = 0; i < e->count; i++)
		open_free(e->open[i]);
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

	(void)w;
	if (v == VERDICT_MISPLACED || v == VERDICT_DUPLICATE)
		why = "its window is of another topic or partition, and lists it there";
	o->e->conf.record(o->e->conf.record_arg, hidden(offset), v, why, &o->chain, o->window_id);
}

static void
on_behind(void *arg, int64_t offset, size_t headers)
{
	const struct open *o = arg;

	if (o->e->conf.behind != NULL)
		o->e->conf.behind(o->e->conf.record_arg, hidden(offset), headers);
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	/* What is wrong with windows of other partitions is not ours to tell. */
	(void)arg, (void)w, (void)f, (void)offset, (void)why;
}

static enum verdict_trust
trust_of(const struct elsewhere *e, const struct published *p)
{
	if (p->state == PUBLISHED_SIGNED)
		return TRUST_SIGNED;
	return p->state == PUBLISHED_UNSIGNED && e->conf.accept_unsigned ? TRUST_UNSIGNED : TRUST_NONE;
}

/* Moves what was read into the window's list. */
static int
add(struct open *o, struct published *p, enum verdict_trust trust, struct slice manifest)
{
	struct fetched *f = &o->list[o->count++];
	struct verdict_window w = {.trust = trust};

	f->p = *p;
	*p = (struct published){0};
	if (manifest.p != NULL) {
		if ((f->manifest = malloc(manifest.n + 1)) == NULL)
			return ERR_NOMEM;
		memcpy(f->manifest, manifest.p, manifest.n);
		w.manifest = slice_of(f->manifest, manifest.n);
	}
	o->has_untrusted = o->has_untrusted || trust == TRUST_NONE;
	w.statement = f->p.statement;
	memcpy(w.sha256, f->p.sha256, SHA256_LEN);
	return verdicts_window(o->verdicts, &w);
}

static int
take(void *to, struct slice key, struct slice value, struct slice manifest)
{
	struct open *o = to;
	enum verdict_trust trust;
	struct published p;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	err = published_check(&p, o->e->conf.trust);
	trust = trust_of(o->e, &p);
	if (err == 0 && p.statement != NULL && o->count < STATEMENTS_MAX && !(trust == TRUST_NONE && o->has_untrusted))
		err = add(o, &p, trust, manifest);
	published_clear(&p);
	return err;
}

static int
open_window(struct elsewhere *e, const struct triple *named, const struct place *places, size_t n,
	    struct open **ret)
{
	struct open *o = calloc(1, sizeof(*o));
	struct verdict_options options = {.dbom_topic = e->conf.dbom_topic,
					  .now_ms = e->conf.now_ms,
					  .pending_max_ms = e->conf.pending_max_ms,
					  .record = on_record,
					  .behind = on_behind,
					  .window = on_window,
					  .arg = o};
	int err = ERR_NOMEM;

	if (o == NULL)
		return ERR_NOMEM;
	o->e = e;
	o->chain = named->chain;
	o->window_id = named->window_id;
	if ((o->verdicts = verdicts_new(&options)) == NULL)
		goto fail;
	for (size_t i = 0, read = 0; i < n && read < READ_MAX && o->count < STATEMENTS_MAX; i++) {
		if (places[i].bad)
			continue;
		read++;
		if ((err = e->conf.fetch(e->conf.fetch_arg, places[i].partition, places[i].offset, take, o)) != 0)
			goto fail;
	}
	if ((err = verdicts_begin(o->verdicts)) != 0)
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

int
elsewhere_judge(struct elsewhere *e, const struct verdict_record *r, const struct triple *named, bool *ret_taken)
{
	struct verdict_record copy = *r;
	const struct place *places;
	bool all_bad = true;
	struct open *o;
	size_t n;
	int err;

	places = statements_elsewhere(e->conf.statements, e->conf.partition, &named->chain, named->window_id, &n);
	*ret_taken = n > 0;
	if (n == 0) {
		if (!statements_later_elsewhere(e->conf.statements, e->conf.partition, &named->chain, named->window_id))
			return 0;
		*ret_taken = true;
		e->conf.record(e->conf.record_arg, r->offset, VERDICT_UNATTESTED,
			       "its window, of another topic or partition, was never stated, and a later one was",
			       &named->chain, named->window_id);
		return 0;
	}
	for (size_t i = 0; i < n; i++)
		all_bad = all_bad && places[i].bad;
	if (all_bad) {
		e->conf.record(e->conf.record_arg, r->offset, VERDICT_UNTRUSTED, "the statement that it names doesn't verify",
			       &named->chain, named->window_id);
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
