#include "makoto/manifest.h"

#include "makoto/tree.h"

const char *
manifest_name(enum manifest_kind kind)
{
	static const char *const names[] = {"leaf", "leaf+key", "none"};

	return names[kind];
}

bool
manifest_is_right(enum manifest_kind kind, struct slice manifest, uint64_t count, const uint8_t digest[SHA256_LEN],
		  const uint8_t root[SHA256_LEN])
{
	size_t each = manifest_entry_len(kind);
	uint8_t sum[SHA256_LEN];
	struct tree t;

	if (manifest.n % each != 0 || manifest.n / each != count)
		return false;
	sha256_of(manifest, sum);
	if (memcmp(sum, digest, SHA256_LEN) != 0)
		return false;
	tree_init(&t);
	for (uint64_t i = 0; i < count; i++)
		tree_add(&t, manifest_leaf(kind, manifest, i));
	tree_root(&t, sum);
	return memcmp(sum, root, SHA256_LEN) == 0;
}
