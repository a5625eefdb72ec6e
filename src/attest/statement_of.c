#include "attest/statement_of.h"

#include "base/text.h"
#include "makoto/tree.h"

/* What is collected on the way through the members, in ascending offset. */
struct work {
	const struct window *w;
	struct span **spans;
	size_t span_count;
	enum { IN, OVERWRITTEN, TWICE } *out; /* by span: its place was given again */
	int64_t overwritten, twice;           /* records */
	struct runs ranges, aborted, open;
	struct statement_producer *producers;
	struct resolved_run *resolved;
};

static int64_t
span_offset(const struct span *s)
{
	return s->placement->base_offset + s->first;
}

static int
by_offset(const void *a, const void *b)
{
	int64_t x = span_offset(*(struct span *const *)a), y = span_offset(*(struct span *const *)b);

	return (x > y) - (x < y);
}

/* Appends to ascending runs; the array has room for one per span. */
static void
runs_append(struct runs *r, int64_t first, int64_t count)
{
	struct run *last = r->count > 0 ? &r->list[r->count - 1] : NULL;

	if (last != NULL && last->first + last->count == first)
		last->count += count;
	else
		r->list[r->count++] = (struct run){first, count};
}

/*
 * A broker that acknowledged a batch alone (acks=1) and lost its leadership leaves the
 * offsets to the next leader, which gives them again: of two batches at one place, the
 * log holds the one that was acknowledged last.
 */
static void
drop_overwritten(struct work *k)
{
	size_t kept = 0;

	for (size_t i = 0; i < k->span_count; i++) {
		struct span *s = k->spans[i];

		for (size_t j = i + 1; j < k->span_count && span_offset(k->spans[j]) < span_offset(s) + s->count; j++) {
			const struct placement *a = s->placement, *b = k->spans[j]->placement;
			bool same = placement_is_same(a, b) && a->base_offset == b->base_offset; /* the log holds it as it came first */

			k->out[(a->settled < b->settled) != same ? i : j] = same ? TWICE : OVERWRITTEN;
		}
	}
	for (size_t i = 0; i < k->span_count; i++) {
		if (k->out[i] == OVERWRITTEN)
			k->overwritten += k->spans[i]->count;
		else if (k->out[i] == TWICE)
			k->twice += k->spans[i]->count;
		else
			k->spans[kept++] = k->spans[i];
	}
	k->span_count = kept;
}

static int
work_begin(struct work *k, const struct window *w)
{
	size_t n = w->spans.count, i = 0;

	k->w = w;
	k->spans = calloc(n, sizeof(struct span *));
	k->ranges.list = calloc(n, sizeof(struct run));
	k->aborted.list = calloc(n, sizeof(struct run));
	k->open.list = calloc(n, sizeof(struct run));
	k->producers = calloc(n, sizeof(*k->producers));
	k->out = calloc(n, sizeof(*k->out));
	if (k->spans == NULL || k->out == NULL || k->ranges.list == NULL || k->aborted.list == NULL || k->open.list == NULL ||
	    k->producers == NULL)
		return ERR_NOMEM;
	LIST_EACH(&w->spans, e) /* what was refused or given up has left it */
		k->spans[i++] = CONTAINER_OF(e, struct span, in_window);
	k->span_count = i;
	qsort(k->spans, i, sizeof(struct span *), by_offset);
	drop_overwritten(k);
	return 0;
}

static void
work_end(struct work *k)
{
	free(k->spans);
	free(k->out);
	free(k->ranges.list);
	free(k->aborted.list);
	free(k->open.list);
	free(k->producers);
	free(k->resolved);
}

/* The leaf as the topic's timestamp type wants it. */
static const uint8_t *
member_leaf(const struct placement *p, const struct member *m, bool log_append, uint8_t *ret_flags)
{
	*ret_flags = log_append ? (uint8_t)(m->flags & ~LEAF_TIME_BOUND) : m->flags;
	return log_append && p->time != CHAINS_TIME_APPEND ? m->unbound : m->leaf;
}

static void
add_span(struct work *k, struct statement *s, struct tree *t, struct wr *manifest, const struct span *span)
{
	const struct placement *p = span->placement;
	int64_t offset = span_offset(span);

	runs_append(&k->ranges, offset, span->count);
	if (span->txn == PLACEMENT_TXN_ABORTED)
		runs_append(&k->aborted, offset, span->count);
	else if (span->txn == PLACEMENT_TXN_OPEN)
		runs_append(&k->open, offset, span->count);
	for (int32_t i = 0; i < span->count; i++, offset++) {
		const struct member *m = &p->members[span->first + i];
		int64_t time = s->log_append ? p->append_ms : m->timestamp;
		uint8_t flags;
		const uint8_t *leaf = member_leaf(p, m, s->log_append, &flags);

		tree_add(t, leaf);
		wr_bytes(manifest, leaf, LEAF_LEN);
		if (s->manifest == MANIFEST_LEAF_KEY) {
			wr_u8(manifest, flags);
			wr_bytes(manifest, m->key_prefix, MANIFEST_KEY_PREFIX);
		}
		if (s->leaf_count++ == 0) {
			memcpy(s->first_leaf, leaf, LEAF_LEN);
			s->first_offset = offset;
		}
		memcpy(s->last_leaf, leaf, LEAF_LEN);
		s->last_offset = offset;
		s->value_bytes += m->value_bytes;
		s->min_timestamp = time < s->min_timestamp ? time : s->min_timestamp;
		s->max_timestamp = time > s->max_timestamp ? time : s->max_timestamp;
	}
}

static struct slice
or_absent(struct slice s)
{
	return s.n > 0 ? s : (struct slice){NULL, 0};
}

static int
by_text(struct slice x, struct slice y)
{
	size_t n = x.n < y.n ? x.n : y.n;
	int c = n > 0 ? memcmp(x.p, y.p, n) : 0;

	return c != 0 ? c : (x.n > y.n) - (x.n < y.n);
}

static int
by_client(const void *a, const void *b)
{
	const struct statement_producer *x = a, *y = b;
	int c = by_text(x->client_id, y->client_id);

	if (c == 0)
		c = by_text(x->software_name, y->software_name);
	if (c == 0)
		c = by_text(x->software_version, y->software_version);
	return c != 0 ? c : by_text(x->principal, y->principal);
}

/* Who is not known is a client without a name. */
static struct statement_producer
producer_of(const struct span *span)
{
	static const struct who nobody;
	const struct who *who = span->placement->who == NULL ? &nobody : span->placement->who;

	return (struct statement_producer){
		.client_id = who->client_id.p == NULL ? slice_str("") : who->client_id,
		.software_name = or_absent(who->software_name),
		.software_version = or_absent(who->software_version),
		.principal = or_absent(who->principal),
		.records = (uint64_t)span->count,
	};
}

/* Each combination of names once, sorted; past 64 the rest is one more, named by an ellipsis. */
static void
fill_producers(struct work *k, struct statement *s)
{
	size_t n = 0;

	for (size_t i = 0; i < k->span_count; i++)
		k->producers[i] = producer_of(k->spans[i]);
	qsort(k->producers, k->span_count, sizeof(*k->producers), by_client);
	for (size_t i = 0; i < k->span_count; i++) {
		if (n > 0 && by_client(&k->producers[n - 1], &k->producers[i]) == 0)
			k->producers[n - 1].records += k->producers[i].records;
		else
			k->producers[n++] = k->producers[i];
	}
	if (n > STATEMENT_PRODUCERS_MAX - 1) {
		struct statement_producer rest = {.client_id = slice_str("\xe2\x80\xa6")};

		while (n > STATEMENT_PRODUCERS_MAX - 1)
			rest.records += k->producers[--n].records;
		k->producers[n++] = rest;
	}
	s->producers = k->producers;
	s->producer_count = n;
}

static int
by_first(const void *a, const void *b)
{
	const struct resolved_run *x = a, *y = b;

	return (x->run.first > y->run.first) - (x->run.first < y->run.first);
}

/* What earlier statements left open and is known now. */
static int
fill_resolved(struct work *k, struct statement *s, struct chain *chain, size_t *ret_told)
{
	const struct head_runs *ended = &chain->head.ended;
	size_t n, out = 0;

	pthread_mutex_lock(&chain->lock);
	n = k->w->ended; /* what ended since may be of this window, which says that it is open */
	k->resolved = calloc(n > 0 ? n : 1, sizeof(*k->resolved));
	for (size_t i = 0; k->resolved != NULL && i < n; i++)
		k->resolved[i] = (struct resolved_run){{ended->run[i].first, ended->run[i].count}, ended->run[i].committed};
	pthread_mutex_unlock(&chain->lock);
	if (k->resolved == NULL)
		return ERR_NOMEM;
	qsort(k->resolved, n, sizeof(*k->resolved), by_first);
	for (size_t i = 0; i < n; i++) {
		struct resolved_run *last = out > 0 ? &k->resolved[out - 1] : NULL;

		if (last != NULL && last->committed == k->resolved[i].committed &&
		    last->run.first + last->run.count == k->resolved[i].run.first)
			last->run.count += k->resolved[i].run.count;
		else
			k->resolved[out++] = k->resolved[i];
	}
	s->resolved = k->resolved;
	s->resolved_count = out;
	*ret_told = n;
	return 0;
}

/* What a bare key, wherever it is kept, leaves unmet of Makoto's level 2, and so of 3: no identity is bound to the key, no authority to the time. */
static struct slice level2_gaps[] = {
	{(const uint8_t *)"L2.P.4", 6}, {(const uint8_t *)"L2.P.5", 6}, {(const uint8_t *)"L2.P.6", 6}};

static void
fill_settings(struct statement *s, const struct settings *set, const char *keyid)
{
	s->collector_id = slice_str(set->collector_id);
	s->collector_version = slice_str(set->version);
	if (set->location != NULL && set->location[0] != '\0')
		s->location = slice_str(set->location);
	s->source = slice_str(set->source);
	memcpy(s->instance, set->instance, INSTANCE_LEN);
	s->level = set->level;
	s->max_age_ms = set->window_age_ms;
	if (set->level >= 2) {
		s->level_gaps = level2_gaps;
		s->level_gap_count = ARRAY_LEN(level2_gaps);
	}
	if (keyid != NULL)
		s->signing_key_id = slice_str(keyid);
	if (set->signing_key_uri != NULL)
		s->signing_key_uri = slice_str(set->signing_key_uri);
}

static void
fill_chain(struct statement *s, const struct chain *chain, const struct window *w)
{
	const struct head *h = &chain->head;

	if (chain->collector_id != NULL)
		s->collector_id = slice_str(chain->collector_id);
	s->topic = slice_str(chain->topic);
	s->partition = chain->partition;
	s->chain = chain->id;
	s->window_id = w->id;
	s->empty_before = w->id - h->last_window - 1; /* windows are stated in order: those in between ended with no member */
	s->reason = w->reason;
	s->opened_ms = w->start_ms;
	s->closed_ms = w->end_ms;
	s->unresolved = (uint64_t)w->unresolved;
	s->recovered = w->recovered;
	s->log_append = w->time == CHAINS_TIME_APPEND;
	s->chain_length = h->length + 1;
	s->genesis_window = h->length == 0 ? w->id : h->first_window;
	if (h->length > 0) {
		s->previous_window = h->last_window;
		memcpy(s->previous_root, h->last_root, SHA256_LEN);
		memcpy(s->previous_statement, h->last_statement, SHA256_LEN);
	} else if (h->follows) {
		s->follows = true;
		s->follows_chain = h->follows_chain;
		s->follows_window = h->follows_window;
		memcpy(s->follows_statement, h->follows_statement, SHA256_LEN);
	}
}

static enum manifest_kind
manifest_kind(const struct settings *set, const struct chain *chain)
{
	switch (settings_manifest_of(set, slice_str(chain->topic))) {
	case SETTINGS_MANIFEST_LEAF: return MANIFEST_LEAF;
	case SETTINGS_MANIFEST_LEAF_KEY: return MANIFEST_LEAF_KEY;
	case SETTINGS_MANIFEST_NONE: break;
	}
	return MANIFEST_NONE;
}

int
statement_of(struct chain *chain, const struct window *w, const struct settings *set, struct slice cluster_id,
	     const char *keyid, size_t max_manifest, struct stated *ret)
{
	struct statement s = {.min_timestamp = INT64_MAX, .max_timestamp = INT64_MIN};
	struct statement_claim *claims = calloc(set->claim_count + 1, sizeof(*claims));
	struct stated st = {.bytes = wr_new(64u << 20), .manifest = wr_new(SIZE_MAX / 2)};
	struct work k = {0};
	char uuid[23] = "";
	struct tree t;
	int err = claims == NULL ? ERR_NOMEM : work_begin(&k, w);

	if (err != 0)
		goto end;
	fill_settings(&s, set, keyid);
	fill_chain(&s, chain, w);
	s.unresolved += (uint64_t)k.overwritten;
	st.overwritten = k.overwritten;
	s.cluster_id = cluster_id;
	if (chain->has_topic_id)
		s.topic_id = slice_str(text_uuid(chain->topic_id, uuid));
	for (; s.claim_count < set->claim_count; s.claim_count++)
		claims[s.claim_count] = (struct statement_claim){slice_str(set->claims[s.claim_count].name),
								 slice_str(set->claims[s.claim_count].text)};
	s.claims = claims;
	s.manifest = manifest_kind(set, chain);
	if ((size_t)w->members * manifest_entry_len(s.manifest) > max_manifest)
		s.manifest = MANIFEST_NONE;
	tree_init(&t);
	for (size_t i = 0; i < k.span_count; i++)
		add_span(&k, &s, &t, &st.manifest, k.spans[i]);
	INVARIANT(s.leaf_count == (uint64_t)(w->members - k.overwritten - k.twice) && s.leaf_count > 0);
	tree_root(&t, s.root);
	memcpy(st.root, s.root, SHA256_LEN);
	err = wr_err(&st.manifest);
	if (err != 0)
		goto end;
	sha256_of(wr_slice(&st.manifest), s.manifest_sha256);
	s.ranges = k.ranges;
	s.aborted = k.aborted;
	s.open = k.open;
	fill_producers(&k, &s);
	err = fill_resolved(&k, &s, chain, &st.ended_told);
	if (err != 0)
		goto end;
	s.settled_ms = clock_wall_ms();
	if (s.settled_ms < s.closed_ms)
		s.settled_ms = s.closed_ms; /* a clock may be set back */
	err = statement_write(&s, &st.bytes);
	if (err == 0)
		sha256_of(wr_slice(&st.bytes), st.sha256);
	if (s.manifest == MANIFEST_NONE)
		wr_reset(&st.manifest);
end:
	work_end(&k);
	free(claims);
	if (err != 0)
		stated_clear(&st);
	else
		*ret = st;
	return err;
}

void
stated_clear(struct stated *s)
{
	wr_free(&s->bytes);
	wr_free(&s->manifest);
}
