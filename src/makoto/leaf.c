#include "makoto/leaf.h"

void
leaf_of(const struct leaf_input *in, uint8_t out[LEAF_LEN])
{
	uint8_t b[LEAF_INPUT];
	uint64_t ts = in->flags & LEAF_TIME_BOUND ? __builtin_bswap64((uint64_t)in->timestamp) : 0;

	b[0] = 0;
	b[1] = 1;
	b[2] = in->flags;
	memcpy(b + 3, &ts, 8);
	memcpy(b + 11, in->key_hash, SHA256_LEN);
	memcpy(b + 43, in->value_hash, SHA256_LEN);
	memcpy(b + 75, in->headers_hash, SHA256_LEN);
	sha256_of(slice_of(b, sizeof(b)), out);
}

void
leaf_set_record(struct leaf_input *in, struct slice key, struct slice value, bool bind, int64_t timestamp)
{
	in->flags = (uint8_t)((key.p == NULL ? LEAF_KEY_NULL : 0) | (value.p == NULL ? LEAF_VALUE_NULL : 0) |
			      (bind ? LEAF_TIME_BOUND : 0));
	in->timestamp = bind ? timestamp : 0;
	if (key.p != NULL)
		sha256_of(key, in->key_hash);
	else
		memset(in->key_hash, 0, SHA256_LEN);
	if (value.p != NULL)
		sha256_of(value, in->value_hash);
	else
		memset(in->value_hash, 0, SHA256_LEN);
}

static void
put_u32(struct sha256 *h, uint32_t v)
{
	v = __builtin_bswap32(v);
	sha256_update(h, &v, 4);
}

void
leaf_headers_begin(struct leaf_headers *l, uint32_t count)
{
	sha256_init(&l->h);
	put_u32(&l->h, count);
}

void
leaf_headers_add(struct leaf_headers *l, struct slice name, struct slice value)
{
	put_u32(&l->h, (uint32_t)name.n);
	sha256_update(&l->h, name.p, name.n);
	put_u32(&l->h, value.p == NULL ? UINT32_MAX : (uint32_t)value.n);
	sha256_update(&l->h, value.p, value.n);
}

void
leaf_headers_end(struct leaf_headers *l, uint8_t out[SHA256_LEN])
{
	sha256_final(&l->h, out);
}
