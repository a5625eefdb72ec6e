#include "makoto/manifest.h"
#include "verify/ledger_internal.h"

static size_t
runs_bytes(const struct runs *r)
{
	return r->count * sizeof(*r->list);
}

/* All that a body points to stands behind it. */
static size_t
body_bytes(const struct statement *s, size_t manifest)
{
	return sizeof(struct body) + runs_bytes(&s->ranges) + runs_bytes(&s->aborted) + runs_bytes(&s->open) +
	       s->resolved_count * sizeof(*s->resolved) + s->cluster_id.n + s->topic.n + s->topic_id.n + manifest;
}

/* Who publishes a statement again may give it any header: one of another size takes no room. */
size_t
ledger_body_size(const struct published *p, struct slice manifest)
{
	const struct statement *s = p->statement;
	bool fits = s->manifest != MANIFEST_NONE && manifest.n == s->leaf_count * manifest_entry_len(s->manifest);

	return body_bytes(s, fits ? manifest.n : 0);
}

static bool
is_right(const struct statement *s, struct slice manifest)
{
	return manifest.p != NULL && s->manifest != MANIFEST_NONE &&
	       manifest_is_right(s->manifest, manifest, s->leaf_count, s->manifest_sha256, s->root);
}

bool
ledger_body_is_good(const struct published *p, struct slice manifest)
{
	return p->statement->manifest == MANIFEST_NONE || is_right(p->statement, manifest);
}

static void *
put(uint8_t **at, const void *from, size_t n)
{
	void *to = *at;

	if (n > 0)
		memcpy(to, from, n);
	*at += n;
	return to;
}

static void
put_text(uint8_t **at, struct slice *s)
{
	*s = slice_of(put(at, s->p, s->n), s->n);
}

struct body *
ledger_body_new(const struct published *p, enum verdict_trust trust, struct slice manifest)
{
	const struct statement *from = p->statement;
	size_t n = is_right(from, manifest) ? manifest.n : 0;
	size_t bytes = body_bytes(from, n);
	struct body *b = calloc(1, bytes);
	struct statement *s;
	uint8_t *at;

	if (b == NULL)
		return NULL;
	at = (uint8_t *)(b + 1);
	s = &b->s;
	b->bytes = bytes;
	b->refs = 1;
	b->lw.w.statement = s;
	b->lw.w.trust = trust;
	memcpy(b->lw.w.sha256, p->sha256, SHA256_LEN);
	*s = *from;
	s->owned = NULL;
	s->level_gaps = NULL;
	s->producers = NULL;
	s->claims = NULL;
	s->level_gap_count = s->producer_count = s->claim_count = 0;
	s->collector_id = s->collector_version = s->location = s->source = (struct slice){NULL, 0};
	s->signing_key_id = s->signing_key_uri = (struct slice){NULL, 0};
	/* What has to be aligned comes first. */
	s->ranges.list = put(&at, from->ranges.list, runs_bytes(&from->ranges));
	s->aborted.list = put(&at, from->aborted.list, runs_bytes(&from->aborted));
	s->open.list = put(&at, from->open.list, runs_bytes(&from->open));
	s->resolved = put(&at, from->resolved, from->resolved_count * sizeof(*from->resolved));
	put_text(&at, &s->cluster_id);
	put_text(&at, &s->topic);
	put_text(&at, &s->topic_id);
	if (n > 0) {
		b->lw.w.manifest = slice_of(put(&at, manifest.p, n), n);
		b->lw.w.checked = true; /* once, and not again for each answer that its records come in */
	}
	return b;
}

struct body *
ledger_body_untrusted(const struct ledger_name *name, bool by_known_key)
{
	struct body *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return NULL;
	b->bytes = sizeof(*b);
	b->refs = 1;
	b->lw.w.statement = &b->s;
	b->lw.w.trust = TRUST_NONE;
	b->lw.w.by_known_key = by_known_key;
	if (by_known_key)
		b->lw.w.why = "the key that signed the statement that it names is known, and may not attest it";
	b->s.chain = name->chain;
	b->s.window_id = name->window_id;
	return b;
}

void
ledger_body_put(struct body *b)
{
	if (--b->refs == 0)
		free(b);
}
