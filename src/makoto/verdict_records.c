/* One record after the other: docs/FORMAT.md, "Verdicts", rules 1 to 5 in their order. */
#include "base/text.h"
#include "makoto/verdict_internal.h"

enum { TRIPLE_HEADERS = 3 };

struct look {
	const struct verdict_record *r;
	struct leaf_input leaf; /* all but the headers' hash and the timestamp's binding */
	const uint8_t *value_hash;
	struct triple last;
	bool has_triple;
	bool names; /* the last triple names a window */
	size_t behind; /* headers that the leaf which was computed last doesn't cover */
};

/* The leaf over the first `covered` headers. */
static void
leaf_over(struct look *l, size_t covered, bool log_append, uint8_t out[LEAF_LEN])
{
	struct leaf_input in;

	reading_over(&l->leaf, l->r->headers, covered, log_append, &in);
	leaf_of(&in, out);
}

static struct slice
topic_of(const struct verdicts *v)
{
	/* On a mirror the statement topic has the source's name, which nobody need know. */
	return v->o.mirror ? (struct slice){NULL, 0} : v->o.dbom_topic;
}

/*
 * The leaf over what the window's own triple leaves, else over all.  Is there such a triple?  Most often it is the
 * record's last, which was read already.
 */
static bool
leaf_for(const struct verdicts *v, struct look *l, const struct judged *j, uint8_t out[LEAF_LEN])
{
	const struct statement *s = j->w.statement;
	const struct verdict_record *r = l->r;
	bool own = l->has_triple && triple_is_of(&l->last, topic_of(v), &s->chain, s->window_id);
	size_t n = l->last.at;

	if (!own)
		n = triple_covered(r->headers, r->header_count, l->value_hash, topic_of(v), &s->chain, s->window_id, &own);
	l->behind = own ? r->header_count - n - TRIPLE_HEADERS : 0;
	leaf_over(l, n, s->log_append, out);
	return own;
}

/*
 * Does the record have this leaf, as that window would have made it?  With the window's own
 * triple there is one way; without, all headers, or those before a later hop's triple.
 */
static bool
has_leaf(const struct verdicts *v, struct look *l, const struct judged *j, const uint8_t *leaf)
{
	const struct statement *s = j->w.statement;
	const struct verdict_record *r = l->r;
	uint8_t sum[LEAF_LEN];
	bool own = leaf_for(v, l, j, sum);

	if (memcmp(sum, leaf, LEAF_LEN) == 0)
		return true;
	if (own)
		return false;
	for (size_t at = 0; at < r->header_count; at++) {
		struct triple t;

		if (!triple_at(r->headers, r->header_count, at, l->value_hash, &t) || !t.well_formed ||
		    chain_id_eq(&t.chain, &s->chain))
			continue;
		leaf_over(l, at, s->log_append, sum);
		if (memcmp(sum, leaf, LEAF_LEN) == 0) {
			l->behind = r->header_count - at;
			return true;
		}
	}
	return false;
}

static bool
leaf_elsewhere(const struct verdicts *v, struct look *l, const struct judged *j)
{
	const struct statement *s = j->w.statement;
	uint8_t sum[LEAF_LEN];

	if (!j->has_manifest)
		return false;
	(void)leaf_for(v, l, j, sum);
	for (uint64_t i = 0; i < s->leaf_count; i++)
		if (memcmp(manifest_leaf(s->manifest, j->w.manifest, i), sum, LEAF_LEN) == 0)
			return true;
	return false;
}

/* What can be shown to differ. */
static const char *
difference(const struct look *l)
{
	const struct verdict_record *r = l->r;

	for (size_t i = 0; i < r->header_count; i++) {
		struct triple t;

		if (!triple_at(r->headers, r->header_count, i, l->value_hash, &t))
			continue;
		if (t.well_formed)
			return "key, timestamp or headers differ from what was attested (the value matches its content_hash)";
		return "the value differs from its content_hash, or the makoto headers were changed";
	}
	if (triple_any_name(r->headers, r->header_count))
		return "makoto headers were removed or changed";
	return "it differs from what was attested, and has no makoto headers";
}

static enum verdict
good(const struct judged *j, enum verdict v)
{
	return j->w.trust == TRUST_UNSIGNED ? VERDICT_UNSIGNED : v;
}

/* --- rule 1: listed -------------------------------------------------------------- */

static int
activate(struct verdicts *v, int64_t offset)
{
	size_t keep = 0;

	for (size_t i = 0; i < v->active_count; i++)
		if (v->active[i]->w.statement->last_offset >= offset)
			v->active[keep++] = v->active[i];
	v->active_count = keep;
	for (; v->next < v->count && v->windows[v->next]->w.statement->first_offset <= offset; v->next++) {
		struct judged *j = v->windows[v->next];
		int err;

		if (!is_trusted(j) || j->w.statement->last_offset < offset)
			continue;
		err = verdict_room((void **)&v->active, v->active_count, &v->active_cap, sizeof(struct judged *));
		if (err != 0)
			return err;
		v->active[v->active_count++] = j;
	}
	return 0;
}

/* Of windows of two chains that list an offset: is a the later? */
static bool
is_later(const struct judged *a, const struct judged *b)
{
	const struct statement *s = a->w.statement, *t = b->w.statement;

	if (s->settled_ms != t->settled_ms)
		return s->settled_ms > t->settled_ms;
	return memcmp(s->chain.b, t->chain.b, CHAIN_ID_LEN) > 0;
}

/* Is there a later window of that chain which lists the offset? */
static bool
is_followed(const struct verdicts *v, const struct judged *j, int64_t offset)
{
	const struct statement *s = j->w.statement;
	uint64_t i;

	for (size_t k = 0; k < v->active_count; k++) {
		const struct statement *t = v->active[k]->w.statement;

		if (t->window_id > s->window_id && chain_id_eq(&t->chain, &s->chain) &&
		    runs_find(&t->ranges, offset, &i))
			return true;
	}
	return false;
}

static struct judged *
decides(const struct verdicts *v, const struct look *l, int64_t offset)
{
	struct judged *best = NULL;
	uint64_t i;

	for (size_t k = 0; k < v->active_count; k++) {
		struct judged *j = v->active[k];
		const struct statement *s = j->w.statement;

		if (!runs_find(&s->ranges, offset, &i))
			continue;
		if (l->names && chain_id_eq(&l->last.chain, &s->chain) && l->last.window_id == s->window_id)
			return j;
		/* Times of one chain need not ascend: of each its last window, and only then the latest of all. */
		if (!is_followed(v, j, offset) && (best == NULL || is_later(j, best)))
			best = j;
	}
	return best;
}

/* The leaf over the headers before the last well-formed triple of another chain.  Is there one? */
static bool
leaf_before_hop(struct look *l, const struct judged *j, uint8_t out[LEAF_LEN])
{
	const struct verdict_record *r = l->r;

	for (size_t at = r->header_count; at-- > 0;) {
		struct triple t;

		if (!triple_at(r->headers, r->header_count, at, l->value_hash, &t) || !t.well_formed ||
		    chain_id_eq(&t.chain, &j->w.statement->chain))
			continue;
		leaf_over(l, at, j->w.statement->log_append, out);
		l->behind = r->header_count - at;
		return true;
	}
	return false;
}

/* Records come in ascending offset, which is the leaves' order: the trees grow as they come. */
static void
grow_trees(const struct verdicts *v, struct look *l, struct judged *j, uint64_t i, size_t behind[READINGS])
{
	uint8_t all[LEAF_LEN], hop[LEAF_LEN];
	bool own = leaf_for(v, l, j, all);

	behind[READING_ALL] = behind[READING_HOP] = l->behind;
	if (j->in_trees != i)
		return;
	memcpy(hop, all, LEAF_LEN);
	if (!own && leaf_before_hop(l, j, hop))
		behind[READING_HOP] = l->behind;
	tree_add(&j->trees[READING_ALL], all);
	tree_add(&j->trees[READING_HOP], hop);
	j->in_trees++;
}

static int
judge_without_manifest(struct verdicts *v, struct look *l, struct judged *j, uint64_t i)
{
	int err = verdict_room((void **)&v->waiting, v->waiting_count, &v->waiting_cap, sizeof(*v->waiting));
	struct waiting *w;

	if (err != 0)
		return err;
	w = &v->waiting[v->waiting_count++];
	w->offset = l->r->offset;
	w->window = j;
	grow_trees(v, l, j, i, w->behind);
	j->seen[i] = SEEN_HELD;
	return 0;
}

static int
judge_listed(struct verdicts *v, struct look *l, struct judged *j)
{
	const struct statement *s = j->w.statement;
	int64_t offset = l->r->offset;
	uint8_t leaf[LEAF_LEN];
	uint64_t i = 0;

	(void)runs_find(&s->ranges, offset, &i);
	if (!j->has_manifest)
		return judge_without_manifest(v, l, j, i);
	if (has_leaf(v, l, j, member_leaf(j, i))) {
		j->seen[i] = SEEN_MATCHED;
		tell_record(v, offset, good(j, VERDICT_VERIFIED), "", j, l->behind);
		return 0;
	}
	(void)leaf_for(v, l, j, leaf);
	tell_hashes(v, "leaf", member_leaf(j, i), leaf);
	if (leaf_elsewhere(v, l, j)) {
		j->seen[i] = SEEN_HELD;
		tell_record(v, offset, VERDICT_MISPLACED, "it belongs to another offset of its window", j, l->behind);
	} else {
		j->seen[i] = SEEN_HELD;
		tell_record(v, offset, VERDICT_ALTERED, difference(l), j, l->behind);
	}
	return 0;
}

/* The other statements that list the offset: another hop, or a member that is gone. */
static void
judge_other_hops(struct verdicts *v, struct look *l, const struct judged *decider)
{
	for (size_t k = 0; k < v->active_count; k++) {
		struct judged *j = v->active[k];
		const struct statement *s = j->w.statement;
		bool other = !chain_id_eq(&s->chain, &decider->w.statement->chain);
		uint64_t i;

		if (j == decider || !runs_find(&s->ranges, l->r->offset, &i))
			continue;
		if (other && !j->has_manifest) {
			size_t behind[READINGS];

			grow_trees(v, l, j, i, behind);
			j->seen[i] = SEEN_ROOT;
		} else if (other && has_leaf(v, l, j, manifest_leaf(s->manifest, j->w.manifest, i))) {
			j->seen[i] = SEEN_MATCHED;
		} else {
			j->seen[i] = SEEN_REUSED;
		}
	}
}

/* --- rules 2 to 5: named, or nothing ----------------------------------------------- */

static int
judge_stray(struct verdicts *v, struct look *l, struct judged *j)
{
	struct stray *s;
	int err = verdict_room((void **)&v->strays, v->stray_count, &v->stray_cap, sizeof(*v->strays));

	if (err != 0)
		return err;
	s = &v->strays[v->stray_count++];
	s->offset = l->r->offset;
	s->window = j;
	(void)leaf_for(v, l, j, s->leaf);
	s->behind = l->behind;
	return 0;
}

static const char *
untrusted_why(const struct judged *j)
{
	return j->w.why != NULL ? j->w.why : "no trusted key signed the statement that it names";
}

/* Of those of one name, from `at` on, the trusted one; NULL: none is. */
static struct judged *
trusted_of(const struct verdicts *v, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		if (is_trusted(v->by_name[i]))
			return v->by_name[i];
	return NULL;
}

/* Of those of one name, of which none is trusted: the one that makes records that name it untrusted; NULL: none does. */
static struct judged *
untrusted_of(const struct verdicts *v, size_t at, size_t n)
{
	for (size_t i = at; i < at + n; i++)
		if (v->by_name[i]->w.by_known_key)
			return v->by_name[i];
	return n == 0 || v->o.unattested_allowed ? NULL : v->by_name[at];
}

/* The window that it names has no trusted statement, and will have none: why; NULL: that isn't known. */
static const char *
never_stated(const struct verdicts *v, const struct look *l)
{
	if (verdict_later_stated(v, &l->last.chain, l->last.window_id))
		return "its window was never stated, and a later one was";
	if (l->r->timestamp >= 0 && l->r->timestamp <= v->o.now_ms && v->o.now_ms - l->r->timestamp > v->o.pending_max_ms)
		return "its window was never stated";
	return NULL;
}

static int
judge_named(struct verdicts *v, struct look *l)
{
	size_t n, at = verdict_find_name(v, &l->last.chain, l->last.window_id, &n);
	struct judged *stated = trusted_of(v, at, n), *bad = untrusted_of(v, at, n);
	int64_t offset = l->r->offset;
	const char *never;

	if (stated != NULL)
		return judge_stray(v, l, stated);
	never = never_stated(v, l);
	if (bad != NULL && (never != NULL || !v->o.live))
		tell_record(v, offset, VERDICT_UNTRUSTED, untrusted_why(bad), bad, 0);
	else if (never != NULL)
		tell_record(v, offset, VERDICT_UNATTESTED, never, NULL, 0);
	else
		tell_record(v, offset, VERDICT_PENDING, n > 0 ? untrusted_why(v->by_name[at]) : "its window is not stated yet",
			    bad != NULL && bad->w.by_known_key ? bad : NULL, 0);
	return 0;
}

static const char unresolved_why[] = "its window could not find out the outcome of some records";

static bool
is_leaf_of(const struct stray *s, uint64_t i)
{
	const struct judged *j = s->window;

	return memcmp(manifest_leaf(j->w.statement->manifest, j->w.manifest, i), s->leaf, LEAF_LEN) == 0;
}

/* On a mirror each member has one copy.  Is this the first of that member's? */
static bool
is_first_copy(struct judged *j, uint64_t i)
{
	uint8_t bit = (uint8_t)(1u << (i & 7));

	if (j->seen[i] == SEEN_HELD || (j->w.met != NULL && (j->w.met[i / 8] & bit) != 0))
		return false;
	j->seen[i] = SEEN_HELD;
	if (j->w.met != NULL)
		j->w.met[i / 8] |= bit;
	j->next_copy = i + 1;
	return true;
}

/* A mirror keeps the order, so that most often the next member is the one. */
static void
decide_copy(const struct verdicts *v, const struct stray *s)
{
	struct judged *j = s->window;
	const struct statement *t = j->w.statement;
	uint64_t n = j->has_manifest ? t->leaf_count : 0;
	bool met = false, first = j->next_copy < n && is_leaf_of(s, j->next_copy) && is_first_copy(j, j->next_copy);

	tell_hashes(v, "leaf", NULL, s->leaf);
	for (uint64_t i = 0; i < n && !first; i++) {
		if (!is_leaf_of(s, i))
			continue;
		met = true;
		first = is_first_copy(j, i);
	}
	if (first)
		tell_record(v, s->offset, good(j, VERDICT_VERIFIED_CONTENT), "", j, s->behind);
	else if (met)
		tell_record(v, s->offset, VERDICT_DUPLICATE, "a copy of that record was there before", j, s->behind);
	else if (t->unresolved > 0)
		tell_record(v, s->offset, VERDICT_UNATTESTED, unresolved_why, j, s->behind);
	else if (!j->has_manifest)
		tell_record(v, s->offset, VERDICT_UNATTESTED, "its window has no manifest that could tell its records", j, s->behind);
	else
		tell_record(v, s->offset, VERDICT_ALTERED, "its window has no such record", j, s->behind);
}

/* A stray's verdict, once every record of the partition was seen. */
static void
decide_stray(const struct verdicts *v, const struct stray *s)
{
	struct judged *j = s->window;
	const struct statement *t = j->w.statement;
	bool met = false, every = true;

	tell_hashes(v, "leaf", NULL, s->leaf);
	for (uint64_t i = 0; j->has_manifest && i < t->leaf_count; i++) {
		if (!is_leaf_of(s, i))
			continue;
		met = true;
		every &= j->seen[i] == SEEN_MATCHED;
	}
	if (met && every)
		tell_record(v, s->offset, VERDICT_DUPLICATE, "its window lists this record at another offset, where it also is", j, s->behind);
	else if (met)
		tell_record(v, s->offset, VERDICT_MISPLACED, "its window lists this record at another offset", j, s->behind);
	else if (t->unresolved > 0)
		tell_record(v, s->offset, VERDICT_UNATTESTED, unresolved_why, j, s->behind);
	else
		tell_record(v, s->offset, VERDICT_FORGED_HEADER, "it names a window that doesn't list it", j, s->behind);
}

static void
look_at(struct verdicts *v, const struct verdict_record *r, const uint8_t *value_hash, struct look *l)
{
	memset(l, 0, sizeof(*l));
	l->r = r;
	leaf_set_record(&l->leaf, r->key, (struct slice){NULL, 0}, true, r->timestamp);
	if (value_hash != NULL) {
		l->leaf.flags &= (uint8_t)~LEAF_VALUE_NULL;
		memcpy(l->leaf.value_hash, value_hash, SHA256_LEN);
		l->value_hash = l->leaf.value_hash;
	}
	l->has_triple = triple_last(r->headers, r->header_count, l->value_hash, &l->last);
	l->names = l->has_triple && l->last.well_formed;
	if (l->names && !l->last.compact && !v->o.mirror && !text_listed(v->o.dbom_topic, l->last.dbom_topic)) {
		size_t n, at = verdict_find_name(v, &l->last.chain, l->last.window_id, &n);

		/* Stated here, but the header tells a topic that isn't read: it names nothing. */
		l->names = n == 0 || (trusted_of(v, at, n) == NULL && (v->o.live || untrusted_of(v, at, n) == NULL));
	}
}

int
verdicts_record(struct verdicts *v, const struct verdict_record *r)
{
	uint8_t hash[SHA256_LEN];

	if (r->value.p != NULL)
		sha256_of(r->value, hash);
	return verdicts_record_hashed(v, r, r->value.p == NULL ? NULL : hash);
}

int
verdicts_record_hashed(struct verdicts *v, const struct verdict_record *r, const uint8_t value_hash[SHA256_LEN])
{
	struct look l;
	struct judged *j;
	int err;

	look_at(v, r, value_hash, &l);
	if ((err = activate(v, r->offset)) != 0)
		return err;
	j = decides(v, &l, r->offset);
	/* A record of an aborted transaction doesn't stand in for one that compaction removed. */
	if (v->want_keys && r->key.p != NULL && (j == NULL || !verdict_was_aborted(v, j, r->offset)) &&
	    (err = verdict_key_note(v, l.leaf.key_hash, r->offset)) != 0)
		return err;
	if (j != NULL) {
		err = judge_listed(v, &l, j);
		if (err == 0)
			judge_other_hops(v, &l, j);
		return err;
	}
	if (l.names)
		return judge_named(v, &l);
	if (triple_any_name(r->headers, r->header_count))
		tell_record(v, r->offset, VERDICT_FORGED_HEADER,
			    l.has_triple ? "its makoto headers contradict the value or each other"
					 : "it has makoto headers, but not the three together",
			    NULL, 0);
	else
		tell_record(v, r->offset, VERDICT_UNATTESTED, "no statement lists it and it has no makoto headers", NULL, 0);
	return 0;
}

int
verdicts_end(struct verdicts *v)
{
	for (size_t i = 0; i < v->waiting_count; i++) {
		const struct waiting *w = &v->waiting[i];
		struct judged *j = w->window;
		int reading = verdict_right_reading(j);
		uint8_t root[SHA256_LEN];

		if (j->in_trees < j->w.statement->leaf_count)
			tell_record(v, w->offset, VERDICT_UNATTESTED,
				    "its window has no manifest, and some of its records were not read", j,
				    w->behind[READING_ALL]);
		else if (reading < READINGS)
			tell_record(v, w->offset, good(j, VERDICT_VERIFIED), "", j, w->behind[reading]);
		else {
			tree_root(&j->trees[READING_ALL], root);
			tell_hashes(v, "root", j->w.statement->root, root);
			tell_record(v, w->offset, VERDICT_ALTERED,
				    "one of its window's records was altered; without a manifest it can't be told which",
				    j, w->behind[READING_ALL]);
		}
	}
	for (size_t i = 0; i < v->stray_count; i++)
		(v->o.mirror ? decide_copy : decide_stray)(v, &v->strays[i]);
	return verdict_windows_end(v);
}
