/* What verdict_windows.c and verdict_records.c share. */
#ifndef MAKOTO_VERDICT_INTERNAL_H
#define MAKOTO_VERDICT_INTERNAL_H

#include "makoto/reading.h"
#include "makoto/tree.h"

/* A member, as far as the records told. */
enum seen {
	SEEN_NOT,
	SEEN_HELD,   /* its record is in its place (verified), or an altered one stands for it */
	SEEN_MATCHED, /* its record is in its place, byte for byte */
	SEEN_REUSED, /* another record is there */
	SEEN_ROOT,   /* another chain's window decides about the record that is there; the root tells whether it is the member */
};

struct judged {
	struct verdict_window w; /* first: a pointer to it is a pointer to this */
	size_t order;            /* of publication */
	bool fork_loser;         /* another payload for its chain and window was first */
	bool has_manifest;       /* a right one */
	uint8_t *seen;           /* enum seen, one for each member */
	uint64_t next_copy;      /* on a mirror: behind the member that a copy was met of last */
	/*
	 * Without a manifest the root is recomputed from the records as they come.  Those without this window's
	 * own triple can be read in two ways: over all headers, or over those before a later hop's triple.
	 */
	struct tree *trees; /* of each reading; NULL where there is a manifest */
	uint64_t in_trees;
};

/* A record that names a window which doesn't list it: what it is depends on that window's other places. */
struct stray {
	int64_t offset;
	struct judged *window;
	uint8_t leaf[LEAF_LEN];
	size_t behind; /* headers that the leaf doesn't cover */
};

/* A record listed by a window without a manifest: decided when the window is whole. */
struct waiting {
	int64_t offset;
	struct judged *window;
	size_t behind[READINGS];
};

/* By key-hash prefix: the last offset that has the key (leaf+key manifests). */
struct key_seen {
	uint8_t prefix[MANIFEST_KEY_PREFIX];
	bool used;
	int64_t last;
};

struct verdicts {
	struct verdict_options o;
	struct judged **windows; /* by first offset, once begun */
	size_t count, cap;
	struct judged **by_name; /* by chain, window id, order */
	size_t next;             /* the first window that the records have not reached */
	struct judged **active;  /* windows whose range holds the current offset */
	size_t active_count, active_cap;
	struct stray *strays;
	size_t stray_count, stray_cap;
	struct waiting *waiting;
	size_t waiting_count, waiting_cap;
	struct key_seen *keys; /* a hash table, a power of two in size */
	size_t key_count, key_cap;
	bool want_keys;
};

/* behind: headers that j's leaf of the record doesn't cover. */
static inline void
tell_record(const struct verdicts *v, int64_t offset, enum verdict verdict, const char *why, const struct judged *j,
	    size_t behind)
{
	if (behind > 0 && v->o.behind != NULL)
		v->o.behind(v->o.arg, offset, behind);
	v->o.record(v->o.arg, offset, verdict, why, j == NULL ? NULL : &j->w);
}

static inline void
tell_window(const struct verdicts *v, const struct judged *j, enum window_finding f, int64_t offset, const char *why)
{
	v->o.window(v->o.arg, &j->w, f, offset, why);
}

static inline void
tell_hashes(const struct verdicts *v, const char *of, const uint8_t *expected, const uint8_t *found)
{
	const struct verdict_hashes h = {of, expected, found};

	if (v->o.hashes != NULL)
		v->o.hashes(v->o.arg, &h);
}

/* The leaf of member i, when a manifest tells it. */
static inline const uint8_t *
member_leaf(const struct judged *j, uint64_t i)
{
	return j->has_manifest ? manifest_leaf(j->w.statement->manifest, j->w.manifest, i) : NULL;
}

/* Room for one more of `size` bytes.  0 or ERR_NOMEM. */
int verdict_room(void **list, size_t count, size_t *cap, size_t size) MUSTCHECK;

/* The windows of that name in by_name: *ret_count of them from the returned index on. */
size_t verdict_find_name(const struct verdicts *v, const struct chain_id *chain, uint64_t window_id, size_t *ret_count);

/* Is a later window of the chain stated by a trusted statement? */
bool verdict_later_stated(const struct verdicts *v, const struct chain_id *chain, uint64_t window_id);

/* All windows' members and findings, when the records are at their end. */
int verdict_windows_end(struct verdicts *v) MUSTCHECK; /* 0 or ERR_NOMEM */

/* Was the member's transaction aborted, as this statement or a later one of the chain says? */
bool verdict_was_aborted(const struct verdicts *v, const struct judged *j, int64_t offset);

int verdict_key_note(struct verdicts *v, const uint8_t *prefix, int64_t offset) MUSTCHECK;
bool verdict_key_later(const struct verdicts *v, const uint8_t *prefix, int64_t offset);

/* Without a manifest: the reading of the records that gives the window's root; READINGS: none does, or some are gone. */
int verdict_right_reading(const struct judged *j);

static inline bool
is_trusted(const struct judged *j)
{
	return j->w.trust != TRUST_NONE && !j->fork_loser;
}

#endif
