/* marked: headers that a record may carry: plain ones, and triples that name a window of one chain or another. */
#ifndef TESTS_UNIT_MARKED_H
#define TESTS_UNIT_MARKED_H

#include <check.h>

#include "makoto/leaf.h"
#include "makoto/triple.h"

#define MARKED_MAX 32

struct marked {
	struct header list[MARKED_MAX];
	size_t count;
	char text[MARKED_MAX][160];
};

static inline void
marked_plain(struct marked *m, const char *value)
{
	ck_assert_uint_lt(m->count, MARKED_MAX);
	m->list[m->count++] = (struct header){slice_str("h"), slice_str(value)};
}

static inline void
marked_put(struct marked *m, const char *name, const char *text)
{
	ck_assert_uint_lt(m->count, MARKED_MAX);
	snprintf(m->text[m->count], sizeof(m->text[0]), "%s", text);
	m->list[m->count] = (struct header){slice_str(name), slice_str(m->text[m->count])};
	m->count++;
}

/* A full triple, as a proxy of that chain puts it behind what is there. */
static inline void
marked_triple(struct marked *m, const struct chain_id *chain, uint64_t window, struct slice value)
{
	uint8_t sum[SHA256_LEN];
	char text[160], key[CHAIN_KEY_MAX + 1];

	sha256_of(value, sum);
	for (int i = 0; i < SHA256_LEN; i++)
		snprintf(text + 2 * i, 3, "%02x", sum[i]);
	marked_put(m, TRIPLE_CONTENT_HASH, text);
	snprintf(text, sizeof(text), "%llu", (unsigned long long)window);
	marked_put(m, TRIPLE_WINDOW_ID, text);
	(void)chain_key(chain, window, key);
	snprintf(text, sizeof(text), "makoto.dbom/%s", key);
	marked_put(m, TRIPLE_SIGNATURE, text);
}

/* What a proxy would have hashed of it when it had no more headers than so many. */
static inline void
marked_leaf(const struct marked *m, size_t covered, struct slice key, struct slice value, bool bind, int64_t timestamp,
	    uint8_t out[LEAF_LEN])
{
	struct leaf_input in = {.flags = 0};
	struct leaf_headers h;

	leaf_set_record(&in, key, value, bind, timestamp);
	if (covered > 0) {
		leaf_headers_begin(&h, (uint32_t)covered);
		for (size_t i = 0; i < covered; i++)
			leaf_headers_add(&h, m->list[i].name, m->list[i].value);
		leaf_headers_end(&h, in.headers_hash);
	}
	leaf_of(&in, out);
}

#endif
