#include "verify/evidence.h"

#include "verify/leaves.h"
#include "verify/own_record.h"

enum {
	NAMES_MAX = 64,    /* windows that list one record: a hop each, or forks */
	WINDOWS_MAX = 128, /* statements under these names */
};

struct name {
	struct chain_id chain;
	uint64_t window_id;
};

struct window {
	struct verdict_window w; /* first: a pointer to it is one to this */
	struct published p;
	struct wr value;    /* exact bytes */
	struct wr manifest; /* as published */
	bool lists;         /* the record */
	struct leaves *leaves; /* where the manifest isn't right */
};

struct evidence {
	struct evidence_conf conf;
	struct own_record own;
	struct verdict_record r; /* own's */
	struct name names[NAMES_MAX];
	size_t name_count;
	bool names_one; /* the first is that of the record's last triple */
	uint64_t untrusted;
	const char *untrusted_why;
	struct window *windows[WINDOWS_MAX];
	size_t window_count;
	struct verdicts *verdicts;
	bool decided;
	enum verdict verdict;
	const char *why;
	struct window *decider;
};

/* --- the record ------------------------------------------------------------------- */

/* The window that the record says it is in: where it is not listed, that decides what it is. */
static void
note_named(struct evidence *e)
{
	const struct verdict_record *r = &e->r;
	uint8_t hash[SHA256_LEN] = {0};
	struct triple t;

	if (r->value.p != NULL)
		sha256_of(r->value, hash);
	if (!triple_last(r->headers, r->header_count, r->value.p == NULL ? NULL : hash, &t) || !t.well_formed)
		return;
	e->names[0] = (struct name){t.chain, t.window_id};
	e->name_count = 1;
	e->names_one = true;
}

int
evidence_new(const struct evidence_conf *conf, const struct verdict_record *r, struct evidence **ret)
{
	struct evidence *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return ERR_NOMEM;
	e->conf = *conf;
	if (own_record_of(r, &e->own) != 0) {
		evidence_free(e);
		return ERR_NOMEM;
	}
	e->r = e->own.r;
	note_named(e);
	*ret = e;
	return 0;
}

static void
window_free(struct window *w)
{
	if (w == NULL)
		return;
	leaves_free(w->leaves);
	published_clear(&w->p);
	wr_free(&w->value);
	wr_free(&w->manifest);
	free(w);
}

void
evidence_free(struct evidence *e)
{
	if (e == NULL)
		return;
	verdicts_free(e->verdicts);
	for (size_t i = 0; i < e->window_count; i++)
		window_free(e->windows[i]);
	own_record_free(&e->own);
	free(e);
}

/* --- statements ------------------------------------------------------------------- */

static bool
about_us(const struct evidence *e, const struct statement *s)
{
	const struct evidence_conf *c = &e->conf;

	return s != NULL && slice_eq(s->cluster_id, c->cluster_id) && slice_eq(s->topic, c->topic) &&
	       s->partition == c->partition && (!c->topic_id_known || slice_eq(s->topic_id, c->topic_id));
}

static int
trust_of(const struct evidence *e, struct published *p, enum verdict_trust *ret)
{
	int err = e->conf.policy == NULL ? 0 : published_check(p, e->conf.policy);

	if (e->conf.policy == NULL && p->state == PUBLISHED_UNVERIFIED)
		p->trust = TRUST_SIGNED;
	else if (e->conf.policy == NULL && p->state == PUBLISHED_UNSIGNED)
		p->why = "the statement is not signed";
	*ret = p->trust;
	return err;
}

static bool
is_named(const struct evidence *e, const struct chain_id *chain, uint64_t window_id)
{
	for (size_t i = 0; i < e->name_count; i++)
		if (chain_id_eq(&e->names[i].chain, chain) && e->names[i].window_id == window_id)
			return true;
	return false;
}

static bool
lists(const struct evidence *e, const struct statement *s)
{
	uint64_t i;

	return runs_find(&s->ranges, e->r.offset, &i);
}

int
evidence_look(struct evidence *e, struct slice key, struct slice value)
{
	enum verdict_trust trust = TRUST_NONE;
	struct published p;
	int err = published_read(key, value, &p);

	if (err != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (about_us(e, p.statement) && lists(e, p.statement)) {
		err = trust_of(e, &p, &trust);
		if (err == 0 && trust == TRUST_NONE) {
			e->untrusted++;
			e->untrusted_why = p.why;
		} else if (err == 0 && !is_named(e, &p.chain, p.window_id)) {
			if (e->name_count == NAMES_MAX)
				err = ERR_LIMIT;
			else
				e->names[e->name_count++] = (struct name){p.chain, p.window_id};
		}
	}
	published_clear(&p);
	return err;
}

static bool
is_right(const struct statement *s, struct slice manifest)
{
	return manifest.p != NULL && s->manifest != MANIFEST_NONE &&
	       manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root);
}

static int
replace(struct wr *w, struct slice s)
{
	wr_free(w);
	*w = wr_new(s.n);
	wr_slice_put(w, s);
	return wr_err(w);
}

static struct window *
known(const struct evidence *e, const struct published *p)
{
	for (size_t i = 0; i < e->window_count; i++)
		if (memcmp(e->windows[i]->w.sha256, p->sha256, SHA256_LEN) == 0)
			return e->windows[i];
	return NULL;
}

/* The same statement again: nothing new but maybe a signature or a manifest that the first lacked. */
static int
take_again(struct window *w, enum verdict_trust trust, struct slice value, struct slice manifest)
{
	const struct statement *s = w->p.statement;
	int err = 0;

	if (trust == TRUST_SIGNED && w->w.trust == TRUST_UNSIGNED) {
		w->w.trust = trust;
		err = replace(&w->value, value);
	}
	if (err == 0 && !is_right(s, wr_slice(&w->manifest)) && is_right(s, manifest))
		err = replace(&w->manifest, manifest);
	return err;
}

/* Takes what was read, also on failure. */
static int
keep(struct evidence *e, struct published *p, enum verdict_trust trust, struct slice value, struct slice manifest)
{
	struct window *w;

	if (e->window_count == WINDOWS_MAX)
		return ERR_LIMIT;
	if ((w = calloc(1, sizeof(*w))) == NULL)
		return ERR_NOMEM;
	e->windows[e->window_count++] = w;
	w->p = *p;
	*p = (struct published){0};
	w->w.trust = trust;
	w->w.issuer = w->p.issuer;
	w->w.why = w->p.why;
	w->w.statement = w->p.statement;
	memcpy(w->w.sha256, w->p.sha256, SHA256_LEN);
	w->lists = trust != TRUST_NONE && lists(e, w->p.statement);
	return replace(&w->value, value) != 0 || replace(&w->manifest, manifest) != 0 ? ERR_NOMEM : 0;
}

static void
drop(struct evidence *e, struct window *w)
{
	size_t n = 0;

	for (size_t i = 0; i < e->window_count; i++)
		if (e->windows[i] != w)
			e->windows[n++] = e->windows[i];
	e->window_count = n;
	window_free(w);
}

/* The window that the record names, and nothing of it is kept: who doesn't verify counts as that, and one is enough. */
static bool
is_only_named(const struct evidence *e, const struct chain_id *chain, uint64_t window_id)
{
	if (!e->names_one || !chain_id_eq(&e->names[0].chain, chain) || e->names[0].window_id != window_id)
		return false;
	for (size_t i = 0; i < e->window_count; i++)
		if (chain_id_eq(&e->windows[i]->p.chain, chain) && e->windows[i]->p.window_id == window_id)
			return false;
	return true;
}

int
evidence_take(struct evidence *e, struct slice key, struct slice value, struct slice manifest)
{
	enum verdict_trust trust = TRUST_NONE;
	struct chain_id chain;
	struct published p;
	uint64_t window_id;
	int err;

	if (chain_key_parse(key, &chain, &window_id) != 0 || !is_named(e, &chain, window_id))
		return 0;
	if ((err = published_read(key, value, &p)) != 0)
		return err == ERR_NOTFOUND ? 0 : err;
	if (about_us(e, p.statement) && (err = trust_of(e, &p, &trust)) == 0) {
		struct window *w = known(e, &p);

		if (w != NULL && w->w.trust == TRUST_NONE && trust != TRUST_NONE) {
			drop(e, w); /* now it counts, and from now on */
			w = NULL;
		}
		if (w != NULL)
			err = take_again(w, trust, value, manifest);
		else if (trust != TRUST_NONE || is_only_named(e, &chain, window_id))
			err = keep(e, &p, trust, value, manifest);
	}
	published_clear(&p);
	return err;
}

/* --- the verdict ------------------------------------------------------------------ */

static void
on_record(void *arg, int64_t offset, enum verdict v, const char *why, const struct verdict_window *w)
{
	struct evidence *e = arg;

	if (offset != e->r.offset)
		return;
	e->decided = true;
	e->verdict = v;
	e->why = why;
	for (size_t i = 0; i < e->window_count; i++)
		/* The verdicts have copies of their own. */
		if (w != NULL && e->windows[i]->w.statement == w->statement)
			e->decider = e->windows[i];
}

static void
on_window(void *arg, const struct verdict_window *w, enum window_finding f, int64_t offset, const char *why)
{
	/* What is wrong with other members is not asked here. */
	(void)arg, (void)w, (void)f, (void)offset, (void)why;
}

/* Nobody could tell the topic's id. */
static struct slice
latest_topic_id(const struct evidence *e)
{
	const struct statement *last = NULL;

	for (size_t i = 0; i < e->window_count; i++) {
		const struct statement *s = e->windows[i]->p.statement;

		if (e->windows[i]->lists && (last == NULL || s->settled_ms > last->settled_ms))
			last = s;
	}
	return last == NULL ? (struct slice){NULL, 0} : last->topic_id;
}

static int
begin(struct evidence *e)
{
	struct verdict_options o = {.dbom_topic = e->conf.dbom_topic,
				    .now_ms = e->conf.now_ms,
				    .pending_max_ms = e->conf.pending_max_ms,
				    .from = e->r.offset,
				    .to = e->r.offset + 1,
				    .record = on_record,
				    .window = on_window,
				    .arg = e};
	struct slice id = e->conf.topic_id_known ? e->conf.topic_id : latest_topic_id(e);
	int err;

	if ((e->verdicts = verdicts_new(&o)) == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < e->window_count; i++) {
		struct window *w = e->windows[i];
		const struct statement *s = w->p.statement;

		if (!slice_eq(s->topic_id, id)) {
			w->lists = false;
			continue;
		}
		if (is_right(s, wr_slice(&w->manifest)))
			w->w.manifest = wr_slice(&w->manifest);
		else if (w->lists && (w->leaves = leaves_new(s, e->conf.dbom_topic)) == NULL)
			return ERR_NOMEM;
		if ((err = verdicts_window(e->verdicts, &w->w)) != 0)
			return err;
	}
	return verdicts_begin(e->verdicts);
}

int
evidence_range(struct evidence *e, int64_t *ret_from, int64_t *ret_to)
{
	int64_t from = e->r.offset, last = from;
	int err = begin(e);

	if (err != 0)
		return err;
	for (size_t i = 0; i < e->window_count; i++) {
		const struct statement *s = e->windows[i]->p.statement;

		if (e->windows[i]->leaves == NULL)
			continue;
		from = s->first_offset < from ? s->first_offset : from;
		last = s->last_offset > last ? s->last_offset : last;
	}
	*ret_from = from;
	*ret_to = last == INT64_MAX ? last : last + 1;
	return 0;
}

int
evidence_record(struct evidence *e, const struct verdict_record *r)
{
	int err = verdicts_record(e->verdicts, r);

	for (size_t i = 0; err == 0 && i < e->window_count; i++)
		if (e->windows[i]->leaves != NULL)
			err = leaves_record(e->windows[i]->leaves, r);
	return err;
}

int
evidence_end(struct evidence *e, struct evidence_verdict *ret)
{
	int err = verdicts_end(e->verdicts);

	if (err != 0)
		return err;
	*ret = (struct evidence_verdict){.verdict = e->decided ? e->verdict : VERDICT_UNATTESTED,
					 .why = e->decided ? e->why : "it is gone since it was read",
					 .untrusted = e->untrusted,
					 .untrusted_why = e->untrusted_why};
	return 0;
}

/* --- the proof -------------------------------------------------------------------- */

int
evidence_proof(struct evidence *e, bool with_value, struct wr *w)
{
	const struct window *d = e->decider;
	const struct statement *s = d->p.statement;
	struct proof_file f = {.topic = s->topic,
			       .partition = s->partition,
			       .offset = e->r.offset,
			       .chain = s->chain,
			       .window_id = s->window_id,
			       .statement = wr_slice(&d->value),
			       .value = with_value ? e->r.value : (struct slice){NULL, 0}};
	struct slice manifest = wr_slice(&d->manifest);
	uint64_t index = 0;

	if (d->leaves != NULL && leaves_end(d->leaves, &manifest) != 0)
		return ERR_NOTFOUND;
	(void)runs_find(&s->ranges, e->r.offset, &index);
	if (!reading_find(&e->r, s, e->conf.dbom_topic, manifest_leaf(s->manifest, manifest, index), &f.leaf))
		return ERR_NOTFOUND;
	proof_make(manifest.p, manifest_entry_len(s->manifest), s->leaf_count, index, &f.inclusion);
	return proof_file_write(&f, w);
}
