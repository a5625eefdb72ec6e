/*
 * leaf: what is attested of one record (docs/FORMAT.md, "Leaf").
 *
 *   0x00 │ version 1 │ flags │ timestamp i64 │ key-hash 32 │ value-hash 32 │ headers-hash 32     107 bytes
 */
#ifndef MAKOTO_LEAF_H
#define MAKOTO_LEAF_H

#include "base/slice.h"
#include "digest/sha256.h"

enum { LEAF_LEN = SHA256_LEN, LEAF_INPUT = 107 };
enum { LEAF_KEY_NULL = 0x01, LEAF_VALUE_NULL = 0x02, LEAF_TIME_BOUND = 0x04 };

struct leaf_input {
	uint8_t flags;
	int64_t timestamp; /* taken for 0 when LEAF_TIME_BOUND isn't set */
	uint8_t key_hash[SHA256_LEN];     /* zero when null */
	uint8_t value_hash[SHA256_LEN];   /* zero when null */
	uint8_t headers_hash[SHA256_LEN]; /* zero when no header is covered */
};

void leaf_of(const struct leaf_input *in, uint8_t out[LEAF_LEN]);

/* Key, value and timestamp into `in`; p == NULL means null.  The headers' hash is left alone. */
void leaf_set_record(struct leaf_input *in, struct slice key, struct slice value, bool bind, int64_t timestamp);

/* The covered headers, one after the other; none: don't call it, the hash is zero. */
struct leaf_headers {
	struct sha256 h;
};
void leaf_headers_begin(struct leaf_headers *l, uint32_t count);
void leaf_headers_add(struct leaf_headers *l, struct slice name, struct slice value); /* value p == NULL: null */
void leaf_headers_end(struct leaf_headers *l, uint8_t out[SHA256_LEN]);

#endif
