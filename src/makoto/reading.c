#include "makoto/reading.h"

void
reading_over(const struct leaf_input *record, const struct header *headers, size_t covered, bool log_append,
	     struct leaf_input *ret)
{
	struct leaf_headers h;

	*ret = *record;
	if (log_append) {
		ret->flags &= (uint8_t)~LEAF_TIME_BOUND;
		ret->timestamp = 0;
	}
	memset(ret->headers_hash, 0, SHA256_LEN);
	if (covered == 0)
		return;
	leaf_headers_begin(&h, (uint32_t)covered);
	for (size_t i = 0; i < covered; i++)
		leaf_headers_add(&h, headers[i].name, headers[i].value);
	leaf_headers_end(&h, ret->headers_hash);
}

/* A record, as one window sees it. */
struct seen {
	const struct verdict_record *r;
	const struct statement *s;
	struct leaf_input input; /* of the record */
	const uint8_t *value_hash;
	size_t covered; /* behind its own triple, else all */
	bool own;
};

static void
look(struct seen *l, const struct verdict_record *r, const struct statement *s, struct slice dbom_topics)
{
	l->r = r;
	l->s = s;
	memset(&l->input, 0, sizeof(l->input));
	leaf_set_record(&l->input, r->key, r->value, true, r->timestamp);
	l->value_hash = r->value.p == NULL ? NULL : l->input.value_hash;
	l->covered = triple_covered(r->headers, r->header_count, l->value_hash, dbom_topics, &s->chain, s->window_id, &l->own);
}

/* Is a later hop's triple there? */
static bool
hop_at(const struct seen *l, size_t at)
{
	struct triple t;

	return triple_at(l->r->headers, l->r->header_count, at, l->value_hash, &t) && t.well_formed &&
	       !chain_id_eq(&t.chain, &l->s->chain);
}

static void
over(const struct seen *l, size_t covered, struct leaf_input *ret)
{
	reading_over(&l->input, l->r->headers, covered, l->s->log_append, ret);
}

static bool
is_over(const struct seen *l, size_t covered, const uint8_t leaf[LEAF_LEN], struct leaf_input *ret)
{
	struct leaf_input in;
	uint8_t sum[LEAF_LEN];

	over(l, covered, &in);
	leaf_of(&in, sum);
	if (memcmp(sum, leaf, LEAF_LEN) != 0)
		return false;
	*ret = in;
	return true;
}

bool
reading_find(const struct verdict_record *r, const struct statement *s, struct slice dbom_topics,
	     const uint8_t leaf[LEAF_LEN], struct leaf_input *ret)
{
	struct seen l;

	look(&l, r, s, dbom_topics);
	if (is_over(&l, l.covered, leaf, ret))
		return true;
	for (size_t at = 0; !l.own && at < r->header_count; at++)
		if (hop_at(&l, at) && is_over(&l, at, leaf, ret))
			return true;
	return false;
}

void
reading_both(const struct verdict_record *r, const struct statement *s, struct slice dbom_topics,
	     struct leaf_input ret[READINGS])
{
	struct seen l;

	look(&l, r, s, dbom_topics);
	over(&l, l.covered, &ret[READING_ALL]);
	ret[READING_HOP] = ret[READING_ALL];
	for (size_t at = r->header_count; !l.own && at-- > 0;)
		if (hop_at(&l, at)) {
			over(&l, at, &ret[READING_HOP]);
			break;
		}
}
