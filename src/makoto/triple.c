#include "makoto/triple.h"

#include "base/rd.h"
#include "base/text.h"
#include "digest/sha256.h"

static bool
name_is(const struct header *h, const char *name)
{
	return slice_eq(h->name, slice_str(name));
}

static bool
place_at(const struct header *h, size_t count, size_t at)
{
	return at < count && count - at >= 3 && name_is(&h[at], TRIPLE_CONTENT_HASH) &&
	       name_is(&h[at + 1], TRIPLE_WINDOW_ID) && name_is(&h[at + 2], TRIPLE_SIGNATURE);
}

/* 0: not that of the value; 1: fits the full mode; 2: fits the compact mode; 3: both (null). */
static int
content_hash_modes(struct slice v, const uint8_t *value_hash)
{
	char hex[2 * SHA256_LEN + 1];

	if (v.p == NULL)
		return 0;
	if (value_hash == NULL)
		return v.n == 0 ? 3 : 0;
	if (v.n == SHA256_LEN)
		return memcmp(v.p, value_hash, SHA256_LEN) == 0 ? 2 : 0;
	return slice_eq(v, slice_str(text_hex(value_hash, SHA256_LEN, hex))) ? 1 : 0;
}

static bool
read_compact(struct slice sig, struct triple *t)
{
	struct rd r = rd_of(sig);

	if (sig.n != CHAIN_ID_LEN + 8)
		return false;
	memcpy(t->chain.b, rd_bytes(&r, CHAIN_ID_LEN).p, CHAIN_ID_LEN);
	t->window_id = rd_u64(&r);
	t->compact = true;
	t->dbom_topic = slice_str("");
	return true;
}

static bool
read_full(struct slice sig, struct triple *t)
{
	size_t slash = sig.n;

	/* `<topic>/<chain>/<window>`: a topic has no slash. */
	for (size_t i = 0; i < sig.n && slash == sig.n; i++)
		if (sig.p[i] == '/')
			slash = i;
	if (slash == 0 || slash == sig.n)
		return false;
	if (chain_key_parse(slice_of(sig.p + slash + 1, sig.n - slash - 1), &t->chain, &t->window_id) != 0)
		return false;
	t->compact = false;
	t->dbom_topic = slice_of(sig.p, slash);
	return true;
}

bool
triple_at(const struct header *headers, size_t count, size_t at, const uint8_t *value_hash, struct triple *ret)
{
	struct triple t = {.at = at};
	const struct header *h = headers + at;
	int64_t id;
	int modes;

	if (!place_at(headers, count, at))
		return false;
	modes = content_hash_modes(h[0].value, value_hash);
	if (modes != 0 && h[2].value.p != NULL && text_parse_i64(h[1].value, &id) == 0 && id > 0) {
		/* The reference's form tells the mode; a full one is never 24 bytes, its shortest is 36. */
		t.well_formed = ((modes & 2) && read_compact(h[2].value, &t)) ||
				((modes & 1) && read_full(h[2].value, &t));
		t.well_formed = t.well_formed && t.window_id == (uint64_t)id;
	}
	*ret = t;
	return true;
}

bool
triple_last(const struct header *headers, size_t count, const uint8_t *value_hash, struct triple *ret)
{
	for (size_t at = count; at-- > 0;)
		if (triple_at(headers, count, at, value_hash, ret))
			return true;
	return false;
}

bool
triple_any_name(const struct header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (name_is(&headers[i], TRIPLE_CONTENT_HASH) || name_is(&headers[i], TRIPLE_WINDOW_ID) ||
		    name_is(&headers[i], TRIPLE_SIGNATURE))
			return true;
	return false;
}

bool
triple_is_of(const struct triple *t, struct slice dbom_topics, const struct chain_id *chain, uint64_t window_id)
{
	return t->well_formed && t->window_id == window_id && chain_id_eq(&t->chain, chain) &&
	       (t->compact || dbom_topics.p == NULL || text_listed(dbom_topics, t->dbom_topic));
}

size_t
triple_covered(const struct header *headers, size_t count, const uint8_t *value_hash, struct slice dbom_topics,
	       const struct chain_id *chain, uint64_t window_id, bool *ret_own)
{
	for (size_t at = count; at-- > 0;) {
		struct triple t;

		if (!triple_at(headers, count, at, value_hash, &t) || !triple_is_of(&t, dbom_topics, chain, window_id))
			continue;
		*ret_own = true;
		return at;
	}
	*ret_own = false;
	return count;
}
