#include "makoto/chain.h"

#include "base/text.h"
#include "digest/sha256.h"

int
chain_id_make(struct slice collector_id, const uint8_t instance[INSTANCE_LEN], struct slice cluster_id,
	      struct slice topic, struct slice topic_id, int32_t partition, struct chain_id *ret)
{
	char hex[2 * INSTANCE_LEN + 1], num[12];
	uint8_t sum[SHA256_LEN];
	const struct slice lines[] = {slice_str("makoto-kafka/1"), collector_id,
				      slice_str(text_hex(instance, INSTANCE_LEN, hex)), cluster_id, topic, topic_id};
	struct sha256 h;

	sha256_init(&h);
	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		if (lines[i].n > 0 && memchr(lines[i].p, '\n', lines[i].n) != NULL)
			return ERR_MALFORMED;
		sha256_update(&h, lines[i].p, lines[i].n);
		sha256_update(&h, "\n", 1);
	}
	sha256_update(&h, num, (size_t)snprintf(num, sizeof(num), "%d", partition));
	sha256_final(&h, sum);
	memcpy(ret->b, sum, CHAIN_ID_LEN);
	return 0;
}

size_t
chain_key(const struct chain_id *id, uint64_t window_id, char out[CHAIN_KEY_MAX + 1])
{
	(void)text_hex(id->b, CHAIN_ID_LEN, out);
	return 2 * CHAIN_ID_LEN + (size_t)snprintf(out + 2 * CHAIN_ID_LEN, 22, "/%llu", (unsigned long long)window_id);
}

int
chain_key_parse(struct slice key, struct chain_id *ret_id, uint64_t *ret_window_id)
{
	enum { HEX = 2 * CHAIN_ID_LEN };
	struct chain_id id = {{0}};
	int64_t n;

	if (key.n < HEX + 2 || key.p[HEX] != '/' || text_unhex(slice_of(key.p, HEX), id.b, CHAIN_ID_LEN) != 0 ||
	    text_parse_i64(slice_of(key.p + HEX + 1, key.n - HEX - 1), &n) != 0 || n < 1)
		return ERR_MALFORMED;
	*ret_id = id;
	*ret_window_id = (uint64_t)n;
	return 0;
}

int32_t
chain_partition(const struct chain_id *id, int32_t partitions)
{
	uint32_t first = (uint32_t)id->b[0] << 24 | (uint32_t)id->b[1] << 16 | (uint32_t)id->b[2] << 8 | id->b[3];

	INVARIANT(partitions > 0);
	return (int32_t)(first % (uint32_t)partitions);
}
