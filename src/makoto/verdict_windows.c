/* Windows among themselves: forks, gaps, breaks; and, at the end, what became of their members. */
#include "makoto/verdict_internal.h"

const char *
verdict_name(enum verdict v)
{
	static const char *const names[VERDICT_COUNT] = {
		"verified", "unsigned",  "verified-content", "pending",   "unattested",
		"duplicate", "misplaced", "altered",          "untrusted", "forged-header"};

	return names[v];
}

const char *
window_finding_name(enum window_finding f)
{
	static const char *const names[WINDOW_FINDINGS] = {
		"complete", "retention", "aborted", "compacted", "missing", "offset-reused", "manifest-missing",
		"gap",      "fork",      "break",   "truncated", "replaced", "records-gone",
		"hop-changed"};

	return names[f];
}

bool
verdict_is_violation(enum verdict v)
{
	return v == VERDICT_DUPLICATE || v == VERDICT_MISPLACED || v == VERDICT_ALTERED || v == VERDICT_UNTRUSTED ||
	       v == VERDICT_FORGED_HEADER;
}

bool
window_finding_is_violation(enum window_finding f)
{
	return f >= WINDOW_MISSING;
}

int
verdict_room(void **list, size_t count, size_t *cap, size_t size)
{
	size_t more = *cap == 0 ? 16 : *cap * 2;
	void *p;

	if (count < *cap)
		return 0;
	p = realloc(*list, more * size);
	if (p == NULL)
		return ERR_NOMEM;
	*list = p;
	*cap = more;
	return 0;
}

struct verdicts *
verdicts_new(const struct verdict_options *o)
{
	struct verdicts *v = calloc(1, sizeof(*v));

	if (v != NULL)
		v->o = *o;
	return v;
}

void
verdicts_free(struct verdicts *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; i < v->count; i++) {
		free(v->windows[i]->seen);
		free(v->windows[i]->trees);
		free(v->windows[i]);
	}
	free(v->windows);
	free(v->by_name);
	free(v->active);
	free(v->strays);
	free(v->waiting);
	free(v->keys);
	free(v);
}

int
verdicts_window(struct verdicts *v, const struct verdict_window *w)
{
	const struct statement *s = w->statement;
	struct judged *j;
	int err = verdict_room((void **)&v->windows, v->count, &v->cap, sizeof(struct judged *));

	if (err != 0)
		return err;
	j = calloc(1, sizeof(*j));
	if (j == NULL)
		return ERR_NOMEM;
	j->w = *w;
	j->order = v->count;
	j->has_manifest = s->manifest != MANIFEST_NONE && w->manifest.p != NULL &&
			  (w->checked ||
			   manifest_is_right(s->manifest, w->manifest, s->leaf_count, s->manifest_sha256, s->root));
	if (w->trust != TRUST_NONE && ((j->seen = calloc(s->leaf_count, 1)) == NULL ||
				       (!j->has_manifest && (j->trees = calloc(READINGS, sizeof(*j->trees))) == NULL))) {
		free(j->seen);
		free(j);
		return ERR_NOMEM;
	}
	for (int i = 0; j->trees != NULL && i < READINGS; i++)
		tree_init(&j->trees[i]);
	v->want_keys |= v->o.compacted && s->manifest == MANIFEST_LEAF_KEY;
	v->windows[v->count++] = j;
	return 0;
}

static int
by_offset(const void *a, const void *b)
{
	const struct judged *x = *(struct judged *const *)a, *y = *(struct judged *const *)b;
	int64_t p = x->w.statement->first_offset, q = y->w.statement->first_offset;

	return p != q ? (p > q) - (p < q) : (x->order > y->order) - (x->order < y->order);
}

static int
by_name(const void *a, const void *b)
{
	const struct judged *x = *(struct judged *const *)a, *y = *(struct judged *const *)b;
	const struct statement *s = x->w.statement, *t = y->w.statement;
	int c = memcmp(s->chain.b, t->chain.b, CHAIN_ID_LEN);

	if (c != 0)
		return c;
	if (s->window_id != t->window_id)
		return (s->window_id > t->window_id) - (s->window_id < t->window_id);
	return (x->order > y->order) - (x->order < y->order);
}

/* Does what `s` says of the statement before it match `p`? */
static const char *
link_fault(const struct statement *s, const struct judged *before)
{
	const struct statement *p = before->w.statement;

	if (s->previous_window != p->window_id)
		return "previousWindowId is not the statement before";
	if (memcmp(s->previous_root, p->root, SHA256_LEN) != 0)
		return "previousMerkleRoot is not that of the statement before";
	if (memcmp(s->previous_statement, before->w.sha256, SHA256_LEN) != 0)
		return "previousStatement is not the hash of the statement before";
	if (s->chain_length != p->chain_length + 1)
		return "chainLength doesn't follow the statement before";
	if (s->genesis_window != p->genesis_window)
		return "genesisWindowId differs from the statement before";
	return NULL;
}

static void
judge_link(const struct verdicts *v, const struct judged *j, const struct judged *before)
{
	const struct statement *s = j->w.statement;
	uint64_t stated = before == NULL ? 0 : before->w.statement->window_id;
	const char *fault = before == NULL ? NULL : link_fault(s, before);

	/* emptyBefore ids had no member; every other id between two statements is one that was withheld. */
	if (s->empty_before >= s->window_id || s->window_id - s->empty_before - 1 != stated)
		tell_window(v, j, WINDOW_GAP, -1,
			    before == NULL ? "the chain's first statements are not there"
					   : "statements before this one are not there");
	else if (fault != NULL) {
		if (memcmp(before->w.sha256, s->previous_statement, SHA256_LEN) != 0)
			tell_hashes(v, "statement", before->w.sha256, s->previous_statement);
		tell_window(v, j, WINDOW_BREAK, -1, fault);
	} else if (before == NULL && s->previous_window != 0)
		tell_window(v, j, WINDOW_BREAK, -1, "it names a statement before it, and there can be none");
}

static void
tell_no_manifest(const struct verdicts *v, const struct judged *j)
{
	uint8_t found[SHA256_LEN];

	sha256_of(j->w.manifest, found);
	tell_hashes(v, "manifest", j->w.statement->manifest_sha256, j->w.manifest.p == NULL ? NULL : found);
	tell_window(v, j, WINDOW_MANIFEST_MISSING, -1,
		    j->w.manifest.p == NULL ? "it declares a manifest and has none" : "its manifest doesn't match the signed root");
}

/* Forks and links: statements of one chain in a row. */
static void
judge_chains(struct verdicts *v)
{
	struct judged *before = NULL;

	for (size_t i = 0; i < v->count; i++) {
		struct judged *j = v->by_name[i];
		const struct statement *s = j->w.statement;

		if (j->w.trust == TRUST_NONE)
			continue;
		if (before != NULL && !chain_id_eq(&before->w.statement->chain, &s->chain))
			before = NULL;
		if (before != NULL && before->w.statement->window_id == s->window_id) {
			j->fork_loser = true;
			/* The same payload twice is no fork, whatever its signature. */
			if (memcmp(before->w.sha256, j->w.sha256, SHA256_LEN) != 0) {
				tell_hashes(v, "statement", before->w.sha256, j->w.sha256);
				tell_window(v, j, WINDOW_FORK, -1, "another statement for the same chain and window was published before");
			}
			continue;
		}
		judge_link(v, j, before);
		if (s->manifest != MANIFEST_NONE && !j->has_manifest)
			tell_no_manifest(v, j);
		before = j;
	}
}

int
verdicts_begin(struct verdicts *v)
{
	if (v->count > 0) {
		v->by_name = malloc(v->count * sizeof(struct judged *));
		if (v->by_name == NULL)
			return ERR_NOMEM;
		memcpy(v->by_name, v->windows, v->count * sizeof(struct judged *));
		qsort(v->by_name, v->count, sizeof(struct judged *), by_name);
		qsort(v->windows, v->count, sizeof(struct judged *), by_offset);
	}
	judge_chains(v);
	return 0;
}

size_t
verdict_find_name(const struct verdicts *v, const struct chain_id *chain, uint64_t window_id, size_t *ret_count)
{
	size_t lo = 0, hi = v->count, n = 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		const struct statement *s = v->by_name[mid]->w.statement;
		int c = memcmp(s->chain.b, chain->b, CHAIN_ID_LEN);

		if (c < 0 || (c == 0 && s->window_id < window_id))
			lo = mid + 1;
		else
			hi = mid;
	}
	while (lo + n < v->count && chain_id_eq(&v->by_name[lo + n]->w.statement->chain, chain) &&
	       v->by_name[lo + n]->w.statement->window_id == window_id)
		n++;
	*ret_count = n;
	return lo;
}

bool
verdict_later_stated(const struct verdicts *v, const struct chain_id *chain, uint64_t window_id)
{
	size_t n, at = verdict_find_name(v, chain, window_id, &n);

	for (at += n; at < v->count && chain_id_eq(&v->by_name[at]->w.statement->chain, chain); at++)
		if (is_trusted(v->by_name[at]))
			return true;
	return false;
}

/* --- keys seen, for compaction ---------------------------------------------------- */

static size_t
key_slot(const struct verdicts *v, const uint8_t *prefix)
{
	uint64_t h;
	size_t i;

	memcpy(&h, prefix, sizeof(h)); /* of a SHA-256: as good as random */
	for (i = h & (v->key_cap - 1); v->keys[i].used; i = (i + 1) & (v->key_cap - 1))
		if (memcmp(v->keys[i].prefix, prefix, MANIFEST_KEY_PREFIX) == 0)
			break;
	return i;
}

static int
keys_grow(struct verdicts *v)
{
	struct key_seen *old = v->keys;
	size_t n = v->key_cap;

	v->key_cap = n == 0 ? 1024 : n * 2;
	v->keys = calloc(v->key_cap, sizeof(*v->keys));
	if (v->keys == NULL) {
		v->keys = old;
		v->key_cap = n;
		return ERR_NOMEM;
	}
	for (size_t i = 0; i < n; i++)
		if (old[i].used)
			v->keys[key_slot(v, old[i].prefix)] = old[i];
	free(old);
	return 0;
}

int
verdict_key_note(struct verdicts *v, const uint8_t *prefix, int64_t offset)
{
	size_t i;

	if (v->key_count >= v->key_cap / 2) {
		int err = keys_grow(v);

		if (err != 0)
			return err;
	}
	i = key_slot(v, prefix);
	if (!v->keys[i].used) {
		v->keys[i].used = true;
		memcpy(v->keys[i].prefix, prefix, MANIFEST_KEY_PREFIX);
		v->key_count++;
	}
	if (offset > v->keys[i].last)
		v->keys[i].last = offset;
	return 0;
}

bool
verdict_key_later(const struct verdicts *v, const uint8_t *prefix, int64_t offset)
{
	size_t i;

	if (v->key_cap == 0)
		return false;
	i = key_slot(v, prefix);
	return v->keys[i].used && v->keys[i].last > offset;
}

/* --- the end ---------------------------------------------------------------------- */

static bool
was_compacted(const struct verdicts *v, const struct judged *j, uint64_t i, int64_t offset)
{
	const uint8_t *entry;

	if (!v->o.compacted || !j->has_manifest || j->w.statement->manifest != MANIFEST_LEAF_KEY)
		return false;
	entry = manifest_leaf(MANIFEST_LEAF_KEY, j->w.manifest, i);
	if (entry[LEAF_LEN] & LEAF_KEY_NULL)
		return false;
	return (entry[LEAF_LEN] & LEAF_VALUE_NULL) != 0 || verdict_key_later(v, entry + LEAF_LEN + 1, offset);
}

enum outcome { OUTCOME_COMMITTED, OUTCOME_ABORTED, OUTCOME_OPEN };

/* How the member's transaction ended, as this statement or a later one of the chain says. */
static enum outcome
outcome_of(const struct verdicts *v, const struct judged *j, int64_t offset)
{
	const struct statement *s = j->w.statement;
	size_t n, at = verdict_find_name(v, &s->chain, s->window_id, &n);
	uint64_t i;

	if (runs_find(&s->aborted, offset, &i))
		return OUTCOME_ABORTED;
	if (!runs_find(&s->open, offset, &i))
		return OUTCOME_COMMITTED;
	for (at += n; at < v->count && chain_id_eq(&v->by_name[at]->w.statement->chain, &s->chain); at++) {
		const struct statement *t = v->by_name[at]->w.statement;

		if (!is_trusted(v->by_name[at]))
			continue;
		for (size_t k = 0; k < t->resolved_count; k++) {
			const struct run *r = &t->resolved[k].run;

			if (offset >= r->first && offset - r->first < r->count)
				return t->resolved[k].committed ? OUTCOME_COMMITTED : OUTCOME_ABORTED;
		}
	}
	return OUTCOME_OPEN;
}

bool
verdict_was_aborted(const struct verdicts *v, const struct judged *j, int64_t offset)
{
	return outcome_of(v, j, offset) == OUTCOME_ABORTED;
}

int
verdict_right_reading(const struct judged *j)
{
	const struct statement *s = j->w.statement;
	uint8_t root[SHA256_LEN];
	int i = 0;

	if (j->in_trees < s->leaf_count)
		return READINGS;
	for (; i < READINGS; i++) {
		tree_root(&j->trees[i], root);
		if (memcmp(root, s->root, SHA256_LEN) == 0)
			break;
	}
	return i;
}

/*
 * Tombstones that the cleaner removed are gone with what they stood for, and a record before
 * one is as legitimately gone as before a record that is still there.
 */
static int
note_gone_tombstones(struct verdicts *v, const struct judged *j)
{
	const struct statement *s = j->w.statement;
	uint64_t i = 0;

	if (!v->o.compacted || !j->has_manifest || s->manifest != MANIFEST_LEAF_KEY)
		return 0;
	for (size_t r = 0; r < s->ranges.count; r++) {
		for (int64_t k = 0; k < s->ranges.list[r].count; k++, i++) {
			const uint8_t *entry = manifest_leaf(MANIFEST_LEAF_KEY, j->w.manifest, i);
			int64_t offset = s->ranges.list[r].first + k;
			int err;

			if (j->seen[i] != SEEN_NOT || (entry[LEAF_LEN] & (LEAF_KEY_NULL | LEAF_VALUE_NULL)) != LEAF_VALUE_NULL ||
			    verdict_was_aborted(v, j, offset))
				continue;
			if ((err = verdict_key_note(v, entry + LEAF_LEN + 1, offset)) != 0)
				return err;
		}
	}
	return 0;
}

static void
judge_members(const struct verdicts *v, const struct judged *j)
{
	const struct statement *s = j->w.statement;
	/* Its root isn't that of the records that are in the places of all its members. */
	bool wrong_root = j->trees != NULL && j->in_trees == s->leaf_count && verdict_right_reading(j) == READINGS;
	bool whole = true;
	uint64_t i = 0;

	for (size_t r = 0; r < s->ranges.count; r++) {
		for (int64_t k = 0; k < s->ranges.list[r].count; k++, i++) {
			int64_t offset = s->ranges.list[r].first + k;

			if (offset < v->o.from || offset >= v->o.to)
				continue;
			if (j->seen[i] == SEEN_REUSED || (j->seen[i] == SEEN_ROOT && wrong_root)) {
				tell_hashes(v, "leaf", member_leaf(j, i), NULL);
				tell_window(v, j, WINDOW_OFFSET_REUSED, offset, "another record is in this member's place");
				whole = false;
			} else if (j->seen[i] != SEEN_NOT) {
				continue;
			} else if (offset < v->o.log_start) {
				tell_window(v, j, WINDOW_RETENTION, offset, "below the log's start");
			} else if (v->o.read_committed && verdict_was_aborted(v, j, offset)) {
				tell_window(v, j, WINDOW_ABORTED, offset, "its transaction was aborted");
			} else if (was_compacted(v, j, i, offset)) {
				tell_window(v, j, WINDOW_COMPACTED, offset, "a later record has its key, or it was a tombstone");
			} else if (v->o.compacted && verdict_was_aborted(v, j, offset)) {
				/* The cleaner drops what was aborted, whatever its key. */
				tell_window(v, j, WINDOW_COMPACTED, offset, "its transaction was aborted");
			} else {
				const char *why = "no record is in this member's place";
				bool open = outcome_of(v, j, offset) == OUTCOME_OPEN;
				enum window_finding f = v->o.absent == NULL
								? WINDOW_MISSING
								: v->o.absent(v->o.arg, &j->w, offset, open, &why);

				if (window_finding_is_violation(f))
					tell_hashes(v, "leaf", member_leaf(j, i), NULL);
				tell_window(v, j, f, offset, why);
				whole = whole && !window_finding_is_violation(f);
			}
		}
	}
	if (whole)
		tell_window(v, j, WINDOW_COMPLETE, -1, "");
}

int
verdict_windows_end(struct verdicts *v)
{
	for (size_t i = 0; i < v->count; i++) {
		int err = is_trusted(v->windows[i]) ? note_gone_tombstones(v, v->windows[i]) : 0;

		if (err != 0)
			return err;
	}
	for (size_t i = 0; i < v->count; i++) {
		const struct judged *j = v->windows[i];

		if (!is_trusted(j) || j->w.statement->last_offset < v->o.from || j->w.statement->first_offset >= v->o.to)
			continue;
		judge_members(v, j);
	}
	return 0;
}
